/* SPDX-License-Identifier: Apache-2.0 */
/* Every document of spec/oci that comes from outside, on any bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/oci/config.h"
#include "spec/oci/state.h"
#include "tests/fuzz/fuzz.h"

/* A failure says what is wrong. */
static void refused(const struct err *e)
{
	if (!e->num || !*e->msg || !memchr(e->msg, '\0', sizeof(e->msg)))
		abort();
}

static char *text_of(const void *in, const struct json_field *fields, struct arena *a)
{
	return json_text(json_own(a, json_encode(in, fields)), false, a);
}

static void same(const char *first, const char *second)
{
	if (str_eq(first, second))
		return;
	fprintf(stderr, "--- first\n%s\n--- second\n%s\n", first, second);
	abort();
}

/* What we took we also take when we wrote it ourselves, and it is the same then. */
static void fuzz_config(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_config *c = oci_config_parse(data, n, &a, &e);
	char *text;

	if (!c) {
		refused(&e);
		return;
	}
	text = text_of(c, oci_config_fields, &a);
	c = oci_config_parse(text, strlen(text), &a, &e);
	same(text, c ? text_of(c, oci_config_fields, &a) : e.msg);
}

static void fuzz_process(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_process *p = oci_process_parse(data, n, &a, &e);
	char *text;

	if (!p) {
		refused(&e);
		return;
	}
	text = text_of(p, oci_process_fields, &a);
	p = oci_process_parse(text, strlen(text), &a, &e);
	same(text, p ? text_of(p, oci_process_fields, &a) : e.msg);
}

static void fuzz_resources(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_resources *r = oci_resources_parse(data, n, &a, &e);
	char *text;

	if (!r) {
		refused(&e);
		return;
	}
	text = text_of(r, oci_resources_fields, &a);
	r = oci_resources_parse(text, strlen(text), &a, &e);
	same(text, r ? text_of(r, oci_resources_fields, &a) : e.msg);
}

static void fuzz_state(const char *data, size_t n)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_state *s = oci_state_parse(data, n, &a, &e);
	char *text;

	if (!s) {
		refused(&e);
		return;
	}
	text = oci_state_text(s, &a);
	oci_state_document(s, OCI_RUNNING, s->pid, true, true, &a);
	s = oci_state_parse(text, strlen(text), &a, &e);
	same(text, s ? oci_state_text(s, &a) : e.msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_config((const char *)data, size);
	fuzz_process((const char *)data, size);
	fuzz_resources((const char *)data, size);
	fuzz_state((const char *)data, size);
	return 0;
}
