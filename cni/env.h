/* SPDX-License-Identifier: Apache-2.0 */
/* env: the CNI_* variables, checked. */
#ifndef CNI_ENV_H
#define CNI_ENV_H

#include <stdbool.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/version.h"

enum cni_command {
	CNI_UNKNOWN,
	CNI_ADD,
	CNI_DEL,
	CNI_CHECK,
	CNI_GC,
	CNI_STATUS,
	CNI_VERSION,
};

struct cni_env {
	enum cni_command command;
	char *command_text;		     /* as given */
	char *container_id, *netns, *ifname; /* "" when not given */
	char *args, *path;
	bool netns_override; /* the plugin's own namespace is allowed */
};

/*
 * Read the variables with get (getenv, or a test's). An invalid value is
 * refused at once, in the order of the specification's list; what is missing
 * for the command is named in one message. Codes: CNI_ERR_ENV. An unknown
 * command is not refused here: the config comes first.
 */
typedef const char *env_get_fn(const char *name);
int env_read(env_get_fn *get, struct arena *a, struct cni_env *out, struct err *e);

/* The oldest config version that knows the command. */
enum cni_version env_least_version(enum cni_command command);

#endif
