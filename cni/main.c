/* SPDX-License-Identifier: Apache-2.0 */
/* main: which plugin, which verb; the only place that prints. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni/admin.h"
#include "cni/env.h"
#include "cni/netns.h"
#include "cni/plugin.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"

#define PROGRAM "peapod-cni" /* under this name the config's type says which plugin */

/* One call: what was asked, and what is to be printed. */
struct call {
	struct request req;
	const struct plugin *plugin; /* NULL: by type */
	struct cni_result result;
};

/*
 * A caller may have closed any of 0, 1 and 2: then no file of ours may get that
 * number. What is put there fails when it is used, as the closed one would.
 */
static int fill_stdio(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (!fd_is_open(fd) &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return -1;
	return 0;
}

static int read_conf(struct call *c, struct err *e)
{
	size_t len;
	char *text = read_file(STDIN_FILENO, "", JSON_TEXT_MAX, c->req.a, &len, e);

	if (!text)
		return cni_err_as(e, e->num == E2BIG ? CNI_ERR_DECODE : CNI_ERR_IO);
	c->req.text = text;
	c->req.len = len;
	return cni_conf_open(text, len, c->req.a, &c->req.conf, e);
}

static int choose_plugin(struct call *c, struct err *e)
{
	if (!c->plugin) {
		const char *type = c->req.conf.type;

		if (!type || !*type)
			return cni_err(e, CNI_ERR_CONFIG, "type: required, but absent");
		c->plugin = plugin_find(type);
		if (!c->plugin)
			return cni_err(e, CNI_ERR_CONFIG, "type: there is no plugin '%.60s'", type);
	}
	c->req.plugin = c->plugin->name;
	return 0;
}

/*
 * ADD and CHECK need a namespace that is not ours. For DEL one that is gone is
 * fine, and ours too: nothing of the attachment can be in it, since ADD refuses.
 */
static int open_netns(struct call *c, struct err *e)
{
	auto_fd int own = -1, fd = -1;
	bool del = c->req.env.command == CNI_DEL;
	int there;

	if (!*c->req.env.netns)
		return 0;
	there = netns_open(c->req.env.netns, &fd, e);
	if (there <= 0)
		return del && !there ? 0 : -1;
	own = netns_self(e);
	if (own < 0)
		return -1;
	if (netns_same(own, fd) && !c->req.env.netns_override)
		return del ? 0
			   : cni_err(e, CNI_ERR_NETNS,
				     "CNI_NETNS '%.200s' is the plugin's own network namespace",
				     c->req.env.netns);
	c->req.netns = take_fd(&fd);
	return 0;
}

static int call_verb(struct call *c, struct err *e)
{
	const struct plugin *p = c->plugin;

	switch (c->req.env.command) {
	case CNI_ADD:
		return p->add(&c->req, &c->result, e);
	case CNI_DEL:
		return p->del ? p->del(&c->req, e) : 0;
	case CNI_CHECK:
		return p->check ? p->check(&c->req, e) : 0;
	case CNI_GC:
		return p->gc ? p->gc(&c->req, e) : 0;
	case CNI_STATUS:
		return p->status ? p->status(&c->req, e) : 0;
	case CNI_VERSION:
	case CNI_UNKNOWN:
		break;
	}
	return cni_err(e, CNI_ERR_ENV, "unknown CNI_COMMAND: '%.60s'", c->req.env.command_text);
}

/* DEL and GC take nothing from them, and shall not fail for them. */
static int read_args(struct call *c, struct err *e)
{
	if (c->req.env.command == CNI_DEL || c->req.env.command == CNI_GC)
		return 0;
	return cni_args_parse(c->req.env.args, c->req.a, &c->req.args, e);
}

/* In the order in which the protocol's reference checks, so errors have the same precedence. */
static int run(struct call *c, struct err *e)
{
	struct request *req = &c->req;

	if (read_conf(c, e))
		return -1;
	if (req->env.command == CNI_UNKNOWN)
		return call_verb(c, e);
	if (cni_conf_check_version(&req->conf, env_least_version(req->env.command), e) ||
	    cni_conf_decode(&req->conf, req->a, e) || choose_plugin(c, e) || read_args(c, e) ||
	    open_netns(c, e))
		return -1;
	return call_verb(c, e);
}

static int print_version(void)
{
	auto_str struct str out = { 0 };

	str_addf(&out, "{\"cniVersion\":\"%s\",\"supportedVersions\":[",
		 cni_version_text(CNI_V_NEWEST));
	for (const struct name *v = cni_versions; v->name; v++)
		str_addf(&out, "%s\"%s\"", v == cni_versions ? "" : ",", v->name);
	str_add(&out, "]}\n");
	return write_all(STDOUT_FILENO, out.s, out.len) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int print_error(const struct call *c, const struct err *e)
{
	char *text = cni_error_text(e, c->req.conf.version, c->req.a);

	if (write_all(STDOUT_FILENO, text, strlen(text)) < 0 ||
	    write_all(STDOUT_FILENO, "\n", 1) < 0)
		log_msg(LOG_ERROR, "%s", e->msg);
	return EXIT_FAILURE;
}

static int print_result(const struct call *c, struct err *e)
{
	struct json_object *doc = cni_result_encode(&c->result, c->req.conf.version, e);
	char *text;

	if (!doc)
		return -1;
	text = json_text(json_own(c->req.a, doc), false, c->req.a);
	if (write_all(STDOUT_FILENO, text, strlen(text)) < 0 ||
	    write_all(STDOUT_FILENO, "\n", 1) < 0)
		return err_sys(e, "print the result");
	return 0;
}

static int about(const struct plugin *p)
{
	auto_str struct str versions = { 0 };

	names_list(cni_versions, &versions);
	fprintf(stderr, "CNI %s plugin %s: %s\nCNI protocol versions supported: %s\n",
		p ? p->name : PROGRAM, VERSION,
		p ? p->about
		  : "bandwidth, bridge, firewall, host-local, loopback, peapod, portmap, ptp and "
		    "static, by "
		    "type",
		str_text(&versions));
	return EXIT_SUCCESS;
}

static const char *get_variable(const char *name)
{
	return getenv(name);
}

int main(int argc, char **argv)
{
	auto_arena struct arena a = { 0 };
	struct call c = { .req = { .netns = -1, .a = &a } };
	const char *name = argc && strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1
			   : argc			 ? argv[0]
							 : PROGRAM;
	const char *command = getenv("CNI_COMMAND");
	struct err e = { 0 };
	int rc;

	if (fill_stdio())
		return EXIT_FAILURE;
	log_to.program = name;
	c.plugin = plugin_find(name);
	if (!command || !*command)
		return argc > 1 ? admin_main(name, argc, argv) : about(c.plugin);
	rc = env_read(get_variable, &a, &c.req.env, &e);
	if (!rc && c.req.env.command == CNI_VERSION)
		return print_version();
	rc = rc ? rc : run(&c, &e);
	if (!rc && c.req.env.command == CNI_ADD)
		rc = print_result(&c, &e);
	close_fd(&c.req.netns);
	return rc ? print_error(&c, &e) : EXIT_SUCCESS;
}
