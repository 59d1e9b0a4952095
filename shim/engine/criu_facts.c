/* SPDX-License-Identifier: Apache-2.0 */
/* criu_facts: mounts, fds and namespaces of a process, as CRIU names them. */
#include "shim/engine/criu_facts.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/host_cgroup.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define STDIO_FDS    3
#define FDINFO_MAX   (64 << 10)
#define TEXT_MAX     (64 << 10) /* of CRIU_DESCRIPTORS */
#define FILE_MODE    0600
#define ALL_MODE     07777
#define SEARCH_MODE  0011
#define MOUNT_FIELDS 5 /* of mountinfo, up to the mount point */

struct looking {
	int proc;      /* /proc/PID */
	int root;      /* the process's root directory */
	char **mounts; /* lines of its mountinfo */
	struct arena *a;
};

static int open_process(pid_t pid, struct looking *l, struct err *e)
{
	char *text;

	l->proc = open(arena_printf(l->a, "/proc/%d", (int)pid), O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->proc < 0)
		return err_sys(e, "open /proc/%d", (int)pid);
	l->root = openat(l->proc, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (l->root < 0)
		return err_sys(e, "open /proc/%d/root", (int)pid);
	text = read_file(l->proc, "mountinfo", HOST_MOUNTINFO_MAX, l->a, NULL, e);
	if (!text)
		return -1;
	l->mounts = str_split(l->a, text, '\n', NULL);
	return 0;
}

/* "ID PARENT MAJ:MIN ROOT POINT ...": the mount point of that id, or NULL. */
static char *point_of(const struct looking *l, uint64_t id)
{
	for (char **line = l->mounts; *line; line++) {
		char **field;
		size_t n;

		if (strtoull(*line, NULL, 10) != id)
			continue;
		field = str_split(l->a, *line, ' ', &n);
		return n >= MOUNT_FIELDS ? field[MOUNT_FIELDS - 1] : NULL;
	}
	return NULL;
}

/*
 * Where the mount is that the config wants at dest. Names with blanks are escaped in
 * mountinfo; for those, and where nothing is found, dest itself has to do.
 */
static char *mounted_at(const struct looking *l, const char *dest)
{
	struct err ignored;
	auto_fd int fd = root_open(l->root, dest, O_PATH, &ignored);
	struct statx st;
	char *point;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) ||
	    !(st.stx_mask & STATX_MNT_ID))
		return NULL;
	point = point_of(l, st.stx_mnt_id);
	return point && !strchr(point, '\\') && strcmp(point, "/") != 0 ? point : NULL;
}

static void find_mounts(const struct looking *l, const struct plan *plan, struct criu_facts *out)
{
	const struct plan_mounts *m = &plan->mounts;

	out->mounted = arena_array(l->a, m->n + 1, sizeof(*out->mounted));
	for (size_t i = 0; i < m->n; i++) {
		if (m->v[i].kind == PLAN_MOUNT_BIND)
			out->mounted[i] = mounted_at(l, m->v[i].dest);
	}
	out->masked_files.v = arena_array(l->a, m->masked.n + 1, sizeof(char *));
	for (size_t i = 0; i < m->masked.n; i++) {
		struct err ignored;
		auto_fd int fd = root_open(l->root, m->masked.v[i], O_PATH, &ignored);
		struct stat st;

		if (fd >= 0 && !fstat(fd, &st) && !S_ISDIR(st.st_mode))
			out->masked_files.v[out->masked_files.n++] = m->masked.v[i];
	}
}

/* The mount that an fd of the process is on: a decimal "mnt_id:" of proc(5)'s fdinfo. */
static uint64_t mount_of_fd(const struct looking *l, int fd)
{
	struct err ignored;
	char *text = read_file(l->proc, arena_printf(l->a, "fdinfo/%d", fd), FDINFO_MAX, l->a, NULL,
			       &ignored);
	char *at = text ? strstr(text, "mnt_id:") : NULL;

	return at ? strtoull(at + strlen("mnt_id:"), NULL, 10) : 0;
}

