/* SPDX-License-Identifier: Apache-2.0 */
/* ns: namespaces by fd, verified before they are entered. */
#include "shim/engine/ns.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>

#include "shim/engine/idmap_program.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/oci/tables.h"

#define PROC_ROOT_INO 1
#define MAP_TEXT_MAX  65536

int ns_open_proc(struct err *e)
{
	auto_fd int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) || fstat(fd, &st))
		return err_sys(e, "open /proc");
	if (fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return err_set(e, EINVAL, "/proc is not procfs: the runtime needs a real one");
	return take_fd(&fd);
}

int ns_proc_file(int proc, const char *path, int flags, struct err *e)
{
	struct open_how how = {
		.flags = (uint64_t)flags | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS,
	};
	int fd = (int)syscall(SYS_openat2, proc, path, &how, sizeof(how));

	if (fd < 0 && errno == EXDEV)
		return err_set(e, EXDEV, "open /proc/%s: something is mounted over it", path);
	return fd < 0 ? err_sys(e, "open /proc/%s", path) : fd;
}

static const char *type_of_flag(int flag)
{
	for (int t = OCI_NS_NONE + 1; t < OCI_NS_COUNT; t++) {
		if (oci_ns_infos[t].clone == (uint64_t)flag)
			return oci_ns_infos[t].type;
	}
	return "unknown";
}

