/* SPDX-License-Identifier: Apache-2.0 */
/* rootfs: options to flags (pure), then mount(2) or a bind by open_tree(2). */
#include "shim/daemon/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "shim/engine/idmap.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/oci/check.h"
#include "spec/oci/tables.h"

#define ROOTFS	      "rootfs"
#define PRIVATE_OPTS  "X-containerd."
#define LOWERDIR      "lowerdir="
#define UIDMAP	      "uidmap="
#define GIDMAP	      "gidmap="
#define LOOP	      "loop"
#define ATTR_IN_FLAGS (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC)
#define UNMOUNTS_MAX  256

/* "CONTAINER:HOST:SIZE", more of them after commas. */
static int add_maps(const char *opt, const char *text, struct oci_idmaps *maps, struct arena *a,
		    struct err *e)
{
	size_t n;
	char **one = str_split(a, text, ',', &n);

	*maps = (struct oci_idmaps){ 0, arena_array(a, n, sizeof(*maps->v)) };
	for (size_t i = 0; i < n; i++) {
		uint64_t v[3];
		size_t n_fields;
		char **field = str_split(a, one[i], ':', &n_fields);

		for (size_t j = 0; j < countof(v); j++) {
			if (n_fields != countof(v) || parse_u64(field[j], 10, UINT32_MAX, &v[j]))
				return err_set(e, EINVAL, "option '%s' is no mapping", opt);
		}
		maps->v[maps->n++] = (struct oci_idmap){ .container_id = (uint32_t)v[0],
							 .host_id = (uint32_t)v[1],
							 .size = (uint32_t)v[2] };
	}
	return oci_check_idmaps("option uidmap or gidmap", maps, e);
}

static int add_option(const char *opt, struct rootfs_plan *p, struct str *data, struct arena *a,
		      struct err *e)
{
	const struct oci_mount_option *o;

	if (str_starts(opt, PRIVATE_OPTS))
		return err_set(e, EINVAL, "option '%s' is containerd's own", opt);
	if (str_starts(opt, UIDMAP))
		return add_maps(opt, opt + strlen(UIDMAP), &p->uids, a, e);
	if (str_starts(opt, GIDMAP))
		return add_maps(opt, opt + strlen(GIDMAP), &p->gids, a, e);
	if (str_eq(opt, LOOP)) {
		p->loop = true;
		return 0;
	}
	o = oci_mount_option_find(opt);
	if (!o || o->special == OCI_MOUNT_TMPCOPYUP || o->special == OCI_MOUNT_IDMAP ||
	    o->special == OCI_MOUNT_RIDMAP) {
		if (data->len)
			str_addc(data, ',');
		str_add(data, opt);
		return 0;
	}
	p->bind = p->bind || o->special == OCI_MOUNT_BIND || o->special == OCI_MOUNT_RBIND;
	p->recursive = p->recursive || o->special == OCI_MOUNT_RBIND;
	p->attr_set = (p->attr_set & ~o->attr_clr) | o->attr_set;
	p->attr_clr = (p->attr_clr & ~o->attr_set) | o->attr_clr;
	p->attr_recursive = p->attr_recursive || (o->recursive && (o->attr_set || o->attr_clr));
	p->flags = (p->flags & ~o->sb_clr) | o->sb_set;
	if (o->propagation)
		p->propagation = o->propagation;
	return 0;
}

/* The longest directory that all of the n paths start with; its length, without the slash. */
static size_t common_dir(char *const *paths, size_t n)
{
	size_t len = strlen(paths[0]);

	for (size_t i = 1; i < n; i++) {
		size_t same = 0;

		while (same < len && paths[i][same] == paths[0][same])
			same++;
		len = same;
	}
	while (len && paths[0][len] != '/')
		len--;
	return len;
}

