/* SPDX-License-Identifier: Apache-2.0 */
/* plan_proc: pure rules about the process: identity, rights, limits, scheduling, environment. */
#include "shim/engine/plan_proc.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <string.h>

#include "shim/engine/plan_input.h"
#include "spec/base/auto.h"
#include "spec/base/names.h"
#include "spec/oci/tables.h"

#define NICE_MIN      (-20)
#define NICE_MAX      19
#define IOPRIO_LOWEST 7
#define ENV_OURS      3 /* LISTEN_FDS, NOTIFY_SOCKET and the NULL */

static uint64_t plan_cap_set(const struct plan_input *in, const struct json_strs *names,
			     struct arena *a, struct plan_proc *p)
{
	uint64_t set = 0;

	for (size_t i = 0; i < names->n; i++) {
		const struct name *cap = oci_cap_find(names->v[i]);

		if (cap && cap->value <= in->host->last_cap &&
		    (in->host->bounding >> cap->value & 1))
			set |= 1ULL << cap->value;
		else
			p->ignored.v[p->ignored.n++] = arena_strdup(a, names->v[i]);
	}
	return set;
}

/* Each name once; the five lists mostly hold the same ones. */
static void unique(struct json_strs *names)
{
	size_t n = 0;

	for (size_t i = 0; i < names->n; i++) {
		size_t j = 0;

		while (j < n && !str_eq(names->v[j], names->v[i]))
			j++;
		if (j == n)
			names->v[n++] = names->v[i];
	}
	names->n = n;
	names->v[n] = NULL;
}

/*
 * runtime-spec: a capability that cannot be granted is warned about, not
 * refused. Only the permitted can be effective (capset(2)).
 */
static int plan_caps(const struct plan_input *in, const struct oci_caps *c, struct arena *a,
		     struct plan_proc *p, struct err *e)
{
	size_t n = 0;

	if (c)
		n = c->bounding.n + c->effective.n + c->permitted.n + c->inheritable.n +
		    c->ambient.n;
	p->ignored.v = arena_array(a, n + 1, sizeof(char *));
	if (!c)
		return 0;
	p->caps = (struct plan_caps){
		.bounding = plan_cap_set(in, &c->bounding, a, p),
		.effective = plan_cap_set(in, &c->effective, a, p),
		.permitted = plan_cap_set(in, &c->permitted, a, p),
		.inheritable = plan_cap_set(in, &c->inheritable, a, p),
		.ambient = plan_cap_set(in, &c->ambient, a, p),
	};
	unique(&p->ignored);
	if (p->caps.effective & ~p->caps.permitted)
		return err_set(e, EINVAL,
			       "process: capabilities: effective has some that permitted has not");
	return 0;
}

static int plan_rlimits(const struct oci_process *c, struct arena *a, struct plan_proc *p,
			struct err *e)
{
	p->rlimits = arena_array(a, c->rlimits.n, sizeof(*p->rlimits));
	for (size_t i = 0; i < c->rlimits.n; i++) {
		const struct oci_rlimit *r = &c->rlimits.v[i];
		const struct name *name = names_find(oci_rlimit_names, r->type);

		if (!name)
			return err_set(e, EINVAL, "process: rlimits: unknown type '%s'", r->type);
		if (r->soft > r->hard)
			return err_set(e, EINVAL, "process: rlimits: %s: soft is above hard",
				       r->type);
		for (size_t j = 0; j < i; j++) {
			if (p->rlimits[j].resource == name->value)
				return err_set(e, EINVAL, "process: rlimits: %s is there twice",
					       r->type);
		}
		p->rlimits[i] =
			(struct plan_rlimit){ (int)name->value, name->name, { r->soft, r->hard } };
	}
	p->n_rlimits = c->rlimits.n;
	return 0;
}

static int plan_sched(const struct oci_scheduler *c, struct plan_sched *p, struct err *e)
{
	const struct name *policy;

	if (!c)
		return 0;
	policy = c->policy ? names_find(oci_sched_policy_names, c->policy) : NULL;
	if (!policy)
		return err_set(e, EINVAL, "process: scheduler: policy: unknown value '%s'",
			       c->policy ? c->policy : "");
	if (c->nice < NICE_MIN || c->nice > NICE_MAX)
		return err_set(e, ERANGE, "process: scheduler: nice: not in %d..%d", NICE_MIN,
			       NICE_MAX);
	if (c->priority < 0)
		return err_set(e, ERANGE, "process: scheduler: priority: negative");
	*p = (struct plan_sched){ .set = true,
				  .policy = (uint32_t)policy->value,
				  .priority = (uint32_t)c->priority,
				  .nice = c->nice,
				  .runtime = c->runtime,
				  .deadline = c->deadline,
				  .period = c->period };
	for (size_t i = 0; i < c->flags.n; i++) {
		const struct name *flag = names_find(oci_sched_flag_names, c->flags.v[i]);

		if (!flag)
			return err_set(e, EINVAL, "process: scheduler: flags: unknown value '%s'",
				       c->flags.v[i]);
		p->flags |= (uint64_t)flag->value;
	}
	return 0;
}

