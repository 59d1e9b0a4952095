/* SPDX-License-Identifier: Apache-2.0 */
/* rdt: directories and one-line files below the resctrl mount (the kernel's resctrl.rst). */
#include "shim/engine/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821
#endif

#define MOUNT_POINT   "/sys/fs/resctrl"
#define MOUNTINFO_MAX (64 << 20)
#define FILE_MAX      (64 << 10)
#define GROUP_MODE    0755
#define KEY	      "linux: intelRdt"

static int open_mount(const char *path)
{
	auto_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) || fs.f_type != RDTGROUP_SUPER_MAGIC)
		return -1;
	return take_fd(&fd);
}

/* Field 5 of the line whose type is resctrl (proc(5)). */
static int open_other_mount(void)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	char *text = read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &a, NULL, &ignored);
	char *at = text ? strstr(text, " - resctrl ") : NULL;
	char *point;

	if (!at)
		return -1;
	*at = '\0';
	while (at > text && at[-1] != '\n')
		at--;
	for (int i = 0; at && i < 4; i++)
		at = strchr(at + !!i, ' ');
	if (!at)
		return -1;
	point = arena_strndup(&a, at + 1, strcspn(at + 1, " "));
	return open_mount(point);
}

int rdt_open(struct err *e)
{
	int fd = open_mount(MOUNT_POINT);

	if (fd < 0)
		fd = open_other_mount();
	return fd >= 0 ? fd
		       : err_set(e, ENOTSUP,
				 KEY ": no resctrl file system is mounted (mount -t resctrl "
				     "resctrl " MOUNT_POINT ", where the CPU has RDT)");
}

/* What the kernel has to say about a refused write, when it is there. */
static const char *last_status(int resctrl, struct arena *a)
{
	struct err ignored;
	char *text = read_file(resctrl, "info/last_cmd_status", FILE_MAX, a, NULL, &ignored);

	if (!text || str_eq(text, "ok\n"))
		return "";
	text[strcspn(text, "\n")] = '\0';
	return arena_printf(a, ": the kernel says '%s'", text);
}

static int write_line(int resctrl, int dir, const char *file, const char *line, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int fd = root_open(dir, file, O_WRONLY, e);

	if (fd < 0)
		return err_ctx(e, KEY);
	if (write(fd, line, strlen(line)) < 0)
		return err_sys(e, KEY ": write '%.*s' to %s%s", (int)strcspn(line, "\n"), line,
			       file, last_status(resctrl, &a));
	return 0;
}

/* schemata takes whole lines only. */
static int write_schema(int resctrl, int dir, const char *line, struct err *e)
{
	auto_arena struct arena a = { 0 };

	return write_line(resctrl, dir, "schemata", arena_printf(&a, "%s\n", line), e);
}

static int open_group(int resctrl, const char *name, struct err *e)
{
	int fd = root_open_real(resctrl, *name ? name : ".", O_PATH | O_DIRECTORY, e);

	return fd < 0 ? err_ctx(e, KEY ": group '%s'", *name ? name : "/") : fd;
}

/* 1: made, 0: was there. */
static int make_group(int dir, const char *name, struct err *e)
{
	if (!mkdirat(dir, name, GROUP_MODE))
		return 1;
	if (errno == EEXIST)
		return 0;
	if (errno == ENOSPC)
		return err_set(e, ENOSPC, KEY ": group '%s': the CPU has no class of service left",
			       name);
	return err_sys(e, KEY ": make group '%s'", name);
}

static int check_machine(const struct plan_rdt *p, int resctrl, struct err *e)
{
	static const char *const dir = "info/L3_MON/mon_features";
	auto_arena struct arena a = { 0 };
	const char *text;
	struct err ignored;

	if (!p->cache_monitoring && !p->bandwidth_monitoring && !p->monitor)
		return 0;
	text = read_file(resctrl, dir, FILE_MAX, &a, NULL, &ignored);
	if (p->cache_monitoring && (!text || !strstr(text, "llc_occupancy")))
		return err_set(e, ENOTSUP, KEY ": enableCMT: this machine cannot monitor caches");
	if (p->bandwidth_monitoring && (!text || !strstr(text, "mbm_")))
		return err_set(e, ENOTSUP,
			       KEY ": enableMBM: this machine cannot monitor memory bandwidth");
	if (p->monitor && !text)
		return err_set(e, ENOTSUP, KEY ": enableMonitoring: this machine cannot monitor");
	return 0;
}

