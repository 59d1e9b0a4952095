/* SPDX-License-Identifier: Apache-2.0 */
/* doctor: findings from made-up facts. */
#include <errno.h>
#include <linux/capability.h>

#include "shim/cli/doctor.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

static char controller_names[][8] = { "cpu", "cpuset", "memory", "pids", "devices" };

/* A host without a fault; what a test takes away must be what is found. */
struct fixture {
	struct arena arena;
	struct host host;
	struct doctor_facts f;
	struct str text;
	bool passed;
};
#define auto_fixture __attribute__((cleanup(fixture_done))) struct fixture

static void fixture_done(struct fixture *x)
{
	str_done(&x->text);
	arena_done(&x->arena);
}

static void healthy_containerd(struct fixture *x)
{
	static const char config[] =
		"version = 2\n"
		"[plugins.\"io.containerd.grpc.v1.cri\".containerd]\n"
		"default_runtime_name = \"peapod\"\n"
		"[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.peapod]\n"
		"  runtime_type = \"io.containerd.peapod.v2\"\n";

	x->f.containerd.program = arena_strdup(&x->arena, "/usr/bin/containerd");
	x->f.containerd.version = arena_strdup(&x->arena, "1.7.24");
	x->f.containerd.config = arena_strdup(&x->arena, "/etc/containerd/config.toml");
	doctor_containerd_scan(config, &x->arena, &x->f.containerd);
}

static void fixture_init(struct fixture *x)
{
	struct arena *a = &x->arena;

	x->host = (struct host){
		.cgroup_mode = HOST_CGROUP_V1,
		.kernel = 5 << 16 | 14,
		.apparmor = true,
		.seccomp = true,
		.swap_accounting = true,
		.has_timens = true,
		.has_idmap = true,
		.has_clone_into_cgroup = true,
		.has_cgroup_kill = true,
	};
	x->f = (struct doctor_facts){
		.host = &x->host,
		.release = arena_strdup(a, "5.14.0"),
		.effective = UINT64_MAX,
		.userns_max = { true, 100 },
		.forward4 = { true, 1 },
		.net_dir = arena_strdup(a, "/etc/cni/net.d"),
		.bin_dirs = arena_strdup(a, "/opt/cni/bin"),
		.cni_plugin = true,
		.shim = arena_strdup(a, "/usr/bin/" DOCTOR_SHIM_NAME),
		.pause = arena_strdup(a, "/usr/libexec/peapod/pause"),
		.criu = arena_strdup(a, "/usr/sbin/criu"),
	};
	for (size_t i = 0; i < DOCTOR_CALLS; i++)
		x->f.calls[i] = EINVAL;
	x->f.controllers.v = arena_array(a, countof(controller_names) + 1, sizeof(char *));
	for (size_t i = 0; i < countof(controller_names); i++)
		x->f.controllers.v[x->f.controllers.n++] = controller_names[i];
	x->f.cgroups.v = arena_array(a, 1, sizeof(*x->f.cgroups.v));
	x->f.cgroups.n = 1;
	x->f.cgroups.v[0] = (struct doctor_cgroup){ arena_strdup(a, "memory"),
						    arena_strdup(a, "/sys/fs/cgroup/memory"), 0 };
	x->f.nets.files.v = arena_array(a, 2, sizeof(*x->f.nets.files.v));
	x->f.nets.files.n = 1;
	x->f.nets.files.v[0].name = arena_strdup(a, "10-a.conflist");
	x->f.nets.files.v[0].network = arena_strdup(a, "blue");
	healthy_containerd(x);
}

static const char *judge(struct fixture *x)
{
	const struct doctor_report *r = doctor_judge(&x->f, &x->arena);

	str_clear(&x->text);
	doctor_text(r, &x->text);
	x->passed = r->passed;
	return str_text(&x->text);
}

TEST(doctor_finds_nothing_wrong_with_a_healthy_host)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	CHECK(!strstr(judge(&x), "warn ") && !strstr(judge(&x), "fail "));
	CHECK(x.passed);
	CHECK_HAS(x.text.s, "ok    kernel        Linux 5.14.0\n");
	CHECK_HAS(x.text.s, "runtime 'peapod', the default");
}

