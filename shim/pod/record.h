/* SPDX-License-Identifier: Apache-2.0 */
/* record: a pod's directory, its lock, and pod.json in it. */
#ifndef SHIM_POD_RECORD_H
#define SHIM_POD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/base/names.h"
#include "spec/cni/netconf.h"

/*
 * <root>/@pods/NAME/ (0700), "@" because no container id has one:
 *   lock            taken (fcntl) by whoever acts on the pod: the supervisor for all its life
 *   pod.json        struct pod_record, replaced by rename
 *   ctl             the supervisor's socket (ctl.h)
 *   netns           the pinned network namespace (a mount)
 *   network.json    config and result of the CNI chain (cniexec.h)
 *   infra/          bundle of the infra container
 *   volumes/NAME/   volumes that the pod owns
 *   shm/            /dev/shm of all members
 *   hosts, resolv.conf   mounted in the members
 *   logs/NAME.log   stdout and stderr of a member
 *   supervisor.log  what the supervisor had to say
 */
#define POD_DIR	       "@pods"
#define POD_INFRA      "infra"	    /* the member name that is taken */
#define POD_ANNOTATION "peapod.pod" /* on all containers of a pod: its name */
#define POD_NAME_MAX   63	    /* a host name label */
#define POD_MEMBER_MAX 64
#define POD_VOLUME_MAX 64
#define POD_PORT_MAX   256
#define POD_RECORD_MAX (1 << 20) /* bytes of pod.json */

enum pod_net {
	POD_NET_NONE = 1, /* a namespace of its own with only lo */
	POD_NET_HOST,
	POD_NET_CNI,
};
enum pod_restart {
	POD_RESTART_NEVER = 1,
	POD_RESTART_ON_FAILURE,
	POD_RESTART_ALWAYS
};
enum pod_phase {
	POD_CREATING = 1,
	POD_RUNNING,
	POD_EXITED
};
enum pod_member_state {
	POD_WAITING = 1, /* not yet started, or before a restart */
	POD_MEMBER_RUNNING,
	POD_MEMBER_EXITED
};
extern const struct name pod_net_names[];
extern const struct name pod_restart_names[];
extern const struct name pod_phase_names[];
extern const struct name pod_member_state_names[];

struct pod_volume {
	char *name;
	char *source; /* absolute; NULL: the pod's own volumes/NAME */
	char *path;   /* in the members */
	bool readonly;
};

struct pod_member {
	char *name;
	char *bundle; /* absolute */
	bool init;
	int state;	   /* enum pod_member_state */
	int32_t exit_code; /* of the last run; 128 + signal */
	uint32_t restarts;
	char *started, *finished; /* RFC 3339, of the last run; NULL: not yet */
	char *error;		  /* why it could not be started */
};

/* What was asked for. */
struct pod_spec {
	char *name;
	char *hostname; /* NULL: the host's (POD_NET_HOST) */
	int net;	/* enum pod_net */
	int restart;	/* enum pod_restart */
	bool share_pid;
	char *cni_path;	     /* directories, ":" between them */
	char *cgroup_parent; /* for containers whose config has no cgroupsPath; NULL: the engine's
			      */
	json_list(struct pod_volume) volumes;
	json_list(struct cni_port) ports;
	json_list(struct pod_member) members; /* init containers first, in order */
};

struct pod_record {
	struct pod_spec spec; /* .members carry the live facts */
	char *id;	      /* 32 hex digits; CNI_CONTAINERID */
	char *created;	      /* RFC 3339 */
	int phase;	      /* enum pod_phase */
	int32_t exit_code;    /* once exited */
	char *reason;	      /* why it ended, when not by its members' end */
};
extern const struct json_field pod_record_fields[];

struct pod_member *pod_member_find(const struct pod_spec *s, const char *name);

/* The container id of a member (or of POD_INFRA): POD.MEMBER. In the arena. */
char *pod_container_id(struct arena *a, const char *pod, const char *member);

/* Make the directory of a new pod, with its lock: an fd of it. EEXIST: the name is taken. */
int pod_dir_make(const char *root, const char *pod, struct err *e);
/* Remove it, by the holder of its lock; nothing of the pod runs any more. Already gone is right. */
int pod_dir_remove(const char *root, const char *pod, struct err *e);
/* The fd of an existing one. ENOENT: "pod 'x' does not exist". */
int pod_dir_open(const char *root, const char *pod, struct err *e);
/* Its path, in the arena. */
char *pod_dir_path(struct arena *a, const char *root, const char *pod);

/*
 * Take the pod's lock: an fd which holds it until closed (or the process ends;
 * it is not inherited by children). Nobody in this process may open the lock
 * file again meanwhile. EAGAIN when another process has it, its pid in *owner;
 * ENOENT when the pod has been removed.
 */
int pod_lock(int dirfd, int32_t *owner, struct err *e);
/* The pid of the process that has the lock, 0: none. */
int32_t pod_lock_owner(int dirfd);

int pod_record_save(int dirfd, const struct pod_record *r, struct err *e);
struct pod_record *pod_record_load(int dirfd, struct arena *a, struct err *e);

/* Now, RFC 3339 in UTC with nanoseconds; in the arena. */
char *pod_time(struct arena *a);

#endif
