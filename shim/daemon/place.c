/* SPDX-License-Identifier: Apache-2.0 */
/* place: starts and ends of daemons meet at a lock on the directory of the sockets. */
#include "shim/daemon/place.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/json.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

#define CONFIG	  "config.json"
#define BACKLOG	  128
#define GROUP_MAX 4096

void place_of(const struct bootstrap *b, const char *group, struct arena *a, struct pod_place *out)
{
	const char *dir = b->socket_dir && *b->socket_dir ? b->socket_dir : BOOTSTRAP_SOCKET_DIR;
	const char *key = bootstrap_key(b->grpc, b->ns, group, a);
	const char *root = bootstrap_key(b->grpc, b->ns, "", a);

	out->place.ns = b->ns;
	out->place.dir = arena_printf(a, BOOTSTRAP_POD_DIR "/%s", key);
	out->place.root = arena_printf(a, BOOTSTRAP_ENGINE_DIR "/%s", root);
	out->socket = b->socket && *b->socket ? arena_strdup(a, b->socket)
					      : arena_printf(a, "%s/%s", dir, key);
}

static void tell_group(int fd, const char *bundle)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	size_t len;
	char *text =
		read_file(-1, arena_printf(&a, "%s/" CONFIG, bundle), JSON_TEXT_MAX, &a, &len, &e);
	char *group = text ? bootstrap_group(text, len, &a) : NULL;

	if (group)
		(void)write_all(fd, group, strlen(group));
	_exit(0);
}

static char *group_of_config(const char *bundle, struct arena *a)
{
	char buf[GROUP_MAX];
	ssize_t n;
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (!pid)
		tell_group(pair[1], bundle);
	close(pair[1]);
	n = read_full(pair[0], buf, sizeof(buf));
	close(pair[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return n > 0 && n < GROUP_MAX ? arena_strndup(a, buf, (size_t)n) : NULL;
}

char *place_group(const struct bootstrap *b, const char *bundle, struct arena *a)
{
	char *group = group_of_config(bundle, a);

	return group ? group : b->id;
}

static int set_address(const char *socket, struct sockaddr_un *addr, struct err *e)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(socket) > BOOTSTRAP_ADDRESS_MAX)
		return err_set(e, ENAMETOOLONG, "socket '%s' is longer than %d bytes", socket,
			       BOOTSTRAP_ADDRESS_MAX);
	memcpy(addr->sun_path, socket, strlen(socket));
	return 0;
}

/* SO_PEERCRED of a connected socket is whoever called listen() last (unix(7)). */
static bool listener_ends(int fd)
{
	struct ucred peer = { 0 };
	socklen_t len = sizeof(peer);
	struct proc_stat st;
	struct err e;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) || peer.pid <= 0)
		return false; /* of another pid namespace */
	return proc_stat(peer.pid, &st, &e) ? e.num == ENOENT : st.exiting;
}

bool place_alive(const char *socket_path)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr;
	struct err e;

	if (fd < 0)
		return true; /* who cannot look replaces nobody */
	if (set_address(socket_path, &addr, &e))
		return false;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		return errno == EAGAIN; /* its queue is full, so it lives */
	return !listener_ends(fd);
}

int place_own(int listener, struct err *e)
{
	return listen(listener, BACKLOG) ? err_sys(e, "listen") : 0;
}

/* An fd that holds the lock of the socket's directory. */
static int lock_dir(const char *socket, struct err *e)
{
	auto_free char *copy = mem_strdup(socket);
	const char *dir = dirname(copy);
	auto_fd int fd = -1;

	if (path_mkdirs(dir, 0700, e))
		return -1;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || flock(fd, LOCK_EX))
		return err_sys(e, "lock '%s'", dir);
	return take_fd(&fd);
}

static int bind_socket(const char *path, struct err *e)
{
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr;
	mode_t mask;
	int bad;

	if (set_address(path, &addr, e))
		return -1;
	if (unlink(path) && errno != ENOENT)
		return err_sys(e, "remove '%s'", path);
	mask = umask(0177);
	bad = bind(fd, (struct sockaddr *)&addr, sizeof(addr));
	umask(mask);
	if (bad || listen(fd, BACKLOG))
		return err_sys(e, "listen on '%s'", path);
	return take_fd(&fd);
}

int place_listen(const char *socket, struct err *e)
{
	auto_fd int lock = lock_dir(socket, e);

	if (lock < 0)
		return -1;
	if (place_alive(socket)) {
		e->num = 0;
		return -1;
	}
	return bind_socket(socket, e);
}

int place_make(const struct pod_place *p, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *link = arena_printf(&a, "%s/" WORK_SOCKET, p->place.dir);

	if (path_mkdirs(arena_printf(&a, "%s/" WORK_BUNDLES, p->place.dir), 0700, e) ||
	    path_mkdirs(p->place.root, 0700, e))
		return -1;
	unlink(link);
	return symlink(p->socket, link) ? err_sys(e, "create '%s'", link) : 0;
}

void place_remove(const struct pod_place *p)
{
	auto_arena struct arena a = { 0 };
	struct err e;
	auto_fd int lock = lock_dir(p->socket, &e);

	if (lock < 0 || place_alive(p->socket))
		return;
	if (rmdir(arena_printf(&a, "%s/" WORK_BUNDLES, p->place.dir)) && errno != ENOENT)
		return; /* the delete of another container is not over yet */
	unlink(p->socket);
	unlink(arena_printf(&a, "%s/" WORK_SOCKET, p->place.dir));
	rmdir(p->place.dir);
	rmdir(p->place.root); /* the next container makes it anew */
}
