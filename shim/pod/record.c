/* SPDX-License-Identifier: Apache-2.0 */
/* record: field tables of pod.json, and the files every command agrees on. */
#include "shim/pod/record.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/when.h"

#define RECORD_FILE "pod.json"
#define LOCK_FILE   "lock"

const struct name pod_net_names[] = {
	{ "none", POD_NET_NONE },
	{ "host", POD_NET_HOST },
	{ "cni", POD_NET_CNI },
	{ 0 },
};
const struct name pod_restart_names[] = {
	{ "never", POD_RESTART_NEVER },
	{ "on-failure", POD_RESTART_ON_FAILURE },
	{ "always", POD_RESTART_ALWAYS },
	{ 0 },
};
const struct name pod_phase_names[] = {
	{ "creating", POD_CREATING },
	{ "running", POD_RUNNING },
	{ "exited", POD_EXITED },
	{ 0 },
};
const struct name pod_member_state_names[] = {
	{ "waiting", POD_WAITING },
	{ "running", POD_MEMBER_RUNNING },
	{ "exited", POD_MEMBER_EXITED },
	{ 0 },
};

static const struct json_field volume_fields[] = {
	F_STR(struct pod_volume, name, "name", JSON_REQUIRED),
	F_STR(struct pod_volume, source, "source", 0),
	F_STR(struct pod_volume, path, "path", JSON_REQUIRED),
	F_BOOL(struct pod_volume, readonly, "readonly", 0),
	{ 0 },
};
static const struct json_field port_fields[] = {
	F_NUM(JSON_I32, struct cni_port, host_port, "hostPort", JSON_REQUIRED),
	F_NUM(JSON_I32, struct cni_port, container_port, "containerPort", JSON_REQUIRED),
	F_STR(struct cni_port, protocol, "protocol", 0),
	F_STR(struct cni_port, host_ip, "hostIP", 0),
	{ 0 },
};
static const struct json_field member_fields[] = {
	F_STR(struct pod_member, name, "name", JSON_REQUIRED),
	F_STR(struct pod_member, bundle, "bundle", JSON_REQUIRED),
	F_BOOL(struct pod_member, init, "init", 0),
	F_ENUM(struct pod_member, state, "state", JSON_REQUIRED, pod_member_state_names),
	F_NUM(JSON_I32, struct pod_member, exit_code, "exitCode", JSON_ALWAYS),
	F_NUM(JSON_U32, struct pod_member, restarts, "restarts", JSON_ALWAYS),
	F_STR(struct pod_member, started, "started", 0),
	F_STR(struct pod_member, finished, "finished", 0),
	F_STR(struct pod_member, error, "error", 0),
	{ 0 },
};
static const struct json_field spec_fields[] = {
	F_STR(struct pod_spec, name, "name", JSON_REQUIRED),
	F_STR(struct pod_spec, hostname, "hostname", 0),
	F_ENUM(struct pod_spec, net, "net", JSON_REQUIRED, pod_net_names),
	F_ENUM(struct pod_spec, restart, "restart", JSON_REQUIRED, pod_restart_names),
	F_BOOL(struct pod_spec, share_pid, "sharePid", JSON_ALWAYS),
	F_STR(struct pod_spec, cni_path, "cniPath", 0),
	F_STR(struct pod_spec, cgroup_parent, "cgroupParent", 0),
	F_LIST(JSON_OBJS, struct pod_spec, volumes, "volumes", JSON_ALWAYS, volume_fields),
	F_LIST(JSON_OBJS, struct pod_spec, ports, "ports", 0, port_fields),
	F_LIST(JSON_OBJS, struct pod_spec, members, "containers", JSON_ALWAYS, member_fields),
	{ 0 },
};
const struct json_field pod_record_fields[] = {
	F_STR(struct pod_record, id, "id", JSON_REQUIRED),
	F_STR(struct pod_record, created, "created", JSON_REQUIRED),
	F_ENUM(struct pod_record, phase, "phase", JSON_REQUIRED, pod_phase_names),
	F_NUM(JSON_I32, struct pod_record, exit_code, "exitCode", JSON_ALWAYS),
	F_STR(struct pod_record, reason, "reason", 0),
	F_OBJ(struct pod_record, spec, "spec", JSON_REQUIRED, spec_fields),
	{ 0 },
};

struct pod_member *pod_member_find(const struct pod_spec *s, const char *name)
{
	for (size_t i = 0; i < s->members.n; i++) {
		if (str_eq(s->members.v[i].name, name))
			return &s->members.v[i];
	}
	return NULL;
}

char *pod_container_id(struct arena *a, const char *pod, const char *member)
{
	return arena_printf(a, "%s.%s", pod, member);
}