static int compare(const struct plan_rdt *p, int dir, struct arena *a, struct err *e)
{
	const char *text = *p->compare ? read_file(dir, "schemata", FILE_MAX, a, NULL, e) : "";

	if (!text)
		return err_ctx(e, KEY);
	for (char **line = p->compare; *line; line++) {
		if (!plan_rdt_matches(text, *line))
			return err_set(e, EEXIST,
				       KEY ": group '%s' is there already, and its schemata is not "
					   "'%s'",
				       *p->clos ? p->clos : "/", *line);
	}
	return 0;
}

static int fill(const struct plan_rdt *p, int resctrl, bool made, struct oci_state *record,
		struct arena *a, struct err *e)
{
	auto_fd int dir = open_group(resctrl, p->clos, e);
	auto_fd int groups = -1;

	if (dir < 0 || (!made && compare(p, dir, a, e)))
		return -1;
	for (char **line = p->lines; *line; line++) {
		if (write_schema(resctrl, dir, *line, e))
			return -1;
	}
	if (!p->monitor)
		return 0;
	groups = root_open_real(dir, "mon_groups", O_PATH | O_DIRECTORY, e);
	if (groups < 0)
		return err_ctx(e, KEY ": enableMonitoring");
	if (make_group(groups, p->monitor, e) < 0)
		return -1;
	record->rdt_monitor = arena_strdup(a, p->monitor);
	return 0;
}

int rdt_make(const struct plan_rdt *p, int resctrl, struct oci_state *record, struct arena *a,
	     struct err *e)
{
	int made = 0;

	if (resctrl < 0)
		return 0;
	if (check_machine(p, resctrl, e))
		return -1;
	if (*p->clos && !p->must_exist)
		made = make_group(resctrl, p->clos, e);
	if (made < 0)
		return -1;
	record->rdt_clos = arena_strdup(a, *p->clos ? p->clos : "/");
	record->rdt_made = made;
	return fill(p, resctrl, made, record, a, e);
}

static int open_clos(const struct oci_state *record, int resctrl, struct err *e)
{
	const char *clos = record->rdt_clos;

	/* it comes from a file, which nobody but us writes; still no path */
	if (strchr(clos, '/'))
		clos = "";
	return open_group(resctrl, clos, e);
}

int rdt_join(const struct oci_state *record, int resctrl, pid_t pid, struct err *e)
{
	auto_fd int dir = -1;
	auto_fd int monitor = -1;
	auto_arena struct arena a = { 0 };
	char text[16];

	if (resctrl < 0 || !record->rdt_clos)
		return 0;
	snprintf(text, sizeof(text), "%d\n", pid);
	dir = open_clos(record, resctrl, e);
	if (dir < 0 || write_line(resctrl, dir, "tasks", text, e))
		return -1;
	if (!record->rdt_monitor)
		return 0;
	monitor = root_open_real(dir, arena_printf(&a, "mon_groups/%s", record->rdt_monitor),
				 O_PATH | O_DIRECTORY, e);
	return monitor < 0 ? err_ctx(e, KEY) : write_line(resctrl, monitor, "tasks", text, e);
}

int rdt_update(const struct oci_state *record, int resctrl, const char *l3, const char *mb,
	       struct err *e)
{
	auto_fd int dir = open_clos(record, resctrl, e);

	if (dir < 0 || (l3 && write_schema(resctrl, dir, l3, e)))
		return -1;
	return mb ? write_schema(resctrl, dir, mb, e) : 0;
}

static bool has_tasks(int dir)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	const char *text = read_file(dir, "tasks", FILE_MAX, &a, NULL, &ignored);

	return text && *text;
}

static int remove_dir(int dir, const char *path, struct err *e)
{
	if (!unlinkat(dir, path, AT_REMOVEDIR) || errno == ENOENT)
		return 0;
	return err_sys(e, KEY ": remove group '%s'", path);
}

int rdt_remove(const struct oci_state *record, int resctrl, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int dir = -1;

	if (resctrl < 0 || !record->rdt_clos)
		return 0;
	dir = open_clos(record, resctrl, e);
	if (dir < 0)
		return e->num == ENOENT ? 0 : -1;
	if (record->rdt_monitor &&
	    remove_dir(dir, arena_printf(&a, "mon_groups/%s", record->rdt_monitor), e))
		return -1;
	if (!record->rdt_made || has_tasks(dir))
		return 0;
	return remove_dir(resctrl, record->rdt_clos, e);
}
