/* SPDX-License-Identifier: Apache-2.0 */
/* The rules about config.linux: one line a rule, with the text that the user reads. */
#include "spec/oci/validate.h"

#include "tests/unit/oci/rules.h"

TEST(validate_namespaces)
{
	static const struct rule rules[] = {
		{ LINUX, "'namespaces':[{'type':'pid'},{'type':'pid','path':'/x'}]",
		  "linux: namespaces: [1]: pid is there twice" },
		{ LINUX, "'namespaces':[{'type':'pid','path':'x'}]",
		  "linux: namespaces: [0]: path: 'x' is not absolute" },
		{ LINUX, "'namespaces':[{'type':'pid','path':''}]", NULL },
		{ LINUX, "'uidMappings':" MAP, "linux: uidMappings: there is no user namespace" },
		{ LINUX, "'gidMappings':" MAP, "linux: gidMappings: there is no user namespace" },
		{ LINUX, "'uidMappings':[]", NULL },
		{ LINUX, "'namespaces':[{'type':'user'}]",
		  "linux: uidMappings: required by the new user namespace" },
		{ LINUX, "'namespaces':[{'type':'user'}],'uidMappings':" MAP,
		  "linux: gidMappings: required by the new user namespace" },
		{ LINUX, "'namespaces':[{'type':'user'}],'uidMappings':" MAP ",'gidMappings':" MAP,
		  NULL },
		{ LINUX, "'namespaces':[{'type':'user','path':'/x'}]", NULL },
		{ LINUX,
		  "'namespaces':[{'type':'user','path':'/x'}],'uidMappings':" MAP
		  ",'gidMappings':" MAP,
		  NULL },
		{ LINUX, "'timeOffsets':{'boottime':{'secs':1}}",
		  "linux: timeOffsets: there is no new time namespace" },
		{ LINUX,
		  "'namespaces':[{'type':'time','path':'/x'}],"
		  "'timeOffsets':{'boottime':{'secs':1}}",
		  "linux: timeOffsets: there is no new time namespace" },
		{ LINUX, "'namespaces':[{'type':'time'}],'timeOffsets':{'realtime':{'secs':1}}",
		  "linux: timeOffsets: unknown value 'realtime', expected one of boottime, "
		  "monotonic" },
		{ LINUX,
		  "'namespaces':[{'type':'time'}],'timeOffsets':{'boottime':"
		  "{'nanosecs':1000000000}}",
		  "linux: timeOffsets: nanosecs: expected 0..999999999, got 1000000000" },
		{ LINUX, "'maskedPaths':['/x']",
		  "linux: maskedPaths: there is no mount namespace" },
		{ LINUX, "'readonlyPaths':['/x']",
		  "linux: readonlyPaths: there is no mount namespace" },
		{ LINUX, "'netDevices':{'eth0':{}}",
		  "linux: netDevices: there is no network namespace" },
	};

	CHECK_RULES(rules);
}

#define USER "'namespaces':[{'type':'user'}],'gidMappings':" MAP ",'uidMappings':"

TEST(validate_id_maps)
{
	static const struct rule rules[] = {
		{ LINUX, USER "[{'containerID':0,'hostID':0,'size':4294967295}]", NULL },
		{ LINUX, USER "[{'containerID':1,'hostID':0,'size':4294967295}]",
		  "linux: uidMappings: [0]: goes beyond id 4294967294" },
		{ LINUX, USER "[{'containerID':0,'hostID':4294967295,'size':1}]",
		  "linux: uidMappings: [0]: goes beyond id 4294967294" },
		{ LINUX,
		  USER "[{'containerID':0,'hostID':0,'size':10},"
		       "{'containerID':10,'hostID':10,'size':10}]",
		  NULL },
		{ LINUX,
		  USER "[{'containerID':0,'hostID':0,'size':10},"
		       "{'containerID':9,'hostID':10,'size':10}]",
		  "linux: uidMappings: [1]: overlaps with [0]" },
		{ LINUX,
		  USER "[{'containerID':5,'hostID':50,'size':10},"
		       "{'containerID':0,'hostID':59,'size':1}]",
		  "linux: uidMappings: [1]: overlaps with [0]" },
		{ LINUX, USER "[{'containerID':0,'hostID':0}]",
		  "linux: uidMappings: [0]: size: required, but absent" },
	};

	CHECK_RULES(rules);
}

