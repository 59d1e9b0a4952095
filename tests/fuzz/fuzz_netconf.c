/* SPDX-License-Identifier: Apache-2.0 */
/* Every document and text of spec/cni that comes from outside, on any bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/cni/addr.h"
#include "spec/cni/error.h"
#include "spec/cni/list.h"
#include "spec/cni/netconf.h"
#include "spec/cni/range.h"
#include "spec/cni/result.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 64 /* of a walk through a range */

static void must(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "%s\n", what);
	abort();
}

/* A failure has a code of the protocol and says what is wrong, and the error document holds. */
static void refused(const struct err *e, struct arena *a)
{
	struct cni_error doc;
	struct err ignored;
	char *text;

	must(e->num && *e->msg, "an error without a text");
	text = cni_error_text(e, CNI_1_0_0, a);
	must(!cni_error_parse(text, strlen(text), a, &doc, &ignored), "unreadable error document");
}

/* What we took is the same when we write it and read it again, in each version's shape. */
static void fuzz_result(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct json_object *raw;
	struct cni_result r;

	if (cni_result_parse(data, n, CNI_1_0_0, &a, &r, &raw, &e)) {
		refused(&e, &a);
		return;
	}
	for (enum cni_version v = CNI_0_1_0; v < CNI_V_COUNT; v++) {
		struct json_object *doc = cni_result_encode(&r, v, &e), *again;
		struct cni_result second;
		char *text;

		if (!doc) {
			must(v < CNI_0_3_0, "a result that cannot be written");
			continue;
		}
		text = json_text(json_own(&a, doc), false, &a);
		must(!cni_result_parse(text, strlen(text), v, &a, &second, &raw, &e), e.msg);
		again = cni_result_encode(&second, v, &e);
		must(again != NULL, e.msg);
		must(str_eq(text, json_text(json_own(&a, again), false, &a)), text);
	}
}

static void walk(const struct ip_range_set *set)
{
	struct ip_range_iter it = ip_range_iter(set, NULL);
	const struct ip_range *range;
	struct ip_addr ip;

	for (int i = 0; i < STEPS_MAX && ip_range_next(&it, &ip, &range); i++) {
		must(ip_range_find(set, &ip) == range, "an address outside of its range");
		must(!ip_eq(&ip, &range->gateway), "the gateway was given out");
	}
}

static void fuzz_conf(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	struct cni_result prev;
	struct cni_conf conf;
	struct err e = { 0 };

	if (cni_conf_open(data, n, &a, &conf, &e) || cni_conf_decode(&conf, &a, &e)) {
		must(cni_err_code(&e) != CNI_ERR_INTERNAL, "an error without a code");
		refused(&e, &a);
		return;
	}
	cni_conf_check_version(&conf, CNI_1_1_0, &e);
	cni_conf_prev(&conf, &a, &prev, &e);
	for (size_t i = 0; i < conf.runtime.ip_ranges.n; i++) {
		struct ip_range_set set;

		if (ip_range_set_make(&conf.runtime.ip_ranges.v[i], &a, &set, &e))
			refused(&e, &a);
		else
			walk(&set);
	}
	json_object_put(cni_runtime_encode(&conf.runtime));
}

/* Each request is a config that the plugin's side takes. */
static void fuzz_list(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	struct cni_attachment at = { "c", "eth0" };
	struct cni_list list;
	struct err e = { 0 };

	if (cni_list_parse(data, n, &a, &list, &e)) {
		refused(&e, &a);
		return;
	}
	for (size_t i = 0; i < list.plugins.n; i++) {
		struct json_object *config = list.plugins.v[i].config;
		struct cni_conf conf;
		char *text = cni_request(&list, &list.plugins.v[i], config, config, &a);

		must(!cni_conf_open(text, strlen(text), &a, &conf, &e), e.msg);
		must(str_eq(conf.name, list.name), "a request for another network");
		text = cni_gc_request(&list, &list.plugins.v[i], &at, 1, &a);
		must(!cni_conf_open(text, strlen(text), &a, &conf, &e), e.msg);
	}
}

static void fuzz_texts(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	char *text = arena_strndup(&a, data, n);
	struct cni_args args;
	struct err e = { 0 };
	struct ip_net net, again;

	if (cni_args_parse(text, &a, &args, &e))
		refused(&e, &a);
	if (!ip_any_parse(text, &net)) {
		struct ip_text shown = ip_net_text(&net);
		struct ip_addr first = ip_net_first(&net), last = ip_net_last(&net);

		must(!ip_net_parse(shown.s, &again), shown.s);
		must(ip_eq(&net.ip, &again.ip) && net.bits == again.bits, shown.s);
		must(ip_cmp(&first, &net.ip) <= 0 && ip_cmp(&net.ip, &last) <= 0, shown.s);
	}
	must(cni_valid_id(text) ? !strchr(text, '/') : true, "an id with a slash");
	cni_ifname_error(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_result((const char *)data, size);
	fuzz_conf((const char *)data, size);
	fuzz_list((const char *)data, size);
	fuzz_texts((const char *)data, size);
	return 0;
}
