/* SPDX-License-Identifier: Apache-2.0 */
/* creds: bounding set, ids, capability sets, ambient set; in the only order that works. */
#include "shim/engine/creds.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim/engine/ns.h"
#include "shim/engine/sync.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/names.h"
#include "spec/oci/tables.h"

#define CAPS_MAX 64 /* bits of a set */

int creds_no_new_privs(const struct plan_proc *p, struct err *e)
{
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return err_sys(e, "process: noNewPrivileges: set");
	return 0;
}

int creds_bounding(const struct plan_proc *p, struct err *e)
{
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		if (p->caps.bounding >> cap & 1 || !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			continue;
		if (errno == EINVAL)
			break; /* past the kernel's last one */
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) > 0)
			return err_sys(e, "process: capabilities: drop %s from bounding",
				       names_of(oci_cap_names, cap) ?: "an unknown one");
	}
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return err_sys(e, "clear the ambient capabilities");
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		return err_sys(e, "keep capabilities over the change of user");
	return 0;
}

bool creds_setgroups_denied(int proc)
{
	auto_arena struct arena a = { 0 };
	struct err ignored;
	auto_fd int fd = ns_proc_file(proc, "self/setgroups", O_RDONLY, &ignored);
	const char *text;

	text = fd < 0 ? NULL : read_file(fd, "", 64, &a, NULL, &ignored);
	return text && str_starts(text, "deny");
}

int creds_user(const struct plan_proc *p, bool setgroups_denied, struct err *e)
{
	if (setgroups_denied && p->n_gids)
		return err_set(e, EPERM,
			       "process: user: additionalGids: the user namespace "
			       "forbids setgroups");
	if (!setgroups_denied && setgroups(p->n_gids, p->gids))
		return err_sys(e, "process: user: additionalGids: set");
	if (setresgid(p->gid, p->gid, p->gid))
		return err_sys(e, "process: user: gid: become %u%s", p->gid,
			       errno == EINVAL ? " (not mapped in the user namespace)" : "");
	if (setresuid(p->uid, p->uid, p->uid))
		return err_sys(e, "process: user: uid: become %u%s", p->uid,
			       errno == EINVAL ? " (not mapped in the user namespace)" : "");
	return 0;
}

int creds_caps(const struct plan_proc *p, uint64_t extra, struct err *e)
{
	const struct plan_caps *c = &p->caps;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		data[i].effective = (uint32_t)((c->effective | extra) >> (32 * i));
		data[i].permitted = (uint32_t)((c->permitted | extra) >> (32 * i));
		data[i].inheritable = (uint32_t)(c->inheritable >> (32 * i));
	}
	if (syscall(SYS_capset, &head, data))
		return err_sys(e, "process: capabilities: set (those asked for are more than the "
				  "runtime has?)");
	return 0;
}

void creds_ambient(const struct plan_proc *p, int warn_fd)
{
	for (int cap = 0; cap < CAPS_MAX; cap++) {
		if (!(p->caps.ambient >> cap & 1))
			continue;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			sync_warn(warn_fd,
				  "process: capabilities: ambient: %s needs to be permitted and "
				  "inheritable: ignored",
				  names_of(oci_cap_names, cap));
	}
}
