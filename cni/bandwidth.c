/* SPDX-License-Identifier: Apache-2.0 */
/* bandwidth: what the host's end sends is what the pod receives. */
#include "cni/bandwidth.h"

#include <string.h>

#include "cni/owner.h"
#include "cni/pairs.h"
#include "cni/sha512.h"
#include "spec/cni/error.h"

#define LATENCY_MS  25 /* what may wait in the queue, beside the burst */
#define IFB_PREFIX  "bwp"
#define HASH_DIGITS 12
#define BITS	    8

static const struct json_field fields[] = {
	F_NUM(JSON_U64, struct cni_bandwidth, ingress_rate, "ingressRate", 0),
	F_NUM(JSON_U64, struct cni_bandwidth, ingress_burst, "ingressBurst", 0),
	F_NUM(JSON_U64, struct cni_bandwidth, egress_rate, "egressRate", 0),
	F_NUM(JSON_U64, struct cni_bandwidth, egress_burst, "egressBurst", 0),
	{ 0 },
};

static bool has_own(const struct cni_conf *conf)
{
	for (const struct json_field *f = fields; f->key; f++)
		if (json_get(conf->raw, f->key))
			return true;
	return false;
}

static int make_tbf(uint64_t rate, uint64_t burst, const char *what, struct tbf *out, struct err *e)
{
	uint64_t limit;

	if (!rate && !burst)
		return 0;
	if (!rate || !burst)
		return cni_err(e, CNI_ERR_CONFIG, "%sRate and %sBurst belong together", what, what);
	if (rate < BITS || burst < BITS)
		return cni_err(e, CNI_ERR_CONFIG, "%sRate or %sBurst is less than a byte", what,
			       what);
	if (burst / BITS >= UINT32_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "%sBurst: cannot be more than 4 GiB", what);
	out->rate = rate / BITS;
	out->burst = (uint32_t)(burst / BITS);
	limit = out->rate / 1000 * LATENCY_MS + out->rate % 1000 * LATENCY_MS / 1000 + out->burst;
	out->limit = limit > UINT32_MAX ? UINT32_MAX : (uint32_t)limit;
	return 0;
}

int bandwidth_make(const struct cni_conf *conf, struct arena *a, struct bandwidth *out,
		   struct err *e)
{
	struct cni_bandwidth d = { 0 };
	struct bandwidth b = { .ingress = { 0 } };

	if (has_own(conf)) {
		if (json_decode(conf->raw, fields, &d, a, e))
			return cni_err_as(e, CNI_ERR_DECODE);
	} else if (conf->runtime.bandwidth) {
		d = *conf->runtime.bandwidth;
	}
	if (make_tbf(d.ingress_rate, d.ingress_burst, "ingress", &b.ingress, e) ||
	    make_tbf(d.egress_rate, d.egress_burst, "egress", &b.egress, e))
		return -1;
	*out = b;
	return 0;
}

bool bandwidth_none(const struct bandwidth *b)
{
	return !b->ingress.rate && !b->egress.rate;
}

const char *bandwidth_ifb(const struct attach *at, bool whole, struct arena *a)
{
	const char *part[] = { at->network, at->container_id, at->ifname };
	uint8_t hash[SHA512_LEN];
	char *text;

	if (whole)
		return arena_printf(a, IFB_PREFIX "%0*llx", HASH_DIGITS,
				    (unsigned long long)(plan_hash(part, 3) >> 16));
	text = arena_printf(a, "%s%s", at->network, at->container_id);
	sha512(text, strlen(text), hash);
	return arena_printf(a, IFB_PREFIX "%02x%02x%02x%02x%02x%02x", hash[0], hash[1], hash[2],
			    hash[3], hash[4], hash[5]);
}

void bandwidth_plan_add(const struct bandwidth *b, const struct attach *at, const char *host,
			const char *ifb, struct plan *p)
{
	struct op *op;

	if (b->ingress.rate)
		plan_op(p, OP_LIMIT, ON_HOST, host)->limit = b->ingress;
	if (!b->egress.rate)
		return;
	op = plan_op(p, OP_IFB, ON_HOST, ifb);
	op->ifb.like = host;
	op->ifb.alias = pair_alias(owner_of(at, p->a), host, p->a);
	plan_op(p, OP_LIMIT, ON_HOST, ifb)->limit = b->egress;
	plan_op(p, OP_DETOUR, ON_HOST, host)->detour.by = ifb;
}

void bandwidth_plan_del(const char *ifb, struct plan *p)
{
	plan_op(p, OP_DELETE, ON_HOST, ifb);
}
