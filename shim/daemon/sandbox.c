/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox: its beginning, and the two questions that need no more. */
#include "shim/daemon/sandbox.h"

#include <errno.h>
#include <stdlib.h>

#include "spec/base/str.h"

#define PATIENCE_MAX 86400 /* seconds */

int sandbox_init(struct sandbox *s, struct err *e)
{
	const char *which = getenv(SANDBOX_SWITCH), *patience = getenv(SANDBOX_PATIENCE_SWITCH);
	uint64_t seconds = SANDBOX_PATIENCE;

	*s = (struct sandbox){ .home = HOME_INIT, .forgotten = LOOP_SOURCE_INIT };
	link_init(&s->waits);
	link_init(&s->stops);
	link_init(&s->shutdowns);
	if (which && !str_eq(which, "pid") && !str_eq(which, "paths") && *which)
		return err_set(e, EINVAL, SANDBOX_SWITCH "='%s': it can be pid or paths", which);
	s->tells_paths = which && str_eq(which, "paths");
	if (patience && *patience && (parse_u64(patience, 10, PATIENCE_MAX, &seconds) || !seconds))
		return err_set(e, EINVAL, SANDBOX_PATIENCE_SWITCH "='%s': 1 to %d seconds",
			       patience, PATIENCE_MAX);
	s->patience = (unsigned int)seconds;
	return 0;
}

int sandbox_check_task(const struct sandbox *s, struct err *e)
{
	return sandbox_rule(SANDBOX_RUN, s->state, e) == SANDBOX_REFUSE ? -1 : 0;
}

bool sandbox_is(const struct sandbox *s, const char *id, struct err *e)
{
	if (s->id && str_eq(s->id, id))
		return true;
	err_set(e, ENOENT, "pod '%.200s' does not exist: not found", id);
	return false;
}
