/* SPDX-License-Identifier: Apache-2.0 */
/* control: the calls on an existing pod, by its supervisor or without one. */
#include "shim/pod/pod.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "shim/pod/cniexec.h"
#include "shim/pod/ctl.h"
#include "shim/pod/follow.h"
#include "shim/pod/infra.h"
#include "shim/pod/member.h"
#include "shim/pod/net.h"
#include "shim/pod/teardown.h"
#include "spec/base/auto.h"
#include "spec/base/proc.h"

#define ANSWER_SECONDS 90 /* for what a supervisor does beside waiting for TERM */
#define FORCE_SECONDS  10 /* the same when it is ended otherwise */
#define LOCK_TRIES     1000
#define LOCK_PAUSE_MS  10

/*
 * Who acts? Gives *lock (we do: nobody has it) or asks the supervisor. 0: the
 * lock is ours; 1: the supervisor has done it; -1. req NULL: only wait for the lock.
 * patience: seconds for an answer.
 */
static int lock_or_ask(int dirfd, const struct ctl_request *req, uint32_t patience, int *lock,
		       struct err *e)
{
	int32_t owner = 0;

	for (int i = 0; i < LOCK_TRIES; i++) {
		int fd = pod_lock(dirfd, &owner, e);

		if (fd >= 0) {
			*lock = fd;
			return 0;
		}
		if (e->num != EAGAIN)
			return -1;
		if (req && ctl_call(dirfd, req, patience + req->seconds, e) == 0)
			return 1;
		if (req && e->num != ECONNREFUSED)
			return -1;
		/* It is another command's, or a supervisor's first or last moment. */
		poll(NULL, 0, LOCK_PAUSE_MS);
	}
	return err_set(e, ETIMEDOUT, "process %d still acts on the pod", owner);
}

/* The record says that the pod has ended; one that cannot be read is left alone. */
static void mark_exited(int dirfd, const char *reason)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	struct pod_record *r = pod_record_load(dirfd, &a, &ignored);

	if (!r || r->phase == POD_EXITED)
		return;
	r->phase = POD_EXITED;
	r->reason = (char *)reason;
	for (size_t i = 0; i < r->spec.members.n; i++)
		r->spec.members.v[i].state = POD_MEMBER_EXITED;
	pod_record_save(dirfd, r, &ignored);
}

int pod_stop(const struct pod_env *env, const char *pod, uint32_t seconds, struct err *e)
{
	struct ctl_request req = { .op = CTL_STOP, .seconds = seconds };
	auto_fd int dirfd = -1, lock = -1;
	int who;

	if (pod_check_name("pod", pod, e))
		return -1;
	dirfd = pod_dir_open(env->engine->root, pod, e);
	if (dirfd < 0)
		return -1;
	who = lock_or_ask(dirfd, &req, ANSWER_SECONDS, &lock, e);
	if (who)
		return who < 0 ? -1 : 0;
	pod_ask_members(env, pod, seconds);
	if (pod_teardown(env, pod, dirfd, e))
		return -1;
	mark_exited(dirfd, "stopped without a supervisor");
	return 0;
}

/* A supervisor that does not answer is ended; its work is done here. */
static int force_lock(int dirfd, int *lock, struct err *e)
{
	int32_t owner = pod_lock_owner(dirfd);

	if (owner <= 1)
		return -1;
	kill(owner, SIGKILL);
	return lock_or_ask(dirfd, NULL, 0, lock, e) ? -1 : 0;
}

