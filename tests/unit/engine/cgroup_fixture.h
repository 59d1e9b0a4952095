/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_fixture: a container's cgroups and a process in them, for tests as root. */
#ifndef TESTS_UNIT_ENGINE_CGROUP_FIXTURE_H
#define TESTS_UNIT_ENGINE_CGROUP_FIXTURE_H

#include <stdbool.h>
#include <sys/types.h>

#include "shim/engine/cgroup.h"
#include "shim/engine/plan_input.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"

/* The cgroups are in a parent of this test's own, which fixture_done() removes as well. */
struct fixture {
	struct arena a;
	struct err e;
	struct host *host;
	struct oci_linux linux_;
	struct oci_config config;
	struct plan_input in;
	struct plan_cgroup plan;
	struct cgroup cg;
	struct oci_state state;
	pid_t child;
	int release; /* closed: the child goes on */
};
#define auto_fixture __attribute__((cleanup(fixture_done)))

/* Plan for linux.resources as JSON, or none; false: skipped, or failed and reported. */
bool fixture_init(struct fixture *f, const char *resources);
/* Plan anew, for the same cgroups. */
bool fixture_plan(struct fixture *f, const char *resources);
/* cgroup_create() and the state record. */
bool fixture_create(struct fixture *f);
/* A child in the cgroups that waits for fixture_wait(), then exits with what fn returns. */
bool fixture_spawn(struct fixture *f, int (*fn)(void));
/* Let it go on; its wait status. */
int fixture_wait(struct fixture *f);
/* End and remove everything; what is left is reported. */
void fixture_done(struct fixture *f);

/* The text of a file in the hierarchy of a controller, else in the v2 one; NULL: not there. */
const char *fixture_value(struct fixture *f, const char *controller, const char *file);
bool fixture_has_v1(const struct fixture *f, const char *controller);

#endif