TEST(doctor_says_what_an_old_or_guarded_kernel_lacks)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	x.host.kernel = 5 << 16 | 13;
	x.f.calls[DOCTOR_CLONE3] = ENOSYS;
	x.f.calls[DOCTOR_OPENAT2] = EPERM;
	x.host.seccomp = x.host.has_timens = false;
	CHECK_HAS(judge(&x), "fail  kernel        Linux 5.14.0 is too old -> use a newer kernel");
	CHECK_HAS(x.text.s, "fail  calls         clone3 is missing");
	CHECK_HAS(x.text.s, "fail  calls         openat2 is forbidden");
	CHECK_HAS(x.text.s, "-> allow it in the seccomp profile");
	CHECK_HAS(x.text.s, "ok    calls         mount_setattr");
	CHECK_HAS(x.text.s, "fail  seccomp");
	CHECK_HAS(x.text.s, "warn  features      no time namespaces");
	CHECK(!x.passed);
}

TEST(doctor_looks_at_cgroups)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	x.f.cgroups.v[0].error = EROFS;
	x.f.controllers.n = 3; /* neither pids nor devices */
	CHECK_HAS(judge(&x), "fail  cgroups       '/sys/fs/cgroup/memory' (memory): Read-only");
	CHECK_HAS(x.text.s, "mount it read-write");
	CHECK_HAS(x.text.s, "warn  cgroups       no controller pids: its limits are refused");
	CHECK_HAS(x.text.s, "warn  devices       no devices controller");
	x.f.rootless = true;
	CHECK_HAS(judge(&x), "warn  cgroups       '/sys/fs/cgroup/memory'");
	x.host.cgroup_mode = HOST_CGROUP_NONE;
	CHECK_HAS(judge(&x), "fail  cgroups       no cgroup hierarchy is mounted -> mount");
}

TEST(doctor_wants_ebpf_for_devices_on_v2_only)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	x.f.bpf_error = EPERM;
	judge(&x);
	CHECK(x.passed);
	x.host.cgroup_mode = HOST_CGROUP_V2;
	CHECK_HAS(judge(&x), "fail  devices       no eBPF device programs");
	CHECK(!x.passed);
	x.f.bpf_error = 0;
	CHECK_HAS(judge(&x), "ok    devices       device rules through eBPF");
}

TEST(doctor_names_each_capability_that_is_missing)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	x.f.effective = ~(1ULL << CAP_SYS_RESOURCE);
	CHECK_HAS(judge(&x), "warn  capabilities  no CAP_SYS_RESOURCE: oom_score_adj");
	CHECK(x.passed);
	x.f.effective = 0;
	CHECK_HAS(judge(&x), "fail  capabilities  no CAP_SYS_ADMIN");
	x.f.rootless = true;
	CHECK(!strstr(judge(&x), "capabilities"));
}

TEST(doctor_looks_at_user_namespaces)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	x.f.userns_apparmor = (struct doctor_sysctl){ true, 1 };
	CHECK_HAS(judge(&x), "warn  userns        AppArmor keeps users");
	x.f.rootless = true;
	CHECK_HAS(judge(&x), "fail  userns        AppArmor keeps users");
	x.f.userns_max.v = 0;
	CHECK_HAS(judge(&x), "-> sysctl -w user.max_user_namespaces=");
	x.f.userns_max.known = false;
	CHECK_HAS(judge(&x), "CONFIG_USER_NS");
}

TEST(doctor_looks_at_networks)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	x.f.nets.files.n = 2;
	x.f.nets.files.v[1].name = arena_strdup(&x.arena, "20-b.conf");
	x.f.nets.files.v[1].error = arena_strdup(&x.arena, "no type");
	x.f.nets.files.v[0].missing = arena_strdup(&x.arena, "bridge");
	x.f.nft_error = EOPNOTSUPP;
	x.f.forward4.v = 0;
	CHECK_HAS(judge(&x), "fail  cni           network 'blue' (the first one: the node's): its "
			     "plugin 'bridge' is not in '/opt/cni/bin'");
	CHECK_HAS(x.text.s, "fail  cni           '/etc/cni/net.d/20-b.conf': no type -> correct");
	CHECK_HAS(x.text.s, "warn  nftables      no masquerading");
	CHECK_HAS(x.text.s, "warn  ip_forward    off");
	x.f.nets.files.n = 0;
	CHECK_HAS(judge(&x), "warn  cni           no network config in '/etc/cni/net.d'");
	x.f.net_error = arena_strdup(&x.arena, "open directory");
	CHECK_HAS(judge(&x), "warn  cni           open directory -> put a .conflist there");
}

