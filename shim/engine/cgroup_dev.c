/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_dev: v1 device lists: what they can hold, and the way from one to another. */
#include "shim/engine/cgroup_dev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

static bool covers_number(int64_t wide, int64_t n)
{
	return wide < 0 || wide == n;
}

/* Does `wide` match every device that `r` matches? Neither is of type 'a'. */
static bool covers(const struct plan_cgroup_rule *wide, const struct plan_cgroup_rule *r)
{
	return wide->type == r->type && covers_number(wide->major, r->major) &&
	       covers_number(wide->minor, r->minor);
}

static bool overlaps(const struct plan_cgroup_rule *a, const struct plan_cgroup_rule *b)
{
	return a->type == b->type && (a->major < 0 || covers_number(b->major, a->major)) &&
	       (a->minor < 0 || covers_number(b->minor, a->minor));
}

static struct plan_cgroup_rule *same_device(const struct cgroup_dev_list *l,
					    const struct plan_cgroup_rule *r)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].type == r->type && l->v[i].major == r->major &&
		    l->v[i].minor == r->minor)
			return &l->v[i];
	return NULL;
}

static void add_exception(struct cgroup_dev_list *l, const struct plan_cgroup_rule *r)
{
	struct plan_cgroup_rule *have = same_device(l, r);

	if (!have) {
		l->v[l->n++] = *r;
		return;
	}
	have->access |= r->access;
	have->implied &= r->implied;
}

/* A rule that agrees with the default takes its access back from the exceptions. */
static int take_back(struct cgroup_dev_list *l, const struct plan_cgroup_rule *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct plan_cgroup_rule *x = &l->v[i];

		if ((x->access & r->access) && !covers(r, x) && overlaps(r, x))
			return -1;
		if (covers(r, x))
			x->access &= ~r->access;
	}
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].access)
			l->v[kept++] = l->v[i];
	l->n = kept;
	return 0;
}

/*
 * The kernel allows an access only if a single exception has all its bits: so
 * the narrow ones get what wider ones have.
 */
static void widen(struct cgroup_dev_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		for (size_t k = 0; k < l->n; k++)
			if (i != k && covers(&l->v[k], &l->v[i]))
				l->v[i].access |= l->v[k].access;
}

static void put_number(struct str *s, int64_t n)
{
	if (n < 0)
		str_addc(s, '*');
	else
		str_addf(s, "%lld", (long long)n);
}

static const char *rule_text(const struct plan_cgroup_rule *r, unsigned int access, struct arena *a)
{
	auto_str struct str s = { 0 };

	str_addf(&s, "%c ", r->type);
	put_number(&s, r->major);
	str_addc(&s, ':');
	put_number(&s, r->minor);
	str_addf(&s, " %s%s%s", access & CGROUP_DEV_R ? "r" : "", access & CGROUP_DEV_W ? "w" : "",
		 access & CGROUP_DEV_M ? "m" : "");
	return arena_strdup(a, str_text(&s));
}

int cgroup_dev_list_of(const struct plan_cgroup_rule *rules, size_t n, struct arena *a,
		       struct cgroup_dev_list *out, struct err *e)
{
	struct cgroup_dev_list l = { .v = arena_array(a, n * 2, sizeof(*l.v)) };

	for (size_t i = 0; i < n; i++) {
		struct plan_cgroup_rule r = rules[i];

		if (r.type == 'a' && r.major < 0 && r.minor < 0 && r.access == CGROUP_DEV_RWM) {
			l.allow = r.allow;
			l.n = 0;
			continue;
		}
		for (const char *type = r.type == 'a'	? "bc"
					: r.type == 'b' ? "b"
							: "c";
		     *type; type++) {
			r.type = *type;
			if (r.allow != l.allow)
				add_exception(&l, &r);
			else if (take_back(&l, &r))
				return err_set(e, ENOTSUP,
					       "linux: resources: devices: cgroup v1 cannot make "
					       "'%s %s' an exception within an exception",
					       r.allow ? "allow" : "deny",
					       rule_text(&r, r.access, a));
		}
	}
	if (!l.allow)
		widen(&l);
	*out = l;
	return 0;
}

static int parse_number(const char *s, int64_t *out)
{
	uint64_t n;

	*out = -1;
	if (!strcmp(s, "*"))
		return 0;
	if (parse_u64(s, 10, UINT32_MAX, &n))
		return -1;
	*out = (int64_t)n;
	return 0;
}

static int parse_line(const char *line, struct plan_cgroup_rule *r)
{
	char type, major[16], minor[16], access[4];

	if (sscanf(line, "%c %15[0-9*]:%15[0-9*] %3[rwm]", &type, major, minor, access) != 4)
		return -1;
	r->type = type;
	if (parse_number(major, &r->major) || parse_number(minor, &r->minor))
		return -1;
	for (const char *c = access; *c; c++)
		r->access |= *c == 'r' ? CGROUP_DEV_R : *c == 'w' ? CGROUP_DEV_W : CGROUP_DEV_M;
	return 0;
}

