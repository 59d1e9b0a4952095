/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_spec: spec, features. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "shim/cli/cli.h"
#include "shim/engine/built.h"
#include "shim/engine/host.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/oci/default.h"
#include "spec/oci/features.h"

#define CONFIG_NAME "config.json"
#define CONFIG_MODE 0666 /* less the umask */

struct spec_options {
	bool help, rootless;
	char *bundle;
};

static const struct opt spec_options[] = {
	CLI_HELP_ROW(struct spec_options),
	{ "bundle", 'b', OPT_STR, offsetof(struct spec_options, bundle), "DIR",
	  "where to write it; default: the current directory", NULL },
	{ "rootless", 0, OPT_FLAG, offsetof(struct spec_options, rootless), NULL,
	  "one that needs no privilege", NULL },
	{ 0 },
};

/* Never replaces: the file there may be somebody's work. */
static int write_config(const char *dir, const char *text, struct err *e)
{
	auto_fd int at = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = -1;

	if (at < 0)
		return err_sys(e, "open bundle '%s'", dir);
	fd = openat(at, CONFIG_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, CONFIG_MODE);
	if (fd < 0 && errno == EEXIST)
		return err_set(e, EEXIST, "File " CONFIG_NAME " exists. Remove it first");
	if (fd < 0)
		return err_sys(e, "create '%s/" CONFIG_NAME "'", dir);
	if (dprintf(fd, "%s\n", text) < 0)
		return err_sys(e, "write '%s/" CONFIG_NAME "'", dir);
	return 0;
}

static int run_spec(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct spec_options *o = options;
	struct oci_config *c = oci_config_default(cli->arena, o->rootless, geteuid(), getegid());
	struct json_object *doc;

	(void)argc;
	(void)argv;
	if (cli->engine.host->cgroup_mode == HOST_CGROUP_V2)
		oci_config_add_namespace(c, cli->arena, OCI_NS_CGROUP);
	doc = json_own(cli->arena, oci_config_encode(c));
	return write_config(o->bundle ? o->bundle : ".", json_text(doc, true, cli->arena), e);
}

static int run_features(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	(void)options;
	(void)argc;
	(void)argv;
	if (dprintf(STDOUT_FILENO, "%s\n", oci_features_text(engine_built(), cli->arena)) < 0)
		return err_sys(e, "write to standard output");
	return 0;
}

const struct cli_command cmd_spec = {
	.name = "spec",
	.help = "write an example config.json",
	.options = spec_options,
	.size = sizeof(struct spec_options),
	.plans = true,
	.stateless = true,
	.run = run_spec,
};

const struct cli_command cmd_features = {
	.name = "features",
	.help = "print what this program takes as JSON",
	.options = cli_no_options,
	.size = sizeof(struct cli_no_options),
	.stateless = true,
	.run = run_features,
};
