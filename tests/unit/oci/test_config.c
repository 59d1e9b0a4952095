/* SPDX-License-Identifier: Apache-2.0 */
/* config.json: every field decodes, encodes back, and says what is wrong with it. */
#include "tests/unit/oci/oci.h"

#include <errno.h>
#include <stdlib.h>

#include "spec/base/auto.h"
#include "spec/base/path.h"

TEST(config_round_trip)
{
	round_trip(GOLDEN "full.json");
}

#define ROWS_MAX 512

struct rows {
	const struct json_field *v[ROWS_MAX];
	size_t n;
};

static bool has_row(const struct rows *r, const struct json_field *f)
{
	for (size_t i = 0; i < r->n; i++) {
		if (r->v[i] == f)
			return true;
	}
	return false;
}

/* Note each row of the tables for which the document has a value. */
static void note(struct rows *r, const struct json_field *fields, struct json_object *obj)
{
	for (const struct json_field *f = fields; f->key; f++) {
		struct json_object *val = NULL;

		if (!json_object_object_get_ex(obj, f->key, &val))
			continue;
		if (!has_row(r, f) && r->n < ROWS_MAX)
			r->v[r->n++] = f;
		if (f->type == JSON_OBJ || f->type == JSON_PTR)
			note(r, f->fields, val);
		for (size_t i = 0; f->type == JSON_OBJS && i < json_object_array_length(val); i++)
			note(r, f->fields, json_object_array_get_idx(val, i));
		if (f->type != JSON_OBJMAP)
			continue;
		json_object_object_foreach(val, key, item)
		{
			(void)key;
			note(r, f->fields, item);
		}
	}
}

static void expect_all(const struct rows *r, const struct json_field *fields)
{
	for (const struct json_field *f = fields; f->key; f++) {
		if (!has_row(r, f))
			test_failed("no golden document has the key", 0, f->key);
		if (f->fields)
			expect_all(r, f->fields);
	}
}

/* So that the other tests reach all of them. Some fields exclude each other: process.json has
 * those. */
TEST(config_golden_documents_have_every_field)
{
	auto_arena struct arena a = { 0 };
	struct rows rows = { 0 };

	note(&rows, oci_config_fields, golden(GOLDEN "full.json", &a));
	note(&rows, oci_process_fields, golden(GOLDEN "process.json", &a));
	expect_all(&rows, oci_config_fields);
	CHECK(rows.n > 150 && rows.n < ROWS_MAX);
}

TEST(config_values_arrive)
{
	auto_arena struct arena a = { 0 };
	struct oci_config c = { 0 };
	struct err e = { 0 };

	ASSERT(!json_decode(golden(GOLDEN "full.json", &a), oci_config_fields, &c, &a, &e));
	CHECK(c.process->user.uid == 1000 && c.process->user.gid == 100);
	CHECK(c.process->user.umask.set && c.process->user.umask.v == 63);
	CHECK(c.process->args.n == 3 && !*c.process->args.v[1] && !c.process->args.v[3]);
	CHECK(c.process->rlimits.v[0].soft == 1024 && c.process->rlimits.v[0].hard == 4096);
	CHECK(c.process->rlimits.v[1].hard == UINT64_MAX);
	CHECK(c.process->oom_score_adj.v == -500);
	CHECK_TEXT(c.process->exec_cpu_affinity->final, "0-3,7");
	CHECK(c.mounts.n == 3 && c.mounts.v[1].gid_mappings.v[0].host_id == 100000);
	CHECK(c.hooks.poststart.n == 2 && c.hooks.poststop.v[0].timeout.v == 30);
	CHECK(!c.hooks.create_runtime.v[0].timeout.set);
	CHECK(c.linux_->resources->memory->disable_oom_killer.set &&
	      !c.linux_->resources->memory->disable_oom_killer.v);
	CHECK(c.linux_->resources->block_io->write_iops.v[0].rate == UINT64_MAX);
	CHECK(c.linux_->resources->rdma.v[0].hca_objects.v == 10000);
	CHECK_TEXT(c.linux_->net_devices.v[0].key, "eth0");
	CHECK(!c.linux_->net_devices.v[1].name);
	CHECK(c.linux_->seccomp->syscalls.v[1].args.v[1].value == UINT64_MAX);
	CHECK(c.linux_->time_offsets.v[1].secs == -604800);
	CHECK(oci_namespace_of(&c, OCI_NS_TIME) && !oci_namespace_of(&c, OCI_NS_TIME)->path);
	CHECK_TEXT(oci_namespace_of(&c, OCI_NS_PID)->path, "/proc/1234/ns/pid");
	CHECK_TEXT(oci_annotation(&c, "com.example.empty"), "");
	CHECK(!oci_annotation(&c, "com.example"));
}

