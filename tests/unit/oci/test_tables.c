/* SPDX-License-Identifier: Apache-2.0 */
/* The vocabularies: against the headers of kernel and libseccomp, and their look-ups. */
#include "spec/oci/tables.h"

#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "tests/unit/test.h"

static size_t rows(const struct name *table)
{
	size_t n = 0;

	while (table[n].name)
		n++;
	return n;
}

TEST(tables_names_are_unique)
{
	const struct name *const all[] = {
		oci_ns_names,
		oci_cap_names,
		oci_rlimit_names,
		oci_signal_names,
		oci_propagation_names,
		oci_sched_policy_names,
		oci_sched_flag_names,
		oci_ioprio_names,
		oci_personality_names,
		oci_time_clock_names,
		oci_mempolicy_mode_names,
		oci_mempolicy_flag_names,
		oci_hook_names,
		oci_seccomp_action_names,
		oci_seccomp_op_names,
		oci_seccomp_flag_names,
		oci_seccomp_arch_names,
	};

	for (size_t t = 0; t < sizeof(all) / sizeof(all[0]); t++) {
		for (size_t i = 0; i < rows(all[t]); i++)
			CHECK(names_find(all[t], all[t][i].name) == &all[t][i]);
	}
}

TEST(tables_namespaces)
{
	CHECK(rows(oci_ns_names) == OCI_NS_COUNT - 1);
	for (int i = 1; i < OCI_NS_COUNT; i++)
		CHECK_TEXT(names_of(oci_ns_names, i), oci_ns_infos[i].type);
	CHECK_TEXT(oci_ns_infos[OCI_NS_MOUNT].proc, "mnt");
	CHECK_TEXT(oci_ns_infos[OCI_NS_NETWORK].proc, "net");
	CHECK(!oci_ns_infos[OCI_NS_NONE].type);
}

TEST(tables_capabilities)
{
	for (size_t i = 0; i < rows(oci_cap_names); i++)
		CHECK(oci_cap_names[i].value == (int64_t)i);
	CHECK(oci_cap_find("CAP_SYS_ADMIN")->value == 21);
	CHECK(oci_cap_find("cap_sys_admin")->value == 21);
	CHECK(oci_cap_find("Sys_Admin")->value == 21);
	CHECK(!oci_cap_find("") && !oci_cap_find("CAP_") && !oci_cap_find("ALL"));
	CHECK(!oci_cap_find("CAP_CAP_CHOWN"));
}

TEST(tables_rlimits)
{
	CHECK(rows(oci_rlimit_names) == RLIM_NLIMITS);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++)
		CHECK(names_of(oci_rlimit_names, i));
}

TEST(tables_signals)
{
	CHECK(oci_signal_parse("KILL") == SIGKILL && oci_signal_parse("SIGKILL") == SIGKILL);
	CHECK(oci_signal_parse("sigkill") == SIGKILL && oci_signal_parse("term") == SIGTERM);
	CHECK(oci_signal_parse("9") == 9 && oci_signal_parse("64") == 64);
	CHECK(oci_signal_parse("0") == 0);
	CHECK(oci_signal_parse("RTMIN") == SIGRTMIN && oci_signal_parse("SIGRTMAX") == SIGRTMAX);
	CHECK(oci_signal_parse("rtmin+3") == SIGRTMIN + 3);
	CHECK(oci_signal_parse("SIGRTMAX-30") == SIGRTMIN);
	CHECK(oci_signal_parse("65") == -1 && oci_signal_parse("-1") == -1);
	CHECK(oci_signal_parse("RTMIN+31") == -1 && oci_signal_parse("RTMIN-1") == -1);
	CHECK(oci_signal_parse("RTMAX+1") == -1 && oci_signal_parse("RTMAX-31") == -1);
	CHECK(oci_signal_parse("") == -1 && oci_signal_parse("SIG") == -1);
	CHECK(oci_signal_parse("9x") == -1 && oci_signal_parse("SIGSIGKILL") == -1);
	CHECK(oci_signal_parse("RTMIN+") == -1 && oci_signal_parse("RTMINX") == -1);
	for (int i = 1; i < 32; i++)
		CHECK(names_of(oci_signal_names, i));
	CHECK_TEXT(names_of(oci_signal_names, SIGABRT), "ABRT");
	CHECK_TEXT(names_of(oci_signal_names, SIGCHLD), "CHLD");
	CHECK_TEXT(names_of(oci_signal_names, SIGIO), "IO");
}

