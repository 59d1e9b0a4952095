/* SPDX-License-Identifier: Apache-2.0 */
/* allow: no list allows all. */
#include "cni/allow.h"

#include <errno.h>
#include <fcntl.h>

#include "spec/base/fd.h"

#define LIST_MAX (1 << 20)

int tuning_allowed(const struct tuning *t, struct arena *a, struct err *e)
{
	char *text;
	size_t len;

	if (!t->n)
		return 0;
	text = read_file(AT_FDCWD, TUNING_ALLOW, LIST_MAX, a, &len, e);
	if (!text)
		return e->num == ENOENT || e->num == ENOTDIR ? 0 : -1;
	return tuning_check(t, text, e);
}
