/* SPDX-License-Identifier: Apache-2.0 */
/* The mount and device planners: config in, lines out. */
#include <errno.h>

#include "shim/engine/plan.h"
#include "spec/base/auto.h"
#include "tests/unit/test.h"

static struct host_cgroup v1_cgroups[] = {
	{ "memory", "/sys/fs/cgroup/memory", "/", "/", { 0 } },
	{ "cpu,cpuacct", "/sys/fs/cgroup/cpu,cpuacct", "/", "/", { 0 } },
	{ "name=systemd", "/sys/fs/cgroup/systemd", "/", "/", { 0 } },
	{ "", "/sys/fs/cgroup/unified", "/", "/", { 0 } },
};
static struct host_cgroup v2_cgroups[] = { { "", "/sys/fs/cgroup", "/", "/", { 0 } } };
static struct host hybrid = {
	.cgroup_mode = HOST_CGROUP_HYBRID,
	.cgroups = { countof(v1_cgroups), v1_cgroups },
	.has_idmap = true,
	.cgroup_base = "/sys/fs/cgroup",
};
static struct host unified = {
	.cgroup_mode = HOST_CGROUP_V2,
	.cgroups = { 1, v2_cgroups },
	.cgroup_base = "/sys/fs/cgroup",
};

#define HEAD                                                                                       \
	"{\"ociVersion\":\"1.3.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":" \
	"0,\"gid\":0}},"
#define NS    "\"namespaces\":[{\"type\":\"mount\"}"
#define ROOT  "\"root\":{\"path\":\"rootfs\"},"
#define LINUX "\"linux\":{" NS "]}"

/* Decoded only: what oci_validate() refuses as well must not get past the planner either. */
static const struct oci_config *decode(struct arena *a, const char *rest, struct err *e)
{
	const char *text = arena_printf(a, "%s%s}", HEAD, rest);
	struct oci_config *c = arena_alloc(a, sizeof(*c));
	struct json_object *doc = json_parse(text, strlen(text), e);

	return doc && !json_decode(json_own(a, doc), oci_config_fields, c, a, e) ? c : NULL;
}

/* The text of the plan, or of the error, for `rest` of a config with the given host. */
static char *plan_text(struct arena *a, const struct host *host, const char *rest)
{
	struct plan_input in = { .host = host, .id = "c", .bundle = "/b" };
	struct plan_mounts mounts;
	struct plan_dev dev;
	struct str out = { 0 };
	struct err e = { 0 };
	char *copy;

	in.config = decode(a, rest, &e);
	if (!in.config || plan_mounts(&in, a, &mounts, &e) || plan_dev(&in, a, &dev, &e))
		return arena_strdup(a, e.msg);
	plan_mounts_print(&mounts, &out);
	copy = arena_strdup(a, str_text(&out));
	str_done(&out);
	return copy;
}

static char *one_mount(struct arena *a, const char *mount)
{
	return plan_text(a, &hybrid, arena_printf(a, ROOT "\"mounts\":[%s]," LINUX, mount));
}

