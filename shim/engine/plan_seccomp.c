/* SPDX-License-Identifier: Apache-2.0 */
/* plan_seccomp: check a profile, fill in its defaults, split what libraries cannot say. */
#include "shim/engine/plan_seccomp.h"

#include <ctype.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>

#include "shim/engine/plan_input.h"
#include "spec/oci/tables.h"

#define ERRNO_DEFAULT 1	   /* EPERM (runtime-spec config-linux.md "errnoRet") */
#define ERRNO_MAX     4095 /* the kernel's MAX_ERRNO; it would cut what is above */
#define DATA_MAX      0xffff
#define NAME_MAX_LEN  64
#define KEY	      "linux: seccomp"

/* What an OCI action is to the kernel, and the largest data it takes (0: none). */
static const struct {
	uint32_t ret, data_max;
} actions[] = {
	[OCI_ACT_KILL] = { SECCOMP_RET_KILL_THREAD, 0 },
	[OCI_ACT_KILL_PROCESS] = { SECCOMP_RET_KILL_PROCESS, 0 },
	[OCI_ACT_KILL_THREAD] = { SECCOMP_RET_KILL_THREAD, 0 },
	[OCI_ACT_TRAP] = { SECCOMP_RET_TRAP, 0 },
	[OCI_ACT_ERRNO] = { SECCOMP_RET_ERRNO, ERRNO_MAX },
	[OCI_ACT_TRACE] = { SECCOMP_RET_TRACE, DATA_MAX },
	[OCI_ACT_ALLOW] = { SECCOMP_RET_ALLOW, 0 },
	[OCI_ACT_LOG] = { SECCOMP_RET_LOG, 0 },
	[OCI_ACT_NOTIFY] = { SECCOMP_RET_USER_NOTIF, 0 },
};

struct build {
	struct arena *a;
	struct plan_seccomp *out;
	size_t cap, pairs;
	struct err *e;
};

static int resolve_action(const char *key, const char *name, const struct opt_u32 *num,
			  uint32_t *out, struct err *e)
{
	const struct name *n = name ? names_find(oci_seccomp_action_names, name) : NULL;
	uint32_t data_max;

	if (!n)
		return err_set(e, EINVAL, "%s: unknown action '%.64s'", key, name ? name : "");
	data_max = actions[n->value].data_max;
	if (num->set && !data_max)
		return err_set(e, EINVAL, "%s: %s takes no errno", key, name);
	if (num->set && num->v > data_max)
		return err_set(e, EINVAL, "%s: %u is more than %u", key, num->v, data_max);
	*out = actions[n->value].ret | (data_max ? num->set ? num->v : ERRNO_DEFAULT : 0);
	return 0;
}

static int plan_flags(const struct oci_seccomp *s, bool notify, unsigned int *out, struct err *e)
{
	/* Not only is it what other runtimes do: without it every system call gets slower. */
	*out = s->flags.v ? 0 : SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; s->flags.v && i < s->flags.n; i++) {
		const struct name *n = names_find(oci_seccomp_flag_names, s->flags.v[i]);

		if (!n)
			return err_set(e, EINVAL, KEY ": flags: [%zu]: unknown flag '%.64s'", i,
				       s->flags.v[i]);
		*out |= (unsigned int)n->value;
	}
	/* One thread has none to be in step with; without a listener nobody waits. */
	*out &= ~(unsigned int)SECCOMP_FILTER_FLAG_TSYNC;
	if (notify)
		*out |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
	else
		*out &= ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	return 0;
}

static int plan_archs(const struct oci_seccomp *s, struct build *b)
{
	struct plan_seccomp *p = b->out;

	p->archs = arena_array(b->a, s->architectures.n, sizeof(*p->archs));
	for (size_t i = 0; i < s->architectures.n; i++) {
		const struct name *n = names_find(oci_seccomp_arch_names, s->architectures.v[i]);
		bool twice = false;

		if (!n)
			return err_set(b->e, EINVAL,
				       KEY ": architectures: [%zu]: unknown architecture '%.64s'",
				       i, s->architectures.v[i]);
		for (size_t k = 0; k < p->n_archs; k++)
			twice |= p->archs[k] == (uint32_t)n->value;
		if (!twice)
			p->archs[p->n_archs++] = (uint32_t)n->value;
	}
	return 0;
}

