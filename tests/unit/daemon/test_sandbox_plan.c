/* SPDX-License-Identifier: Apache-2.0 */
/* test_sandbox_plan: modes, names, files and the spec of a pod without a pause container. */
#include "shim/daemon/sandbox_plan.h"

#include <errno.h>

#include "spec/base/auto.h"
#include "tests/unit/test.h"

/* A request with all its parts, to be changed by a test. */
struct pod {
	Pb__CreateSandboxRequest req;
	Pb__PodSandboxConfig config;
	Pb__PodSandboxMetadata meta;
	Pb__DNSConfig dns;
	Pb__LinuxPodSandboxConfig os;
	Pb__LinuxSandboxSecurityContext context;
	Pb__NamespaceOption ns;
	Pb__UserNamespace user;
	Pb__IDMapping map, *maps;
};

static void pod_init(struct pod *p)
{
	*p = (struct pod){ 0 };
	pb__create_sandbox_request__init(&p->req);
	pb__pod_sandbox_config__init(&p->config);
	pb__pod_sandbox_metadata__init(&p->meta);
	pb__dnsconfig__init(&p->dns);
	pb__linux_pod_sandbox_config__init(&p->os);
	pb__linux_sandbox_security_context__init(&p->context);
	pb__namespace_option__init(&p->ns);
	pb__user_namespace__init(&p->user);
	pb__idmapping__init(&p->map);
	p->req.sandbox_id = "pod1";
	p->req.netns_path = "/run/netns/x";
	p->config.hostname = "web";
	p->config.metadata = &p->meta;
	p->config.on_linux = &p->os;
	p->os.security_context = &p->context;
	p->context.namespace_options = &p->ns;
	p->ns.pid = PB__NAMESPACE_MODE__CONTAINER;
	p->map = (Pb__IDMapping){ .base = p->map.base, .host_id = 100000, .length = 65536 };
	p->maps = &p->map;
	p->user.uids = p->user.gids = &p->maps;
	p->user.n_uids = p->user.n_gids = 1;
}

static int plan(struct pod *p, struct arena *a, struct sandbox_plan *out, struct err *e)
{
	return sandbox_plan(&p->req, &p->config, a, out, e);
}

static bool has_ns(const struct oci_config *c, enum oci_ns type)
{
	return oci_namespace_of(c, type);
}

TEST(sandbox_usual_pod_needs_no_process)
{
	auto_arena struct arena a = { 0 };
	struct sandbox_plan s;
	struct pod p;
	struct err e;

	pod_init(&p);
	p.os.cgroup_parent = "/kubepods/pod7";
	ASSERT(!plan(&p, &a, &s, &e));
	CHECK(s.modes.net && s.modes.ipc && s.modes.uts && !s.modes.holder);
	CHECK(has_ns(s.config, OCI_NS_NETWORK) && has_ns(s.config, OCI_NS_UTS));
	CHECK(!has_ns(s.config, OCI_NS_PID) && !has_ns(s.config, OCI_NS_MOUNT));
	CHECK_TEXT(s.config->hostname, "web");
	CHECK_TEXT(s.config->linux_->cgroups_path, "/kubepods/pod7/pod1");
	CHECK(s.config->linux_->sysctl.n == 2);
}

TEST(sandbox_holder_for_shared_processes_and_for_users)
{
	auto_arena struct arena a = { 0 };
	struct sandbox_plan s;
	struct pod p;
	struct err e;

	pod_init(&p);
	p.ns.pid = PB__NAMESPACE_MODE__POD;
	p.os.cgroup_parent = "/kubepods.slice/kubepods-pod7.slice";
	ASSERT(!plan(&p, &a, &s, &e));
	CHECK(s.modes.holder && s.modes.pid == SANDBOX_PID_POD && has_ns(s.config, OCI_NS_PID));
	CHECK_TEXT(s.config->linux_->cgroups_path, "kubepods-pod7.slice:cri-containerd:pod1");

	pod_init(&p);
	p.ns.userns_options = &p.user;
	ASSERT(!plan(&p, &a, &s, &e));
	CHECK(s.modes.holder && s.modes.userns && s.uid == 100000 && s.gid == 100000);
	CHECK(has_ns(s.config, OCI_NS_USER) && !has_ns(s.config, OCI_NS_PID));
	CHECK(s.config->linux_->sysctl.n == 1); /* ping_group_range would need more than it has */
}

TEST(sandbox_host_modes)
{
	auto_arena struct arena a = { 0 };
	struct sandbox_plan s;
	struct pod p;
	struct err e;

	pod_init(&p);
	p.ns.network = p.ns.ipc = p.ns.pid = PB__NAMESPACE_MODE__NODE;
	p.req.netns_path = "";
	ASSERT(!plan(&p, &a, &s, &e));
	CHECK(!s.modes.net && !s.modes.ipc && !s.modes.uts && !s.modes.holder);
	CHECK(s.modes.pid == SANDBOX_PID_HOST && !s.config->linux_->namespaces.n);
	CHECK(!s.config->linux_->sysctl.n && !s.config->hostname);
}

TEST(sandbox_without_a_kubelet)
{
	auto_arena struct arena a = { 0 };
	struct sandbox_plan s;
	struct pod p;
	struct err e;

	pod_init(&p);
	ASSERT(!sandbox_plan(&p.req, NULL, &a, &s, &e));
	CHECK(s.modes.net && s.modes.ipc && s.modes.uts && !s.modes.holder);
	p.req.netns_path = "";
	ASSERT(!sandbox_plan(&p.req, NULL, &a, &s, &e));
	CHECK(!s.modes.net && s.modes.ipc && !s.modes.uts);
}

