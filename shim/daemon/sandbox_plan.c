/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox_plan: modes, names and limits, checked; one config for the shim, the holder and NRI. */
#include "shim/daemon/sandbox_plan.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "spec/base/auto.h"
#include "spec/oci/tables.h"

#define HOSTNAME_LEN_MAX 64    /* sethostname(2) */
#define DNS_WORD_MAX	 1024  /* bytes */
#define HOLDER_ID	 65535 /* user and group, as Kubernetes' pause image has it */
#define ANNOTATION	 "io.kubernetes.cri."

static const Pb__NamespaceOption *options_of(const Pb__PodSandboxConfig *c)
{
	static const Pb__NamespaceOption none = PB__NAMESPACE_OPTION__INIT;
	const Pb__LinuxPodSandboxConfig *l = c->on_linux;

	if (!l || !l->security_context || !l->security_context->namespace_options)
		return &none;
	return l->security_context->namespace_options;
}

static int plan_pid(const Pb__NamespaceOption *o, struct sandbox_modes *m, struct err *e)
{
	if (o->pid == PB__NAMESPACE_MODE__POD)
		m->pid = SANDBOX_PID_POD;
	else if (o->pid == PB__NAMESPACE_MODE__CONTAINER)
		m->pid = SANDBOX_PID_EACH;
	else if (o->pid == PB__NAMESPACE_MODE__NODE)
		m->pid = SANDBOX_PID_HOST;
	else
		return err_set(e, EINVAL, "namespace_options: pid: mode %d is not one of a pod",
			       (int)o->pid);
	return 0;
}

static int pod_or_node(Pb__NamespaceMode mode, const char *what, bool *pod, struct err *e)
{
	if (mode != PB__NAMESPACE_MODE__POD && mode != PB__NAMESPACE_MODE__NODE)
		return err_set(e, EINVAL, "namespace_options: %s: mode %d is not one of a pod",
			       what, (int)mode);
	*pod = mode == PB__NAMESPACE_MODE__POD;
	return 0;
}

static int plan_modes(const Pb__CreateSandboxRequest *req, const Pb__PodSandboxConfig *c,
		      struct sandbox_modes *m, struct err *e)
{
	const Pb__NamespaceOption *o;
	const Pb__UserNamespace *user;

	if (!c) { /* not a kubelet's pod */
		m->net = m->uts = *req->netns_path;
		m->ipc = true;
		return 0;
	}
	o = options_of(c);
	user = o->userns_options;
	if (plan_pid(o, m, e) || pod_or_node(o->network, "network", &m->net, e) ||
	    pod_or_node(o->ipc, "ipc", &m->ipc, e) ||
	    (user && pod_or_node(user->mode, "userns_options", &m->userns, e)))
		return -1;
	if (m->net && !*req->netns_path)
		return err_set(e, EINVAL,
			       "netns_path is missing for a pod with a network of its own");
	if (m->userns && (m->pid == SANDBOX_PID_HOST || !m->ipc))
		return err_set(e, EINVAL,
			       "namespace_options: a user namespace beside the host's %s namespace",
			       m->ipc ? "pid" : "ipc");
	m->uts = m->net; /* as in every Kubernetes: the name goes with the network */
	m->holder = m->userns || m->pid == SANDBOX_PID_POD;
	return 0;
}

static int check_hostname(const char *name, struct err *e)
{
	if (strlen(name) > HOSTNAME_LEN_MAX)
		return err_set(e, EINVAL, "hostname '%.100s' is longer than %d bytes", name,
			       HOSTNAME_LEN_MAX);
	for (const char *c = name; *c; c++) {
		if (!isalnum((unsigned char)*c) && !strchr(".-_", *c))
			return err_set(e, EINVAL, "hostname '%s' is no host name", name);
	}
	return 0;
}