/* Make the lower directories of an overlay relative, when the options are too long. */
static int compact(struct rootfs_plan *p, size_t page, struct arena *a, struct err *e)
{
	char *lower = strstr(p->data, LOWERDIR), *end, **paths;
	auto_str struct str out = { 0 };
	size_t n, len;

	if (!lower)
		return err_set(e, E2BIG, "the options are longer than a page");
	lower += strlen(LOWERDIR);
	end = lower + strcspn(lower, ",");
	paths = str_split(a, arena_strndup(a, lower, (size_t)(end - lower)), ':', &n);
	len = common_dir(paths, n);
	if (!len)
		return err_set(e, E2BIG, "the options are longer than a page");
	p->dir = arena_strndup(a, paths[0], len);
	str_addn(&out, p->data, (size_t)(lower - p->data));
	for (size_t i = 0; i < n; i++)
		str_addf(&out, "%s%s", i ? ":" : "", paths[i] + len + 1);
	str_add(&out, end);
	if (out.len >= page)
		return err_set(e, E2BIG, "the options are longer than a page");
	p->data = arena_strdup(a, out.s);
	return 0;
}

/* Take the lower directories of an overlay out of its data: they will be mounts of their own. */
static int split_lower(struct rootfs_plan *p, struct arena *a, struct err *e)
{
	char *lower = NULL, **opts;
	auto_str struct str rest = { 0 };
	size_t n;

	opts = str_split(a, p->data ? p->data : "", ',', &n);
	for (size_t i = 0; i < n; i++) {
		if (str_starts(opts[i], LOWERDIR))
			lower = opts[i] + strlen(LOWERDIR);
		else
			str_addf(&rest, "%s%s", rest.len ? "," : "", opts[i]);
	}
	if (!lower || !*lower)
		return err_set(e, EINVAL, "an overlay with maps, but without lowerdir");
	p->lower = str_split(a, lower, ':', &p->n_lower);
	p->data = rest.len ? arena_strdup(a, rest.s) : NULL;
	return 0;
}

static int check_maps(struct rootfs_plan *p, struct arena *a, struct err *e)
{
	if (!p->uids.n != !p->gids.n)
		return err_set(e, EINVAL, "option '%s' is missing",
			       p->uids.n ? "gidmap" : "uidmap");
	if (!p->uids.n || p->bind)
		return 0;
	if (!str_eq(p->type, "overlay"))
		return err_set(e, ENOTSUP, "options uidmap and gidmap need a bind or an overlay");
	return split_lower(p, a, e);
}

int rootfs_plan(const Pb__Mount *m, size_t page, struct arena *a, struct rootfs_plan *out,
		struct err *e)
{
	auto_str struct str data = { 0 };
	struct rootfs_plan p = { .type = m->type, .source = m->source, .target = m->target };

	p.bind = str_eq(m->type, "bind");
	p.recursive = str_eq(m->type, "rbind");
	p.bind = p.bind || p.recursive;
	for (size_t i = 0; i < m->n_options; i++) {
		if (add_option(m->options[i], &p, &data, a, e))
			return -1;
	}
	if (!p.bind) {
		p.flags |= p.attr_set & ATTR_IN_FLAGS;
		p.attr_set &= ~(uint64_t)ATTR_IN_FLAGS;
	}
	if (data.len)
		p.data = arena_strdup(a, data.s);
	if (p.loop && (p.bind || p.uids.n || str_eq(p.type, "overlay")))
		return err_set(e, EINVAL, "option '" LOOP "' needs the image of a file system");
	if (check_maps(&p, a, e))
		return -1;
	if (p.data && strlen(p.data) >= page - 1 && compact(&p, page, a, e))
		return -1;
	*out = p;
	return 0;
}

static int set_attr(int fd, const struct rootfs_plan *p, struct err *e)
{
	struct mount_attr attr = { .attr_set = p->attr_set,
				   .attr_clr = p->attr_clr & ~p->attr_set };
	unsigned int flags = AT_EMPTY_PATH | (p->attr_recursive ? AT_RECURSIVE : 0);

	if (p->attr_set & MOUNT_ATTR__ATIME || p->attr_clr & MOUNT_ATTR__ATIME)
		attr.attr_clr |= MOUNT_ATTR__ATIME;
	if (!attr.attr_set && !attr.attr_clr)
		return 0;
	if (mount_setattr(fd, "", flags, &attr, sizeof(attr)))
		return err_sys(e, "set the attributes");
	return 0;
}

static int map_ids(const struct rootfs_plan *p, int tree, struct err *e)
{
	auto_fd int userns = -1;

	if (!p->uids.n)
		return 0;
	userns = idmap_userns(&p->uids, &p->gids, e);
	return userns < 0 ? -1 : idmap_tree(tree, userns, p->recursive, e);
}

