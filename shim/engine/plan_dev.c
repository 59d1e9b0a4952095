/* SPDX-License-Identifier: Apache-2.0 */
/* plan_dev: the default devices and links of every container, and those of linux.devices. */
#include "shim/engine/plan_dev.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "shim/engine/plan_input.h"
#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/oci/tables.h"

#define MAJOR_MAX 0xfff /* of the kernel's dev_t */
#define MINOR_MAX 0xfffff

/* runtime-spec config-linux.md, "Default Devices"; /dev/console and /dev/ptmx are made otherwise.
 */
static const struct plan_dev_node default_nodes[] = {
	{ "/dev/null", S_IFCHR | 0666, 1, 3, 0, 0 },
	{ "/dev/zero", S_IFCHR | 0666, 1, 5, 0, 0 },
	{ "/dev/full", S_IFCHR | 0666, 1, 7, 0, 0 },
	{ "/dev/random", S_IFCHR | 0666, 1, 8, 0, 0 },
	{ "/dev/urandom", S_IFCHR | 0666, 1, 9, 0, 0 },
	{ "/dev/tty", S_IFCHR | 0666, 5, 0, 0, 0 },
};

/* runtime-spec runtime-linux.md, "Dev symbolic links". */
static const struct plan_dev_link default_links[] = {
	{ "/dev/fd", "/proc/self/fd", false, false },
	{ "/dev/stdin", "/proc/self/fd/0", false, false },
	{ "/dev/stdout", "/proc/self/fd/1", false, false },
	{ "/dev/stderr", "/proc/self/fd/2", false, false },
	{ "/dev/core", "/proc/kcore", false, true },
	{ "/dev/ptmx", "pts/ptmx", true, false },
};

static const struct name node_types[] = {
	{ "c", S_IFCHR }, { "u", S_IFCHR }, { "b", S_IFBLK }, { "p", S_IFIFO }, { 0 },
};

static int plan_node(const struct oci_device *d, struct arena *a, struct plan_dev_node *n,
		     struct err *e)
{
	const struct name *type = d->type ? names_find(node_types, d->type) : NULL;
	uint32_t perm = d->file_mode.set ? d->file_mode.v : 0666;

	if (!d->path || d->path[0] != '/')
		return err_set(e, EINVAL, "path: '%s' is not absolute", d->path ? d->path : "");
	if (!type)
		return err_set(e, EINVAL, "type: '%s' is none of c, u, b, p",
			       d->type ? d->type : "");
	/* Go programs put the type bits of their own FileMode, or of st_mode, beside. */
	if (perm & S_IFMT && (perm & S_IFMT) != (uint32_t)type->value)
		return err_set(e, EINVAL, "fileMode: %#o is of another type than '%s'", perm,
			       d->type);
	n->path = path_clean(a, d->path);
	n->mode = (mode_t)type->value | (perm & 07777);
	n->uid = d->uid.set ? d->uid.v : 0;
	n->gid = d->gid.set ? d->gid.v : 0;
	if (type->value == S_IFIFO)
		return 0;
	if (d->major < 0 || d->major > MAJOR_MAX || d->minor < 0 || d->minor > MINOR_MAX)
		return err_set(e, EINVAL, "major, minor: %lld:%lld is no device number",
			       (long long)d->major, (long long)d->minor);
	n->major = (uint32_t)d->major;
	n->minor = (uint32_t)d->minor;
	return 0;
}

/* A listed device takes the place of the default one of that path. */
static void add_node(struct plan_dev_node *v, size_t *n, const struct plan_dev_node *node)
{
	for (size_t i = 0; i < countof(default_nodes); i++) {
		if (str_eq(v[i].path, node->path)) {
			v[i] = *node;
			return;
		}
	}
	v[(*n)++] = *node;
}

/* Somebody else's /dev: its nodes are theirs. */
static bool dev_is_bound(const struct oci_config *c, struct arena *a)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct oci_mount *m = &c->mounts.v[i];

		if (!m->destination || !str_eq(path_clean(a, m->destination), "/dev"))
			continue;
		for (size_t j = 0; j < m->options.n; j++) {
			const struct oci_mount_option *o = oci_mount_option_find(m->options.v[j]);

			if (o && (o->special == OCI_MOUNT_BIND || o->special == OCI_MOUNT_RBIND))
				return true;
		}
	}
	return false;
}

int plan_dev(const struct plan_input *in, struct arena *a, struct plan_dev *out, struct err *e)
{
	const struct oci_config *c = in->config;
	struct plan_dev p = { 0 };
	struct plan_dev_node *nodes;

	if (!oci_namespace_of(c, OCI_NS_MOUNT)) {
		if (c->linux_ && c->linux_->devices.n)
			return err_set(e, EINVAL,
				       "linux.devices: needs a mount namespace in "
				       "linux.namespaces");
		*out = p;
		return 0;
	}
	nodes = arena_array(a, countof(default_nodes) + c->linux_->devices.n, sizeof(*nodes));
	memcpy(nodes, default_nodes, sizeof(default_nodes));
	p.n_nodes = countof(default_nodes);
	for (size_t i = 0; i < c->linux_->devices.n; i++) {
		struct plan_dev_node node = { 0 };

		if (plan_node(&c->linux_->devices.v[i], a, &node, e))
			return err_ctx(e, "linux.devices[%zu]", i);
		if (str_eq(node.path, "/dev/ptmx")) /* a privileged pod lists the host's */
			continue;
		add_node(nodes, &p.n_nodes, &node);
	}
	p.nodes = nodes;
	p.links = default_links;
	p.n_links = countof(default_links);
	p.bind = oci_namespace_of(c, OCI_NS_USER) || in->host->in_userns;
	if (dev_is_bound(c, a))
		p = (struct plan_dev){ 0 };
	*out = p;
	return 0;
}

void plan_dev_print(const struct plan_dev *p, struct str *out)
{
	for (size_t i = 0; i < p->n_nodes; i++) {
		const struct plan_dev_node *n = &p->nodes[i];

		if (S_ISFIFO(n->mode))
			str_addf(out, "dev fifo '%s'", n->path);
		else
			str_addf(out, "dev %s '%s' %c %u:%u", p->bind ? "bind" : "node", n->path,
				 S_ISCHR(n->mode) ? 'c' : 'b', n->major, n->minor);
		str_addf(out, " %04o", n->mode & 07777U);
		if (n->uid || n->gid)
			str_addf(out, " %u:%u", n->uid, n->gid);
		str_addc(out, '\n');
	}
	for (size_t i = 0; i < p->n_links; i++)
		str_addf(out, "dev link '%s' -> '%s'\n", p->links[i].path, p->links[i].target);
}