/* Words of a line; one with a line's end in it would be two. */
static int take_words(const char *what, char **v, size_t n, struct json_strs *out, struct err *e)
{
	if (n > SANDBOX_DNS_MAX)
		return err_set(e, E2BIG, "dns_config: more than %d %s", SANDBOX_DNS_MAX, what);
	for (size_t i = 0; i < n; i++) {
		if (strlen(v[i]) > DNS_WORD_MAX)
			return err_set(e, E2BIG, "dns_config: %s: longer than %d bytes", what,
				       DNS_WORD_MAX);
		for (const char *c = v[i]; *c; c++) {
			if ((unsigned char)*c <= ' ' || *c == 127)
				return err_set(
					e, EINVAL,
					"dns_config: %s: '%s' has a blank or control character",
					what, v[i]);
		}
	}
	*out = (struct json_strs){ n, v };
	return 0;
}

static int plan_dns(const Pb__DNSConfig *d, struct sandbox_plan *p, struct err *e)
{
	if (!d)
		return 0;
	p->has_dns = true;
	return take_words("servers", d->servers, d->n_servers, &p->servers, e) ||
			       take_words("searches", d->searches, d->n_searches, &p->searches,
					  e) ||
			       take_words("options", d->options, d->n_options, &p->options, e)
		       ? -1
		       : 0;
}

static int take_maps(const char *what, Pb__IDMapping *const *v, size_t n, struct oci_idmaps *out,
		     uint32_t *root, struct arena *a, struct err *e)
{
	bool has_root = false;

	out->v = arena_array(a, n, sizeof(*out->v));
	for (size_t i = 0; i < n; i++) {
		out->v[i] = (struct oci_idmap){ v[i]->container_id, v[i]->host_id, v[i]->length };
		if (v[i]->container_id || !v[i]->length)
			continue;
		has_root = true;
		*root = v[i]->host_id;
	}
	out->n = n;
	if (!has_root)
		return err_set(e, EINVAL, "userns_options: %s: id 0 is not mapped", what);
	return 0;
}

static int plan_userns(const Pb__UserNamespace *u, struct sandbox_plan *p, struct arena *a,
		       struct err *e)
{
	struct oci_linux *l = p->config->linux_;

	if (!p->modes.userns)
		return 0;
	return take_maps("uids", u->uids, u->n_uids, &l->uid_mappings, &p->uid, a, e) ||
			       take_maps("gids", u->gids, u->n_gids, &l->gid_mappings, &p->gid, a,
					 e)
		       ? -1
		       : 0;
}

static void add_kv(struct json_kv *v, size_t *n, const char *key, const char *value,
		   struct arena *a)
{
	v[*n].key = arena_strdup(a, key);
	v[(*n)++].value = arena_strdup(a, value);
}

static bool has_key(const struct json_kv *v, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(v[i].key, key))
			return true;
	}
	return false;
}

/* The pod's own, and what containerd promises every pod: low ports and ping need no privilege. */
static int plan_sysctls(const Pb__LinuxPodSandboxConfig *l, struct sandbox_plan *p, struct arena *a,
			struct err *e)
{
	struct oci_linux *to = p->config->linux_;
	size_t given = l ? l->n_sysctls : 0, n = 0;
	struct json_kv *v;

	if (given > SANDBOX_SYSCTLS_MAX)
		return err_set(e, E2BIG, "sysctls: more than %d", SANDBOX_SYSCTLS_MAX);
	v = arena_array(a, given + 2, sizeof(*v));
	for (size_t i = 0; i < given; i++)
		add_kv(v, &n, l->sysctls[i]->key, l->sysctls[i]->value, a);
	if (p->modes.net && !has_key(v, n, "net.ipv4.ip_unprivileged_port_start"))
		add_kv(v, &n, "net.ipv4.ip_unprivileged_port_start", "0", a);
	if (p->modes.net && !p->modes.userns && !has_key(v, n, "net.ipv4.ping_group_range"))
		add_kv(v, &n, "net.ipv4.ping_group_range", "0 2147483647", a);
	to->sysctl.v = v;
	to->sysctl.n = n;
	return 0;
}