static int plan_ioprio(const struct oci_io_priority *c, int *out, struct err *e)
{
	const struct name *class;

	*out = -1;
	if (!c)
		return 0;
	class = c->class_ ? names_find(oci_ioprio_names, c->class_) : NULL;
	if (!class)
		return err_set(e, EINVAL, "process: ioPriority: class: unknown value '%s'",
			       c->class_ ? c->class_ : "");
	if (c->priority < 0 || c->priority > IOPRIO_LOWEST)
		return err_set(e, ERANGE, "process: ioPriority: priority: not in 0..%d",
			       IOPRIO_LOWEST);
	*out = (int)IOPRIO_PRIO_VALUE((int)class->value, c->priority);
	return 0;
}

/* "0-3,7" as in cpuset(7): CPUs, or memory nodes. */
static int plan_set(const char *text, const char *key, struct arena *a, cpu_set_t **out,
		    struct err *e)
{
	cpu_set_t *set;
	char **parts;

	if (!text || !*text)
		return 0;
	set = arena_alloc(a, sizeof(*set));
	parts = str_split(a, text, ',', NULL);
	for (; *parts; parts++) {
		char *dash = strchr(*parts, '-');
		uint64_t first, last;

		if (dash)
			*dash++ = '\0';
		if (parse_u64(*parts, 10, CPU_SETSIZE - 1, &first) ||
		    parse_u64(dash ? dash : *parts, 10, CPU_SETSIZE - 1, &last) || last < first)
			return err_set(e, EINVAL, "%s: '%s' is no list of numbers below %d", key,
				       text, CPU_SETSIZE);
		for (; first <= last; first++)
			CPU_SET(first, set);
	}
	*out = set;
	return 0;
}

/* Of the process, else of the container's. */
static int plan_affinity(const struct plan_input *in, const struct oci_process *c, struct arena *a,
			 struct plan_proc *p, struct err *e)
{
	const struct oci_process *first = in->config->process;
	const struct oci_cpu_affinity *cpus = c->exec_cpu_affinity;

	if (!cpus && first)
		cpus = first->exec_cpu_affinity;
	if (!cpus)
		return 0;
	if (plan_set(cpus->initial, "process: execCPUAffinity: initial", a, &p->cpus_initial, e))
		return -1;
	return plan_set(cpus->final, "process: execCPUAffinity: final", a, &p->cpus_final, e);
}

static bool same_name(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return n == strcspn(b, "=") && !strncmp(a, b, n);
}

static bool env_is_ours(const struct plan_input *in, const char *entry)
{
	if (in->notify_dir && same_name(entry, "NOTIFY_SOCKET"))
		return true;
	return in->listen_fds && (same_name(entry, "LISTEN_FDS") || same_name(entry, "LISTEN_PID"));
}

/* The last of entries with the same name counts, at the place of the last. */
static int plan_env(const struct plan_input *in, const struct oci_process *c, struct arena *a,
		    struct plan_proc *p, struct err *e)
{
	size_t n = 0, bytes = 0;

	p->args = arena_array(a, c->args.n + 1, sizeof(char *));
	for (size_t i = 0; i < c->args.n; i++) {
		p->args[i] = c->args.v[i];
		bytes += strlen(c->args.v[i]) + 1;
	}
	p->env = arena_array(a, c->env.n + ENV_OURS, sizeof(char *));
	for (size_t i = 0; i < c->env.n; i++) {
		bool again = env_is_ours(in, c->env.v[i]);

		if (!strchr(c->env.v[i], '='))
			return err_set(e, EINVAL, "process: env: [%zu]: no '=' in '%s'", i,
				       c->env.v[i]);
		for (size_t j = i + 1; j < c->env.n && !again; j++)
			again = same_name(c->env.v[i], c->env.v[j]);
		if (again)
			continue;
		bytes += strlen(c->env.v[i]) + 1;
		p->env[n++] = c->env.v[i];
	}
	if (in->listen_fds)
		p->env[n++] = arena_printf(a, "LISTEN_FDS=%u", in->listen_fds);
	if (in->notify_dir)
		p->env[n++] = arena_strdup(a, "NOTIFY_SOCKET=" PLAN_NOTIFY_SOCKET);
	if (bytes > PLAN_ARGS_MAX)
		return err_set(e, E2BIG, "process: args and env: more than %d bytes",
			       PLAN_ARGS_MAX);
	return 0;
}

