/* SPDX-License-Identifier: Apache-2.0 */
/* What we write: the default config and the features document. */
#include "spec/oci/features.h"

#include "spec/oci/default.h"
#include "spec/oci/tables.h"
#include "spec/oci/validate.h"
#include "tests/unit/oci/oci.h"

static void good_default(bool rootless)
{
	auto_arena struct arena a = { 0 };
	struct oci_config *c = oci_config_default(&a, rootless, 1000, 100), *again;
	struct err e = { 0 };
	char *text;

	if (oci_validate(c, &e))
		test_failed(__FILE__, __LINE__, e.msg);
	text = json_text(json_own(&a, oci_config_encode(c)), true, &a);
	again = oci_config_parse(text, strlen(text), &a, &e);
	ASSERT(again);
	CHECK_TEXT(json_text(json_own(&a, oci_config_encode(again)), true, &a), text);
	CHECK(c->process->terminal && c->root->readonly && c->process->no_new_privileges);
	CHECK(c->mounts.n == 7 && c->linux_->masked_paths.n == 10);
}

TEST(default_is_valid)
{
	good_default(false);
	good_default(true);
}

TEST(default_rootless_needs_no_privilege)
{
	auto_arena struct arena a = { 0 };
	struct oci_config *c = oci_config_default(&a, true, 1000, 100);
	char *text = json_text(json_own(&a, oci_config_encode(c)), false, &a);

	CHECK(oci_namespace_of(c, OCI_NS_USER) && !oci_namespace_of(c, OCI_NS_NETWORK));
	CHECK(!c->linux_->resources && !strstr(text, "gid=5"));
	CHECK_HAS(text, "\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}]");
	CHECK_HAS(text, "\"gidMappings\":[{\"containerID\":0,\"hostID\":100,\"size\":1}]");
	CHECK_HAS(text, "{\"destination\":\"/sys\",\"type\":\"none\",\"source\":\"/sys\"");
}

TEST(default_takes_more_namespaces)
{
	auto_arena struct arena a = { 0 };
	struct oci_config *c = oci_config_default(&a, false, 0, 0);

	CHECK(c->linux_->namespaces.n == 5);
	oci_config_add_namespace(c, &a, OCI_NS_CGROUP);
	oci_config_add_namespace(c, &a, OCI_NS_CGROUP);
	CHECK(c->linux_->namespaces.n == 6 && oci_namespace_of(c, OCI_NS_CGROUP));
	CHECK(oci_namespace_of(c, OCI_NS_PID) == &c->linux_->namespaces.v[0]);
}

static struct json_object *features(const struct oci_built *built, struct arena *a)
{
	char *text = oci_features_text(built, a);
	struct err e = { 0 };

	return json_own(a, json_parse(text, strlen(text), &e));
}

static bool lists(struct json_object *list, const char *text)
{
	for (size_t i = 0; list && i < json_object_array_length(list); i++) {
		if (!strcmp(json_object_get_string(json_object_array_get_idx(list, i)), text))
			return true;
	}
	return false;
}

static bool on(struct json_object *obj, const char *key)
{
	struct json_object *val = json_get(obj, key);

	CHECK(json_object_is_type(val, json_type_boolean)); /* null would mean "unknown" */
	return json_object_get_boolean(val);
}

