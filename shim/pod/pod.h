/* SPDX-License-Identifier: Apache-2.0 */
/* pod: containers that share one network, ipc and uts namespace; no daemon. */
#ifndef SHIM_POD_POD_H
#define SHIM_POD_POD_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/engine/engine.h"
#include "shim/pod/record.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

/*
 * A pod is a directory, <root>/@pods/NAME (record.h says what is in it), an
 * infra container NAME.infra that holds its namespaces, and member containers
 * NAME.MEMBER; all of them are ordinary containers of the engine. Its network
 * namespace is made once and pinned below the directory before anything runs
 * in it, so the address survives every container but not the pod.
 *
 * One supervisor process per pod owns restarts and the pod's end; it holds the
 * pod's lock for all its life. A command that finds the lock taken asks the
 * supervisor over its socket, and a command that gets the lock (the supervisor
 * has died) does the same work itself. So no process is needed for clean-up.
 *
 * Nothing here prints. Callers are single-threaded and need root.
 */

/* What every call needs. */
struct pod_env {
	const struct engine *engine;
	const char *pause; /* path of the infra program; NULL: beside us, or in ../libexec/peapod */
};

#define POD_STOP_SECONDS 10 /* between TERM and KILL unless told otherwise */

/*
 * The texts of the command line. All strings go to the arena.
 *   member  [NAME=]BUNDLE           NAME defaults to the last part of BUNDLE
 *   volume  NAME[=DIR][:/PATH[:ro]] PATH defaults to /NAME; without DIR the pod owns it
 *   port    [IP:]HOST:CONTAINER[/tcp|udp|sctp]
 * Bundles and DIRs become absolute and must be directories.
 */
int pod_parse_member(const char *text, bool init, struct arena *a, struct pod_member *out,
		     struct err *e);
int pod_parse_volume(const char *text, struct arena *a, struct pod_volume *out, struct err *e);
int pod_parse_port(const char *text, struct arena *a, struct cni_port *out, struct err *e);

/* [A-Za-z0-9] and inside also "-_", at most POD_NAME_MAX; `what` is for the message. */
int pod_check_name(const char *what, const char *name, struct err *e);

/* Names, counts, double names and paths; at least one member that is no init container. */
int pod_check_spec(const struct pod_spec *s, struct err *e);
/* May this member be added to (or replaced in) that pod? */
int pod_check_add(const struct pod_record *r, const struct pod_member *m, bool replace,
		  struct err *e);

struct pod_run {
	const struct pod_spec *spec;
	const char *cni_conf; /* text of the conflist (or single plugin) for POD_NET_CNI */
	bool detach;
	bool remove;	/* the pod's directory goes when the pod ends */
	int log_fd;	/* where the logs of a foreground pod, or of a failed init container, go */
	bool log_names; /* "NAME | " in front of each line */
};

/*
 * Make the pod and start its supervisor. Detached, it returns when every
 * member has been started; otherwise when the pod has ended (SIGINT and
 * SIGTERM stop it; a second one does not wait). Returns the exit code: of the failed init
 * container, or of the first member that failed, or 0. -1 when the pod could
 * not be made (nothing is left then, unless one of its containers has run: then
 * the pod is kept, ended, for its logs).
 */
int pod_run(const struct pod_env *env, const struct pod_run *run, struct err *e);

/*
 * Start one more container in a running pod, or with `replace` stop the member of
 * that name first and start the new bundle in its place (seconds: between TERM and KILL). If that
 * does not start, the old one is started again, and it is an error. Supervised pods also restart
 * it.
 */
int pod_add(const struct pod_env *env, const char *pod, const struct pod_member *m, bool replace,
	    uint32_t seconds, struct err *e);

/* End every container and the network; the directory stays. An ended pod is no error. */
int pod_stop(const struct pod_env *env, const char *pod, uint32_t seconds, struct err *e);

/*
 * Remove all that is left of a pod, in whatever state it is. A running one is refused
 * (EBUSY) unless forced; forced, what fails on the way (a plugin's DEL) is only
 * reported at the end and everything else still goes. ENOENT: no such pod.
 */
int pod_remove(const struct pod_env *env, const char *pod, bool force, struct err *e);

/* A pod as it is now: the record, and what is alive of it. */
struct pod_status {
	struct pod_record *record;
	const char *state;    /* creating, running, exited, dead (its infra container is gone) */
	int32_t infra_pid;    /* 0: gone */
	int32_t supervisor;   /* pid, 0: none */
	struct json_strs ips; /* "10.88.0.2/16" */
	char *mac;	      /* of the pod's interface, or NULL */
};
int pod_status(const struct pod_env *env, const char *pod, struct arena *a, struct pod_status *out,
	       struct err *e);

/* Is the member's process there now? Its pid, or 0. */
int32_t pod_member_pid(const struct pod_env *env, const struct pod_record *r,
		       const struct pod_member *m);

/* Names of all pods, sorted. */
int pod_list(const struct pod_env *env, struct arena *a, char ***names, size_t *n, struct err *e);

/*
 * Copy the log of one member (NULL: all) to fd; with follow go on until the pod has ended.
 * names: "NAME | " in front of each line.
 */
int pod_logs(const struct pod_env *env, const char *pod, const char *member, bool follow,
	     bool names, int fd, struct err *e);

#endif
