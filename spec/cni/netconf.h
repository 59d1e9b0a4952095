/* SPDX-License-Identifier: Apache-2.0 */
/* netconf: the network config that one plugin gets on stdin; names and CNI_ARGS. */
#ifndef SPEC_CNI_NETCONF_H
#define SPEC_CNI_NETCONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/cni/result.h"
#include "spec/cni/version.h"

#define CNI_IFNAME_MAX 15  /* IFNAMSIZ - 1 */
#define CNI_ID_MAX     200 /* our limit: ids become parts of file names */

/* Container ids and network names: [a-zA-Z0-9][a-zA-Z0-9_.-]*, at most CNI_ID_MAX bytes. */
bool cni_valid_id(const char *s);

/*
 * Interface names: 1 to 15 bytes, not "." or "..", no '/', ':', '%' (the kernel
 * makes a template of it), control character or Unicode white space. NULL when
 * valid, else what is wrong with it, for a message.
 */
const char *cni_ifname_error(const char *s);

/* ---- CNI_ARGS: "K=V;K=V" ---- */

struct cni_args {
	size_t n;
	struct json_kv *v;
	bool ignore_unknown; /* IgnoreUnknown=1|true */
};

/* NULL and "" give none. Every part must have exactly one '='. */
int cni_args_parse(const char *text, struct arena *a, struct cni_args *out, struct err *e);

/* The value of a (case-sensitive) name, the last one given; NULL if absent. */
const char *cni_args_get(const struct cni_args *args, const char *name);

/* Refuse a name that is not in the NULL-terminated list, unless IgnoreUnknown says otherwise. */
int cni_args_known(const struct cni_args *args, const char *const *known, struct err *e);

/* ---- runtimeConfig: values of capabilities ---- */

struct cni_port {
	int32_t host_port, container_port;
	char *protocol; /* "tcp" ...; NULL: tcp */
	char *host_ip;	/* NULL or "": any */
};

struct cni_bandwidth {
	uint64_t ingress_rate, ingress_burst; /* bit/s, bit */
	uint64_t egress_rate, egress_burst;
};

struct cni_range_conf {
	char *subnet;				 /* CIDR */
	char *range_start, *range_end, *gateway; /* NULL or "": the default */
};
struct cni_range_set_conf {
	size_t n;
	struct cni_range_conf *v;
};

struct cni_runtime {
	json_list(struct cni_port) port_mappings;
	json_list(struct cni_range_set_conf) ip_ranges;
	struct cni_bandwidth *bandwidth;
	struct cni_runtime_dns {
		struct json_strs servers, searches, options;
	} * dns;
	struct json_strs ips; /* addresses, with or without a prefix */
	char *mac;
	char *infiniband_guid, *device_id, *cgroup_path;
	struct json_strs aliases;
};

extern const struct json_field cni_range_fields[]; /* struct cni_range_conf */

/* The values as an object keyed by capability name, for cni_request(). The caller owns it. */
struct json_object *cni_runtime_encode(const struct cni_runtime *r);

/* ---- the config ---- */

struct cni_attachment {
	char *container_id, *ifname;
};

struct cni_conf {
	char *version_text;	  /* as given; "" when absent */
	enum cni_version version; /* CNI_V_UNKNOWN: not one of ours */
	char *name;		  /* of the network */
	char *type;
	struct json_object *ipam; /* NULL when absent */
	struct cni_dns dns;
	struct cni_runtime runtime;
	struct { /* args.cni */
		struct json_strs ips;
		char *mac;
	} args;
	struct json_object *prev_result; /* NULL when absent; see cni_conf_prev() */
	/* cni.dev/valid-attachments (GC): v is NULL when the key is absent. */
	json_list(struct cni_attachment) valid_attachments;
	struct json_object *raw; /* the whole document, for a plugin's own keys */
};

/*
 * Parse what every plugin reads. Codes: CNI_ERR_DECODE for JSON and types,
 * CNI_ERR_CONFIG for a missing or invalid name. An unknown version is not an
 * error here: see cni_conf_check_version().
 * In two steps because the protocol wants an unknown command refused between
 * them: the first one reads name, version and raw only.
 */
int cni_conf_open(const char *text, size_t len, struct arena *a, struct cni_conf *out,
		  struct err *e);
int cni_conf_decode(struct cni_conf *conf, struct arena *a, struct err *e);

/* CNI_ERR_VERSION unless the version is known and at least `least`. */
int cni_conf_check_version(const struct cni_conf *conf, enum cni_version least, struct err *e);

/*
 * The decoded prevResult; one whose version has another shape than the
 * config's is an error. 1: there is one, 0: none, -1.
 */
int cni_conf_prev(const struct cni_conf *conf, struct arena *a, struct cni_result *out,
		  struct err *e);

#endif