TEST(features_of_a_program_without_anything)
{
	auto_arena struct arena a = { 0 };
	struct oci_built built = { .version = "0.1.0" };
	struct json_object *f = features(&built, &a), *l = json_get(f, "linux");
	struct json_object *options = json_get(f, "mountOptions");

	CHECK_TEXT(json_object_get_string(json_get(f, "ociVersionMin")), "1.0.0");
	CHECK_TEXT(json_object_get_string(json_get(f, "ociVersionMax")), "1.3.0");
	CHECK(json_object_array_length(json_get(f, "hooks")) == 6);
	CHECK(lists(options, "rro") && lists(options, "rbind") && lists(options, "rshared"));
	CHECK(!lists(options, "idmap") && !lists(options, "ridmap"));
	CHECK(!lists(options, "tmpcopyup") && !lists(options, "src-nofollow"));
	CHECK(!on(json_get(l, "seccomp"), "enabled") && !json_get(json_get(l, "seccomp"), "archs"));
	CHECK(!on(json_get(l, "cgroup"), "v1") && !on(json_get(l, "cgroup"), "systemdUser"));
	CHECK(!on(json_get(json_get(l, "mountExtensions"), "idmap"), "enabled"));
	CHECK(!on(json_get(l, "apparmor"), "enabled") && !on(json_get(l, "selinux"), "enabled"));
	CHECK(!on(json_get(l, "intelRdt"), "monitoring"));
	CHECK(!on(json_get(l, "netDevices"), "enabled") && !json_get(l, "memoryPolicy"));
	CHECK(!json_get(json_get(f, "annotations"), "io.github.seccomp.libseccomp.version"));
	CHECK(json_object_array_length(json_get(f, "potentiallyUnsafeConfigAnnotations")) == 0);
}

TEST(features_of_a_full_program)
{
	static const char *const unsafe[] = { "org.systemd.property.", "run.oci.", NULL };
	auto_arena struct arena a = { 0 };
	struct oci_built built = {
		.version = "0.1.0",
		.commit = "abc",
		.libseccomp = { 2, 5, 4 },
		.cgroup_v1 = true,
		.cgroup_v2 = true,
		.idmap = true,
		.tmpcopyup = true,
		.nofollow = true,
		.memory_policy = true,
		.seccomp_notify = true,
		.seccomp_wait_killable = true,
		.checkpoint = true,
		.unsafe_annotations = unsafe,
	};
	struct json_object *f = features(&built, &a), *l = json_get(f, "linux");
	struct json_object *s = json_get(l, "seccomp"), *notes = json_get(f, "annotations");

	for (const struct oci_mount_option *o = oci_mount_options; o->name; o++)
		CHECK(lists(json_get(f, "mountOptions"), o->name));
	CHECK(json_object_array_length(json_get(l, "capabilities")) == 41);
	CHECK(lists(json_get(l, "namespaces"), "time"));
	CHECK(on(s, "enabled") && on(json_get(l, "cgroup"), "v1"));
	CHECK(lists(json_get(s, "archs"), "SCMP_ARCH_RISCV64"));
	CHECK(!lists(json_get(s, "archs"), "SCMP_ARCH_LOONGARCH64"));
	CHECK(lists(json_get(s, "supportedFlags"), "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"));
	CHECK(lists(json_get(json_get(l, "memoryPolicy"), "modes"), "MPOL_BIND"));
	CHECK_TEXT(json_object_get_string(json_get(notes, "io.github.seccomp.libseccomp.version")),
		   "2.5.4");
	CHECK_TEXT(json_object_get_string(json_get(notes, "peapod.commit")), "abc");
	CHECK(lists(json_get(f, "potentiallyUnsafeConfigAnnotations"), "run.oci."));
	CHECK(lists(json_get(s, "actions"), "SCMP_ACT_NOTIFY"));
	built.libseccomp[1] = 6;
	built.seccomp_notify = false;
	built.seccomp_wait_killable = false;
	s = json_get(json_get(features(&built, &a), "linux"), "seccomp");
	CHECK(lists(json_get(s, "archs"), "SCMP_ARCH_LOONGARCH64"));
	CHECK(!lists(json_get(s, "actions"), "SCMP_ACT_NOTIFY"));
	CHECK(lists(json_get(s, "actions"), "SCMP_ACT_LOG"));
	CHECK(lists(json_get(s, "knownFlags"), "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"));
	CHECK(!lists(json_get(s, "supportedFlags"), "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"));
}