TEST(validate_id_maps_have_a_limit)
{
	struct oci_idmap v[341] = { 0 };
	struct oci_config c = { 0 };
	struct oci_linux l = { .uid_mappings = { 341, v } };
	struct oci_process p = { .cwd = (char[]){ "/" }, .args = { 1, NULL } };
	struct oci_root root = { .path = (char[]){ "r" } };
	struct err e = { 0 };

	for (uint32_t i = 0; i < 341; i++)
		v[i] = (struct oci_idmap){ i, i, 1 };
	c.linux_ = &l;
	c.process = &p;
	c.root = &root;
	CHECK(oci_validate(&c, &e));
	CHECK_TEXT(e.msg, "linux: uidMappings: 341 entries, the kernel takes 340");
}

TEST(validate_sysctls)
{
	static const struct rule rules[] = {
		{ LINUX, "'sysctl':{'net.ipv4.conf.eth0/1.x':'1','net/a/b':'1\\t2'}", NULL },
		{ LINUX, "'sysctl':{'net.ipv4.x':'1\\n2'}",
		  "linux: sysctl: net.ipv4.x: control character in the value" },
		{ LINUX, "'sysctl':{'net/../kernel/core_pattern':'x'}",
		  "linux: sysctl: 'net/../kernel/core_pattern' is not the name of one" },
		{ LINUX, "'sysctl':{'/net':'x'}", "linux: sysctl: '/net' is not the name of one" },
		{ LINUX, "'sysctl':{'':'x'}", "linux: sysctl: '' is not the name of one" },
		{ LINUX, "'sysctl':{'a b':'x'}", "linux: sysctl: 'a b' is not the name of one" },
		{ LINUX, "'sysctl':{'net.a\\n':'x'}",
		  "linux: sysctl: control character at byte 5" },
	};

	CHECK_RULES(rules);
}

#define DEV "'devices':[{'path':'/dev/x','type':'c','major':1,'minor':2,"

TEST(validate_devices)
{
	static const struct rule rules[] = {
		{ LINUX, DEV "'uid':5}]", NULL },
		{ LINUX, "'devices':[{'path':'/p','type':'p'}]", NULL },
		{ LINUX, DEV "'type':'x'}]",
		  "linux: devices: [0]: type: unknown value 'x', expected one of c, u, b, p" },
		{ LINUX, DEV "'path':'dev/x'}]",
		  "linux: devices: [0]: path: 'dev/x' is not absolute" },
		{ LINUX, DEV "'path':'/dev/../x'}]",
		  "linux: devices: [0]: path: '/dev/../x' cannot be a device" },
		{ LINUX, DEV "'path':'/..x/y..'}]", NULL },
		{ LINUX, DEV "'path':'//'}]",
		  "linux: devices: [0]: path: '//' cannot be a device" },
		{ LINUX, DEV "'major':4096}]",
		  "linux: devices: [0]: major: expected 0..4095, got 4096" },
		{ LINUX, DEV "'minor':-1}]",
		  "linux: devices: [0]: minor: expected 0..1048575, got -1" },
		{ LINUX, DEV "'gid':4294967295}]",
		  "linux: devices: [0]: gid: 4294967295 is not an id" },
		{ LINUX, "'namespaces':[{'type':'network'}],'netDevices':{'a/b':{}}",
		  "linux: netDevices: 'a/b' is not the name of a network device" },
		{ LINUX,
		  "'namespaces':[{'type':'network'}],'netDevices':{'a':{'name':"
		  "'0123456789012345'}}",
		  "linux: netDevices: name: '0123456789012345' is not the name of a network "
		  "device" },
		{ LINUX, "'namespaces':[{'type':'network'}],'netDevices':{'a':{'name':'eth%d'}}",
		  NULL },
	};

	CHECK_RULES(rules);
}

