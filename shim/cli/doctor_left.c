/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_left: what dead containers, pods and shims have left behind. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "shim/cli/doctor.h"
#include "shim/engine/container.h"
#include "shim/engine/statedir.h"
#include "shim/pod/pod.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define PROCS_MAX (1 << 20)
#define SHIM_LINK "socket" /* in a daemon's directory: a link to where it listens */

static void left_add(struct doctor_lefts *l, struct doctor_left one, struct arena *a)
{
	if (!l->v)
		l->v = arena_array(a, DOCTOR_LEFT_MAX, sizeof(*l->v));
	if (l->n < DOCTOR_LEFT_MAX)
		l->v[l->n++] = one;
}

/* "stopped", and what of its cgroups is there. */
static char *describe(const struct oci_state *s, struct arena *a)
{
	size_t there = 0, busy = 0;

	for (size_t i = 0; i < s->cgroups.n; i++) {
		const char *dir = s->cgroups.v[i].path;
		struct err ignored;
		const char *procs;

		if (!dir || access(dir, F_OK))
			continue;
		there++;
		procs = read_file(AT_FDCWD, arena_printf(a, "%s/cgroup.procs", dir), PROCS_MAX, a,
				  NULL, &ignored);
		busy += procs && *procs;
	}
	if (!there)
		return arena_strdup(a, "stopped");
	return arena_printf(a, "stopped, %zu cgroup%s there%s", there, there == 1 ? " is" : "s are",
			    busy ? ", with processes" : "");
}

/* One that somebody is making or removing right now has its lock taken. */
static bool in_work(const char *root, const char *id)
{
	struct err ignored;
	auto_fd int dir = statedir_open(root, id, &ignored);

	return dir < 0 ? ignored.num == ENOENT : statedir_locked(dir);
}

static void find_containers(const struct engine *en, struct arena *a, struct doctor_lefts *out)
{
	char **ids = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (engine_list(en, a, &ids, &n, &e))
		return;
	for (size_t i = 0; i < n; i++) {
		struct doctor_left one = { .name = ids[i], .dir = path_join(a, en->root, ids[i]) };
		struct engine_info info = { 0 };

		if (!engine_state(en, ids[i], a, &info, &e)) {
			if (info.status != OCI_STOPPED)
				continue;
			one.what = describe(info.state, a);
		} else {
			one.what = arena_strdup(a, e.msg);
		}
		if (!in_work(en->root, ids[i]))
			left_add(out, one, a);
	}
}

static bool is_pinned(const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) && fs.f_type == NSFS_MAGIC;
}

static void find_pods(const struct engine *en, struct arena *a, struct doctor_lefts *out)
{
	struct pod_env env = { .engine = en };
	char **names = NULL;
	struct err e = { 0 };
	size_t n = 0;

	if (pod_list(&env, a, &names, &n, &e))
		return;
	for (size_t i = 0; i < n; i++) {
		struct doctor_left one = { .name = names[i],
					   .dir = pod_dir_path(a, en->root, names[i]) };
		struct pod_status st = { 0 };
		bool pinned = is_pinned(arena_printf(a, "%s/netns", one.dir));

		if (pod_status(&env, names[i], a, &st, &e))
			one.what = arena_strdup(a, e.msg);
		else if (str_eq(st.state, "exited") || str_eq(st.state, "dead"))
			one.what = arena_printf(a, "%s%s", st.state,
						pinned ? ", its network namespace is kept" : "");
		if (one.what)
			left_add(out, one, a);
	}
}

/* Does anybody answer? A full backlog (EAGAIN) is somebody, too. */
static bool answers(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	auto_fd int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (sock < 0 || strlen(path) >= sizeof(to.sun_path))
		return true; /* not known: no finding */
	memcpy(to.sun_path, path, strlen(path) + 1);
	return !connect(sock, (struct sockaddr *)&to, sizeof(to)) ||
	       (errno != ECONNREFUSED && errno != ENOENT);
}

/* The bundle directory of a daemon has a name for each of its containers. */
static size_t count_containers(const char *pod_dir, struct arena *a)
{
	auto_dir DIR *d = opendir(arena_printf(a, "%s/bundles", pod_dir));
	const struct dirent *de;
	size_t n = 0;

	while (d && (de = readdir(d)))
		n += de->d_name[0] != '.';
	return n;
}

static void find_shims(const char *pods, struct arena *a, struct doctor_facts *f)
{
	auto_dir DIR *d = opendir(pods);
	const struct dirent *de;

	while (d && (de = readdir(d))) {
		char *dir = path_join(a, pods, de->d_name);
		char target[PATH_MAX] = "";
		const char *socket_path;

		if (de->d_name[0] == '.')
			continue;
		socket_path = arena_printf(a, DOCTOR_SHIM_SOCKETS "/%s", de->d_name);
		if (readlink(arena_printf(a, "%s/" SHIM_LINK, dir), target, PATH_MAX - 1) > 0)
			socket_path = target;
		if (answers(socket_path))
			continue;
		left_add(&f->shims,
			 (struct doctor_left){
				 .name = arena_strdup(a, de->d_name),
				 .what = arena_printf(a, "its daemon is gone, containers: %zu",
						      count_containers(dir, a)),
				 .dir = dir,
			 },
			 a);
	}
}

void doctor_find_left(const struct engine *en, struct arena *a, struct doctor_facts *f)
{
	find_containers(en, a, &f->containers);
	find_pods(en, a, &f->pods);
	find_shims(DOCTOR_SHIM_PODS, a, f);
}
