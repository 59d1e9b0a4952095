/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_kernel: what the kernel has, and what it lets us do; facts in, findings out. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "shim/cli/cli.h"
#include "shim/cli/doctor.h"
#include "spec/base/auto.h"

#define OK(r, ...)   doctor_add(r, DOCTOR_OK, arena_printf((r)->arena, __VA_ARGS__), NULL)
#define KERNEL_FLOOR ((uint32_t)DOCTOR_KERNEL_MAJOR << 16 | DOCTOR_KERNEL_MINOR)
#define NEWER_KERNEL "use a newer kernel (5.14 or later)"

static const struct call_row {
	const char *name;
	enum doctor_level missing;
	const char *use; /* what is not possible without it */
} call_rows[] = {
	[DOCTOR_CLONE3] = { "clone3", DOCTOR_FAIL, "no container can be made" },
	[DOCTOR_OPENAT2] = { "openat2", DOCTOR_FAIL, "no path in a rootfs can be opened safely" },
	[DOCTOR_MOUNT_SETATTR] = { "mount_setattr", DOCTOR_WARN,
				   "no recursive mount options, no idmapped mounts" },
	[DOCTOR_OPEN_TREE] = { "open_tree", DOCTOR_FAIL, "the new mount API is needed for mounts" },
	[DOCTOR_PIDFD_OPEN] = { "pidfd_open", DOCTOR_FAIL, "no process can be followed" },
	[DOCTOR_CLOSE_RANGE] = { "close_range", DOCTOR_FAIL, "no fd can be kept from containers" },
};
_Static_assert(countof(call_rows) == DOCTOR_CALLS, "a row a call");

static void check_kernel(const struct doctor_facts *f, struct doctor_report *r)
{
	if (f->host->kernel >= KERNEL_FLOOR)
		OK(r, "Linux %s", f->release);
	else
		doctor_add(r, DOCTOR_FAIL,
			   arena_printf(r->arena, "Linux %s is too old", f->release), NEWER_KERNEL);
}

/* One line for all that are there. */
static void check_calls(const struct doctor_facts *f, struct doctor_report *r)
{
	auto_str struct str there = { 0 };

	for (size_t i = 0; i < DOCTOR_CALLS; i++) {
		const struct call_row *row = &call_rows[i];
		bool filtered = f->calls[i] == EPERM;

		if (f->calls[i] != ENOSYS && !filtered)
			str_addf(&there, "%s%s", there.len ? ", " : "", row->name);
		else
			doctor_add(r, row->missing,
				   arena_printf(r->arena, "%s is %s: %s", row->name,
						filtered ? "forbidden" : "missing", row->use),
				   filtered ? "allow it in the seccomp profile of what we run in"
					    : NEWER_KERNEL);
	}
	if (there.len)
		OK(r, "%s", there.s);
}

/* What the kernel has is listed in one line; what it lacks costs only that feature. */
static void check_features(const struct doctor_facts *f, struct doctor_report *r)
{
	const struct {
		const char *name, *use;
		bool there;
	} rows[] = {
		{ "time namespaces", "containers that ask for one are refused",
		  f->host->has_timens },
		{ "idmapped mounts", "mounts that ask for id mappings are refused",
		  f->host->has_idmap },
		{ "CLONE_INTO_CGROUP", "starting containers takes longer",
		  f->host->has_clone_into_cgroup },
		{ "cgroup.kill", "ending containers takes longer", f->host->has_cgroup_kill },
	};
	auto_str struct str there = { 0 };

	for (size_t i = 0; i < countof(rows); i++) {
		if (rows[i].there)
			str_addf(&there, "%s%s", there.len ? ", " : "", rows[i].name);
		else
			doctor_add(r, DOCTOR_WARN,
				   arena_printf(r->arena, "no %s: %s", rows[i].name, rows[i].use),
				   "use a newer kernel, or one built with it");
	}
	if (there.len)
		OK(r, "%s", there.s);
}