static struct json_object *wrong_type(struct json_object *val)
{
	switch (json_object_get_type(val)) {
	case json_type_object:
		return json_object_new_array();
	case json_type_array:
		return json_object_new_object();
	case json_type_string:
		return json_object_new_int(7);
	case json_type_null:
	case json_type_boolean:
	case json_type_double:
	case json_type_int:
		break;
	}
	return json_object_new_string("512m");
}

struct walk {
	struct json_object *root;
	unsigned int tried;
};

/* Put a value of the wrong type in the place of each one in turn: each is refused by its path. */
static void refused(struct walk *w, const char *path)
{
	auto_arena struct arena a = { 0 };
	struct oci_config c = { 0 };
	struct err e = { 0 };

	w->tried++;
	if (!json_decode(w->root, oci_config_fields, &c, &a, &e))
		test_failed("wrong type is taken", 0, path);
	else if (strncmp(e.msg, path, strlen(path)) != 0)
		CHECK_TEXT(e.msg, path);
}

static void walk(struct walk *w, struct json_object *at, const char *path)
{
	auto_arena struct arena a = { 0 };
	size_t n = json_object_is_type(at, json_type_array) ? json_object_array_length(at) : 0;

	for (size_t i = 0; i < n; i++) {
		struct json_object *val = json_object_get(json_object_array_get_idx(at, i));
		char *here = arena_printf(&a, "%s: [%zu]", path, i);

		json_object_array_put_idx(at, i, wrong_type(val));
		refused(w, here);
		json_object_array_put_idx(at, i, val);
		walk(w, val, here);
	}
	if (!json_object_is_type(at, json_type_object))
		return;
	json_object_object_foreach(at, key, item)
	{
		struct json_object *val = json_object_get(item);
		char *here = arena_printf(&a, "%s%s%s", path, *path ? ": " : "", key);
		char *name = arena_strdup(&a, key);

		json_object_object_add(at, name, wrong_type(val));
		refused(w, here);
		json_object_object_add(at, name, val);
		walk(w, val, here);
	}
}

TEST(config_wrong_types_at_every_level)
{
	auto_arena struct arena a = { 0 };
	struct walk w = { .root = golden(GOLDEN "full.json", &a) };

	ASSERT(w.root);
	walk(&w, w.root, "");
	CHECK(w.tried > 300);
}

static const struct oci_config *parse(const char *text, struct arena *a, struct err *e)
{
	return oci_config_parse(text, strlen(text), a, e);
}

#define REST                                                                                       \
	"\"root\":{\"path\":\"r\"},\"linux\":{\"namespaces\":[{\"type\":\"mount\"}]},"             \
	"\"process\":{\"cwd\":\"/\",\"args\":[\"a\"]"

TEST(config_keys_without_case)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	const struct oci_config *c =
		parse("{\"OCIVersion\":\"1.0.2\",\"ROOT\":{\"Path\":\"r\",\"READONLY\":true},"
		      "\"Linux\":{\"MaskedPaths\":[],\"NAMESPACES\":[{\"Type\":\"mount\"}]},"
		      "\"Process\":{\"CWD\":\"/x\",\"cwd\":\"/y\",\"ARGS\":[\"a\"]}}",
		      &a, &e);

	ASSERT(c);
	CHECK(c->root->readonly && c->linux_->masked_paths.v);
	CHECK_TEXT(c->oci_version, "1.0.2");
	CHECK_TEXT(c->process->cwd, "/y");
}

TEST(config_unknown_keys_are_ignored)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };

	CHECK(parse("{\"solaris\":{\"a\":1},\"windows\":5,\"vm\":[],\"zos\":{},\"freebsd\":{},"
		    "\"x-new\":{\"deep\":[{}]},\"hooks\":null,\"mounts\":null," REST
		    ",\"newKey\":[1,\"x\"],\"rlimits\":null}}",
		    &a, &e));
}

TEST(config_empty_texts_are_absent)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	const struct oci_config *c =
		parse("{\"ociVersion\":\"\",\"hostname\":\"\"," REST ",\"apparmorProfile\":\"\"}}",
		      &a, &e);

	ASSERT(c);
	CHECK(!c->oci_version && !c->hostname && !c->process->apparmor_profile);
	CHECK(!parse("{\"root\":{\"path\":\"\"}}", &a, &e));
	CHECK_TEXT(e.msg, "root: path: required, but empty");
}

TEST(config_absent_and_empty_lists_differ)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	const struct oci_config *c =
		parse("{" REST "},\"linux\":{\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\","
		      "\"flags\":[]}},\"mounts\":[]}",
		      &a, &e);

	ASSERT(c);
	CHECK(c->linux_->seccomp->flags.v && !c->linux_->seccomp->flags.n);
	CHECK(!c->linux_->seccomp->architectures.v && c->mounts.v);
	CHECK(!c->linux_->resources && !c->process->capabilities);
}

static void hostile(const char *text, const char *want)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };

	CHECK(!parse(text, &a, &e));
	CHECK_HAS(e.msg, want);
	CHECK(e.num);
}