/* Whatever else a name is, no library knows it. */
static bool is_name(const char *s)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!islower((unsigned char)s[i]) && !isdigit((unsigned char)s[i]) && s[i] != '_')
			return false;
	return n && n <= NAME_MAX_LEN;
}

static int plan_args(const char *key, const struct oci_seccomp_rule *r, struct build *b,
		     struct plan_seccomp_arg **out)
{
	struct plan_seccomp_arg *args = arena_array(b->a, r->args.n, sizeof(*args));

	for (size_t i = 0; i < r->args.n; i++) {
		const struct oci_seccomp_arg *arg = &r->args.v[i];
		const struct name *op = arg->op ? names_find(oci_seccomp_op_names, arg->op) : NULL;

		if (arg->index >= SECCOMP_ARGS_MAX)
			return err_set(b->e, EINVAL, "%s: args: [%zu]: index: %u is more than %d",
				       key, i, arg->index, SECCOMP_ARGS_MAX - 1);
		if (!op)
			return err_set(b->e, EINVAL,
				       "%s: args: [%zu]: op: unknown operator '%.64s'", key, i,
				       arg->op ? arg->op : "");
		args[i] = (struct plan_seccomp_arg){ arg->index, (int)op->value, arg->value,
						     op->value == OCI_CMP_MASKED_EQ ? arg->value_two
										    : 0 };
	}
	*out = args;
	return 0;
}

static bool same_arg_twice(const struct plan_seccomp_arg *args, size_t n)
{
	unsigned int seen = 0;

	for (size_t i = 0; i < n; i++) {
		if (seen & 1U << args[i].index)
			return true;
		seen |= 1U << args[i].index;
	}
	return false;
}

static int put_rule(const char *key, struct build *b, const struct plan_seccomp_rule *r)
{
	struct plan_seccomp *p = b->out;

	b->pairs += r->n_names;
	if (b->pairs > SECCOMP_RULES_MAX)
		return err_set(b->e, E2BIG, "%s: more than %d rules", key, SECCOMP_RULES_MAX);
	if (!r->n_names)
		return 0;
	if (p->n_rules == b->cap) {
		struct plan_seccomp_rule *old = p->rules;

		b->cap = b->cap ? b->cap * 2 : 32;
		p->rules = arena_array(b->a, b->cap, sizeof(*p->rules));
		if (p->n_rules)
			memcpy(p->rules, old, p->n_rules * sizeof(*old));
	}
	p->rules[p->n_rules++] = *r;
	return 0;
}

static int put_known(const char *key, struct build *b, const struct plan_seccomp_rule *r)
{
	struct plan_seccomp *p = b->out;

	if (p->n_known + r->n_names > SECCOMP_RULES_MAX)
		return err_set(b->e, E2BIG, "%s: more than %d names", key, SECCOMP_RULES_MAX);
	if (r->n_names && !p->known)
		p->known = arena_array(b->a, SECCOMP_RULES_MAX, sizeof(*p->known));
	for (size_t i = 0; i < r->n_names; i++)
		p->known[p->n_known++] = r->names[i];
	return 0;
}

static int plan_rule(size_t i, const struct oci_seccomp_rule *in, struct build *b)
{
	const char *key = arena_printf(b->a, KEY ": syscalls: [%zu]", i);
	struct plan_seccomp_rule r = { .n_args = in->args.n };

	if (resolve_action(arena_printf(b->a, "%s: action", key), in->action, &in->errno_ret,
			   &r.action, b->e) ||
	    plan_args(key, in, b, &r.args))
		return -1;
	r.names = arena_array(b->a, in->names.n, sizeof(*r.names));
	for (size_t k = 0; k < in->names.n; k++)
		if (is_name(in->names.v[k]))
			r.names[r.n_names++] = in->names.v[k];
	if (r.action == b->out->default_action)
		return put_known(key, b, &r);
	if (!same_arg_twice(r.args, r.n_args))
		return put_rule(key, b, &r);
	/* A library takes one condition an argument; several have always meant "any of them". */
	for (size_t k = 0; k < r.n_args; k++) {
		struct plan_seccomp_rule one = r;

		one.args = &r.args[k];
		one.n_args = 1;
		if (put_rule(key, b, &one))
			return -1;
	}
	return 0;
}

