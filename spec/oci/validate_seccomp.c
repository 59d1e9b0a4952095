/* SPDX-License-Identifier: Apache-2.0 */
/* validate_seccomp: rules about config.linux.seccomp. */
#include "spec/oci/check.h"

#include <errno.h>

#include "spec/base/str.h"
#include "spec/oci/tables.h"

#define ARG_INDEX_MAX 5	   /* of a system call's six */
#define ERRNO_MAX     4095 /* the kernel's MAX_ERRNO; a tracer's message has 16 bits */

/* The value of a name that was checked already. */
static enum oci_seccomp_action action_of(const char *name)
{
	return (enum oci_seccomp_action)names_find(oci_seccomp_action_names, name)->value;
}

/* config-linux.md: an errno with an action that has none MUST be an error. */
static int check_errno(const char *key, const char *action, const struct opt_u32 *num,
		       struct err *e)
{
	enum oci_seccomp_action act = action_of(action);

	if (!num->set)
		return 0;
	if (act != OCI_ACT_ERRNO && act != OCI_ACT_TRACE)
		return err_set(e, EINVAL, "%s: %s takes no errno", key, action);
	return oci_check_range(key, num->v, 0, act == OCI_ACT_TRACE ? UINT16_MAX : ERRNO_MAX, e);
}

static int check_rule(const struct oci_seccomp *s, const struct oci_seccomp_rule *r, struct err *e)
{
	if (!r->names.n)
		return err_set(e, EINVAL, "names: at least one is required");
	if (oci_check_name("action", r->action, oci_seccomp_action_names, e) ||
	    check_errno("errnoRet", r->action, &r->errno_ret, e))
		return -1;
	for (size_t i = 0; i < r->args.n; i++) {
		if (oci_check_range("index", r->args.v[i].index, 0, ARG_INDEX_MAX, e) ||
		    oci_check_name("op", r->args.v[i].op, oci_seccomp_op_names, e))
			return err_ctx(e, "args: [%zu]", i);
	}
	if (action_of(r->action) != OCI_ACT_NOTIFY)
		return 0;
	if (!s->listener_path)
		return err_set(e, EINVAL, "action: SCMP_ACT_NOTIFY needs a listenerPath");
	for (size_t i = 0; i < r->names.n; i++) {
		/* The filter's fd is handed over by a write, which would wait for its reader. */
		if (str_eq(r->names.v[i], "write"))
			return err_set(e, EINVAL, "names: write cannot have SCMP_ACT_NOTIFY");
	}
	return 0;
}

int oci_check_seccomp(const struct oci_seccomp *s, struct err *e)
{
	if (oci_check_name("defaultAction", s->default_action, oci_seccomp_action_names, e) ||
	    oci_check_names("architectures", &s->architectures, oci_seccomp_arch_names, e) ||
	    oci_check_names("flags", &s->flags, oci_seccomp_flag_names, e) ||
	    check_errno("defaultErrnoRet", s->default_action, &s->default_errno_ret, e))
		return -1;
	if (action_of(s->default_action) == OCI_ACT_NOTIFY)
		return err_set(e, EINVAL, "defaultAction: SCMP_ACT_NOTIFY is for single calls");
	if (s->listener_metadata && !s->listener_path)
		return err_set(e, EINVAL, "listenerMetadata: there is no listenerPath");
	for (size_t i = 0; i < s->syscalls.n; i++) {
		if (check_rule(s, &s->syscalls.v[i], e))
			return err_ctx(e, "syscalls: [%zu]", i);
	}
	return 0;
}