/* The lock of a pod that does not run (any more). */
static int lock_stopped(const struct pod_env *env, const char *pod, int dirfd, bool force,
			int *lock, struct err *e)
{
	const struct ctl_request stop = { .op = CTL_STOP };
	auto_arena struct arena a = { 0 };
	struct pod_record *r = pod_record_load(dirfd, &a, e);
	int who;

	if (!force && r && r->phase != POD_EXITED && pod_infra_pid(env, pod))
		return err_set(e, EBUSY, "pod '%s' is running; stop it first, or use --force", pod);
	if (!force)
		return lock_or_ask(dirfd, NULL, 0, lock, e) ? -1 : 0;
	who = lock_or_ask(dirfd, &stop, FORCE_SECONDS, lock, e);
	if (who == 0)
		return 0;
	/* It has ended the pod, or failed to: its own end, and the lock, come next. */
	if (who < 0 && e->num == ETIMEDOUT)
		return force_lock(dirfd, lock, e);
	if (lock_or_ask(dirfd, NULL, 0, lock, e) == 0)
		return 0;
	return e->num == ENOENT ? -1 : force_lock(dirfd, lock, e);
}

int pod_remove(const struct pod_env *env, const char *pod, bool force, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int dirfd = -1, lock = -1;
	struct err left = { 0 };

	if (pod_check_name("pod", pod, e))
		return -1;
	dirfd = pod_dir_open(env->engine->root, pod, e);
	if (dirfd < 0)
		return -1;
	if (lock_stopped(env, pod, dirfd, force, &lock, e)) {
		/* Its maker or remover was killed half-way: an empty directory. */
		if (e->num == ENOENT &&
		    !unlinkat(AT_FDCWD, pod_dir_path(&a, env->engine->root, pod), AT_REMOVEDIR))
			return 0;
		/* A pod that removes itself when it ends has been quicker. */
		return force && e->num == ENOENT ? 0 : -1;
	}
	if (pod_teardown(env, pod, dirfd, &left) && !force) {
		*e = left;
		return -1;
	}
	if (pod_dir_remove(env->engine->root, pod, e))
		return -1;
	if (!left.num)
		return 0;
	*e = left;
	return err_ctx(e, "pod '%s' is removed, but", pod);
}

/* Without a supervisor: end the member of that name and forget its container. */
static void end_member(const struct pod_env *env, const char *id, uint32_t seconds)
{
	auto_arena struct arena a = { 0 };
	struct engine_info info;
	struct err ignored;

	if (engine_state(env->engine, id, &a, &info, &ignored) == 0 && info.pid) {
		auto_fd int pidfd = proc_pidfd(info.pid);

		engine_kill(env->engine, id, SIGTERM, false, &ignored);
		if (pidfd >= 0 && proc_alive(info.pid, info.state->start_time))
			proc_wait_end(pidfd, (int)seconds * 1000);
	}
	engine_destroy(env->engine, id, true, &ignored);
}

/* replace: the seconds between TERM and KILL, or NULL. */
static int add_here(const struct pod_env *env, int dirfd, const struct pod_member *m,
		    const uint32_t *replace, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct pod_record *r = pod_record_load(dirfd, &a, e);
	struct pod_member *old, *all;
	struct err why, again;

	if (!r || pod_check_add(r, m, replace != NULL, e) || !pod_member_config(env, r, m, &a, e))
		return -1;
	old = pod_member_find(&r->spec, m->name);
	if (replace)
		end_member(env, pod_container_id(&a, r->spec.name, m->name), *replace);
	if (pod_member_start(env, r, m, &why) < 0) {
		if (!replace)
			return err_set(e, why.num, "%s", why.msg);
		return err_set(e, why.num, "%.400s; the old one %s", why.msg,
			       pod_member_start(env, r, old, &again) < 0 ? "does not start either"
									 : "runs again");
	}
	if (!old) {
		all = arena_array(&a, r->spec.members.n + 1, sizeof(*all));
		memcpy(all, r->spec.members.v, r->spec.members.n * sizeof(*all));
		old = &all[r->spec.members.n++];
		r->spec.members.v = all;
	}
	*old = *m;
	old->state = POD_MEMBER_RUNNING;
	old->started = pod_time(&a);
	return pod_record_save(dirfd, r, e);
}