TEST(mounts_plan_of_the_usual_kinds)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(
		plan_text(
			&a, &hybrid,
			"\"root\":{\"path\":\"/r\",\"readonly\":true},\"mounts\":["
			"{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
			"{\"destination\":\"dev//./\",\"type\":\"tmpfs\",\"source\":\"tmpfs\","
			"\"options\":[\"nosuid\",\"strictatime\",\"mode=755\",\"size=64k\"]},"
			"{\"destination\":\"/tmp\",\"type\":\"tmpfs\",\"options\":[\"ro\","
			"\"tmpcopyup\",\"noexec\",\"exec\"]},"
			"{\"destination\":\"/data\",\"source\":\"vol\",\"options\":"
			"[\"rbind\",\"rprivate\",\"rro\",\"nodev\"]},"
			"{\"destination\":\"/keep\",\"type\":\"bind\",\"source\":\"/"
			"s\",\"options\":"
			"[\"bind\",\"slave\",\"shared\"]},"
			"{\"destination\":\"/rw\",\"source\":\"/s\",\"options\":[\"bind\",\"rw\"]},"
			"{\"destination\":\"/fs\",\"type\":\"xfs\",\"source\":\"/dev/"
			"x\",\"options\":"
			"[\"sync\",\"noatime\",\"a,context=\\\"u:r,s\\\",b=\"]}],"
			"\"linux\":{" NS "],\"maskedPaths\":[\"/proc/kcore\"],"
			"\"readonlyPaths\":[\"/proc/sys\"],\"rootfsPropagation\":\"rshared\"}"),
		"root bind '/r'\n"
		"mount proc on '/proc'\n"
		"mount tmpfs on '/dev' flags=nosuid,strictatime data=mode=755,size=64k\n"
		"mount tmpfs on '/tmp' flags=ro tmpcopyup (ro at the end)\n"
		"mount rbind '/b/vol' on '/data' flags=nodev all-below=+ro rprivate\n"
		"mount bind '/s' on '/keep' slave shared\n"
		"mount bind '/s' on '/rw' flags=none\n"
		"mount xfs '/dev/x' on '/fs' flags=noatime data=a,context=u:r,s,b=,sync\n"
		"root pivot\n"
		"root rshared\n"
		"read-only '/proc/sys'\n"
		"mask '/proc/kcore'\n"
		"read-only mount '/tmp'\n"
		"read-only '/'\n");
}

TEST(mounts_plan_of_cgroups)
{
	static const char *const mount =
		"\"root\":{\"path\":\"/r\"},\"mounts\":[{\"destination\":\"/sys/fs/"
		"cgroup\",\"type\":"
		"\"cgroup\",\"source\":\"cgroup\",\"options\":[\"ro\"]}],\"linux\":{" NS "%s]}";
	auto_arena struct arena a = { 0 };
	struct host none = { 0 };

	CHECK_TEXT(plan_text(&a, &hybrid, arena_printf(&a, mount, "")),
		   "root old tree rslave\n"
		   "root bind '/r'\n"
		   "mount cgroup on '/sys/fs/cgroup' flags=ro\n"
		   "mount   memory: own directory of '/sys/fs/cgroup/memory'\n"
		   "mount   cpu,cpuacct: own directory of '/sys/fs/cgroup/cpu,cpuacct'\n"
		   "mount   systemd: own directory of '/sys/fs/cgroup/systemd'\n"
		   "mount   unified: own directory of '/sys/fs/cgroup/unified'\n"
		   "root pivot\n");
	CHECK_HAS(plan_text(&a, &hybrid, arena_printf(&a, mount, ",{\"type\":\"cgroup\"}")),
		  "mount   systemd: namespace's name=systemd\n"
		  "mount   unified: namespace's v2\n");
	CHECK_HAS(plan_text(&a, &unified, arena_printf(&a, mount, ",{\"type\":\"cgroup\"}")),
		  "mount cgroup2 on '/sys/fs/cgroup' flags=ro\nroot pivot\n");
	CHECK_TEXT(plan_text(&a, &none, arena_printf(&a, mount, "")),
		   "mounts[0] '/sys/fs/cgroup': type: this host has no cgroup file system mounted");
}