TEST(doctor_looks_at_programs)
{
	auto_fixture x = { 0 };

	fixture_init(&x);
	CHECK_HAS(judge(&x), "ok    criu          /usr/sbin/criu");
	x.f.criu = NULL;
	x.f.pause = NULL;
	x.f.writable = arena_strdup(&x.arena, "/home/me/peapod");
	CHECK_HAS(judge(&x),
		  "warn  criu          not in PATH: checkpoint and restore are refused -> ");
	CHECK_HAS(x.text.s, "warn  programs      pause is not beside us");
	CHECK_HAS(x.text.s,
		  "warn  programs      you may write to '/home/me/peapod', and so may your "
		  "containers (CVE-2019-5736) -> ");
}

TEST(doctor_looks_at_containerd)
{
	auto_fixture x = { 0 };
	struct doctor_containerd *c = &x.f.containerd;

	fixture_init(&x);
	x.f.shim = NULL;
	CHECK_HAS(judge(&x), "fail  containerd    runtime 'peapod', but there is no ");
	c->config_version = 3;
	c->handler_unread = true;
	CHECK_HAS(judge(&x), "has version 3, which is for containerd 2");
	CHECK_HAS(x.text.s, "is in a table that version 3 has not -> add "
			    "[plugins.'io.containerd.cri.v1.runtime'.");
	*c = (struct doctor_containerd){ .program = c->program, .version = c->version };
	CHECK_HAS(judge(&x), "containerd without a config names no runtime of ours -> add "
			     "[plugins.'io.containerd.grpc.v1.cri'.");
	c->program = NULL;
	CHECK_HAS(judge(&x), "warn  containerd    not in PATH");
}

/* A config of containerd 2 with these lines in our runtime's table, and further ones. */
static const char *judge_sandboxer(struct fixture *x, const char *version, const char *lines,
				   const char *more)
{
	struct doctor_containerd *c = &x->f.containerd;
	auto_str struct str config = { 0 };

	str_addf(&config,
		 "version = 3\n[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.other]\n"
		 "sandboxer = 'nobody'\n"
		 "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.peapod]\n%s"
		 "runtime_type = 'io.containerd.peapod.v2'\n%s",
		 lines, more);
	*c = (struct doctor_containerd){ .program = c->program,
					 .config = c->config,
					 .version = arena_strdup(&x->arena, version) };
	doctor_containerd_scan(str_text(&config), &x->arena, c);
	return judge(x);
}

TEST(doctor_tells_who_makes_the_pods)
{
	static const char shim[] = "sandboxer = \"shim\"\n",
			  pinned[] = "[plugins.'io.containerd.cri.v1.images'.pinned_images]\n"
				     "sandbox = 'any:1'\n",
			  proxy[] = "[proxy_plugins.vmm]\ntype = \"sandbox\"\naddress = '/run/x'\n"
				    "[proxy_plugins.snap]\ntype = 'snapshot'\n";
	auto_fixture x = { 0 };

	fixture_init(&x);
	CHECK_HAS(judge(&x),
		  "ok    sandboxer     pods of runtime 'peapod' have a pause container\n");
	CHECK_HAS(judge_sandboxer(&x, "2.3.4", "", ""),
		  "have a pause container (none with sandboxer = 'shim')");
	CHECK_HAS(judge_sandboxer(&x, "2.3.4", shim, pinned),
		  "ok    sandboxer     pods of runtime 'peapod' have no pause container");
	CHECK(!strstr(x.text.s, "warn  sandboxer"));
	CHECK_HAS(judge_sandboxer(&x, "2.3.4", shim, ""),
		  "warn  sandboxer     containerd 2.3 pulls");
	CHECK_HAS(judge_sandboxer(&x, "2.4.2", shim, pinned), "-> disable_pause_image_pull = true");
	judge_sandboxer(&x, "2.4.2", "disable_pause_image_pull = true\nsandboxer = 'shim'\n", "");
	CHECK(!strstr(x.text.s, "warn  sandboxer"));
	CHECK_HAS(judge_sandboxer(&x, "2.1.9", shim, ""), "crashes at a pod of the host's network");
	CHECK_HAS(judge_sandboxer(&x, "1.7.29", shim, ""), "does not know sandboxer");
	CHECK_HAS(judge_sandboxer(&x, "2.4.0", "sandboxer = 'shim'\nruntime_path = '/x'\n", ""),
		  "runtime_path has no effect");
	CHECK_HAS(judge_sandboxer(&x, "2.4.0", "io_type = \"streaming\"\n", ""),
		  "fail  sandboxer     io_type");
	CHECK_HAS(judge_sandboxer(&x, "2.4.0", "sandboxer = \"vmm\"\n", proxy),
		  "warn  sandboxer     pods of runtime 'peapod' are made by the plugin 'vmm'");
	CHECK_HAS(judge_sandboxer(&x, "2.4.0", "sandboxer = \"snap\"\n", proxy),
		  "fail  sandboxer     there is no sandbox controller 'snap'");
}