char *pod_dir_path(struct arena *a, const char *root, const char *pod)
{
	return arena_printf(a, "%s/" POD_DIR "/%s", root, pod);
}

/*
 * The lock is the first file of a pod and the last one to go, and only made here:
 * whoever has waited for it finds that the pod is gone, and never makes another
 * one in a directory that is about to be removed.
 */
static int make_lock(const char *path, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int fd = open(arena_printf(&a, "%s/" LOCK_FILE, path),
			      O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? err_sys(e, "make '%s/" LOCK_FILE "'", path) : 0;
}

int pod_dir_make(const char *root, const char *pod, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *parent = arena_printf(&a, "%s/" POD_DIR, root);
	const char *path = pod_dir_path(&a, root, pod);

	if (path_mkdirs(parent, 0700, e))
		return -1;
	if (mkdir(path, 0700) < 0) {
		if (errno == EEXIST)
			return err_set(e, EEXIST, "pod '%s' already exists", pod);
		return err_sys(e, "make '%s'", path);
	}
	return make_lock(path, e) ? -1 : pod_dir_open(root, pod, e);
}

/* Everything in the directory but its lock. What is mounted there is not ours to empty. */
static int remove_entries(DIR *dir, struct err *e)
{
	struct dirent *entry;
	struct stat top, st;

	if (fstat(dirfd(dir), &top) < 0)
		return err_sys(e, "look at the directory");
	while ((entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (str_eq(name, ".") || str_eq(name, "..") || str_eq(name, LOCK_FILE))
			continue;
		if (fstatat(dirfd(dir), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_dev != top.st_dev)
			return err_set(e, EXDEV, "'%s' is a mount point", name);
		if (path_remove_tree(dirfd(dir), name, e))
			return -1;
	}
	return 0;
}

int pod_dir_remove(const char *root, const char *pod, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *path = pod_dir_path(&a, root, pod);
	auto_dir DIR *dir = opendir(path);

	if (!dir)
		return errno == ENOENT ? 0 : err_sys(e, "open '%s'", path);
	if (remove_entries(dir, e))
		return err_ctx(e, "pod '%s'", pod);
	if (unlinkat(dirfd(dir), LOCK_FILE, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s/" LOCK_FILE "'", path);
	if (rmdir(path) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", path);
	return 0;
}

int pod_dir_open(const char *root, const char *pod, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *path = pod_dir_path(&a, root, pod);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return err_set(e, ENOENT, "pod '%s' does not exist", pod);
	if (fd < 0)
		return err_sys(e, "open '%s'", path);
	return fd;
}

int pod_lock(int dirfd, int32_t *owner, struct err *e)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	auto_fd int fd = openat(dirfd, LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? err_set(e, ENOENT, "the pod has just been removed")
				       : err_sys(e, "open the pod's lock");
	if (fcntl(fd, F_SETLK, &whole) < 0) {
		if (errno != EACCES && errno != EAGAIN)
			return err_sys(e, "lock the pod");
		*owner = fcntl(fd, F_GETLK, &whole) == 0 && whole.l_type != F_UNLCK ? whole.l_pid
										    : 0;
		return err_set(e, EAGAIN, "another process acts on the pod");
	}
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return err_set(e, ENOENT, "the pod has just been removed");
	return take_fd(&fd);
}

int32_t pod_lock_owner(int dirfd)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	auto_fd int fd = openat(dirfd, LOCK_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 || fcntl(fd, F_GETLK, &whole) < 0 || whole.l_type == F_UNLCK)
		return 0;
	return whole.l_pid;
}

int pod_record_save(int dirfd, const struct pod_record *r, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct json_object *obj = json_own(&a, json_encode(r, pod_record_fields));
	const char *text = json_text(obj, true, &a);

	return replace_file(dirfd, RECORD_FILE, text, strlen(text), 0600, e);
}

struct pod_record *pod_record_load(int dirfd, struct arena *a, struct err *e)
{
	struct pod_record *r = arena_alloc(a, sizeof(*r));
	struct json_object *obj;
	size_t len;
	char *text = read_file(dirfd, RECORD_FILE, POD_RECORD_MAX, a, &len, e);

	if (!text)
		return NULL;
	obj = json_parse(text, len, e);
	if (!obj || json_decode(json_own(a, obj), pod_record_fields, r, a, e)) {
		err_ctx(e, "%s", RECORD_FILE);
		return NULL;
	}
	return r;
}

char *pod_time(struct arena *a)
{
	char text[WHEN_SIZE];

	when_now(text);
	return arena_strdup(a, text);
}
