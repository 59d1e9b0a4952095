/* SPDX-License-Identifier: Apache-2.0 */
/* oci: what the tests of spec/oci share. */
#ifndef TESTS_UNIT_OCI_OCI_H
#define TESTS_UNIT_OCI_OCI_H

#include <fcntl.h>

#include "spec/base/fd.h"
#include "spec/base/json.h"
#include "spec/oci/config.h"
#include "tests/unit/test.h"

#define GOLDEN "tests/golden/oci/"

/* A golden document, NULL (and a failed check) where it is not well formed. */
static inline struct json_object *golden(const char *path, struct arena *a)
{
	struct err e = { 0 };
	size_t len = 0;
	char *text = read_file(AT_FDCWD, path, JSON_TEXT_MAX, a, &len, &e);
	struct json_object *obj = text ? json_parse(text, len, &e) : NULL;

	if (!obj)
		test_failed(path, 0, e.msg);
	return obj ? json_own(a, obj) : NULL;
}

/* Both ways round gives the document again, and its own rules hold. */
static inline void round_trip(const char *path)
{
	auto_arena struct arena a = { 0 };
	struct json_object *obj = golden(path, &a), *back;
	struct err e = { 0 };
	struct oci_config *c;
	char *text;

	ASSERT(obj);
	text = json_text(obj, true, &a);
	c = oci_config_parse(text, strlen(text), &a, &e);
	if (!c)
		test_failed(path, 0, e.msg);
	ASSERT(c);
	back = json_own(&a, oci_config_encode(c));
	if (!json_object_equal(obj, back))
		CHECK_TEXT(json_text(back, true, &a), text);
	CHECK(json_object_equal(obj, back));
}

#endif
