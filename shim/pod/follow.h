/* SPDX-License-Identifier: Apache-2.0 */
/* follow: copy the logs of a pod's members as they grow. */
#ifndef SHIM_POD_FOLLOW_H
#define SHIM_POD_FOLLOW_H

#include <stdbool.h>

#include "shim/pod/record.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

#define FOLLOW_LINE_MAX 16384 /* a longer line is broken */

struct follow_file {
	char name[POD_NAME_MAX + 1];
	int fd;
	bool inside;	 /* a line that began in what has been dropped */
	struct str line; /* begun, not yet ended */
};

struct follow {
	int dirfd, out;
	int inotify;	  /* readable when there is something to copy */
	const char *only; /* one member, or NULL */
	bool names;	  /* "NAME | " in front of each line */
	bool ended;	  /* the pod has, by its record */
	size_t n;
	struct follow_file files[POD_MEMBER_MAX];
};

/* `only` is borrowed. ENOENT: no such pod, or no such member. */
int follow_open(struct follow *f, const char *root, const char *pod, const char *only, bool names,
		int out, struct err *e);

/* Copy what has come since the last time; a member added meanwhile is found, too. */
int follow_pump(struct follow *f, struct err *e);

/* Copy the last, unended lines; close everything. */
void follow_done(struct follow *f);

#endif
