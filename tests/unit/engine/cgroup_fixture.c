/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_fixture: make, fill and remove cgroups around a test. */
#include "tests/unit/engine/cgroup_fixture.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/engine/cgroup_dir.h"
#include "spec/base/auto.h"
#include "spec/base/proc.h"
#include "tests/unit/test.h"

bool fixture_plan(struct fixture *f, const char *resources)
{
	if (resources)
		f->linux_.resources =
			oci_resources_parse(resources, strlen(resources), &f->a, &f->e);
	if ((resources && !f->linux_.resources) || plan_cgroup(&f->in, &f->a, &f->plan, &f->e)) {
		printf("# plan: %s\n", f->e.msg);
		return false;
	}
	return true;
}

bool fixture_init(struct fixture *f, const char *resources)
{
	*f = (struct fixture){ .cg = CGROUP_INIT, .release = -1 };
	f->host = host_probe(&f->a, &f->e);
	if (geteuid() || !f->host || f->host->cgroup_mode == HOST_CGROUP_NONE) {
		test_skip("needs root and cgroups");
		return false;
	}
	f->linux_.cgroups_path = arena_printf(&f->a, "/peapod-unit-%d/c1", (int)getpid());
	f->config.linux_ = &f->linux_;
	f->in = (struct plan_input){ .config = &f->config, .host = f->host, .id = "c1" };
	if (fixture_plan(f, resources))
		return true;
	test_failed(__FILE__, __LINE__, "plan");
	return false;
}

bool fixture_create(struct fixture *f)
{
	if (cgroup_create(&f->plan, &f->cg, &f->e)) {
		printf("# create: %s\n", f->e.msg);
		return false;
	}
	cgroup_to_state(&f->plan, &f->cg, &f->state, &f->a);
	return true;
}

/* A child in the container's cgroups that waits, then calls fn. */
bool fixture_spawn(struct fixture *f, int (*fn)(void))
{
	struct clone_args args = { .flags = CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD };
	int pipes[2], up[2];
	char byte;

	if (pipe2(pipes, O_CLOEXEC) || pipe2(up, O_CLOEXEC))
		return false;
	if (f->cg.v2_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)f->cg.v2_fd;
	}
	f->child = proc_clone(&args);
	if (!f->child) {
		struct err e;

		close(pipes[1]);
		if (cgroup_join_self(&f->cg, &e))
			_exit(100);
		byte = 'j';
		if (write(up[1], &byte, 1) != 1 || read(pipes[0], &byte, 1) < 0)
			_exit(101);
		_exit(fn ? fn() : 0);
	}
	close(pipes[0]);
	close(up[1]);
	f->release = pipes[1];
	byte = 0;
	if (f->child < 0 || read(up[0], &byte, 1) != 1)
		printf("# the child did not join\n");
	close(up[0]);
	return byte == 'j';
}

int fixture_wait(struct fixture *f)
{
	int status = -1;

	close_fd(&f->release);
	if (f->child > 0)
		waitpid(f->child, &status, 0);
	f->child = 0;
	return status;
}

void fixture_done(struct fixture *f)
{
	if (f->child > 0) {
		kill(f->child, SIGKILL);
		fixture_wait(f);
	}
	close_fd(&f->release);
	if (cgroup_remove(&f->state, &f->e))
		test_failed(__FILE__, __LINE__, f->e.msg);
	cgroup_close(&f->cg);
	for (size_t i = 0; i < f->plan.n_dirs; i++) {
		char *dir = arena_printf(&f->a, "%s%s", f->plan.dirs[i].mountpoint,
					 f->plan.dirs[i].path);

		rmdir(dir);
		*strrchr(dir, '/') = '\0';
		rmdir(dir);
		if (!access(dir, F_OK))
			test_failed(__FILE__, __LINE__, dir);
	}
	arena_done(&f->a);
}
const char *fixture_value(struct fixture *f, const char *controller, const char *file)
{
	const struct oci_cgroup_dir *d = cgroup_find_v1(&f->state, controller);
	struct err ignored;
	auto_fd int dir = -1;

	if (!d)
		d = cgroup_find_v2(&f->state);
	dir = d ? cgroup_open(d->path, &ignored) : -1;
	return dir < 0 ? NULL : cgroup_read(dir, file, &f->a, &ignored);
}

bool fixture_has_v1(const struct fixture *f, const char *controller)
{
	for (size_t i = 0; i < f->plan.n_dirs; i++)
		if (cgroup_key_has(f->plan.dirs[i].key, controller))
			return true;
	return false;
}
