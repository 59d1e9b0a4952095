/* SPDX-License-Identifier: Apache-2.0 */
/* str: growing string and text helpers. */
#include "spec/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void str_done(struct str *s)
{
	int saved = errno;

	free(s->s);
	*s = (struct str){ 0 };
	errno = saved;
}

void str_clear(struct str *s)
{
	s->len = 0;
	if (s->s)
		s->s[0] = '\0';
}

static void reserve(struct str *s, size_t more)
{
	size_t want = s->len + more + 1;

	if (want <= s->cap)
		return;
	s->cap = want < 64 ? 64 : want + want / 2;
	s->s = mem_grow(s->s, s->cap, 1);
}

void str_addn(struct str *s, const void *data, size_t n)
{
	reserve(s, n);
	if (n)
		memcpy(s->s + s->len, data, n);
	s->len += n;
	s->s[s->len] = '\0';
}

void str_add(struct str *s, const char *text)
{
	str_addn(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
	str_addn(s, &c, 1);
}

void str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n > 0) {
		reserve(s, (size_t)n);
		vsnprintf(s->s + s->len, (size_t)n + 1, fmt, again);
		s->len += (size_t)n;
	}
	va_end(again);
}

const char *str_text(const struct str *s)
{
	return s->s ? s->s : "";
}

char *str_take(struct str *s)
{
	char *taken;

	reserve(s, 0);
	s->s[s->len] = '\0';
	taken = s->s;
	*s = (struct str){ 0 };
	return taken;
}

bool str_eq(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

bool str_starts(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && !strcmp(s + n - m, suffix);
}

/* The bytes of the character at s (RFC 3629: the shortest form, no surrogate), 0: none is there. */
static size_t utf8_len(const char *s)
{
	const unsigned char *c = (const unsigned char *)s;
	size_t len = c[0] < 0x80 ? 1 : c[0] < 0xe0 ? 2 : c[0] < 0xf0 ? 3 : 4;

	if ((c[0] >= 0x80 && c[0] < 0xc2) || c[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < len; i++) {
		if (c[i] < 0x80 || c[i] > 0xbf)
			return 0;
	}
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	return len;
}

void str_make_utf8(char *s)
{
	while (*s) {
		size_t len = utf8_len(s);

		if (!len)
			*s = '?';
		s += len ? len : 1;
	}
}

char **str_split(struct arena *a, const char *s, char sep, size_t *n)
{
	size_t count = 1;
	char **parts;

	for (const char *p = s; *p; p++)
		count += *p == sep;
	parts = arena_array(a, count + 1, sizeof(*parts));
	for (size_t i = 0; i < count; i++) {
		const char *end = strchrnul(s, sep);

		parts[i] = arena_strndup(a, s, (size_t)(end - s));
		s = end + 1;
	}
	if (n)
		*n = count;
	return parts;
}

int parse_u64(const char *s, int base, uint64_t max, uint64_t *out)
{
	unsigned long long v;
	char *end;

	errno = EINVAL;
	if (!isxdigit((unsigned char)*s))
		return -1;
	errno = 0;
	v = strtoull(s, &end, base);
	if (errno)
		return -1;
	if (*end) {
		errno = EINVAL;
		return -1;
	}
	if (v > max) {
		errno = ERANGE;
		return -1;
	}
	*out = v;
	return 0;
}

int parse_i64(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool neg = *s == '-';
	uint64_t limit = neg ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	uint64_t v;
	int64_t r;

	if (parse_u64(s + neg, 10, limit, &v))
		return -1;
	r = neg ? (int64_t)(0 - v) : (int64_t)v;
	if (r < min || r > max) {
		errno = ERANGE;
		return -1;
	}
	*out = r;
	return 0;
}

int parse_size(const char *s, int64_t *out)
{
	static const char units[] = "kmgtp";
	size_t digits = strspn(s, "0123456789");
	const char *unit = s + digits, *u;
	char num[24];
	unsigned int shift = 0;
	int64_t v;

	if (!strcmp(s, "-1")) {
		*out = -1;
		return 0;
	}
	errno = EINVAL;
	if (!digits || digits >= sizeof(num))
		return -1;
	memcpy(num, s, digits);
	num[digits] = '\0';
	u = *unit ? strchr(units, tolower((unsigned char)*unit)) : NULL;
	if (u) {
		shift = 10U * (unsigned int)(u - units + 1);
		unit++;
		if (*unit == 'i' || *unit == 'I')
			unit++;
	}
	if (*unit == 'b' || *unit == 'B')
		unit++;
	if (*unit)
		return -1;
	if (parse_i64(num, 0, INT64_MAX >> shift, &v))
		return -1;
	*out = (int64_t)((uint64_t)v << shift);
	return 0;
}

static const struct {
	const char *unit;
	int64_t ns;
} duration_units[] = {
	{ "ns", 1 },
	{ "us", 1000 },
	{ "\xc2\xb5s", 1000 }, /* micro sign, as Go prints it */
	{ "ms", 1000000 },
	{ "s", 1000000000 },
	{ "m", 60LL * 1000000000 },
	{ "h", 3600LL * 1000000000 },
};

/* "1.5h" at the beginning, added to *sum; its length, 0 when malformed or out of range. */
static size_t add_duration(const char *s, int64_t *sum)
{
	size_t whole = strspn(s, "0123456789"), len = whole, fraction = 0, unit;
	double value = 0, part = 1;

	if (s[len] == '.') {
		fraction = strspn(s + len + 1, "0123456789");
		len += 1 + fraction;
	}
	unit = strcspn(s + len, "0123456789.");
	if (!whole && !fraction)
		return 0;
	for (size_t i = 0; i < whole; i++)
		value = value * 10 + (s[i] - '0');
	for (size_t i = 0; i < fraction; i++) {
		part /= 10;
		value += part * (s[whole + 1 + i] - '0');
	}
	for (size_t i = 0; i < sizeof(duration_units) / sizeof(*duration_units); i++) {
		const char *name = duration_units[i].unit;
		double ns = value * (double)duration_units[i].ns;

		if (strlen(name) != unit || strncmp(name, s + len, unit) != 0 ||
		    ns > (double)(INT64_MAX - *sum) / 2)
			continue;
		*sum += (int64_t)(ns + 0.5);
		return len + unit;
	}
	return 0;
}

int parse_duration(const char *s, int64_t *ns)
{
	int64_t sum = 0;

	errno = EINVAL;
	if (!*s)
		return -1;
	if (!strcmp(s, "0"))
		s++;
	while (*s) {
		size_t n = add_duration(s, &sum);

		if (!n)
			return -1;
		s += n;
	}
	*ns = sum;
	return 0;
}
