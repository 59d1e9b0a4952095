/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mounts_opts: fold mount options into attributes, propagation and data. */
#include "shim/engine/plan_mounts_opts.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/oci/tables.h"

/*
 * mount(2) with MS_REMOUNT|MS_BIND sets exactly the flags it is given, except that
 * access times stay as they are unless one of their options is named.
 */
#define ATTR_EXACT                                                                                 \
	(MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |            \
	 MOUNT_ATTR_NOSYMFOLLOW)
#define ATTR_TIMES ((uint64_t)MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)

/* Superblock flags, as fsconfig(2) calls them. */
static const struct {
	unsigned long flag;
	const char *set, *clr;
} sb_flags[] = {
	{ MS_SYNCHRONOUS, "sync", "async" },	    { MS_DIRSYNC, "dirsync", NULL },
	{ MS_MANDLOCK, "mand", "nomand" },	    { MS_LAZYTIME, "lazytime", "nolazytime" },
	{ MS_I_VERSION, "iversion", "noiversion" },
};

void plan_mount_add_data(struct arena *a, struct plan_mount *out, const char *key,
			 const char *value)
{
	struct plan_mount_data *data = out->data;

	/* Full whenever the count is a power of two. */
	if (!(out->n_data & (out->n_data - 1))) {
		data = arena_array(a, out->n_data ? out->n_data * 2 : 1, sizeof(*data));
		if (out->n_data)
			memcpy(data, out->data, out->n_data * sizeof(*data));
	}
	data[out->n_data++] = (struct plan_mount_data){ key, value };
	out->data = data;
}

const char *plan_mount_data(const struct plan_mount *m, const char *key)
{
	for (size_t i = m->n_data; i > 0; i--) {
		if (str_eq(m->data[i - 1].key, key))
			return m->data[i - 1].value;
	}
	return NULL;
}

/* Up to the next comma that is not between double quotes (a security context has commas). */
static size_t data_length(const char *s)
{
	bool quoted = false;
	size_t n = 0;

	for (; s[n] && (quoted || s[n] != ','); n++)
		quoted ^= s[n] == '"';
	return n;
}

/* mount(2) takes the quotes of a security context away, fsconfig(2) leaves that to us. */
static void unquote(const char *key, char *value)
{
	static const char *const keys[] = { "context", "fscontext", "defcontext", "rootcontext" };
	char *to = value;

	for (size_t i = 0; i < countof(keys); i++) {
		if (!str_eq(key, keys[i]))
			continue;
		for (const char *from = value; *from; from++) {
			if (*from != '"')
				*to++ = *from;
		}
		*to = '\0';
		return;
	}
}

static bool is_open_quote(const char *s)
{
	bool quoted = false;

	for (; *s; s++)
		quoted ^= *s == '"';
	return quoted;
}

/* Callers split their options at every comma: what is within quotes belongs together. */
static const char *whole_text(const struct oci_mount *m, size_t *i, struct arena *a)
{
	const char *text = m->options.v[*i];

	while (is_open_quote(text) && *i + 1 < m->options.n)
		text = arena_printf(a, "%s,%s", text, m->options.v[++*i]);
	return text;
}

static void add_data_text(struct arena *a, struct plan_mount *out, const char *text)
{
	while (*text) {
		size_t n = data_length(text);
		char *key = arena_strndup(a, text, n), *value = strchr(key, '=');

		if (value) {
			*value++ = '\0';
			unquote(key, value);
		}
		if (*key)
			plan_mount_add_data(a, out, key, value);
		text += n;
		text += *text == ',';
	}
}

static int add_propagation(struct plan_mount *out, unsigned long flags, struct err *e)
{
	if (out->n_propagation == countof(out->propagation))
		return err_set(e, EINVAL, "more than %zu propagation options",
			       countof(out->propagation));
	out->propagation[out->n_propagation++] = flags;
	return 0;
}

static void add_special(struct plan_mount *out, struct plan_mount_asked *asked,
			enum oci_mount_special special)
{
	switch (special) {
	case OCI_MOUNT_RBIND:
		out->recursive = true;
		asked->bind = true;
		break;
	case OCI_MOUNT_BIND:
		asked->bind = true;
		break;
	case OCI_MOUNT_REMOUNT:
		asked->remount = true;
		break;
	case OCI_MOUNT_RIDMAP:
		asked->idmap_rec = true;
		asked->idmap = true;
		break;
	case OCI_MOUNT_IDMAP:
		asked->idmap = true;
		break;
	case OCI_MOUNT_TMPCOPYUP:
		out->tmpcopyup = true;
		break;
	case OCI_MOUNT_COPY_SYMLINK:
		out->copy_symlink = true;
		break;
	case OCI_MOUNT_SRC_NOFOLLOW:
		out->src_nofollow = true;
		break;
	case OCI_MOUNT_DEST_NOFOLLOW:
		out->dest_nofollow = true;
		break;
	case OCI_MOUNT_PLAIN:
	case OCI_MOUNT_IGNORED:
		break;
	}
}

static void add_attrs(struct plan_mount *out, const struct oci_mount_option *o)
{
	if (o->recursive) {
		oci_mount_option_add(o, &out->rec_set, &out->rec_clr);
		return;
	}
	out->attrs = true;
	oci_mount_option_add(o, &out->attr_set, &out->attr_clr);
}

/* What is to be cleared so that exactly the named attributes are left. */
static void make_exact(struct plan_mount *out)
{
	out->attr_off = out->attr_clr;
	if (!out->attrs)
		return;
	if ((out->attr_set | out->attr_clr) & ATTR_TIMES)
		out->attr_clr |= ATTR_TIMES;
	out->attr_clr |= ATTR_EXACT;
	/* The access time mode is cleared as a whole even to set it, mount_setattr(2). */
	out->attr_clr &= ~(out->attr_set & ~(uint64_t)MOUNT_ATTR__ATIME);
}

static void add_sb_flags(struct arena *a, struct plan_mount *out, unsigned long set,
			 unsigned long clr, bool remount)
{
	for (size_t i = 0; i < countof(sb_flags); i++) {
		if (set & sb_flags[i].flag)
			plan_mount_add_data(a, out, sb_flags[i].set, NULL);
		else if (remount && (clr & sb_flags[i].flag) && sb_flags[i].clr)
			plan_mount_add_data(a, out, sb_flags[i].clr, NULL);
	}
}

int plan_mount_options(const struct oci_mount *m, struct arena *a, struct plan_mount *out,
		       struct plan_mount_asked *asked, struct err *e)
{
	unsigned long sb_set = 0, sb_clr = 0;

	for (size_t i = 0; i < m->options.n; i++) {
		const char *text = m->options.v[i];
		const struct oci_mount_option *o = oci_mount_option_find(text);

		if (!*text) {
			continue; /* some callers split an empty list */
		} else if (!o) {
			add_data_text(a, out, whole_text(m, &i, a));
		} else if (o->propagation) {
			if (add_propagation(out, o->propagation, e))
				return -1;
		} else if (o->attr_set | o->attr_clr) {
			add_attrs(out, o);
		} else {
			sb_set = (sb_set & ~o->sb_clr) | o->sb_set;
			sb_clr = (sb_clr & ~o->sb_set) | o->sb_clr;
			add_special(out, asked, o->special);
		}
	}
	make_exact(out);
	add_sb_flags(a, out, sb_set, sb_clr, asked->remount);
	return 0;
}
