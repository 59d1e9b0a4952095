/* SPDX-License-Identifier: Apache-2.0 */
/* The rules across fields, but for linux: one line a rule, with the text that the user reads. */
#include "spec/oci/validate.h"

#include "tests/unit/oci/rules.h"

TEST(validate_top)
{
	static const struct rule rules[] = {
		{ TOP, "'ociVersion':'1.3.0'", NULL },
		{ TOP, "'ociVersion':'1.0.0-rc5'", NULL },
		{ TOP, "'ociVersion':'1.99.0-a.b-c+d.1'", NULL },
		{ TOP, "'ociVersion':'2.0.0'", "ociVersion: 2.0.0 is not supported, only 1.x" },
		{ TOP, "'ociVersion':'10.0.0'", "ociVersion: 10.0.0 is not supported, only 1.x" },
		{ TOP, "'ociVersion':'1.0'", "ociVersion: '1.0' is not a version such as 1.3.0" },
		{ TOP, "'ociVersion':'1.0.0.0'",
		  "ociVersion: '1.0.0.0' is not a version such as 1.3.0" },
		{ TOP, "'ociVersion':'1.02.0'",
		  "ociVersion: '1.02.0' is not a version such as 1.3.0" },
		{ TOP, "'ociVersion':'1.0.0-'",
		  "ociVersion: '1.0.0-' is not a version such as 1.3.0" },
		{ TOP, "'ociVersion':'1.0.0+a..b'",
		  "ociVersion: '1.0.0+a..b' is not a version such as 1.3.0" },
		{ TOP, "'root':null", "root: required, but absent" },
		{ TOP, "'process':null", "process: required, but absent" },
		{ TOP, "'linux':null", NULL },
		{ TOP, "'linux':null,'hostname':'a'", "hostname: there is no uts namespace" },
		{ TOP, "'hostname':'a'", NULL },
		{ TOP, "'linux':{},'hostname':'a'", "hostname: there is no uts namespace" },
		{ TOP, "'linux':{},'domainname':'a'", "domainname: there is no uts namespace" },
		{ TOP, "'linux':{},'hostname':''", NULL },
		{ TOP,
		  "'hostname':'0123456789012345678901234567890123456789012345678901234567890123x'",
		  "hostname: longer than 64 bytes" },
		{ TOP, "'hostname':'a\\nb'", "hostname: control character at byte 1" },
		{ TOP, "'annotations':{'':'x'}", "annotations: a key is empty" },
	};

	CHECK_RULES(rules);
}

TEST(validate_hooks)
{
	static const struct rule rules[] = {
		{ TOP, "'hooks':{'prestart':[{'path':'/a','timeout':1}]}", NULL },
		{ TOP, "'hooks':{'poststop':[{'path':'/a'},{'path':'a'}]}",
		  "hooks: poststop: [1]: path: 'a' is not absolute" },
		{ TOP, "'hooks':{'poststart':[{'path':'/a','timeout':0}]}",
		  "hooks: poststart: [0]: timeout: expected seconds above 0, got 0" },
		{ TOP, "'hooks':{'createRuntime':[{'path':'/a','timeout':-5}]}",
		  "hooks: createRuntime: [0]: timeout: expected seconds above 0, got -5" },
		{ TOP, "'hooks':{'createContainer':[{'path':'/a','env':['A']}]}",
		  "hooks: createContainer: [0]: env: [0]: 'A' is not NAME=value" },
		{ TOP, "'hooks':{'startContainer':[{'args':['x']}]}",
		  "hooks: startContainer: [0]: path: required, but absent" },
	};

	CHECK_RULES(rules);
}

TEST(validate_process_identity)
{
	static const struct rule rules[] = {
		{ PROCESS, "'args':[]", "process: args: at least one is required" },
		{ PROCESS, "'args':null", "process: args: at least one is required" },
		{ PROCESS, "'cwd':'x'", "process: cwd: 'x' is not absolute" },
		{ PROCESS, "'cwd':''", "process: cwd: required, but empty" },
		{ PROCESS, "'env':['A=1','B']", "process: env: [1]: 'B' is not NAME=value" },
		{ PROCESS, "'env':['=1']", "process: env: [0]: '=1' is not NAME=value" },
		{ PROCESS, "'user':{'uid':4294967294,'gid':4294967294}", NULL },
		{ PROCESS, "'user':{'uid':4294967295}",
		  "process: user: uid: 4294967295 is not an id" },
		{ PROCESS, "'user':{'gid':4294967295}",
		  "process: user: gid: 4294967295 is not an id" },
		{ PROCESS, "'user':{'additionalGids':[0,4294967295]}",
		  "process: user: additionalGids: 4294967295 is not an id" },
		{ PROCESS, "'user':{'umask':511}", NULL },
		{ PROCESS, "'user':{'umask':512}",
		  "process: user: umask: expected 0..511, got 512" },
		{ PROCESS, "'terminal':true,'consoleSize':{'height':65536,'width':1}",
		  "process: consoleSize: height: expected 0..65535, got 65536" },
		{ PROCESS, "'consoleSize':{'height':65536}", NULL },
		{ PROCESS, "'capabilities':{'bounding':['CAP_FUTURE']}", NULL },
		{ PROCESS, "'apparmorProfile':'a\\u000ab'",
		  "process: apparmorProfile: control character at byte 1" },
		{ PROCESS, "'selinuxLabel':'\\u007f'",
		  "process: selinuxLabel: control character at byte 0" },
	};

	CHECK_RULES(rules);
}

