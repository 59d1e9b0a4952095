/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_write: write a plan's settings, in groups, and say why the kernel refuses one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define GROUP_MAX 8 /* settings of one group */

/* What an errno means for a file; the first row that matches. */
static const struct {
	const char *controller; /* NULL: any */
	const char *file;	/* beginning of its name */
	int num;
	const char *hint;
} hints[] = {
	{ "cpu", "cpu.rt_", EINVAL, "every cgroup above needs a realtime budget of that size" },
	{ "cpu", "cpu.cfs_", EINVAL,
	  "below the kernel's minimum of 1000 us, or more than a cgroup above has" },
	{ "cpu", "cpu.max", EINVAL, "the kernel's minimum of quota and period is 1000 us" },
	{ "cpuset", "", EACCES, "the cgroup above does not have all of them" },
	{ "cpuset", "", EINVAL, "no such CPU or memory node" },
	{ "cpuset", "", ERANGE, "no such CPU or memory node" },
	{ "memory", "memory.memsw", EINVAL, "less than the memory limit" },
	{ "memory", "", EBUSY, "too low: more is in use already" },
	{ NULL, "", ENODEV, "no such device" },
};

static const char *hint_of(const struct plan_cgroup_write *w, int num)
{
	for (size_t i = 0; i < sizeof(hints) / sizeof(*hints); i++)
		if (hints[i].num == num &&
		    (!hints[i].controller || !strcmp(hints[i].controller, w->controller)) &&
		    str_starts(w->file, hints[i].file))
			return hints[i].hint;
	return NULL;
}

/* Of v1 and v2; whichever is there. */
static void add_usage(int dir, struct arena *a, struct str *out)
{
	static const char *const files[][2] = { { "memory.usage_in_bytes", "usage" },
						{ "memory.current", "usage" },
						{ "memory.max_usage_in_bytes", "peak" },
						{ "memory.peak", "peak" } };
	struct err ignored;

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		const char *text = cgroup_read(dir, files[i][0], a, &ignored);

		if (text)
			str_addf(out, ", %s %s", files[i][1], text);
	}
}

/* On v2 a file is missing, too, where the cgroups above have not handed its controller down. */
static const char *missing_hint(const struct plan_cgroup *p, const struct plan_cgroup_write *w,
				int dir, struct arena *a)
{
	struct err ignored;
	const char *have =
		*p->dirs[w->dir].key ? NULL : cgroup_read(dir, "cgroup.controllers", a, &ignored);

	if (have && strcmp(w->controller, "cgroup") != 0 && !cgroup_list_has(have, w->controller))
		return arena_printf(a, "controller '%s' is not enabled for it", w->controller);
	return "this kernel has no such setting";
}

static int write_failed(const struct plan_cgroup *p, const struct plan_cgroup_write *w, int dir,
			struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str extra = { 0 };
	const struct plan_cgroup_dir *d = &p->dirs[w->dir];
	const char *hint = e->num == ENOENT ? missing_hint(p, w, dir, &a) : hint_of(w, e->num);

	if (hint)
		str_addf(&extra, " (%s", hint);
	if (hint && e->num == EBUSY && !strcmp(w->controller, "memory"))
		add_usage(dir, &a, &extra);
	if (hint)
		str_addc(&extra, ')');
	return err_ctx(e, "linux: resources: %s%s: cgroup '%s%s'", w->field, str_text(&extra),
		       d->mountpoint, d->path);
}

/* cpu.shares below 2 or above 262144 is silently changed. */
static int read_back(int dir, const struct plan_cgroup_write *w, struct err *e)
{
	auto_arena struct arena a = { 0 };
	uint64_t asked, got;
	char *text = cgroup_read(dir, w->file, &a, e);

	if (!text)
		return -1;
	if (parse_u64(w->value, 10, UINT64_MAX, &asked) || parse_u64(text, 10, UINT64_MAX, &got))
		return err_set(e, EINVAL, "'%s' reads back as '%.64s'", w->file, text);
	if (asked == got)
		return 0;
	return err_set(e, EINVAL, "%s of %s is %s", got > asked ? "the minimum" : "the maximum",
		       w->file, text);
}

static int check_usage(int dir, const struct plan_cgroup_write *w, struct err *e)
{
	auto_arena struct arena a = { 0 };
	uint64_t limit, usage;
	char *text = cgroup_read(dir, "memory.current", &a, e);

	if (!text)
		return -1;
	if (!parse_u64(w->value, 10, UINT64_MAX, &limit) &&
	    !parse_u64(text, 10, UINT64_MAX, &usage) && usage > limit)
		return err_set(e, EBUSY, "'%s' = %s", w->file, w->value);
	return 0;
}

static int write_one(int dir, const struct plan_cgroup_write *w, struct err *e)
{
	if ((w->flags & CGROUP_CHECK_USAGE) && check_usage(dir, w, e))
		return -1;
	if (!write_file(dir, w->file, w->value, e))
		return w->flags & CGROUP_READ_BACK ? read_back(dir, w, e) : 0;
	if (e->num != ENOENT)
		return -1;
	if (w->alt_file && !faccessat(dir, w->alt_file, F_OK, 0))
		return write_file(dir, w->alt_file, w->alt_value, e);
	return w->flags & CGROUP_IF_THERE ? 0 : -1;
}

/*
 * The right order of settings that constrain each other depends on what is
 * there and what shall be; any order in which the kernel takes them is right.
 */
static int write_group(const struct plan_cgroup *p, const struct cgroup *cg,
		       const struct plan_cgroup_write *const *group, size_t n, struct err *e)
{
	bool done[GROUP_MAX] = { false };
	size_t left = n, before = n + 1;
	const struct plan_cgroup_write *refused = NULL;
	struct err first = { 0 };

	while (left && left < before) {
		before = left;
		refused = NULL;
		for (size_t i = 0; i < n; i++) {
			if (done[i])
				continue;
			done[i] = !write_one(cg->dir_fds[group[i]->dir], group[i], e);
			left -= done[i];
			if (done[i] || refused)
				continue;
			refused = group[i];
			first = *e;
			if (e->num != EINVAL && e->num != EBUSY)
				return write_failed(p, refused, cg->dir_fds[refused->dir], e);
		}
	}
	if (!left)
		return 0;
	*e = first;
	return write_failed(p, refused, cg->dir_fds[refused->dir], e);
}

int cgroup_write_all(const struct plan_cgroup *p, const struct cgroup *cg, bool early,
		     struct err *e)
{
	const struct plan_cgroup_write *group[GROUP_MAX];
	size_t n = 0;

	for (size_t i = 0; i < p->n_writes; i++) {
		const struct plan_cgroup_write *w = &p->writes[i];

		if (!(w->flags & CGROUP_EARLY) == early)
			continue;
		if (n && (!w->group || w->group != group[0]->group || n == GROUP_MAX)) {
			if (write_group(p, cg, group, n, e))
				return -1;
			n = 0;
		}
		group[n++] = w;
	}
	return n ? write_group(p, cg, group, n, e) : 0;
}
