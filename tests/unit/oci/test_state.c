/* SPDX-License-Identifier: Apache-2.0 */
/* state.json, and the State document that is made of it. */
#include "spec/oci/state.h"

#include "tests/unit/test.h"

static const char text[] =
	"{\"ociVersion\":\"1.3.0\",\"id\":\"one\",\"pid\":4242,\"startTime\":18446744073709551615,"
	"\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\",\"created\":\"2025-01-02T03:04:05.000000006Z\","
	"\"owner\":\"root\",\"cgroupDriver\":\"systemd\",\"systemdScope\":\"a-one.scope\","
	"\"cgroups\":[{\"key\":\"memory\",\"path\":\"/sys/fs/cgroup/memory/one\",\"created\":true},"
	"{\"key\":\"\",\"path\":\"/sys/fs/cgroup/unified/one\"}],\"ownPidns\":true,"
	"\"annotations\":{\"k\":\"v/w\"},\"poststop\":true}";

static struct oci_state *state(struct arena *a)
{
	struct err e = { 0 };
	struct oci_state *s = oci_state_parse(text, strlen(text), a, &e);

	if (!s)
		test_failed(__FILE__, __LINE__, e.msg);
	return s;
}

TEST(state_round_trip)
{
	auto_arena struct arena a = { 0 };
	struct oci_state *s = state(&a);

	ASSERT(s);
	CHECK(s->cgroups.n == 2 && s->cgroups.v[0].created && !s->cgroups.v[1].created);
	CHECK_TEXT(s->cgroups.v[1].key, "");
	CHECK(s->start_time == UINT64_MAX && s->own_pidns);
	CHECK(s->has_poststop && !s->has_poststart && !s->has_listener);
	CHECK_TEXT(oci_state_text(s, &a), text);
}

TEST(state_document_for_hooks)
{
	auto_arena struct arena a = { 0 };
	struct oci_state *s = state(&a);

	ASSERT(s);
	CHECK_TEXT(oci_state_document(s, OCI_CREATED, 1, false, false, &a),
		   "{\"ociVersion\":\"1.3.0\",\"id\":\"one\",\"pid\":1,\"status\":\"created\","
		   "\"bundle\":\"/b\",\"annotations\":{\"k\":\"v/w\"}}");
	s->annotations.v = NULL;
	s->annotations.n = 0;
	CHECK_TEXT(oci_state_document(s, OCI_STOPPED, 0, false, false, &a),
		   "{\"ociVersion\":\"1.3.0\",\"id\":\"one\",\"status\":\"stopped\","
		   "\"bundle\":\"/b\"}");
}

TEST(state_document_for_people)
{
	auto_arena struct arena a = { 0 };
	struct oci_state *s = state(&a);

	ASSERT(s);
	CHECK_TEXT(oci_state_document(s, OCI_STOPPED, 0, true, true, &a),
		   "{\n"
		   "  \"ociVersion\": \"1.3.0\",\n"
		   "  \"id\": \"one\",\n"
		   "  \"pid\": 0,\n"
		   "  \"status\": \"stopped\",\n"
		   "  \"bundle\": \"/b\",\n"
		   "  \"rootfs\": \"/b/rootfs\",\n"
		   "  \"created\": \"2025-01-02T03:04:05.000000006Z\",\n"
		   "  \"annotations\": {\n"
		   "    \"k\": \"v/w\"\n"
		   "  },\n"
		   "  \"owner\": \"root\"\n"
		   "}");
}

static void refused(const char *doc, const char *want)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };

	CHECK(!oci_state_parse(doc, strlen(doc), &a, &e));
	CHECK_HAS(e.msg, want);
}

TEST(state_of_a_broken_file)
{
	refused("", "unexpected end of data");
	refused("{\"ociVersion\":\"1.3.0\",\"id\":\"x", "unexpected end of data");
	refused("{}", "ociVersion: required, but absent");
	refused("{\"ociVersion\":\"1\",\"id\":\"x\",\"pid\":2147483648}",
		"pid: expected -2147483648");
	refused("{\"ociVersion\":\"1\",\"id\":\"x\",\"bundle\":\"/\",\"cgroups\":[{\"key\":\"\"}]}",
		"cgroups: [0]: path: required, but absent");
}
