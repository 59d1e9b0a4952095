/* SPDX-License-Identifier: Apache-2.0 */
/* lease_index: a symbolic link for each owner, whose target is "IPS POD WIRED NETNS". */
#include "cni/lease_index.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/str.h"

#define NAME_SIZE (NAME_MAX + 1)
#define TEXT_MAX                                                                                   \
	(LEASE_IPS_MAX * sizeof(struct ip_text) + LEASE_POD_MAX + LEASE_NETNS_MAX + sizeof("- - "))
#define NOTHING	  "-"
#define IS_WIRED  "veth"
#define SEAL_NSEC 271828183L

static void make_name(const struct lease_owner *owner, char *name)
{
	snprintf(name, NAME_SIZE, "%s:%s", owner->container_id, owner->ifname);
}

static void parse_ips(char *text, struct lease_ips *out)
{
	struct ip_addr ip;
	char *part;

	out->n = 0;
	while ((part = strsep(&text, ",")) && out->n < LEASE_IPS_MAX)
		if (!ip_parse(part, &ip))
			out->v[out->n++] = ip;
}

static void keep_part(const char *part, char *out, size_t size)
{
	out[0] = '\0';
	if (part && !str_eq(part, NOTHING) && strlen(part) < size)
		memcpy(out, part, strlen(part) + 1);
}

bool lease_entry_read(const struct lease_dir *d, const char *name, struct lease_entry *out)
{
	char text[TEXT_MAX], *rest = text, *part;
	ssize_t n = d->index < 0 ? -1 : readlinkat(d->index, name, text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	parse_ips(strsep(&rest, " "), &out->ips);
	keep_part(strsep(&rest, " "), out->pod, sizeof(out->pod));
	part = strsep(&rest, " ");
	out->wired = part && str_eq(part, IS_WIRED);
	keep_part(rest, out->netns, sizeof(out->netns));
	return true;
}

bool lease_entry_of(const struct lease_dir *d, const struct lease_owner *owner,
		    struct lease_entry *out)
{
	char name[NAME_SIZE];

	make_name(owner, name);
	return lease_entry_read(d, name, out);
}

void lease_index_find(const struct lease_dir *d, const struct lease_owner *owner,
		      struct lease_ips *out)
{
	struct lease_entry entry;

	out->n = 0;
	if (!lease_entry_of(d, owner, &entry))
		return;
	for (size_t i = 0; i < entry.ips.n; i++)
		if (lease_held(d, &entry.ips.v[i], owner))
			out->v[out->n++] = entry.ips.v[i];
}

/* What is told about itself, else what stood there. */
static const char *say(const char *told, const char *before, size_t max)
{
	if (told && *told && strlen(told) < max)
		return told;
	return *before ? before : NOTHING;
}

int lease_index_set(const struct lease_dir *d, const struct lease_owner *owner,
		    const struct lease_ips *ips, struct err *e)
{
	struct lease_entry before = { .wired = false };
	auto_str struct str text = { 0 };
	char name[NAME_SIZE];
	bool there;

	if (d->index < 0)
		return 0;
	make_name(owner, name);
	there = lease_entry_read(d, name, &before);
	if (there && unlinkat(d->index, name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove index entry '%s'", name);
	if (!ips->n)
		return 0;
	for (size_t i = 0; i < ips->n; i++)
		str_addf(&text, "%s%s", i ? "," : "", ip_text(&ips->v[i]).s);
	str_addf(&text, " %s %s %s", say(owner->pod, before.pod, LEASE_POD_MAX),
		 owner->wired || before.wired ? IS_WIRED : NOTHING,
		 say(owner->netns, before.netns, LEASE_NETNS_MAX));
	if (symlinkat(str_text(&text), d->index, name) < 0)
		return err_sys(e, "make index entry '%s'", name);
	return 0;
}

static bool is_sealed(int dir)
{
	struct stat st;

	return !fstat(dir, &st) && st.st_mtim.tv_nsec == SEAL_NSEC;
}

bool lease_index_sealed(const struct lease_dir *d)
{
	return d->index >= 0 && is_sealed(d->dir) && is_sealed(d->index);
}

static void seal(int dir)
{
	struct timespec t[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_nsec = 0 } };

	if (is_sealed(dir) || clock_gettime(CLOCK_REALTIME, &t[1]))
		return;
	t[1].tv_nsec = SEAL_NSEC;
	futimens(dir, t); /* without it the next one reads all leases */
}

void lease_index_seal(const struct lease_dir *d)
{
	seal(d->dir);
	seal(d->index);
}
