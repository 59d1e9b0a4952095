/* SPDX-License-Identifier: Apache-2.0 */
/* main: containerd-shim-peapod-v2: the command line that containerd uses, and the one error print.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/daemon/launch.h"
#include "shim/engine/sealed.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/opt.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"
#include "spec/oci/validate.h"

#define PROGRAM "containerd-shim-peapod-v2"

enum {
	EXIT_USAGE = 2
};

struct options {
	struct bootstrap b;
	bool info, version, help;
};

#define ROW(n, t, m, arg_, help_)                                                                  \
	{                                                                                          \
		.name = (n), .type = (t), .offset = offsetof(struct options, m), .arg = (arg_),    \
		.help = (help_)                                                                    \
	}
static const struct opt table[] = {
	ROW("namespace", OPT_STR, b.ns, "NAME", "containerd's namespace of the container"),
	ROW("id", OPT_STR, b.id, "ID", "the container, or the pod"),
	ROW("address", OPT_STR, b.grpc, "PATH", "containerd's socket"),
	ROW("publish-binary", OPT_STR, b.publish_binary, "PATH", "accepted, not used"),
	ROW("bundle", OPT_STR, b.bundle, "DIR", "the bundle, for delete (default: .)"),
	ROW("socket", OPT_STR, b.socket, "PATH", "where to listen instead of the usual place"),
	ROW("debug-socket", OPT_STR, b.debug_socket, "PATH", "accepted, not used"),
	ROW("debug", OPT_FLAG, b.debug, NULL, "log more"),
	ROW("info", OPT_FLAG, info, NULL, "print what this runtime is and can (protobuf)"),
	ROW("v", OPT_FLAG, version, NULL, "print the version"),
	ROW("version", OPT_FLAG, version, NULL, NULL),
	ROW("help", OPT_FLAG, help, NULL, "print this text"),
	ROW("h", OPT_FLAG, help, NULL, NULL),
	{ .name = NULL },
};

static void usage(void)
{
	auto_str struct str text = { 0 };

	str_add(&text, "usage: " PROGRAM " [OPTION...] start|delete\n"
		       "containerd runs this program; see its manual page.\n\n");
	opt_usage(table, &text);
	(void)write_all(STDOUT_FILENO, text.s, text.len);
}

/* The daemon, which lives on from here, makes all containers of a pod; see sealed.h. */
const char sealed_words[][SEALED_WORD_MAX] = { "start", "" };

static int start(struct options *o, struct arena *a, struct err *e)
{
	size_t len;
	char *input = read_file(STDIN_FILENO, "", BOOTSTRAP_INPUT_MAX, a, &len, e);

	if (!input)
		return err_ctx(e, "stdin");
	if (bootstrap_stdin(&o->b, input, len, a, e))
		return -1;
	return launch_start(&o->b, a, e);
}

static char *env(const char *name, struct arena *a)
{
	const char *value = getenv(name);

	return arena_strdup(a, value ? value : "");
}

static int run(struct options *o, int argc, char **argv, struct arena *a, struct err *e)
{
	if (o->info)
		return launch_info(a, e);
	if (argc != 1)
		return err_set(e, EINVAL, "one action is needed: start or delete");
	if (!o->b.ns || !*o->b.ns)
		return err_set(e, EINVAL, "-namespace is missing");
	if (!o->b.id || oci_validate_id(o->b.id, e))
		return err_set(e, EINVAL, "-id is missing, or is no valid name");
	o->b.ttrpc = env("TTRPC_ADDRESS", a);
	if (!o->b.grpc)
		o->b.grpc = env("GRPC_ADDRESS", a);
	if (str_eq(argv[0], "start"))
		return start(o, a, e);
	if (str_eq(argv[0], "delete"))
		return launch_delete(&o->b, a, e);
	return err_set(e, EINVAL, "unknown action '%s': start or delete is needed", argv[0]);
}

/* An fd that is closed at the start would be taken by the first file that is opened. */
static void open_stdio(void)
{
	for (int fd = 0; fd < 3; fd++) {
		if (!fd_is_open(fd) && open("/dev/null", O_RDWR) != fd)
			abort();
	}
}

int main(int argc, char **argv)
{
	auto_arena struct arena a = { 0 };
	struct options o = { 0 };
	struct err e = { 0 };
	int n;

	sealed_begin(PROGRAM);
	sealed_release();
	open_stdio();
	proc_close_from(STDERR_FILENO + 1); /* whatever came along: the daemon would keep it */
	log_to.program = PROGRAM;
	log_to.fd = -1; /* containerd would take a warning for the answer */
	n = opt_parse(table, argc - 1, argv + 1, 0, &o, &a, &e);
	if (n < 0) {
		dprintf(STDERR_FILENO, "%s: %s\n", PROGRAM, e.msg);
		return EXIT_USAGE;
	}
	if (o.help) {
		usage();
		return EXIT_SUCCESS;
	}
	if (o.version) {
		dprintf(STDOUT_FILENO, "%s:\n  Version:  %s\n  Revision: %s\n", PROGRAM, VERSION,
			COMMIT);
		return EXIT_SUCCESS;
	}
	if (run(&o, n, argv + 1, &a, &e)) {
		dprintf(STDERR_FILENO, "%s: %s\n", PROGRAM, e.msg);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
