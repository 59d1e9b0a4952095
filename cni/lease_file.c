/* SPDX-License-Identifier: Apache-2.0 */
/* lease_file: reading and writing one lease in host-local's format. */
#include "cni/lease_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/cni/netconf.h"

bool lease_text(const struct lease_dir *d, const char *name, char *text, size_t size)
{
	auto_fd int fd = openat(d->dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : read_full(fd, text, size - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	while (n && strchr(" \t\r\n", text[n - 1]))
		text[--n] = '\0';
	return true;
}

bool lease_is_of(const char *text, const struct lease_owner *owner)
{
	size_t len = strlen(owner->container_id);

	if (strncmp(text, owner->container_id, len))
		return false;
	return !text[len] ||
	       (str_starts(text + len, "\r\n") && str_eq(text + len + 2, owner->ifname));
}

bool lease_ips_has(const struct lease_ips *ips, const struct ip_addr *ip)
{
	for (size_t i = 0; i < ips->n; i++)
		if (ip_eq(&ips->v[i], ip))
			return true;
	return false;
}

bool lease_split(char *text, struct lease_owner *out)
{
	char *end = strstr(text, "\r\n");
	const char *ifname = end ? end + 2 : "";

	if (end)
		*end = '\0';
	if (!cni_valid_id(text) || (end && cni_ifname_error(ifname)))
		return false;
	*out = (struct lease_owner){ .container_id = text, .ifname = ifname };
	return true;
}

bool lease_held(const struct lease_dir *d, const struct ip_addr *ip,
		const struct lease_owner *owner)
{
	char text[LEASE_TEXT_MAX];

	return d->dir >= 0 && lease_text(d, ip_text(ip).s, text, sizeof(text)) &&
	       lease_is_of(text, owner);
}

/*
 * Under another name first: a lease without its owner, which a crash could
 * leave, is one that other implementations never give back.
 */
int lease_write(const struct lease_dir *d, const struct ip_addr *ip,
		const struct lease_owner *owner, struct err *e)
{
	struct ip_text name = ip_text(ip);
	auto_fd int fd = openat(d->dir, LEASE_TEMPORARY,
				O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[LEASE_TEXT_MAX];
	int len = snprintf(text, sizeof(text), "%s\r\n%s", owner->container_id, owner->ifname);

	if (fd < 0)
		return err_sys(e, "make lease %s", name.s);
	if (write_all(fd, text, (size_t)len) < 0 ||
	    renameat(d->dir, LEASE_TEMPORARY, d->dir, name.s) < 0) {
		err_sys(e, "write lease %s", name.s);
		unlinkat(d->dir, LEASE_TEMPORARY, 0);
		return -1;
	}
	return 0;
}
