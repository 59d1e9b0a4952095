/* SPDX-License-Identifier: Apache-2.0 */
/* ctl: packets over a unix socket that is reached through the directory's fd. */
#include "shim/pod/ctl.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "spec/base/auto.h"
#include "spec/base/json.h"
#include "spec/base/path.h"

static const struct name op_names[] = {
	{ "stop", CTL_STOP },
	{ "add", CTL_ADD },
	{ 0 },
};
static const struct json_field request_fields[] = {
	F_ENUM(struct ctl_request, op, "op", JSON_REQUIRED, op_names),
	F_NUM(JSON_U32, struct ctl_request, seconds, "seconds", 0),
	F_STR(struct ctl_request, member, "container", 0),
	F_STR(struct ctl_request, bundle, "bundle", 0),
	F_BOOL(struct ctl_request, replace, "replace", 0),
	{ 0 },
};

struct answer {
	int32_t num; /* 0: it went well */
	char *text;
};
static const struct json_field answer_fields[] = {
	F_NUM(JSON_I32, struct answer, num, "errno", JSON_REQUIRED),
	F_STR(struct answer, text, "error", 0),
	{ 0 },
};

/* The socket's path may be longer than sun_path; through the fd it never is. */
static struct sockaddr_un address(int dirfd)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", fd_path(dirfd).s, CTL_SOCKET);
	return addr;
}

int ctl_listen(int dirfd, struct err *e)
{
	struct sockaddr_un addr = address(dirfd);
	auto_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	unlinkat(dirfd, CTL_SOCKET, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 || listen(fd, 16) < 0)
		return err_sys(e, "listen on the pod's socket");
	return take_fd(&fd);
}

static int send_doc(int fd, const void *in, const struct json_field *fields)
{
	auto_arena struct arena a = { 0 };
	const char *text = json_text(json_own(&a, json_encode(in, fields)), false, &a);

	return send(fd, text, strlen(text), MSG_NOSIGNAL) < 0 ? -1 : 0;
}

static int receive_doc(int fd, const struct json_field *fields, void *out, struct arena *a,
		       struct err *e)
{
	char *text = arena_alloc(a, CTL_MAX);
	struct json_object *obj;
	ssize_t n;

	do {
		n = recv(fd, text, CTL_MAX, 0);
	} while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return err_set(e, ETIMEDOUT, "the pod's supervisor does not answer");
	if (n <= 0)
		return err_set(e, ECONNREFUSED, "the pod's supervisor has hung up");
	obj = json_parse(text, (size_t)n, e);
	if (!obj || json_decode(json_own(a, obj), fields, out, a, e))
		return err_ctx(e, "message on the pod's socket");
	return 0;
}

int ctl_call(int dirfd, const struct ctl_request *req, uint32_t timeout_seconds, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct sockaddr_un addr = address(dirfd);
	struct timeval limit = { .tv_sec = timeout_seconds };
	auto_fd int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct answer answer = { 0 };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		return err_sys(e, "make a socket");
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		if (errno == ECONNREFUSED || errno == ENOENT)
			return err_set(e, ECONNREFUSED, "the pod has no supervisor");
		return err_sys(e, "connect to the pod's supervisor");
	}
	if (send_doc(fd, req, request_fields))
		return err_set(e, ECONNREFUSED, "the pod's supervisor has hung up");
	if (receive_doc(fd, answer_fields, &answer, &a, e))
		return -1;
	return answer.num ? err_set(e, answer.num, "%s", answer.text ? answer.text : "failed") : 0;
}

int ctl_read(int conn, struct arena *a, struct ctl_request *out, struct err *e)
{
	*out = (struct ctl_request){ 0 };
	return receive_doc(conn, request_fields, out, a, e);
}

void ctl_answer(int conn, const struct err *failure)
{
	struct answer answer = { 0 };

	if (failure) {
		answer.num = failure->num;
		answer.text = (char *)failure->msg;
	}
	send_doc(conn, &answer, answer_fields);
}
