/* SPDX-License-Identifier: Apache-2.0 */
/* criu_facts: what a dump must know of the running container, and a restore of the image. */
#ifndef SHIM_ENGINE_CRIU_FACTS_H
#define SHIM_ENGINE_CRIU_FACTS_H

#include <sys/types.h>

#include "shim/engine/plan_criu.h"

/* Of the process, whose mounts, fds and namespaces are looked at through /proc. */
int criu_facts_of(pid_t pid, const struct plan *plan, struct arena *a, struct criu_facts *out,
		  struct err *e);

/*
 * A restored process opens some images itself, when it is the root of its user namespace already
 * and nobody on the host: then it must be able to search the directory (the images stay 0600).
 */
int criu_let_search(int images, const struct plan *plan, struct err *e);

/* What fds 0 to 2 were: CRIU_DESCRIPTORS of the image directory. */
int criu_facts_write(int images, const struct criu_facts *facts, struct err *e);
int criu_facts_read(int images, struct arena *a, struct criu_facts *out, struct err *e);

#endif
