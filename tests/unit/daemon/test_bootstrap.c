/* SPDX-License-Identifier: Apache-2.0 */
/* test_bootstrap: the three generations of containerd's start protocol. */
#include "shim/daemon/bootstrap.h"
#include "shim/cli/doctor.h"

#include <stdio.h>

#include "spec/base/auto.h"
#include "spec/ttrpc/bootstrap.pb-c.h"
#include "spec/ttrpc/message.h"
#include "tests/unit/test.h"

static char id[] = "box", ns[] = "k8s.io", empty[] = "";

static struct bootstrap command_line(void)
{
	return (struct bootstrap){ .id = id, .ns = ns, .grpc = empty, .ttrpc = empty };
}

TEST(sha256_of_the_standard)
{
	static const struct {
		const char *text, *hash;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	char hex[SHA256_HEX];

	for (size_t i = 0; i < countof(cases); i++) {
		sha256_hex(cases[i].text, strlen(cases[i].text), hex);
		CHECK_TEXT(hex, cases[i].hash);
	}
}

TEST(sha256_around_the_block_size)
{
	/* printf 'a%.0s' $(seq N) | sha256sum */
	static const struct {
		size_t n;
		const char *hash;
	} cases[] = {
		{ 55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318" },
		{ 56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a" },
		{ 64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb" },
		{ 119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb" },
	};
	char text[128], hex[SHA256_HEX];

	memset(text, 'a', sizeof(text));
	for (size_t i = 0; i < countof(cases); i++) {
		sha256_hex(text, cases[i].n, hex);
		CHECK_TEXT(hex, cases[i].hash);
	}
}

TEST(stdin_empty)
{
	auto_arena struct arena a = { 0 };
	struct bootstrap b = command_line();
	struct err e;

	CHECK(!bootstrap_stdin(&b, NULL, 0, &a, &e));
	CHECK(!b.modern && b.options && !b.options->no_pivot_root);
	CHECK(bootstrap_reply_form(&b, "/x/io.containerd.runtime.v2.task/k8s.io/box") ==
	      BOOTSTRAP_PLAIN);
	CHECK(bootstrap_reply_form(&b, "/x/io.containerd.sandbox.controller.v1.shim/k8s.io/box") ==
	      BOOTSTRAP_JSON);
}

TEST(stdin_any_of_runc_options)
{
	auto_arena struct arena a = { 0 };
	struct bootstrap b = command_line();
	Pb__Options o = PB__OPTIONS__INIT;
	struct err e;
	uint8_t *wire;
	size_t len;

	o.no_pivot_root = 1;
	o.io_uid = 1000;
	wire = message_pack(&any_pack("containerd.runc.v1.Options", &o.base, &a)->base, &a, &len);
	CHECK(!bootstrap_stdin(&b, wire, len, &a, &e));
	CHECK(!b.modern && b.options->no_pivot_root && b.options->io_uid == 1000);
}

/* The id's bytes are where an Any has its type, so both parse. */
TEST(stdin_any_is_not_taken_for_params)
{
	auto_arena struct arena a = { 0 };
	struct bootstrap b = command_line();
	Pb__Any any = PB__ANY__INIT;
	struct err e;
	uint8_t *wire;
	size_t len;

	any.type_url = arena_strdup(&a, "something.else");
	any.value.data = (uint8_t *)ns;
	any.value.len = strlen(ns);
	wire = message_pack(&any.base, &a, &len);
	CHECK(bootstrap_stdin(&b, wire, len, &a, &e));
	CHECK_HAS(e.msg, "something.else");
}

TEST(stdin_params)
{
	auto_arena struct arena a = { 0 };
	struct bootstrap b = command_line();
	Pb__BootstrapParams p = PB__BOOTSTRAP_PARAMS__INIT;
	Pb__Extension ext = PB__EXTENSION__INIT, *exts = &ext;
	Pb__Options o = PB__OPTIONS__INIT;
	struct err e;
	uint8_t *wire;
	size_t len;

	o.no_new_keyring = 1;
	ext.value = any_pack("containerd.runc.v1.Options", &o.base, &a);
	p.instance_id = id;
	p.namespace_ = ns;
	p.log_level = -4;
	p.containerd_ttrpc_address = arena_strdup(&a, "/run/c.sock.ttrpc");
	p.socket_dir = arena_strdup(&a, "/run/s");
	p.n_extensions = 1;
	p.extensions = &exts;
	wire = message_pack(&p.base, &a, &len);
	CHECK(!bootstrap_stdin(&b, wire, len, &a, &e));
	CHECK(b.modern && b.debug && b.options->no_new_keyring);
	CHECK_TEXT(b.ttrpc, "/run/c.sock.ttrpc");
	CHECK_TEXT(b.socket_dir, "/run/s");
	CHECK(bootstrap_reply_form(&b, "/x") == BOOTSTRAP_PROTO);
}

TEST(stdin_garbage_is_refused)
{
	auto_arena struct arena a = { 0 };
	struct bootstrap b = command_line();
	struct err e;

	CHECK(bootstrap_stdin(&b, "\xff\xff\xff", 3, &a, &e));
}

TEST(options_of_each_type)
{
	auto_arena struct arena a = { 0 };
	Pb__Any any = PB__ANY__INIT;
	struct err e;

	CHECK(bootstrap_options(NULL, &a, &e));
	any.type_url = arena_strdup(&a, "runtimeoptions.v1.Options");
	CHECK(bootstrap_options(&any, &a, &e));
	any.type_url = arena_strdup(&a, "types.example/containerd.runc.v1.Options");
	CHECK(bootstrap_options(&any, &a, &e));
	any.type_url = arena_strdup(&a, "no.such.Options");
	CHECK(!bootstrap_options(&any, &a, &e));
	CHECK(e.num == 22);
}

TEST(reply_of_each_form)
{
	auto_arena struct arena a = { 0 };
	size_t len;
	char *text = bootstrap_reply(BOOTSTRAP_PLAIN, "unix:///a", &a, &len);
	Pb__BootstrapResult *r;
	struct err e;

	CHECK(len == 9);
	CHECK_TEXT(text, "unix:///a");
	CHECK_TEXT(bootstrap_reply(BOOTSTRAP_JSON, "unix:///a", &a, &len),
		   "{\"version\":3,\"address\":\"unix:///a\",\"protocol\":\"ttrpc\"}");
	text = bootstrap_reply(BOOTSTRAP_PROTO, "unix:///a", &a, &len);
	r = message_unpack(&pb__bootstrap_result__descriptor, text, len, &a, &e);
	ASSERT(r);
	CHECK(r->version == 3);
	CHECK_TEXT(r->protocol, "ttrpc");
	CHECK(!memcmp(text + len - 5, "ttrpc", 5));
}

TEST(key_is_that_of_a_clean_path)
{
	auto_arena struct arena a = { 0 };

	/* printf /run/containerd/containerd.sock/k8s.io/abc | sha256sum */
	CHECK_TEXT(bootstrap_key("/run/containerd/containerd.sock", "k8s.io", "abc", &a),
		   bootstrap_key("/run//containerd/./containerd.sock/", "k8s.io", "abc", &a));
	CHECK(strlen(bootstrap_key("/a", "b", "c", &a)) == 64);
}

TEST(group_of_a_config)
{
	auto_arena struct arena a = { 0 };
	static const char both[] = "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"pod\","
				   "\"io.containerd.runc.v2.group\":\"mine\"}}";
	static const char pod[] = "{\"annotations\":{\"io.kubernetes.cri.sandbox-id\":\"pod\"}}";

	CHECK_TEXT(bootstrap_group(both, strlen(both), &a), "mine");
	CHECK_TEXT(bootstrap_group(pod, strlen(pod), &a), "pod");
	CHECK(!bootstrap_group("{}", 2, &a));
	CHECK(!bootstrap_group("{", 1, &a));
	CHECK(!bootstrap_group("{\"annotations\":[]}", 18, &a));
	CHECK(!bootstrap_group("[]", 2, &a));
}

TEST(doctor_looks_where_the_daemons_are)
{
	CHECK_TEXT(DOCTOR_SHIM_PODS, BOOTSTRAP_POD_DIR);
	CHECK_TEXT(DOCTOR_SHIM_SOCKETS, BOOTSTRAP_SOCKET_DIR);
}

/* `peapod delete --force NAME` removes what is below the default state root. */
TEST(directories_of_daemons_are_no_container)
{
	CHECK_HAS(BOOTSTRAP_POD_DIR, "/run/peapod/@");
	CHECK_HAS(BOOTSTRAP_ENGINE_DIR, "/run/peapod/@");
}
