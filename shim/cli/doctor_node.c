/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_node: networks, containerd, and what is left of the dead; facts in, findings out. */
#include <stdio.h>
#include <string.h>

#include "shim/cli/cli.h"
#include "shim/cli/doctor.h"
#include "spec/base/auto.h"

#define OK(r, ...) doctor_add(r, DOCTOR_OK, arena_printf((r)->arena, __VA_ARGS__), NULL)
#define WARN(r, advice, ...)                                                                       \
	doctor_add(r, DOCTOR_WARN, arena_printf((r)->arena, __VA_ARGS__), advice)

/* The name of a config that other tools read, by its version (containerd/docs/PLUGINS.md). */
#define CONFIG_HANDLER_1 "[plugins.'io.containerd.grpc.v1.cri'.containerd.runtimes.peapod]"
#define CONFIG_HANDLER_2 "[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.peapod]"
#define CONFIG_TYPE	 "runtime_type = '" DOCTOR_RUNTIME_TYPE "'"

/* A network that does not parse fails: whoever needs it gets no pod. None at all is allowed. */
static void check_networks(const struct doctor_facts *f, struct doctor_report *r)
{
	struct arena *a = r->arena;

	if (f->net_error) {
		WARN(r, "put a .conflist there, or give one to pod run --cni", "%s", f->net_error);
		return;
	}
	if (!f->nets.files.n)
		WARN(r, "put a .conflist there, or give one to pod run --cni",
		     "no network config in '%s'", f->net_dir);
	for (size_t i = 0; i < f->nets.files.n; i++) {
		const struct netdir_file *n = &f->nets.files.v[i];
		const char *first = i ? "" : " (the first one: the node's)";

		if (n->error)
			doctor_add(r, DOCTOR_FAIL,
				   arena_printf(a, "'%s/%s'%s: %s", f->net_dir, n->name, first,
						n->error),
				   "correct the file or remove it");
		else if (n->missing)
			doctor_add(r, i ? DOCTOR_WARN : DOCTOR_FAIL,
				   arena_printf(a, "network '%s'%s: its plugin '%s' is not in '%s'",
						n->network, first, n->missing, f->bin_dirs),
				   "install the plugin there");
		else
			OK(r, "network '%s'%s", n->network, first);
	}
}

static void check_plugin(const struct doctor_facts *f, struct doctor_report *r)
{
	if (f->cni_plugin)
		OK(r, "plugin " CLI_NAME " in '%s'", f->bin_dirs);
	else
		WARN(r,
		     "make install CNI_BIN=DIR, or link " CLI_NAME "-cni there as '" CLI_NAME "'",
		     "plugin " CLI_NAME " is not in '%s'", f->bin_dirs);
}

static void check_nft(const struct doctor_facts *f, struct doctor_report *r)
{
	if (!f->nft_error)
		OK(r, "available");
	else
		WARN(r, "needs nf_tables in the kernel (modprobe nf_tables) and CAP_NET_ADMIN",
		     "no masquerading and no port forwarding: %s", strerror(f->nft_error));
}

static void check_forward(const struct doctor_facts *f, struct doctor_report *r)
{
	if (f->forward4.known && f->forward4.v)
		OK(r, "on");
	else
		WARN(r, "sysctl -w net.ipv4.ip_forward=1 (our plugin does so when a pod needs it)",
		     "%s: pods reach only their own node", f->forward4.known ? "off" : "not known");
}

static void check_programs(const struct doctor_facts *f, struct doctor_report *r)
{
	if (f->shim)
		OK(r, "%s", f->shim);
	else
		WARN(r, "make install, with PREFIX such that containerd's PATH has it",
		     DOCTOR_SHIM_NAME " is not in PATH: containerd cannot run pods with us");
	if (f->pause)
		OK(r, "%s", f->pause);
	else
		WARN(r, "make install", "pause is not beside us: pod run needs --pause");
	if (f->writable)
		WARN(r, "let it belong to root, or make it read-only (chmod a-w)",
		     "you may write to '%s', and so may your containers (CVE-2019-5736)",
		     f->writable);
}

static void check_criu(const struct doctor_facts *f, struct doctor_report *r)
{
	if (f->criu)
		OK(r, "%s", f->criu);
	else
		WARN(r, "install criu where containers are to be saved and moved",
		     "not in PATH: checkpoint and restore are refused");
}

static void check_containerd(const struct doctor_facts *f, struct doctor_report *r)
{
	const struct doctor_containerd *c = &f->containerd;
	bool old = c->version && c->version[0] == '1';

	if (!c->program) {
		WARN(r, "only needed for Kubernetes through containerd", "not in PATH");
		return;
	}
	if (!c->version) {
		WARN(r, "look at what its --version says", "'%s' does not tell its version",
		     c->program);
		return;
	}
	OK(r, "%s %s", c->program, c->version);
	if (old && c->config_version > 2)
		doctor_add(r, DOCTOR_FAIL,
			   arena_printf(r->arena, "'%s' has version %d, which is for containerd 2",
					c->config, c->config_version),
			   "write it anew: containerd config default");
}

static const char *handler_advice(const struct doctor_facts *f)
{
	const struct doctor_containerd *c = &f->containerd;
	bool new = c->config ? c->config_version > 2 : c->version && c->version[0] >= '2';

	return new ? "add " CONFIG_HANDLER_2 " with " CONFIG_TYPE " and restart containerd"
		   : "add " CONFIG_HANDLER_1 " with " CONFIG_TYPE " and restart containerd";
}

