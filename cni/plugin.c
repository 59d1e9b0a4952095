/* SPDX-License-Identifier: Apache-2.0 */
/* plugin: the table. */
#include "cni/plugin.h"

#include <stddef.h>

#include "spec/base/auto.h"
#include "spec/base/str.h"

static const struct plugin *const plugins[] = {
	&plugin_peapod,	 &plugin_bridge, &plugin_ptp,	    &plugin_loopback, &plugin_host_local,
	&plugin_portmap, &plugin_static, &plugin_bandwidth, &plugin_tuning,   &plugin_firewall,
};

const struct plugin *plugin_find(const char *name)
{
	for (size_t i = 0; i < countof(plugins); i++)
		if (str_eq(plugins[i]->name, name))
			return plugins[i];
	return NULL;
}

struct attach attach_of(const struct request *req)
{
	return (struct attach){ req->conf.name, req->env.container_id, req->env.ifname };
}
