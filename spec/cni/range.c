/* SPDX-License-Identifier: Apache-2.0 */
/* range: checks and order of allocation, the same as host-local's so that both can share leases. */
#include "spec/cni/range.h"

#include <errno.h>

#include "spec/base/str.h"
#include "spec/cni/error.h"

static bool within(const struct ip_range *r, const struct ip_addr *ip)
{
	return ip->len == r->start.len && ip_cmp(&r->start, ip) <= 0 && ip_cmp(ip, &r->end) <= 0;
}

static bool overlap(const struct ip_range *a, const struct ip_range *b)
{
	return within(a, &b->start) || within(a, &b->end) || within(b, &a->start);
}

/* An empty text is an absent one: go-cni writes all keys of a range, those without a value too. */
static bool given(const char *text)
{
	return text && *text;
}

static int parse_in(const char *key, const char *text, const struct ip_net *subnet,
		    struct ip_addr *out, struct err *e)
{
	struct ip_addr ip;

	if (ip_parse(text, &ip))
		return cni_err(e, CNI_ERR_CONFIG, "%s: invalid address '%.60s'", key, text);
	if (!ip_net_contains(subnet, &ip))
		return cni_err(e, CNI_ERR_CONFIG, "%s %s not in network %s", key, ip_text(&ip).s,
			       ip_net_text(subnet).s);
	*out = ip;
	return 0;
}

static int make_subnet(const char *text, struct ip_net *out, struct err *e)
{
	struct ip_addr first;

	if (!given(text))
		return cni_err(e, CNI_ERR_CONFIG, "subnet: required, but absent");
	if (ip_net_parse(text, out))
		return cni_err(e, CNI_ERR_CONFIG, "subnet: invalid CIDR address '%.60s'", text);
	if (out->bits > ip_width(&out->ip) - 2)
		return cni_err(e, CNI_ERR_CONFIG, "network %s too small to allocate from",
			       ip_net_text(out).s);
	first = ip_net_first(out);
	if (!ip_eq(&first, &out->ip))
		return cni_err(e, CNI_ERR_CONFIG,
			       "network has host bits set: for a prefix of %u bits the network "
			       "address is %s",
			       out->bits, ip_text(&first).s);
	return 0;
}

static int make_gateway(const char *text, struct ip_range *r, struct err *e)
{
	if (!given(text)) {
		r->gateway = ip_next(&r->subnet.ip);
		return 0;
	}
	if (ip_parse(text, &r->gateway))
		return cni_err(e, CNI_ERR_CONFIG, "gateway: invalid address '%.60s'", text);
	if (r->gateway.len != r->subnet.ip.len)
		return cni_err(e, CNI_ERR_CONFIG, "gateway %s is not of the family of %s",
			       ip_text(&r->gateway).s, ip_net_text(&r->subnet).s);
	return 0;
}

/* The last address that may be given out: not the broadcast address of IPv4. */
static struct ip_addr last_usable(const struct ip_net *subnet)
{
	struct ip_addr ip = ip_net_last(subnet);

	if (ip_is_v4(&ip))
		ip.b[3]--; /* at least two host bits are set, so nothing is borrowed */
	return ip;
}

static int make_range(const struct cni_range_conf *conf, struct ip_range *r, struct err *e)
{
	if (make_subnet(conf->subnet, &r->subnet, e) || make_gateway(conf->gateway, r, e))
		return -1;
	r->start = ip_next(&r->subnet.ip);
	if (given(conf->range_start) &&
	    parse_in("rangeStart", conf->range_start, &r->subnet, &r->start, e))
		return -1;
	r->end = last_usable(&r->subnet);
	if (given(conf->range_end) && parse_in("rangeEnd", conf->range_end, &r->subnet, &r->end, e))
		return -1;
	if (ip_cmp(&r->start, &r->end) > 0)
		return cni_err(e, CNI_ERR_CONFIG, "rangeEnd %s lies before the start %s",
			       ip_text(&r->end).s, ip_text(&r->start).s);
	return 0;
}

int ip_range_set_make(const struct cni_range_set_conf *conf, struct arena *a,
		      struct ip_range_set *out, struct err *e)
{
	struct ip_range_set set = { conf->n, arena_array(a, conf->n + 1, sizeof(*set.v)) };

	if (!set.n)
		return cni_err(e, CNI_ERR_CONFIG, "empty range set");
	if (set.n > IP_RANGES_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "more than %d ranges in a set", IP_RANGES_MAX);
	for (size_t i = 0; i < set.n; i++) {
		struct ip_range *r = &set.v[i];

		if (make_range(&conf->v[i], r, e))
			return -1;
		if (r->start.len != set.v[0].start.len)
			return cni_err(e, CNI_ERR_CONFIG, "mixed address families");
		for (size_t k = 0; k < i; k++)
			if (overlap(r, &set.v[k]))
				return cni_err(e, CNI_ERR_CONFIG, "subnets %s and %s overlap",
					       ip_net_text(&set.v[k].subnet).s,
					       ip_net_text(&r->subnet).s);
	}
	*out = set;
	return 0;
}

bool ip_range_sets_overlap(const struct ip_range_set *a, const struct ip_range_set *b)
{
	for (size_t i = 0; i < a->n; i++)
		for (size_t k = 0; k < b->n; k++)
			if (overlap(&a->v[i], &b->v[k]))
				return true;
	return false;
}

const struct ip_range *ip_range_find(const struct ip_range_set *set, const struct ip_addr *ip)
{
	for (size_t i = 0; i < set->n; i++)
		if (within(&set->v[i], ip))
			return &set->v[i];
	return NULL;
}

char *ip_range_set_text(const struct ip_range_set *set, struct arena *a)
{
	auto_str struct str s = { 0 };

	for (size_t i = 0; i < set->n; i++)
		str_addf(&s, "%s%s-%s", i ? "," : "", ip_text(&set->v[i].start).s,
			 ip_text(&set->v[i].end).s);
	return arena_strdup(a, str_text(&s));
}

struct ip_range_iter ip_range_iter(const struct ip_range_set *set, const struct ip_addr *last)
{
	struct ip_range_iter it = { .set = set };
	const struct ip_range *r = last && last->len ? ip_range_find(set, last) : NULL;

	if (r) {
		it.at = (size_t)(r - set->v);
		it.cur = *last;
	}
	return it;
}

/* Step to the next address of the set, around its end. */
static void advance(struct ip_range_iter *it)
{
	const struct ip_range *r = &it->set->v[it->at];

	if (!it->cur.len) {
		it->cur = r->start;
	} else if (ip_eq(&it->cur, &r->end)) {
		it->at = (it->at + 1) % it->set->n;
		it->cur = it->set->v[it->at].start;
	} else {
		it->cur = ip_next(&it->cur);
	}
}

bool ip_range_next(struct ip_range_iter *it, struct ip_addr *out, const struct ip_range **range)
{
	do {
		advance(it);
		if (!it->stop.len)
			it->stop = it->cur;
		else if (ip_eq(&it->cur, &it->stop))
			return false;
	} while (ip_eq(&it->cur, &it->set->v[it->at].gateway));
	*out = it->cur;
	*range = &it->set->v[it->at];
	return true;
}
