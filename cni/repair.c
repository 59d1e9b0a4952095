/* SPDX-License-Identifier: Apache-2.0 */
/* repair: interfaces are listed before leases, since ADD makes them in the other order. */
#include "cni/repair.h"

#include "cni/alias_files.h"
#include "cni/apply_ports.h"
#include "cni/dead.h"
#include "cni/firewall.h"
#include "cni/lease.h"
#include "cni/lease_sweep.h"
#include "cni/pairs.h"
#include "cni/portmap_held.h"
#include "cni/spoof.h"
#include "cni/owner.h"
#include "spec/base/auto.h"

struct repair {
	struct net *n;
	const struct survey_place *place;
	bool dry_run;
	struct arena *a;
	struct str *out;
	struct pairs pairs; /* that were there at the beginning */
	struct dead dead;
	struct owners living, gone; /* with a lease; those of leases and pairs that go */
};

static void say_removed(struct repair *r)
{
	str_add(r->out, r->dry_run ? "would remove " : "removed ");
}

static void add_owner(struct owners *owners, const char *owner, struct arena *a)
{
	owners->v = arena_room(a, owners->v, owners->n, sizeof(*owners->v));
	owners->v[owners->n++] = arena_strdup(a, owner);
}

static const char *reason(enum survey_state state)
{
	switch (state) {
	case SURVEY_GARBAGE:
		return "it is no lease";
	case SURVEY_OLD:
		return "it is of an earlier boot";
	case SURVEY_NO_NETNS:
		return "its namespace is gone";
	case SURVEY_NO_PAIR:
		return "its interface is gone";
	case SURVEY_USED:
	case SURVEY_UNKNOWN:
	case SURVEY_SHARED:
		break;
	}
	return "";
}

static int drop_lease(struct repair *r, const struct lease_dir *d, const struct survey_lease *l,
		      struct err *e)
{
	const struct lease_owner owner = { .container_id = l->container_id, .ifname = l->ifname };
	struct ip_addr ip;

	if (!r->dry_run && *owner.container_id && !ip_parse(l->address, &ip) &&
	    dead_lease(&r->dead, l->network, &owner, &ip, e))
		return -1;
	if (!r->dry_run && lease_sweep_drop(d, l->address, e))
		return -1;
	if (*l->container_id)
		add_owner(&r->gone, owner_text(l->network, l->container_id, l->ifname).s, r->a);
	say_removed(r);
	str_addf(r->out, "lease %s of network %s", l->address, l->network);
	if (*l->container_id)
		str_addf(r->out, " (%s %s)", l->container_id, l->ifname);
	if (*l->pod)
		str_addf(r->out, ", pod %s", l->pod);
	str_addf(r->out, ": %s\n", reason(l->state));
	return 0;
}

/* ---- pairs ---- */

static void choose_pairs(struct repair *r, const char *network, const struct survey *s)
{
	for (size_t i = 0; i < s->n; i++) { /* those that keep their lease */
		const struct survey_lease *l = &s->v[i];

		if (!survey_dead(l->state))
			add_owner(&r->living, owner_text(l->network, l->container_id, l->ifname).s,
				  r->a);
	}
	owners_sort(&r->living);
	for (size_t i = 0; i < r->pairs.n; i++) {
		const struct pair *p = &r->pairs.v[i];

		if (!str_eq(p->network, network) || !str_eq(p->place, r->place->data_dir) ||
		    owners_have(&r->living, p->owner))
			continue;
		dead_pair(&r->dead, p);
		add_owner(&r->gone, p->owner, r->a);
		say_removed(r);
		str_addf(r->out, "interface %s (%s): it has no lease\n", p->name, p->owner);
	}
}

/* ---- nftables ---- */

static bool in_networks(const struct json_strs *networks, const char *owner)
{
	size_t len = strcspn(owner, " ");

	for (size_t i = 0; i < networks->n; i++)
		if (strlen(networks->v[i]) == len && !strncmp(networks->v[i], owner, len))
			return true;
	return false;
}

/* Without a lease, and without the interface that the ports lead to. */
static int is_dead(struct repair *r, const struct json_strs *networks, const struct held *h,
		   struct err *e)
{
	struct link link;
	int there;

	if (owners_have(&r->gone, h->owner))
		return 1;
	if (!in_networks(networks, h->owner) || owners_have(&r->living, h->owner) || !*h->device)
		return 0;
	there = link_get(&r->n->host, h->device, &link, e);
	return there < 0 ? -1 : !there;
}

static bool everybody(const void *arg, const char *owner)
{
	(void)arg;
	(void)owner;
	return true;
}

static int repair_ports(struct repair *r, const struct json_strs *networks, struct err *e)
{
	__attribute__((cleanup(held_done))) struct all_held all = { 0 };
	struct owners done = { 0 };

	if (held_list(&r->n->nft, everybody, NULL, &all, e))
		return -1;
	for (size_t i = 0; i < all.n; i++) {
		const struct held *h = &all.v[i];
		int dead = is_dead(r, networks, h, e);

		if (dead < 0)
			return -1;
		if (!dead || owners_have(&done, h->owner))
			continue;
		if (!r->dry_run && unmap_ports(r->n, h->owner, e))
			return -1;
		add_owner(&done, h->owner, r->a);
		owners_sort(&done);
		say_removed(r);
		str_addf(r->out, "host ports of %s: it is gone\n", h->owner);
	}
	return 0;
}

