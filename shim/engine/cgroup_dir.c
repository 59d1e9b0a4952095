/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_dir: make directories in a hierarchy, and read small control files. */
#include "shim/engine/cgroup_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define DIR_MODE   0755
#define MAKE_TRIES 4

bool cgroup_key_has(const char *key, const char *controller)
{
	size_t n = strlen(controller);

	for (const char *at = key; (at = strstr(at, controller)); at += n)
		if ((at == key || at[-1] == ',') && (at[n] == ',' || !at[n]))
			return true;
	return false;
}

bool cgroup_list_has(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = list; (at = strstr(at, word)); at += n)
		if ((at == list || strchr(" \n\t", at[-1])) && (!at[n] || strchr(" \n\t", at[n])))
			return true;
	return false;
}

char *cgroup_read(int dirfd, const char *file, struct arena *a, struct err *e)
{
	size_t len;
	char *text = read_file(dirfd, file, CGROUP_FILE_MAX, a, &len, e);

	if (text && len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

bool cgroup_read_key(int dirfd, const char *file, const char *key, uint64_t *value)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	char *text = cgroup_read(dirfd, file, &a, &ignored);
	size_t n = strlen(key);

	for (char **line = text ? str_split(&a, text, '\n', NULL) : NULL; line && *line; line++)
		if (!strncmp(*line, key, n) && (*line)[n] == ' ')
			return !parse_u64(*line + n + 1, 10, UINT64_MAX, value);
	return false;
}

int cgroup_open(const char *path, struct err *e)
{
	auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct statfs fs;

	if (fd < 0)
		return err_sys(e, "open cgroup '%s'", path);
	if (fstatfs(fd, &fs))
		return err_sys(e, "statfs '%s'", path);
	if (fs.f_type != CGROUP_SUPER_MAGIC && fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_set(e, EINVAL, "'%s' is not a cgroup", path);
	return take_fd(&fd);
}

const struct oci_cgroup_dir *cgroup_find_v2(const struct oci_state *s)
{
	for (size_t i = 0; i < s->cgroups.n; i++)
		if (!*s->cgroups.v[i].key && s->cgroups.v[i].created)
			return &s->cgroups.v[i];
	return NULL;
}

const struct oci_cgroup_dir *cgroup_find_v1(const struct oci_state *s, const char *controller)
{
	for (size_t i = 0; i < s->cgroups.n; i++)
		if (cgroup_key_has(s->cgroups.v[i].key, controller) && s->cgroups.v[i].created)
			return &s->cgroups.v[i];
	return NULL;
}

void cgroup_sleep_ms(unsigned int ms)
{
	struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	nanosleep(&t, NULL);
}

/* A v1 cpuset is born without CPUs or memory, and nothing can join it then. */
static int inherit_one(int parent, int dir, const char *file, const char *noprefix, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *name = file;
	char *own = cgroup_read(dir, name, &a, e), *above;

	if (!own && e->num == ENOENT)
		own = cgroup_read(dir, name = noprefix, &a, e);
	if (!own)
		return -1;
	if (*own)
		return 0;
	above = cgroup_read(parent, name, &a, e);
	return above ? write_file(dir, name, above, e) : -1;
}

static int inherit_cpuset(int parent, int dir, struct err *e)
{
	if (inherit_one(parent, dir, "cpuset.cpus", "cpus", e) ||
	    inherit_one(parent, dir, "cpuset.mems", "mems", e))
		return err_ctx(e, "inherit the cpuset of the cgroup above");
	return 0;
}

static bool is_needed(const struct plan_cgroup_dir *d, const char *controller)
{
	for (size_t i = 0; i < d->n_controllers; i++)
		if (!strcmp(d->controllers[i], controller))
			return true;
	return false;
}

static int enable_failed(const char *controller, struct err *e)
{
	const char *why = e->num == EBUSY ? " (it holds processes itself: cgroup v2 wants them in "
					    "a cgroup below it)"
			  : e->num == EOPNOTSUPP ? " (it is, or is below, a threaded cgroup)"
						 : "";

	return err_ctx(e, "enable controller '%s' for what is below%s", controller, why);
}

/*
 * Enable controllers for the children of a v2 directory: all there are, so that
 * there are statistics, but on a hybrid host only what is needed. All at once, which
 * is one update of the tree; one by one where that fails, as a single one may be in the way.
 */
static int enable_controllers(const struct plan_cgroup_dir *d, bool all, int dir, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str want = { 0 };
	char *have = cgroup_read(dir, "cgroup.controllers", &a, e), *on;

	if (!have || !(on = cgroup_read(dir, "cgroup.subtree_control", &a, e)))
		return -1;
	for (size_t i = 0; i < d->n_controllers; i++)
		if (!cgroup_list_has(have, d->controllers[i]))
			return err_set(e, ENOENT,
				       "controller '%s' is not enabled for it (it has: %s)",
				       d->controllers[i], *have ? have : "none");
	for (char **c = str_split(&a, have, ' ', NULL); *c; c++)
		if (**c && !cgroup_list_has(on, *c) && (all || is_needed(d, *c)))
			str_addf(&want, "%s+%s", want.len ? " " : "", *c);
	if (!want.len || !write_file(dir, "cgroup.subtree_control", str_text(&want), e))
		return 0;
	for (char **c = str_split(&a, str_text(&want), ' ', NULL); *c; c++)
		if (write_file(dir, "cgroup.subtree_control", *c, e) && is_needed(d, *c + 1))
			return enable_failed(*c + 1, e);
	return 0;
}

/* Nobody else's processes, and not frozen, or ours would wait in it for ever. */
static int check_usable(const struct plan_cgroup_dir *d, int dir, bool is_new, pid_t member,
			struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_pids struct cgroup_pids pids = { 0 };
	uint64_t frozen = 0;
	char *type;

	if (!is_new && cgroup_collect(dir, &pids, e))
		return -1;
	if (pids.n > 1 || (pids.n && pids.v[0] != member))
		return err_set(e, EBUSY, "not empty: %zu process(es), the first is %d", pids.n,
			       (int)pids.v[0]);
	if (*d->key) {
		char *state = cgroup_key_has(d->key, "freezer")
				      ? cgroup_read(dir, "freezer.state", &a, e)
				      : arena_strdup(&a, "THAWED");

		return !state ? -1
		       : strcmp(state, "THAWED") != 0
			       ? err_set(e, EBUSY, "unexpectedly frozen (%s)", state)
			       : 0;
	}
	if (cgroup_read_key(dir, "cgroup.events", "frozen", &frozen) && frozen)
		return err_set(e, EBUSY, "unexpectedly frozen");
	type = cgroup_read(dir, "cgroup.type", &a, e);
	if (type && strcmp(type, "domain") != 0 && strcmp(type, "domain threaded") != 0)
		return err_set(e, EOPNOTSUPP, "its type is '%s': a process cannot join it", type);
	return type ? 0 : -1;
}

/* One component: make it if it is missing, and prepare it. */
static int make_one(const struct plan_cgroup *p, const struct plan_cgroup_dir *d, int parent,
		    const char *name, unsigned int *made, struct err *e)
{
	auto_fd int dir = -1;

	if (!*d->key && enable_controllers(d, p->n_dirs == 1, parent, e))
		return err_ctx(e, "the cgroup above '%s'", name);
	if (!mkdirat(parent, name, DIR_MODE))
		*made += 1;
	else if (errno != EEXIST)
		return err_sys(e, "mkdir '%s'", name);
	dir = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0)
		return err_sys(e, "open '%s'", name);
	if (cgroup_key_has(d->key, "cpuset") && inherit_cpuset(parent, dir, e))
		return -1;
	return take_fd(&dir);
}

/* Is nothing left to do in a directory and above it before one is made below? */
static bool is_ready(const struct plan_cgroup_dir *d, int dir)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	const char *have, *cpus, *mems;

	if (cgroup_key_has(d->key, "cpuset")) {
		cpus = cgroup_read(dir, "cpuset.cpus", &a, &ignored);
		mems = cgroup_read(dir, "cpuset.mems", &a, &ignored);
		return cpus && *cpus && mems && *mems;
	}
	have = *d->key ? "" : cgroup_read(dir, "cgroup.controllers", &a, &ignored);
	for (size_t i = 0; have && i < d->n_controllers; i++)
		if (!cgroup_list_has(have, d->controllers[i]))
			return false;
	return have;
}