/* An open namespace of that type; -1 with *e. */
static int open_one(const struct plan_ns_join *j, struct err *e)
{
	const char *type = oci_ns_infos[j->type].type;
	auto_fd int fd = open(j->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int flag;

	if (fd < 0)
		return err_sys(e, "linux: namespaces: %s: open '%s'", type, j->path);
	flag = ioctl(fd, NS_GET_NSTYPE);
	if (flag < 0)
		return err_set(e, EINVAL, "linux: namespaces: %s: '%s' is no namespace", type,
			       j->path);
	if ((uint64_t)flag != oci_ns_infos[j->type].clone)
		return err_set(e, EINVAL, "linux: namespaces: %s: '%s' is a %s namespace", type,
			       j->path, type_of_flag(flag));
	return take_fd(&fd);
}

static bool is_own(int fd, enum oci_ns type)
{
	struct stat theirs, ours;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/ns/%s", oci_ns_infos[type].proc);
	return !fstat(fd, &theirs) && !stat(path, &ours) && theirs.st_dev == ours.st_dev &&
	       theirs.st_ino == ours.st_ino;
}

/* In our own namespace a setting would be the host's. */
static int refuse_settings(const struct plan_ns *p, enum oci_ns type, struct err *e)
{
	if (type == OCI_NS_UTS && (p->hostname || p->domainname))
		return err_set(e, EPERM, "%s: would change the host's: the uts namespace is ours",
			       p->hostname ? "hostname" : "domainname");
	for (size_t i = 0; i < p->n_sysctls; i++) {
		if (p->sysctls[i].ns == type)
			return err_set(e, EPERM,
				       "linux: sysctl: %s: would change the host: the %s namespace "
				       "is ours",
				       p->sysctls[i].key, oci_ns_infos[type].type);
	}
	return 0;
}

int ns_open(const struct plan_ns *p, struct ns_fds *out, struct err *e)
{
	struct ns_fds fds = NS_FDS_INIT;

	for (size_t i = 0; i < p->n_joins; i++) {
		enum oci_ns type = p->joins[i].type;

		fds.fd[type] = open_one(&p->joins[i], e);
		if (fds.fd[type] < 0) {
			ns_close(&fds);
			return -1;
		}
		if (!is_own(fds.fd[type], type))
			continue;
		close_fd(&fds.fd[type]);
		if (refuse_settings(p, type, e)) {
			ns_close(&fds);
			return -1;
		}
	}
	*out = fds;
	return 0;
}

void ns_close(struct ns_fds *fds)
{
	for (int t = 0; t < OCI_NS_COUNT; t++)
		close_fd(&fds->fd[t]);
}

bool ns_is_staged(const struct plan_ns *p, const struct ns_fds *fds)
{
	bool joins = false;

	for (int t = 0; t < OCI_NS_COUNT; t++)
		joins |= fds->fd[t] >= 0;
	return fds->fd[OCI_NS_PID] >= 0 || fds->fd[OCI_NS_USER] >= 0 || p->time_offsets ||
	       (joins && (p->fresh & CLONE_NEWUSER));
}

/* Compare two maps whatever their spacing. */
static bool same_map(const char *want, const char *is)
{
	unsigned int w[3], i[3];
	int nw, ni;

	for (;;) {
		int got = sscanf(want, "%u %u %u%n", &w[0], &w[1], &w[2], &nw);
		int has = sscanf(is, "%u %u %u%n", &i[0], &i[1], &i[2], &ni);

		if (got != 3 || has != 3)
			return got != 3 && has != 3;
		if (memcmp(w, i, sizeof(w)) != 0)
			return false;
		want += nw;
		is += ni;
	}
}

static int check_map(int proc, const char *file, const char *want, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int fd = -1;
	const char *is;

	if (!want)
		return 0;
	fd = ns_proc_file(proc, file, O_RDONLY, e);
	is = fd < 0 ? NULL : read_file(fd, "", MAP_TEXT_MAX, &a, NULL, e);
	if (!is)
		return -1;
	if (!same_map(want, is))
		return err_set(e, EINVAL,
			       "linux: the config's id mappings differ from %s of the user "
			       "namespace that it joins",
			       strrchr(file, '/') + 1);
	return 0;
}

static int enter_user(const struct plan_ns *p, int fd, int proc, struct err *e)
{
	if (setns(fd, CLONE_NEWUSER))
		return err_sys(e, "enter the user namespace");
	if (check_map(proc, "self/uid_map", p->uid_map, e) ||
	    check_map(proc, "self/gid_map", p->gid_map, e))
		return -1;
	return ns_become_root(e);
}

static int enter(const struct plan_ns_join *j, int fd, struct err *e)
{
	if (!setns(fd, (int)oci_ns_infos[j->type].clone))
		return 0;
	err_sys(e, "enter the %s namespace '%s'", oci_ns_infos[j->type].type, j->path);
	return e->num == EPERM ? err_ctx(e, "it belongs to a user namespace over which there are "
					    "no rights from here")
			       : -1;
}

int ns_enter(const struct plan_ns *p, const struct ns_fds *fds, int proc, struct err *e)
{
	bool later[OCI_NS_COUNT] = { false };
	bool user_ahead = fds->fd[OCI_NS_USER] >= 0;

	for (size_t i = 0; i < p->n_joins; i++) {
		const struct plan_ns_join *j = &p->joins[i];
		int fd = fds->fd[j->type];

		if (fd < 0)
			continue;
		if (j->type == OCI_NS_USER) {
			if (enter_user(p, fd, proc, e))
				return -1;
			user_ahead = false;
			for (size_t k = 0; k < i; k++) {
				if (later[k] && enter(&p->joins[k], fds->fd[p->joins[k].type], e))
					return -1;
			}
			continue;
		}
		if (enter(j, fd, e)) {
			if (!user_ahead || e->num != EPERM)
				return -1;
			later[i] = true;
		}
	}
	return 0;
}

int ns_new_time(const struct plan_ns *p, int proc, struct err *e)
{
	auto_fd int fd = -1;

	if (!p->time_offsets)
		return 0;
	if (unshare(CLONE_NEWTIME))
		return err_sys(e, "make a time namespace");
	fd = ns_proc_file(proc, "self/timens_offsets", O_WRONLY, e);
	if (fd < 0)
		return -1;
	if (write_all(fd, p->time_offsets, strlen(p->time_offsets)))
		return err_sys(e, "linux: timeOffsets: write to timens_offsets");
	return 0;
}

static int write_map(int proc, pid_t pid, const char *file, const char *text, struct err *e)
{
	char path[48];
	auto_fd int fd = -1;

	snprintf(path, sizeof(path), "%d/%s", pid, file);
	fd = ns_proc_file(proc, path, O_WRONLY, e);
	if (fd < 0)
		return -1;
	return write(fd, text, strlen(text)) < 0 ? err_sys(e, "write /proc/%s", path) : 0;
}

/*
 * Who has no rights outside may map his own id by himself, and a group only with setgroups
 * turned off (user_namespaces(7)). For more there are two programs that have the rights.
 */
static int map_unprivileged(const struct plan_ns *p, int proc, pid_t pid, struct err *e)
{
	if (idmap_is_own(p->uid_map, geteuid())
		    ? write_map(proc, pid, "uid_map", p->uid_map, e)
		    : idmap_program("newuidmap", "uidMappings", pid, p->uid_map, e))
		return -1;
	if (!idmap_is_own(p->gid_map, getegid()))
		return idmap_program("newgidmap", "gidMappings", pid, p->gid_map, e);
	if (write_map(proc, pid, "setgroups", "deny", e))
		return -1;
	return write_map(proc, pid, "gid_map", p->gid_map, e);
}

int ns_write_maps(const struct plan_ns *p, int proc, pid_t pid, struct err *e)
{
	if (!(p->fresh & CLONE_NEWUSER))
		return 0;
	if (geteuid())
		return map_unprivileged(p, proc, pid, e);
	if (write_map(proc, pid, "uid_map", p->uid_map, e))
		return -1;
	return write_map(proc, pid, "gid_map", p->gid_map, e);
}

int ns_become_root(struct err *e)
{
	if (setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return err_sys(e, "become root of the user namespace (is id 0 mapped?)");
	return 0;
}

int ns_set_names(const struct plan_ns *p, struct err *e)
{
	if (p->hostname && sethostname(p->hostname, strlen(p->hostname)))
		return err_sys(e, "hostname: set '%s'", p->hostname);
	if (p->domainname && setdomainname(p->domainname, strlen(p->domainname)))
		return err_sys(e, "domainname: set '%s'", p->domainname);
	return 0;
}

int ns_set_sysctls(const struct plan_ns *p, int proc, struct err *e)
{
	for (size_t i = 0; i < p->n_sysctls; i++) {
		const struct plan_sysctl *s = &p->sysctls[i];
		char path[256];
		auto_fd int fd = -1;

		if ((size_t)snprintf(path, sizeof(path), "sys/%s", s->path) >= sizeof(path))
			return err_set(e, ENAMETOOLONG, "linux: sysctl: '%s'", s->key);
		fd = ns_proc_file(proc, path, O_WRONLY, e);
		if (fd < 0)
			return err_ctx(e, "linux: sysctl: %s", s->key);
		if (write(fd, s->value, strlen(s->value)) < 0)
			return err_sys(e, "linux: sysctl: %s: write '%s'", s->key, s->value);
	}
	return 0;
}
