/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_join: namespaces by the pod's modes, mounts by what is not there. */
#include "shim/daemon/sandbox_join.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/oci/tables.h"

#define SHM "/dev/shm"

/* Is it /proc/PID/ns/KIND of the pod, or of nobody? */
static bool means_pod(const char *path, pid_t pid)
{
	int n = 0;
	long of = -1;

	if (!path || sscanf(path, "/proc/%9ld/ns/%n", &of, &n) != 1 || !n)
		return false;
	return of == 0 || of == pid;
}

bool sandbox_join_owns(const struct sandbox_modes *m, enum oci_ns type)
{
	return (type == OCI_NS_NETWORK && m->net) || (type == OCI_NS_IPC && m->ipc) ||
	       (type == OCI_NS_UTS && m->uts) || (type == OCI_NS_USER && m->userns) ||
	       (type == OCI_NS_PID && m->pid == SANDBOX_PID_POD);
}

/* 1: the entry is kept, 0: dropped, for the host's. */
static int join_one(struct oci_namespace *ns, const struct sandbox_join *j, struct arena *a,
		    struct err *e)
{
	enum oci_ns type = (enum oci_ns)ns->type;

	if (!means_pod(ns->path, j->pid))
		return 1;
	if (sandbox_join_owns(&j->modes, type)) {
		ns->path = arena_printf(a, "/proc/%d/ns/%s", j->pid, oci_ns_infos[type].proc);
		return 1;
	}
	if (type == OCI_NS_PID && j->modes.pid == SANDBOX_PID_EACH)
		return err_set(e, EINVAL,
			       "linux: namespaces: pid: the pod was made for containers with a pid "
			       "namespace each, so there is none to share");
	if (type != OCI_NS_NETWORK && type != OCI_NS_IPC && type != OCI_NS_UTS &&
	    type != OCI_NS_PID)
		return err_set(e, EINVAL, "linux: namespaces: %s: the pod has none",
			       oci_ns_infos[type].type);
	return 0;
}

static int join_namespaces(struct oci_config *c, const struct sandbox_join *j, struct arena *a,
			   struct err *e)
{
	static const enum oci_ns shared[] = { OCI_NS_NETWORK, OCI_NS_IPC, OCI_NS_UTS, OCI_NS_USER };
	struct oci_linux *l = c->linux_;
	size_t n = 0;

	for (size_t i = 0; i < countof(shared); i++) {
		if (sandbox_join_owns(&j->modes, shared[i]) && !oci_namespace_of(c, shared[i]))
			return err_set(e, EINVAL,
				       "linux: namespaces: %s: missing, but the pod has one of its "
				       "own",
				       oci_ns_infos[shared[i]].type);
	}
	for (size_t i = 0; i < l->namespaces.n; i++) {
		int keep = join_one(&l->namespaces.v[i], j, a, e);

		if (keep < 0)
			return -1;
		if (keep)
			l->namespaces.v[n++] = l->namespaces.v[i];
	}
	l->namespaces.n = n;
	return 0;
}

static struct oci_mount *find_mount(struct oci_config *c, const char *path, struct arena *a)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		if (str_eq(path_clean(a, c->mounts.v[i].destination), path))
			return &c->mounts.v[i];
	}
	return NULL;
}

/* Does the config mount something of its own there, or above? */
static bool brings(struct oci_config *c, const char *path, struct arena *a)
{
	const struct oci_mount *m = find_mount(c, path, a);

	if (str_eq(path, SHM))
		return m && !str_eq(m->type, "tmpfs");
	return m || find_mount(c, "/etc", a);
}

static void join_mounts(struct oci_config *c, const struct sandbox_join *j, struct arena *a)
{
	size_t n;
	struct oci_mount *more =
		sandbox_mounts(&j->modes, j->dir, c->root && c->root->readonly, a, &n);
	struct oci_mount *v = arena_array(a, c->mounts.n + n, sizeof(*v));

	if (c->mounts.n)
		memcpy(v, c->mounts.v, c->mounts.n * sizeof(*v));
	c->mounts.v = v;
	for (size_t i = 0; i < n; i++) {
		struct oci_mount *there = find_mount(c, more[i].destination, a);

		if (brings(c, more[i].destination, a))
			continue;
		if (there)
			*there = more[i];
		else
			v[c->mounts.n++] = more[i];
	}
}

int sandbox_join(struct oci_config *c, const struct sandbox_join *j, struct arena *a, struct err *e)
{
	if (join_namespaces(c, j, a, e))
		return -1;
	join_mounts(c, j, a);
	return 0;
}

void sandbox_join_pin(struct oci_config *c, const struct sandbox_join *j, struct arena *a)
{
	for (size_t i = 0; i < c->linux_->namespaces.n; i++) {
		struct oci_namespace *ns = &c->linux_->namespaces.v[i];

		if (means_pod(ns->path, j->pid))
			ns->path = arena_printf(a, "/proc/self/fd/%d", j->ns[ns->type]);
	}
}