TEST(config_hostile_values)
{
	hostile("", "unexpected end of data");
	hostile("null", "JSON");
	hostile("[]", "expected object");
	hostile("{\"process\":{\"cwd\":\"/\\u0000x\"}}", "process: cwd: string with a NUL");
	hostile("{\"process\":{\"user\":{\"uid\":-1}}}",
		"process: user: uid: expected 0..4294967295, got -1");
	hostile("{\"process\":{\"user\":{\"uid\":4294967296}}}", "expected 0..4294967295");
	hostile("{\"process\":{\"user\":{\"uid\":1.5}}}", "uid: expected integer, got 1.5");
	hostile("{\"process\":{\"user\":{\"uid\":\"0\"}}}", "uid: expected integer, got \"0\"");
	hostile("{\"process\":{\"user\":{\"uid\":true}}}", "uid: expected integer, got true");
	hostile("{\"linux\":{\"resources\":{\"memory\":{\"limit\":\"512m\"}}}}",
		"linux: resources: memory: limit: expected integer, got \"512m\"");
	hostile("{\"linux\":{\"resources\":{\"memory\":{\"limit\":9223372036854775808}}}}",
		"linux: resources: memory: limit: expected -9223372036854775808..");
	hostile("{\"linux\":{\"resources\":{\"pids\":{\"limit\":99999999999999999999}}}}",
		"number beyond 64 bits");
	hostile("{\"linux\":{\"namespaces\":[{\"type\":\"net\"}]}}",
		"linux: namespaces: [0]: type: unknown value 'net', expected one of pid, network");
	hostile("{\"linux\":{\"namespaces\":[{}]}}",
		"linux: namespaces: [0]: type: required, but absent");
	hostile("{\"mounts\":[null]}", "mounts: [0]: expected object, got null");
	hostile("{\"annotations\":{\"a\":null}}", "annotations: a: expected string, got null");
	hostile("{\"linux\":{\"rootfsPropagation\":[]}}", "rootfsPropagation: expected string");
}

TEST(config_counts_are_capped)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str text = { 0 };
	struct err e = { 0 };

	str_add(&text, "{\"mounts\":[");
	for (int i = 0; i <= JSON_COUNT_MAX; i++)
		str_add(&text, i ? ",{}" : "{}");
	str_add(&text, "]}");
	CHECK(!oci_config_parse(text.s, text.len, &a, &e));
	CHECK_TEXT(e.msg, "mounts: more than 65536 elements");
}

TEST(config_process_alone)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct json_object *obj = golden(GOLDEN "process.json", &a), *back;
	char *text = json_text(obj, false, &a);
	struct oci_process *p = oci_process_parse(text, strlen(text), &a, &e);

	ASSERT(p);
	CHECK(p->scheduler->priority == 50);
	back = json_own(&a, json_encode(p, oci_process_fields));
	CHECK_TEXT(json_text(back, false, &a), text);
	text = "{\"args\":[\"x\"]}";
	CHECK(!oci_process_parse(text, strlen(text), &a, &e));
	CHECK_TEXT(e.msg, "cwd: required, but absent");
}

TEST(config_resources_alone)
{
	const char *text = "{\"memory\":{\"limit\":-1},\"cpu\":{\"cpus\":\"\"}}";
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	struct oci_resources *r = oci_resources_parse(text, strlen(text), &a, &e);

	ASSERT(r);
	CHECK(r->memory->limit.set && r->memory->limit.v == -1 && !r->memory->swap.set);
	CHECK(r->cpu && !r->cpu->cpus);
	text = "{\"pids\":{\"limit\":\"x\"}}";
	CHECK(!oci_resources_parse(text, strlen(text), &a, &e));
	CHECK_TEXT(e.msg, "pids: limit: expected integer, got \"x\"");
}

/* Write a bundle's config.json and read it; NULL with *e filled on failure. */
static struct oci_config *read_bundle(const char *text, struct arena *a, struct err *e)
{
	char dir[] = "/tmp/peapod-test-oci-XXXXXX";
	auto_fd int fd = mkdtemp(dir) ? open(dir, O_DIRECTORY | O_CLOEXEC) : -1;
	struct oci_config *c;

	if (fd < 0 || (text && replace_file(fd, OCI_CONFIG_FILE, text, strlen(text), 0600, e)))
		test_failed(__FILE__, __LINE__, "no bundle");
	c = oci_config_read(fd, a, e);
	CHECK(!path_remove_tree(AT_FDCWD, dir, e));
	return c;
}

TEST(config_read_of_a_bundle)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };

	CHECK(read_bundle("{" REST "}}", &a, &e));
	CHECK(!read_bundle("{\"root\":7}", &a, &e));
	CHECK_TEXT(e.msg, "config.json: root: expected object, got 7");
	CHECK(!read_bundle(NULL, &a, &e));
	CHECK_HAS(e.msg, "config.json");
	CHECK(e.num == ENOENT);
}
