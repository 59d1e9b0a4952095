/* SPDX-License-Identifier: Apache-2.0 */
/* netconf: field tables of the config, and what makes it valid. */
#include "spec/cni/netconf.h"

#include <errno.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/cni/error.h"

const struct json_field cni_range_fields[] = {
	F_STR(struct cni_range_conf, subnet, "subnet", 0),
	F_STR(struct cni_range_conf, range_start, "rangeStart", 0),
	F_STR(struct cni_range_conf, range_end, "rangeEnd", 0),
	F_STR(struct cni_range_conf, gateway, "gateway", 0),
	{ 0 },
};

static const struct json_field port_fields[] = {
	F_NUM(JSON_I32, struct cni_port, host_port, "hostPort", JSON_ALWAYS),
	F_NUM(JSON_I32, struct cni_port, container_port, "containerPort", JSON_ALWAYS),
	F_STR(struct cni_port, protocol, "protocol", 0),
	F_STR(struct cni_port, host_ip, "hostIP", 0),
	{ 0 },
};

static const struct json_field bandwidth_fields[] = {
	F_NUM(JSON_U64, struct cni_bandwidth, ingress_rate, "ingressRate", 0),
	F_NUM(JSON_U64, struct cni_bandwidth, ingress_burst, "ingressBurst", 0),
	F_NUM(JSON_U64, struct cni_bandwidth, egress_rate, "egressRate", 0),
	F_NUM(JSON_U64, struct cni_bandwidth, egress_burst, "egressBurst", 0),
	{ 0 },
};

static const struct json_field runtime_dns_fields[] = {
	F_STRS(struct cni_runtime_dns, servers, "servers", 0),
	F_STRS(struct cni_runtime_dns, searches, "searches", 0),
	F_STRS(struct cni_runtime_dns, options, "options", 0),
	{ 0 },
};

static const struct json_field runtime_fields[] = {
	F_LIST(JSON_OBJS, struct cni_runtime, port_mappings, "portMappings", 0, port_fields),
	F_LISTS(struct cni_runtime, ip_ranges, "ipRanges", 0, struct cni_range_conf,
		cni_range_fields),
	F_PTR(struct cni_runtime, bandwidth, "bandwidth", 0, bandwidth_fields),
	F_PTR(struct cni_runtime, dns, "dns", 0, runtime_dns_fields),
	F_STRS(struct cni_runtime, ips, "ips", 0),
	F_STR(struct cni_runtime, mac, "mac", 0),
	F_STR(struct cni_runtime, infiniband_guid, "infinibandGUID", 0),
	F_STR(struct cni_runtime, device_id, "deviceID", 0),
	F_STR(struct cni_runtime, cgroup_path, "cgroupPath", 0),
	F_STRS(struct cni_runtime, aliases, "aliases", 0),
	{ 0 },
};

struct json_object *cni_runtime_encode(const struct cni_runtime *r)
{
	return json_encode(r, runtime_fields);
}

static const struct json_field attachment_fields[] = {
	F_STR(struct cni_attachment, container_id, "containerID", JSON_REQUIRED),
	F_STR(struct cni_attachment, ifname, "ifname", JSON_REQUIRED),
	{ 0 },
};

static const struct json_field args_cni_fields[] = {
	F_STRS(struct cni_conf, args.ips, "ips", 0),
	F_STR(struct cni_conf, args.mac, "mac", 0),
	{ 0 },
};

static const struct json_field open_fields[] = {
	F_STR(struct cni_conf, version_text, "cniVersion", 0),
	F_STR(struct cni_conf, name, "name", 0),
	{ 0 },
};

static const struct json_field conf_fields[] = {
	F_STR(struct cni_conf, type, "type", 0),
	F_RAW(struct cni_conf, ipam, "ipam", 0),
	F_OBJ(struct cni_conf, dns, "dns", 0, cni_dns_fields),
	F_OBJ(struct cni_conf, runtime, "runtimeConfig", 0, runtime_fields),
	F_RAW(struct cni_conf, prev_result, "prevResult", 0),
	F_LIST(JSON_OBJS, struct cni_conf, valid_attachments, "cni.dev/valid-attachments", 0,
	       attachment_fields),
	{ 0 },
};

