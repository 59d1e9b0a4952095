/* SPDX-License-Identifier: Apache-2.0 */
/* bootstrap: what containerd says to `start`, what it wants to hear, and what names a pod; pure. */
#ifndef SHIM_DAEMON_BOOTSTRAP_H
#define SHIM_DAEMON_BOOTSTRAP_H

#include <stdbool.h>
#include <stdint.h>

#include "shim/daemon/sha256.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/ttrpc/google.pb-c.h"
#include "spec/ttrpc/options.pb-c.h"

#define BOOTSTRAP_INPUT_MAX  (10 << 20) /* bytes on stdin, as containerd's own shim takes */
#define BOOTSTRAP_SOCKET_DIR "/run/containerd/s"
/* Below the command line's default state root, where "shim" might be a container: no id has an "@".
 */
#define BOOTSTRAP_POD_DIR     "/run/peapod/@shim/pods"	/* <here>/<key of the pod>/ */
#define BOOTSTRAP_ENGINE_DIR  "/run/peapod/@shim/state" /* <here>/<key without a group>/ */
#define BOOTSTRAP_ADDRESS_MAX 106			/* bytes of a socket's path */

/*
 * The command line and the environment, then stdin, in one. containerd up to
 * 2.2 sends the Any of the runtime's options, or nothing; from 2.3 on
 * BootstrapParams, which repeats the command line and carries the options as an
 * extension. Strings are borrowed or in the arena; absent ones are "" or NULL.
 */
struct bootstrap {
	char *ns, *id;
	char *grpc, *ttrpc; /* containerd's sockets */
	char *publish_binary, *bundle, *socket, *debug_socket;
	char *socket_dir;
	bool debug;
	bool modern;	      /* BootstrapParams came */
	Pb__Options *options; /* never NULL after bootstrap_stdin() */
};

/*
 * Take in what came on stdin. As an Any also parses as BootstrapParams, it is
 * the latter only when its id and namespace are those of the command line.
 */
int bootstrap_stdin(struct bootstrap *b, const void *data, size_t len, struct arena *a,
		    struct err *e);

/*
 * The options of a runtime, from whatever Any says them: runc's, generic
 * ones (runtimeoptions, whose TOML body is not for us), or none. Another type
 * is an error.
 */
Pb__Options *bootstrap_options(const Pb__Any *any, struct arena *a, struct err *e);

enum bootstrap_reply {
	BOOTSTRAP_PLAIN, /* the address alone: 1.6 ... 2.2 */
	BOOTSTRAP_JSON,	 /* version 3: a sandbox of 2.0 ... 2.2 */
	BOOTSTRAP_PROTO, /* version 3: 2.3 and later */
};

/* The form that this containerd understands; `cwd` is the bundle. */
enum bootstrap_reply bootstrap_reply_form(const struct bootstrap *b, const char *cwd);

/* The bytes to print for the address "unix:///...", in the arena. */
char *bootstrap_reply(enum bootstrap_reply form, const char *address, struct arena *a, size_t *len);

/*
 * The key of a pod: sha256 of containerd's address, namespace and group, joined
 * as a path. It names the socket and the state directory, and is the same as
 * that of containerd's own shim. In the arena.
 */
char *bootstrap_key(const char *grpc, const char *ns, const char *group, struct arena *a);

/* The group in config.json's annotations (a JSON text), or NULL: then the id is the group. */
char *bootstrap_group(const char *config, size_t len, struct arena *a);

#endif
