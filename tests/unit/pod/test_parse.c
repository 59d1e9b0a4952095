/* SPDX-License-Identifier: Apache-2.0 */
/* test_parse: names, containers, volumes, ports; checks across a spec; restarts; small texts. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "shim/pod/logs.h"
#include "shim/pod/net.h"
#include "shim/pod/pod.h"
#include "shim/pod/restart.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "tests/unit/test.h"

static const char *member(struct arena *a, const char *text)
{
	struct pod_member m;
	struct err e;

	return pod_parse_member(text, false, a, &m, &e)
		       ? arena_strdup(a, e.msg)
		       : arena_printf(a, "%s=%s", m.name, m.bundle);
}

static const char *volume(struct arena *a, const char *text)
{
	struct pod_volume v;
	struct err e;

	if (pod_parse_volume(text, a, &v, &e))
		return arena_strdup(a, e.msg);
	return arena_printf(a, "%s|%s|%s|%s", v.name, v.source ? v.source : "", v.path,
			    v.readonly ? "ro" : "rw");
}

static const char *port(struct arena *a, const char *text)
{
	struct cni_port p;
	struct err e;

	if (pod_parse_port(text, a, &p, &e))
		return arena_strdup(a, e.msg);
	return arena_printf(a, "%s|%d|%d|%s", p.host_ip ? p.host_ip : "", p.host_port,
			    p.container_port, p.protocol);
}

TEST(parse_names)
{
	char longest[POD_NAME_MAX + 2];
	struct err e;

	CHECK(!pod_check_name("pod", "web", &e));
	CHECK(!pod_check_name("pod", "a", &e));
	CHECK(!pod_check_name("pod", "Web-1_x", &e));
	CHECK(pod_check_name("pod", "", &e));
	CHECK(pod_check_name("pod", ".", &e));
	CHECK(pod_check_name("pod", "a.b", &e));
	CHECK(pod_check_name("pod", "a/b", &e));
	CHECK(pod_check_name("pod", "-a", &e));
	CHECK(pod_check_name("pod", "a-", &e));
	CHECK(pod_check_name("pod", "a\n", &e));
	CHECK(pod_check_name("pod", "@pods", &e));
	CHECK_HAS(e.msg, "pod name '@pods'");
	memset(longest, 'x', sizeof(longest));
	longest[POD_NAME_MAX] = 0;
	CHECK(!pod_check_name("pod", longest, &e));
	longest[POD_NAME_MAX] = 'x';
	longest[POD_NAME_MAX + 1] = 0;
	CHECK(pod_check_name("pod", longest, &e));
}

TEST(parse_members)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(member(&a, "/usr"), "usr=/usr");
	CHECK_TEXT(member(&a, "/usr/../usr/"), "usr=/usr");
	CHECK_TEXT(member(&a, "app=/usr"), "app=/usr");
	CHECK_HAS(member(&a, "/"), "container name is empty");
	CHECK_HAS(member(&a, "/nonexistent-bundle"),
		  "bundle '/nonexistent-bundle': No such file or directory");
	CHECK_HAS(member(&a, "a.b=/usr"), "container name 'a.b'");
	CHECK_HAS(member(&a, "/etc/passwd"), "is not a directory");
	CHECK_HAS(member(&a, "infra=/usr"), "is taken by the pod");
}

TEST(parse_volumes)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(volume(&a, "data"), "data||/data|rw");
	CHECK_TEXT(volume(&a, "data:/srv/x"), "data||/srv/x|rw");
	CHECK_TEXT(volume(&a, "data:/srv/x/:ro"), "data||/srv/x|ro");
	CHECK_TEXT(volume(&a, "data=/usr"), "data|/usr|/data|rw");
	CHECK_TEXT(volume(&a, "data=/usr:/d:rw"), "data|/usr|/d|rw");
	CHECK_HAS(volume(&a, "data:rel"), "expected an absolute path");
	CHECK_HAS(volume(&a, "data:/"), "expected an absolute path");
	CHECK_HAS(volume(&a, "data:/a/../b"), "is not plain");
	CHECK_HAS(volume(&a, "data:/a:rx"), "expected 'ro' or 'rw', got 'rx'");
	CHECK_HAS(volume(&a, "da/ta"), "volume name 'da/ta'");
	CHECK_HAS(volume(&a, "data=/nonexistent"), "volume 'data': directory '/nonexistent'");
}

TEST(parse_ports)
{
	auto_arena struct arena a = { 0 };

	CHECK_TEXT(port(&a, "8080:80"), "|8080|80|tcp");
	CHECK_TEXT(port(&a, "53:5353/udp"), "|53|5353|udp");
	CHECK_TEXT(port(&a, "127.0.0.1:1:2"), "127.0.0.1|1|2|tcp");
	CHECK_TEXT(port(&a, "[fd00::1]:1:2/sctp"), "fd00::1|1|2|sctp");
	CHECK_HAS(port(&a, "80"), "expected [IP:]HOST:CONTAINER");
	CHECK_HAS(port(&a, "0:80"), "from 1 to 65535");
	CHECK_HAS(port(&a, "1:65536"), "from 1 to 65535");
	CHECK_HAS(port(&a, ":80"), "from 1 to 65535");
	CHECK_HAS(port(&a, "x:1:2"), "'x' is not an address");
	CHECK_HAS(port(&a, "1:2/icmp"), "protocol is not");
}

static struct pod_member two[] = { { .name = "a", .bundle = "/a" },
				   { .name = "b", .bundle = "/b" } };

TEST(check_spec)
{
	struct pod_volume v[] = { { .name = "x", .path = "/x" }, { .name = "y", .path = "/x" } };
	struct pod_spec s = { .name = "web", .net = POD_NET_NONE, .members = { 2, two } };
	struct cni_port p = { .host_port = 1, .container_port = 1 };
	struct err e;

	CHECK(!pod_check_spec(&s, &e));
	s.members.n = 0;
	CHECK(pod_check_spec(&s, &e));
	CHECK_HAS(e.msg, "at least one container");
	s.members.n = 1;
	two[0].init = true;
	CHECK(pod_check_spec(&s, &e));
	two[0].init = false;
	s.members.n = 2;
	two[1].name = (char *)"a";
	CHECK(pod_check_spec(&s, &e));
	CHECK_HAS(e.msg, "two containers are called 'a'");
	two[1].name = (char *)"b";
	s.volumes.v = v;
	s.volumes.n = 2;
	CHECK(pod_check_spec(&s, &e));
	CHECK_HAS(e.msg, "two volumes are for '/x'");
	s.volumes.n = 1;
	s.ports.v = &p;
	s.ports.n = 1;
	CHECK(pod_check_spec(&s, &e));
	CHECK_HAS(e.msg, "on a CNI network only");
}

TEST(check_add)
{
	struct pod_record r = { .phase = POD_RUNNING,
				.spec = { .name = "web", .members = { 2, two } } };
	struct pod_member m = { .name = (char *)"c" };
	struct err e;

	CHECK(!pod_check_add(&r, &m, false, &e));
	CHECK(pod_check_add(&r, &m, true, &e));
	CHECK_HAS(e.msg, "has no container 'c'");
	m.name = (char *)"a";
	CHECK(pod_check_add(&r, &m, false, &e));
	CHECK_HAS(e.msg, "already has a container 'a'");
	CHECK(!pod_check_add(&r, &m, true, &e));
	two[0].init = true;
	CHECK(pod_check_add(&r, &m, true, &e));
	two[0].init = false;
	r.phase = POD_EXITED;
	CHECK(pod_check_add(&r, &m, true, &e));
}

TEST(restart_policy_and_delays)
{
	uint32_t d = 0, last = 0;

	CHECK(!pod_restart_wanted(POD_RESTART_NEVER, 1));
	CHECK(pod_restart_wanted(POD_RESTART_ON_FAILURE, 1));
	CHECK(!pod_restart_wanted(POD_RESTART_ON_FAILURE, 0));
	CHECK(pod_restart_wanted(POD_RESTART_ALWAYS, 0));
	for (int i = 0; i < 30; i++) {
		d = pod_restart_delay(last, 5);
		CHECK(i == 0 ? d == RESTART_FIRST_MS : d == last * 2 || d == RESTART_MAX_MS);
		last = d;
	}
	CHECK(d == RESTART_MAX_MS);
	CHECK(pod_restart_delay(d, RESTART_GOOD_MS) == RESTART_FIRST_MS);
	CHECK(pod_restart_delay(d, RESTART_GOOD_MS - 1) == RESTART_MAX_MS);
}

TEST(record_survives_its_file)
{
	auto_arena struct arena a = { 0 };
	char root[] = "/tmp/peapod-unit-pod-XXXXXX";
	struct pod_record r = { .id = (char *)"00", .created = pod_time(&a), .phase = POD_RUNNING },
			  *back;
	struct err e = { 0 };
	auto_fd int dir = -1, lock = -1;
	int32_t owner;

	ASSERT(mkdtemp(root));
	r.spec = (struct pod_spec){ .name = (char *)"web",
				    .net = POD_NET_CNI,
				    .restart = POD_RESTART_ALWAYS,
				    .members = { 2, two } };
	two[0].state = two[1].state = POD_WAITING;
	dir = pod_dir_make(root, "web", &e);
	CHECK(dir >= 0);
	CHECK(pod_dir_make(root, "web", &e) < 0 && e.num == EEXIST);
	CHECK(pod_dir_open(root, "wob", &e) < 0 && e.num == ENOENT);
	CHECK_TEXT(e.msg, "pod 'wob' does not exist");
	CHECK(!pod_record_save(dir, &r, &e));
	back = pod_record_load(dir, &a, &e);
	ASSERT(back);
	CHECK_TEXT(back->spec.name, "web");
	CHECK(back->spec.members.n == 2 && back->spec.restart == POD_RESTART_ALWAYS);
	CHECK_TEXT(back->spec.members.v[1].bundle, "/b");
	lock = pod_lock(dir, &owner, &e);
	CHECK(lock >= 0);
	CHECK(!pod_dir_remove(root, "web", &e));
	CHECK(!pod_dir_remove(root, "web", &e));
	/* Who still has the directory open finds no lock, and makes none. */
	CHECK(pod_lock(dir, &owner, &e) < 0 && e.num == ENOENT);
	CHECK(pod_dir_open(root, "web", &e) < 0 && e.num == ENOENT);
	CHECK(!path_remove_tree(-1, root, &e));
}