static void check_handler(const struct doctor_facts *f, struct doctor_report *r)
{
	const struct doctor_containerd *c = &f->containerd;

	if (!c->program)
		return;
	if (!c->config || !c->handler) {
		WARN(r, handler_advice(f), "%s names no runtime of ours%s",
		     c->config ? c->config : "containerd without a config",
		     c->imports ? " (the files that it imports were not read)" : "");
		return;
	}
	if (c->cri_disabled)
		doctor_add(r, DOCTOR_FAIL, "disabled_plugins has cri: there is no Kubernetes",
			   "take it out of disabled_plugins");
	if (c->handler_unread)
		doctor_add(r, DOCTOR_FAIL,
			   arena_printf(r->arena,
					"runtime '%s' is in a table that version %d has not",
					c->handler, c->config_version),
			   handler_advice(f));
	else if (c->handler_cli)
		WARN(r, "runtime_type = '" DOCTOR_RUNTIME_TYPE "' is faster",
		     "runtime '%s' calls us through another shim", c->handler);
	else if (f->shim)
		OK(r, "runtime '%s'%s", c->handler, c->is_default ? ", the default" : "");
	else
		doctor_add(r, DOCTOR_FAIL,
			   arena_printf(r->arena, "runtime '%s', but there is no " DOCTOR_SHIM_NAME,
					c->handler),
			   "make install");
}

#define RELEASE(major, minor) ((major)*1000 + (minor))

/* 2003 of "2.3.4"; 0: it does not say */
static int version_of(const struct doctor_containerd *c)
{
	unsigned int major = 0, minor = 0;

	if (!c->version || sscanf(c->version, "%3u.%3u", &major, &minor) < 1)
		return 0;
	return (int)RELEASE(major, minor);
}

/* README.md, "Pods without a pause": what each containerd needs for it, and lacks. */
static void check_pauseless(const struct doctor_containerd *c, struct doctor_report *r)
{
	int version = version_of(c);

	if (version && version < RELEASE(2, 0)) {
		WARN(r, "take the line away, or use containerd 2",
		     "containerd %s does not know sandboxer: pods have a pause container",
		     c->version);
		return;
	}
	OK(r, "pods of runtime '%s' have no pause container", c->handler);
	if (c->runtime_path)
		WARN(r, "put the path into runtime_type, or the shim into containerd's PATH",
		     "runtime_path has no effect with sandboxer = 'shim'");
	if (version && version < RELEASE(2, 3))
		WARN(r, "use containerd 2.3 or later",
		     "containerd %s crashes at a pod of the host's network", c->version);
	else if (version >= RELEASE(2, 4) && !c->no_pause_pull)
		WARN(r, "disable_pause_image_pull = true",
		     "containerd pulls a pause image, which nobody needs");
	else if (version == RELEASE(2, 3) && !c->pause_image)
		WARN(r,
		     "pin any image that the node has: sandbox in "
		     "[plugins.'io.containerd.cri.v1.images'.pinned_images]",
		     "containerd 2.3 pulls a pause image, which nobody needs, and fails pods "
		     "without");
}

/* Who makes the pods. */
static void check_sandboxer(const struct doctor_facts *f, struct doctor_report *r)
{
	const struct doctor_containerd *c = &f->containerd;
	const char *name = c->sandboxer ? c->sandboxer : "podsandbox";

	if (!c->program || !c->handler || c->handler_cli || c->handler_unread)
		return;
	if (c->streaming)
		doctor_add(r, DOCTOR_FAIL, "io_type = 'streaming' is refused: no container starts",
			   "take it out of the runtime's table");
	if (!strcmp(name, "shim"))
		check_pauseless(c, r);
	else if (!strcmp(name, "podsandbox"))
		OK(r, "pods of runtime '%s' have a pause container%s", c->handler,
		   version_of(c) >= RELEASE(2, 0) ? " (none with sandboxer = 'shim')" : "");
	else if (c->sandboxer_proxy)
		WARN(r, "sandboxer = 'shim' or 'podsandbox'",
		     "pods of runtime '%s' are made by the plugin '%s', not by us", c->handler,
		     name);
	else
		doctor_add(r, DOCTOR_FAIL,
			   arena_printf(r->arena,
					"there is no sandbox controller '%s': no pod starts", name),
			   "sandboxer = 'shim' or 'podsandbox'");
}

/* One line a leftover, since each has a name that the advice is about. */
static void add_lefts(struct doctor_report *r, const char *kind, const struct doctor_lefts *l,
		      const char *before, const char *behind)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct doctor_left *one = &l->v[i];

		WARN(r, arena_printf(r->arena, "%s%s%s", before, one->name, behind), "%s '%s': %s",
		     kind, one->name, one->what);
	}
}

static void check_left(const struct doctor_facts *f, struct doctor_report *r)
{
	add_lefts(r, "container", &f->containers, CLI_NAME " delete --force ", "");
	add_lefts(r, "pod", &f->pods, CLI_NAME " pod rm --force ", "");
	add_lefts(
		r, "shim", &f->shims,
		"restart containerd, which cleans up after dead shims, then rm -r " DOCTOR_SHIM_PODS
		"/",
		"");
	if (!f->containers.n && !f->pods.n && !f->shims.n)
		OK(r, "nothing of dead containers, pods and shims");
}

const struct doctor_check doctor_node_checks[] = {
	{ "cni", check_networks },
	{ "cni", check_plugin },
	{ "nftables", check_nft },
	{ "ip_forward", check_forward },
	{ "programs", check_programs },
	{ "criu", check_criu },
	{ "containerd", check_containerd },
	{ "containerd", check_handler },
	{ "sandboxer", check_sandboxer },
	{ "leftovers", check_left },
	{ 0 },
};