TEST(validate_process_limits)
{
	static const struct rule rules[] = {
		{ PROCESS, "'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1}]", NULL },
		{ PROCESS,
		  "'rlimits':[{'type':'RLIMIT_CPU','soft':1,'hard':1},"
		  "{'type':'RLIMIT_CPU','soft':1,'hard':2}]",
		  "process: rlimits: [1]: RLIMIT_CPU: is there twice" },
		{ PROCESS, "'rlimits':[{'type':'RLIMIT_NOFLE','soft':1,'hard':1}]",
		  "process: rlimits: [0]: type: unknown value 'RLIMIT_NOFLE', did you mean "
		  "'RLIMIT_NOFILE'?" },
		{ PROCESS, "'rlimits':[{'type':'RLIMIT_CPU','soft':2,'hard':1}]",
		  "process: rlimits: [0]: RLIMIT_CPU: soft 2 is above hard 1" },
		{ PROCESS, "'rlimits':[{'type':'RLIMIT_CPU','soft':2}]",
		  "process: rlimits: [0]: hard: required, but absent" },
		{ PROCESS, "'oomScoreAdj':-1000", NULL },
		{ PROCESS, "'oomScoreAdj':1001",
		  "process: oomScoreAdj: expected -1000..1000, got 1001" },
	};

	CHECK_RULES(rules);
}

TEST(validate_process_scheduling)
{
	static const struct rule rules[] = {
		{ PROCESS, "'scheduler':{'policy':'SCHED_RR','priority':99}", NULL },
		{ PROCESS, "'scheduler':{'policy':'SCHED_RR'}",
		  "process: scheduler: priority: expected 1..99, got 0" },
		{ PROCESS, "'scheduler':{'policy':'SCHED_OTHER','priority':1}",
		  "process: scheduler: priority: is for SCHED_FIFO and SCHED_RR alone" },
		{ PROCESS, "'scheduler':{'policy':'SCHED_BATCH','nice':20}",
		  "process: scheduler: nice: expected -20..19, got 20" },
		{ PROCESS, "'scheduler':{'policy':'SCHED_IDLE','period':1}",
		  "process: scheduler: runtime, deadline and period: are for SCHED_DEADLINE "
		  "alone" },
		{ PROCESS, "'scheduler':{'policy':'SCHED_WILD'}",
		  "process: scheduler: policy: unknown value 'SCHED_WILD', expected one of "
		  "SCHED_OTHER, SCHED_FIFO, SCHED_RR, SCHED_BATCH, SCHED_ISO, SCHED_IDLE, "
		  "SCHED_DEADLINE" },
		{ PROCESS, "'scheduler':{'policy':'SCHED_OTHER','flags':['X']}",
		  "process: scheduler: flags: unknown value 'X', expected one of "
		  "SCHED_FLAG_RESET_ON_FORK, SCHED_FLAG_RECLAIM, SCHED_FLAG_DL_OVERRUN, "
		  "SCHED_FLAG_KEEP_POLICY, SCHED_FLAG_KEEP_PARAMS, SCHED_FLAG_UTIL_CLAMP_MIN, "
		  "SCHED_FLAG_UTIL_CLAMP_MAX" },
		{ PROCESS, "'scheduler':{}", "process: scheduler: policy: required, but absent" },
		{ PROCESS, "'ioPriority':{'class':'IOPRIO_CLASS_IDLE','priority':7}", NULL },
		{ PROCESS, "'ioPriority':{'class':'IOPRIO_CLASS_RT','priority':8}",
		  "process: ioPriority: priority: expected 0..7, got 8" },
		{ PROCESS, "'ioPriority':{'class':'best','priority':1}",
		  "process: ioPriority: class: unknown value 'best', expected one of "
		  "IOPRIO_CLASS_RT, IOPRIO_CLASS_BE, IOPRIO_CLASS_IDLE" },
		{ PROCESS, "'execCPUAffinity':{'initial':'0','final':'1-3,5,8191'}", NULL },
		{ PROCESS, "'execCPUAffinity':{'initial':'3-1'}",
		  "process: execCPUAffinity: initial: '3-1' is not a list such as 0-3,7 of "
		  "numbers up to 8191" },
		{ PROCESS, "'execCPUAffinity':{'final':'1,'}",
		  "process: execCPUAffinity: final: '1,' is not a list such as 0-3,7 of "
		  "numbers up to 8191" },
		{ PROCESS, "'execCPUAffinity':{'final':'8192'}",
		  "process: execCPUAffinity: final: '8192' is not a list such as 0-3,7 of "
		  "numbers up to 8191" },
		{ PROCESS, "'execCPUAffinity':{'final':'1-2-3'}",
		  "process: execCPUAffinity: final: '1-2-3' is not a list such as 0-3,7 of "
		  "numbers up to 8191" },
		{ PROCESS, "'execCPUAffinity':{'final':'18446744073709551617'}",
		  "process: execCPUAffinity: final: '18446744073709551617' is not a list such "
		  "as 0-3,7 of numbers up to 8191" },
	};

	CHECK_RULES(rules);
}

