/* SPDX-License-Identifier: Apache-2.0 */
/* net: pinning by bind mount; the rest is cniexec and two small texts. */
#include "shim/pod/net.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include "shim/pod/cniexec.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/proc.h"

#define HOST_RESOLV	"/etc/resolv.conf"
#define HOST_RESOLV_MAX 65536

static int loopback_up(struct err *e)
{
	struct ifreq req = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	auto_fd int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &req) < 0)
		return err_sys(e, "set lo up");
	return 0;
}

/* A process in the new namespace, and in our mount namespace: it never returns. */
static void pin(const char *path, int report)
{
	struct err e = { 0 };

	if (loopback_up(&e) == 0 &&
	    mount("/proc/thread-self/ns/net", path, NULL, MS_BIND, NULL) < 0)
		err_sys(&e, "bind the network namespace on '%s'", path);
	(void)!write(report, &e, sizeof(e));
	_exit(0);
}

/*
 * By a child: whoever has entered the new namespace himself might not get back, when the
 * network he came from is not of his user namespace (unshare -Urm).
 */
int pod_netns_make(const char *path, struct err *e)
{
	struct clone_args args = { .flags = CLONE_NEWNET, .exit_signal = SIGCHLD };
	auto_fd int file = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	struct err got = { 0 };
	int report[2];
	pid_t pid;

	if (file < 0)
		return err_sys(e, "make '%s'", path);
	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid = proc_clone(&args);
	if (pid == 0)
		pin(path, report[1]);
	close(report[1]);
	if (pid < 0)
		err_sys(&got, "make a network namespace");
	else if (read(report[0], &got, sizeof(got)) != sizeof(got))
		err_set(&got, ECHILD, "the process that makes the network namespace has died");
	close(report[0]);
	if (pid > 0)
		proc_reap(pid);
	if (!got.num)
		return 0;
	*e = got;
	return -1;
}

int pod_netns_drop(const char *path, struct err *e)
{
	/* EINVAL: not, or no longer, a mount point. */
	while (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		;
	if (errno != EINVAL && errno != ENOENT)
		return err_sys(e, "unmount '%s'", path);
	if (unlink(path) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", path);
	return 0;
}

void pod_net_addresses(const struct cni_result *res, struct arena *a, struct json_strs *ips,
		       char **mac)
{
	ips->v = arena_array(a, res->ips.n + 1, sizeof(*ips->v));
	ips->n = 0;
	*mac = NULL;
	for (size_t i = 0; i < res->ips.n; i++)
		ips->v[ips->n++] = arena_strdup(a, res->ips.v[i].address);
	for (size_t i = 0; i < res->interfaces.n; i++) {
		const struct cni_iface *f = &res->interfaces.v[i];

		if (f->sandbox && *f->sandbox && str_eq(f->name, POD_IFNAME))
			*mac = arena_strdup(a, f->mac);
	}
}

void pod_hosts_text(const char *hostname, const struct json_strs *ips, struct str *out)
{
	str_add(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	for (size_t i = 0; i < ips->n; i++) {
		int n = (int)strcspn(ips->v[i], "/");

		str_addf(out, "%.*s\t%s\n", n, ips->v[i], hostname);
	}
	if (ips->n == 0)
		str_addf(out, "127.0.1.1\t%s\n", hostname);
}

static void add_line(struct str *out, const char *key, const struct json_strs *values)
{
	if (values->n == 0)
		return;
	str_add(out, key);
	for (size_t i = 0; i < values->n; i++)
		str_addf(out, " %s", values->v[i]);
	str_addc(out, '\n');
}

void pod_resolv_text(const struct cni_dns *dns, struct str *out)
{
	if (dns->domain && *dns->domain)
		str_addf(out, "domain %s\n", dns->domain);
	add_line(out, "search", &dns->search);
	for (size_t i = 0; i < dns->nameservers.n; i++)
		str_addf(out, "nameserver %s\n", dns->nameservers.v[i]);
	add_line(out, "options", &dns->options);
}

static int write_text(int dirfd, const char *name, const struct str *text, struct err *e)
{
	return replace_file(dirfd, name, str_text(text), text->len, 0644, e);
}

/* The network's own DNS, else what the host uses. */
static int write_resolv(int dirfd, const struct cni_dns *dns, struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str text = { 0 };
	struct err ignored;
	const char *host;

	if (!cni_dns_empty(dns)) {
		pod_resolv_text(dns, &text);
		return write_text(dirfd, POD_RESOLV, &text, e);
	}
	host = read_file(AT_FDCWD, HOST_RESOLV, HOST_RESOLV_MAX, &a, NULL, &ignored);
	if (!host || !*host)
		return 0;
	str_add(&text, host);
	return write_text(dirfd, POD_RESOLV, &text, e);
}

/* Kubernetes' names for what a plugin may want to know of a pod. */
static char *cni_args(const struct pod_record *r, struct arena *a)
{
	return arena_printf(a,
			    "IgnoreUnknown=1;K8S_POD_NAMESPACE=peapod;K8S_POD_NAME=%s;"
			    "K8S_POD_INFRA_CONTAINER_ID=%s;K8S_POD_UID=%s",
			    r->spec.name, r->id, r->id);
}

static int attach(const struct pod_record *r, const char *conf, int dirfd, const char *netns,
		  struct arena *a, struct cni_result *res, struct err *e)
{
	struct cni_runtime runtime = { .port_mappings = { r->spec.ports.n, r->spec.ports.v } };
	struct cni_attach x = {
		.conf = conf,
		.path = r->spec.cni_path,
		.id = r->id,
		.netns = netns,
		.ifname = POD_IFNAME,
		.args = cni_args(r, a),
	};

	if (r->spec.ports.n)
		x.runtime = json_own(a, cni_runtime_encode(&runtime));
	return cniexec_add(dirfd, &x, a, res, e);
}

int pod_net_make(const struct pod_record *r, const char *conf, int dirfd, const char *dir,
		 struct err *e)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str hosts = { 0 };
	const char *netns = arena_printf(&a, "%s/" POD_NETNS, dir);
	struct cni_result res = { 0 };
	struct json_strs ips = { 0 };
	char *mac;

	if (r->spec.net == POD_NET_HOST)
		return 0;
	if (pod_netns_make(netns, e))
		return -1;
	if (r->spec.net == POD_NET_CNI && attach(r, conf, dirfd, netns, &a, &res, e))
		return -1;
	pod_net_addresses(&res, &a, &ips, &mac);
	pod_hosts_text(r->spec.hostname, &ips, &hosts);
	if (write_text(dirfd, POD_HOSTS, &hosts, e))
		return -1;
	return r->spec.net == POD_NET_CNI ? write_resolv(dirfd, &res.dns, e) : 0;
}
