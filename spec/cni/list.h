/* SPDX-License-Identifier: Apache-2.0 */
/* list: network config lists, and the request for each plugin of one; for who runs plugins. */
#ifndef SPEC_CNI_LIST_H
#define SPEC_CNI_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/cni/netconf.h"
#include "spec/cni/version.h"

/*
 * How to run a list (specification, sections 3 and 4):
 *
 *   ADD    plugins first to last; each gets the result of the one before as
 *          prevResult; the last result is the attachment's: keep it (raw).
 *   CHECK  first to last, each with the kept result; not if disable_check or
 *          below 0.4.0.
 *   DEL    last to first, each with the kept result if the version is 0.4.0 or
 *          newer and there still is one; go on after an error, report it.
 *   STATUS, GC (1.1.0 and newer) first to last, without prevResult.
 *
 * Environment: CNI_COMMAND, CNI_CONTAINERID, CNI_NETNS (empty when it is gone),
 * CNI_IFNAME, CNI_ARGS, CNI_PATH. A plugin exits 0 and prints a result (ADD:
 * cni_result_parse()) or nothing, or exits otherwise and prints an error
 * document (cni_error_parse()); if it printed nothing stderr says why. Read
 * stdout to its end, not only until the exit.
 */
#define CNI_PLUGINS_MAX 64

struct cni_plugin {
	char *type;		    /* a plain file name: no '/' */
	struct json_strs caps;	    /* capabilities that the config declares true */
	struct json_object *config; /* as in the list */
};

struct cni_list {
	char *name;
	enum cni_version version; /* the newest of cniVersions that we know, else cniVersion */
	bool disable_check, disable_gc;
	bool load_only_inlined; /* loadOnlyInlinedPlugins */
	json_list(struct cni_plugin) plugins;
};

/*
 * Parse a .conflist, or a .conf or .json of one plugin, which becomes a list of
 * one. Everything in the arena. Errors have a CNI code and name the key; a
 * list without plugins and a version that we do not know are errors.
 */
int cni_list_parse(const char *text, size_t len, struct arena *a, struct cni_list *out,
		   struct err *e);

/*
 * The stdin of a plugin: its config with name and cniVersion of the list,
 * prevResult if prev is not NULL, and runtimeConfig with those members of
 * `runtime` (an object keyed by capability, as cni_runtime_encode() makes it;
 * may be NULL) that its capabilities declare. One line, in the arena.
 */
char *cni_request(const struct cni_list *list, const struct cni_plugin *plugin,
		  struct json_object *prev, struct json_object *runtime, struct arena *a);

/* The stdin for GC: as above with the attachments of this network that still live. */
char *cni_gc_request(const struct cni_list *list, const struct cni_plugin *plugin,
		     const struct cni_attachment *valid, size_t n, struct arena *a);

#endif
