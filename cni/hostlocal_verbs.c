/* SPDX-License-Identifier: Apache-2.0 */
/* hostlocal_verbs: add, undo, del, check, gc and status, each under the lock of the leases. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cni/hostlocal.h"
#include "cni/sticky.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define RESOLV_CONF_MAX 65536
#define WORDS_MAX	256

/* ---- resolv.conf ---- */

static void add_word(struct json_strs *list, struct arena *a, char *word)
{
	if (!list->v)
		list->v = arena_array(a, WORDS_MAX + 1, sizeof(char *));
	if (list->n < WORDS_MAX)
		list->v[list->n++] = word;
}

static void read_line(char *line, struct arena *a, struct cni_dns *dns)
{
	char *save = NULL, *key = strtok_r(line, " \t\r", &save), *word;

	if (!key || *key == '#' || *key == ';')
		return;
	while ((word = strtok_r(NULL, " \t\r", &save))) {
		if (str_eq(key, "nameserver"))
			add_word(&dns->nameservers, a, word);
		else if (str_eq(key, "domain"))
			dns->domain = word;
		else if (str_eq(key, "search"))
			add_word(&dns->search, a, word);
		else if (str_eq(key, "options"))
			add_word(&dns->options, a, word);
		if (str_eq(key, "nameserver") || str_eq(key, "domain"))
			return; /* one value each */
	}
}

static int read_resolv_conf(const char *path, struct arena *a, struct cni_dns *dns, struct err *e)
{
	char *text = read_file(AT_FDCWD, path, RESOLV_CONF_MAX, a, NULL, e), *line;

	if (!text)
		return -1;
	while ((line = strsep(&text, "\n")))
		read_line(line, a, dns);
	return 0;
}

/* ---- verbs ---- */

/* What the functions of a market are asked with. */
struct asker {
	const struct lease_dir *d;
	const char *key; /* of the pod, for cni/sticky.h */
};

static bool is_taken(const void *arg, const struct ip_addr *ip)
{
	const struct asker *asker = arg;

	return lease_taken(asker->d, ip);
}

static bool is_promised(const void *arg, const struct ip_addr *ip)
{
	const struct asker *asker = arg;

	return sticky_promised(asker->d, ip, asker->key);
}

struct search {
	const struct lease_dir *d;
	const struct ip_range_set *set;
	struct ip_addr *out;
};

static bool is_wanted(void *arg, const struct ip_addr *ip)
{
	struct search *s = arg;
	const struct ip_range *range = ip_range_find(s->set, ip);

	if (!range || ip_eq(ip, &range->gateway) || lease_taken(s->d, ip))
		return false;
	*s->out = *ip;
	return true;
}

static bool find_oldest(const void *arg, const struct ip_range_set *set, struct ip_addr *out)
{
	const struct asker *asker = arg;
	struct search s = { asker->d, set, out };

	return sticky_oldest(asker->d, is_wanted, &s);
}

static void fill_result(const struct hostlocal *h, const struct hostlocal_choice *c,
			struct arena *a, struct ipam_result *out)
{
	size_t n = 0;

	out->ips.n = c->ips.n;
	out->ips.v = arena_array(a, c->ips.n, sizeof(*out->ips.v));
	for (size_t i = 0; i < c->ips.n; i++)
		out->ips.v[i] = (struct ipam_addr){
			.address = { c->ips.v[i], c->range[i]->subnet.bits },
			.gateway = c->range[i]->gateway,
		};
	out->routes = h->routes;
	for (size_t i = 0; i < h->sets.n; i++)
		n += h->sets.v[i].n;
	out->gateways.v = arena_array(a, n, sizeof(*out->gateways.v));
	for (size_t i = 0; i < h->sets.n; i++)
		for (size_t k = 0; k < h->sets.v[i].n; k++)
			out->gateways.v[out->gateways.n++] = h->sets.v[i].v[k].gateway;
}

static void read_last(const struct hostlocal *h, const struct lease_dir *d,
		      struct hostlocal_market *m)
{
	for (size_t i = 0; i < h->sets.n; i++)
		if (!lease_last(d, i, &m->last[i]))
			m->last[i].len = 0;
}

