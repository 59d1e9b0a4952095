/* SPDX-License-Identifier: Apache-2.0 */
/* floor_cgroup: the cgroups of floor-oci, with the limits of the configurations. */
#include "tests/bench/floor.h"

#include <fcntl.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#define TOP "/sys/fs/cgroup"

static void put(const char *dir, const char *file, const char *text)
{
	char path[PATH_SIZE + 64];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		perror(path);
	close(fd);
}

static void put_limits(const char *dir, const char *name, bool cri)
{
	if (!strcmp(name, "cpuset")) {
		put(dir, "cpuset.cpus", "0");
		put(dir, "cpuset.mems", "0");
	}
	if (!strcmp(name, "devices")) {
		put(dir, "devices.deny", "a");
		put(dir, "devices.allow", "c *:* m");
		put(dir, "devices.allow", "c 1:3 rwm");
		put(dir, "devices.allow", "c 1:5 rwm");
		put(dir, "devices.allow", "c 5:0 rwm");
		put(dir, "devices.allow", "c 136:* rwm");
	}
	if (cri && !strcmp(name, "memory"))
		put(dir, "memory.limit_in_bytes", "134217728");
	if (cri && !strcmp(name, "cpu")) {
		put(dir, "cpu.shares", "256");
		put(dir, "cpu.cfs_quota_us", "50000");
	}
}

static void put_limits_v2(const char *dir)
{
	put(dir, "memory.max", "134217728");
	put(dir, "memory.swap.max", "0");
	put(dir, "cpu.weight", "10");
	put(dir, "cpu.max", "50000 100000");
}

/* Calls `each` for every directory that the container has or is to have. */
static void find(struct cgroups *c, const char *cgroup, bool cri,
		 void (*each)(const char *hierarchy, const char *dir, bool cri))
{
	char path[PATH_SIZE + 16];
	glob_t found;

	c->count = 0;
	c->unified = !access(TOP "/cgroup.controllers", F_OK);
	need(!glob(c->unified ? TOP "/cgroup.procs" : TOP "/*/tasks", 0, NULL, &found), "cgroups");
	for (size_t i = 0; i < found.gl_pathc && c->count < MAX_HIERARCHIES; i++) {
		char *hierarchy = found.gl_pathv[i];
		char *dir = c->dir[c->count];

		*strrchr(hierarchy, '/') = '\0';
		snprintf(dir, PATH_SIZE, "%s/%s", hierarchy, cgroup);
		if (each)
			each(strrchr(hierarchy, '/') + 1, dir, cri);
		snprintf(path, sizeof(path), "%s%s", dir, c->unified ? "" : "/tasks");
		c->fd[c->count] =
			open(path, (c->unified ? O_RDONLY | O_DIRECTORY : O_WRONLY) | O_CLOEXEC);
		need(c->fd[c->count++] >= 0, path);
	}
	globfree(&found);
}

static void make_v1(const char *hierarchy, const char *dir, bool cri)
{
	need(!mkdir(dir, 0755), dir);
	put_limits(dir, hierarchy, cri);
}

static void make_v2(const char *hierarchy, const char *dir, bool cri)
{
	(void)hierarchy;
	need(!mkdir(dir, 0755), dir);
	if (cri)
		put_limits_v2(dir);
}

void cgroups_make(struct cgroups *c, const char *cgroup, bool cri)
{
	bool unified = !access(TOP "/cgroup.controllers", F_OK);

	find(c, cgroup, cri, unified ? make_v2 : make_v1);
	if (unified)
		device_filter(c->fd[0]);
}

void cgroups_open(struct cgroups *c, const char *cgroup)
{
	find(c, cgroup, false, NULL);
}

void cgroups_join(const struct cgroups *c)
{
	for (int i = 0; !c->unified && i < c->count; i++)
		need(write(c->fd[i], "0", 1) == 1, c->dir[i]);
}

void cgroups_remove(const struct cgroups *c)
{
	for (int i = 0; i < c->count; i++)
		need(!rmdir(c->dir[i]), c->dir[i]);
}
