/* SPDX-License-Identifier: Apache-2.0 */
/* cleanup: delete and -info: the actions that need no daemon. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shim/daemon/launch.h"
#include "shim/daemon/place.h"
#include "shim/daemon/rootfs.h"
#include "shim/daemon/sandbox_files.h"
#include "shim/daemon/work.h"
#include "shim/engine/built.h"
#include "shim/engine/engine.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/when.h"
#include "spec/oci/features.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/task.pb-c.h"
#include "spec/ttrpc/types.pb-c.h"

#define EXIT_KILLED   (128 + 9)
#define BUSY_MS	      4000 /* for who still works on the containers; containerd waits for 5 s */
#define RUNTIME_NAME  "io.containerd.peapod.v2"
#define FEATURES_TYPE "types.containerd.io/opencontainers/runtime-spec/1/features/Features"

/* The container's pid, if it is still on record. */
static pid_t recorded_pid(const struct place *p, const char *id, struct arena *a)
{
	struct engine en = { .root = p->root };
	struct engine_info info;
	struct err e;

	return engine_state(&en, id, a, &info, &e) ? 0 : info.state->pid;
}

static int destroy(const struct place *p, const char *id, int64_t deadline, struct err *e)
{
	struct work w = { p, id };
	int64_t left = deadline - when_ms();

	return work_destroy_within(&w, left > 1 ? (int)left : 1, e)
		       ? err_ctx(e, "container '%s'", id)
		       : 0;
}

/* All at once, as the kernel takes its time with each. What fails is tried again by destroy(). */
static void kill_all(const struct place *p, struct arena *a)
{
	auto_dir DIR *d = opendir(arena_printf(a, "%s/" WORK_BUNDLES, p->dir));
	const struct dirent *de;
	struct err ignored;

	while (d && (de = readdir(d))) {
		struct work_kill k = { .work = { p, de->d_name }, .signal = SIGKILL, .all = true };
		struct job_result r = { .console = -1 };

		if (!path_is_dots(de->d_name))
			(void)work_kill(&k, &r, &ignored);
	}
}

/* Every container of a pod whose daemon is gone. The first failure is told, after all are tried. */
static int destroy_all(const struct place *p, int64_t deadline, struct arena *a, struct err *e)
{
	auto_dir DIR *d = opendir(arena_printf(a, "%s/" WORK_BUNDLES, p->dir));
	const struct dirent *de;
	struct err other;
	int bad = 0;

	while (d && (de = readdir(d))) {
		if (!path_is_dots(de->d_name))
			bad |= destroy(p, de->d_name, deadline, bad ? &other : e);
	}
	return bad;
}

/* Is that the record of this container? Other containerds and namespaces may have the same id. */
static bool is_record(const struct bootstrap *b, const char *dir, const char *bundle,
		      struct arena *a)
{
	char *path = arena_alloc(a, PATH_MAX);

	if (readlink(arena_printf(a, "%s/" WORK_BUNDLES "/%s", dir, b->id), path, PATH_MAX - 1) < 0)
		return false;
	return bundle ? str_eq(path, bundle)
		      : str_ends(path, arena_printf(a, "/%s/%s", b->ns, b->id));
}

/* Some pod's record of the container, for when its bundle says nothing any more. */
static char *recorded_dir(const struct bootstrap *b, const char *bundle, struct arena *a)
{
	auto_dir DIR *d = opendir(BOOTSTRAP_POD_DIR);
	const struct dirent *de;

	while (d && (de = readdir(d))) {
		char *dir = arena_printf(a, BOOTSTRAP_POD_DIR "/%s", de->d_name);

		if (!path_is_dots(de->d_name) && is_record(b, dir, bundle, a))
			return dir;
	}
	return NULL;
}

/* The socket that the daemon noted; the one by rule when there is no note. */
static void find_socket(struct pod_place *p, struct arena *a)
{
	char *path = arena_alloc(a, PATH_MAX);

	if (readlink(arena_printf(a, "%s/" WORK_SOCKET, p->place.dir), path, PATH_MAX - 1) > 0)
		p->socket = path;
}

static int print_deleted(pid_t pid, struct arena *a, struct err *e)
{
	Pb__DeleteResponse r = PB__DELETE_RESPONSE__INIT;
	struct timespec now;
	uint8_t *data;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &now);
	r.pid = (uint32_t)pid;
	r.exit_status = EXIT_KILLED;
	r.exited_at = message_time(&now, a);
	data = message_pack(&r.base, a, &len);
	return write_all(STDOUT_FILENO, data, len) ? err_sys(e, "write the answer") : 0;
}

int launch_delete(struct bootstrap *b, struct arena *a, struct err *e)
{
	struct err ignored;
	char *bundle = b->bundle && *b->bundle ? b->bundle : path_abs(a, ".", &ignored), *dir;
	char *group = bundle ? place_group(b, bundle, a) : b->id;
	int64_t deadline = when_ms() + BUSY_MS;
	struct pod_place p;
	pid_t pid;
	bool dead, whole, sandbox;
	int bad;

	place_of(b, group, a, &p);
	dir = recorded_dir(b, bundle, a);
	if (dir)
		p.place.dir = dir;
	find_socket(&p, a);
	pid = recorded_pid(&p.place, b->id, a);
	dead = !place_alive(p.socket);
	if (dead && str_eq(group, b->id))
		kill_all(&p.place, a);
	bad = destroy(&p.place, b->id, deadline, e);
	whole = str_eq(group, b->id);
	/*
	 * Of a pod without a pause container, which ends with its daemon, containerd asks for the
	 * pod alone, or (2.0 after a restart) for its containers alone.
	 */
	sandbox = (dead || whole) && sandbox_files_exist(p.place.dir);
	if (sandbox || (dead && whole))
		bad |= destroy_all(&p.place, deadline, a, bad ? &ignored : e);
	if (sandbox && !bad)
		bad = sandbox_files_remove(p.place.dir, e);
	if (bundle && !bad)
		bad = rootfs_unmount(bundle, e);
	if (dead)
		place_remove(&p);
	else
		(void)place_alive(p.socket); /* so that it looks whether it still has something */
	return bad ? -1 : print_deleted(pid, a, e);
}

int launch_info(struct arena *a, struct err *e)
{
	Pb__RuntimeInfo info = PB__RUNTIME_INFO__INIT;
	Pb__RuntimeVersion version = PB__RUNTIME_VERSION__INIT;
	Pb__Any features = PB__ANY__INIT;
	char *text = oci_features_text(engine_built(), a);
	uint8_t *data;
	size_t len;

	version.version = arena_strdup(a, VERSION);
	version.revision = arena_strdup(a, COMMIT);
	features.type_url = arena_strdup(a, FEATURES_TYPE);
	features.value.data = (uint8_t *)text;
	features.value.len = strlen(text);
	info.name = arena_strdup(a, RUNTIME_NAME);
	info.version = &version;
	info.features = &features;
	data = message_pack(&info.base, a, &len);
	return write_all(STDOUT_FILENO, data, len) ? err_sys(e, "write the answer") : 0;
}
