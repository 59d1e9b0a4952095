/* SPDX-License-Identifier: Apache-2.0 */
/* netdir: the network configs of a directory such as /etc/cni/net.d, each with what is wrong in it.
 */
#ifndef SHIM_POD_NETDIR_H
#define SHIM_POD_NETDIR_H

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

#define NETDIR_FILES_MAX 256	   /* further ones are not looked at */
#define NETDIR_FILE_MAX	 (1 << 20) /* bytes of one */

struct netdir_file {
	char *name;    /* in the directory */
	char *network; /* its name; NULL when it does not parse */
	char *error;   /* why it does not parse; NULL: it does */
	char *missing; /* the first plugin that is in none of the directories; NULL: all are */
};

struct netdir {
	json_list(struct netdir_file) files;
};

/*
 * The files that network config loaders take (.conflist, .conf, .json), sorted by
 * name, as the first one is the network of the node. bin_dirs: where plugins are,
 * ":" between them. All in the arena. A file that cannot be read has an error; a
 * directory that cannot be read is a failure (ENOENT: there is none).
 */
int netdir_read(const char *dir, const char *bin_dirs, struct arena *a, struct netdir *out,
		struct err *e);

#endif