static void check_layout(const struct doctor_facts *f, struct doctor_report *r)
{
	switch (f->host->cgroup_mode) {
	case HOST_CGROUP_NONE:
		doctor_add(r, DOCTOR_FAIL, "no cgroup hierarchy is mounted",
			   "mount -t cgroup2 none /sys/fs/cgroup");
		break;
	case HOST_CGROUP_V1:
		doctor_add(r, DOCTOR_OK, "v1", NULL);
		break;
	case HOST_CGROUP_HYBRID:
		doctor_add(r, DOCTOR_OK, "v1, with v2 beside it (hybrid)", NULL);
		break;
	case HOST_CGROUP_V2:
		doctor_add(r, DOCTOR_OK, "v2", NULL);
		break;
	}
}

static bool has_controller(const struct doctor_facts *f, const char *name)
{
	for (size_t i = 0; i < f->controllers.n; i++) {
		if (!strcmp(f->controllers.v[i], name))
			return true;
	}
	return false;
}

static void check_controllers(const struct doctor_facts *f, struct doctor_report *r)
{
	static const char *const wanted[] = { "cpu", "cpuset", "memory", "pids" };
	auto_str struct str there = { 0 }, missing = { 0 };

	if (f->host->cgroup_mode == HOST_CGROUP_NONE)
		return;
	for (size_t i = 0; i < countof(wanted); i++) {
		struct str *to = has_controller(f, wanted[i]) ? &there : &missing;

		str_addf(to, "%s%s", to->len ? ", " : "", wanted[i]);
	}
	if (there.len)
		OK(r, "controllers: %s", there.s);
	if (missing.len)
		doctor_add(r, DOCTOR_WARN,
			   arena_printf(r->arena, "no controller %s: its limits are refused",
					missing.s),
			   f->rootless ? "let systemd delegate it to the user (Delegate=)"
				       : "enable it on the kernel command line "
					 "(cgroup_enable=...), mount its hierarchy on v1");
	if (!f->host->swap_accounting && has_controller(f, "memory"))
		doctor_add(r, DOCTOR_WARN, "no limits of swap",
			   "boot with swapaccount=1 if containers have memory.swap limits");
}

/* Only v2 and "devices" need to be written by name; each hierarchy is listed where it cannot be. */
static void check_writable(const struct doctor_facts *f, struct doctor_report *r)
{
	size_t bad = 0;

	for (size_t i = 0; i < f->cgroups.n; i++) {
		const struct doctor_cgroup *c = &f->cgroups.v[i];

		if (!c->error)
			continue;
		bad++;
		doctor_add(r, f->rootless ? DOCTOR_WARN : DOCTOR_FAIL,
			   arena_printf(r->arena, "'%s' (%s): %s", c->dir, c->name,
					strerror(c->error)),
			   c->error == EROFS ? "mount it read-write (in a container: privileged)"
			   : f->rootless     ? "let systemd delegate a cgroup, or use "
					       "--cgroup-manager disabled"
					     : "run as root of the host");
	}
	if (f->cgroups.n && !bad)
		OK(r, "cgroups can be made in all %zu hierarch%s", f->cgroups.n,
		   f->cgroups.n == 1 ? "y" : "ies");
}

static void check_devices(const struct doctor_facts *f, struct doctor_report *r)
{
	if (f->host->cgroup_mode != HOST_CGROUP_V2) {
		if (has_controller(f, "devices"))
			OK(r, "device rules through the devices controller");
		else if (f->host->cgroup_mode != HOST_CGROUP_NONE)
			doctor_add(r, DOCTOR_WARN,
				   "no devices controller: device rules have no place",
				   "mount the devices hierarchy");
		return;
	}
	if (!f->bpf_error)
		OK(r, "device rules through eBPF");
	else
		doctor_add(r, f->rootless ? DOCTOR_WARN : DOCTOR_FAIL,
			   arena_printf(r->arena, "no eBPF device programs: %s",
					strerror(f->bpf_error)),
			   f->bpf_error == EPERM
				   ? "CAP_BPF (or CAP_SYS_ADMIN) and bpf(2) are needed"
				   : "a kernel with CONFIG_CGROUP_BPF is needed");
}