TEST(validate_linux_texts)
{
	static const struct rule rules[] = {
		{ LINUX, "'cgroupsPath':'a..b:c:../d'",
		  "linux: cgroupsPath: has '..', or more "
		  "than 4096 bytes" },
		{ LINUX, "'cgroupsPath':'/a/..'",
		  "linux: cgroupsPath: has '..', or more than "
		  "4096 bytes" },
		{ LINUX, "'cgroupsPath':'kubepods-a..b.slice:cri:x'", NULL },
		{ LINUX, "'cgroupsPath':'/a\\n'",
		  "linux: cgroupsPath: control character at byte 2" },
		{ LINUX, "'rootfsPropagation':'rslave'", NULL },
		{ LINUX, "'rootfsPropagation':'slaves'",
		  "linux: rootfsPropagation: unknown value 'slaves', did you mean 'slave'?" },
		{ LINUX, "'namespaces':[{'type':'mount'}],'maskedPaths':['x']",
		  "linux: maskedPaths: 'x' is not absolute" },
		{ LINUX, "'namespaces':[{'type':'mount'}],'readonlyPaths':['/a','x']",
		  "linux: readonlyPaths: 'x' is not absolute" },
		{ LINUX, "'mountLabel':'a\\u0022b'", "linux: mountLabel: quote in a label" },
		{ LINUX, "'personality':{'domain':'LINUX'}", NULL },
		{ LINUX, "'personality':{'domain':'linux'}",
		  "linux: personality: domain: unknown value 'linux', expected one of LINUX, "
		  "LINUX32" },
		{ LINUX, "'personality':{'domain':'LINUX','flags':['X']}",
		  "linux: personality: flags: unknown value 'X', none are defined" },
	};

	CHECK_RULES(rules);
}

TEST(validate_rdt_and_memory_policy)
{
	static const struct rule rules[] = {
		{ LINUX, "'intelRdt':{'closID':'/'}", NULL },
		{ LINUX, "'intelRdt':{'closID':'a/b'}",
		  "linux: intelRdt: closID: 'a/b' is not the name of a directory" },
		{ LINUX, "'intelRdt':{'closID':'..'}",
		  "linux: intelRdt: closID: '..' is not the name of a directory" },
		{ LINUX, "'intelRdt':{'memBwSchema':'L3:0=1'}",
		  "linux: intelRdt: memBwSchema: does not start with MB:" },
		{ LINUX, "'intelRdt':{'l3CacheSchema':'L3:0=1\\nMB:0=1'}",
		  "linux: intelRdt: l3CacheSchema: control character at byte 6" },
		{ LINUX, "'intelRdt':{'schemata':['a\\n']}",
		  "linux: intelRdt: schemata: control character at byte 1" },
		{ LINUX, "'memoryPolicy':{'mode':'MPOL_PREFERRED'}", NULL },
		{ LINUX, "'memoryPolicy':{'mode':'MPOL_LOCAL','nodes':''}", NULL },
		{ LINUX, "'memoryPolicy':{'mode':'MPOL_LOCAL','nodes':'0'}",
		  "linux: memoryPolicy: nodes: MPOL_LOCAL takes none" },
		{ LINUX, "'memoryPolicy':{'mode':'MPOL_BIND'}",
		  "linux: memoryPolicy: nodes: MPOL_BIND needs at least one" },
		{ LINUX, "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'1024'}",
		  "linux: memoryPolicy: nodes: '1024' is not a list such as 0-3,7 of numbers up "
		  "to 1023" },
		{ LINUX, "'memoryPolicy':{'mode':'MPOL_BIN','nodes':'1'}",
		  "linux: memoryPolicy: mode: unknown value 'MPOL_BIN', did you mean "
		  "'MPOL_BIND'?" },
		{ LINUX, "'memoryPolicy':{'mode':'MPOL_BIND','nodes':'1','flags':['MPOL_F_X']}",
		  "linux: memoryPolicy: flags: unknown value 'MPOL_F_X', expected one of "
		  "MPOL_F_NUMA_BALANCING, MPOL_F_RELATIVE_NODES, MPOL_F_STATIC_NODES" },
	};

	CHECK_RULES(rules);
}