/* What CRIU finds below the container's root it can open again; what is not, we have to give. */
static char *describe_fd(const struct looking *l, int fd)
{
	char *path = arena_printf(l->a, "fd/%d", fd);
	char link[PATH_MAX];
	ssize_t n = readlinkat(l->proc, path, link, sizeof(link) - 1);
	uint64_t mount = mount_of_fd(l, fd);
	struct stat st;

	if (n < 0)
		return arena_strdup(l->a, "");
	link[n] = '\0';
	if (*link != '/' || !mount || point_of(l, mount) || fstatat(l->proc, path, &st, 0) ||
	    !(S_ISREG(st.st_mode) || S_ISFIFO(st.st_mode)))
		return arena_strdup(l->a, link);
	return arena_printf(l->a, "file[%" PRIx64 ":%" PRIx64 "]", mount, (uint64_t)st.st_ino);
}

static void find_fds(const struct looking *l, struct criu_facts *out)
{
	out->fds.v = arena_array(l->a, STDIO_FDS + 1, sizeof(char *));
	for (int fd = 0; fd < STDIO_FDS; fd++)
		out->fds.v[out->fds.n++] = describe_fd(l, fd);
}

static int inode_of(const struct oci_config *c, enum oci_ns type, uint64_t *out, struct err *e)
{
	const struct oci_namespace *ns = oci_namespace_of(c, type);
	struct stat st;

	if (!ns || !ns->path)
		return 0;
	if (stat(ns->path, &st))
		return err_sys(e, "linux.namespaces: path '%s'", ns->path);
	*out = st.st_ino;
	return 0;
}

int criu_facts_of(pid_t pid, const struct plan *plan, struct arena *a, struct criu_facts *out,
		  struct err *e)
{
	struct looking l = { .proc = -1, .root = -1, .a = a };
	int failed = open_process(pid, &l, e) ||
		     inode_of(plan->in->config, OCI_NS_NETWORK, &out->net_inode, e) ||
		     inode_of(plan->in->config, OCI_NS_PID, &out->pid_inode, e);

	if (!failed) {
		find_mounts(&l, plan, out);
		find_fds(&l, out);
	}
	close_fd(&l.proc);
	close_fd(&l.root);
	return failed ? -1 : 0;
}

int criu_let_search(int images, const struct plan *plan, struct err *e)
{
	struct stat st;

	if (!plan->ns.userns)
		return 0;
	if (fstat(images, &st) || fchmod(images, (st.st_mode & ALL_MODE) | SEARCH_MODE))
		return err_sys(e, "image: let the user namespace's root search it");
	return 0;
}

int criu_facts_write(int images, const struct criu_facts *facts, struct err *e)
{
	struct json_object *list = json_object_new_array();
	const char *text;
	int failed;

	for (size_t i = 0; i < facts->fds.n; i++)
		json_object_array_add(list, json_object_new_string(facts->fds.v[i]));
	text = json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN |
							    JSON_C_TO_STRING_NOSLASHESCAPE);
	failed = replace_file(images, CRIU_DESCRIPTORS, text, strlen(text), FILE_MODE, e);
	json_object_put(list);
	return failed;
}

/* The image may have come from anywhere: only texts, and only for three fds. */
int criu_facts_read(int images, struct arena *a, struct criu_facts *out, struct err *e)
{
	size_t len;
	char *text = read_file(images, CRIU_DESCRIPTORS, TEXT_MAX, a, &len, e);
	struct json_object *list = text ? json_parse(text, len, e) : NULL;

	if (!list)
		return err_ctx(e, "image");
	json_own(a, list);
	if (!json_object_is_type(list, json_type_array) ||
	    json_object_array_length(list) > STDIO_FDS)
		return err_set(e, EINVAL, "image: " CRIU_DESCRIPTORS ": expected three texts");
	out->fds.v = arena_array(a, STDIO_FDS + 1, sizeof(char *));
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		const char *s = json_object_get_string(json_object_array_get_idx(list, i));

		out->fds.v[out->fds.n++] = arena_strdup(a, s ? s : "");
	}
	return 0;
}
