/* SPDX-License-Identifier: Apache-2.0 */
/* sticky: symbolic links, written so that a crash in between loses a memory at most. */
#include "cni/sticky.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cni/plan.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"

#define DIR_NAME  "sticky"
#define NEXT	  "next"
#define NO_SLOT	  (-1)
#define NAME_SIZE 32
#define TEXT_MAX  (LEASE_IPS_MAX * sizeof(struct ip_text) + STICKY_KEY_MAX + 16)

/* A p-HASH link. */
struct memory {
	char name[NAME_SIZE];
	char key[STICKY_KEY_MAX];
	long slot;
	struct lease_ips ips;
};

static int open_dir(const struct lease_dir *d, bool create, struct err *e)
{
	int fd;

	if (d->index < 0) {
		errno = ENOENT;
		return err_sys(e, "open '" DIR_NAME "'");
	}
	if (create && mkdirat(d->index, DIR_NAME, 0755) < 0 && errno != EEXIST)
		return err_sys(e, "make '" DIR_NAME "'");
	fd = openat(d->index, DIR_NAME, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? err_sys(e, "open '" DIR_NAME "'") : fd;
}

static bool read_link(int dir, const char *name, char *text, size_t size)
{
	ssize_t n = readlinkat(dir, name, text, size);

	if (n < 0 || (size_t)n >= size)
		return false;
	text[n] = '\0';
	return true;
}

/* Best effort, but for the caller that looks. */
static int write_link(int dir, const char *name, const char *text)
{
	if (!symlinkat(text, dir, name))
		return 0;
	if (errno != EEXIST || (unlinkat(dir, name, 0) < 0 && errno != ENOENT))
		return -1;
	return symlinkat(text, dir, name);
}

static bool parse_slot(const char *text, long *out)
{
	int64_t slot;

	if (parse_i64(text, 0, STICKY_MAX - 1, &slot))
		return false;
	*out = (long)slot;
	return true;
}

/* ---- memories ---- */

static void memory_name(const char *key, char *name)
{
	snprintf(name, NAME_SIZE, "p-%016llx", (unsigned long long)plan_hash(&key, 1));
}

static bool memory_read(int dir, const char *name, struct memory *out)
{
	char text[TEXT_MAX], *rest = text, *slot, *list, *part;
	struct ip_addr ip;

	if (strlen(name) >= sizeof(out->name) || !read_link(dir, name, text, sizeof(text)))
		return false;
	slot = strsep(&rest, " ");
	list = strsep(&rest, " ");
	if (!list || !rest || strlen(rest) >= sizeof(out->key))
		return false;
	*out = (struct memory){ .slot = NO_SLOT };
	snprintf(out->name, sizeof(out->name), "%s", name);
	snprintf(out->key, sizeof(out->key), "%s", rest);
	if (!parse_slot(slot, &out->slot))
		out->slot = NO_SLOT;
	while ((part = strsep(&list, ",")) && out->ips.n < LEASE_IPS_MAX)
		if (!ip_parse(part, &ip))
			out->ips.v[out->ips.n++] = ip;
	return true;
}

static int memory_write(int dir, const struct memory *m)
{
	auto_str struct str text = { 0 };

	if (m->slot == NO_SLOT)
		str_add(&text, "-");
	else
		str_addf(&text, "%ld", m->slot);
	for (size_t i = 0; i < m->ips.n; i++)
		str_addf(&text, "%c%s", i ? ',' : ' ', ip_text(&m->ips.v[i]).s);
	str_addf(&text, " %s", m->key);
	return write_link(dir, m->name, str_text(&text));
}

static bool owns(int dir, const char *key, const struct ip_addr *ip)
{
	char owner[STICKY_KEY_MAX];

	return read_link(dir, ip_text(ip).s, owner, sizeof(owner)) && str_eq(owner, key);
}

static void forget_ip(int dir, const char *key, const struct ip_addr *ip)
{
	if (owns(dir, key, ip))
		unlinkat(dir, ip_text(ip).s, 0);
}

static void forget(int dir, const struct memory *m)
{
	for (size_t i = 0; i < m->ips.n; i++)
		forget_ip(dir, m->key, &m->ips.v[i]);
	unlinkat(dir, m->name, 0);
}

/* ---- asking ---- */

void sticky_recall(const struct lease_dir *d, const char *key, struct lease_ips *out)
{
	struct err ignored;
	auto_fd int dir = open_dir(d, false, &ignored);
	char name[NAME_SIZE];
	struct memory m;

	out->n = 0;
	memory_name(key, name);
	if (dir < 0 || !memory_read(dir, name, &m) || !str_eq(m.key, key))
		return;
	for (size_t i = 0; i < m.ips.n; i++)
		if (owns(dir, key, &m.ips.v[i]))
			out->v[out->n++] = m.ips.v[i];
}

bool sticky_pod(const struct lease_dir *d, const struct ip_addr *ip, char *key)
{
	char name[sizeof(DIR_NAME) + sizeof(struct ip_text)];

	snprintf(name, sizeof(name), DIR_NAME "/%s", ip_text(ip).s);
	return d->index >= 0 && read_link(d->index, name, key, STICKY_KEY_MAX);
}

bool sticky_promised(const struct lease_dir *d, const struct ip_addr *ip, const char *key)
{
	char owner[STICKY_KEY_MAX];

	return sticky_pod(d, ip, owner) && !(key && str_eq(owner, key));
}

/* ---- the ring ---- */

static long next_slot(int dir)
{
	char text[NAME_SIZE];
	long slot;

	return read_link(dir, NEXT, text, sizeof(text)) && parse_slot(text, &slot) ? slot : 0;
}

static bool read_slot(int dir, long slot, struct memory *out)
{
	char name[NAME_SIZE], who[NAME_SIZE];

	snprintf(name, sizeof(name), "s-%ld", slot);
	return read_link(dir, name, who, sizeof(who)) && str_starts(who, "p-") &&
	       !strchr(who, '/') && memory_read(dir, who, out) && out->slot == slot;
}

/* Put it at the ring's end; who was there is forgotten. */
static void enqueue(int dir, struct memory *m)
{
	long slot = next_slot(dir);
	char name[NAME_SIZE], text[NAME_SIZE];
	struct memory old;

	if (read_slot(dir, slot, &old))
		forget(dir, &old);
	snprintf(name, sizeof(name), "s-%ld", slot);
	snprintf(text, sizeof(text), "%ld", (slot + 1) % STICKY_MAX);
	m->slot = slot;
	if (write_link(dir, name, m->name) || write_link(dir, NEXT, text) || memory_write(dir, m))
		forget(dir, m); /* rather than remember it for ever */
}

bool sticky_oldest(const struct lease_dir *d, sticky_want_fn *fn, void *arg)
{
	struct err ignored;
	auto_fd int dir = open_dir(d, false, &ignored);
	long first = dir < 0 ? 0 : next_slot(dir);
	struct memory m;

	for (long i = 0; dir >= 0 && i < STICKY_MAX; i++) {
		if (!read_slot(dir, (first + i) % STICKY_MAX, &m))
			continue;
		for (size_t k = 0; k < m.ips.n; k++)
			if (owns(dir, m.key, &m.ips.v[k]) && fn(arg, &m.ips.v[k]))
				return true;
	}
	return false;
}

/* ---- changing ---- */

int sticky_remember(const struct lease_dir *d, const char *key, const struct lease_ips *ips,
		    struct err *e)
{
	auto_fd int dir = open_dir(d, true, e);
	struct memory m = { .slot = NO_SLOT, .ips = *ips }, old;

	if (dir < 0)
		return -1;
	memory_name(key, m.name);
	snprintf(m.key, sizeof(m.key), "%s", key);
	if (memory_read(dir, m.name, &old))
		for (size_t i = 0; i < old.ips.n; i++)
			if (!lease_ips_has(ips, &old.ips.v[i]) || !str_eq(old.key, key))
				forget_ip(dir, old.key, &old.ips.v[i]);
	if (memory_write(dir, &m))
		return err_sys(e, "remember the addresses of pod '%.60s'", key);
	for (size_t i = 0; i < ips->n; i++)
		if (write_link(dir, ip_text(&ips->v[i]).s, key))
			return err_sys(e, "remember address %s", ip_text(&ips->v[i]).s);
	return 0;
}

void sticky_release(const struct lease_dir *d, const struct ip_addr *ip)
{
	char key[STICKY_KEY_MAX], name[NAME_SIZE];
	struct memory m;
	struct err ignored;

	if (!sticky_pod(d, ip, key)) /* the usual case costs one system call */
		return;
	auto_fd int dir = open_dir(d, false, &ignored);
	memory_name(key, name);
	if (dir >= 0 && memory_read(dir, name, &m) && str_eq(m.key, key) && m.slot == NO_SLOT)
		enqueue(dir, &m);
}

static bool leased(const struct lease_dir *d, const struct memory *m)
{
	struct stat st;

	for (size_t i = 0; i < m->ips.n; i++)
		if (!fstatat(d->dir, ip_text(&m->ips.v[i]).s, &st, AT_SYMLINK_NOFOLLOW))
			return true;
	return false;
}

void sticky_settle(const struct lease_dir *d)
{
	struct err ignored;
	auto_fd int dir = open_dir(d, false, &ignored), fd = -1;
	auto_dir DIR *list = NULL;
	struct dirent *entry;
	struct memory m;

	if (dir < 0 || (fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return;
	list = fdopendir(fd);
	if (!list)
		return;
	take_fd(&fd);
	while ((entry = readdir(list)))
		if (str_starts(entry->d_name, "p-") && memory_read(dir, entry->d_name, &m) &&
		    m.slot == NO_SLOT && !leased(d, &m))
			enqueue(dir, &m);
}
