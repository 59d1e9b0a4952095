/* SPDX-License-Identifier: Apache-2.0 */
/* err: fill and prefix the one error struct. */
#include "spec/base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/*
 * The texts in a message come from configs and containers: a newline must not
 * look like another line of a log, nor may an escape reach a terminal.
 */
static void plain(struct err *e)
{
	for (char *c = e->msg; *c; c++) {
		if (*c == '\n' || *c == '\t' || *c == '\r')
			*c = ' ';
		else if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	}
}

int(err_set)(struct err *e, int num, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	plain(e);
	e->num = num ? num : EINVAL;
	return -1;
}

int(err_sys)(struct err *e, const char *fmt, ...)
{
	int num = errno;
	va_list ap;
	size_t len;

	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	len = strlen(e->msg);
	snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", strerror(num));
	plain(e);
	e->num = num ? num : EINVAL;
	return -1;
}

int(err_ctx)(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	size_t len;

	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	len = strlen(e->msg);
	snprintf(e->msg + len, sizeof(e->msg) - len, ": %s", old);
	plain(e);
	return -1;
}