TEST(mounts_plan_refusals)
{
	static const struct {
		const char *mount, *error;
	} cases[] = {
		{ "{\"destination\":\"/..\",\"type\":\"tmpfs\"}", "the root itself" },
		{ "{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/s\"}",
		  "mounts[0] '/a': type: 'bind' needs the option 'bind' or 'rbind'" },
		{ "{\"destination\":\"/a\",\"source\":\"/s\"}", "type: required" },
		{ "{\"destination\":\"/a\",\"options\":[\"bind\"]}", "source: required" },
		{ "{\"destination\":\"/a\",\"source\":\"/s\",\"options\":[\"bind\",\"nosiud\"]}",
		  "options: 'nosiud' means nothing for a bind mount" },
		{ "{\"destination\":\"/a\",\"source\":\"/s\",\"options\":[\"bind\",\"sync\"]}",
		  "options: 'sync' means nothing" },
		{ "{\"destination\":\"/proc/sys\",\"type\":\"tmpfs\"}", "below /proc" },
		{ "{\"destination\":\"/x/../proc/self/attr\",\"source\":\"/"
		  "s\",\"options\":[\"bind\"]}",
		  "below /proc" },
		{ "{\"destination\":\"/proc/uptime\",\"type\":\"tmpfs\"}", "below /proc" },
		{ "{\"destination\":\"/proc\",\"type\":\"tmpfs\"}", "only procfs" },
		{ "{\"destination\":\"/a\",\"type\":\"proc\",\"options\":[\"tmpcopyup\"]}",
		  "'tmpcopyup' is for tmpfs only" },
		{ "{\"destination\":\"/a\",\"options\":[\"remount\",\"bind\",\"size=1\"]}",
		  "options: 'size' means nothing for a bind mount" },
		{ "{\"destination\":\"/a\",\"options\":[\"remount\",\"tmpcopyup\"]}",
		  "'tmpcopyup' is for tmpfs only" },
		{ "{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"idmap\"]}",
		  "only a bind mount can be id-mapped" },
		{ "{\"destination\":\"/a\",\"source\":\"/s\",\"options\":[\"bind\",\"idmap\"]}",
		  "there are no mappings" },
		{ "{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"copy-symlink\"]}",
		  "'copy-symlink' is for bind mounts only" },
		{ "{\"destination\":\"/a\",\"type\":\"tmpfs\",\"options\":[\"shared\",\"slave\","
		  "\"shared\",\"slave\",\"shared\"]}",
		  "more than 4 propagation options" },
	};
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(cases); i++)
		CHECK_HAS(one_mount(&a, cases[i].mount), cases[i].error);
	CHECK_HAS(one_mount(&a, "{\"destination\":\"/proc/uptime\",\"source\":\"/s\",\"options\":"
				"[\"bind\"]}"),
		  "mount bind '/s' on '/proc/uptime'");
	CHECK_TEXT(plan_text(&a, &hybrid, ROOT "\"linux\":{" NS "],\"maskedPaths\":[\"x\"]}"),
		   "linux.maskedPaths[0]: 'x' is not absolute");
	CHECK_HAS(plan_text(&a, &hybrid, ROOT "\"linux\":{" NS "],\"mountLabel\":\"l\"}"),
		  "SELinux is not enabled");
}

TEST(mounts_plan_without_mount_namespace)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(plan_text(&a, &hybrid, ROOT "\"linux\":{}"), "root chroot '/b/rootfs'\n");
	CHECK_TEXT(plan_text(&a, &hybrid, "\"root\":{\"path\":\"/r\"}"), "root chroot '/r'\n");
	CHECK_HAS(plan_text(&a, &hybrid,
			    ROOT "\"mounts\":[{\"destination\":\"/a\",\"type\":\"tmpfs\"}],"
				 "\"linux\":{}"),
		  "mounts: needs a mount namespace");
	CHECK_HAS(plan_text(&a, &hybrid, ROOT "\"linux\":{\"maskedPaths\":[\"/x\"]}"),
		  "linux.maskedPaths: needs a mount namespace");
	CHECK_HAS(plan_text(&a, &hybrid,
			    ROOT "\"linux\":{\"devices\":[{\"path\":\"/dev/a\",\"type\":\"p\"}]}"),
		  "linux.devices: needs a mount namespace");
}

TEST(mounts_plan_in_a_user_namespace)
{
	static const char *const rest =
		ROOT "\"mounts\":[{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"options\":"
		     "[\"newinstance\",\"gid=5\",\"mode=0620\"]}],\"linux\":{" NS
		     ",{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,\"hostID\":1000,"
		     "\"size\":%d}],\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,"
		     "\"size\":%d}]}";
	auto_arena struct arena a = { 0 };

	CHECK_HAS(plan_text(&a, &hybrid, arena_printf(&a, rest, 5, 5)),
		  "data=newinstance,mode=0620\n");
	CHECK_HAS(plan_text(&a, &hybrid, arena_printf(&a, rest, 6, 6)),
		  "data=newinstance,gid=5,mode=0620\n");
}

