/* SPDX-License-Identifier: Apache-2.0 */
/* result_wire: the shapes of a result document; of use to result.c and result_encode.c only. */
#ifndef SPEC_CNI_RESULT_WIRE_H
#define SPEC_CNI_RESULT_WIRE_H

#include "spec/base/json.h"
#include "spec/cni/result.h"

struct wire_1 {
	char *cni_version;
	struct cni_result r;
};

struct wire_ip_03 {
	char *version; /* "4" or "6" */
	struct cni_ip ip;
};
struct wire_03 {
	char *cni_version;
	struct cni_ifaces interfaces;
	json_list(struct wire_ip_03) ips;
	struct cni_routes routes;
	struct cni_dns dns;
};

struct wire_ip_01 {
	char *ip;
	char *gateway;
	struct cni_routes routes;
};
struct wire_01 {
	char *cni_version;
	struct wire_ip_01 *ip4, *ip6;
	struct cni_dns dns;
};

extern const struct json_field wire_1_fields[], wire_03_fields[], wire_01_fields[];

#endif
