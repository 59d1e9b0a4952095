/* SPDX-License-Identifier: Apache-2.0 */
/* tuning: keys of the config, and what beats them. */
#include "cni/tuning.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define SYSCTLS_MAX 1024
#define SYSCTL_LEN  200 /* of a key */
#define VALUE_LEN   200
#define IFNAME	    "IFNAME"
#define NET	    "net/"
#define TX_MAX	    0x7fffffff

struct tuning_doc {
	json_list(struct json_kv) sysctl;
	char *mac, *data_dir;
	struct opt_bool promisc, allmulti;
	struct opt_i32 mtu, tx_queue;
};

static const struct json_field doc_fields[] = {
	F_MAP(struct tuning_doc, sysctl, "sysctl", 0),
	F_STR(struct tuning_doc, mac, "mac", JSON_NONEMPTY),
	F_STR(struct tuning_doc, data_dir, "dataDir", JSON_NONEMPTY),
	F_NUM(JSON_OPT_BOOL, struct tuning_doc, promisc, "promisc", 0),
	F_NUM(JSON_OPT_BOOL, struct tuning_doc, allmulti, "allmulti", 0),
	F_NUM(JSON_OPT_I32, struct tuning_doc, tx_queue, "txQLen", 0),
	{ 0 },
};

static const struct json_field mtu_fields[] = {
	F_NUM(JSON_OPT_I32, struct tuning_doc, mtu, "mtu", 0),
	{ 0 },
};

static int decode(struct json_object *obj, bool with_mtu, struct tuning_doc *d, struct arena *a,
		  struct err *e)
{
	if (json_decode(obj, doc_fields, d, a, e) ||
	    (with_mtu && json_decode(obj, mtu_fields, d, a, e)))
		return cni_err_as(e, CNI_ERR_DECODE);
	return 0;
}

/* ---- sysctls ---- */

/* With dots as slashes there is no way up. */
static char *sysctl_path(const char *key, const char *ifname, struct arena *a)
{
	char *path = arena_strdup(a, key), *at;

	for (char *c = path; (c = strchr(c, '.'));)
		*c = '/';
	at = strstr(path, IFNAME);
	if (!at)
		return path;
	return arena_printf(a, "%.*s%s%s", (int)(at - path), path, ifname, at + strlen(IFNAME));
}

static int add_sysctl(struct tuning *t, const struct json_kv *kv, const char *ifname,
		      struct arena *a, struct err *e)
{
	struct tuning_sysctl s = { .key = kv->key, .value = kv->value };

	if (strlen(kv->key) > SYSCTL_LEN || strlen(kv->value) > VALUE_LEN)
		return cni_err(e, CNI_ERR_CONFIG, "sysctl: '%.60s' or its value is too long",
			       kv->key);
	s.path = sysctl_path(kv->key, ifname, a);
	if (!str_starts(s.path, NET) || strstr(s.path, "//") || strstr(s.path, "/../"))
		return cni_err(e, CNI_ERR_CONFIG, "invalid net sysctl key: '%.200s'", kv->key);
	for (size_t i = 0; i < t->n; i++)
		if (str_eq(t->v[i].path, s.path)) {
			t->v[i] = s;
			return 0;
		}
	if (t->n == SYSCTLS_MAX)
		return cni_err(e, CNI_ERR_CONFIG, "sysctl: more than %d", SYSCTLS_MAX);
	t->v[t->n++] = s;
	return 0;
}

static int add_sysctls(struct tuning *t, const struct tuning_doc *d, const char *ifname,
		       struct arena *a, struct err *e)
{
	for (size_t i = 0; i < d->sysctl.n; i++)
		if (add_sysctl(t, &d->sysctl.v[i], ifname, a, e))
			return -1;
	return 0;
}

/* ---- properties ---- */

/* What the second document says goes before. */
static void beat(struct tuning_doc *d, const struct tuning_doc *by)
{
	if (by->mac)
		d->mac = by->mac;
	if (by->promisc.set)
		d->promisc = by->promisc;
	if (by->allmulti.set)
		d->allmulti = by->allmulti;
	if (by->mtu.set)
		d->mtu = by->mtu;
	if (by->tx_queue.set)
		d->tx_queue = by->tx_queue;
}