/* The numbers that libseccomp takes; the four youngest are not in every version's header. */
TEST(tables_seccomp_archs)
{
	static const struct name want[] = {
		{ "SCMP_ARCH_X86", SCMP_ARCH_X86 },
		{ "SCMP_ARCH_X86_64", SCMP_ARCH_X86_64 },
		{ "SCMP_ARCH_X32", SCMP_ARCH_X32 },
		{ "SCMP_ARCH_ARM", SCMP_ARCH_ARM },
		{ "SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64 },
		{ "SCMP_ARCH_MIPS", SCMP_ARCH_MIPS },
		{ "SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64 },
		{ "SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32 },
		{ "SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL },
		{ "SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64 },
		{ "SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32 },
		{ "SCMP_ARCH_PPC", SCMP_ARCH_PPC },
		{ "SCMP_ARCH_PPC64", SCMP_ARCH_PPC64 },
		{ "SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE },
		{ "SCMP_ARCH_S390", SCMP_ARCH_S390 },
		{ "SCMP_ARCH_S390X", SCMP_ARCH_S390X },
		{ "SCMP_ARCH_PARISC", SCMP_ARCH_PARISC },
		{ "SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64 },
		{ "SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64 },
		{ 0 },
	};

	CHECK(rows(want) == OCI_SECCOMP_ARCHS_25);
	for (size_t i = 0; i < rows(want); i++) {
		CHECK_TEXT(oci_seccomp_arch_names[i].name, want[i].name);
		CHECK(oci_seccomp_arch_names[i].value == (int64_t)want[i].value);
	}
	CHECK(rows(oci_seccomp_arch_names) == OCI_SECCOMP_ARCHS_25 + 4);
}

static const struct oci_mount_option *option(const char *name)
{
	static const struct oci_mount_option none;
	const struct oci_mount_option *o = oci_mount_option_find(name);

	CHECK(o);
	return o ? o : &none;
}

TEST(tables_mount_options)
{
	size_t n = 0;

	for (const struct oci_mount_option *o = oci_mount_options; o->name; o++, n++) {
		CHECK(oci_mount_option_find(o->name) == o);
		CHECK(!n || strcmp(o[-1].name, o->name) < 0); /* sorted, as `features` shows it */
		/* An access time mode without the whole field in clr is EINVAL (mount_setattr(2)).
		 */
		if (o->attr_set & MOUNT_ATTR__ATIME)
			CHECK((o->attr_clr & MOUNT_ATTR__ATIME) == MOUNT_ATTR__ATIME);
		CHECK(!(o->attr_clr & MOUNT_ATTR__ATIME) || strstr(o->name, "atime"));
	}
	CHECK(n == 65);
	CHECK(option("rro")->recursive && option("rro")->attr_set == MOUNT_ATTR_RDONLY);
	CHECK(option("rrw")->recursive && option("rrw")->attr_clr == MOUNT_ATTR_RDONLY);
	CHECK(!option("ro")->recursive && option("rw")->attr_clr == MOUNT_ATTR_RDONLY);
	CHECK(option("rnoatime")->attr_clr == MOUNT_ATTR__ATIME);
	CHECK(option("rshared")->propagation == (MS_SHARED | MS_REC));
	CHECK(option("sync")->sb_set == MS_SYNCHRONOUS &&
	      option("async")->sb_clr == MS_SYNCHRONOUS);
	CHECK(option("rbind")->special == OCI_MOUNT_RBIND);
	CHECK(!oci_mount_option_find("mode=755") && !oci_mount_option_find("RO"));
	CHECK(!oci_mount_option_find("acl") && !oci_mount_option_find(""));
	CHECK_TEXT(oci_mount_option_nearest("nosiud"), "nosuid");
	CHECK(!oci_mount_option_nearest("size=64m"));
}

/* Every option of the table in config.md, "Linux mount options". */
TEST(tables_mount_options_of_the_spec)
{
	static const char *const names[] = {
		"async",    "atime",	    "bind",	   "defaults",	  "dev",
		"diratime", "dirsync",	    "exec",	   "iversion",	  "lazytime",
		"loud",	    "mand",	    "noatime",	   "nodev",	  "nodiratime",
		"noexec",   "noiversion",   "nolazytime",  "norelatime",  "nostrictatime",
		"nosuid",   "nosymfollow",  "private",	   "ratime",	  "rbind",
		"rdev",	    "rdiratime",    "relatime",	   "remount",	  "rexec",
		"rnoatime", "rnodiratime",  "rnoexec",	   "rnorelatime", "rnostrictatime",
		"rnosuid",  "rnosymfollow", "ro",	   "rprivate",	  "rrelatime",
		"rro",	    "rrw",	    "rshared",	   "rslave",	  "rstrictatime",
		"rsuid",    "rsymfollow",   "runbindable", "rw",	  "shared",
		"silent",   "slave",	    "strictatime", "suid",	  "symfollow",
		"sync",	    "tmpcopyup",    "unbindable",  "idmap",	  "ridmap",
		"nomand",   "rnodev",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		option(names[i]);
}

static void add_all(const char *const *names, uint64_t *set, uint64_t *clr)
{
	*set = 0;
	*clr = 0;
	for (; *names; names++)
		oci_mount_option_add(option(*names), set, clr);
}

TEST(tables_mount_options_later_wins)
{
	uint64_t set, clr;

	add_all((const char *const[]){ "ro", "rw", NULL }, &set, &clr);
	CHECK(!set && clr == MOUNT_ATTR_RDONLY);
	add_all((const char *const[]){ "suid", "nosuid", "nodev", NULL }, &set, &clr);
	CHECK(set == (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV) && !clr);
	add_all((const char *const[]){ "noatime", "strictatime", NULL }, &set, &clr);
	CHECK(set == MOUNT_ATTR_STRICTATIME && clr == MOUNT_ATTR__ATIME);
	add_all((const char *const[]){ "strictatime", "relatime", "nodiratime", NULL }, &set, &clr);
	CHECK(set == MOUNT_ATTR_NODIRATIME && clr == MOUNT_ATTR__ATIME);
	add_all((const char *const[]){ "noatime", "atime", NULL }, &set, &clr);
	CHECK(!set && clr == MOUNT_ATTR__ATIME);
}