static void check_lsm(const struct doctor_facts *f, struct doctor_report *r)
{
	if (!f->host->apparmor && !f->host->selinux)
		doctor_add(r, DOCTOR_WARN, "neither AppArmor nor SELinux is on",
			   "fine where no workload asks for a profile or label: those are refused");
	else
		OK(r, "%s%s%s", f->host->apparmor ? "AppArmor" : "",
		   f->host->apparmor && f->host->selinux ? ", " : "",
		   f->host->selinux ? "SELinux" : "");
}

static void check_seccomp(const struct doctor_facts *f, struct doctor_report *r)
{
	if (f->host->seccomp)
		OK(r, "filters");
	else
		doctor_add(r, DOCTOR_FAIL, "the kernel has no seccomp filters",
			   "a kernel with CONFIG_SECCOMP_FILTER is needed");
}

static void check_userns(const struct doctor_facts *f, struct doctor_report *r)
{
	/* Root may always make one, as long as there may be any. */
	enum doctor_level level = f->rootless ? DOCTOR_FAIL : DOCTOR_WARN;
	bool fine = true;

	if (!f->userns_max.known || f->userns_max.v == 0) {
		doctor_add(r, level, "no user namespaces",
			   f->userns_max.known ? "sysctl -w user.max_user_namespaces=15000"
					       : "a kernel with CONFIG_USER_NS is needed");
		return;
	}
	if (f->userns_clone.known && !f->userns_clone.v) {
		fine = false;
		doctor_add(r, level, "only root may make user namespaces",
			   "sysctl -w kernel.unprivileged_userns_clone=1 if users run containers");
	}
	if (f->userns_apparmor.known && f->userns_apparmor.v) {
		fine = false;
		doctor_add(r, level, "AppArmor keeps users from making user namespaces",
			   "give " CLI_NAME " a profile with 'userns,' if users run containers");
	}
	if (fine)
		OK(r, "at most %lld", (long long)f->userns_max.v);
}

/* Beside those which no container can do without. */
static void check_caps(const struct doctor_facts *f, struct doctor_report *r)
{
	static const struct {
		const char *name, *use;
		unsigned int number;
		enum doctor_level missing;
	} rows[] = {
		{ "CAP_SYS_ADMIN", "no namespace and no mount can be made", CAP_SYS_ADMIN,
		  DOCTOR_FAIL },
		{ "CAP_NET_ADMIN", "no network can be made for pods", CAP_NET_ADMIN, DOCTOR_WARN },
		{ "CAP_MKNOD", "device nodes cannot be made", CAP_MKNOD, DOCTOR_WARN },
		{ "CAP_SYS_RESOURCE",
		  "oom_score_adj cannot be lowered and hard rlimits cannot be raised",
		  CAP_SYS_RESOURCE, DOCTOR_WARN },
	};
	bool fine = true;

	if (f->rootless)
		return;
	for (size_t i = 0; i < countof(rows); i++) {
		if (f->effective >> rows[i].number & 1)
			continue;
		fine = false;
		doctor_add(r, rows[i].missing,
			   arena_printf(r->arena, "no %s: %s", rows[i].name, rows[i].use),
			   rows[i].number == CAP_SYS_RESOURCE
				   ? "give it to us and to containerd; until then set "
				     "restrict_oom_score_adj = true in containerd's config"
				   : "run as root with all capabilities");
	}
	if (fine)
		OK(r, "all that containers need");
}

const struct doctor_check doctor_kernel_checks[] = {
	{ "kernel", check_kernel },	  { "calls", check_calls },
	{ "features", check_features },	  { "cgroups", check_layout },
	{ "cgroups", check_controllers }, { "cgroups", check_writable },
	{ "devices", check_devices },	  { "lsm", check_lsm },
	{ "seccomp", check_seccomp },	  { "userns", check_userns },
	{ "capabilities", check_caps },	  { 0 },
};