static int make_tune(const struct tuning_doc *d, struct link_tune *t, struct err *e)
{
	if (d->mac) {
		if (mac_parse(d->mac, &t->mac))
			return cni_err(e, CNI_ERR_CONFIG, "invalid MAC address '%.60s'", d->mac);
		t->has_mac = true;
	}
	if (d->mtu.set && d->mtu.v < 0)
		return cni_err(e, CNI_ERR_CONFIG, "mtu: %d is negative", d->mtu.v);
	if (d->tx_queue.set && d->tx_queue.v < 0)
		return cni_err(e, CNI_ERR_CONFIG, "txQLen: %d is not in 0..%d", d->tx_queue.v,
			       TX_MAX);
	t->mtu = d->mtu.set ? (uint32_t)d->mtu.v : 0;
	t->promisc = (struct opt_bool){ d->promisc.set && d->promisc.v, true };
	t->allmulti = d->allmulti;
	t->tx_queue = (struct opt_u32){ d->tx_queue.set, (uint32_t)d->tx_queue.v };
	return 0;
}

int tuning_make(const struct cni_conf *conf, const struct cni_args *args, const char *ifname,
		bool with_mtu, struct arena *a, struct tuning *out, struct err *e)
{
	static const char *const known[] = { "MAC", "IP", "GATEWAY", NULL };
	struct json_object *cni = json_get(json_get(conf->raw, "args"), "cni");
	struct tuning_doc d = { .mac = NULL }, by = { .mac = NULL };
	struct tuning t = { .n = 0 };
	const char *mac = cni_args_get(args, "MAC");

	if (decode(conf->raw, with_mtu, &d, a, e))
		return -1;
	if (cni && decode(cni, with_mtu, &by, a, e))
		return err_ctx(e, "args: cni");
	if (cni_args_known(args, known, e))
		return -1;
	t.v = arena_array(a, SYSCTLS_MAX, sizeof(*t.v));
	if (mac && *mac)
		d.mac = arena_strdup(a, mac);
	if (conf->runtime.mac && *conf->runtime.mac)
		d.mac = conf->runtime.mac;
	beat(&d, &by);
	if (add_sysctls(&t, &d, ifname, a, e) || add_sysctls(&t, &by, ifname, a, e) ||
	    make_tune(&d, &t.tune, e))
		return -1;
	t.data_dir = d.data_dir ? d.data_dir : arena_strdup(a, TUNING_DATA_DIR);
	*out = t;
	return 0;
}

/* ---- the allow list ---- */

/* 1 when the line matches, 0, -1. */
static int line_allows(const char *line, const char *key, struct err *e)
{
	regex_t regex;
	int rc;

	if (regcomp(&regex, line, REG_EXTENDED | REG_NOSUB))
		return cni_err(e, CNI_ERR_CONFIG,
			       TUNING_ALLOW ": '%.100s' is no regular expression", line);
	rc = regexec(&regex, key, 0, NULL, 0);
	regfree(&regex);
	return !rc;
}

static int allows(const char *allow, const char *key, struct err *e)
{
	while (*allow) {
		char line[SYSCTL_LEN + 1] = "";
		size_t skip = strspn(allow, " \t\r\n"), len = strcspn(allow + skip, "\n"), end;
		int rc = 0;

		allow += skip;
		for (end = len; end && strchr(" \t\r", allow[end - 1]);)
			end--;
		if (end >= sizeof(line))
			return cni_err(e, CNI_ERR_CONFIG, TUNING_ALLOW ": a line is too long");
		memcpy(line, allow, end);
		if (end)
			rc = line_allows(line, key, e);
		if (rc)
			return rc;
		allow += len;
	}
	return 0;
}

int tuning_check(const struct tuning *t, const char *allow, struct err *e)
{
	for (size_t i = 0; allow && i < t->n; i++) {
		int rc = allows(allow, t->v[i].key, e);

		if (rc <= 0)
			return rc < 0 ? -1
				      : cni_err(e, CNI_ERR_CONFIG,
						"sysctl %.200s is not allowed by " TUNING_ALLOW,
						t->v[i].key);
	}
	return 0;
}

/* ---- planning ---- */

static const char *file_of(const char *data_dir, const struct attach *at, struct arena *a)
{
	return arena_printf(a, "%s/%s_%s.json", data_dir, at->container_id, at->ifname);
}

void tuning_plan_add(const struct tuning *t, const struct attach *at, bool save, struct plan *p)
{
	for (size_t i = 0; i < t->n; i++)
		plan_sysctl(p, IN_POD, t->v[i].path, t->v[i].value, false);
	if (link_tune_none(&t->tune))
		return;
	if (save) {
		struct op *op = plan_op(p, OP_SAVE, IN_POD, at->ifname);

		op->save.file = file_of(t->data_dir, at, p->a);
		op->save.tune = t->tune;
	}
	plan_op(p, OP_TUNE, IN_POD, at->ifname)->tune = t->tune;
}

void tuning_plan_del(const char *data_dir, const struct attach *at, struct plan *p)
{
	plan_op(p, OP_RESTORE, IN_POD, at->ifname)->save.file = file_of(data_dir, at, p->a);
}
