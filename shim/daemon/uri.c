/* SPDX-License-Identifier: Apache-2.0 */
/* uri: cut at the fragment, at the query, then decode. */
#include "shim/daemon/uri.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The byte of "%XX", 0: it is none, or the one that ends a text. */
static char escaped(const char *s)
{
	char digits[3] = "";

	if (!isxdigit((unsigned char)s[1]) || !isxdigit((unsigned char)s[2]))
		return '\0';
	memcpy(digits, s + 1, 2);
	return (char)strtoul(digits, NULL, 16);
}

int uri_decode(char *s, bool query, struct err *e)
{
	char *out = s;

	for (; *s; s++) {
		char c = *s;

		if (query && c == '+')
			c = ' ';
		if (c == '%') {
			c = escaped(s);
			if (!c)
				return err_set(e, EINVAL, "'%.3s' is no escape of a byte", s);
			s += 2;
		}
		*out++ = c;
	}
	*out = '\0';
	return 0;
}

char *uri_path(const char *uri, struct arena *a, char **query, struct err *e)
{
	const char *start = strstr(uri, "://");
	char *path = arena_strdup(a, start ? start + strlen("://") : ""), *end;

	path[strcspn(path, "#")] = '\0';
	end = path + strcspn(path, "?");
	if (query)
		*query = *end ? end + 1 : end;
	*end = '\0';
	if (*path != '/') {
		err_set(e, EINVAL, "the path is not absolute");
		return NULL;
	}
	return uri_decode(path, false, e) ? NULL : path;
}
