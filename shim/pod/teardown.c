/* SPDX-License-Identifier: Apache-2.0 */
/* teardown: containers first, then what they stood on. */
#include "shim/pod/teardown.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "shim/pod/cniexec.h"
#include "shim/pod/net.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"
#include "spec/base/when.h"

/*
 * Anybody may call a container "web.app": only the annotation makes it the
 * pod's. One whose state cannot be read is taken by its name.
 */
static bool is_ours(const struct pod_env *env, const char *id, const char *pod)
{
	auto_arena struct arena a = { 0 };
	struct engine_info info;
	struct err ignored;

	if (engine_state(env->engine, id, &a, &info, &ignored))
		return true;
	for (size_t i = 0; i < info.state->annotations.n; i++) {
		if (str_eq(info.state->annotations.v[i].key, POD_ANNOTATION))
			return str_eq(info.state->annotations.v[i].value, pod);
	}
	return false;
}

int pod_containers(const struct pod_env *env, const char *pod, struct arena *a, char ***ids,
		   size_t *n, struct err *e)
{
	const char *prefix = pod_container_id(a, pod, ""),
		   *infra = pod_container_id(a, pod, POD_INFRA);
	bool has_infra = false;
	size_t all, at = 0;
	char **list;

	if (engine_list(env->engine, a, &list, &all, e))
		return -1;
	*ids = arena_array(a, all + 1, sizeof(**ids));
	for (size_t i = 0; i < all; i++) {
		if (!str_starts(list[i], prefix) || !is_ours(env, list[i], pod))
			continue;
		if (str_eq(list[i], infra))
			has_infra = true;
		else
			(*ids)[at++] = list[i];
	}
	if (has_infra)
		(*ids)[at++] = (char *)infra;
	*n = at;
	return 0;
}

void pod_ask_members(const struct pod_env *env, const char *pod, uint32_t seconds)
{
	auto_arena struct arena a = { 0 };
	const char *infra = pod_container_id(&a, pod, POD_INFRA);
	int64_t deadline = when_ms() + (int64_t)seconds * 1000;
	struct engine_info info;
	struct err ignored;
	char **ids;
	size_t n;

	if (seconds == 0 || pod_containers(env, pod, &a, &ids, &n, &ignored))
		return;
	for (size_t i = 0; i < n; i++) {
		if (!str_eq(ids[i], infra))
			engine_kill(env->engine, ids[i], SIGTERM, false, &ignored);
	}
	for (size_t i = 0; i < n && when_ms() < deadline; i++) {
		auto_fd int pidfd = -1;

		if (str_eq(ids[i], infra) ||
		    engine_state(env->engine, ids[i], &a, &info, &ignored) || !info.pid)
			continue;
		pidfd = proc_pidfd(info.pid);
		if (pidfd >= 0 && proc_alive(info.pid, info.state->start_time))
			proc_wait_end(pidfd, (int)(deadline - when_ms()));
	}
}

/* Keep the first of several failures. */
static void note_first(struct err *first, const struct err *now)
{
	if (!first->num)
		*first = *now;
}

int pod_teardown(const struct pod_env *env, const char *pod, int dirfd, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *netns =
		arena_printf(&a, "%s/" POD_NETNS, pod_dir_path(&a, env->engine->root, pod));
	struct err now, first = { 0 };
	char **ids;
	size_t n;

	if (pod_containers(env, pod, &a, &ids, &n, &now)) {
		note_first(&first, &now);
		n = 0;
	}
	for (size_t i = 0; i < n; i++) {
		if (engine_destroy(env->engine, ids[i], true, &now)) {
			err_ctx(&now, "container '%s'", ids[i]);
			note_first(&first, &now);
		}
	}
	if (cniexec_del(dirfd, &now))
		note_first(&first, &now);
	if (pod_netns_drop(netns, &now))
		note_first(&first, &now);
	if (!first.num)
		return 0;
	*e = first;
	return -1;
}