static int plan_lsm(const struct plan_input *in, const struct oci_process *c, struct plan_proc *p,
		    struct err *e)
{
	p->apparmor = c->apparmor_profile && *c->apparmor_profile ? c->apparmor_profile : NULL;
	p->selinux = c->selinux_label && *c->selinux_label ? c->selinux_label : NULL;
	if (p->apparmor && !in->host->apparmor)
		return err_set(e, ENOTSUP,
			       "process: apparmorProfile: '%s': AppArmor is not enabled here",
			       p->apparmor);
	if (p->selinux && !in->host->selinux)
		return err_set(e, ENOTSUP,
			       "process: selinuxLabel: '%s': SELinux is not enabled "
			       "here",
			       p->selinux);
	return 0;
}

static int plan_user(const struct plan_input *in, const struct oci_process *c, struct plan_proc *p,
		     struct err *e)
{
	const struct oci_user *u = &c->user;

	if (u->uid == UINT32_MAX || u->gid == UINT32_MAX)
		return err_set(e, ERANGE, "process: user: %s: 4294967295 is no id",
			       u->uid == UINT32_MAX ? "uid" : "gid");
	if (u->additional_gids.n > PLAN_GROUPS_MAX)
		return err_set(e, E2BIG, "process: user: additionalGids: more than %d",
			       PLAN_GROUPS_MAX);
	for (size_t i = 0; i < u->additional_gids.n; i++) {
		if (u->additional_gids.v[i] == UINT32_MAX)
			return err_set(e, ERANGE,
				       "process: user: additionalGids: 4294967295 is no id");
	}
	if (c->console_size.height > UINT16_MAX || c->console_size.width > UINT16_MAX)
		return err_set(e, ERANGE, "process: consoleSize: above %d", UINT16_MAX);
	p->uid = u->uid;
	p->gid = u->gid;
	p->gids = u->additional_gids.v;
	p->n_gids = u->additional_gids.n;
	p->umask = u->umask.set ? u->umask.v & 07777 : PLAN_UMASK;
	p->cwd = c->cwd;
	p->no_new_privs = c->no_new_privileges;
	p->oom_score_adj = c->oom_score_adj;
	p->terminal = c->terminal;
	p->rows = (uint16_t)c->console_size.height;
	p->cols = (uint16_t)c->console_size.width;
	p->listen_fds = in->listen_fds;
	p->preserve_fds = in->preserve_fds;
	p->new_keyring = !in->no_new_keyring;
	return 0;
}

static int plan_personality(const struct oci_linux *l, struct plan_proc *p, struct err *e)
{
	const struct name *domain;

	p->personality = -1;
	if (!l || !l->personality)
		return 0;
	if (l->personality->flags.n)
		return err_set(e, ENOTSUP, "linux: personality: flags: none are defined");
	domain = l->personality->domain ? names_find(oci_personality_names, l->personality->domain)
					: NULL;
	if (!domain)
		return err_set(e, EINVAL, "linux: personality: domain: unknown value '%s'",
			       l->personality->domain ? l->personality->domain : "");
	p->personality = (long)domain->value;
	return 0;
}

static int plan_mempolicy(const struct oci_linux *l, struct arena *a, struct plan_mempolicy *out,
			  struct err *e)
{
	const struct oci_memory_policy *c = l ? l->memory_policy : NULL;
	const struct name *mode;

	if (!c)
		return 0;
	mode = c->mode ? names_find(oci_mempolicy_mode_names, c->mode) : NULL;
	if (!mode)
		return err_set(e, EINVAL, "linux: memoryPolicy: mode: unknown value '%s'",
			       c->mode ? c->mode : "");
	out->mode = (int)mode->value;
	for (size_t i = 0; i < c->flags.n; i++) {
		const struct name *flag = names_find(oci_mempolicy_flag_names, c->flags.v[i]);

		if (!flag)
			return err_set(e, EINVAL, "linux: memoryPolicy: flags: unknown value '%s'",
				       c->flags.v[i]);
		out->mode |= (int)flag->value;
	}
	out->set = true;
	return plan_set(c->nodes, "linux: memoryPolicy: nodes", a, &out->nodes, e);
}

int plan_process(const struct plan_input *in, const struct oci_process *process, struct arena *a,
		 struct plan_proc *out, struct err *e)
{
	const struct oci_process *c = process;
	struct plan_proc p = { 0 };

	if (!c->args.n)
		return err_set(e, EINVAL, "process: args: empty");
	if (!c->cwd || c->cwd[0] != '/')
		return err_set(e, EINVAL, "process: cwd: not absolute: '%s'", c->cwd ? c->cwd : "");
	if (plan_user(in, c, &p, e) || plan_caps(in, c->capabilities, a, &p, e) ||
	    plan_rlimits(c, a, &p, e) || plan_sched(c->scheduler, &p.sched, e) ||
	    plan_ioprio(c->io_priority, &p.ioprio, e) || plan_env(in, c, a, &p, e) ||
	    plan_lsm(in, c, &p, e) || plan_personality(in->config->linux_, &p, e) ||
	    plan_mempolicy(in->config->linux_, a, &p.mempolicy, e))
		return -1;
	if (plan_affinity(in, c, a, &p, e))
		return -1;
	*out = p;
	return 0;
}