TEST(validate_resources)
{
	static const struct rule rules[] = {
		{ RESOURCES, "'devices':[{'allow':true,'type':'','access':''}]", NULL },
		{ RESOURCES, "'devices':[{'type':'p'}]",
		  "linux: resources: devices: [0]: type: unknown value 'p', expected one of a, "
		  "c, b" },
		{ RESOURCES, "'devices':[{},{'access':'rwx'}]",
		  "linux: resources: devices: [1]: access: 'rwx' is not of r, w and m alone" },
		{ RESOURCES, "'devices':[{'major':-2}]",
		  "linux: resources: devices: [0]: major: expected -1..4294967295, got -2" },
		{ RESOURCES, "'memory':{'limit':-2}",
		  "linux: resources: memory: limit: expected -1..9223372036854775807, got -2" },
		{ RESOURCES, "'memory':{'limit':100,'swap':99}",
		  "linux: resources: memory: swap: 99 is below limit 100, but stands for memory "
		  "and swap" },
		{ RESOURCES, "'memory':{'limit':100,'swap':-1}", NULL },
		{ RESOURCES, "'memory':{'limit':100,'swap':0}", NULL },
		{ RESOURCES, "'memory':{'swappiness':101}",
		  "linux: resources: memory: swappiness: expected 0..100, got 101" },
		{ RESOURCES, "'memory':{'swappiness':18446744073709551615}", NULL },
		{ RESOURCES, "'cpu':{'idle':2}",
		  "linux: resources: cpu: idle: expected 0..1, got 2" },
		{ RESOURCES, "'cpu':{'cpus':'0\\n1'}",
		  "linux: resources: cpu: cpus: control character at byte 1" },
		{ RESOURCES, "'unified':{'memory.high':'max','io.max':'a\\nb'}", NULL },
		{ RESOURCES, "'unified':{'../memory.high':'1'}",
		  "linux: resources: unified: '../memory.high' is not a file such as "
		  "memory.high" },
		{ RESOURCES, "'unified':{'memory':'1'}",
		  "linux: resources: unified: 'memory' is not a file such as memory.high" },
		{ RESOURCES, "'unified':{'..':'1'}",
		  "linux: resources: unified: '..' is not a file such as memory.high" },
	};

	CHECK_RULES(rules);
}

TEST(validate_resources_of_devices)
{
	static const struct rule rules[] = {
		{ RESOURCES, "'blockIO':{'weight':0,'leafWeight':10}", NULL },
		{ RESOURCES, "'blockIO':{'weight':9}",
		  "linux: resources: blockIO: weight: expected 10..1000, got 9" },
		{ RESOURCES, "'blockIO':{'weightDevice':[{'major':1,'minor':1}]}",
		  "linux: resources: blockIO: weightDevice: [0]: has no weight" },
		{ RESOURCES, "'blockIO':{'weightDevice':[{'major':1,'minor':1,'weight':1001}]}",
		  "linux: resources: blockIO: weightDevice: [0]: weight: expected 10..1000, got "
		  "1001" },
		{ RESOURCES,
		  "'blockIO':{'throttleReadIOPSDevice':[{'major':-1,'minor':1,'rate':1}]}",
		  "linux: resources: blockIO: throttleReadIOPSDevice: [0]: major: expected "
		  "0..4294967295, got -1" },
		{ RESOURCES, "'hugepageLimits':[{'pageSize':'1GB','limit':1}]", NULL },
		{ RESOURCES, "'hugepageLimits':[{'pageSize':'../B','limit':1}]",
		  "linux: resources: hugepageLimits: [0]: pageSize: '../B' is not a size such "
		  "as 2MB" },
		{ RESOURCES, "'hugepageLimits':[{'pageSize':'2M','limit':1}]",
		  "linux: resources: hugepageLimits: [0]: pageSize: '2M' is not a size such as "
		  "2MB" },
		{ RESOURCES, "'network':{'priorities':[{'name':'a b','priority':1}]}",
		  "linux: resources: network: priorities: [0]: name: 'a b' is not the name of a "
		  "network device" },
		{ RESOURCES, "'rdma':{'x':{}}",
		  "linux: resources: rdma: x: neither hcaHandles nor hcaObjects" },
		{ RESOURCES, "'rdma':{'x y':{'hcaHandles':1}}",
		  "linux: resources: rdma: 'x y' is not the name of a device" },
	};

	CHECK_RULES(rules);
}

