/* SPDX-License-Identifier: Apache-2.0 */
/* repair: interfaces are listed before leases, since ADD makes them in the other order. */
#include "cni/repair.h"

#include "cni/dead.h"
#include "cni/lease.h"
#include "cni/lease_sweep.h"
#include "cni/pairs.h"
#include "cni/owner.h"
#include "spec/base/auto.h"

#define auto_lease __attribute__((cleanup(lease_close)))

struct repair {
	struct net *n;
	const struct survey_place *place;
	bool dry_run;
	struct arena *a;
	struct str *out;
	struct pairs pairs; /* that were there at the beginning */
	struct dead dead;
};

static void say_removed(struct repair *r)
{
	str_add(r->out, r->dry_run ? "would remove " : "removed ");
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

/* The owners that keep a lease. */
static struct owners living(const struct survey *s, struct arena *a)
{
	struct owners out = { arena_array(a, s->n + 1, sizeof(*out.v)), 0 };

	for (size_t i = 0; i < s->n; i++) {
		const struct survey_lease *l = &s->v[i];

		if (!survey_dead(l->state))
			out.v[out.n++] = arena_strdup(
				a, owner_text(l->network, l->container_id, l->ifname).s);
	}
	owners_sort(&out);
	return out;
}

static void choose_pairs(struct repair *r, const char *network, const struct survey *s)
{
	const struct owners owners = living(s, r->a);

	for (size_t i = 0; i < r->pairs.n; i++) {
		const struct pair *p = &r->pairs.v[i];

		if (!str_eq(p->network, network) || !str_eq(p->data_dir, r->place->data_dir) ||
		    owners_have(&owners, p->owner))
			continue;
		dead_pair(&r->dead, p);
		say_removed(r);
		str_addf(r->out, "interface %s (%s): it has no lease\n", p->name, p->owner);
	}
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
		.dead = { .n = n, .a = &a },
	};
	struct json_strs networks;
	struct err later;
	int rc = 0;

	if (pairs_list(&n->host, &a, &r.pairs, e) || survey_networks(place, &a, &networks, e))
		return -1;
	for (size_t i = 0; i < networks.n; i++)
		if (repair_network(&r, networks.v[i], rc ? &later : e))
			rc = rc ? rc : err_ctx(e, "network '%.60s'", networks.v[i]);
	if (!dry_run && dead_bury(&r.dead, rc ? &later : e))
		rc = -1;
	return rc;
}