int pod_add(const struct pod_env *env, const char *pod, const struct pod_member *m, bool replace,
	    uint32_t seconds, struct err *e)
{
	struct ctl_request req = { .op = CTL_ADD,
				   .seconds = seconds,
				   .member = m->name,
				   .bundle = m->bundle,
				   .replace = replace };
	auto_fd int dirfd = -1, lock = -1;
	int who;

	if (pod_check_name("pod", pod, e))
		return -1;
	dirfd = pod_dir_open(env->engine->root, pod, e);
	if (dirfd < 0)
		return -1;
	who = lock_or_ask(dirfd, &req, ANSWER_SECONDS, &lock, e);
	if (who)
		return who < 0 ? -1 : 0;
	return add_here(env, dirfd, m, replace ? &seconds : NULL, e);
}

int32_t pod_member_pid(const struct pod_env *env, const struct pod_record *r,
		       const struct pod_member *m)
{
	auto_arena struct arena a = { 0 };
	struct engine_info info;
	struct err ignored;

	if (engine_state(env->engine, pod_container_id(&a, r->spec.name, m->name), &a, &info,
			 &ignored))
		return 0;
	return info.pid;
}

int pod_status(const struct pod_env *env, const char *pod, struct arena *a, struct pod_status *out,
	       struct err *e)
{
	struct pod_status st = { 0 };
	struct cni_result res = { 0 };
	struct err ignored;
	auto_fd int dirfd = -1;

	if (pod_check_name("pod", pod, e))
		return -1;
	dirfd = pod_dir_open(env->engine->root, pod, e);
	if (dirfd < 0)
		return -1;
	st.record = pod_record_load(dirfd, a, e);
	if (!st.record) {
		/* The pod is there: not the ENOENT of a missing one. */
		e->num = e->num == ENOENT ? EBADMSG : e->num;
		return err_ctx(e, "pod '%s'", pod);
	}
	st.infra_pid = pod_infra_pid(env, pod);
	st.supervisor = pod_lock_owner(dirfd);
	st.state = names_of(pod_phase_names, st.record->phase);
	if (st.record->phase != POD_EXITED && !st.infra_pid && !st.supervisor)
		st.state = "dead";
	if (cniexec_result(dirfd, a, &res, &ignored) == 1)
		pod_net_addresses(&res, a, &st.ips, &st.mac);
	*out = st;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int pod_list(const struct pod_env *env, struct arena *a, char ***names, size_t *n, struct err *e)
{
	const char *path = arena_printf(a, "%s/" POD_DIR, env->engine->root);
	auto_dir DIR *dir = opendir(path);
	size_t cap = 0, at = 0;
	struct dirent *d;
	struct err bad;
	char **v = NULL;

	if (!dir && errno != ENOENT)
		return err_sys(e, "open '%s'", path);
	while (dir && (d = readdir(dir))) {
		if (pod_check_name("pod", d->d_name, &bad))
			continue;
		if (at == cap) {
			char **grown = arena_array(a, cap = cap ? cap * 2 : 16, sizeof(*grown));

			if (at)
				memcpy(grown, v, at * sizeof(*v));
			v = grown;
		}
		v[at++] = arena_strdup(a, d->d_name);
	}
	if (at)
		qsort(v, at, sizeof(*v), by_name);
	*names = v;
	*n = at;
	return 0;
}

static int follow_to_end(const struct pod_env *env, const char *pod, struct follow *f,
			 struct err *e)
{
	for (;;) {
		struct pollfd p = { .fd = f->inotify, .events = POLLIN };
		bool ended = f->ended;

		if (follow_pump(f, e))
			return -1;
		if (ended)
			return 0;
		/* Without a supervisor nobody writes the pod's end into the record. */
		if (poll(&p, 1, 1000) == 0 && !pod_lock_owner(f->dirfd) && !pod_infra_pid(env, pod))
			f->ended = true;
	}
}

int pod_logs(const struct pod_env *env, const char *pod, const char *member, bool follow,
	     bool names, int fd, struct err *e)
{
	__attribute__((cleanup(follow_done))) struct follow f = { .dirfd = -1, .inotify = -1 };

	if (pod_check_name("pod", pod, e) ||
	    follow_open(&f, env->engine->root, pod, member, names, fd, e))
		return -1;
	return follow ? follow_to_end(env, pod, &f, e) : follow_pump(&f, e);
}
