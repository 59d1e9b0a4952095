/* SPDX-License-Identifier: Apache-2.0 */
/* plugin: what a plugin is given, and the table of plugins. */
#ifndef CNI_PLUGIN_H
#define CNI_PLUGIN_H

#include "cni/env.h"
#include "cni/plan.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/netconf.h"
#include "spec/cni/result.h"

/*
 * One call. Everything in it has been checked as the protocol wants: the
 * variables that the command needs are there and valid, the config is decoded
 * and its version is good for the command, and netns is open unless it is -1.
 */
struct request {
	const char *plugin; /* its name */
	struct cni_env env;
	struct cni_conf conf;
	struct cni_args args; /* CNI_ARGS */
	const char *text; /* the config as it came, len bytes: for a plugin that this one runs */
	size_t len;
	int netns; /* fd; -1: there is none (DEL), or the command has none */
	struct arena *a;
};

/*
 * A verb returns 0, or -1 with *e filled. NULL: nothing to do, successfully.
 * add fills *out with the result; a failed add leaves nothing behind.
 */
struct plugin {
	const char *name;
	const char *about; /* a line for people */
	int (*add)(struct request *req, struct cni_result *out, struct err *e);
	int (*del)(struct request *req, struct err *e);
	int (*check)(struct request *req, struct err *e);
	int (*gc)(struct request *req, struct err *e);
	int (*status)(struct request *req, struct err *e);
};

extern const struct plugin plugin_bridge, plugin_peapod, plugin_loopback, plugin_host_local;
extern const struct plugin plugin_portmap, plugin_static, plugin_ptp, plugin_bandwidth;
extern const struct plugin plugin_tuning, plugin_firewall;

/* What the attachment is called. */
struct attach attach_of(const struct request *req);

/* By type or program name; NULL if there is none. */
const struct plugin *plugin_find(const char *name);

#endif