bool plan_seccomp_notifies(const struct oci_seccomp *s)
{
	for (size_t i = 0; s && i < s->syscalls.n; i++) {
		const char *action = s->syscalls.v[i].action;
		const struct name *n = action ? names_find(oci_seccomp_action_names, action) : NULL;

		if (n && n->value == OCI_ACT_NOTIFY)
			return true;
	}
	return false;
}

int plan_seccomp(const struct plan_input *in, struct arena *a, struct plan_seccomp *out,
		 struct err *e)
{
	const struct oci_seccomp *s = in->config->linux_ ? in->config->linux_->seccomp : NULL;
	struct plan_seccomp p = { .present = s != NULL, .notify = plan_seccomp_notifies(s) };
	struct build b = { .a = a, .out = &p, .e = e };

	if (s && !in->host->seccomp)
		return err_set(e, ENOTSUP, KEY ": this kernel has no seccomp filters");
	if (s && (resolve_action(KEY ": defaultAction", s->default_action, &s->default_errno_ret,
				 &p.default_action, e) ||
		  plan_flags(s, p.notify, &p.flags, e) || plan_archs(s, &b)))
		return -1;
	if (p.default_action == SECCOMP_RET_USER_NOTIF)
		return err_set(e, EINVAL,
			       KEY ": defaultAction: SCMP_ACT_NOTIFY is for single calls");
	for (size_t i = 0; s && i < s->syscalls.n; i++)
		if (plan_rule(i, &s->syscalls.v[i], &b))
			return -1;
	p.enosys = s && (p.default_action & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO &&
		   (p.default_action & SECCOMP_RET_DATA) != ENOSYS;
	*out = p;
	return 0;
}

static void print_action(uint32_t action, struct str *out)
{
	uint32_t kind = action & SECCOMP_RET_ACTION_FULL;

	/* "SCMP_ACT_KILL" is KILL_THREAD's first name, and would not tell which it is. */
	for (size_t i = OCI_ACT_KILL_PROCESS; i < sizeof(actions) / sizeof(*actions); i++) {
		const char *name = names_of(oci_seccomp_action_names, (int64_t)i);

		if (actions[i].ret != kind)
			continue;
		for (name += strlen("SCMP_ACT_"); *name; name++)
			str_addc(out, (char)tolower((unsigned char)*name));
		if (actions[i].data_max)
			str_addf(out, " %u", action & SECCOMP_RET_DATA);
		return;
	}
}

static void print_arg(const struct plan_seccomp_arg *arg, const char *between, struct str *out)
{
	static const char *const ops[] = {
		[OCI_CMP_NE] = "!=", [OCI_CMP_LT] = "<",  [OCI_CMP_LE] = "<=",
		[OCI_CMP_EQ] = "==", [OCI_CMP_GE] = ">=", [OCI_CMP_GT] = ">",
	};

	if (arg->op == OCI_CMP_MASKED_EQ)
		str_addf(out, "%s arg%u & 0x%llx == 0x%llx", between, arg->index,
			 (unsigned long long)arg->value, (unsigned long long)arg->value_two);
	else
		str_addf(out, "%s arg%u %s 0x%llx", between, arg->index, ops[arg->op],
			 (unsigned long long)arg->value);
}

void plan_seccomp_print(const struct plan_seccomp *p, struct str *out)
{
	if (!p->present)
		return;
	str_add(out, "seccomp default ");
	print_action(p->default_action, out);
	str_addf(out, "\nseccomp flags 0x%x\n", p->flags);
	for (size_t i = 0; i < p->n_archs; i++) {
		const char *name = names_of(oci_seccomp_arch_names, p->archs[i]);

		str_addf(out, "seccomp arch %s\n", name ? name : "?");
	}
	for (size_t i = 0; i < p->n_rules; i++) {
		const struct plan_seccomp_rule *r = &p->rules[i];

		str_add(out, "seccomp ");
		print_action(r->action, out);
		str_addc(out, ':');
		for (size_t k = 0; k < r->n_names; k++)
			str_addf(out, " %s", r->names[k]);
		for (size_t k = 0; k < r->n_args; k++)
			print_arg(&r->args[k], k ? " and" : " if", out);
		str_addc(out, '\n');
	}
	if (p->n_known) {
		str_add(out, "seccomp as default:");
		for (size_t k = 0; k < p->n_known; k++)
			str_addf(out, " %s", p->known[k]);
		str_addc(out, '\n');
	}
	if (p->enosys)
		str_addf(out, "seccomp errno %d: what is newer than all of these\n", ENOSYS);
}
