/* SPDX-License-Identifier: Apache-2.0 */
/* plan_scope: names of the scope. */
#include "shim/engine/plan_scope.h"

#include <errno.h>
#include <string.h>

#include "shim/engine/plan_input.h"
#include "spec/base/auto.h"

#define DEFAULT_PREFIX	   "peapod"
#define DEFAULT_SLICE	   "system.slice"
#define DEFAULT_SLICE_USER "user.slice"
#define SLICE_SUFFIX	   ".slice"
#define ROOT_SLICE	   "-.slice"
#define UNIT_NAME_MAX	   255 /* systemd.unit(5) */
#define UNIT_CHARS                                                                                 \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789:-_.\\@" /* the same */

static int check_unit(const char *name, struct err *e)
{
	if (strlen(name) > UNIT_NAME_MAX)
		return err_set(e, ENAMETOOLONG,
			       "linux: cgroupsPath: unit name '%.64s...' is longer than %d", name,
			       UNIT_NAME_MAX);
	if (name[strspn(name, UNIT_CHARS)])
		return err_set(e, EINVAL,
			       "linux: cgroupsPath: '%.200s' is no name of a systemd unit", name);
	return 0;
}

/* "a-b.slice" is "/a.slice/a-b.slice"; "-.slice" is the root. */
static char *expand_slice(const char *slice, struct arena *a, struct err *e)
{
	auto_str struct str path = { 0 };
	size_t n = strlen(slice), stem = n - strlen(SLICE_SUFFIX);

	if (!strcmp(slice, ROOT_SLICE))
		return arena_strdup(a, "");
	if (!str_ends(slice, SLICE_SUFFIX) || n == strlen(SLICE_SUFFIX)) {
		err_set(e, EINVAL,
			"linux: cgroupsPath: '%.200s' is no slice (expected "
			"NAME.slice:PREFIX:NAME)",
			slice);
		return NULL;
	}
	for (size_t i = 0; i <= stem; i++) {
		if (i < stem && slice[i] != '-')
			continue;
		if (!i || slice[i - 1] == '-') {
			err_set(e, EINVAL,
				"linux: cgroupsPath: '%.200s' is no slice: a part between dashes "
				"is "
				"empty",
				slice);
			return NULL;
		}
		str_addf(&path, "/%.*s" SLICE_SUFFIX, (int)i, slice);
	}
	return arena_strdup(a, str_text(&path));
}

static int split_path(const char *path, struct arena *a, struct plan_scope *s, struct err *e)
{
	size_t n;
	char **part = str_split(a, path, ':', &n);

	if (n != 3)
		return err_set(e, EINVAL,
			       "linux: cgroupsPath: '%.200s' is not of the form SLICE:PREFIX:NAME, "
			       "which the systemd cgroup driver takes",
			       path);
	if (!*part[2])
		return err_set(e, EINVAL, "linux: cgroupsPath: '%.200s' has no name", path);
	if (str_ends(part[2], SLICE_SUFFIX))
		return err_set(e, EINVAL,
			       "linux: cgroupsPath: '%.200s' names a slice: a container is a scope "
			       "in a slice",
			       path);
	if (*part[0])
		s->slice = part[0];
	s->unit = *part[1] ? arena_printf(a, "%s-%s.scope", part[1], part[2])
			   : arena_printf(a, "%s.scope", part[2]);
	return 0;
}

int plan_scope(const struct plan_input *in, struct arena *a, struct plan_scope *out, struct err *e)
{
	const struct oci_linux *l = in->config->linux_;
	const char *path = l && l->cgroups_path ? l->cgroups_path : "";
	struct plan_scope s = {
		.user = in->rootless,
		.slice = in->rootless ? DEFAULT_SLICE_USER : DEFAULT_SLICE,
		.unit = arena_printf(a, DEFAULT_PREFIX "-%s.scope", in->id),
	};
	char *above;

	if ((*path && split_path(path, a, &s, e)) || check_unit(s.unit, e) ||
	    check_unit(s.slice, e))
		return -1;
	above = expand_slice(s.slice, a, e);
	if (!above)
		return -1;
	s.path = arena_printf(a, "%s/%s", above, s.unit);
	*out = s;
	return 0;
}

char *plan_scope_description(const char *id, struct arena *a)
{
	return arena_printf(a, "peapod container %s", id);
}

void plan_scope_print(const struct plan_scope *p, struct str *out)
{
	if (!p->unit)
		return;
	str_addf(out, "scope %s of the %s's manager, in %s\n", p->unit, p->user ? "user" : "system",
		 p->path);
	for (size_t i = 0; i < p->props.n; i++) {
		str_add(out, "scope property ");
		unit_prop_print(&p->props.v[i], out);
	}
}
