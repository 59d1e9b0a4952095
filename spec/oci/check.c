/* SPDX-License-Identifier: Apache-2.0 */
/* check: rules about one value. */
#include "spec/oci/check.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "spec/base/str.h"

#define SHOWN_MAX 60 /* bytes of a wrong value that a message repeats */

int oci_check_name(const char *key, const char *text, const struct name *table, struct err *e)
{
	auto_str struct str known = { 0 };
	const char *near;

	if (!text || names_find(table, text))
		return 0;
	near = names_nearest(table, text);
	if (near)
		return err_set(e, EINVAL, "%s: unknown value '%.*s', did you mean '%s'?", key,
			       SHOWN_MAX, text, near);
	names_list(table, &known);
	return err_set(e, EINVAL, "%s: unknown value '%.*s', expected one of %s", key, SHOWN_MAX,
		       text, str_text(&known));
}

int oci_check_names(const char *key, const struct json_strs *l, const struct name *table,
		    struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (oci_check_name(key, l->v[i], table, e))
			return -1;
	}
	return 0;
}

int oci_check_line(const char *key, const char *text, struct err *e)
{
	for (const char *c = text; c && *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return err_set(e, EINVAL, "%s: control character at byte %zu", key,
				       (size_t)(c - text));
	}
	return 0;
}

int oci_check_absolute(const char *key, const char *path, struct err *e)
{
	if (path && path[0] != '/')
		return err_set(e, EINVAL, "%s: '%.*s' is not absolute", key, SHOWN_MAX, path);
	return 0;
}

int oci_check_range(const char *key, int64_t v, int64_t min, int64_t max, struct err *e)
{
	if (v < min || v > max)
		return err_set(e, ERANGE, "%s: expected %lld..%lld, got %lld", key, (long long)min,
			       (long long)max, (long long)v);
	return 0;
}

int oci_check_id(const char *key, uint32_t id, struct err *e)
{
	if (id == OCI_ID_NONE)
		return err_set(e, ERANGE, "%s: %u is not an id", key, id);
	return 0;
}

int oci_check_ifname(const char *key, const char *name, struct err *e)
{
	size_t n;

	if (!name)
		return 0;
	n = strlen(name);
	if (!n || n >= IFNAMSIZ || str_eq(name, ".") || str_eq(name, "..") ||
	    strpbrk(name, "/: \t\n\v\f\r"))
		return err_set(e, EINVAL, "%s: '%.*s' is not the name of a network device", key,
			       SHOWN_MAX, name);
	return 0;
}

int oci_check_env(const char *key, const struct json_strs *env, struct err *e)
{
	for (size_t i = 0; i < env->n; i++) {
		const char *eq = strchr(env->v[i], '=');

		if (!eq || eq == env->v[i])
			return err_set(e, EINVAL, "%s: [%zu]: '%.*s' is not NAME=value", key, i,
				       SHOWN_MAX, env->v[i]);
	}
	return 0;
}

/* One "3" or "0-3" of a list; the text behind it, or NULL. */
static const char *list_part(const char *s, uint64_t max)
{
	uint64_t last = 0;

	for (int i = 0; i < 2; i++) {
		uint64_t v = 0;
		size_t n = strspn(s, "0123456789");

		for (size_t j = 0; j < n && v <= max; j++)
			v = v * 10 + (uint64_t)(s[j] - '0');
		if (!n || v > max || v < last)
			return NULL;
		last = v;
		s += n;
		if (i || *s != '-')
			break;
		s++;
	}
	return s;
}

int oci_check_list(const char *key, const char *text, uint64_t max, struct err *e)
{
	const char *s = text;

	while (s) {
		s = list_part(s, max);
		if (s && !*s)
			return 0;
		if (s && *s == ',')
			s++;
		else
			s = NULL;
	}
	if (text)
		return err_set(e, EINVAL,
			       "%s: '%.*s' is not a list such as 0-3,7 of numbers up to %llu", key,
			       SHOWN_MAX, text, (unsigned long long)max);
	return 0;
}

static bool overlap(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

static int idmap_entry(const struct oci_idmaps *maps, size_t i, struct err *e)
{
	const struct oci_idmap *m = &maps->v[i];

	if (!m->size)
		return err_set(e, EINVAL, "[%zu]: size is 0", i);
	if (m->container_id > UINT32_MAX - m->size || m->host_id > UINT32_MAX - m->size)
		return err_set(e, ERANGE, "[%zu]: goes beyond id %u", i, UINT32_MAX - 1);
	for (size_t j = 0; j < i; j++) {
		const struct oci_idmap *o = &maps->v[j];

		if (overlap(m->container_id, m->size, o->container_id, o->size) ||
		    overlap(m->host_id, m->size, o->host_id, o->size))
			return err_set(e, EINVAL, "[%zu]: overlaps with [%zu]", i, j);
	}
	return 0;
}

int oci_check_idmaps(const char *key, const struct oci_idmaps *maps, struct err *e)
{
	if (maps->n > OCI_IDMAPS_MAX)
		return err_set(e, E2BIG, "%s: %zu entries, the kernel takes %d", key, maps->n,
			       OCI_IDMAPS_MAX);
	for (size_t i = 0; i < maps->n; i++) {
		if (idmap_entry(maps, i, e))
			return err_ctx(e, "%s", key);
	}
	return 0;
}
