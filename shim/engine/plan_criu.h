/* SPDX-License-Identifier: Apache-2.0 */
/* plan_criu: what CRIU is asked for: external mounts, namespaces and fds; pure. */
#ifndef SHIM_ENGINE_PLAN_CRIU_H
#define SHIM_ENGINE_PLAN_CRIU_H

#include <stdint.h>

#include "shim/engine/criu.h"
#include "shim/engine/plan.h"
#include "spec/base/json.h"
#include "spec/base/str.h"

/*
 * CRIU makes a container's mounts, namespaces and files anew from its image, but for
 * those that come from outside: they are named at the dump ("external"), and at the
 * restore each name is given what stands for it then. Names are as runc chooses them,
 * so that either restores what the other wrote.
 */
enum plan_criu_kind {
	PLAN_CRIU_DUMP,
	PLAN_CRIU_PRE_DUMP,
	PLAN_CRIU_RESTORE,
};

/* dump: mount point and name; restore: name and source. */
struct plan_criu_mount {
	const char *key, *value;
};

/* restore: a namespace to enter, or an fd that stands for an external name. */
struct plan_criu_join {
	const char *type, *path;
};
struct plan_criu_inherit {
	const char *key;
	int fd;		  /* 0 to 2, in CRIU's process; -1: to be opened ... */
	const char *path; /* ... from here */
};

/* What the planner gets to know beside the plan of the container. */
struct criu_facts {
	uint64_t net_inode, pid_inode; /* dump: of the namespaces joined by path; 0: none */
	char **mounted; /* dump: per mount of the plan, where a link led it; NULL: no difference */
	struct json_strs masked_files; /* dump: of maskedPaths those that are no directories */
	/* fds 0 to 2: "pipe:[1]"; "file[1f:2a]": not below the container's root; "/dev/null" */
	struct json_strs fds;
};

struct plan_criu {
	enum plan_criu_kind kind;
	const struct criu_options *options;
	const char *config_file; /* of CRIU, or NULL */
	uint32_t empty_ns;	 /* CLONE_NEWNET: interfaces are not CRIU's business */
	struct plan_criu_mount *mounts;
	size_t n_mounts;
	const char **external; /* dump: "net[4026531840]:extRootNetNS" */
	size_t n_external;
	struct plan_criu_join *joins;
	size_t n_joins;
	struct plan_criu_inherit *inherits;
	size_t n_inherits;
};

/*
 * Refuses, naming the field, what CRIU cannot do: a container without a mount namespace of
 * its own, a cgroup or mount namespace joined by path. Everything in the arena.
 */
int plan_criu(enum plan_criu_kind kind, const struct plan *plan, const struct criu_facts *facts,
	      const struct criu_options *o, struct arena *a, struct plan_criu *out, struct err *e);

/* One line for each item, for tests. */
void plan_criu_print(const struct plan_criu *p, struct str *out);

#endif
