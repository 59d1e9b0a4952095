/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mounts_print: the mount records as lines of text. */
#include "shim/engine/plan_mounts.h"

#include <sys/mount.h>

#include "spec/base/auto.h"
#include "spec/base/names.h"
#include "spec/oci/tables.h"

static const struct name attr_names[] = {
	{ "ro", MOUNT_ATTR_RDONLY },
	{ "nosuid", MOUNT_ATTR_NOSUID },
	{ "nodev", MOUNT_ATTR_NODEV },
	{ "noexec", MOUNT_ATTR_NOEXEC },
	{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW },
	{ "nodiratime", MOUNT_ATTR_NODIRATIME },
	{ "noatime", MOUNT_ATTR_NOATIME },
	{ "strictatime", MOUNT_ATTR_STRICTATIME },
	{ 0 },
};

static void add_attrs(struct str *out, const char *sign, uint64_t attrs)
{
	for (const struct name *row = attr_names; row->name; row++) {
		if (attrs & (uint64_t)row->value)
			str_addf(out, "%s%s%s", str_ends(str_text(out), "=") ? "" : ",", sign,
				 row->name);
	}
}

static void print_attrs(const struct plan_mount *m, struct str *out)
{
	if (m->attrs) {
		str_add(out, " flags=");
		add_attrs(out, "", m->attr_set);
		if (str_ends(str_text(out), "="))
			str_add(out, "none");
	}
	if (m->rec_set | m->rec_clr) {
		str_add(out, " all-below=");
		add_attrs(out, "+", m->rec_set);
		add_attrs(out, "-", m->rec_clr & ~(uint64_t)MOUNT_ATTR__ATIME);
		if (m->rec_clr & MOUNT_ATTR__ATIME && !(m->rec_set & MOUNT_ATTR__ATIME))
			str_addf(out, "%srelatime", str_ends(str_text(out), "=") ? "" : ",");
	}
	for (size_t i = 0; i < m->n_propagation; i++)
		str_addf(out, " %s", names_of(oci_propagation_names, (int64_t)m->propagation[i]));
}

static void print_data(const struct plan_mount *m, struct str *out)
{
	for (size_t i = 0; i < m->n_data; i++)
		str_addf(out, "%s%s%s%s", i ? "," : " data=", m->data[i].key,
			 m->data[i].value ? "=" : "", m->data[i].value ? m->data[i].value : "");
	if (m->label)
		str_addf(out, " label=%s", m->label);
}

static void print_maps(const char *what, const struct oci_idmaps *maps, struct str *out)
{
	for (size_t i = 0; i < maps->n; i++)
		str_addf(out, "%s%u:%u:%u", i ? "," : what, maps->v[i].container_id,
			 maps->v[i].host_id, maps->v[i].size);
}

static void print_switches(const struct plan_mount *m, struct str *out)
{
	const struct {
		bool on;
		const char *text;
	} switches[] = {
		{ m->superblock, "superblock" },     { m->tmpcopyup, "tmpcopyup" },
		{ m->src_nofollow, "src-nofollow" }, { m->dest_nofollow, "dest-nofollow" },
		{ m->copy_symlink, "copy-symlink" }, { m->idmap && !m->idmap_rec, "idmap" },
		{ m->idmap_rec, "ridmap" },	     { m->late_ro, "(ro at the end)" },
	};

	for (size_t i = 0; i < countof(switches); i++) {
		if (switches[i].on)
			str_addf(out, " %s", switches[i].text);
	}
	if (m->idmap) {
		print_maps(" uids=", m->uid_maps, out);
		print_maps(" gids=", m->gid_maps, out);
	}
}

static void print_cgroups(const struct plan_mount *m, struct str *out)
{
	for (size_t i = 0; i < m->n_cgroups; i++) {
		const struct plan_mount_cgroup *c = &m->cgroups[i];

		if (m->own_cgroupns)
			str_addf(out, "mount   %s: namespace's %s\n", c->name,
				 *c->key ? c->key : "v2");
		else
			str_addf(out, "mount   %s: own directory of '%s'\n", c->name, c->source);
	}
}

static void print_mount(const struct plan_mount *m, struct str *out)
{
	switch (m->kind) {
	case PLAN_MOUNT_BIND:
		str_addf(out, "mount %s '%s'", m->recursive ? "rbind" : "bind", m->source);
		break;
	case PLAN_MOUNT_REMOUNT:
		str_add(out, "mount again");
		break;
	case PLAN_MOUNT_FS:
	case PLAN_MOUNT_PROC:
	case PLAN_MOUNT_SYSFS:
	case PLAN_MOUNT_TMPFS:
	case PLAN_MOUNT_CGROUP1:
	case PLAN_MOUNT_CGROUP2:
		str_addf(out, "mount %s", m->type);
		if (m->source && !str_eq(m->source, m->type))
			str_addf(out, " '%s'", m->source);
		break;
	}
	str_addf(out, " on '%s'", m->dest);
	print_attrs(m, out);
	print_data(m, out);
	print_switches(m, out);
	str_addc(out, '\n');
	if (m->kind == PLAN_MOUNT_CGROUP1)
		print_cgroups(m, out);
}

void plan_mounts_print(const struct plan_mounts *p, struct str *out)
{
	if (p->mntns == PLAN_MNTNS_NONE) {
		str_addf(out, "root chroot '%s'\n", p->rootfs);
		return;
	}
	if (p->host_propagation)
		str_addf(out, "root old tree %s\n",
			 names_of(oci_propagation_names, (int64_t)p->host_propagation));
	str_addf(out, "root bind '%s'\n", p->rootfs);
	for (size_t i = 0; i < p->n; i++)
		print_mount(&p->v[i], out);
	str_add(out, p->no_pivot ? "root move to '/', chroot\n" : "root pivot\n");
	if (p->root_propagation)
		str_addf(out, "root %s\n",
			 names_of(oci_propagation_names, (int64_t)p->root_propagation));
	for (size_t i = 0; i < p->readonly_paths.n; i++)
		str_addf(out, "read-only '%s'\n", p->readonly_paths.v[i]);
	for (size_t i = 0; i < p->masked.n; i++)
		str_addf(out, "mask '%s'%s%s\n", p->masked.v[i], p->label ? " label=" : "",
			 p->label ? p->label : "");
	for (size_t i = 0; i < p->n; i++) {
		if (p->v[i].late_ro)
			str_addf(out, "read-only mount '%s'\n", p->v[i].dest);
	}
	if (p->readonly)
		str_add(out, "read-only '/'\n");
}
