/* SPDX-License-Identifier: Apache-2.0 */
/* survey: leases, and beside each what became of its pod. */
#include "cni/survey.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cni/lease.h"
#include "cni/lease_index.h"
#include "cni/lease_sweep.h"
#include "cni/netns.h"
#include "cni/plan.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"

const struct name survey_states[] = {
	{ "used", SURVEY_USED },
	{ "unknown", SURVEY_UNKNOWN },
	{ "shared", SURVEY_SHARED },
	{ "garbage", SURVEY_GARBAGE },
	{ "earlier-boot", SURVEY_OLD },
	{ "no-namespace", SURVEY_NO_NETNS },
	{ "no-interface", SURVEY_NO_PAIR },
	{ 0 },
};

int survey_networks(const struct survey_place *place, struct arena *a, struct json_strs *out,
		    struct err *e)
{
	auto_dir DIR *dir = opendir(place->data_dir);
	struct json_strs list = { 0 };
	struct dirent *entry;

	if (!dir && errno != ENOENT)
		return err_sys(e, "open '%s'", place->data_dir);
	while (dir && (entry = readdir(dir))) {
		struct stat st;

		if (!cni_valid_id(entry->d_name) ||
		    (place->network && !str_eq(place->network, entry->d_name)) ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) || !S_ISDIR(st.st_mode))
			continue;
		list.v = arena_room(a, list.v, list.n, sizeof(*list.v));
		list.v[list.n++] = arena_strdup(a, entry->d_name);
	}
	*out = list;
	return 0;
}

/* ---- one network ---- */

struct walk {
	struct net *n;
	const struct survey_place *place;
	const char *network;
	bool new_boot;
	time_t now;
	struct arena *a;
	struct survey *out;
};

static enum survey_state judge(const struct walk *w, const struct lease_dir *d, const char *name,
			       const struct ip_addr *ip, const struct lease_owner *owner,
			       const struct lease_entry *entry, time_t since)
{
	struct attach at = { w->network, owner->container_id, owner->ifname };
	struct err ignored;
	struct link link;
	int fd = -1, there;

	if (w->new_boot && lease_is_old(d, name, ip, owner))
		return SURVEY_OLD;
	if (!*entry->netns)
		return SURVEY_UNKNOWN;
	there = netns_open(entry->netns, &fd, &ignored);
	if (fd >= 0)
		close(fd);
	if (!there)
		return SURVEY_NO_NETNS;
	if (!entry->wired || w->now - since < (time_t)w->place->grace)
		return SURVEY_USED;
	return link_get(&w->n->host, attach_host_name(&at, w->a), &link, &ignored) ? SURVEY_USED
										   : SURVEY_NO_PAIR;
}

static struct survey_lease *add_row(struct survey *s, struct arena *a)
{
	s->v = arena_room(a, s->v, s->n, sizeof(*s->v));
	return &s->v[s->n++];
}

static int visit(const struct lease_dir *d, const char *name, const struct ip_addr *ip, char *text,
		 void *arg, struct err *e)
{
	struct survey_lease row = { .container_id = "", .ifname = "", .pod = "", .netns = "" };
	struct lease_entry entry = { .wired = false };
	struct lease_owner owner;
	struct walk *w = arg;
	struct stat st;

	(void)e;
	if (fstatat(d->dir, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	row.network = w->network;
	row.address = arena_strdup(w->a, name);
	row.since = st.st_mtime;
	row.state = SURVEY_GARBAGE;
	if (lease_split(text, &owner)) {
		if (!lease_entry_of(d, &owner, &entry) || !lease_ips_has(&entry.ips, ip))
			entry = (struct lease_entry){ .wired = false };
		row.container_id = arena_strdup(w->a, owner.container_id);
		row.ifname = arena_strdup(w->a, owner.ifname);
		row.pod = arena_strdup(w->a, entry.pod);
		row.netns = arena_strdup(w->a, entry.netns);
		row.state = judge(w, d, name, ip, &owner, &entry, st.st_mtime);
	}
	*add_row(w->out, w->a) = row;
	return 0;
}

int survey_network(struct net *n, const struct survey_place *place, const struct lease_dir *d,
		   const char *network, struct arena *a, struct survey *out, struct err *e)
{
	struct walk w = {
		.n = n,
		.place = place,
		.network = network,
		.now = time(NULL),
		.a = a,
		.out = out,
	};

	if (d->dir < 0)
		return 0;
	w.new_boot = lease_boot_is_new(d);
	return lease_walk(d, visit, &w, e);
}

/* ---- all ---- */

static int by_address(const void *a, const void *b)
{
	const struct survey_lease *x = a, *y = b;
	struct ip_addr ip_x = { 0 }, ip_y = { 0 };

	ip_parse(x->address, &ip_x);
	ip_parse(y->address, &ip_y);
	return ip_cmp(&ip_x, &ip_y);
}

static int by_network(const void *a, const void *b)
{
	const struct survey_lease *x = a, *y = b;
	int order = strcmp(x->network, y->network);

	return order ? order : by_address(a, b);
}

int survey_all(struct net *n, const struct survey_place *place, struct arena *a, struct survey *out,
	       struct err *e)
{
	struct json_strs networks;
	struct survey s = { 0 };

	if (survey_networks(place, a, &networks, e))
		return -1;
	for (size_t i = 0; i < networks.n; i++) {
		auto_lease struct lease_dir d = LEASE_DIR_INIT;

		if (lease_open(place->data_dir, networks.v[i], false, &d, e) ||
		    survey_network(n, place, &d, networks.v[i], a, &s, e))
			return -1;
	}
	if (!s.n) {
		*out = s;
		return 0;
	}
	qsort(s.v, s.n, sizeof(*s.v), by_address);
	for (size_t i = 1; i < s.n; i++)
		if (!by_address(&s.v[i - 1], &s.v[i]) && !survey_dead(s.v[i].state) &&
		    !survey_dead(s.v[i - 1].state))
			s.v[i].state = s.v[i - 1].state = SURVEY_SHARED;
	qsort(s.v, s.n, sizeof(*s.v), by_network);
	*out = s;
	return 0;
}
