/* SPDX-License-Identifier: Apache-2.0 */
/* cniexec: run a chain of CNI plugins, and remember what must be undone. */
#ifndef SHIM_POD_CNIEXEC_H
#define SHIM_POD_CNIEXEC_H

#include "shim/pod/cniproc.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/result.h"

#define CNI_RECORD "network.json"

/*
 * ADD, plugin after plugin. The attachment is written to CNI_RECORD below
 * dirfd before the first plugin runs and again with the result, so that
 * whatever happens cniexec_del() can undo it. All plugins are looked up before any
 * runs. If one fails, DEL has run for it and those before it, and there is no
 * record; the error names the plugin and has its own text. *out may be NULL.
 */
int cniexec_add(int dirfd, const struct cni_attach *x, struct arena *a, struct cni_result *out,
		struct err *e);

/*
 * DEL in reverse order for what CNI_RECORD says, all plugins even if one
 * fails; then the record goes, unless one failed. No record: nothing to do. A
 * netns that is not one any more is passed as "".
 */
int cniexec_del(int dirfd, struct err *e);

/* The result that ADD gave: 1; 0 when there is none; -1. */
int cniexec_result(int dirfd, struct arena *a, struct cni_result *out, struct err *e);

#endif