static int attach(int tree, int target, struct err *e)
{
	if (move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH))
		return err_sys(e, "attach");
	return 0;
}

static int apply_bind(const struct rootfs_plan *p, int target, struct err *e)
{
	unsigned int flags =
		OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (p->recursive ? AT_RECURSIVE : 0);
	auto_fd int tree = open_tree(AT_FDCWD, p->source, flags);

	if (tree < 0)
		return err_sys(e, "clone");
	return set_attr(tree, p, e) || map_ids(p, tree, e) ? -1 : attach(tree, target, e);
}

static int apply_mapped(const struct rootfs_plan *p, const char *path, int rootfs, struct err *e)
{
	auto_fd int overlay = -1;

	if (*p->target)
		return err_set(e, ENOTSUP, "an overlay with maps below the rootfs");
	overlay = rootfs_mapped_overlay(p, path, rootfs, e);
	return overlay < 0 ? -1 : attach(overlay, rootfs, e);
}

static int apply_new(const struct rootfs_plan *p, int target, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int device = -1;
	char *source = arena_strdup(&a, p->source);

	if (p->dir && chdir(p->dir))
		return err_sys(e, "enter '%s'", p->dir);
	if (p->loop) {
		device = rootfs_loop(p->source, p->flags & MS_RDONLY, &a, &source, e);
		if (device < 0)
			return -1;
	}
	if (mount(source, fd_path(target).s, p->type, p->flags, p->data))
		return err_sys(e, "mount");
	return 0;
}

/* What is mounted on the directory now, opened anew. */
static int finish(const struct rootfs_plan *p, int rootfs, const char *bundle, struct err *e)
{
	auto_free char *path = NULL;
	auto_fd int fd = -1;

	if (asprintf(&path, "%s/" ROOTFS "%s%s", bundle, *p->target ? "/" : "", p->target) < 0)
		abort();
	fd = *p->target ? root_open(rootfs, p->target, O_PATH, e)
			: open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	if (!p->bind && set_attr(fd, p, e))
		return -1;
	if (p->propagation && mount(NULL, fd_path(fd).s, NULL, p->propagation, NULL))
		return err_sys(e, "set the propagation");
	return 0;
}

static int apply(const char *bundle, const struct rootfs_plan *p, struct err *e)
{
	auto_free char *path = NULL;
	auto_fd int rootfs = -1, target = -1;
	int bad;

	if (asprintf(&path, "%s/" ROOTFS, bundle) < 0)
		abort();
	rootfs = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (rootfs < 0)
		return err_sys(e, "open '%s'", path);
	target = root_open(rootfs, *p->target ? p->target : ".", O_PATH, e);
	if (target < 0)
		return -1;
	if (p->bind)
		bad = apply_bind(p, target, e);
	else if (p->uids.n)
		bad = apply_mapped(p, path, target, e);
	else
		bad = apply_new(p, target, e);
	if (bad)
		return -1;
	return finish(p, rootfs, bundle, e);
}

int rootfs_mount(const char *bundle, Pb__Mount *const *mounts, size_t n, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;

	if (n > ROOTFS_MOUNTS_MAX)
		return err_set(e, E2BIG, "rootfs has more than %d mounts", ROOTFS_MOUNTS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct rootfs_plan p;

		if (rootfs_plan(mounts[i], (size_t)sysconf(_SC_PAGESIZE), &a, &p, e) ||
		    apply(bundle, &p, e)) {
			err_ctx(e, "rootfs mount %zu (%s '%s')", i, mounts[i]->type,
				mounts[i]->source);
			rootfs_unmount(bundle, &ignored);
			return -1;
		}
	}
	return 0;
}

/* Detaching what is on top takes all that is mounted below it along. */
int rootfs_unmount(const char *bundle, struct err *e)
{
	auto_free char *path = NULL;

	if (asprintf(&path, "%s/" ROOTFS, bundle) < 0)
		abort();
	for (int i = 0; i < UNMOUNTS_MAX; i++) {
		if (!umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
			continue;
		if (errno == EINVAL || errno == ENOENT || errno == ENOTDIR)
			return 0;
		return err_sys(e, "unmount '%s'", path);
	}
	return err_set(e, EBUSY, "'%s' has more than %d mounts", path, UNMOUNTS_MAX);
}
