/* SPDX-License-Identifier: Apache-2.0 */
/* lease_sweep: one walk over the directory, with a question for each lease. */
#include "cni/lease_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cni/lease_index.h"
#include "cni/sticky.h"
#include "spec/base/arena.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define BOOT_FILE    "/proc/sys/kernel/random/boot_id"
#define BOOT_LINK    "boot-id"
#define BOOT_SIZE    64
#define TOGETHER_SEC 60 /* between an index entry and its lease at most */

int lease_walk(const struct lease_dir *d, lease_visit_fn *visit, void *arg, struct err *e)
{
	auto_fd int fd = openat(d->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return err_sys(e, "read the leases");
	take_fd(&fd);
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		char text[LEASE_TEXT_MAX];
		struct ip_addr ip;
		int rc;

		if (ip_parse(entry->d_name, &ip) ||
		    !lease_text(d, entry->d_name, text, sizeof(text)))
			continue;
		rc = visit(d, entry->d_name, &ip, text, arg, e);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	return errno ? err_sys(e, "read the leases") : 0;
}

/* ---- one owner's ---- */

struct search {
	const struct lease_owner *owner;
	struct lease_ips *out;
};

static int visit_owner(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		       char *text, void *arg, struct err *e)
{
	struct search *s = arg;

	(void)d;
	(void)name;
	(void)e;
	if (!lease_is_of(text, s->owner))
		return 0;
	s->out->v[s->out->n++] = *ip;
	return s->out->n == LEASE_IPS_MAX;
}

int lease_sweep_find(const struct lease_dir *d, const struct lease_owner *owner,
		     struct lease_ips *out, struct err *e)
{
	struct search s = { owner, out };

	out->n = 0;
	return lease_walk(d, visit_owner, &s, e);
}

/* ---- all into the index ---- */

static int visit_index(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		       char *text, void *arg, struct err *e)
{
	struct lease_owner owner;
	struct lease_ips ips;

	(void)arg;
	if (!lease_split(text, &owner))
		return 0;
	lease_index_find(d, &owner, &ips);
	if (lease_ips_has(&ips, ip))
		return 0;
	if (ips.n == LEASE_IPS_MAX)
		return err_set(e, E2BIG, "lease %s: too many of one interface", name);
	ips.v[ips.n++] = *ip;
	return lease_index_set(d, &owner, &ips, e);
}

int lease_sweep_index(const struct lease_dir *d, struct err *e)
{
	return lease_walk(d, visit_index, NULL, e);
}

/* ---- dropping ---- */

int lease_sweep_drop(const struct lease_dir *d, const char *name, struct err *e)
{
	char text[LEASE_TEXT_MAX] = "";
	struct lease_ips ips, rest = { 0 };
	struct lease_owner owner;
	struct err ignored;
	struct ip_addr ip;

	if (ip_parse(name, &ip))
		return err_set(e, EINVAL, "'%s' is no lease", name);
	if (lease_text(d, name, text, sizeof(text)) && lease_split(text, &owner)) {
		lease_index_find(d, &owner, &ips);
		for (size_t i = 0; i < ips.n; i++)
			if (!ip_eq(&ips.v[i], &ip))
				rest.v[rest.n++] = ips.v[i];
		lease_index_set(d, &owner, &rest, &ignored);
	}
	if (unlinkat(d->dir, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove lease %s", name);
	sticky_release(d, &ip);
	return 0;
}

struct valid {
	const struct cni_attachment *at;
};

struct keep {
	struct valid *valid; /* in order of their ids */
	size_t n;
	lease_gone_fn *gone;
	void *arg;
};

static const char *id_of(const struct cni_attachment *at)
{
	return at->container_id ? at->container_id : "";
}

static int by_id(const void *a, const void *b)
{
	const struct valid *x = a, *y = b;

	return strcmp(id_of(x->at), id_of(y->at));
}

/* The first one whose id is not before that. */
static size_t first_of(const struct keep *keep, const char *id)
{
	size_t low = 0, high = keep->n;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (strcmp(id_of(keep->valid[mid].at), id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int visit_keep(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		      char *text, void *arg, struct err *e)
{
	const struct keep *keep = arg;
	struct lease_owner owner;

	if (!lease_split(text, &owner))
		return lease_sweep_drop(d, name, e);
	for (size_t i = first_of(keep, owner.container_id);
	     i < keep->n && str_eq(id_of(keep->valid[i].at), owner.container_id); i++)
		if (!*owner.ifname || str_eq(keep->valid[i].at->ifname, owner.ifname))
			return 0;
	if (keep->gone && keep->gone(keep->arg, &owner, ip, e)) /* while the lease tells of it */
		return -1;
	return lease_sweep_drop(d, name, e);
}

int lease_sweep_keep(const struct lease_dir *d, const struct cni_attachment *valid, size_t n,
		     lease_gone_fn *gone, void *arg, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct keep keep = { arena_array(&a, n + 1, sizeof(*keep.valid)), n, gone, arg };

	for (size_t i = 0; i < n; i++)
		keep.valid[i].at = &valid[i];
	qsort(keep.valid, n, sizeof(*keep.valid), by_id);
	return lease_walk(d, visit_keep, &keep, e);
}

/* ---- earlier boots ---- */

/* When this boot began, by the clock as it stands now. */
static time_t boot_time(void)
{
	struct timespec now, up;

	if (clock_gettime(CLOCK_REALTIME, &now) || clock_gettime(CLOCK_BOOTTIME, &up))
		return 0;
	return now.tv_sec - up.tv_sec;
}

/* Did an earlier run of ours make the lease, when it made the entry? */
static bool made_with_entry(const struct lease_dir *d, const struct lease_owner *owner,
			    const struct ip_addr *ip, const struct stat *lease)
{
	char name[NAME_MAX + 1];
	struct lease_entry entry;
	struct stat st;

	snprintf(name, sizeof(name), "%s:%s", owner->container_id, owner->ifname);
	return lease_entry_read(d, name, &entry) && lease_ips_has(&entry.ips, ip) &&
	       !fstatat(d->index, name, &st, AT_SYMLINK_NOFOLLOW) &&
	       llabs((long long)lease->st_mtime - (long long)st.st_mtime) <= TOGETHER_SEC;
}

bool lease_is_old(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		  const struct lease_owner *owner)
{
	struct stat st;

	if (fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return false;
	return st.st_mtime < boot_time() || (owner && made_with_entry(d, owner, ip, &st));
}

static int visit_old(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		     char *text, void *arg, struct err *e)
{
	struct lease_owner owner;
	bool known = lease_split(text, &owner);

	(void)arg;
	return lease_is_old(d, name, ip, known ? &owner : NULL) ? lease_sweep_drop(d, name, e) : 0;
}

/* "" without a /proc to ask. */
static void read_boot(char *now, size_t size)
{
	auto_fd int fd = open(BOOT_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read_full(fd, now, size - 1);

	now[n < 0 ? 0 : n] = '\0';
	now[strcspn(now, "\n")] = '\0';
}

static bool is_other_boot(const struct lease_dir *d, const char *now)
{
	char then[BOOT_SIZE];
	ssize_t n = readlinkat(d->index, BOOT_LINK, then, sizeof(then) - 1);

	then[n < 0 ? 0 : n] = '\0';
	return *now && !str_eq(now, then);
}

bool lease_boot_is_new(const struct lease_dir *d)
{
	char now[BOOT_SIZE];

	read_boot(now, sizeof(now));
	return d->index >= 0 && is_other_boot(d, now);
}

int lease_sweep_boot(struct lease_dir *d, struct err *e)
{
	char now[BOOT_SIZE];
	struct err ignored;

	read_boot(now, sizeof(now));
	if (!is_other_boot(d, now))
		return 0;
	if (lease_walk(d, visit_old, NULL, e))
		return -1;
	sticky_settle(d);
	d->complete = !lease_sweep_index(d, &ignored);
	if (unlinkat(d->index, BOOT_LINK, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", BOOT_LINK);
	if (symlinkat(now, d->index, BOOT_LINK) < 0)
		return err_sys(e, "make '%s'", BOOT_LINK);
	return 0;
}

/* ---- what is left of no lease ---- */

static bool is_left(const struct lease_dir *d, const char *name)
{
	char text[NAME_MAX + 1], *colon;
	struct lease_owner owner;
	struct lease_ips ips;

	snprintf(text, sizeof(text), "%s", name);
	colon = strchr(text, ':');
	if (!colon)
		return false;
	*colon = '\0';
	owner = (struct lease_owner){ .container_id = text, .ifname = colon + 1 };
	lease_index_find(d, &owner, &ips);
	return !ips.n;
}

static int sweep_index_dir(const struct lease_dir *d, bool only_look, size_t *n, struct err *e)
{
	auto_fd int fd = openat(d->index, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return err_sys(e, "read the index of leases");
	take_fd(&fd);
	while ((entry = readdir(dir))) {
		if (!is_left(d, entry->d_name))
			continue;
		++*n;
		if (!only_look && unlinkat(d->index, entry->d_name, 0) < 0)
			return err_sys(e, "remove index entry '%s'", entry->d_name);
	}
	return 0;
}

int lease_sweep_entries(const struct lease_dir *d, bool only_look, size_t *n, struct err *e)
{
	*n = 0;
	if (!faccessat(d->dir, LEASE_TEMPORARY, F_OK, AT_SYMLINK_NOFOLLOW)) {
		++*n;
		if (!only_look && unlinkat(d->dir, LEASE_TEMPORARY, 0) < 0)
			return err_sys(e, "remove '" LEASE_TEMPORARY "'");
	}
	if (!only_look)
		sticky_settle(d);
	return d->index < 0 ? 0 : sweep_index_dir(d, only_look, n, e);
}
