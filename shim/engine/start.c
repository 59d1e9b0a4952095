/* SPDX-License-Identifier: Apache-2.0 */
/* start: let a created container run its program, and hear how that went. */
#include "shim/engine/start.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "shim/engine/hooks.h"
#include "shim/engine/launch.h"
#include "shim/engine/statedir.h"
#include "shim/engine/sync.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"

static int refuse(const struct container *c, struct err *e)
{
	if (c->status == OCI_CREATED)
		return 0;
	if (c->status == OCI_STOPPED)
		return err_set(e, ESRCH, "cannot start a container that has stopped: '%s'",
			       c->record->id);
	return err_set(e, EBUSY, "cannot start container '%s': it is %s, not created",
		       c->record->id, container_status_name(c->status));
}

/* A refused connection means that the process has ended, or was started already. */
static int connect_start(int dir, struct err *e)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_fd int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s", fd_path(dir).s, STATEDIR_START);
	if (sock < 0 || connect(sock, (struct sockaddr *)&addr, sizeof(addr)))
		return err_sys(e, "connect to the container's start socket");
	return take_fd(&sock);
}

int start_hooks_after(const struct container *c, struct arena *a, struct err *e)
{
	struct oci_config *config;
	struct hook_place place = HOOK_PLACE_INIT;
	auto_fd int pidfd = -1;
	struct err ignored;

	if (!c->record->has_poststart)
		return 0;
	config = container_config(c, a, e);
	if (!config)
		return -1;
	if (!config->hooks.poststart.n)
		return 0;
	place.cwd = c->record->bundle;
	place.state = oci_state_document(c->record, OCI_RUNNING, c->record->pid, false, false, a);
	statedir_unlock(c->dir);
	if (!hooks_run(config, HOOK_POSTSTART, &place, e))
		return 0;
	pidfd = container_pidfd(c->record, &ignored);
	if (pidfd >= 0)
		proc_signal(pidfd, SIGKILL);
	return -1;
}

int start_listener(const struct container *c, struct arena *a, struct listener *l, struct err *e)
{
	struct oci_config *config;

	if (!c->record->has_listener)
		return 0;
	config = container_config(c, a, e);
	if (!config)
		return -1;
	if (!config->linux_ || listener_connect(config->linux_->seccomp, l, e))
		return config->linux_ ? -1 : 0;
	if (l->sock < 0)
		return 0;
	l->pid = c->record->pid;
	l->record = c->record;
	l->status = OCI_CREATED;
	l->pidfd = container_pidfd(c->record, e);
	return l->pidfd < 0 ? -1 : 0;
}

static int go(const struct container *c, struct listener *l, struct err *e)
{
	auto_fd int sock = connect_start(c->dir, e);

	if (sock < 0)
		return -1;
	if (sync_send(sock, SYNC_GO, 0, NULL))
		return err_sys(e, "tell the container to start");
	if (unlinkat(c->dir, STATEDIR_START, 0))
		return err_sys(e, "remove the start socket");
	return launch_expect_exec(sock, l, e);
}

static int start(const struct container *c, struct arena *a, struct err *e)
{
	struct listener l = LISTENER_INIT;
	int failed = start_listener(c, a, &l, e) || go(c, &l, e) ? -1 : 0;

	close_fd(&l.sock);
	close_fd(&l.pidfd);
	return failed ? -1 : start_hooks_after(c, a, e);
}

int engine_start(const struct engine *en, const char *id, engine_created *created, void *caller,
		 struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct container c = CONTAINER_INIT;
	int failed;

	if (container_open(en, id, STATEDIR_LOCK_MS, &a, &c, e))
		return -1;
	failed = refuse(&c, e) || (created && created(caller, c.record->pid, e)) || start(&c, &a, e)
			 ? -1
			 : 0;
	container_close(&c);
	return failed;
}
