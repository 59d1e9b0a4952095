/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_exec: the cgroups of one more process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define SELF_CGROUP_MAX (256 << 10)

/* "[controller,...:]path", taken apart. */
struct sub {
	const char *controllers; /* NULL: all hierarchies */
	const char *path;	 /* "" or "/a/b" */
};

static int parse_sub(const char *text, struct arena *a, struct sub *out, struct err *e)
{
	const char *colon = strchr(text, ':');
	const char *path = colon ? colon + 1 : text;
	char **parts = str_split(a, path, '/', NULL);

	for (; *parts; parts++)
		if (!strcmp(*parts, ".."))
			return err_set(e, EINVAL, "cgroup '%.200s': '..' is not allowed", text);
	out->controllers = colon ? arena_strndup(a, text, (size_t)(colon - text)) : NULL;
	out->path = path_clean(a, path);
	if (!out->path[1])
		out->path = "";
	return 0;
}

/* Does the path apply to this hierarchy? */
static bool concerns(const struct sub *sub, const struct oci_cgroup_dir *d, struct arena *a)
{
	if (!sub->controllers)
		return true;
	for (char **c = str_split(a, sub->controllers, ',', NULL); *c; c++)
		if (cgroup_key_has(d->key, *c))
			return true;
	return false;
}

static int check_controllers(const struct oci_state *s, const struct sub *sub, struct arena *a,
			     struct err *e)
{
	if (!sub->controllers)
		return 0;
	for (char **c = str_split(a, sub->controllers, ',', NULL); *c; c++)
		if (!**c || !cgroup_find_v1(s, *c))
			return err_set(e, EINVAL,
				       "cgroup: the container has no v1 hierarchy with '%.64s'",
				       *c);
	return 0;
}

/*
 * Where init is below the container's v2 directory; "" when it is there
 * itself or cannot be found. A path of /proc/PID/cgroup starts at our namespace's root,
 * not at the mount point, so only its end can be compared.
 */
static const char *init_below(const struct oci_state *s, const char *dir, struct arena *a)
{
	struct err ignored;
	const char *name = strrchr(dir, '/'), *found = NULL;
	char *file = arena_printf(a, "/proc/%d/cgroup", s->pid), *text, *own;
	size_t n = name ? strlen(name) : 0;

	text = s->pid > 0 && n > 1 ? read_file(AT_FDCWD, file, SELF_CGROUP_MAX, a, NULL, &ignored)
				   : NULL;
	own = !text ? NULL : str_starts(text, "0::") ? text : strstr(text, "\n0::");
	if (!own)
		return "";
	own = strstr(own, "0::") + strlen("0::");
	own[strcspn(own, "\n")] = '\0';
	for (const char *at = own; (at = strstr(at, name)); at += n)
		if (at[n] == '/')
			found = at + n;
	return found ? found : "";
}

/* A v2 directory whose children are limited takes no process itself. */
static int open_v2(const struct oci_state *s, const struct oci_cgroup_dir *d, const char *sub,
		   struct arena *a, struct err *e)
{
	const char *path = arena_printf(a, "%s%s", d->path, sub);
	auto_fd int dir = cgroup_open(path, e);
	char *on = dir < 0 ? NULL : cgroup_read(dir, "cgroup.subtree_control", a, e);
	const char *below;

	if (!on)
		return -1;
	if (!*on || *sub)
		return take_fd(&dir);
	below = init_below(s, d->path, a);
	if (!*below)
		return take_fd(&dir);
	return cgroup_open(arena_printf(a, "%s%s", d->path, below), e);
}

static int open_one(const struct oci_state *s, const struct oci_cgroup_dir *d, const char *sub,
		    struct cgroup *cg, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int dir = -1;
	int tasks;

	if (!*d->key) {
		cg->v2_fd = open_v2(s, d, sub, &a, e);
		return cg->v2_fd < 0 ? -1 : 0;
	}
	if (cg->n_join == CGROUP_DIRS_MAX)
		return err_set(e, EINVAL, "state: more than %d cgroups", CGROUP_DIRS_MAX);
	dir = cgroup_open(arena_printf(&a, "%s%s", d->path, sub), e);
	if (dir < 0)
		return -1;
	tasks = openat(dir, "tasks", O_WRONLY | O_CLOEXEC);
	if (tasks < 0)
		return err_sys(e, "open '%s%s/tasks'", d->path, sub);
	cg->join_fds[cg->n_join++] = tasks;
	return 0;
}

/* Each of the list, taken apart and checked. */
static struct sub *parse_subs(const struct oci_state *s, const struct json_strs *list,
			      struct arena *a, struct err *e)
{
	struct sub *subs = arena_array(a, list->n + 1, sizeof(*subs));

	for (size_t i = 0; i < list->n; i++) {
		if (parse_sub(list->v[i], a, &subs[i], e) || check_controllers(s, &subs[i], a, e))
			return NULL;
	}
	return subs;
}

/* The path for this hierarchy, "" when none is about it; NULL with *e when two are. */
static const char *path_for(const struct oci_cgroup_dir *d, const struct sub *subs, size_t n,
			    struct arena *a, struct err *e)
{
	const char *path = NULL;

	for (size_t i = 0; i < n; i++) {
		if (!concerns(&subs[i], d, a))
			continue;
		if (path) {
			err_set(e, EINVAL, "cgroup: two paths for '%.64s'", *d->key ? d->key : "/");
			return NULL;
		}
		path = subs[i].path;
	}
	return path ? path : "";
}

int cgroup_open_for_exec(const struct oci_state *s, const struct json_strs *list,
			 struct cgroup *out, struct err *e)
{
	const struct json_strs none = { 0 }, *given = list ? list : &none;
	auto_arena struct arena a = { 0 };
	struct cgroup cg = CGROUP_INIT;
	const struct sub *subs = parse_subs(s, given, &a, e);

	if (!subs)
		return -1;
	for (size_t i = 0; i < s->cgroups.n; i++) {
		const struct oci_cgroup_dir *d = &s->cgroups.v[i];
		const char *path;

		if (!d->created)
			continue;
		path = path_for(d, subs, given->n, &a, e);
		if (!path || open_one(s, d, path, &cg, e)) {
			cgroup_close(&cg);
			return -1;
		}
	}
	*out = cg;
	return 0;
}
