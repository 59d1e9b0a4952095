/* SPDX-License-Identifier: Apache-2.0 */
/* box: children in namespaces that tell what they saw through a pipe. */
#include "tests/unit/engine/box.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim/engine/dev.h"
#include "shim/engine/mounts.h"
#include "shim/engine/root.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"

#define TEXT_MAX (1 << 20)

void box_expect(struct str *bad, bool ok, int line, const char *what)
{
	if (!ok)
		str_addf(bad, "line %d: %s (errno %d)\n", line, what, errno);
}

long box_flags(const char *path)
{
	struct statvfs st;

	return statvfs(path, &st) ? -1 : (long)st.f_flag;
}

long box_type(const char *path)
{
	struct statfs st;

	return statfs(path, &st) ? -1 : (long)st.f_type;
}

char *box_text(const char *path, struct arena *a)
{
	struct err e;
	char *text = read_file(AT_FDCWD, path, TEXT_MAX, a, NULL, &e);

	return text ? text : arena_strdup(a, "");
}

char *box_peers(const char *path, struct arena *a)
{
	char **lines = str_split(a, box_text("/proc/self/mountinfo", a), '\n', NULL);
	char *found = arena_strdup(a, "not a mount");

	for (; *lines; lines++) {
		size_t n;
		char **f = str_split(a, *lines, ' ', &n);
		char *peers = arena_strdup(a, "");

		if (n < 7 || !str_eq(f[4], path))
			continue;
		for (size_t i = 6; i < n && !str_eq(f[i], "-"); i++)
			peers = arena_printf(a, "%s%s%.6s", peers, *peers ? " " : "", f[i]);
		found = peers;
	}
	return found;
}

bool box_possible(void)
{
	return geteuid() == 0 && !access("/proc/self/ns/cgroup", F_OK);
}

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

static struct oci_config *config_of(const struct box *b, struct arena *a, struct err *e)
{
	const char *maps =
		b->userns ? ",\"uidMappings\":[{\"containerID\":0,\"hostID\":100000,\"size\":"
			    "65536}],\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,"
			    "\"size\":65536}]"
			  : "";
	const char *text = arena_printf(
		a,
		"{\"ociVersion\":\"1.3.0\",\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":"
		"{\"uid\":0,\"gid\":0}},\"root\":{\"path\":\"rootfs\"%s},\"mounts\":[%s],\"linux\":"
		"{"
		"\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"ipc\"}%s%s%s]%s%s}}",
		or_empty(b->root_more), or_empty(b->mounts),
		b->inherit_netns ? "" : ",{\"type\":\"network\"}",
		b->cgroupns ? ",{\"type\":\"cgroup\"}" : "",
		b->userns ? ",{\"type\":\"user\"}" : "", maps, or_empty(b->linux_more));

	return oci_config_parse(text, strlen(text), a, e);
}

/* As the engine's child does it. */
static int apply(const struct box *b, struct plan *p, struct str *bad, struct err *e)
{
	auto_fd int rootfd = -1;

	if (root_prepare(&p->mounts, &rootfd, e) || mounts_apply(&p->mounts, rootfd, e) ||
	    dev_apply(&p->dev, rootfd, e))
		return -1;
	if (b->middle)
		b->middle(rootfd, bad);
	if (root_pivot(&p->mounts, rootfd, e) || root_seal(&p->mounts, e))
		return -1;
	if (b->inside)
		b->inside(bad);
	return 0;
}

/* The parent's half for a user namespace: maps are written by somebody outside. */
static int enter_userns(struct err *e)
{
	int go[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return err_sys(e, "pipe");
	pid = fork();
	if (!pid) {
		char c, path[64];
		bool ok;

		close(go[1]);
		ok = read(go[0], &c, 1) == 1;
		snprintf(path, sizeof(path), "/proc/%d/uid_map", getppid());
		ok = ok && !write_file(AT_FDCWD, path, "0 100000 65536\n", e);
		snprintf(path, sizeof(path), "/proc/%d/gid_map", getppid());
		ok = ok && !write_file(AT_FDCWD, path, "0 100000 65536\n", e);
		_exit(!ok);
	}
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC) || write(go[1], "x", 1) != 1)
		return err_sys(e, "unshare the user namespace");
	close(go[0]);
	close(go[1]);
	if (proc_reap(pid) || setresgid(0, 0, 0) || setresuid(0, 0, 0))
		return err_sys(e, "enter the user namespace");
	return 0;
}

static const struct host *host_of(const struct box *b, struct arena *a, struct err *e)
{
	struct host *h = host_probe(a, e);

	for (size_t i = 0; h && b->only_v2 && i < h->cgroups.n; i++) {
		if (!*h->cgroups.v[i].key) {
			h->cgroups.v += i;
			h->cgroups.n = 1;
			h->cgroup_mode = HOST_CGROUP_V2;
		}
	}
	return h;
}

static int run(const struct box *b, const char *bundle, struct str *bad, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct plan_input in = { .id = "box", .bundle = bundle, .no_pivot = b->no_pivot };
	struct plan p;
	unsigned int flags = CLONE_NEWNS | CLONE_NEWIPC | (b->cgroupns ? CLONE_NEWCGROUP : 0);

	in.host = host_of(b, &a, e);
	in.config = in.host ? config_of(b, &a, e) : NULL;
	if (!in.config || plan_mounts(&in, &a, &p.mounts, e) || plan_dev(&in, &a, &p.dev, e))
		return -1;
	if (unshare((int)(b->inherit_netns ? flags : flags | CLONE_NEWNET)) || chdir(bundle))
		return err_sys(e, "unshare");
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return err_sys(e, "make '/' private");
	if (b->before)
		b->before(); /* in the old root, but the new namespaces */
	if (mounts_open_sources(&p.mounts, e) || (b->userns && enter_userns(e)))
		return -1;
	umask(077);
	return apply(b, &p, bad, e);
}

static void child(const struct box *b, const char *bundle, int out)
{
	struct str bad = { 0 };
	struct err e = { 0 };

	if (run(b, bundle, &bad, &e))
		str_addf(&bad, "%s\n", e.msg);
	write_all(out, str_text(&bad), bad.len);
	_exit(0);
}

char *box_run(const struct box *b, struct arena *a)
{
	char dir[] = "/tmp/peapod-box-XXXXXX", *text;
	struct err e;
	int out[2];
	pid_t pid;

	if (!mkdtemp(dir) || chmod(dir, 0755) || pipe2(out, O_CLOEXEC))
		return arena_strdup(a, "no bundle");
	if (mkdir(arena_printf(a, "%s/rootfs", dir), 0755))
		return arena_strdup(a, "no rootfs");
	fflush(NULL);
	pid = fork();
	if (!pid && b->userns && chmod(dir, 0700)) /* which its root cannot walk through */
		_exit(1);
	if (!pid)
		child(b, dir, out[1]);
	close(out[1]);
	text = arena_alloc(a, TEXT_MAX);
	if (read_full(out[0], text, TEXT_MAX - 1) < 0)
		text = arena_strdup(a, "no answer");
	close(out[0]);
	if (proc_reap(pid))
		text = arena_printf(a, "%schild failed\n", text);
	if (path_remove_tree(AT_FDCWD, dir, &e))
		text = arena_printf(a, "%s%s\n", text, e.msg);
	return text;
}
