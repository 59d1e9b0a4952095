/* SPDX-License-Identifier: Apache-2.0 */
/* state: the record <root>/<id>/state.json, and what `state` prints of it. */
#ifndef SPEC_OCI_STATE_H
#define SPEC_OCI_STATE_H

#include <stdint.h>
#include <sys/types.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

enum oci_status {
	OCI_CREATING = 1,
	OCI_CREATED,
	OCI_RUNNING,
	OCI_PAUSED,
	OCI_STOPPED,
};
extern const struct name oci_status_names[];

struct oci_cgroup_dir {
	char *key;    /* v1: the hierarchy's controllers ("cpu,cpuacct", "name=systemd"); v2: "" */
	char *path;   /* absolute, the container's own directory */
	bool created; /* we made it, so destroy removes it */
};

/*
 * What destroy, kill, exec and state need, whoever created the container and
 * whether or not the bundle is still there. Its schema is ours; the keys that
 * runtime-spec's State has keep their names.
 */
struct oci_state {
	char *oci_version;
	char *id;
	int32_t pid;	      /* host view; 0 before there is a process */
	uint64_t start_time;  /* of that pid, proc(5) field 22 */
	char *bundle;	      /* absolute */
	char *rootfs;	      /* absolute */
	char *created;	      /* RFC 3339, nanoseconds, UTC */
	char *owner;	      /* user name or number */
	char *cgroup_driver;  /* "cgroupfs", "systemd", "none" */
	char *systemd_scope;  /* unit name, from before it is started on */
	bool systemd_started; /* it has been: so it is ours */
	bool systemd_user;    /* by the owner's service manager, not by the system's */
	json_list(struct oci_cgroup_dir) cgroups;
	bool own_pidns;	   /* false: kill by cgroup */
	char *rdt_clos;	   /* directory below the resctrl mount, "/": the mount; NULL: none */
	bool rdt_made;	   /* we made it, so destroy removes it */
	char *rdt_monitor; /* its monitoring group, which we made; or NULL */
	json_list(struct json_kv) annotations;
	/* what there is to look up in the config at later steps; most containers have none of it */
	bool has_poststart, has_poststop, has_listener;
	struct json_object *config; /* as it was at create; in a file of its own, not in this one */
};
extern const struct json_field oci_state_fields[];

struct oci_state *oci_state_parse(const char *text, size_t len, struct arena *a, struct err *e);
/* The text of state.json; in the arena. */
char *oci_state_text(const struct oci_state *s, struct arena *a);

/*
 * The runtime-spec State document: ociVersion id pid status bundle annotations,
 * and for `full` (the `state` command) also rootfs created owner. A pid of 0
 * (stopped) is left out, but for `full`, whose readers look for the key. One
 * line for hooks, indented for people. In the arena.
 */
char *oci_state_document(const struct oci_state *s, enum oci_status status, int32_t pid, bool full,
			 bool pretty, struct arena *a);

#endif
