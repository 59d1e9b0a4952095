/* SPDX-License-Identifier: Apache-2.0 */
/* plan_netdev: pure rules about linux.netDevices. */
#include "shim/engine/plan_netdev.h"

#include <errno.h>
#include <string.h>

#include "shim/engine/plan_input.h"

/* "%d" in a name would have the kernel choose a number. */
static int check_name(const struct plan_netdevs *p, const char *name, struct err *e)
{
	if (strchr(name, '%'))
		return err_set(e, EINVAL, "linux: netDevices: name: '%s' is not a name", name);
	for (size_t i = 0; i < p->n; i++) {
		if (str_eq(p->v[i].name, name))
			return err_set(e, EINVAL, "linux: netDevices: name: '%s' is there twice",
				       name);
	}
	return 0;
}

int plan_netdevs(const struct plan_input *in, struct arena *a, struct plan_netdevs *out,
		 struct err *e)
{
	const struct oci_linux *l = in->config->linux_;
	struct plan_netdevs p = { 0 };

	if (!l || !l->net_devices.n) {
		*out = p;
		return 0;
	}
	if (!oci_namespace_of(in->config, OCI_NS_NETWORK))
		return err_set(e, EINVAL,
			       "linux: netDevices: the container has no network namespace of its "
			       "own");
	if (in->rootless)
		return err_set(e, EPERM,
			       "linux: netDevices: a rootless runtime cannot move interfaces");
	p.v = arena_array(a, l->net_devices.n, sizeof(*p.v));
	for (size_t i = 0; i < l->net_devices.n; i++) {
		const struct oci_net_device *d = &l->net_devices.v[i];
		const char *name = d->name ? d->name : d->key;

		if (check_name(&p, name, e))
			return -1;
		p.v[p.n++] = (struct plan_netdev){ d->key, name };
	}
	*out = p;
	return 0;
}

void plan_netdevs_print(const struct plan_netdevs *p, struct str *out)
{
	for (size_t i = 0; i < p->n; i++)
		str_addf(out, "netdev %s -> %s\n", p->v[i].host, p->v[i].name);
}