TEST(doctor_lists_what_is_left_on_one_line_each)
{
	auto_fixture x = { 0 };
	struct doctor_left dead = { .name = (char[]){ "web" },
				    .what = (char[]){ "stopped\nok    all is well" } };

	fixture_init(&x);
	x.f.containers = (struct doctor_lefts){ 1, &dead };
	x.f.pods = (struct doctor_lefts){ 1, &dead };
	CHECK_HAS(judge(&x), "warn  leftovers     container 'web': stopped?ok    all is well -> "
			     "peapod delete --force web\n");
	CHECK_HAS(x.text.s, "-> peapod pod rm --force web\n");
	CHECK(x.passed);
}

TEST(doctor_json_has_the_same)
{
	auto_fixture x = { 0 };
	auto_str struct str out = { 0 };

	fixture_init(&x);
	x.host.seccomp = false;
	doctor_json(doctor_judge(&x.f, &x.arena), &out);
	CHECK_HAS(str_text(&out), "\"passed\": false");
	CHECK_HAS(str_text(&out), "\"level\": \"fail\"");
	CHECK_HAS(str_text(&out), "\"advice\": \"a kernel with CONFIG_SECCOMP_FILTER");
}

TEST(doctor_reads_configs_of_containerd)
{
	auto_arena struct arena a = { 0 };
	struct doctor_containerd c = { 0 };

	doctor_containerd_scan(
		"# version = 9\n"
		"version = 3 # new\n"
		"imports = [\"/etc/containerd/conf.d/*.toml\"]\n"
		"disabled_plugins = []\n"
		"[plugins.'io.containerd.cri.v1.runtime'.containerd]\n"
		"default_runtime_name = 'runc'\n"
		"[ plugins . 'io.containerd.cri.v1.runtime' . containerd.runtimes.pea ] # x\n"
		"runtime_type = 'io.containerd.peapod.v2' # 'runc'\n"
		"[plugins.'io.containerd.cri.v1.runtime'.cni]\n"
		"conf_dir = '/a'\nbin_dirs = ['/b', '/c']\n",
		&a, &c);
	CHECK(c.config_version == 3 && c.imports && !c.cri_disabled);
	CHECK_TEXT(c.handler, "pea");
	CHECK(!c.handler_unread && !c.handler_cli && !c.is_default);
	CHECK_TEXT(c.net_dir, "/a");
	CHECK_TEXT(c.bin_dir, "/b");
}

TEST(doctor_tells_tables_that_are_not_read_and_other_ways_to_us)
{
	auto_arena struct arena a = { 0 };
	struct doctor_containerd c = { 0 }, d = { 0 }, none = { 0 };

	doctor_containerd_scan("version = 3\n"
			       "[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.p]\n"
			       "runtime_type = \"io.containerd.peapod.v2\"\n",
			       &a, &c);
	CHECK(c.handler && c.handler_unread);
	doctor_containerd_scan(
		"version = 2\ndisabled_plugins = [\"cri\"]\n"
		"[plugins.\"io.containerd.grpc.v1.cri\".containerd.runtimes.p.options]\n"
		"BinaryName = \"/usr/bin/peapod\"\n",
		&a, &d);
	CHECK_TEXT(d.handler, "p");
	CHECK(d.handler_cli && d.cri_disabled && !d.handler_unread);
	doctor_containerd_scan("= \n[\n]\n[[[\nx\nruntime_type = 'io.containerd.peapod.v2", &a,
			       &none);
	CHECK(!none.handler && none.config_version == 1);
}

TEST(doctor_reads_versions_of_containerd)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(doctor_containerd_version("containerd github.com/containerd/containerd "
					     "1.6.20~ds1 1.6.20~ds1-1+deb12u3\n",
					     &a),
		   "1.6.20");
	CHECK_TEXT(doctor_containerd_version("containerd github.com/containerd/containerd/v2 "
					     "v2.1.0-rc.1 0123abc\n",
					     &a),
		   "2.1.0");
	CHECK(!doctor_containerd_version("containerd dev unknown\n", &a));
	CHECK(!doctor_containerd_version("", &a));
}
