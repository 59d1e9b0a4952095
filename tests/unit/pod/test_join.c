/* SPDX-License-Identifier: Apache-2.0 */
/* test_join: a member's config before and after joining a pod, as text. */
#include <errno.h>

#include "shim/pod/join.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

#define PROCESS                                                                                    \
	"\"process\":{\"user\":{\"uid\":0,\"gid\":0},\"args\":[\"sh\"],\"cwd\":\"/\"},"            \
	"\"root\":{\"path\":\"rootfs\"}"

static struct oci_config *parse(struct arena *a, const char *rest)
{
	struct err e = { 0 };
	const char *linux_ = strstr(rest, "\"linux\"") ? "" : ",\"linux\":{}";
	const char *text =
		arena_printf(a, "{\"ociVersion\":\"1.0.2\",%s%s%s}", PROCESS, rest, linux_);
	struct oci_config *c = oci_config_parse(text, strlen(text), a, &e);

	if (!c)
		test_failed(__FILE__, __LINE__, e.msg);
	return c;
}

static struct pod_join web(void)
{
	return (struct pod_join){
		.pod = "web",
		.member = "app",
		.netns = "/run/p/netns",
		.ipcns = "/proc/7/ns/ipc",
		.utsns = "/proc/7/ns/uts",
		.volume_dir = "/run/p/volumes",
		.shm = "/run/p/shm",
	};
}

/* One part of the joined document, as text. */
static const char *part(struct arena *a, const struct oci_config *c, const char *key,
			const char *inner)
{
	struct json_object *obj = json_own(a, oci_config_encode(c));

	obj = json_get(obj, key);
	if (inner && obj)
		obj = json_get(obj, inner);
	return obj ? json_text(obj, false, a) : "absent";
}

static const char *join_part(struct arena *a, const struct oci_config *c, const struct pod_join *j,
			     const char *key, const char *inner)
{
	struct oci_config *out;
	struct err e = { 0 };

	return pod_join(c, j, a, &out, &e) ? arena_strdup(a, e.msg) : part(a, out, key, inner);
}

TEST(join_replaces_own_namespaces_and_adds_missing)
{
	auto_arena struct arena a = { 0 };
	struct pod_join j = web();
	struct oci_config *c =
		parse(&a, ",\"hostname\":\"x\",\"linux\":{\"namespaces\":[{\"type\":\"mount\"},"
			  "{\"type\":\"network\"},{\"type\":\"uts\"},{\"type\":\"pid\"}]}");

	ASSERT(c);
	CHECK_TEXT(join_part(&a, c, &j, "linux", "namespaces"),
		   "[{\"type\":\"mount\"},{\"type\":\"pid\"},"
		   "{\"type\":\"network\",\"path\":\"/run/p/netns\"},"
		   "{\"type\":\"ipc\",\"path\":\"/proc/7/ns/ipc\"},"
		   "{\"type\":\"uts\",\"path\":\"/proc/7/ns/uts\"}]");
	CHECK_TEXT(join_part(&a, c, &j, "hostname", NULL), "absent");
	/* What was given is as it was. */
	CHECK_TEXT(c->hostname, "x");
	CHECK(c->linux_->namespaces.n == 4);
	CHECK(c->annotations.n == 0);
}

TEST(join_shares_pid_only_when_asked)
{
	auto_arena struct arena a = { 0 };
	struct pod_join j = web();
	struct oci_config *c = parse(&a, ",\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}");

	ASSERT(c);
	j.pidns = "/proc/7/ns/pid";
	CHECK_HAS(join_part(&a, c, &j, "linux", "namespaces"),
		  "{\"type\":\"pid\",\"path\":\"/proc/7/ns/pid\"}]");
}

TEST(join_host_network_drops_the_entry)
{
	auto_arena struct arena a = { 0 };
	struct pod_join j = web();
	struct oci_config *c = parse(&a, ",\"linux\":{\"namespaces\":[{\"type\":\"network\"}]}");

	ASSERT(c);
	j.netns = NULL;
	CHECK_TEXT(join_part(&a, c, &j, "linux", "namespaces"),
		   "[{\"type\":\"ipc\",\"path\":\"/proc/7/ns/ipc\"},"
		   "{\"type\":\"uts\",\"path\":\"/proc/7/ns/uts\"}]");
}

TEST(join_refuses_a_netns_path_of_the_config)
{
	auto_arena struct arena a = { 0 };
	struct pod_join j = web();
	struct oci_config *c = parse(&a, ",\"linux\":{\"namespaces\":[{\"type\":\"network\","
					 "\"path\":\"/run/netns/blue\"}]}");

	ASSERT(c);
	CHECK_TEXT(
		join_part(&a, c, &j, "linux", NULL),
		"linux: namespaces: network: path '/run/netns/blue' conflicts with the pod, whose "
		"containers share one network namespace; remove the entry");
	j.netns = "/run/netns/blue";
	CHECK_HAS(join_part(&a, c, &j, "linux", "namespaces"), "/run/netns/blue");
	j.netns = NULL;
	CHECK_HAS(join_part(&a, c, &j, "linux", NULL), "conflicts with the pod");
}

