/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_facts: ask kernel and file system; nothing here is changed and nothing judged. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "shim/cli/doctor.h"
#include "shim/engine/sealed.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define SMALL_FILE_MAX	 (64 << 10)
#define NET_DIR		 "/etc/cni/net.d"
#define BIN_DIRS	 "/opt/cni/bin:/usr/lib/cni"
#define CNI_PLUGIN	 "peapod"
#define PAUSE_NAME	 "pause"
#define PAUSE_LIBEXEC	 "../libexec/peapod/pause"
#define NFT_ANSWER_S	 2
#define NFT_ANSWER_BYTES 512
#define NO_FLAGS	 0xffffffffU /* no call takes all flags */

static int errno_of(long ret)
{
	return ret < 0 ? errno : 0;
}

/* Nothing is done by any of them: the arguments are checked first, and wrong. */
static void try_calls(struct doctor_facts *f)
{
	f->calls[DOCTOR_CLONE3] = errno_of(syscall(SYS_clone3, NULL, 0));
	f->calls[DOCTOR_OPENAT2] = errno_of(syscall(SYS_openat2, -1, "", NULL, 0));
	f->calls[DOCTOR_MOUNT_SETATTR] =
		errno_of(syscall(SYS_mount_setattr, -1, "", NO_FLAGS, NULL, 0));
	f->calls[DOCTOR_OPEN_TREE] = errno_of(syscall(SYS_open_tree, -1, "", NO_FLAGS));
	f->calls[DOCTOR_PIDFD_OPEN] = errno_of(syscall(SYS_pidfd_open, -1, NO_FLAGS));
	f->calls[DOCTOR_CLOSE_RANGE] = errno_of(syscall(SYS_close_range, 1, 0, 0));
}

/* "r0 = 1; exit": a device program that allows everything, and is attached nowhere. */
static int try_bpf(void)
{
	static const struct bpf_insn allow[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 1 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	static const char license[] = "Apache-2.0";
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insn_cnt = countof(allow),
		.insns = (uintptr_t)allow,
		.license = (uintptr_t)license,
	};
	auto_fd int fd = (int)syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	return fd < 0 ? errno : 0;
}

/* Ask for the generation of the rule set: any kernel with nf_tables has one. */
static int try_nft(void)
{
	struct {
		struct nlmsghdr h;
		struct nfgenmsg g;
	} ask = {
		.h = { .nlmsg_len = sizeof(ask),
		       .nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN,
		       .nlmsg_flags = NLM_F_REQUEST },
		.g = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 },
	};
	struct timeval patience = { .tv_sec = NFT_ANSWER_S };
	auto_fd int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	union {
		struct nlmsghdr h;
		char bytes[NFT_ANSWER_BYTES];
	} answer;
	const struct nlmsgerr *bad = NLMSG_DATA(&answer.h);
	ssize_t n;

	if (sock < 0 ||
	    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    send(sock, &ask, sizeof(ask), 0) < 0)
		return errno;
	n = recv(sock, &answer, sizeof(answer), 0);
	if (n < 0)
		return errno;
	if ((size_t)n < NLMSG_LENGTH(sizeof(*bad)) || answer.h.nlmsg_type != NLMSG_ERROR)
		return 0;
	return -bad->error;
}

static struct doctor_sysctl read_number(const char *path, struct arena *a)
{
	struct doctor_sysctl got = { 0 };
	struct err ignored;
	char *text = read_file(AT_FDCWD, path, SMALL_FILE_MAX, a, NULL, &ignored);

	if (!text)
		return got;
	text[strcspn(text, "\n")] = '\0';
	got.known = !parse_i64(text, INT64_MIN, INT64_MAX, &got.v);
	return got;
}

static uint64_t read_effective(struct arena *a)
{
	struct err ignored;
	const char *text =
		read_file(AT_FDCWD, "/proc/self/status", SMALL_FILE_MAX, a, NULL, &ignored);

	text = text ? strstr(text, "\nCapEff:") : NULL;
	return text ? strtoull(text + strlen("\nCapEff:"), NULL, 16) : 0;
}

