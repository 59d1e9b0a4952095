/* SPDX-License-Identifier: Apache-2.0 */
/* plan_scope: the systemd scope of a container: its name, slice and properties; pure. */
#ifndef SHIM_ENGINE_PLAN_SCOPE_H
#define SHIM_ENGINE_PLAN_SCOPE_H

#include <stdbool.h>

#include "shim/engine/unit_prop.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct plan_input;

struct plan_scope {
	const char *unit;  /* "prefix-name.scope"; NULL: the cgroupfs driver, all else is empty */
	const char *slice; /* "a-b.slice" */
	const char
		*path; /* "/a.slice/a-b.slice/prefix-name.scope", below the manager's own cgroup */
	bool user;     /* the caller's own service manager, not the system's */
	struct unit_props props;
};

/*
 * Names from linux.cgroupsPath, "SLICE:PREFIX:NAME" (as runc's --systemd-cgroup
 * takes it): SLICE empty is system.slice, or user.slice for the user's manager; a slice
 * a-b.slice is within a.slice (systemd.slice(5)); with PREFIX empty the unit is NAME.scope.
 * Without cgroupsPath: "peapod" and the container's id. No properties yet.
 */
int plan_scope(const struct plan_input *in, struct arena *a, struct plan_scope *out, struct err *e);

/* The unit's Description. */
char *plan_scope_description(const char *id, struct arena *a);

void plan_scope_print(const struct plan_scope *p, struct str *out);

#endif
