/* SPDX-License-Identifier: Apache-2.0 */
/* err: fill and prefix the one error struct. */
#include "spec/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "spec/base/str.h"

/*
 * The texts in a message come from configs and containers: a newline must not
 * look like another line of a log, nor may an escape reach a terminal. Any bytes
 * can be in a name, and the message may have been cut within a character.
 */
static void plain(struct err *e)
{
	for (char *c = e->msg; *c; c++) {
		if (*c == '\n' || *c == '\t' || *c == '\r')
			*c = ' ';
		else if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
	str_make_utf8(e->msg);
}

/*
 * Format in front of what is kept of the old text. The arguments may point into
 * e->msg itself, so nothing is written there before all of it has been read.
 */
__attribute__((format(printf, 4, 0))) static void
fill(struct err *e, const char *sep, const char *tail, const char *fmt, va_list ap)
{
	char text[sizeof(e->msg)];
	size_t len;

	vsnprintf(text, sizeof(text), fmt, ap);
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, "%s%s", sep, tail);
	memcpy(e->msg, text, sizeof(text));
	plain(e);
}

int(err_set)(struct err *e, int num, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, "", "", fmt, ap);
	va_end(ap);
	e->num = num ? num : EINVAL;
	return -1;
}

int(err_sys)(struct err *e, const char *fmt, ...)
{
	int num = errno;
	va_list ap;

	va_start(ap, fmt);
	fill(e, ": ", strerror(num), fmt, ap);
	va_end(ap);
	e->num = num ? num : EINVAL;
	return -1;
}

int(err_ctx)(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(e, ": ", e->msg, fmt, ap);
	va_end(ap);
	return -1;
}