TEST(sandbox_refusals)
{
	auto_arena struct arena a = { 0 };
	struct sandbox_plan s;
	struct pod p;
	struct err e;
	char *word = "1.1.1.1\nnameserver 6.6.6.6", *many[SANDBOX_DNS_MAX + 1];

	pod_init(&p);
	p.req.netns_path = "";
	CHECK(plan(&p, &a, &s, &e) && e.num == EINVAL);
	CHECK_HAS(e.msg, "netns_path");
	pod_init(&p);
	p.ns.pid = PB__NAMESPACE_MODE__TARGET;
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "pid");
	pod_init(&p);
	p.ns.network = PB__NAMESPACE_MODE__CONTAINER;
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "network");
	pod_init(&p);
	p.config.hostname = "a\n127.0.0.1 evil";
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "hostname");
	p.config.hostname =
		"a123456789a123456789a123456789a123456789a123456789a123456789a123456789";
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "longer than 64");
	pod_init(&p);
	p.config.dns_config = &p.dns;
	p.dns.servers = &word;
	p.dns.n_servers = 1;
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "servers");
	for (size_t i = 0; i < countof(many); i++)
		many[i] = "x";
	p.dns.servers = many;
	p.dns.n_servers = countof(many);
	CHECK(plan(&p, &a, &s, &e) && e.num == E2BIG);
	pod_init(&p);
	p.ns.userns_options = &p.user;
	p.map.container_id = 1;
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "id 0 is not mapped");
	pod_init(&p);
	p.ns.userns_options = &p.user;
	p.ns.ipc = PB__NAMESPACE_MODE__NODE;
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "host's ipc");
	pod_init(&p);
	p.req.n_rootfs = 1;
	CHECK(plan(&p, &a, &s, &e));
	CHECK_HAS(e.msg, "rootfs");
}

TEST(sandbox_own_sysctls_win)
{
	auto_arena struct arena a = { 0 };
	Pb__StringEntry entry = PB__STRING_ENTRY__INIT, *entries = &entry;
	struct sandbox_plan s;
	struct pod p;
	struct err e;

	pod_init(&p);
	entry.key = "net.ipv4.ip_unprivileged_port_start";
	entry.value = "1024";
	p.os.sysctls = &entries;
	p.os.n_sysctls = 1;
	ASSERT(!plan(&p, &a, &s, &e));
	ASSERT(s.config->linux_->sysctl.n == 2);
	CHECK_TEXT(s.config->linux_->sysctl.v[0].value, "1024");
	CHECK_TEXT(s.config->linux_->sysctl.v[1].key, "net.ipv4.ping_group_range");
}

TEST(sandbox_files_texts)
{
	auto_arena struct arena a = { 0 };
	char *ips[] = { "10.1.2.3", "fd00::3" }, *servers[] = { "10.96.0.10", "1.1.1.1" },
	     *searches[] = { "ns.svc.cluster.local", "cluster.local" }, *opts[] = { "ndots:5" };
	struct json_strs list = { 2, ips };
	auto_str struct str hosts = { 0 }, resolv = { 0 };
	struct sandbox_plan s;
	struct pod p;
	struct err e;

	pod_init(&p);
	p.config.dns_config = &p.dns;
	p.dns.servers = servers;
	p.dns.searches = searches;
	p.dns.options = opts;
	p.dns.n_servers = p.dns.n_searches = 2;
	p.dns.n_options = 1;
	ASSERT(!plan(&p, &a, &s, &e));
	sandbox_hosts_text(&s, &list, &hosts);
	CHECK_TEXT(hosts.s, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
			    "10.1.2.3\tweb\nfd00::3\tweb\n");
	sandbox_resolv_text(&s, &resolv);
	CHECK_TEXT(resolv.s, "search ns.svc.cluster.local cluster.local\nnameserver 10.96.0.10\n"
			     "nameserver 1.1.1.1\noptions ndots:5\n");
}

TEST(sandbox_spec_names_paths_and_mounts)
{
	auto_arena struct arena a = { 0 };
	struct sandbox_plan s;
	struct oci_config *c;
	struct pod p;
	struct err e;

	pod_init(&p);
	p.ns.pid = PB__NAMESPACE_MODE__POD;
	ASSERT(!plan(&p, &a, &s, &e));
	c = sandbox_spec(&s, 77, "/run/pod", &a);
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_NETWORK)->path, "/run/netns/x");
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_IPC)->path, "/proc/77/ns/ipc");
	CHECK_TEXT(oci_namespace_of(c, OCI_NS_PID)->path, "/proc/77/ns/pid");
	CHECK(!oci_namespace_of(c, OCI_NS_MOUNT));
	ASSERT(c->mounts.n == 4);
	CHECK_TEXT(c->mounts.v[0].source, "/run/pod/sandbox/hostname");
	CHECK_TEXT(c->mounts.v[3].source, "/run/pod/sandbox/shm");
	CHECK_TEXT(oci_annotation(c, "io.kubernetes.cri.sandbox-id"), "pod1");
	/* the holder's own config is as it was */
	CHECK(!oci_namespace_of(s.config, OCI_NS_IPC)->path && s.config->mounts.n == 1);
}
