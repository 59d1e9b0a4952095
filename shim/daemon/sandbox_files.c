/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_files: small files on /run, one tmpfs. */
#include "shim/daemon/sandbox_files.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "shim/daemon/home.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define HOST_FILE_MAX (1 << 20) /* bytes of the host's hosts and resolv.conf */
#define ADDRESSES_MAX 64
#define UNMOUNTS_MAX  16

static void add_address(const struct ifaddrs *i, struct json_strs *out, struct arena *a)
{
	char text[INET6_ADDRSTRLEN];
	const struct sockaddr *s = i->ifa_addr;

	if (!s || i->ifa_flags & IFF_LOOPBACK || out->n == ADDRESSES_MAX)
		return;
	if (s->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const void *)s;

		if (inet_ntop(AF_INET, &v4->sin_addr, text, sizeof(text)))
			out->v[out->n++] = arena_strdup(a, text);
	} else if (s->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const void *)s;

		if (!IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) &&
		    inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof(text)))
			out->v[out->n++] = arena_strdup(a, text);
	}
}

/* What CNI has given to the pod. */
static int addresses(const char *netns, struct json_strs *out, struct arena *a, struct err *e)
{
	struct home home = HOME_INIT;
	struct ifaddrs *all = NULL;
	int bad;

	out->v = arena_array(a, ADDRESSES_MAX, sizeof(*out->v));
	out->n = 0;
	if (home_leave(&home, netns, false, false, e))
		return -1;
	bad = getifaddrs(&all);
	for (const struct ifaddrs *i = all; !bad && i; i = i->ifa_next)
		add_address(i, out, a);
	if (!bad)
		freeifaddrs(all);
	else
		err_sys(e, "read the pod's addresses");
	return home_return(&home, e) || bad ? -1 : 0;
}

static int write_text(const struct sandbox_plan *p, int dir, const char *name, const char *text,
		      struct err *e)
{
	if (replace_file(dir, name, text, strlen(text), 0644, e))
		return -1;
	if (p->modes.userns && fchownat(dir, name, p->uid, p->gid, AT_SYMLINK_NOFOLLOW))
		return err_sys(e, "give '%s' to the pod's root", name);
	return 0;
}

/* The host's, where it has one. */
static const char *host_file(const char *path, struct arena *a)
{
	struct err ignored;
	const char *text = read_file(-1, path, HOST_FILE_MAX, a, NULL, &ignored);

	return text ? text : "";
}

static int write_hosts(const struct sandbox_plan *p, int dir, struct arena *a, struct err *e)
{
	auto_str struct str text = { 0 };
	struct json_strs ips;

	if (!p->modes.net)
		return write_text(p, dir, SANDBOX_HOSTS, host_file("/etc/hosts", a), e);
	if (addresses(p->netns, &ips, a, e))
		return -1;
	sandbox_hosts_text(p, &ips, &text);
	return write_text(p, dir, SANDBOX_HOSTS, text.s, e);
}

static int write_hostname(const struct sandbox_plan *p, int dir, struct arena *a, struct err *e)
{
	char own[256] = "";

	if (gethostname(own, sizeof(own) - 1))
		return err_sys(e, "read the host's name");
	return write_text(p, dir, SANDBOX_HOSTNAME,
			  arena_printf(a, "%s\n", p->hostname ? p->hostname : own), e);
}

static int write_resolv(const struct sandbox_plan *p, int dir, struct arena *a, struct err *e)
{
	auto_str struct str text = { 0 };

	if (p->has_dns)
		sandbox_resolv_text(p, &text);
	else
		str_add(&text, host_file("/etc/resolv.conf", a));
	return write_text(p, dir, SANDBOX_RESOLV, str_text(&text), e);
}

static int mount_shm(const struct sandbox_plan *p, int dir, struct arena *a, struct err *e)
{
	auto_fd int fd = -1;

	if (!p->modes.ipc)
		return 0; /* the host's is taken */
	if (mkdirat(dir, SANDBOX_SHM, 0700))
		return err_sys(e, "make '" SANDBOX_SHM "'");
	fd = openat(dir, SANDBOX_SHM, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 || mount("shm", fd_path(fd).s, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
			    arena_printf(a, "mode=1777,size=" SANDBOX_SHM_SIZE ",uid=%u,gid=%u",
					 p->uid, p->gid)))
		return err_sys(e, "mount the pod's /dev/shm");
	return 0;
}

static int open_dir(const char *dir, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *path = arena_printf(&a, "%s/" SANDBOX_DIR, dir);
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? err_sys(e, "open '%s'", path) : fd;
}

int sandbox_files_make(const struct sandbox_plan *p, const char *dir, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int fd = -1;

	if (path_mkdirs(arena_printf(&a, "%s/" SANDBOX_DIR, dir), 0700, e))
		return -1;
	fd = open_dir(dir, e);
	if (fd < 0)
		return -1;
	return write_hosts(p, fd, &a, e) || write_hostname(p, fd, &a, e) ||
			       write_resolv(p, fd, &a, e) || mount_shm(p, fd, &a, e)
		       ? -1
		       : 0;
}

int sandbox_files_add(const char *dir, const char *name, const char *text, struct err *e)
{
	auto_fd int fd = open_dir(dir, e);

	return fd < 0 ? -1 : replace_file(fd, name, text, strlen(text), 0600, e);
}

int sandbox_files_label(const char *dir, const char *label, struct err *e)
{
	static const char *const files[] = { SANDBOX_HOSTS, SANDBOX_HOSTNAME, SANDBOX_RESOLV,
					     SANDBOX_SHM };
	auto_arena struct arena a = { 0 };

	for (size_t i = 0; i < countof(files); i++) {
		const char *path = arena_printf(&a, "%s/" SANDBOX_DIR "/%s", dir, files[i]);

		if (!lsetxattr(path, "security.selinux", label, strlen(label) + 1, 0))
			continue;
		if (errno != ENOTSUP && errno != ENOENT) /* a pod may have no shm of its own */
			return err_sys(e, "label '%s' as '%s'", path, label);
	}
	return 0;
}

static int unmount(const char *path, struct err *e)
{
	for (int i = 0; i < UNMOUNTS_MAX; i++) {
		if (!umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW))
			continue;
		if (errno == EINVAL || errno == ENOENT || errno == ENOTDIR)
			return 0;
		return err_sys(e, "unmount '%s'", path);
	}
	return err_set(e, EBUSY, "'%s' has more than %d mounts", path, UNMOUNTS_MAX);
}

int sandbox_files_remove(const char *dir, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "open '%s'", dir);
	if (unmount(arena_printf(&a, "%s/" SANDBOX_DIR "/" SANDBOX_SHM, dir), e) ||
	    unmount(arena_printf(&a, "%s/" SANDBOX_DIR "/" HOLDER_ROOTFS, dir), e))
		return -1;
	/* Several may be at it: who finds a file gone already has what it wanted. */
	if (path_remove_tree(fd, SANDBOX_DIR, e) && sandbox_files_exist(dir))
		return -1;
	return 0;
}

bool sandbox_files_exist(const char *dir)
{
	auto_arena struct arena a = { 0 };
	struct stat st;

	return !lstat(arena_printf(&a, "%s/" SANDBOX_DIR, dir), &st);
}
