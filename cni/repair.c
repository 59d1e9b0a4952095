/* SPDX-License-Identifier: Apache-2.0 */
/* repair: interfaces are listed before leases, since ADD makes them in the other order. */
#include "cni/repair.h"

#include <stdlib.h>
#include <string.h>

#include "cni/lease.h"
#include "cni/lease_sweep.h"
#include "cni/pairs.h"
#include "cni/portmap.h"
#include "spec/base/auto.h"

#define auto_lease __attribute__((cleanup(lease_close)))

struct repair {
	struct net *n;
	const struct survey_place *place;
	bool dry_run;
	struct arena *a;
	struct str *out;
	struct pairs pairs, dead; /* that were there at the beginning; those of them that go */
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

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The owners that keep a lease, in order. */
static size_t list_owners(const struct survey *s, struct arena *a, const char ***out)
{
	const char **v = arena_array(a, s->n + 1, sizeof(*v));
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (!survey_dead(s->v[i].state))
			v[n++] = arena_strdup(a, owner_text(s->v[i].network, s->v[i].container_id,
							     s->v[i].ifname)
							 .s);
	qsort(v, n, sizeof(*v), by_text);
	*out = v;
	return n;
}

static void choose_pairs(struct repair *r, const char *network, const struct survey *s)
{
	const char **owners;
	size_t n = list_owners(s, r->a, &owners);

	for (size_t i = 0; i < r->pairs.n; i++) {
		const struct pair *p = &r->pairs.v[i];

		if (!str_eq(p->network, network) || !str_eq(p->data_dir, r->place->data_dir) ||
		    bsearch(&p->owner, owners, n, sizeof(*owners), by_text))
			continue;
		r->dead.v[r->dead.n++] = *p;
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
	struct repair r = { n, place, dry_run, &a, out, { 0 }, { 0 } };
	struct json_strs networks;
	struct err later;
	int rc = 0;

	if (pairs_list(&n->host, &a, &r.pairs, e) || survey_networks(place, &a, &networks, e))
		return -1;
	r.dead.v = arena_array(&a, r.pairs.n + 1, sizeof(*r.dead.v));
	for (size_t i = 0; i < networks.n; i++)
		if (repair_network(&r, networks.v[i], rc ? &later : e))
			rc = rc ? rc : err_ctx(e, "network '%.60s'", networks.v[i]);
	if (!dry_run && pairs_delete(&n->host, &r.dead, rc ? &later : e))
		rc = -1;
	return rc;
}
