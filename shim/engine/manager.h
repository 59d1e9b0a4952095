/* SPDX-License-Identifier: Apache-2.0 */
/* manager: one conversation with a systemd service manager. */
#ifndef SHIM_ENGINE_MANAGER_H
#define SHIM_ENGINE_MANAGER_H

#include <stdbool.h>

#include "shim/engine/dbus.h"
#include "shim/engine/unit_prop.h"
#include "spec/base/err.h"

#define MANAGER_NO_UNIT	    "org.freedesktop.systemd1.NoSuchUnit"
#define MANAGER_UNIT_EXISTS "org.freedesktop.systemd1.UnitExists"

/* Connect to the system's or the user's one; signals about jobs come from then on. */
int manager_connect(struct dbus *d, bool user, int timeout_ms, struct err *e);

/*
 * Call a method of org.freedesktop.systemd1.Manager. body may be NULL. The error
 * text starts with "systemd: METHOD: ".
 */
int manager_call(struct dbus *d, const char *method, const char *signature, const struct str *body,
		 struct dbus_msg *reply, const char **error, struct err *e);

/* The same with (unit, mode) that makes a job, and wait for its end. */
int manager_job(struct dbus *d, const char *method, const char *signature, const struct str *body,
		const char **error, struct err *e);

/* When this returns, all that was asked for before has been written to the cgroups. */
int manager_settle(struct dbus *d, struct err *e);

/* Its version, 252; 0 when it cannot be read from its text. */
int manager_version(struct dbus *d, unsigned int *version, struct err *e);

/* The Description of a unit; lives as long as the connection. */
int manager_description(struct dbus *d, const char *unit, const char **out, struct err *e);

#endif