static bool is_gone(const void *arg, const char *owner)
{
	return owners_have(arg, owner);
}

static int repair_elements(struct repair *r, const struct json_strs *networks, struct err *e)
{
	struct err later;
	int rc;

	owners_sort(&r->gone);
	if (net_need_nft(r->n, e))
		return -1;
	rc = repair_ports(r, networks, e);
	if (r->dry_run || !r->gone.n)
		return rc;
	if (spoof_drop(&r->n->nft, is_gone, &r->gone, rc ? &later : e))
		rc = -1;
	if (firewall_drop(&r->n->nft, is_gone, &r->gone, rc ? &later : e))
		rc = -1;
	return rc;
}

/* ---- what belongs to an interface on the host ---- */

/* An ifb device of a pair that goes, or is gone. */
static int repair_ifbs(struct repair *r, struct err *e)
{
	struct pairs ifbs;
	struct link link;

	if (pairs_list(&r->n->host, PAIR_IFB, r->a, &ifbs, e))
		return -1;
	for (size_t i = 0; i < ifbs.n; i++) {
		const struct pair *p = &ifbs.v[i];
		int there;

		if (r->place->network && !str_eq(r->place->network, p->network))
			continue;
		there = link_get(&r->n->host, p->place, &link, e);
		if (there < 0)
			return -1;
		if (there && !owners_have(&r->gone, p->owner))
			continue;
		dead_pair(&r->dead, p);
		say_removed(r);
		str_addf(r->out, "interface %s (%s): its pod's is gone\n", p->name, p->owner);
	}
	return 0;
}

struct names {
	struct repair *r;
	const char *network;
};

/* Of "ID_INTERFACE" any underscore may be the one between the two. */
static int is_dead_file(void *arg, const char *file, struct err *e)
{
	const struct names *names = arg;
	struct repair *r = names->r;

	for (const char *cut = strchr(file, '_'); cut; cut = strchr(cut + 1, '_')) {
		const struct attach at = { names->network,
					   arena_strndup(r->a, file, (size_t)(cut - file)),
					   cut + 1 };
		struct link link;
		int there = link_get(&r->n->host, attach_host_name(&at, r->a), &link, e);

		if (there < 0)
			return -1;
		if (there && !owners_have(&r->gone, owner_of(&at, r->a)))
			return 0;
	}
	say_removed(r);
	str_addf(r->out, "names of %s in network %s: its interface is gone\n", file,
		 names->network);
	return 1;
}

static int repair_names(struct repair *r, struct err *e)
{
	const struct survey_place dirs = { .data_dir = r->place->alias_dir,
					   .network = r->place->network };
	struct json_strs networks;

	if (survey_networks(&dirs, r->a, &networks, e))
		return -1;
	for (size_t i = 0; i < networks.n; i++) {
		struct names names = { r, networks.v[i] };

		if (alias_files_sweep(arena_printf(r->a, "%s/%s", dirs.data_dir, networks.v[i]),
				      r->dry_run, is_dead_file, &names, e))
			return -1;
	}
	return 0;
}

/* ---- networks ---- */

static int repair_network(struct repair *r, const char *network, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;
	struct survey s = { 0 };
	size_t left;

	if (lease_open(r->place->data_dir, network, false, &d, e) ||
	    survey_network(r->n, r->place, &d, network, r->a, &s, e))
		return -1;
	for (size_t i = 0; i < s.n; i++)
		if (survey_dead(s.v[i].state) && drop_lease(r, &d, &s.v[i], e))
			return -1;
	choose_pairs(r, network, &s);
	if (d.dir < 0 || lease_sweep_entries(&d, r->dry_run, &left, e))
		return d.dir < 0 ? 0 : -1;
	if (left) {
		say_removed(r);
		str_addf(r->out, "%zu index entr%s of network %s: no lease is theirs\n", left,
			 left == 1 ? "y" : "ies", network);
	}
	return 0;
}

int repair(struct net *n, const struct survey_place *place, bool dry_run, struct str *out,
	   struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct repair r = {
		.n = n,
		.place = place,
		.dry_run = dry_run,
		.a = &a,
		.out = out,
		.dead = { .n = n, .a = &a, .bridge = DEAD_ANY },
	};
	struct json_strs networks;
	struct err later;
	int rc = 0;

	if (pairs_list(&n->host, PAIR_VETH, &a, &r.pairs, e) ||
	    survey_networks(place, &a, &networks, e))
		return -1;
	for (size_t i = 0; i < networks.n; i++)
		if (repair_network(&r, networks.v[i], rc ? &later : e))
			rc = rc ? rc : err_ctx(e, "network '%.60s'", networks.v[i]);
	if (repair_elements(&r, &networks, rc ? &later : e))
		rc = -1;
	if (repair_ifbs(&r, rc ? &later : e) || repair_names(&r, rc ? &later : e))
		rc = -1;
	if (!dry_run && dead_bury(&r.dead, rc ? &later : e))
		rc = -1;
	return rc;
}
