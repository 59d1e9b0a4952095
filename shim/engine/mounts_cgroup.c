/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_cgroup: cgroup mounts for v1, hybrid and v2 hosts. */
#include "shim/engine/mounts_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/mounts_make.h"
#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define CGROUP_TEXT_MAX (64 << 10) /* of /proc/self/cgroup */

/*
 * The path in a line "N:KEY:PATH" of proc(5)'s cgroup file. Named hierarchies are
 * "name=x" there too; v2 has an empty key.
 */
static const char *own_path(struct arena *a, const char *text, const char *key)
{
	char **lines = str_split(a, text, '\n', NULL);

	for (; *lines; lines++) {
		char *colon = strchr(*lines, ':');
		size_t n = strlen(key);

		if (colon && !strncmp(colon + 1, key, n) && colon[1 + n] == ':')
			return colon + 2 + n;
	}
	return NULL;
}

/* Where the container's own directory is on the host. */
static const char *own_dir(struct arena *a, const char *text, const struct plan_mount_cgroup *c,
			   struct err *e)
{
	const char *path = own_path(a, text, c->key);
	const char *root = c->root && !str_eq(c->root, "/") ? c->root : "";

	if (!path) {
		err_set(e, ENOENT, "hierarchy '%s' is not in /proc/self/cgroup", c->key);
		return NULL;
	}
	if (!str_starts(path, root)) {
		err_set(e, EINVAL, "own cgroup '%s' is not below '%s', which is mounted on '%s'",
			path, root, c->source);
		return NULL;
	}
	return arena_printf(a, "%s/%s", c->source, path + strlen(root));
}

static int bind_exact(const struct plan_mount *m, const char *source, struct err *e)
{
	auto_fd int fd = mount_clone(AT_FDCWD, source, 0, e);

	if (fd < 0)
		return err_ctx(e, "'%s'", source);
	if (mount_private(fd, m->attrs ? m->attr_set : 0, m->attrs ? m->attr_clr : 0, m->attr_off,
			  e))
		return -1;
	return take_fd(&fd);
}

/* A hierarchy of its own, as the cgroup namespace shows it. */
static int new_hierarchy(const struct plan_mount *m, const struct plan_mount_cgroup *c,
			 struct arena *a, struct err *e)
{
	struct mount_fs fs = { .type = "cgroup", .source = "cgroup", .attrs = m->attr_set };
	struct plan_mount_data *data;
	char **keys;
	size_t n;

	if (!*c->key) {
		fs.type = fs.source = "cgroup2";
		return mount_new(&fs, e);
	}
	keys = str_split(a, c->key, ',', &n);
	data = arena_array(a, n + 1, sizeof(*data));
	for (size_t i = 0; i < n; i++) {
		data[i].key = keys[i];
		if (str_starts(keys[i], "name=")) {
			data[i] = (struct plan_mount_data){ "name", keys[i] + strlen("name=") };
			data[n++] = (struct plan_mount_data){ "none", NULL };
			break;
		}
	}
	fs.data = data;
	fs.n_data = n;
	return mount_new(&fs, e);
}

/* "cpu" and "cpuacct" for "cpu,cpuacct". */
static int link_names(int dir, const struct plan_mount_cgroup *c, struct arena *a, struct err *e)
{
	char **keys = str_split(a, c->key, ',', NULL);

	for (; *keys; keys++) {
		if (!**keys || str_eq(*keys, c->name) || str_starts(*keys, "name="))
			continue;
		if (symlinkat(c->name, dir, *keys) && errno != EEXIST)
			return err_sys(e, "make the link '%s'", *keys);
	}
	return 0;
}

/* What a cgroup namespace shows is mounted by its owner alone. */
static int explain(struct err *e)
{
	return e->num == EPERM ? err_ctx(e, "in a user namespace a cgroup mount needs a cgroup "
					    "namespace which that one owns")
			       : -1;
}

static int one_hierarchy(const struct plan_mount *m, const struct plan_mount_cgroup *c, int top,
			 const char *own, struct arena *a, struct err *e)
{
	auto_fd int dir = -1, fd = -1;
	const char *source;

	if (mkdirat(top, c->name, 0755) && errno != EEXIST)
		return err_sys(e, "make the directory");
	dir = openat(top, c->name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "open the directory");
	if (m->own_cgroupns) {
		fd = new_hierarchy(m, c, a, e);
		if (fd < 0)
			return explain(e);
	} else {
		source = c->dir ? c->dir : own_dir(a, own, c, e);
		if (!source)
			return -1;
		fd = bind_exact(m, source, e);
	}
	if (fd < 0 || mount_attach(fd, dir, e))
		return -1;
	return link_names(top, c, a, e);
}

int mounts_cgroup1(const struct plan_mount *m, int dest, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct plan_mount_data mode = { "mode", "755" };
	struct mount_fs fs = { "tmpfs", "tmpfs", &mode, 1, m->attr_set };
	auto_fd int top = -1;
	char *own;

	fs.attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	own = read_file(AT_FDCWD, "/proc/self/cgroup", CGROUP_TEXT_MAX, &a, NULL, e);
	if (!own)
		return -1;
	top = mount_new(&fs, e);
	if (top < 0 || mount_attach(top, dest, e))
		return -1;
	for (size_t i = 0; i < m->n_cgroups; i++) {
		if (one_hierarchy(m, &m->cgroups[i], top, own, &a, e))
			return err_ctx(e, "hierarchy '%s'", m->cgroups[i].name);
	}
	if (mount_attrs(top, m->attr_set & MOUNT_ATTR_RDONLY, 0, 0, e))
		return -1;
	if (mount_attrs_all(top, m->rec_set, m->rec_clr, e))
		return -1;
	return take_fd(&top);
}

int mounts_cgroup2(const struct plan_mount *m, struct err *e)
{
	struct mount_fs fs = { "cgroup2", "cgroup2", m->data, m->n_data, m->attr_set };
	auto_fd int fd = -1;

	fd = m->own_cgroupns ? mount_new(&fs, e) : bind_exact(m, m->cgroups[0].source, e);
	if (fd < 0 && m->own_cgroupns)
		return explain(e);
	if (fd < 0 || mount_attrs_all(fd, m->rec_set, m->rec_clr, e))
		return -1;
	return take_fd(&fd);
}