static void plan_namespaces(struct sandbox_plan *p, struct arena *a)
{
	const struct sandbox_modes *m = &p->modes;
	const bool own[OCI_NS_COUNT] = {
		[OCI_NS_PID] = m->pid == SANDBOX_PID_POD,
		[OCI_NS_NETWORK] = m->net,
		[OCI_NS_MOUNT] = m->holder,
		[OCI_NS_IPC] = m->ipc,
		[OCI_NS_UTS] = m->uts,
		[OCI_NS_USER] = m->userns,
	};
	struct oci_linux *l = p->config->linux_;

	l->namespaces.v = arena_array(a, OCI_NS_COUNT, sizeof(*l->namespaces.v));
	for (int t = 0; t < OCI_NS_COUNT; t++) {
		if (!own[t])
			continue;
		l->namespaces.v[l->namespaces.n++] =
			(struct oci_namespace){ t, t == OCI_NS_NETWORK ? arena_strdup(a, p->netns)
								       : NULL };
	}
}

static void plan_annotations(const Pb__PodSandboxConfig *c, struct sandbox_plan *p, struct arena *a)
{
	const Pb__PodSandboxMetadata *m = c ? c->metadata : NULL;
	struct json_kv *v = arena_array(a, 5, sizeof(*v));
	size_t n = 0;

	add_kv(v, &n, ANNOTATION "container-type", "sandbox", a);
	add_kv(v, &n, ANNOTATION "sandbox-id", p->id, a);
	if (m) {
		add_kv(v, &n, ANNOTATION "sandbox-name", m->name, a);
		add_kv(v, &n, ANNOTATION "sandbox-namespace", m->namespace_, a);
		add_kv(v, &n, ANNOTATION "sandbox-uid", m->uid, a);
	}
	p->config->annotations.v = v;
	p->config->annotations.n = n;
}

/* The form of the path tells the cgroup driver, as in what containerd writes for containers. */
static char *cgroups_path(const struct sandbox_plan *p, struct arena *a)
{
	const char *base = strrchr(p->cgroup_parent, '/');

	base = base ? base + 1 : p->cgroup_parent;
	if (str_ends(base, ".slice"))
		return arena_printf(a, "%s:cri-containerd:%s", base, p->id);
	return arena_printf(a, "%s/%s", p->cgroup_parent, p->id);
}

static struct oci_config *holder_config(const struct sandbox_plan *p, struct arena *a)
{
	static const char *const dev[] = { "nosuid", "noexec", "mode=755", "size=64k" };
	struct oci_config *c = arena_alloc(a, sizeof(*c));

	c->oci_version = arena_strdup(a, OCI_VERSION);
	c->linux_ = arena_alloc(a, sizeof(*c->linux_));
	c->hostname = p->modes.uts ? arena_strdup(a, p->hostname) : NULL;
	c->root = arena_alloc(a, sizeof(*c->root));
	c->root->path = arena_strdup(a, "rootfs");
	c->root->readonly = true;
	c->process = arena_alloc(a, sizeof(*c->process));
	c->process->args.v = str_split(a, "/pause", ' ', &c->process->args.n);
	c->process->cwd = arena_strdup(a, "/");
	c->process->user.uid = c->process->user.gid = HOLDER_ID;
	c->process->no_new_privileges = true;
	c->process->capabilities = arena_alloc(a, sizeof(*c->process->capabilities));
	c->mounts.v = arena_array(a, 1, sizeof(*c->mounts.v));
	c->mounts.n = 1;
	c->mounts.v[0].destination = arena_strdup(a, "/dev");
	c->mounts.v[0].type = c->mounts.v[0].source = arena_strdup(a, "tmpfs");
	c->mounts.v[0].options.v = arena_array(a, countof(dev) + 1, sizeof(char *));
	for (size_t i = 0; i < countof(dev); i++)
		c->mounts.v[0].options.v[c->mounts.v[0].options.n++] = arena_strdup(a, dev[i]);
	if (p->cgroup_parent)
		c->linux_->cgroups_path = cgroups_path(p, a);
	return c;
}

int sandbox_plan(const Pb__CreateSandboxRequest *req, const Pb__PodSandboxConfig *config,
		 struct arena *a, struct sandbox_plan *out, struct err *e)
{
	const Pb__LinuxPodSandboxConfig *l = config ? config->on_linux : NULL;
	struct sandbox_plan p = { .id = req->sandbox_id };

