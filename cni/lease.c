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

#include "cni/lease_sweep.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define INDEX_DIR ".peapod"
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
	snprintf(path, sizeof(path), "%s/" INDEX_DIR "/%s", data_dir, network);
	d->index = open_dir(path, create, e);
	if (d->index < 0)
		return create || e->num != ENOENT ? -1 : 0;
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

/* ---- the index ---- */

static void index_name(const struct lease_owner *owner, char *name)
{
	snprintf(name, NAME_SIZE, "%s:%s", owner->container_id, owner->ifname);
}

/* What the index tells and the leases confirm. */
static void index_read(const struct lease_dir *d, const struct lease_owner *owner,
		       struct lease_ips *out)
{
	char name[NAME_SIZE], text[LEASE_IPS_MAX * sizeof(struct ip_text)], *rest = text, *part;
	struct ip_addr ip;
	ssize_t n;

	out->n = 0;
	index_name(owner, name);
	n = d->index < 0 ? -1 : readlinkat(d->index, name, text, sizeof(text) - 1);
	if (n < 0)
		return;
	text[n] = '\0';
	while ((part = strsep(&rest, ",")) && out->n < LEASE_IPS_MAX)
		if (!ip_parse(part, &ip) && lease_held(d, &ip, owner))
			out->v[out->n++] = ip;
}

/* Replace the entry; an empty list removes it. */
static int index_write(const struct lease_dir *d, const struct lease_owner *owner,
		       const struct lease_ips *ips, struct err *e)
{
	auto_str struct str text = { 0 };
	char name[NAME_SIZE];

	if (d->index < 0)
		return 0;
	index_name(owner, name);
	if (unlinkat(d->index, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove index entry '%s'", name);
	if (!ips->n)
		return 0;
	for (size_t i = 0; i < ips->n; i++)
		str_addf(&text, "%s%s", i ? "," : "", ip_text(&ips->v[i]).s);
	if (symlinkat(str_text(&text), d->index, name) < 0)
		return err_sys(e, "make index entry '%s'", name);
	return 0;
}

int lease_find(const struct lease_dir *d, const struct lease_owner *owner, bool scan,
	       struct lease_ips *out, struct err *e)
{
	out->n = 0;
	if (d->dir < 0)
		return 0;
	index_read(d, owner, out);
	return out->n || !scan ? 0 : lease_sweep_find(d, owner, out, e);
}

/* ---- taking and giving back ---- */

static bool contains(const struct lease_ips *ips, const struct ip_addr *ip)
{
	for (size_t i = 0; i < ips->n; i++)
		if (ip_eq(&ips->v[i], ip))
			return true;
	return false;
}

int lease_take(const struct lease_dir *d, const struct lease_owner *owner,
	       const struct lease_ips *ips, struct err *e)
{
	struct lease_ips all, made = { 0 };
	struct err ignored;

	index_read(d, owner, &all);
	for (size_t i = 0; i < ips->n; i++) {
		if (all.n == LEASE_IPS_MAX)
			return err_set(e, E2BIG, "more than %d leases of one interface",
				       LEASE_IPS_MAX);
		all.v[all.n++] = ips->v[i];
	}
	if (index_write(d, owner, &all, e))
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
	index_read(d, owner, &have);
	for (size_t i = 0; i < ips->n; i++)
		if (lease_held(d, &ips->v[i], owner) &&
		    unlinkat(d->dir, ip_text(&ips->v[i]).s, 0) < 0 && errno != ENOENT)
			rc = err_sys(e, "remove lease %s", ip_text(&ips->v[i]).s);
	if (rc)
		return -1;
	for (size_t i = 0; i < have.n; i++)
		if (!contains(ips, &have.v[i]))
			keep.v[keep.n++] = have.v[i];
	return index_write(d, owner, &keep, e);
}

int lease_free(const struct lease_dir *d, const struct lease_owner *owner, struct err *e)
{
	struct lease_ips ips;

	do { /* more than one time round only if an owner has more than fit the list */
		if (lease_find(d, owner, true, &ips, e) || lease_drop(d, owner, &ips, e))
			return -1;
	} while (ips.n == LEASE_IPS_MAX);
	return 0;
}

int lease_keep(const struct lease_dir *d, const struct cni_attachment *valid, size_t n,
	       struct err *e)
{
	return d->dir < 0 ? 0 : lease_sweep_keep(d, valid, n, e);
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
