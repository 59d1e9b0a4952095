/* SPDX-License-Identifier: Apache-2.0 */
/* cniproc: one call of one CNI plugin. */
#ifndef SHIM_POD_CNIPROC_H
#define SHIM_POD_CNIPROC_H

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

#define CNI_EXEC_SECONDS 60	   /* a plugin that takes longer is killed */
#define CNI_OUTPUT_MAX	 (1 << 20) /* bytes of a plugin's stdout */
#define CNI_STDERR_MAX	 4096	   /* that are kept of its stderr */

/* One attachment: a network, a container, an interface. Strings are borrowed. */
struct cni_attach {
	const char *conf;  /* text of the conflist or plugin config */
	const char *path;  /* CNI_PATH: directories, ":" between them */
	const char *id;	   /* CNI_CONTAINERID */
	const char *netns; /* CNI_NETNS, a path */
	const char *ifname;
	const char *args;	     /* CNI_ARGS, or NULL */
	struct json_object *runtime; /* values by capability, or NULL */
};

/* The first regular file of that name along the path, in the arena; NULL: not found. */
char *cniproc_find(const char *path, const char *type, struct arena *a, struct err *e);

/*
 * Run it with the request on stdin, and return its stdout (in the arena), ""
 * if there was none. NULL when it failed: "plugin 'bridge' (ADD): <its message>: <details>".
 */
char *cniproc_run(const struct cni_attach *x, const char *file, const char *command,
		  const char *request, struct arena *a, struct err *e);

#endif