TEST(net_texts)
{
	auto_str struct str out = { 0 };
	char *ip[] = { (char *)"10.1.0.5/16", (char *)"fd00::5/64" };
	struct json_strs ips = { 2, ip };
	struct cni_dns dns = { .nameservers = { 1, (char *[]){ (char *)"10.0.0.10" } },
			       .search = { 2, (char *[]){ (char *)"a.b", (char *)"c" } },
			       .options = { 1, (char *[]){ (char *)"ndots:5" } } };

	pod_hosts_text("web", &ips, &out);
	CHECK_TEXT(out.s, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
			  "10.1.0.5\tweb\nfd00::5\tweb\n");
	str_clear(&out);
	pod_resolv_text(&dns, &out);
	CHECK_TEXT(out.s, "search a.b c\nnameserver 10.0.0.10\noptions ndots:5\n");
}

TEST(logs_lose_their_oldest_lines_only)
{
	char path[] = "/tmp/peapod-unit-log-XXXXXX";
	auto_fd int fd = mkostemp(path, O_CLOEXEC), reader = open(path, O_RDONLY | O_CLOEXEC);
	static char line[1024], got[sizeof(line)];
	struct stat st;

	unlink(path);
	memset(line, 'x', sizeof(line) - 1);
	line[sizeof(line) - 1] = '\n';
	for (int i = 0; i < 256; i++)
		CHECK(write(fd, line, sizeof(line)) == sizeof(line));
	fsync(fd);
	pod_log_trim(fd, 1 << 20, 1 << 16); /* not too large */
	CHECK(!pod_log_skip_hole(reader) && lseek(reader, 0, SEEK_CUR) == 0);
	pod_log_trim(fd, 1 << 17, 1 << 16);
	CHECK(!fstat(fd, &st) && st.st_size == 256 * (off_t)sizeof(line));
	CHECK(st.st_blocks * 512 <= 1 << 17);
	CHECK(pod_log_skip_hole(reader));
	CHECK(lseek(reader, 0, SEEK_CUR) == st.st_size - (1 << 16));
	CHECK(read(reader, got, sizeof(got)) == sizeof(got) && !memcmp(got, line, sizeof(got)));
	lseek(reader, 0, SEEK_END);
	CHECK(!pod_log_skip_hole(reader) && lseek(reader, 0, SEEK_CUR) == st.st_size);
}