int cgroup_dev_list_parse(const char *text, struct arena *a, struct cgroup_dev_list *out,
			  struct err *e)
{
	size_t n_lines;
	char **lines = str_split(a, text, '\n', &n_lines);
	struct cgroup_dev_list l = { .v = arena_array(a, n_lines, sizeof(*l.v)) };

	for (; *lines; lines++) {
		struct plan_cgroup_rule r = { .allow = true };

		if (!**lines)
			continue;
		if (parse_line(*lines, &r))
			return err_set(e, EINVAL, "devices.list: cannot read '%.64s'", *lines);
		if (r.type == 'a')
			l.allow = true;
		else
			add_exception(&l, &r);
	}
	if (l.allow)
		l.n = 0;
	*out = l;
	return 0;
}

/* Writes for what `have` lacks of the exceptions in `want`. */
static size_t put_missing(const struct cgroup_dev_list *have, const struct cgroup_dev_list *want,
			  const char *file, struct arena *a, struct cgroup_dev_write *out)
{
	size_t n = 0;

	for (size_t i = 0; i < want->n; i++) {
		const struct plan_cgroup_rule *w = &want->v[i];
		const struct plan_cgroup_rule *h = same_device(have, w);
		unsigned int access = w->access & ~(h ? h->access : 0);

		if (access)
			out[n++] = (struct cgroup_dev_write){ file, rule_text(w, access, a),
							      w->implied };
	}
	return n;
}

void cgroup_dev_transition(const struct cgroup_dev_list *from, const struct cgroup_dev_list *to,
			   struct arena *a, struct cgroup_dev_write **writes, size_t *n)
{
	static const struct cgroup_dev_list none = { 0 };
	const struct cgroup_dev_list *have = from->allow == to->allow ? from : &none;
	struct cgroup_dev_write *out = arena_array(a, from->n + to->n + 1, sizeof(*out));
	size_t count = 0;

	if (from->allow != to->allow)
		out[count++] =
			(struct cgroup_dev_write){ to->allow ? "devices.allow" : "devices.deny",
						   "a", false };
	count +=
		put_missing(have, to, to->allow ? "devices.deny" : "devices.allow", a, out + count);
	/* An allowing list does not show its exceptions, so there are none to take back. */
	if (!to->allow)
		count += put_missing(to, have, "devices.deny", a, out + count);
	*writes = out;
	*n = count;
}

static int read_list(int dirfd, struct arena *a, struct cgroup_dev_list *out, struct err *e)
{
	char *text = read_file(dirfd, "devices.list", CGROUP_DEV_LIST_MAX, a, NULL, e);

	return text ? cgroup_dev_list_parse(text, a, out, e) : -1;
}

/* What the kernel made of it must not allow more than was asked for. */
static int verify(int dirfd, const struct cgroup_dev_list *want, struct arena *a, struct err *e)
{
	struct cgroup_dev_list have;
	struct cgroup_dev_write *extra;

	if (read_list(dirfd, a, &have, e))
		return -1;
	if (have.allow && !want->allow)
		return err_set(e, EIO, "devices.list: still allows every device");
	if (have.allow || want->allow)
		return 0;
	extra = arena_array(a, have.n, sizeof(*extra));
	if (put_missing(want, &have, "devices.deny", a, extra))
		return err_set(e, EIO, "devices.list: still allows '%s'", extra[0].text);
	return 0;
}

int cgroup_dev_apply_v1(int dirfd, const struct plan_cgroup_rule *rules, size_t n, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct cgroup_dev_list from, to;
	struct cgroup_dev_write *writes;
	auto_fd int fd = -1;
	size_t n_writes;

	if (cgroup_dev_list_of(rules, n, &a, &to, e) || read_list(dirfd, &a, &from, e))
		return -1;
	cgroup_dev_transition(&from, &to, &a, &writes, &n_writes);
	for (size_t i = 0; i < n_writes; i++) {
		if (!i || !str_eq(writes[i].file, writes[i - 1].file)) {
			close_fd(&fd);
			fd = openat(dirfd, writes[i].file, O_WRONLY | O_CLOEXEC);
		}
		if (fd < 0)
			return err_sys(e, "open '%s'", writes[i].file);
		if (write(fd, writes[i].text, strlen(writes[i].text)) >= 0) /* a rule a call */
			continue;
		err_sys(e, "write '%s' to '%s'", writes[i].text, writes[i].file);
		if (writes[i].implied && e->num == EPERM)
			continue;
		if (e->num == EPERM)
			err_ctx(e, "a cgroup above does not allow it, or we may not");
		return -1;
	}
	return n_writes ? verify(dirfd, &to, &a, e) : 0;
}