/*
 * Where to begin: mostly the directory above is there (a pod's), and only the
 * last component is to be made. *names: what is left of the path.
 */
static int open_start(const struct plan_cgroup_dir *d, const char **names, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *last = strrchr(d->path, '/') + 1;
	struct err ignored;
	auto_fd int above = cgroup_open(
		arena_printf(&a, "%s%.*s", d->mountpoint, (int)(last - 1 - d->path), d->path),
		&ignored);

	*names = last;
	if (above >= 0 && is_ready(d, above))
		return take_fd(&above);
	*names = d->path + 1;
	return cgroup_open(d->mountpoint, e);
}

static int make_all(const struct plan_cgroup *p, const struct plan_cgroup_dir *d, pid_t member,
		    unsigned int *made, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *names;
	auto_fd int dir = open_start(d, &names, e);
	unsigned int before = 0;

	*made = 0;
	if (dir < 0)
		return -1;
	for (char **name = str_split(&a, names, '/', NULL); *name; name++) {
		int next;

		before = *made;
		next = make_one(p, d, dir, *name, made, e);
		if (next < 0)
			return err_ctx(e, "cgroup '%s%s'", d->mountpoint, d->path);
		close_fd(&dir);
		dir = next;
	}
	if (check_usable(d, dir, *made > before, member, e))
		return err_ctx(e, "cgroup '%s%s'", d->mountpoint, d->path);
	return take_fd(&dir);
}

int cgroup_make(const struct plan_cgroup *p, const struct plan_cgroup_dir *d, pid_t member,
		unsigned int *made, struct err *e)
{
	int dir = -1;

	/* ENOENT: another create failed just then, and took a directory above away again. */
	for (int i = 0; i < MAKE_TRIES; i++) {
		dir = make_all(p, d, member, made, e);
		if (dir >= 0 || e->num != ENOENT)
			break;
	}
	return dir;
}

void cgroup_unmake(const struct plan_cgroup_dir *d, unsigned int made)
{
	auto_arena struct arena a = { 0 };
	char *path = arena_printf(&a, "%s%s", d->mountpoint, d->path);

	/* What somebody else uses by now stays (EBUSY), and all above it. */
	for (; made && (!rmdir(path) || errno == ENOENT); made--)
		*strrchr(path, '/') = '\0';
}
