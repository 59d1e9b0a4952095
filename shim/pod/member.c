/* SPDX-License-Identifier: Apache-2.0 */
/* member: from a bundle and a record to a running process. */
#include "shim/pod/member.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "shim/pod/cniexec.h"
#include "shim/pod/infra.h"
#include "shim/pod/join.h"
#include "shim/pod/logs.h"
#include "shim/pod/net.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

/* What a root file system has at a path: size of the file; 0 for a place where one can be; -1. */
static off_t file_in_root(int root, const char *path)
{
	struct err ignored;
	auto_fd int file = root_open(root, path, O_PATH, &ignored), etc = -1;
	struct stat st;

	if (file >= 0)
		return fstat(file, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
	etc = root_open(root, "/etc", O_PATH | O_DIRECTORY, &ignored);
	return etc >= 0 && faccessat(etc, "", W_OK, AT_EMPTY_PATH) == 0 ? 0 : -1;
}

/* In the host's network: the host's own names, where the root has none. */
static void host_files(int root, struct pod_join *j)
{
	if (file_in_root(root, "/etc/hosts") == 0 && access("/etc/hosts", R_OK) == 0)
		j->hosts = "/etc/hosts";
	if (file_in_root(root, "/etc/resolv.conf") == 0 && access("/etc/resolv.conf", R_OK) == 0)
		j->resolv = "/etc/resolv.conf";
}

/* The pod's hosts wherever it fits; its DNS likewise, but one of the host's only where none is. */
static int pod_files(int root, int dirfd, const char *dir, struct pod_join *j, struct arena *a,
		     struct err *e)
{
	off_t resolv = file_in_root(root, "/etc/resolv.conf");
	struct cni_result res = { 0 };

	if (file_in_root(root, "/etc/hosts") >= 0)
		j->hosts = arena_printf(a, "%s/" POD_HOSTS, dir);
	if (resolv < 0 || faccessat(dirfd, POD_RESOLV, F_OK, 0) < 0)
		return 0;
	if (cniexec_result(dirfd, a, &res, e) < 0)
		return -1;
	if (resolv == 0 || !cni_dns_empty(&res.dns))
		j->resolv = arena_printf(a, "%s/" POD_RESOLV, dir);
	return 0;
}

/* Which /etc files the member gets. */
static int choose_files(const struct oci_config *c, int bundle, int dirfd, const char *dir,
			struct pod_join *j, struct arena *a, struct err *e)
{
	auto_fd int root = -1;

	if (!c->root)
		return 0;
	root = openat(bundle, c->root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "root: path '%s'", c->root->path);
	if (j->netns)
		return pod_files(root, dirfd, dir, j, a, e);
	host_files(root, j);
	return 0;
}

static void fill_join(const struct pod_spec *s, const struct pod_member *m, const char *dir,
		      pid_t infra, struct arena *a, struct pod_join *j)
{
	const char *id = pod_container_id(a, s->name, m->name);

	*j = (struct pod_join){
		.pod = s->name,
		.member = m->name,
		.ipcns = arena_printf(a, "/proc/%d/ns/ipc", infra),
		.utsns = arena_printf(a, "/proc/%d/ns/uts", infra),
		.volumes = s->volumes.v,
		.n_volumes = s->volumes.n,
		.volume_dir = arena_printf(a, "%s/volumes", dir),
		.shm = arena_printf(a, "%s/shm", dir),
	};
	if (s->net != POD_NET_HOST)
		j->netns = arena_printf(a, "%s/" POD_NETNS, dir);
	if (s->share_pid)
		j->pidns = arena_printf(a, "/proc/%d/ns/pid", infra);
	if (s->cgroup_parent)
		j->cgroups_path = arena_printf(a, "%s/%s", s->cgroup_parent, id);
}

/* An fd of the bundle, and the config in it. */
static int open_bundle(const struct pod_member *m, struct arena *a, struct oci_config **c,
		       struct err *e)
{
	auto_fd int fd = open(m->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "bundle '%s'", m->bundle);
	*c = oci_config_read(fd, a, e);
	return *c ? take_fd(&fd) : -1;
}

int pod_members_check(const struct pod_env *env, const struct pod_spec *s, struct err *e)
{
	for (size_t i = 0; i < s->members.n; i++) {
		const struct pod_member *m = &s->members.v[i];
		auto_arena struct arena a = { 0 };
		struct oci_config *c, *joined;
		struct pod_join j;
		auto_fd int bundle = open_bundle(m, &a, &c, e);

		if (bundle >= 0) {
			fill_join(s, m, pod_dir_path(&a, env->engine->root, s->name), getpid(), &a,
				  &j);
			if (!pod_join(c, &j, &a, &joined, e))
				continue;
		}
		return err_ctx(e, "container '%s'", m->name);
	}
	return 0;
}

struct oci_config *pod_member_config(const struct pod_env *env, const struct pod_record *r,
				     const struct pod_member *m, struct arena *a, struct err *e)
{
	const char *root = env->engine->root, *dir = pod_dir_path(a, root, r->spec.name);
	auto_fd int bundle = -1, dirfd = pod_dir_open(root, r->spec.name, e);
	pid_t infra = pod_infra_pid(env, r->spec.name);
	struct oci_config *c, *joined;
	struct pod_join j;

	if (dirfd < 0)
		return NULL;
	if (!infra) {
		err_set(e, ESRCH, "the pod's infra container is not running");
		return NULL;
	}
	bundle = open_bundle(m, a, &c, e);
	if (bundle < 0)
		return NULL;
	fill_join(&r->spec, m, dir, infra, a, &j);
	if (choose_files(c, bundle, dirfd, dir, &j, a, e) || pod_join(c, &j, a, &joined, e))
		return NULL;
	return joined;
}

static pid_t start(const struct pod_env *env, const struct pod_record *r,
		   const struct pod_member *m, int log, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct engine_create req = ENGINE_CREATE_INIT;
	pid_t pid;

	req.config = pod_member_config(env, r, m, &a, e);
	if (!req.config)
		return -1;
	req.id = pod_container_id(&a, r->spec.name, m->name);
	req.bundle = m->bundle;
	req.stdio[0] = -1;
	req.stdio[1] = req.stdio[2] = log;
	req.start = true;
	return engine_create(env->engine, &req, &pid, NULL, e) ? -1 : pid;
}

pid_t pod_member_start(const struct pod_env *env, const struct pod_record *r,
		       const struct pod_member *m, struct err *e)
{
	auto_fd int dirfd = pod_dir_open(env->engine->root, r->spec.name, e), log = -1;
	pid_t pid;

	if (dirfd < 0)
		return -1;
	log = pod_log_open(dirfd, m->name, e);
	if (log < 0)
		return -1;
	pid = start(env, r, m, log, e);
	if (pid < 0) {
		pod_log_note(dirfd, m->name, e->msg);
		return err_ctx(e, "container '%s'", m->name);
	}
	return pid;
}
