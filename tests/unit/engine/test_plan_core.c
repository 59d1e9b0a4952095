/* SPDX-License-Identifier: Apache-2.0 */
/* The planners of namespaces and of the process: what they print, what they refuse. */
#include "shim/engine/plan.h"
#include "tests/unit/test.h"

#define SETS "\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
#define PROC "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],\"user\":{\"uid\":0,\"gid\":0}}"

enum part {
	PART_PROC,
	PART_NS,
	PART_EXEC
};

/* The text of a plan, or the error. */
static const char *plan_text(struct arena *a, const char *config, enum part part)
{
	static const struct host host = { .bounding = (1ULL << 41) - 1,
					  .last_cap = 40,
					  .has_timens = true };
	struct plan_input in = { .host = &host, .id = "c", .bundle = "/b" };
	struct str out = { 0 };
	struct err e = { 0 };

	in.config = oci_config_parse(config, strlen(config), a, &e);
	if (!in.config)
		return arena_printf(a, "invalid: %s", e.msg);
	if (part == PART_NS) {
		struct plan_ns p;

		if (plan_ns(&in, a, &p, &e))
			return arena_strdup(a, e.msg);
		plan_ns_print(&p, &out);
	} else {
		struct plan_proc p;

		if (part == PART_EXEC ? plan_process(&in, in.config->process, a, &p, &e)
				      : plan_proc(&in, a, &p, &e))
			return arena_strdup(a, e.msg);
		plan_proc_print(&p, &out);
	}
	config = arena_strdup(a, str_text(&out));
	str_done(&out);
	return config;
}

static const char *ns_text(struct arena *a, const char *linux_)
{
	return plan_text(a, arena_printf(a, "{" SETS PROC ",%s}", linux_), PART_NS);
}

static const char *proc_text_of(struct arena *a, const char *process, enum part part)
{
	return plan_text(a,
			 arena_printf(a,
				      "{" SETS "\"process\":{\"cwd\":\"/\",\"args\":[\"sh\"],"
				      "\"user\":{\"uid\":0,\"gid\":0}%s},\"linux\":{}}",
				      process),
			 part);
}

static const char *proc_text(struct arena *a, const char *process)
{
	return proc_text_of(a, process, PART_PROC);
}

TEST(plan_ns_new_and_joined_in_order)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(ns_text(&a, "\"hostname\":\"h\",\"linux\":{\"namespaces\":["
			       "{\"type\":\"mount\"},{\"type\":\"user\",\"path\":\"/u\"},"
			       "{\"type\":\"uts\"},{\"type\":\"network\",\"path\":\"/n\"},"
			       "{\"type\":\"pid\",\"path\":\"/p\"}]}"),
		   "ns join pid /p\nns join network /n\nns join user /u\nns new mount\nns new uts\n"
		   "ns hostname h\n");
}

TEST(plan_ns_id_maps)
{
	auto_arena struct arena a = { 0 };
	const char *map = "[{\"containerID\":0,\"hostID\":100000,\"size\":65536},"
			  "{\"containerID\":65536,\"hostID\":5,\"size\":1}]";

	CHECK_TEXT(ns_text(&a, arena_printf(&a,
					    "\"linux\":{\"namespaces\":[{\"type\":\"user\"}],"
					    "\"uidMappings\":%s,\"gidMappings\":%s}",
					    map, map)),
		   "ns new user\nns uid_map 0 100000 65536, 65536 5 1\n"
		   "ns gid_map 0 100000 65536, 65536 5 1\n");
}

TEST(plan_ns_sysctls)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(ns_text(&a, "\"linux\":{\"namespaces\":[{\"type\":\"network\"},"
			       "{\"type\":\"ipc\"}],\"sysctl\":{"
			       "\"net.ipv4.conf.eth0/1.rp_filter\":\"1\","
			       "\"net/ipv4/ip_forward\":\"0\",\"kernel.shmmax\":\"5\","
			       "\"fs.mqueue.msg_max\":\"9\"}}"),
		   "ns new network\nns new ipc\n"
		   "ns sysctl net/ipv4/conf/eth0.1/rp_filter = '1'\n"
		   "ns sysctl net/ipv4/ip_forward = '0'\n"
		   "ns sysctl kernel/shmmax = '5'\nns sysctl fs/mqueue/msg_max = '9'\n");
}

