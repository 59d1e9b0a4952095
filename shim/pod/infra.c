/* SPDX-License-Identifier: Apache-2.0 */
/* infra: a bundle of one file, run through the engine like any other. */
#include "shim/pod/infra.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>

#include "shim/engine/host.h"
#include "shim/engine/sealed.h"
#include "shim/pod/join.h"
#include "shim/pod/net.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define PAUSE_MAX (16 << 20) /* somebody's own may be large, but not a disk image */

char *pod_pause_path(const struct pod_env *env, struct arena *a, struct err *e)
{
	char exe[4096];
	char *slash, *beside, *libexec;

	if (env->pause)
		return path_abs(a, env->pause, e);
	if (!sealed_path(exe, sizeof(exe))) {
		err_sys(e, "find our own program");
		return NULL;
	}
	slash = strrchr(exe, '/');
	*slash = 0;
	beside = arena_printf(a, "%s/pause", exe);
	libexec = arena_printf(a, "%s/../libexec/peapod/pause", exe);
	if (access(beside, R_OK) == 0)
		return beside;
	if (access(libexec, R_OK) == 0)
		return libexec;
	err_set(e, ENOENT,
		"the pause program is neither '%s' nor in ../libexec/peapod; tell it "
		"with --pause",
		beside);
	return NULL;
}

static int copy_program(const char *from, int dirfd, const char *to, struct err *e)
{
	auto_fd int in = open(from, O_RDONLY | O_CLOEXEC), out = -1;
	struct stat st;
	off_t left;

	if (in < 0 || fstat(in, &st) < 0)
		return err_sys(e, "open '%s'", from);
	if (!S_ISREG(st.st_mode) || st.st_size > PAUSE_MAX)
		return err_set(e, EINVAL, "'%s' is not a small program", from);
	out = openat(dirfd, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0555);
	if (out < 0)
		return err_sys(e, "make '%s'", to);
	for (left = st.st_size; left > 0;) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);

		if (n <= 0)
			return err_sys(e, "copy '%s'", from);
		left -= n;
	}
	return 0;
}

static int make_bundle(const struct pod_env *env, int dirfd, const struct oci_config *c,
		       struct arena *a, struct err *e)
{
	static const char *const dirs[] = { "infra", "infra/rootfs", "infra/rootfs/dev" };
	const char *pause = pod_pause_path(env, a, e);
	struct json_object *doc = json_own(a, oci_config_encode(c));
	const char *text = json_text(doc, true, a);
	auto_fd int infra = -1;

	if (!pause)
		return -1;
	for (size_t i = 0; i < countof(dirs); i++) {
		if (mkdirat(dirfd, dirs[i], 0755) < 0)
			return err_sys(e, "make '%s'", dirs[i]);
	}
	infra = openat(dirfd, "infra", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (infra < 0)
		return err_sys(e, "open 'infra'");
	if (replace_file(infra, "config.json", text, strlen(text), 0644, e))
		return -1;
	return copy_program(pause, infra, "rootfs/pause", e);
}

pid_t pod_infra_start(const struct pod_env *env, const struct pod_record *r, int dirfd,
		      const char *dir, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct engine_create req = ENGINE_CREATE_INIT;
	const char *netns = NULL, *cgroups = NULL;
	struct oci_config *c;
	pid_t pid;

	req.id = pod_container_id(&a, r->spec.name, POD_INFRA);
	if (r->spec.net != POD_NET_HOST)
		netns = arena_printf(&a, "%s/" POD_NETNS, dir);
	if (r->spec.cgroup_parent)
		cgroups = arena_printf(&a, "%s/%s", r->spec.cgroup_parent, req.id);
	c = pod_infra_config(r->spec.name, r->spec.hostname, netns, cgroups,
			     env->engine->host->in_userns, &a);
	if (make_bundle(env, dirfd, c, &a, e))
		return err_ctx(e, "infra container");
	req.bundle = arena_printf(&a, "%s/infra", dir);
	req.config = c;
	req.stdio[0] = req.stdio[1] = req.stdio[2] = -1;
	req.start = true;
	if (engine_create(env->engine, &req, &pid, NULL, e))
		return err_ctx(e, "infra container");
	return pid;
}

pid_t pod_infra_pid(const struct pod_env *env, const char *pod)
{
	auto_arena struct arena a = { 0 };
	struct engine_info info;
	struct err ignored;

	if (engine_state(env->engine, pod_container_id(&a, pod, POD_INFRA), &a, &info, &ignored))
		return 0;
	return info.status == OCI_RUNNING || info.status == OCI_PAUSED ? info.pid : 0;
}