static int take(const struct hostlocal *h, struct lease_dir *d, const struct lease_owner *owner,
		const char *key, const struct hostlocal_choice *choice, struct err *e)
{
	if (lease_take(d, owner, &choice->ips, e))
		return -1;
	for (size_t i = 0; i < choice->ips.n; i++)
		if (!choice->kept[i] && lease_set_last(d, i, &choice->ips.v[i], e))
			return -1;
	return h->sticky ? sticky_remember(d, key, &choice->ips, e) : 0;
}

static int allocate(const struct hostlocal *h, struct lease_dir *d, const struct lease_owner *owner,
		    struct arena *a, struct hostlocal_choice *choice, struct err *e)
{
	const char *key = h->sticky ? arena_printf(a, "%s:%s", h->sticky, owner->ifname) : NULL;
	struct asker asker = { d, key };
	struct hostlocal_market m = { .taken = is_taken, .arg = &asker };
	struct err ignored;

	read_last(h, d, &m);
	if (key) {
		m.promised = is_promised;
		m.oldest = find_oldest;
		sticky_recall(d, key, &m.had);
	}
	if (lease_find(d, owner, !d->complete, &m.have, e) || hostlocal_choose(h, &m, a, choice, e))
		return -1;
	if (take(h, d, owner, key, choice, e)) {
		lease_drop(d, owner, &choice->ips, &ignored);
		return -1;
	}
	return 0;
}

int hostlocal_add(const struct hostlocal *h, const struct lease_owner *owner, struct arena *a,
		  struct ipam_result *out, struct lease_ips *taken, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;
	struct hostlocal_choice choice;
	struct ipam_result r = { 0 };

	if (h->resolv_conf && read_resolv_conf(h->resolv_conf, a, &r.dns, e))
		return -1;
	if (lease_open(h->data_dir, h->network, true, &d, e) ||
	    allocate(h, &d, owner, a, &choice, e))
		return -1;
	fill_result(h, &choice, a, &r);
	*taken = choice.ips;
	*out = r;
	return 0;
}

int hostlocal_undo(const struct hostlocal *h, const struct lease_owner *owner,
		   const struct lease_ips *taken, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;

	if (lease_open(h->data_dir, h->network, false, &d, e))
		return -1;
	return lease_drop(&d, owner, taken, e);
}

int hostlocal_held(const struct hostlocal *h, const struct lease_owner *owner,
		   struct lease_ips *out, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;

	if (lease_open(h->data_dir, h->network, false, &d, e))
		return -1;
	return lease_find(&d, owner, true, out, e);
}

int hostlocal_del(const struct hostlocal *h, const struct lease_owner *owner, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;

	if (lease_open(h->data_dir, h->network, false, &d, e))
		return -1;
	return lease_free(&d, owner, e);
}

int hostlocal_check(const struct hostlocal *h, const struct lease_owner *owner,
		    const struct ipam_result *ips, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;
	struct lease_ips have;

	if (lease_open(h->data_dir, h->network, false, &d, e) ||
	    lease_find(&d, owner, true, &have, e))
		return -1;
	if (!have.n)
		return err_set(e, ENOENT, "no address is leased to container %.64s, interface %s",
			       owner->container_id, owner->ifname);
	for (size_t i = 0; ips && i < ips->ips.n; i++)
		if (!lease_held(&d, &ips->ips.v[i].address.ip, owner))
			return err_set(e, ENOENT, "address %s is not leased to this container",
				       ip_text(&ips->ips.v[i].address.ip).s);
	return 0;
}

int hostlocal_gc(const struct hostlocal *h, const struct cni_attachment *valid, size_t n,
		 lease_gone_fn *gone, void *arg, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;

	if (lease_open(h->data_dir, h->network, false, &d, e))
		return -1;
	return lease_keep(&d, valid, n, gone, arg, e);
}

int hostlocal_status(const struct hostlocal *h, struct err *e)
{
	auto_lease struct lease_dir d = LEASE_DIR_INIT;
	struct asker asker = { &d, NULL };
	struct hostlocal_market m = { .taken = is_taken, .arg = &asker };
	auto_arena struct arena a = { 0 };
	struct hostlocal_choice choice;
	struct hostlocal any = *h;

	any.requested.n = 0;
	if (lease_open(h->data_dir, h->network, true, &d, e))
		return cni_err_as(e, CNI_ERR_UNAVAILABLE);
	read_last(h, &d, &m);
	if (hostlocal_choose(&any, &m, &a, &choice, e))
		return cni_err_as(e, CNI_ERR_UNAVAILABLE);
	return 0;
}