TEST(mounts_plan_in_our_own_user_namespace)
{
	static struct oci_idmap one[] = { { 0, 1000, 5 } };
	struct host inside = hybrid;
	auto_arena struct arena a = { 0 };
	static const char *const rest =
		ROOT "\"mounts\":[{\"destination\":\"/dev/pts\",\"type\":\"devpts\",\"options\":"
		     "[\"gid=5\",\"mode=0620\"]}],\"linux\":{" NS "]}";

	CHECK_HAS(plan_text(&a, &inside, rest), "data=gid=5,mode=0620\n");
	inside.in_userns = true;
	inside.gids.n = 1;
	inside.gids.v = one;
	CHECK_HAS(plan_text(&a, &inside, rest), "data=mode=0620\n");
	one[0].size = 6;
	CHECK_HAS(plan_text(&a, &inside, rest), "data=gid=5,mode=0620\n");
}

static char *dev_text(struct arena *a, const char *rest)
{
	struct plan_input in = { .host = &hybrid, .id = "c", .bundle = "/b" };
	struct plan_dev dev;
	struct str out = { 0 };
	struct err e = { 0 };
	char *copy;

	in.config = decode(a, rest, &e);
	if (!in.config || plan_dev(&in, a, &dev, &e))
		return arena_strdup(a, e.msg);
	plan_dev_print(&dev, &out);
	copy = arena_strdup(a, str_text(&out));
	str_done(&out);
	return copy;
}

TEST(dev_plan)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(dev_text(&a,
			    ROOT "\"linux\":{" NS "],\"devices\":["
				 "{\"path\":\"/dev/tty\",\"type\":\"c\",\"major\":5,\"minor\":0,"
				 "\"fileMode\":420,\"uid\":1,\"gid\":2},"
				 "{\"path\":\"/dev/ptmx\",\"type\":\"c\",\"major\":5,\"minor\":2},"
				 "{\"path\":\"/dev/net/tun\",\"type\":\"u\",\"major\":10,"
				 "\"minor\":200},"
				 "{\"path\":\"/f\",\"type\":\"p\",\"fileMode\":4480}]}"),
		   "dev node '/dev/null' c 1:3 0666\n"
		   "dev node '/dev/zero' c 1:5 0666\n"
		   "dev node '/dev/full' c 1:7 0666\n"
		   "dev node '/dev/random' c 1:8 0666\n"
		   "dev node '/dev/urandom' c 1:9 0666\n"
		   "dev node '/dev/tty' c 5:0 0644 1:2\n"
		   "dev node '/dev/net/tun' c 10:200 0666\n"
		   "dev fifo '/f' 0600\n"
		   "dev link '/dev/fd' -> '/proc/self/fd'\n"
		   "dev link '/dev/stdin' -> '/proc/self/fd/0'\n"
		   "dev link '/dev/stdout' -> '/proc/self/fd/1'\n"
		   "dev link '/dev/stderr' -> '/proc/self/fd/2'\n"
		   "dev link '/dev/core' -> '/proc/kcore'\n"
		   "dev link '/dev/ptmx' -> 'pts/ptmx'\n");
	CHECK_TEXT(dev_text(&a, ROOT "\"mounts\":[{\"destination\":\"/dev/\",\"source\":\"/dev\","
				     "\"options\":[\"rbind\"]}]," LINUX),
		   "");
	CHECK_HAS(dev_text(&a, ROOT "\"linux\":{" NS "],\"devices\":[{\"path\":\"/dev/x\",\"type\":"
				    "\"c\",\"major\":4096,\"minor\":0}]}"),
		  "linux.devices[0]: major, minor: 4096:0");
	CHECK_HAS(dev_text(&a, ROOT "\"linux\":{" NS "],\"devices\":[{\"path\":\"/dev/x\",\"type\":"
				    "\"q\"}]}"),
		  "type: 'q'");
	CHECK_HAS(dev_text(&a, ROOT "\"linux\":{" NS "],\"devices\":[{\"path\":\"x\",\"type\":"
				    "\"c\"}]}"),
		  "path: 'x' is not absolute");
}