static void add_controllers(struct json_strs *all, const struct json_strs *more, struct arena *a)
{
	char **v = arena_array(a, all->n + more->n + 1, sizeof(*v));

	for (size_t i = 0; i < all->n; i++)
		v[i] = all->v[i];
	for (size_t i = 0; i < more->n; i++)
		v[all->n + i] = more->v[i];
	all->v = v;
	all->n += more->n;
}

/* Managers name cgroups from the top of what is mounted; a user has only what is his. */
static void look_at_cgroups(struct doctor_facts *f, struct arena *a)
{
	const struct host *h = f->host;

	f->cgroups.v = arena_array(a, h->cgroups.n, sizeof(*f->cgroups.v));
	f->cgroups.n = h->cgroups.n;
	for (size_t i = 0; i < h->cgroups.n; i++) {
		const struct host_cgroup *c = &h->cgroups.v[i];
		bool own = f->rootless && str_eq(c->root, "/");
		char *dir =
			path_clean(a, arena_printf(a, "%s/%s", c->mountpoint, own ? c->own : ""));
		int bad = faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS);

		f->cgroups.v[i] = (struct doctor_cgroup){
			.name = arena_strdup(a, *c->key ? c->key : "v2"),
			.dir = dir,
			.error = errno_of(bad),
		};
		add_controllers(&f->controllers, &c->controllers, a);
	}
}

static char *if_runs(char *path)
{
	return access(path, X_OK) ? NULL : path;
}

/* Programs of ours stand beside each other, or where `make install` puts them. */
static void find_programs(struct doctor_facts *f, struct arena *a)
{
	char self[PATH_MAX] = "";
	char *slash = sealed_path(self, sizeof(self)) ? strrchr(self, '/') : NULL;

	f->shim = doctor_which(DOCTOR_SHIM_NAME, a);
	f->criu = doctor_which("criu", a);
	if (!slash)
		return;
	/* with root's rights it is executed from a view that nobody can write to (sealed.h) */
	if (geteuid() && !access(self, W_OK))
		f->writable = arena_strdup(a, self);
	*slash = '\0';
	f->pause = if_runs(arena_printf(a, "%s/" PAUSE_NAME, self));
	if (!f->pause)
		f->pause = if_runs(arena_printf(a, "%s/" PAUSE_LIBEXEC, self));
}

static void look_at_networks(struct doctor_facts *f, struct arena *a)
{
	const struct doctor_containerd *c = &f->containerd;
	struct err e = { 0 };
	char **dirs;

	f->net_dir = c->net_dir ? c->net_dir : arena_strdup(a, NET_DIR);
	f->bin_dirs = c->bin_dir ? c->bin_dir : arena_strdup(a, BIN_DIRS);
	if (netdir_read(f->net_dir, f->bin_dirs, a, &f->nets, &e))
		f->net_error = arena_strdup(a, e.msg);
	for (dirs = str_split(a, f->bin_dirs, ':', NULL); *dirs; dirs++)
		f->cni_plugin |= !access(arena_printf(a, "%s/" CNI_PLUGIN, *dirs), X_OK);
}

struct doctor_facts *doctor_gather(const struct engine *en, struct arena *a)
{
	struct doctor_facts *f = arena_alloc(a, sizeof(*f));
	struct utsname uts;

	f->host = en->host;
	f->rootless = en->rootless;
	f->release = arena_strdup(a, uname(&uts) ? "" : uts.release);
	try_calls(f);
	f->bpf_error = try_bpf();
	f->nft_error = try_nft();
	f->effective = read_effective(a);
	f->userns_max = read_number("/proc/sys/user/max_user_namespaces", a);
	f->userns_clone = read_number("/proc/sys/kernel/unprivileged_userns_clone", a);
	f->userns_apparmor =
		read_number("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", a);
	f->forward4 = read_number("/proc/sys/net/ipv4/ip_forward", a);
	look_at_cgroups(f, a);
	find_programs(f, a);
	doctor_containerd_probe(a, &f->containerd);
	look_at_networks(f, a);
	doctor_find_left(en, a, f);
	return f;
}
