/* SPDX-License-Identifier: Apache-2.0 */
/* dbus: a connection to a D-Bus server over a unix socket: calls, and signals waited for. */
/*
 * Our own, as the programs are linked statically: libsystemd has no archive,
 * and dlopen(3) from a static program wants the very C library that it was
 * linked with on every host, and costs 1 ms at best (measured: `return 0` 0.47 ms, the same
 * with dlopen of libsystemd.so.0 and its six libraries 1.35 ms).
 */
#ifndef SHIM_ENGINE_DBUS_H
#define SHIM_ENGINE_DBUS_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/engine/dbus_msg.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct dbus {
	int fd;	     /* -1: not connected */
	bool direct; /* the other end is the service itself: no bus, no names */
	uint32_t serial;
	int timeout_ms;	       /* of the call or wait under way, all of it */
	const char *peer;      /* in messages: the socket's path */
	struct str in;	       /* bytes received and not yet decoded */
	struct arena arena;    /* messages received live here until dbus_close() */
	struct dbus_msg *kept; /* signals that came while a reply was waited for */
	size_t n_kept;
};
#define DBUS_INIT                                                                                  \
	{                                                                                          \
		.fd = -1                                                                           \
	}

/*
 * Connect to the socket and authenticate as who we are (the kernel tells it).
 * On a bus (not `direct`) also say Hello. What *d was before is forgotten.
 */
int dbus_connect(struct dbus *d, const char *path, bool direct, int timeout_ms, struct err *e);
void dbus_close(struct dbus *d);

/*
 * Call a method and wait for its reply. An error reply is an error whose text is the
 * service's own; its name is in *error (if not NULL; else NULL there). *reply
 * (if not NULL) lives until dbus_close().
 */
int dbus_call(struct dbus *d, struct dbus_msg *call, struct dbus_msg *reply, const char **error,
	      struct err *e);

/* Send a call whose reply nobody needs. */
int dbus_send(struct dbus *d, struct dbus_msg *call, struct err *e);

/*
 * Wait for a signal of that member of which `wanted` says true; those that came
 * before count, too. ETIMEDOUT: none within the timeout.
 */
int dbus_wait(struct dbus *d, const char *member,
	      bool (*wanted)(const struct dbus_msg *m, void *arg), void *arg, struct err *e);

#endif
