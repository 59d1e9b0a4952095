/* SPDX-License-Identifier: Apache-2.0 */
/* check: what can be said about a pod before anything is made; pure. */
#include "shim/pod/pod.h"

#include <errno.h>

#include "spec/base/str.h"

static int check_members(const struct pod_spec *s, struct err *e)
{
	size_t apps = 0;

	if (s->members.n > POD_MEMBER_MAX)
		return err_set(e, EINVAL, "more than %d containers", POD_MEMBER_MAX);
	for (size_t i = 0; i < s->members.n; i++) {
		const struct pod_member *m = &s->members.v[i];

		if (pod_check_name("container", m->name, e))
			return -1;
		if (pod_member_find(s, m->name) != m)
			return err_set(e, EINVAL,
				       "two containers are called '%s' (name them: NAME=BUNDLE)",
				       m->name);
		apps += !m->init;
	}
	return apps ? 0 : err_set(e, EINVAL, "a pod needs at least one container");
}

static int check_volumes(const struct pod_spec *s, struct err *e)
{
	if (s->volumes.n > POD_VOLUME_MAX)
		return err_set(e, EINVAL, "more than %d volumes", POD_VOLUME_MAX);
	for (size_t i = 0; i < s->volumes.n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (str_eq(s->volumes.v[i].name, s->volumes.v[k].name))
				return err_set(e, EINVAL, "two volumes are called '%s'",
					       s->volumes.v[i].name);
			if (str_eq(s->volumes.v[i].path, s->volumes.v[k].path))
				return err_set(e, EINVAL, "two volumes are for '%s'",
					       s->volumes.v[i].path);
		}
	}
	return 0;
}

int pod_check_spec(const struct pod_spec *s, struct err *e)
{
	if (pod_check_name("pod", s->name, e) || check_members(s, e) || check_volumes(s, e))
		return -1;
	if (s->hostname && pod_check_name("host", s->hostname, e))
		return -1;
	if (s->ports.n > POD_PORT_MAX)
		return err_set(e, EINVAL, "more than %d ports", POD_PORT_MAX);
	if (s->ports.n && s->net != POD_NET_CNI)
		return err_set(e, EINVAL, "ports can be published on a CNI network only");
	return 0;
}

int pod_check_add(const struct pod_record *r, const struct pod_member *m, bool replace,
		  struct err *e)
{
	const struct pod_member *old = pod_member_find(&r->spec, m->name);

	if (r->phase != POD_RUNNING)
		return err_set(e, EINVAL, "pod '%s' is not running", r->spec.name);
	if (pod_check_name("container", m->name, e))
		return -1;
	if (str_eq(m->name, POD_INFRA))
		return err_set(e, EINVAL, "container name '" POD_INFRA "' is taken by the pod");
	if (replace && !old)
		return err_set(e, ENOENT, "pod '%s' has no container '%s' to replace", r->spec.name,
			       m->name);
	if (replace && old->init)
		return err_set(e, EINVAL, "'%s' is an init container, which runs only once",
			       m->name);
	if (!replace && old)
		return err_set(e, EEXIST,
			       "pod '%s' already has a container '%s' (replace it with --replace)",
			       r->spec.name, m->name);
	if (!replace && r->spec.members.n >= POD_MEMBER_MAX)
		return err_set(e, ENOSPC, "pod '%s' has %d containers, which is the most",
			       r->spec.name, POD_MEMBER_MAX);
	return 0;
}