TEST(join_mounts_volumes)
{
	auto_arena struct arena a = { 0 };
	struct pod_volume v[] = {
		{ .name = "data", .path = "/data" },
		{ .name = "conf", .source = "/srv/conf", .path = "/etc/app", .readonly = true }
	};
	struct pod_join j = web();
	struct oci_config *c =
		parse(&a, ",\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"}]");

	ASSERT(c);
	j.volumes = v;
	j.n_volumes = countof(v);
	CHECK_TEXT(
		join_part(&a, c, &j, "mounts", NULL),
		"[{\"destination\":\"/proc\",\"type\":\"proc\"},"
		"{\"destination\":\"/data\",\"type\":\"bind\",\"source\":\"/run/p/volumes/data\","
		"\"options\":[\"rbind\",\"rprivate\",\"rw\"]},"
		"{\"destination\":\"/etc/app\",\"type\":\"bind\",\"source\":\"/srv/conf\","
		"\"options\":[\"rbind\",\"rprivate\",\"ro\"]}]");
	CHECK(c->mounts.n == 1);
}

TEST(join_refuses_a_mount_on_a_volume)
{
	auto_arena struct arena a = { 0 };
	struct pod_volume v = { .name = "data", .path = "/data" };
	struct pod_join j = web();
	struct oci_config *c =
		parse(&a, ",\"mounts\":[{\"destination\":\"/data/\",\"type\":\"tmpfs\"}]");

	ASSERT(c);
	j.volumes = &v;
	j.n_volumes = 1;
	CHECK_HAS(join_part(&a, c, &j, "mounts", NULL),
		  "'/data' conflicts with the pod's volume 'data'");
}

TEST(join_shm_and_files)
{
	auto_arena struct arena a = { 0 };
	struct pod_join j = web();
	struct oci_config *c =
		parse(&a, ",\"mounts\":[{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\"},"
			  "{\"destination\":\"/etc/hosts\",\"type\":\"bind\",\"source\":\"/h\","
			  "\"options\":[\"bind\"]}]");

	ASSERT(c);
	j.hosts = "/run/p/hosts";
	j.resolv = "/run/p/resolv.conf";
	CHECK_TEXT(join_part(&a, c, &j, "mounts", NULL),
		   "[{\"destination\":\"/dev/shm\",\"type\":\"bind\",\"source\":\"/run/p/shm\","
		   "\"options\":[\"bind\",\"rprivate\",\"rw\",\"nosuid\",\"nodev\",\"noexec\"]},"
		   "{\"destination\":\"/etc/hosts\",\"type\":\"bind\",\"source\":\"/h\","
		   "\"options\":[\"bind\"]},"
		   "{\"destination\":\"/etc/resolv.conf\",\"type\":\"bind\","
		   "\"source\":\"/run/p/resolv.conf\",\"options\":[\"bind\",\"rprivate\",\"ro\","
		   "\"nosuid\",\"nodev\",\"noexec\"]}]");
	/* A shm of the config's own choice stays. */
	c->mounts.v[0].type = (char *)"bind";
	c->mounts.v[0].source = (char *)"/mine";
	CHECK_HAS(join_part(&a, c, &j, "mounts", NULL), "\"source\":\"/mine\"");
}

TEST(join_takes_the_terminal_and_sets_the_cgroup)
{
	auto_arena struct arena a = { 0 };
	struct pod_join j = web();
	struct oci_config *c = parse(&a, ""), *out;
	struct err e;

	ASSERT(c);
	c->process->terminal = true;
	j.cgroups_path = "/pods/web.app";
	ASSERT(!pod_join(c, &j, &a, &out, &e));
	CHECK(c->process->terminal && !out->process->terminal);
	CHECK_TEXT(out->linux_->cgroups_path, "/pods/web.app");
	CHECK_TEXT(part(&a, out, "annotations", NULL),
		   "{\"peapod.pod\":\"web\",\"peapod.container\":\"app\"}");
	out->linux_->cgroups_path = (char *)"/own";
	ASSERT(!pod_join(out, &j, &a, &out, &e));
	CHECK_TEXT(out->linux_->cgroups_path, "/own");
}

TEST(join_infra_config)
{
	auto_arena struct arena a = { 0 };
	struct oci_config *c = pod_infra_config("web", "web", "/run/p/netns", NULL, false, &a);
	struct json_object *doc = json_own(&a, oci_config_encode(c));
	const char *text = json_text(doc, false, &a);
	struct err e = { 0 };

	CHECK_TEXT(part(&a, c, "linux", "namespaces"),
		   "[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"uts\"},"
		   "{\"type\":\"network\",\"path\":\"/run/p/netns\"}]");
	CHECK_TEXT(part(&a, c, "root", NULL), "{\"path\":\"rootfs\",\"readonly\":true}");
	CHECK_TEXT(part(&a, c, "hostname", NULL), "\"web\"");
	/* It is a config like any other. */
	CHECK(oci_config_parse(text, strlen(text), &a, &e));
	CHECK_TEXT(e.num ? e.msg : "", "");
	c = pod_infra_config("web", "web", "/run/p/netns", NULL, true, &a);
	CHECK_TEXT(part(&a, c, "linux", "sysctl"),
		   "{\"net.ipv4.ip_unprivileged_port_start\":\"0\"}");
	CHECK_TEXT(part(&a, c, "process", "user"), "{\"uid\":0,\"gid\":0}");
	c = pod_infra_config("web", NULL, NULL, "/pods/web.infra", false, &a);
	CHECK_TEXT(part(&a, c, "hostname", NULL), "absent");
	CHECK_TEXT(part(&a, c, "linux", "sysctl"), "absent");
	CHECK_TEXT(part(&a, c, "linux", "cgroupsPath"), "\"/pods/web.infra\"");
}