TEST(validate_mounts)
{
	static const struct rule rules[] = {
		{ MOUNT, "'type':'tmpfs','options':['size=1m','anything']", NULL },
		{ MOUNT, "'type':'tmpfs','destination':'relative'", NULL },
		{ MOUNT, "'type':'tmpfs','destination':'/'",
		  "mounts: [0] (/): destination: is the root itself" },
		{ MOUNT, "'type':'tmpfs','destination':'//.//'",
		  "mounts: [0] (//.//): destination: is the root itself" },
		{ MOUNT, "'type':'tmpfs','destination':''",
		  "mounts: [0]: destination: required, but empty" },
		{ MOUNT, "'source':'x'",
		  "mounts: [0] (/m): type: required, as this is not a bind mount" },
		{ MOUNT, "'type':'bind','source':'/x'",
		  "mounts: [0] (/m): options: type 'bind' needs option 'bind' or 'rbind'" },
		{ MOUNT, "'type':'bind','source':'/x','options':['rbind','ro','rslave']", NULL },
		{ MOUNT, "'source':'/x','options':['bind']", NULL },
		{ MOUNT, "'source':'/x','options':['','bind','']", NULL },
		{ MOUNT, "'options':['bind']", "mounts: [0] (/m): source: a bind mount needs one" },
		{ MOUNT, "'options':['remount','ro']", NULL },
		{ MOUNT, "'source':'/x','options':['bind','nosiud']",
		  "mounts: [0] (/m): options: unknown option 'nosiud', did you mean 'nosuid'?" },
		{ MOUNT, "'source':'/x','options':['bind','mode=755']",
		  "mounts: [0] (/m): options: 'mode=755' has no meaning for a bind mount" },
	};

	CHECK_RULES(rules);
}

TEST(validate_mount_maps)
{
	static const struct rule rules[] = {
		{ MOUNT,
		  "'source':'/x','options':['bind'],'uidMappings':" MAP ",'gidMappings':" MAP,
		  NULL },
		{ MOUNT,
		  "'source':'/x','options':['bind','idmap'],'uidMappings':" MAP
		  ",'gidMappings':" MAP,
		  NULL },
		{ MOUNT, "'source':'/x','options':['bind','ridmap']",
		  "mounts: [0] (/m): options: idmap needs mappings here, or a user namespace" },
		{ MOUNT, "'source':'/x','options':['bind'],'uidMappings':" MAP,
		  "mounts: [0] (/m): uidMappings: must come with gidMappings" },
		{ MOUNT, "'type':'tmpfs','uidMappings':" MAP ",'gidMappings':" MAP,
		  "mounts: [0] (/m): an id-mapped mount must be a bind mount" },
		{ MOUNT,
		  "'source':'/x','options':['bind'],'uidMappings':" MAP
		  ",'gidMappings':[{'containerID':0,'hostID':1,'size':0}]",
		  "mounts: [0] (/m): gidMappings: [0]: size is 0" },
	};

	CHECK_RULES(rules);
}

TEST(validate_ids)
{
	struct err e = { 0 };
	char longest[257];

	CHECK(!oci_validate_id("a", &e) && !oci_validate_id("...", &e));
	CHECK(!oci_validate_id("A_b+c.d-9", &e));
	CHECK(oci_validate_id("", &e) && oci_validate_id(".", &e) && oci_validate_id("..", &e));
	CHECK(oci_validate_id("a/b", &e) && oci_validate_id("a b", &e));
	CHECK(oci_validate_id("\xc3\xa4", &e) && oci_validate_id("a\n", &e));
	memset(longest, 'x', sizeof(longest));
	longest[256] = '\0';
	CHECK(oci_validate_id(longest, &e));
	CHECK_TEXT(e.msg, "container id is longer than 255 bytes");
	longest[255] = '\0';
	CHECK(!oci_validate_id(longest, &e));
}
