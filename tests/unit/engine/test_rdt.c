/* SPDX-License-Identifier: Apache-2.0 */
/* resctrl groups, on a directory that looks like the mount: this machine's CPU has none. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "shim/engine/rdt.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "tests/unit/test.h"

struct fixture {
	struct arena a;
	char path[32];
	int top;
	struct oci_state record;
	struct err e;
};

static void file_at(struct fixture *f, const char *path, const char *text)
{
	auto_fd int fd = openat(f->top, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	CHECK(fd >= 0 && !write_all(fd, text, strlen(text)));
}

/* A group as the kernel makes it; mkdir(2) in a real one makes these files. */
static void group(struct fixture *f, const char *name, const char *schemata)
{
	auto_fd int dir = -1;

	if (*name)
		CHECK(!mkdirat(f->top, name, 0755));
	dir = openat(f->top, *name ? name : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(!replace_file(dir, "schemata", schemata, strlen(schemata), 0644, &f->e));
	CHECK(!replace_file(dir, "tasks", "", 0, 0644, &f->e));
	CHECK(!mkdirat(dir, "mon_groups", 0755));
}

static void setup(struct fixture *f)
{
	*f = (struct fixture){ .path = "/tmp/peapod-rdt.XXXXXX" };
	CHECK(mkdtemp(f->path) != NULL);
	f->top = open(f->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	group(f, "", "L3:0=fff;1=fff\nMB:0=100;1=100\n");
	CHECK(!mkdirat(f->top, "info", 0755));
	CHECK(!mkdirat(f->top, "info/L3_MON", 0755));
}

static void teardown(struct fixture *f)
{
	CHECK(!path_remove_tree(AT_FDCWD, f->path, &f->e));
	close_fd(&f->top);
	arena_done(&f->a);
}

static const char *text_of(struct fixture *f, const char *path)
{
	char *text = read_file(f->top, path, 4096, &f->a, NULL, &f->e);

	return text ? text : "(missing)";
}

static char *none[] = { NULL };

TEST(rdt_lines_are_compared_by_domain)
{
	static const char is[] = "    MB:0= 20;1=100\n    L3:0=00f;1=0f0\n";

	CHECK(plan_rdt_matches("L3:0=f;1=f0\n", "L3:0=f;1=f0"));
	CHECK(plan_rdt_matches(is, "L3:0=f;1=f0"));
	CHECK(plan_rdt_matches(is, "L3:1=f0;0=f"));
	CHECK(plan_rdt_matches(is, "L3:1=f0"));
	CHECK(plan_rdt_matches(is, "MB:1=100"));
	CHECK(!plan_rdt_matches(is, "L3:0=f;1=f"));
	CHECK(!plan_rdt_matches(is, "L3:2=f"));
	CHECK(!plan_rdt_matches(is, "L2:0=f"));
	CHECK(!plan_rdt_matches(is, "L3"));
	CHECK(!plan_rdt_matches(is, "L3:0"));
	CHECK(!plan_rdt_matches("", "L3:0=f"));
}

TEST(rdt_of_others_is_joined_and_left)
{
	struct plan_rdt p = {
		.present = true, .clos = "gold", .must_exist = true, .compare = none, .lines = none
	};
	struct fixture f;

	setup(&f);
	CHECK(rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK_HAS(f.e.msg, "linux: intelRdt: group 'gold'");
	CHECK(f.e.num == ENOENT);
	group(&f, "gold", "L3:0=f\n");
	CHECK(!rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK(!rdt_join(&f.record, f.top, 4711, &f.e));
	CHECK_TEXT(text_of(&f, "gold/tasks"), "4711\n");
	CHECK_TEXT(text_of(&f, "gold/schemata"), "L3:0=f\n");
	CHECK(!f.record.rdt_made);
	CHECK(!rdt_remove(&f.record, f.top, &f.e));
	CHECK(!faccessat(f.top, "gold/tasks", F_OK, 0));
	teardown(&f);
}

TEST(rdt_that_is_there_must_have_the_same_schema)
{
	char *l3[] = { "L3:0=f", NULL }, *other[] = { "L3:0=ff", NULL };
	struct plan_rdt p = { .present = true, .clos = "gold", .compare = other, .lines = other };
	struct fixture f;

	setup(&f);
	group(&f, "gold", "L3:0=00f\n");
	CHECK(rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK_HAS(f.e.msg, "group 'gold' is there already, and its schemata is not 'L3:0=ff'");
	p.compare = p.lines = l3;
	CHECK(!rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK_HAS(text_of(&f, "gold/schemata"), "L3:0=f\n");
	teardown(&f);
}

TEST(rdt_monitoring_group_is_made_joined_and_removed)
{
	auto_fd int monitor = -1;
	struct plan_rdt p = {
		.present = true, .clos = "", .compare = none, .lines = none, .monitor = "c1"
	};
	struct fixture f;

	setup(&f);
	CHECK(rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK_HAS(f.e.msg, "enableMonitoring: this machine cannot monitor");
	file_at(&f, "info/L3_MON/mon_features", "llc_occupancy\n");
	CHECK(!rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK_TEXT(f.record.rdt_clos, "/");
	CHECK_TEXT(f.record.rdt_monitor, "c1");
	monitor = openat(f.top, "mon_groups/c1", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(!replace_file(monitor, "tasks", "", 0, 0644, &f.e));
	CHECK(!rdt_join(&f.record, f.top, 7, &f.e));
	CHECK_TEXT(text_of(&f, "mon_groups/c1/tasks"), "7\n");
	CHECK(!unlinkat(f.top, "mon_groups/c1/tasks", 0)); /* the kernel's vanish with it */
	CHECK(!rdt_remove(&f.record, f.top, &f.e));
	CHECK(faccessat(f.top, "mon_groups/c1", F_OK, 0));
	CHECK(!rdt_remove(&f.record, f.top, &f.e));
	p.bandwidth_monitoring = true;
	CHECK(rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK_HAS(f.e.msg, "enableMBM");
	teardown(&f);
}

TEST(rdt_of_our_own_is_removed_unless_others_are_in_it)
{
	struct fixture f;

	setup(&f);
	group(&f, "own", "L3:0=f\n");
	f.record.rdt_clos = "own";
	f.record.rdt_made = true;
	file_at(&f, "own/tasks", "12\n");
	CHECK(!rdt_remove(&f.record, f.top, &f.e));
	CHECK(!faccessat(f.top, "own", F_OK, 0));
	CHECK(!unlinkat(f.top, "own/tasks", 0));
	CHECK(!unlinkat(f.top, "own/schemata", 0));
	CHECK(!unlinkat(f.top, "own/mon_groups", AT_REMOVEDIR));
	CHECK(!rdt_remove(&f.record, f.top, &f.e));
	CHECK(faccessat(f.top, "own", F_OK, 0));
	teardown(&f);
}

TEST(rdt_update_writes_one_line_at_a_time)
{
	struct fixture f;

	setup(&f);
	group(&f, "own", "");
	f.record.rdt_clos = "own";
	CHECK(!rdt_update(&f.record, f.top, "L3:0=3", NULL, &f.e));
	CHECK_TEXT(text_of(&f, "own/schemata"), "L3:0=3\n");
	CHECK(!rdt_update(&f.record, f.top, NULL, "MB:0=10", &f.e));
	CHECK_HAS(text_of(&f, "own/schemata"), "MB:0=10\n");
	f.record.rdt_clos = "../own";
	CHECK(!rdt_update(&f.record, f.top, "L3:0=1", NULL, &f.e)); /* no path: the top */
	CHECK_HAS(text_of(&f, "schemata"), "L3:0=1\n");
	teardown(&f);
}

/* A link in the mount's place (a forged directory) leads nowhere. */
TEST(rdt_groups_are_no_links)
{
	struct plan_rdt p = {
		.present = true, .clos = "gold", .must_exist = true, .compare = none, .lines = none
	};
	struct fixture f;

	setup(&f);
	CHECK(!symlinkat("/etc", f.top, "gold"));
	CHECK(rdt_make(&p, f.top, &f.record, &f.a, &f.e));
	CHECK(f.e.num == ELOOP);
	teardown(&f);
}

TEST(rdt_absent_is_told)
{
	struct plan_rdt p = { 0 };
	struct oci_state record = { 0 };
	struct err e;
	auto_fd int fd = rdt_open(&e);

	if (fd < 0)
		CHECK_HAS(e.msg, "linux: intelRdt: no resctrl file system is mounted");
	CHECK(!rdt_make(&p, -1, &record, NULL, &e));
	CHECK(!rdt_join(&record, -1, 1, &e));
	CHECK(!rdt_remove(&record, -1, &e));
}