TEST(plan_ns_refuses)
{
	static const struct {
		const char *config, *why;
	} cases[] = {
		{ "\"linux\":{\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}}", "network namespace" },
		{ "\"linux\":{\"sysctl\":{\"kernel.core_pattern\":\"x\"}}",
		  "kernel.core_pattern: not in a namespace" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"uts\"}],"
		  "\"sysctl\":{\"kernel.hostname\":\"x\"}}",
		  "use the hostname field" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"network\"}],"
		  "\"sysctl\":{\"net/../kernel/core_pattern\":\"x\"}}",
		  "sysctl" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"ipc\"}],"
		  "\"sysctl\":{\"kernel.shmmaxx\":\"1\"}}",
		  "not in a namespace" },
		{ "\"hostname\":\"h\",\"linux\":{}", "hostname" },
		{ "\"linux\":{\"timeOffsets\":{\"boottime\":{\"secs\":1}}}", "timeOffsets" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"time\",\"path\":\"/t\"}],"
		  "\"timeOffsets\":{\"boottime\":{\"secs\":1}}}",
		  "timeOffsets" },
		{ "\"linux\":{\"namespaces\":[{\"type\":\"user\"}]}", "Mappings" },
		{ "\"linux\":{\"uidMappings\":[{\"containerID\":0,\"hostID\":0,\"size\":1}]}",
		  "uidMappings" },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_HAS(ns_text(&a, cases[i].config), cases[i].why);
}

TEST(plan_proc_prints_all)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(proc_text(&a, ""),
		   "process new session keyring\nprocess caps bounding\nprocess user 0:0 groups\n"
		   "process caps permitted\nprocess caps effective\nprocess caps inheritable\n"
		   "process caps ambient\nprocess cwd /\nprocess umask 0022\nprocess args 'sh'\n");
}

TEST(plan_proc_env_last_wins)
{
	auto_arena struct arena a = { 0 };

	CHECK_HAS(proc_text(&a, ",\"env\":[\"A=1\",\"B=2\",\"A=3\",\"AB=4\"]"),
		  "process env 'B=2' 'A=3' 'AB=4'\n");
}

TEST(plan_proc_unknown_caps_are_ignored_once)
{
	auto_arena struct arena a = { 0 };
	const char *text =
		proc_text(&a, ",\"capabilities\":{\"bounding\":[\"CAP_NOPE\","
			      "\"CAP_KILL\"],\"permitted\":[\"CAP_NOPE\",\"CAP_KILL\"]}");

	CHECK_HAS(text, "process ignored caps 'CAP_NOPE'\n");
	CHECK_HAS(text, "process caps bounding CAP_KILL\n");
	CHECK_HAS(text, "process caps permitted CAP_KILL\n");
}

TEST(plan_proc_scheduling)
{
	auto_arena struct arena a = { 0 };
	const char *text =
		proc_text(&a, ",\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"nice\":5},"
			      "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":4},"
			      "\"execCPUAffinity\":{\"initial\":\"0-2,5\",\"final\":\"1\"}");

	CHECK_HAS(text, "process scheduler 3 nice 5 priority 0 flags 0 0/0/0\n");
	CHECK_HAS(text, "process ioprio 16388\n");
	CHECK(!strstr(text, "cpus"));
	CHECK_HAS(proc_text_of(&a, ",\"execCPUAffinity\":{\"initial\":\"0-2,5\",\"final\":\"1\"}",
			       PART_EXEC),
		  "process cpus initial 0 1 2 5\nprocess cpus final 1\n");
}

TEST(plan_proc_refuses)
{
	static const struct {
		const char *process, *why;
	} cases[] = {
		{ ",\"rlimits\":[{\"type\":\"RLIMIT_NOFILE\",\"soft\":2,\"hard\":1}]", "rlimits" },
		{ ",\"rlimits\":[{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1},"
		  "{\"type\":\"RLIMIT_CORE\",\"soft\":1,\"hard\":1}]",
		  "rlimits" },
		{ ",\"rlimits\":[{\"type\":\"RLIMIT_X\",\"soft\":1,\"hard\":1}]", "RLIMIT_X" },
		{ ",\"apparmorProfile\":\"p\"", "AppArmor" },
		{ ",\"selinuxLabel\":\"l\"", "SELinux" },
		{ ",\"scheduler\":{\"policy\":\"SCHED_X\"}", "policy" },
		{ ",\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}", "priority" },
		{ ",\"execCPUAffinity\":{\"final\":\"3-1\"}", "final" },
		{ ",\"execCPUAffinity\":{\"final\":\"1x\"}", "final" },
		{ ",\"capabilities\":{\"effective\":[\"CAP_KILL\"]}", "effective" },
		{ ",\"env\":[\"NOEQUALS\"]", "env" },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CHECK_HAS(proc_text(&a, cases[i].process), cases[i].why);
}

TEST(plan_proc_memory_policy)
{
	auto_arena struct arena a = { 0 };
	static const char form[] = "{" SETS PROC ",\"linux\":{\"memoryPolicy\":{\"mode\":\"%s\","
				   "\"nodes\":\"%s\",\"flags\":[\"MPOL_F_STATIC_NODES\"]}}}";

	CHECK_HAS(plan_text(&a, arena_printf(&a, form, "MPOL_BIND", "0-1,3"), PART_PROC),
		  "process memory policy 0x8002\nprocess memory nodes 0 1 3\n");
	CHECK_HAS(plan_text(&a, arena_printf(&a, form, "MPOL_BIND", "2-1"), PART_PROC), "nodes");
	CHECK_HAS(plan_text(&a, arena_printf(&a, form, "MPOL_X", "0"), PART_PROC), "MPOL_X");
}
