/* SPDX-License-Identifier: Apache-2.0 */
/* lease: opening, the index, taking and giving back. */
#include "cni/lease.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cni/lease_index.h"
#include "cni/lease_sweep.h"
#include "cni/sticky.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define NAME_SIZE (NAME_MAX + 1)

static int open_dir(const char *path, bool create, struct err *e)
{
	int fd;

	if (create && path_mkdirs(path, 0755, e))
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

static int take_lock(int dir, struct err *e)
{
	auto_fd int fd = openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0750);

	if (fd < 0 && errno == EROFS) /* there may be nothing to change */
		fd = openat(dir, "lock", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return err_sys(e, "open the lock of the leases");
	while (flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock the leases");
	return take_fd(&fd);
}

static int open_all(const char *data_dir, const char *network, bool create, struct lease_dir *d,
		    struct err *e)
{
	char path[PATH_MAX - NAME_MAX];

	if (snprintf(path, sizeof(path), "%s/%s", data_dir, network) >= (int)sizeof(path))
		return err_set(e, ENAMETOOLONG, "dataDir is too long");
	d->dir = open_dir(path, create, e);
	if (d->dir < 0)
		return !create && (e->num == ENOENT || e->num == ENOTDIR) ? 0 : -1;
	d->lock = take_lock(d->dir, e);
	if (d->lock < 0)
		return -1;
	snprintf(path, sizeof(path), "%s/" LEASE_INDEX_DIR "/%s", data_dir, network);
	d->index = open_dir(path, create, e);
	if (d->index < 0)
		return create || e->num != ENOENT ? -1 : 0;
	d->complete = lease_index_sealed(d);
	return create ? lease_sweep_boot(d, e) : 0;
}

int lease_open(const char *data_dir, const char *network, bool create, struct lease_dir *out,
	       struct err *e)
{
	struct lease_dir d = LEASE_DIR_INIT;

	if (open_all(data_dir, network, create, &d, e)) {
		lease_close(&d);
		return err_ctx(e, "leases of network '%s'", network);
	}
	*out = d;
	return 0;
}

void lease_close(struct lease_dir *d)
{
	if (d->complete)
		lease_index_seal(d);
	close_fd(&d->lock); /* gives the lock back */
	close_fd(&d->index);
	close_fd(&d->dir);
}

bool lease_taken(const struct lease_dir *d, const struct ip_addr *ip)
{
	struct stat st;

	if (fstatat(d->dir, ip_text(ip).s, &st, AT_SYMLINK_NOFOLLOW))
		return errno != ENOENT;
	return !S_ISREG(st.st_mode) || st.st_size > 0;
}

/* ---- taking and giving back ---- */

/*
 * Read all leases once; from then on the index knows them. Where it cannot be
 * written, only the owner's own are looked for.
 */
int lease_find(struct lease_dir *d, const struct lease_owner *owner, bool scan,
	       struct lease_ips *out, struct err *e)
{
	struct err ignored;

	out->n = 0;
	if (d->dir < 0)
		return 0;
	lease_index_find(d, owner, out);
	if (out->n || !scan)
		return 0;
	if (!d->complete && d->index >= 0)
		d->complete = !lease_sweep_index(d, &ignored);
	if (!d->complete)
		return lease_sweep_find(d, owner, out, e);
	lease_index_find(d, owner, out);
	if (!out->n) { /* an old lease is that of any interface */
		const struct lease_owner old = { .container_id = owner->container_id,
						 .ifname = "" };

		lease_index_find(d, &old, out);
	}
	return 0;
}

int lease_take(const struct lease_dir *d, const struct lease_owner *owner,
	       const struct lease_ips *ips, struct err *e)
{
	struct lease_ips all, made = { 0 };
	struct err ignored;

	lease_index_find(d, owner, &all);
	for (size_t i = 0; i < ips->n; i++) {
		if (all.n == LEASE_IPS_MAX)
			return err_set(e, E2BIG, "more than %d leases of one interface",
				       LEASE_IPS_MAX);
		all.v[all.n++] = ips->v[i];
	}
	if (lease_index_set(d, owner, &all, e))
		return -1;
	for (size_t i = 0; i < ips->n; i++) {
		if (lease_write(d, &ips->v[i], owner, e)) {
			made.v[made.n++] = ips->v[i];
			lease_drop(d, owner, &made, &ignored);
			return -1;
		}
		made.v[made.n++] = ips->v[i];
	}
	return 0;
}

int lease_drop(const struct lease_dir *d, const struct lease_owner *owner,
	       const struct lease_ips *ips, struct err *e)
{
	struct lease_ips have, keep = { 0 };
	int rc = 0;

	if (d->dir < 0)
		return 0;
	lease_index_find(d, owner, &have);
	for (size_t i = 0; i < ips->n; i++) {
		if (!lease_held(d, &ips->v[i], owner))
			continue;
		if (unlinkat(d->dir, ip_text(&ips->v[i]).s, 0) < 0 && errno != ENOENT)
			rc = err_sys(e, "remove lease %s", ip_text(&ips->v[i]).s);
		else
			sticky_release(d, &ips->v[i]);
	}
	if (rc)
		return -1;
	for (size_t i = 0; i < have.n; i++)
		if (!lease_ips_has(ips, &have.v[i]))
			keep.v[keep.n++] = have.v[i];
	return lease_index_set(d, owner, &keep, e);
}

int lease_free(struct lease_dir *d, const struct lease_owner *owner, struct err *e)
{
	struct lease_ips ips;

	do { /* more than one time round only if an owner has more than fit the list */
		if (lease_find(d, owner, true, &ips, e) || lease_drop(d, owner, &ips, e))
			return -1;
	} while (ips.n == LEASE_IPS_MAX);
	return 0;
}

int lease_keep(const struct lease_dir *d, const struct cni_attachment *valid, size_t n,
	       lease_gone_fn *gone, void *arg, struct err *e)
{
	return d->dir < 0 ? 0 : lease_sweep_keep(d, valid, n, gone, arg, e);
}

/* ---- full bridges ---- */

static bool full_path(const char *data_dir, const char *network, char *path)
{
	return snprintf(path, PATH_MAX, "%s/" LEASE_INDEX_DIR "/%s/full", data_dir, network) <
	       PATH_MAX;
}

void lease_mark_full(const char *data_dir, const char *network, bool full)
{
	char path[PATH_MAX];
	struct stat st;

	if (!full_path(data_dir, network, path))
		return;
	if (full && symlink("full", path)) /* there already, or it cannot be: a hint */
		return;
	if (!full && !lstat(path, &st))
		unlink(path);
}

bool lease_is_full(const char *data_dir, const char *network)
{
	char path[PATH_MAX];
	struct stat st;

	return full_path(data_dir, network, path) && !lstat(path, &st);
}

/* ---- round robin ---- */

static void last_name(size_t set, char *name, size_t size)
{
	snprintf(name, size, "last_reserved_ip.%zu", set);
}

bool lease_last(const struct lease_dir *d, size_t set, struct ip_addr *out)
{
	char name[NAME_SIZE], text[LEASE_TEXT_MAX];

	last_name(set, name, sizeof(name));
	return lease_text(d, name, text, sizeof(text)) && !ip_parse(text, out);
}

/* In place, because truncating a file to nothing first makes some file systems flush it. */
int lease_set_last(const struct lease_dir *d, size_t set, const struct ip_addr *ip, struct err *e)
{
	char name[NAME_SIZE];
	struct ip_text text = ip_text(ip);
	size_t len = strlen(text.s);
	auto_fd int fd = -1;
	struct stat st;

	last_name(set, name, sizeof(name));
	fd = openat(d->dir, name, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fstat(fd, &st) || write_all(fd, text.s, len) < 0 ||
	    (st.st_size > (off_t)len && ftruncate(fd, (off_t)len)))
		return err_sys(e, "write '%s'", name);
	return 0;
}