static bool alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool cni_valid_id(const char *s)
{
	size_t n = strlen(s);

	if (!n || n > CNI_ID_MAX || !alnum(*s))
		return false;
	for (; *s; s++)
		if (!alnum(*s) && !strchr("_.-", *s))
			return false;
	return true;
}

/* UTF-8 of the white space beyond ASCII (Unicode property White_Space). */
static const char *const wide_spaces[] = {
	"\xc2\x85",	"\xc2\xa0",	"\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
	"\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
	"\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
	"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
};

const char *cni_ifname_error(const char *s)
{
	size_t n = strlen(s);

	if (!n)
		return "is empty";
	if (n > CNI_IFNAME_MAX)
		return "is longer than 15 bytes";
	if (str_eq(s, ".") || str_eq(s, ".."))
		return "is . or ..";
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("/:%", *p))
			return "has a '/', ':', '%', space or control character";
	for (size_t i = 0; i < sizeof(wide_spaces) / sizeof(*wide_spaces); i++)
		if (strstr(s, wide_spaces[i]))
			return "has white space";
	return NULL;
}

int cni_conf_open(const char *text, size_t len, struct arena *a, struct cni_conf *out,
		  struct err *e)
{
	struct json_object *obj = json_parse(text, len, e);
	struct cni_conf conf = { 0 };

	if (!obj)
		return cni_err_as(e, CNI_ERR_DECODE);
	conf.raw = json_own(a, obj);
	if (json_decode(obj, open_fields, &conf, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (!conf.name || !*conf.name)
		return cni_err(e, CNI_ERR_CONFIG, "missing network name");
	if (!cni_valid_id(conf.name))
		return cni_err(e, CNI_ERR_CONFIG,
			       "invalid characters found in network name '%.60s'", conf.name);
	if (!conf.version_text)
		conf.version_text = arena_strdup(a, "");
	conf.version = cni_version_parse(conf.version_text);
	*out = conf;
	return 0;
}

/* Only args.cni is ours; other keys of args belong to others, whatever type they have. */
static int decode_args(struct cni_conf *conf, struct arena *a, struct err *e)
{
	struct json_object *args = json_get(conf->raw, "args"), *cni;

	if (!args)
		return 0;
	if (!json_object_is_type(args, json_type_object))
		return err_set(e, EINVAL, "args: expected object");
	cni = json_get(args, "cni");
	if (cni && json_decode(cni, args_cni_fields, conf, a, e))
		return err_ctx(e, "args: cni");
	return 0;
}

int cni_conf_decode(struct cni_conf *conf, struct arena *a, struct err *e)
{
	if (json_decode(conf->raw, conf_fields, conf, a, e) || decode_args(conf, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	return 0;
}

int cni_conf_check_version(const struct cni_conf *conf, enum cni_version least, struct err *e)
{
	auto_str struct str known = { 0 };

	if (conf->version == CNI_V_UNKNOWN) {
		names_list(cni_versions, &known);
		return cni_err(e, CNI_ERR_VERSION, "config is \"%.60s\", plugin supports [%s]",
			       conf->version_text, str_text(&known));
	}
	if (conf->version < least)
		return cni_err(e, CNI_ERR_VERSION,
			       "config is \"%s\", but this command needs %s or newer",
			       cni_version_text(conf->version), cni_version_text(least));
	return 0;
}

int cni_conf_prev(const struct cni_conf *conf, struct arena *a, struct cni_result *out,
		  struct err *e)
{
	struct cni_result r;

	if (!conf->prev_result)
		return 0;
	if (cni_result_decode(conf->prev_result, conf->version, a, &r, e))
		return err_ctx(e, "prevResult");
	if (!cni_version_same_shape(r.version, conf->version))
		return cni_err(e, CNI_ERR_VERSION,
			       "prevResult of version %s in a config of version %s",
			       cni_version_text(r.version), cni_version_text(conf->version));
	*out = r;
	return 1;
}
