/* SPDX-License-Identifier: Apache-2.0 */
/* hostlocal_choice: which addresses, from what is known of each; pure. */
#include <errno.h>

#include "cni/hostlocal.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

static int choose_requested(const struct ip_range_set *set, const struct ip_addr *ip,
			    const struct hostlocal_market *m, struct arena *a,
			    const struct ip_range **range, struct err *e)
{
	*range = ip_range_find(set, ip);
	if (ip_eq(ip, &(*range)->gateway))
		return cni_err(e, CNI_ERR_CONFIG, "requested ip %s is subnet's gateway",
			       ip_text(ip).s);
	if (m->taken(m->arg, ip))
		return err_set(e, EADDRINUSE,
			       "requested IP address %s is not available in range set %s",
			       ip_text(ip).s, ip_range_set_text(set, a));
	return 0;
}

static int refuse_second(const struct ip_range_set *set, const struct hostlocal_market *m,
			 struct err *e)
{
	for (size_t i = 0; i < m->have.n; i++)
		if (ip_range_find(set, &m->have.v[i]))
			return err_set(e, EEXIST,
				       "%s has been allocated to this container and interface, "
				       "duplicate allocation is not allowed",
				       ip_text(&m->have.v[i]).s);
	return 0;
}

static int choose_next(const struct ip_range_set *set, const struct ip_addr *last,
		       const struct hostlocal_market *m, struct arena *a, struct ip_addr *ip,
		       const struct ip_range **range, struct err *e)
{
	struct ip_range_iter it = ip_range_iter(set, last);

	while (ip_range_next(&it, ip, range))
		if (!m->taken(m->arg, ip) && !(m->promised && m->promised(m->arg, ip)))
			return 0;
	if (m->promised && m->oldest(m->arg, set, ip) && (*range = ip_range_find(set, ip)))
		return 0;
	it = ip_range_iter(set, last);
	while (m->promised && ip_range_next(&it, ip, range)) /* of whom nobody knows when */
		if (!m->taken(m->arg, ip))
			return 0;
	return err_set(e, ENOSPC, "no IP addresses available in range set: %s",
		       ip_range_set_text(set, a));
}

/* An address of the set that the pod had, and that is free. */
static bool choose_kept(const struct ip_range_set *set, const struct hostlocal_market *m,
			struct ip_addr *ip, const struct ip_range **range)
{
	for (size_t i = 0; i < m->had.n; i++) {
		*range = ip_range_find(set, &m->had.v[i]);
		if (!*range || ip_eq(&m->had.v[i], &(*range)->gateway) ||
		    m->taken(m->arg, &m->had.v[i]))
			continue;
		*ip = m->had.v[i];
		return true;
	}
	return false;
}

/* The first request that the set has and that no earlier set took; NULL when there is none. */
static const struct ip_addr *request_in(const struct hostlocal *h, const struct ip_range_set *set,
					bool *used)
{
	for (size_t i = 0; i < h->requested.n; i++) {
		if (used[i] || !ip_range_find(set, &h->requested.v[i]))
			continue;
		used[i] = true;
		return &h->requested.v[i];
	}
	return NULL;
}

static int unmet(const struct hostlocal *h, const bool *used, struct err *e)
{
	auto_str struct str list = { 0 };

	for (size_t i = 0; i < h->requested.n; i++)
		if (!used[i])
			str_addf(&list, " %s", ip_text(&h->requested.v[i]).s);
	if (list.len)
		return cni_err(e, CNI_ERR_CONFIG, "failed to allocate all requested IPs:%s",
			       str_text(&list));
	return 0;
}

int hostlocal_choose(const struct hostlocal *h, const struct hostlocal_market *m, struct arena *a,
		     struct hostlocal_choice *out, struct err *e)
{
	struct hostlocal_choice choice = { 0 };
	bool used[LEASE_IPS_MAX] = { false };

	for (size_t i = 0; i < h->sets.n; i++) {
		const struct ip_range_set *set = &h->sets.v[i];
		const struct ip_addr *wish = request_in(h, set, used);
		struct ip_addr ip;
		int rc;

		if (wish) {
			ip = *wish;
			rc = choose_requested(set, wish, m, a, &choice.range[i], e);
		} else if ((rc = refuse_second(set, m, e))) {
			ip.len = 0;
		} else if (choose_kept(set, m, &ip, &choice.range[i])) {
			choice.kept[i] = true;
		} else {
			rc = choose_next(set, &m->last[i], m, a, &ip, &choice.range[i], e);
		}
		if (rc)
			return err_ctx(e, "failed to allocate for range %zu", i);
		choice.ips.v[choice.ips.n++] = ip;
	}
	if (unmet(h, used, e))
		return -1;
	*out = choice;
	return 0;
}
