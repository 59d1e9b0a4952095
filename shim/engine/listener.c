/* SPDX-License-Identifier: Apache-2.0 */
/* listener: connect, fetch the fd, send it with the state. */
#include "shim/engine/listener.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/engine/plan_seccomp.h"
#include "shim/engine/tty.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/json.h"

#define KEY	"linux: seccomp: listenerPath"
#define FD_NAME "seccompFd" /* runtime-spec: the name of the one fd */

/* The document; its state is put in as it is elsewhere. */
struct process_state {
	const char *oci_version;
	struct json_strs fds;
	int32_t pid;
	const char *metadata;
	struct json_object *state;
};

static const struct json_field process_state_fields[] = {
	F_STR(struct process_state, oci_version, "ociVersion", JSON_REQUIRED),
	F_STRS(struct process_state, fds, "fds", JSON_REQUIRED),
	F_NUM(JSON_I32, struct process_state, pid, "pid", JSON_REQUIRED),
	F_STR(struct process_state, metadata, "metadata", 0),
	F_RAW(struct process_state, state, "state", JSON_REQUIRED),
	{ 0 },
};

int listener_connect(const struct oci_seccomp *s, struct listener *out, struct err *e)
{
	if (!plan_seccomp_notifies(s))
		return 0;
	out->profile = s;
	out->sock = tty_connect(s->listener_path, e);
	return out->sock < 0 ? err_ctx(e, KEY) : 0;
}

static const char *document(const struct listener *l, struct arena *a, struct err *e)
{
	char *fd_name = arena_strdup(a, FD_NAME);
	char *state = oci_state_document(l->record, l->status, l->record->pid, false, false, a);
	struct process_state s = {
		.oci_version = l->record->oci_version,
		.fds = { 1, &fd_name },
		.pid = l->pid,
		.metadata = l->profile->listener_metadata,
		.state = json_parse(state, strlen(state), e),
	};

	if (!s.state)
		return NULL;
	json_own(a, s.state);
	return json_text(json_own(a, json_encode(&s, process_state_fields)), false, a);
}

int listener_serve(struct listener *l, int number, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int fd = -1;
	const char *text;
	int failed;

	if (l->sock < 0)
		return err_set(e, EPROTO, KEY ": the process has a listener that nobody wants");
	fd = (int)syscall(SYS_pidfd_getfd, l->pidfd, number, 0);
	if (fd < 0)
		return err_sys(e, KEY ": take the filter's fd from the process");
	text = document(l, &a, e);
	if (!text)
		return -1;
	failed = send_fds(l->sock, text, strlen(text), &fd, 1);
	if (failed)
		err_sys(e, KEY ": send to '%s'", l->profile->listener_path);
	close_fd(&l->sock);
	return failed;
}