	if (req->n_rootfs)
		return err_set(e, EINVAL, "rootfs: a pod without a pause container has none");
	if (plan_modes(req, config, &p.modes, e))
		return -1;
	p.netns = p.modes.net ? req->netns_path : NULL;
	if (config && *config->hostname)
		p.hostname = config->hostname;
	if (l && *l->cgroup_parent)
		p.cgroup_parent = l->cgroup_parent;
	if ((p.hostname && check_hostname(p.hostname, e)) ||
	    (config && plan_dns(config->dns_config, &p, e)))
		return -1;
	p.config = holder_config(&p, a);
	plan_namespaces(&p, a);
	plan_annotations(config, &p, a);
	if (plan_sysctls(l, &p, a, e) ||
	    (config && plan_userns(options_of(config)->userns_options, &p, a, e)))
		return -1;
	*out = p;
	return 0;
}

void sandbox_hosts_text(const struct sandbox_plan *p, const struct json_strs *ips, struct str *out)
{
	str_add(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	for (size_t i = 0; p->hostname && i < ips->n; i++)
		str_addf(out, "%s\t%s\n", ips->v[i], p->hostname);
}

static void add_words(struct str *out, const char *key, const struct json_strs *words)
{
	if (!words->n)
		return;
	str_add(out, key);
	for (size_t i = 0; i < words->n; i++)
		str_addf(out, " %s", words->v[i]);
	str_addc(out, '\n');
}

void sandbox_resolv_text(const struct sandbox_plan *p, struct str *out)
{
	add_words(out, "search", &p->searches);
	for (size_t i = 0; i < p->servers.n; i++)
		str_addf(out, "nameserver %s\n", p->servers.v[i]);
	add_words(out, "options", &p->options);
}

static struct oci_mount bind(const char *from, const char *to, const char *opts, struct arena *a)
{
	struct oci_mount m = { .destination = arena_strdup(a, to),
			       .type = arena_strdup(a, "bind"),
			       .source = arena_strdup(a, from) };

	m.options.v = str_split(a, opts, ',', &m.options.n);
	return m;
}

struct oci_mount *sandbox_mounts(const struct sandbox_modes *m, const char *dir, bool readonly,
				 struct arena *a, size_t *n)
{
	static const char *const files[][2] = {
		{ SANDBOX_HOSTNAME, "/etc/hostname" },
		{ SANDBOX_HOSTS, "/etc/hosts" },
		{ SANDBOX_RESOLV, "/etc/resolv.conf" },
	};
	struct oci_mount *v = arena_array(a, countof(files) + 1, sizeof(*v));
	const char *shm = "/dev/shm";

	*n = 0;
	for (size_t i = 0; i < countof(files); i++)
		v[(*n)++] = bind(arena_printf(a, "%s/" SANDBOX_DIR "/%s", dir, files[i][0]),
				 files[i][1],
				 readonly ? "bind,rprivate,ro,nosuid,nodev,noexec"
					  : "bind,rprivate,rw,nosuid,nodev,noexec",
				 a);
	if (m->ipc)
		shm = arena_printf(a, "%s/" SANDBOX_DIR "/" SANDBOX_SHM, dir);
	v[(*n)++] = bind(shm, "/dev/shm", "rbind,rprivate,rw,nosuid,nodev,noexec", a);
	return v;
}

struct oci_config *sandbox_spec(const struct sandbox_plan *p, pid_t pid, const char *dir,
				struct arena *a)
{
	struct oci_config *c = arena_memdup(a, p->config, sizeof(*c));
	struct oci_linux *l = arena_memdup(a, c->linux_, sizeof(*l));
	size_t n = 0;

	c->linux_ = l;
	l->namespaces.v = arena_memdup(a, l->namespaces.v, OCI_NS_COUNT * sizeof(*l->namespaces.v));
	for (size_t i = 0; i < l->namespaces.n; i++) {
		struct oci_namespace ns = l->namespaces.v[i];

		if (ns.type == OCI_NS_MOUNT)
			continue; /* each container has its own */
		if (ns.type != OCI_NS_NETWORK)
			ns.path =
				arena_printf(a, "/proc/%d/ns/%s", pid, oci_ns_infos[ns.type].proc);
		l->namespaces.v[n++] = ns;
	}
	l->namespaces.n = n;
	c->mounts.v = sandbox_mounts(&p->modes, dir, false, a, &n);
	c->mounts.n = n;
	return c;
}
