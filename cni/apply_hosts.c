/* SPDX-License-Identifier: Apache-2.0 */
/* apply_hosts: a file appears as a whole, since a name server may be looking. */
#include "cni/apply_hosts.h"

#include <errno.h>
#include <fcntl.h>

#include "cni/whole.h"
#include "spec/base/arena.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define DIR_MODE  0755
#define FILE_MODE 0644
#define FILE_MAX  65536

int do_hosts(struct net *n, const struct op *op, struct err *e)
{
	if (whole_write(op->hosts.file, op->hosts.text, DIR_MODE, FILE_MODE, e))
		return -1;
	n->hosts = op->hosts.file;
	return 0;
}

int are_hosts(struct net *n, const struct op *op, struct err *e)
{
	auto_arena struct arena a = { 0 };
	size_t len;
	char *text = read_file(AT_FDCWD, op->hosts.file, FILE_MAX, &a, &len, e);

	(void)n;
	if (!text)
		return -1;
	return str_eq(text, op->hosts.text)
		       ? 0
		       : err_set(e, EINVAL, "'%s' has other names", op->hosts.file);
}

int do_unhosts(struct net *n, const struct op *op, struct err *e)
{
	(void)n;
	return whole_remove(op->hosts.file, e);
}

void undo_hosts(struct net *n)
{
	struct err ignored;

	if (n->hosts)
		whole_remove(n->hosts, &ignored);
	n->hosts = NULL;
}
