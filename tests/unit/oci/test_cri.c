/* SPDX-License-Identifier: Apache-2.0 */
/* Configs of the shape that containerd's CRI plugin makes: taken as they are, and given back. */
#include "tests/unit/oci/oci.h"

static const struct oci_config *load(const char *path, struct arena *a)
{
	struct json_object *obj = golden(path, a);
	char *text = obj ? json_text(obj, false, a) : arena_strdup(a, "");
	struct err e = { 0 };
	const struct oci_config *c = oci_config_parse(text, strlen(text), a, &e);

	if (!c)
		test_failed(path, 0, e.msg);
	return c;
}

static bool joins(const struct oci_config *c, enum oci_ns type, const char *path)
{
	const struct oci_namespace *ns = oci_namespace_of(c, type);

	return ns && ns->path && !strcmp(ns->path, path);
}

TEST(cri_round_trips)
{
	round_trip(GOLDEN "cri-sandbox.json");
	round_trip(GOLDEN "cri-app.json");
	round_trip(GOLDEN "cri-privileged.json");
	round_trip(GOLDEN "cri-userns-sandbox.json");
	round_trip(GOLDEN "cri-userns-app.json");
}

TEST(cri_sandbox)
{
	auto_arena struct arena a = { 0 };
	const struct oci_config *c = load(GOLDEN "cri-sandbox.json", &a);

	ASSERT(c);
	CHECK_TEXT(oci_annotation(c, "io.kubernetes.cri.container-type"), "sandbox");
	CHECK(c->root->readonly && !c->process->env.n && c->process->oom_score_adj.v == -998);
	CHECK(c->linux_->sysctl.n == 2 && c->linux_->resources->cpu->shares.v == 2);
	CHECK(!c->linux_->seccomp->flags.v && c->linux_->seccomp->syscalls.n == 14);
	CHECK(!oci_namespace_of(c, OCI_NS_USER) && oci_namespace_of(c, OCI_NS_PID));
}

TEST(cri_app_joins_its_sandbox)
{
	auto_arena struct arena a = { 0 };
	const struct oci_config *c = load(GOLDEN "cri-app.json", &a);

	ASSERT(c);
	CHECK(joins(c, OCI_NS_NETWORK, "/proc/4242/ns/net"));
	CHECK(joins(c, OCI_NS_IPC, "/proc/4242/ns/ipc"));
	CHECK(!oci_namespace_of(c, OCI_NS_PID)->path && !c->hostname);
	CHECK(c->linux_->resources->memory->limit.v == c->linux_->resources->memory->swap.v);
	CHECK(c->process->user.additional_gids.n == 2 && !c->root->readonly);
}

TEST(cri_privileged)
{
	auto_arena struct arena a = { 0 };
	const struct oci_config *c = load(GOLDEN "cri-privileged.json", &a);

	ASSERT(c);
	CHECK(!c->linux_->seccomp && !c->linux_->masked_paths.v && !c->process->no_new_privileges);
	CHECK(c->process->capabilities->bounding.n == 41 && c->process->terminal);
	CHECK(c->linux_->resources->devices.v[0].allow && c->linux_->devices.n == 15);
	CHECK(joins(c, OCI_NS_PID, "/proc/4242/ns/pid"));
}

/* Mappings beside a path to join, and on mounts without the option idmap: both must be taken. */
TEST(cri_user_namespaces)
{
	auto_arena struct arena a = { 0 };
	const struct oci_config *c = load(GOLDEN "cri-userns-app.json", &a);
	size_t mapped = 0;

	ASSERT(c);
	CHECK(joins(c, OCI_NS_USER, "/proc/4242/ns/user"));
	CHECK(c->linux_->uid_mappings.v[0].host_id == 1638400000);
	for (size_t i = 0; i < c->mounts.n; i++)
		mapped += c->mounts.v[i].uid_mappings.n && c->mounts.v[i].gid_mappings.n;
	CHECK(mapped == 2);
}

TEST(cri_exec)
{
	auto_arena struct arena a = { 0 };
	struct json_object *obj = golden(GOLDEN "cri-exec.json", &a);
	char *text = json_text(obj, false, &a);
	struct err e = { 0 };
	struct oci_process *p = oci_process_parse(text, strlen(text), &a, &e);

	ASSERT(p);
	CHECK_TEXT(p->args.v[0], "cat");
	CHECK(p->capabilities->permitted.n == 14 && !p->capabilities->ambient.v);
}
