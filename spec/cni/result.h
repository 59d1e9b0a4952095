/* SPDX-License-Identifier: Apache-2.0 */
/* result: what ADD answers, read and written in the shape of every CNI version. */
#ifndef SPEC_CNI_RESULT_H
#define SPEC_CNI_RESULT_H

#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/cni/version.h"

/*
 * In memory a result always has the newest shape. Addresses are texts that
 * ip_net_parse() or ip_parse() (spec/cni/addr.h) takes: cni_result_decode()
 * checks that, and who fills one by hand owes it.
 */
struct cni_iface {
	char *name;
	char *mac;
	uint32_t mtu;  /* 1.1.0; 0: not told */
	char *sandbox; /* path of the netns, NULL on the host */
	char *socket_path, *pci_id;
};

struct cni_ip {
	struct opt_i32 interface; /* index into interfaces */
	char *address;		  /* CIDR */
	char *gateway;		  /* NULL: none */
};

struct cni_route {
	char *dst; /* CIDR */
	char *gw;  /* NULL: the first gateway of the family in ips */
	/* 1.1.0: */
	uint32_t mtu, advmss, priority;
	struct opt_u32 table, scope;
};

struct cni_dns {
	struct json_strs nameservers;
	char *domain;
	struct json_strs search, options;
};

struct cni_ifaces {
	size_t n;
	struct cni_iface *v;
};
struct cni_ips {
	size_t n;
	struct cni_ip *v;
};
struct cni_routes {
	size_t n;
	struct cni_route *v;
};

struct cni_result {
	enum cni_version version; /* of the document it was read from */
	struct cni_ifaces interfaces;
	struct cni_ips ips;
	struct cni_routes routes;
	struct cni_dns dns;
};

/* Field tables, for configs that have such objects. */
extern const struct json_field cni_dns_fields[];
extern const struct json_field cni_route_fields[];

bool cni_dns_empty(const struct cni_dns *dns);

/* Are dst, gw, scope... of a route well formed? e names the key. */
int cni_route_check(const struct cni_route *r, struct err *e);

/*
 * Read a result of any known version (a document without cniVersion has
 * `assumed`, that of the config). Everything in the arena.
 */
int cni_result_decode(struct json_object *obj, enum cni_version assumed, struct arena *a,
		      struct cni_result *out, struct err *e);

/*
 * The stdout of a successful ADD. *raw (owned by the arena) is the document as
 * it is, to be handed on as prevResult and cached: it may hold keys unknown to
 * us. An empty text is an error.
 */
int cni_result_parse(const char *text, size_t len, enum cni_version assumed, struct arena *a,
		     struct cni_result *out, struct json_object **raw, struct err *e);

/*
 * The document in the shape of version v; the caller owns it. What v cannot
 * say is dropped (routes of other families, second addresses, mtu ...), except
 * that 0.1.0 and 0.2.0 need one address: NULL with *e filled.
 */
struct json_object *cni_result_encode(const struct cni_result *r, enum cni_version v,
				      struct err *e);

#endif
