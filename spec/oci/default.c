/* SPDX-License-Identifier: Apache-2.0 */
/* default: constant rows, copied into the typed document. */
#include "spec/oci/default.h"

#include "spec/base/str.h"

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define NOFILE	     1024

static const struct {
	const char *destination, *type, *source;
	const char *options; /* with commas between, as in fstab(5) */
} mounts[] = {
	{ "/proc", "proc", "proc", NULL },
	{ "/dev", "tmpfs", "tmpfs", "nosuid,strictatime,mode=755,size=65536k" },
	{ "/dev/pts", "devpts", "devpts",
	  "nosuid,noexec,newinstance,ptmxmode=0666,mode=0620,gid=5" },
	{ "/dev/shm", "tmpfs", "shm", "nosuid,noexec,nodev,mode=1777,size=65536k" },
	{ "/dev/mqueue", "mqueue", "mqueue", "nosuid,noexec,nodev" },
	{ "/sys", "sysfs", "sysfs", "nosuid,noexec,nodev,ro" },
	{ "/sys/fs/cgroup", "cgroup", "cgroup", "nosuid,noexec,nodev,relatime,ro" },
};

static const char env[] =
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin,TERM=xterm";
static const char caps[] = "CAP_AUDIT_WRITE,CAP_KILL,CAP_NET_BIND_SERVICE";
static const char masked[] = "/proc/acpi,/proc/asound,/proc/kcore,/proc/keys,/proc/latency_stats,"
			     "/proc/timer_list,/proc/timer_stats,/proc/sched_debug,/sys/firmware,"
			     "/proc/scsi";
static const char readonly[] = "/proc/bus,/proc/fs,/proc/irq,/proc/sys,/proc/sysrq-trigger";

static struct json_strs list(struct arena *a, const char *text)
{
	struct json_strs l;

	l.v = str_split(a, text, ',', &l.n);
	return l;
}

static struct oci_process *default_process(struct arena *a)
{
	struct oci_process *p = arena_alloc(a, sizeof(*p));
	struct oci_rlimit *limit = arena_alloc(a, sizeof(*limit));

	p->terminal = true;
	p->args = list(a, "sh");
	p->env = list(a, env);
	p->cwd = arena_strdup(a, "/");
	p->no_new_privileges = true;
	p->capabilities = arena_alloc(a, sizeof(*p->capabilities));
	p->capabilities->bounding = list(a, caps);
	p->capabilities->effective = list(a, caps);
	p->capabilities->permitted = list(a, caps);
	*limit = (struct oci_rlimit){ arena_strdup(a, "RLIMIT_NOFILE"), NOFILE, NOFILE };
	p->rlimits.n = 1;
	p->rlimits.v = limit;
	return p;
}

static void default_mounts(struct oci_config *c, struct arena *a)
{
	c->mounts.n = COUNT(mounts);
	c->mounts.v = arena_array(a, COUNT(mounts), sizeof(*c->mounts.v));
	for (size_t i = 0; i < COUNT(mounts); i++) {
		struct oci_mount *m = &c->mounts.v[i];

		m->destination = arena_strdup(a, mounts[i].destination);
		m->type = arena_strdup(a, mounts[i].type);
		m->source = arena_strdup(a, mounts[i].source);
		if (mounts[i].options)
			m->options = list(a, mounts[i].options);
	}
}

static struct oci_resources *deny_devices(struct arena *a)
{
	struct oci_resources *r = arena_alloc(a, sizeof(*r));

	r->devices.n = 1;
	r->devices.v = arena_alloc(a, sizeof(*r->devices.v));
	r->devices.v[0].access = arena_strdup(a, "rwm");
	return r;
}

void oci_config_add_namespace(struct oci_config *c, struct arena *a, enum oci_ns type)
{
	struct oci_namespace *all;
	size_t n = c->linux_->namespaces.n;

	if (oci_namespace_of(c, type))
		return;
	all = arena_array(a, n + 1, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = c->linux_->namespaces.v[i];
	all[n].type = (int)type;
	c->linux_->namespaces.v = all;
	c->linux_->namespaces.n = n + 1;
}

static struct oci_idmaps map_root_to(struct arena *a, uint32_t id)
{
	struct oci_idmaps maps = { 1, arena_alloc(a, sizeof(*maps.v)) };

	maps.v[0] = (struct oci_idmap){ .container_id = 0, .host_id = id, .size = 1 };
	return maps;
}

/* Without privilege sysfs cannot be mounted for the host's network, nor gid 5 be given away. */
static void rootless_mounts(struct oci_config *c, struct arena *a)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct oci_mount *m = &c->mounts.v[i];
		size_t kept = 0;

		if (str_eq(m->destination, "/sys")) {
			m->type = arena_strdup(a, "none");
			m->source = arena_strdup(a, "/sys");
			m->options = list(a, "rbind,nosuid,noexec,nodev,ro");
		}
		for (size_t j = 0; j < m->options.n; j++) {
			if (!str_starts(m->options.v[j], "gid=") &&
			    !str_starts(m->options.v[j], "uid="))
				m->options.v[kept++] = m->options.v[j];
		}
		m->options.n = kept;
	}
}

struct oci_config *oci_config_default(struct arena *a, bool rootless, uint32_t uid, uint32_t gid)
{
	static const enum oci_ns namespaces[] = { OCI_NS_PID, OCI_NS_NETWORK, OCI_NS_IPC,
						  OCI_NS_UTS, OCI_NS_MOUNT };
	struct oci_config *c = arena_alloc(a, sizeof(*c));

	c->oci_version = arena_strdup(a, OCI_VERSION);
	c->process = default_process(a);
	c->root = arena_alloc(a, sizeof(*c->root));
	c->root->path = arena_strdup(a, "rootfs");
	c->root->readonly = true;
	c->hostname = arena_strdup(a, "peapod");
	default_mounts(c, a);
	c->linux_ = arena_alloc(a, sizeof(*c->linux_));
	c->linux_->masked_paths = list(a, masked);
	c->linux_->readonly_paths = list(a, readonly);
	for (size_t i = 0; i < COUNT(namespaces); i++) {
		if (!rootless || namespaces[i] != OCI_NS_NETWORK)
			oci_config_add_namespace(c, a, namespaces[i]);
	}
	if (!rootless) {
		c->linux_->resources = deny_devices(a);
		return c;
	}
	oci_config_add_namespace(c, a, OCI_NS_USER);
	c->linux_->uid_mappings = map_root_to(a, uid);
	c->linux_->gid_mappings = map_root_to(a, gid);
	rootless_mounts(c, a);
	return c;
}
