/* SPDX-License-Identifier: Apache-2.0 */
/* ipam: between numbers and the texts of results. */
#include "cni/ipam.h"

#include <errno.h>

#include "spec/base/str.h"
#include "spec/cni/error.h"

static bool on_interface(const struct cni_result *r, const struct cni_ip *ip, const char *ifname)
{
	return !ip->interface.set || str_eq(r->interfaces.v[ip->interface.v].name, ifname);
}

int ipam_from_result(const struct cni_result *r, const char *ifname, struct arena *a,
		     struct ipam_result *out, struct err *e)
{
	struct ipam_result ipam = { .routes = r->routes, .dns = r->dns };

	ipam.ips.v = arena_array(a, r->ips.n + 1, sizeof(*ipam.ips.v));
	for (size_t i = 0; i < r->ips.n; i++) {
		const struct cni_ip *ip = &r->ips.v[i];
		struct ipam_addr addr = { 0 };

		if (!on_interface(r, ip, ifname))
			continue;
		if (ip_net_parse(ip->address, &addr.address) ||
		    (ip->gateway && *ip->gateway && ip_parse(ip->gateway, &addr.gateway)))
			return cni_err(e, CNI_ERR_CONFIG, "invalid address '%.60s' or gateway",
				       ip->address);
		ipam.ips.v[ipam.ips.n++] = addr;
	}
	*out = ipam;
	return 0;
}

void ipam_to_result(const struct ipam_result *ipam, int iface, struct arena *a,
		    struct cni_result *out)
{
	out->ips.n = ipam->ips.n;
	out->ips.v = arena_array(a, ipam->ips.n + 1, sizeof(*out->ips.v));
	for (size_t i = 0; i < ipam->ips.n; i++) {
		const struct ipam_addr *addr = &ipam->ips.v[i];
		struct cni_ip *ip = &out->ips.v[i];

		ip->address = arena_strdup(a, ip_net_text(&addr->address).s);
		if (addr->gateway.len)
			ip->gateway = arena_strdup(a, ip_text(&addr->gateway).s);
		if (iface >= 0)
			ip->interface = (struct opt_i32){ true, iface };
	}
	out->routes = ipam->routes;
	out->dns = ipam->dns;
}

const struct ip_addr *ipam_gateway(const struct ipam_result *ipam, const struct ip_addr *ip)
{
	for (size_t i = 0; i < ipam->ips.n; i++)
		if (ipam->ips.v[i].gateway.len == ip->len)
			return &ipam->ips.v[i].gateway;
	return NULL;
}
