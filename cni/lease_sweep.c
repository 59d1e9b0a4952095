/* SPDX-License-Identifier: Apache-2.0 */
/* lease_sweep: one walk over the directory, with a question for each lease. */
#include "cni/lease_sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define BOOT_FILE "/proc/sys/kernel/random/boot_id"
#define BOOT_LINK "boot-id"

/* name: of the lease, ip: the same as a number. 0 to go on, 1 to end, -1 with *e filled. */
typedef int visit_fn(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		     void *arg, struct err *e);

static int walk(const struct lease_dir *d, visit_fn *visit, void *arg, struct err *e)
{
	auto_fd int fd = openat(d->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return err_sys(e, "read the leases");
	take_fd(&fd);
	for (errno = 0; (entry = readdir(dir)); errno = 0) {
		struct ip_addr ip;
		int rc;

		if (ip_parse(entry->d_name, &ip))
			continue;
		rc = visit(d, entry->d_name, &ip, arg, e);
		if (rc)
			return rc < 0 ? -1 : 0;
	}
	return errno ? err_sys(e, "read the leases") : 0;
}

struct search {
	const struct lease_owner *owner;
	struct lease_ips *out;
};

static int visit_owner(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		       void *arg, struct err *e)
{
	struct search *s = arg;
	char text[LEASE_TEXT_MAX];

	(void)e;
	if (!lease_text(d, name, text, sizeof(text)) || !lease_is_of(text, s->owner))
		return 0;
	s->out->v[s->out->n++] = *ip;
	return s->out->n == LEASE_IPS_MAX;
}

int lease_sweep_find(const struct lease_dir *d, const struct lease_owner *owner,
		     struct lease_ips *out, struct err *e)
{
	struct search s = { owner, out };

	out->n = 0;
	return walk(d, visit_owner, &s, e);
}

/* Remove a lease and the index entry of its owner. */
static int drop(const struct lease_dir *d, const char *name, struct err *e)
{
	char text[LEASE_TEXT_MAX] = "", *end;

	if (lease_text(d, name, text, sizeof(text)) && (end = strstr(text, "\r\n"))) {
		auto_str struct str link = { 0 };

		str_addf(&link, "%.*s:%s", (int)(end - text), text, end + 2);
		if (d->index >= 0 && !strchr(str_text(&link), '/'))
			unlinkat(d->index, str_text(&link), 0);
	}
	if (unlinkat(d->dir, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove lease %s", name);
	return 0;
}

struct keep {
	const struct cni_attachment *valid;
	size_t n;
};

static int visit_keep(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		      void *arg, struct err *e)
{
	const struct keep *keep = arg;
	char text[LEASE_TEXT_MAX];

	(void)ip;
	if (!lease_text(d, name, text, sizeof(text)))
		return 0;
	for (size_t i = 0; i < keep->n; i++) {
		struct lease_owner owner = { keep->valid[i].container_id, keep->valid[i].ifname };

		if (lease_is_of(text, &owner))
			return 0;
	}
	return drop(d, name, e);
}

int lease_sweep_keep(const struct lease_dir *d, const struct cni_attachment *valid, size_t n,
		     struct err *e)
{
	struct keep keep = { valid, n };

	return walk(d, visit_keep, &keep, e);
}

/* When this boot began, by the clock as it stands now. */
static time_t boot_time(void)
{
	struct timespec now, up;

	if (clock_gettime(CLOCK_REALTIME, &now) || clock_gettime(CLOCK_BOOTTIME, &up))
		return 0;
	return now.tv_sec - up.tv_sec;
}

static int visit_old(const struct lease_dir *d, const char *name, const struct ip_addr *ip,
		     void *arg, struct err *e)
{
	const time_t *boot = arg;
	struct stat st;

	(void)ip;
	if (fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW) || st.st_mtime >= *boot)
		return 0;
	return drop(d, name, e);
}

int lease_sweep_boot(const struct lease_dir *d, struct err *e)
{
	auto_fd int fd = open(BOOT_FILE, O_RDONLY | O_CLOEXEC);
	char now[64] = "", then[64] = "";
	time_t boot = boot_time();

	if (fd < 0 || read_full(fd, now, sizeof(now) - 1) <= 0)
		return 0; /* no /proc to ask: keep everything */
	now[strcspn(now, "\n")] = '\0';
	if (readlinkat(d->index, BOOT_LINK, then, sizeof(then) - 1) > 0 && str_eq(now, then))
		return 0;
	if (walk(d, visit_old, &boot, e))
		return -1;
	if (unlinkat(d->index, BOOT_LINK, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", BOOT_LINK);
	if (symlinkat(now, d->index, BOOT_LINK) < 0)
		return err_sys(e, "make '%s'", BOOT_LINK);
	return 0;
}