#define RULE "'syscalls':[{'names':['read'],'action':"

TEST(validate_seccomp)
{
	static const struct rule rules[] = {
		{ SECCOMP, RULE "'SCMP_ACT_ERRNO','errnoRet':38}]", NULL },
		{ SECCOMP, "'defaultAction':'SCMP_ACT_DENY'",
		  "linux: seccomp: defaultAction: unknown value 'SCMP_ACT_DENY', expected one "
		  "of SCMP_ACT_KILL, SCMP_ACT_KILL_PROCESS, SCMP_ACT_KILL_THREAD, "
		  "SCMP_ACT_TRAP, SCMP_ACT_ERRNO, SCMP_ACT_TRACE, SCMP_ACT_ALLOW, SCMP_ACT_LOG, "
		  "SCMP_ACT_NOTIFY" },
		{ SECCOMP, "'defaultAction':''",
		  "linux: seccomp: defaultAction: required, but empty" },
		{ SECCOMP, "'defaultErrnoRet':1",
		  "linux: seccomp: defaultErrnoRet: SCMP_ACT_ALLOW takes no errno" },
		{ SECCOMP, "'architectures':['SCMP_ARCH_X86_46']",
		  "linux: seccomp: architectures: unknown value 'SCMP_ARCH_X86_46', did you mean "
		  "'SCMP_ARCH_X86_64'?" },
		{ SECCOMP, "'flags':['SECCOMP_FILTER_FLAG_LOGS']",
		  "linux: seccomp: flags: unknown value 'SECCOMP_FILTER_FLAG_LOGS', did you mean "
		  "'SECCOMP_FILTER_FLAG_LOG'?" },
		{ SECCOMP, "'syscalls':[{'names':[],'action':'SCMP_ACT_LOG'}]",
		  "linux: seccomp: syscalls: [0]: names: at least one is required" },
		{ SECCOMP, RULE "'SCMP_ACT_LOG','errnoRet':1}]",
		  "linux: seccomp: syscalls: [0]: errnoRet: SCMP_ACT_LOG takes no errno" },
		{ SECCOMP, RULE "'SCMP_ACT_ERRNO','errnoRet':4096}]",
		  "linux: seccomp: syscalls: [0]: errnoRet: expected 0..4095, got 4096" },
		{ SECCOMP, RULE "'SCMP_ACT_TRACE','errnoRet':65535}]", NULL },
		{ SECCOMP, RULE "'SCMP_ACT_LOG','args':[{'index':6,'op':'SCMP_CMP_EQ'}]}]",
		  "linux: seccomp: syscalls: [0]: args: [0]: index: expected 0..5, got 6" },
		{ SECCOMP, RULE "'SCMP_ACT_LOG','args':[{'index':1,'op':'SCMP_CMP_IN'}]}]",
		  "linux: seccomp: syscalls: [0]: args: [0]: op: unknown value 'SCMP_CMP_IN', "
		  "did you mean 'SCMP_CMP_NE'?" },
		{ SECCOMP, "'listenerMetadata':'x'",
		  "linux: seccomp: listenerMetadata: there is no listenerPath" },
		{ SECCOMP, RULE "'SCMP_ACT_NOTIFY'}]",
		  "linux: seccomp: syscalls: [0]: action: SCMP_ACT_NOTIFY needs a listenerPath" },
		{ SECCOMP, "'listenerPath':'/s'," RULE "'SCMP_ACT_NOTIFY'}]", NULL },
		{ SECCOMP,
		  "'listenerPath':'/s','syscalls':[{'names':['write'],"
		  "'action':'SCMP_ACT_NOTIFY'}]",
		  "linux: seccomp: syscalls: [0]: names: write cannot have SCMP_ACT_NOTIFY" },
		{ SECCOMP, "'listenerPath':'/s','defaultAction':'SCMP_ACT_NOTIFY'",
		  "linux: seccomp: defaultAction: SCMP_ACT_NOTIFY is for single calls" },
	};

	CHECK_RULES(rules);
}
