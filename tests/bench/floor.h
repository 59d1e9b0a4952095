/* SPDX-License-Identifier: Apache-2.0 */
/* floor: the parts of floor-oci. Nothing is undone and nothing explained: what fails ends the
 * program. */
#ifndef TESTS_BENCH_FLOOR_H
#define TESTS_BENCH_FLOOR_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum {
	MAX_HIERARCHIES = 32,
	PATH_SIZE = 512
};

/* The cgroups of a container: one a hierarchy of v1, or one of v2. */
struct cgroups {
	char dir[MAX_HIERARCHIES][PATH_SIZE];
	int fd[MAX_HIERARCHIES]; /* v1: its file tasks; v2: the directory, for clone3 */
	int count;
	bool unified;
};

static inline void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	_exit(1);
}

/* floor_cgroup.c. v1 is joined by `tasks`, the cheapest way there is; v2 by clone3, before the
 * first step. */
void cgroups_make(struct cgroups *c, const char *cgroup, bool cri);
void cgroups_open(struct cgroups *c, const char *cgroup);
void cgroups_join(const struct cgroups *c);
void cgroups_remove(const struct cgroups *c);

/* floor_device.c: a program for v2 that lets the usual devices through. */
void device_filter(int cgroup);

/* floor_root.c: all mounts, the devices and the pivot; the working directory is the new root. */
void root_make(const struct cgroups *c, const char *rootfs, bool cri);

#endif
