/* SPDX-License-Identifier: Apache-2.0 */
/* mounts_source: the parent's part: sources that the child cannot reach, and id-mapped ones. */
#include "shim/engine/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/engine/idmap.h"
#include "shim/engine/mounts_locked.h"
#include "shim/engine/mounts_make.h"
#include "spec/base/arena.h"
#include "spec/base/auto.h"

static bool same_maps(const struct oci_idmaps *a, const struct oci_idmaps *b)
{
	return a->n == b->n && !memcmp(a->v, b->v, a->n * sizeof(*a->v));
}

/* Mounts of one pod nearly always have the same maps: fds[j] is the namespace of mount j. */
static int find_userns(const struct plan_mounts *p, size_t i, int *fds, struct err *e)
{
	const struct plan_mount *m = &p->v[i];

	for (size_t j = 0; j < i; j++) {
		if (fds[j] >= 0 && same_maps(p->v[j].uid_maps, m->uid_maps) &&
		    same_maps(p->v[j].gid_maps, m->gid_maps))
			return fds[j];
	}
	fds[i] = idmap_userns(m->uid_maps, m->gid_maps, e);
	return fds[i];
}

static int map_ids(const struct plan_mounts *p, size_t i, int *fds, struct err *e)
{
	const struct plan_mount *m = &p->v[i];
	int userns = find_userns(p, i, fds, e);

	return userns < 0 || idmap_tree(m->source_fd, userns, m->idmap_rec, e) ? -1 : 0;
}

static struct mount_source source_of(const struct plan_mount *m)
{
	unsigned int flags =
		(m->recursive ? AT_RECURSIVE : 0) | (m->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0);

	return (struct mount_source){ "source", m->source, flags, -1 };
}

/* A source that may be a link to be copied is left to the child, which looks first. */
static bool is_opened_here(const struct plan_mount *m)
{
	return m->kind == PLAN_MOUNT_BIND && !m->copy_symlink;
}

/* The root file system (v[0]) and every bind, for a user namespace. */
static int open_for_userns(struct plan_mounts *p, struct arena *a, struct err *e)
{
	struct mount_source *v = arena_array(a, p->n + 1, sizeof(*v));
	size_t n = 0;

	v[n++] = (struct mount_source){ "root file system", p->rootfs, AT_RECURSIVE, -1 };
	for (size_t i = 0; i < p->n; i++) {
		if (!is_opened_here(&p->v[i]))
			continue;
		v[n] = source_of(&p->v[i]);
		v[n++].what = arena_printf(a, "mounts[%zu] '%s': source", i, p->v[i].dest);
	}
	/* Without rights here, the child may have them in its namespace. */
	if (mounts_clone_locked(v, n, e))
		return e->num == EPERM ? 0 : -1;
	p->root_fd = v[0].fd;
	n = 1;
	for (size_t i = 0; i < p->n; i++) {
		if (is_opened_here(&p->v[i]))
			p->v[i].source_fd = v[n++].fd;
	}
	return 0;
}

static int map_one(struct plan_mounts *p, size_t i, int *fds, struct err *e)
{
	struct plan_mount *m = &p->v[i];
	struct mount_source s = source_of(m);

	if (m->source_fd < 0)
		m->source_fd = mount_clone(AT_FDCWD, s.path, s.flags, e);
	if (m->source_fd < 0)
		return err_ctx(e, "source '%s'", m->source);
	return map_ids(p, i, fds, e);
}

/* What was cloned from our own mounts is as the child's would be after root_prepare(). */
static int propagate_all(struct plan_mounts *p, struct err *e)
{
	if (!p->host_propagation)
		return 0;
	if (p->root_fd >= 0 && mount_propagate(p->root_fd, p->host_propagation, e))
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].source_fd >= 0 &&
		    mount_propagate(p->v[i].source_fd, p->host_propagation, e))
			return -1;
	}
	return 0;
}

static int refuse_own_mntns(const struct plan_mounts *p, struct err *e)
{
	struct stat own, joined;

	if (p->mntns != PLAN_MNTNS_JOINED)
		return 0;
	if (stat("/proc/self/ns/mnt", &own))
		return err_sys(e, "look at our own mount namespace");
	if (stat(p->mntns_path, &joined))
		return err_sys(e, "linux.namespaces: mount: '%s'", p->mntns_path);
	if (own.st_ino != joined.st_ino || own.st_dev != joined.st_dev)
		return 0;
	return err_set(e, EINVAL, "linux.namespaces: mount: '%s' is the runtime's own",
		       p->mntns_path);
}

int mounts_open_sources(struct plan_mounts *p, struct err *e)
{
	auto_arena struct arena a = { 0 };
	int *fds = arena_array(&a, p->n, sizeof(*fds));
	int r = refuse_own_mntns(p, e);

	if (!r && p->userns && p->mntns == PLAN_MNTNS_NEW)
		r = open_for_userns(p, &a, e);
	memset(fds, -1, p->n * sizeof(*fds));
	for (size_t i = 0; i < p->n && !r; i++) {
		r = p->v[i].idmap ? map_one(p, i, fds, e) : 0;
		if (r)
			err_ctx(e, "mounts[%zu] '%s'", i, p->v[i].dest);
	}
	for (size_t i = 0; i < p->n; i++)
		close_fd(&fds[i]);
	if (!r)
		r = propagate_all(p, e);
	if (r)
		mounts_close(p);
	return r;
}

void mounts_close(struct plan_mounts *p)
{
	for (size_t i = 0; i < p->n; i++) {
		close_fd(&p->v[i].source_fd);
		close_fd(&p->v[i].late_fd);
	}
	close_fd(&p->root_fd);
}