int plan_proc(const struct plan_input *in, struct arena *a, struct plan_proc *out, struct err *e)
{
	if (!in->config->process)
		return err_set(e, EINVAL, "process: missing, there is nothing to run");
	if (plan_process(in, in->config->process, a, out, e))
		return -1;
	/* runtime-spec: not for the first process */
	out->cpus_initial = NULL;
	out->cpus_final = NULL;
	return 0;
}

static void print_caps(struct str *out, const char *name, uint64_t set)
{
	str_addf(out, "process caps %s", name);
	for (int cap = 0; cap < 64; cap++) {
		if (set >> cap & 1)
			str_addf(out, " %s", names_of(oci_cap_names, cap));
	}
	str_addc(out, '\n');
}

static void print_set(struct str *out, const char *what, const cpu_set_t *set)
{
	if (!set)
		return;
	str_addf(out, "process %s", what);
	for (int i = 0; i < CPU_SETSIZE; i++) {
		if (CPU_ISSET(i, set))
			str_addf(out, " %d", i);
	}
	str_addc(out, '\n');
}

static void print_sched(const struct plan_proc *p, struct str *out)
{
	const struct plan_sched *s = &p->sched;

	if (s->set)
		str_addf(out,
			 "process scheduler %u nice %d priority %u flags %llu %llu/%llu/%llu\n",
			 s->policy, s->nice, s->priority, (unsigned long long)s->flags,
			 (unsigned long long)s->runtime, (unsigned long long)s->deadline,
			 (unsigned long long)s->period);
	if (p->ioprio >= 0)
		str_addf(out, "process ioprio %d\n", p->ioprio);
	if (p->personality >= 0)
		str_addf(out, "process personality 0x%lx\n", (unsigned long)p->personality);
	print_set(out, "cpus initial", p->cpus_initial);
	print_set(out, "cpus final", p->cpus_final);
	if (p->mempolicy.set)
		str_addf(out, "process memory policy 0x%x\n", (unsigned int)p->mempolicy.mode);
	print_set(out, "memory nodes", p->mempolicy.nodes);
}

static void print_limits(const struct plan_proc *p, struct str *out)
{
	if (p->oom_score_adj.set)
		str_addf(out, "process oom_score_adj %d\n", p->oom_score_adj.v);
	for (size_t i = 0; i < p->n_rlimits; i++)
		str_addf(out, "process rlimit %s %llu %llu\n", p->rlimits[i].name,
			 (unsigned long long)p->rlimits[i].value.rlim_cur,
			 (unsigned long long)p->rlimits[i].value.rlim_max);
}

static void print_words(struct str *out, const char *what, char *const *words)
{
	if (!words || !*words)
		return;
	str_addf(out, "process %s", what);
	for (; *words; words++)
		str_addf(out, " '%s'", *words);
	str_addc(out, '\n');
}

void plan_proc_print(const struct plan_proc *p, struct str *out)
{
	print_limits(p, out);
	print_sched(p, out);
	if (p->terminal)
		str_addf(out, "process terminal %ux%u\n", p->cols, p->rows);
	if (p->new_keyring)
		str_add(out, "process new session keyring\n");
	if (p->apparmor)
		str_addf(out, "process apparmor %s\n", p->apparmor);
	if (p->selinux)
		str_addf(out, "process selinux %s\n", p->selinux);
	if (p->no_new_privs)
		str_add(out, "process no_new_privs\n");
	print_words(out, "ignored caps", p->ignored.v);
	print_caps(out, "bounding", p->caps.bounding);
	str_addf(out, "process user %u:%u groups", p->uid, p->gid);
	for (size_t i = 0; i < p->n_gids; i++)
		str_addf(out, " %u", p->gids[i]);
	str_addc(out, '\n');
	print_caps(out, "permitted", p->caps.permitted);
	print_caps(out, "effective", p->caps.effective);
	print_caps(out, "inheritable", p->caps.inheritable);
	print_caps(out, "ambient", p->caps.ambient);
	str_addf(out, "process cwd %s\n", p->cwd);
	str_addf(out, "process umask %04o\n", p->umask);
	if (p->listen_fds + p->preserve_fds)
		str_addf(out, "process fds 3..%u\n", 2 + p->listen_fds + p->preserve_fds);
	print_words(out, "env", p->env);
	print_words(out, "args", p->args);
}
