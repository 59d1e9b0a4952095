/* SPDX-License-Identifier: Apache-2.0 */
/* container: find one by its id and judge its status. */
#include "shim/engine/container.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/statedir.h"
#include "spec/base/auto.h"
#include "spec/base/names.h"
#include "spec/base/proc.h"
#include "spec/oci/validate.h"

int container_open(const struct engine *en, const char *id, int lock_ms, struct arena *a,
		   struct container *out, struct err *e)
{
	auto_fd int dir = -1;
	struct oci_state *record;

	if (oci_validate_id(id, e))
		return -1;
	dir = statedir_open(en->root, id, e);
	if (dir < 0 || (lock_ms >= 0 && statedir_lock(dir, en->lock_ms ? en->lock_ms : lock_ms, e)))
		return -1;
	record = statedir_read(dir, a, e);
	/* a directory without one is that of a container not yet, or not any more, there */
	if (!record && e->num == ENOENT)
		return err_set(e, ENOENT, "container does not exist: '%s'", id);
	if (!record)
		return err_ctx(e, "container '%s'", id);
	*out = (struct container){
		.dir = take_fd(&dir),
		.record = record,
	};
	out->status = container_status(out->dir, record);
	/* the lock is ours, so nobody is making it any more */
	if (lock_ms >= 0 && out->status == OCI_CREATING && !record->pid)
		out->status = OCI_STOPPED;
	return 0;
}

struct oci_config *container_config(const struct container *c, struct arena *a, struct err *e)
{
	struct oci_config *config = arena_alloc(a, sizeof(*config));

	if (statedir_read_config(c->dir, c->record, a, e))
		return NULL;
	if (!c->record->config) {
		err_set(e, EINVAL, "container's state has no config");
		return NULL;
	}
	if (!json_decode(c->record->config, oci_config_fields, config, a, e))
		return config;
	err_ctx(e, "stored config");
	return NULL;
}

void container_close(struct container *c)
{
	close_fd(&c->dir);
}

static bool exists(int dir, const char *name)
{
	return !faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW);
}

/*
 * The process is the truth; what is in the directory only tells how far it is.
 * Without one the maker is at work, or was killed early.
 */
enum oci_status container_status(int dir, const struct oci_state *s)
{
	if (!s->pid)
		return statedir_locked(dir) ? OCI_CREATING : OCI_STOPPED;
	if (!proc_alive(s->pid, s->start_time))
		return OCI_STOPPED;
	if (exists(dir, STATEDIR_START_NEW))
		return OCI_CREATING;
	if (cgroup_frozen(s))
		return OCI_PAUSED;
	return exists(dir, STATEDIR_START) ? OCI_CREATED : OCI_RUNNING;
}

const char *container_status_name(enum oci_status status)
{
	return names_of(oci_status_names, status) ?: "unknown";
}

int container_pidfd(const struct oci_state *s, struct err *e)
{
	auto_fd int fd = s->pid ? proc_pidfd(s->pid) : -1;

	/* the start time is looked at after: from then on the fd and the time agree */
	if (fd < 0 || !proc_alive(s->pid, s->start_time))
		return err_set(e, ESRCH, "container not running: '%s'", s->id);
	return take_fd(&fd);
}
