/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_misc: hugepageLimits, network, rdma and unified. */
#include <ctype.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_cgroup_build.h"

#define RDMA_NAME_MAX	  64 /* IB_DEVICE_NAME_MAX */
#define UNIFIED_NAME_MAX  255
#define UNIFIED_VALUE_MAX 4096

static const struct cgroup_setting class_setting = {
	.field = "network: classID",
	.controller = "net_cls",
	.v1_file = "net_cls.classid",
};
static const struct cgroup_setting priority_setting = {
	.field = "network: priorities",
	.controller = "net_prio",
	.v1_file = "net_prio.ifpriomap",
};
static const struct cgroup_setting rdma_setting = {
	.field = "rdma",
	.controller = "rdma",
	.v1_file = "rdma.max",
	.v2_file = "rdma.max",
};

/* Files of every v2 directory that the runtime itself works with. */
static const char *const unified_refused[] = {
	"cgroup.procs", "cgroup.threads", "cgroup.subtree_control",
	"cgroup.type",	"cgroup.kill",	  "cgroup.freeze",
};

/* "2MB": as the kernel puts it into the file's name. */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n && n < 8 && *s != '0' && strchr("KMG", s[n]) && s[n] && !strcmp(s + n + 1, "B");
}

static void plan_hugepages(struct cgroup_build *b, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *l = &r->hugepage_limits.v[i];
		const char *value = arena_printf(b->a, "%llu", (unsigned long long)l->limit);
		struct cgroup_setting s = {
			.field = "hugepageLimits",
			.controller = "hugetlb",
		};

		if (!is_page_size(l->page_size)) {
			cgroup_fail(b, EINVAL, s.field, "'%.32s' is not a page size like 2MB",
				    l->page_size);
			return;
		}
		s.v1_file = arena_printf(b->a, "hugetlb.%s.limit_in_bytes", l->page_size);
		s.v2_file = arena_printf(b->a, "hugetlb.%s.max", l->page_size);
		cgroup_put(b, &s, value, value, NULL);
		/* Reservations too (5.7), else a process dies of SIGBUS when it uses its own. */
		s.flags = CGROUP_IF_THERE;
		s.v1_file = arena_printf(b->a, "hugetlb.%s.rsvd.limit_in_bytes", l->page_size);
		s.v2_file = arena_printf(b->a, "hugetlb.%s.rsvd.max", l->page_size);
		cgroup_put(b, &s, value, value, NULL);
	}
}

/* A name that is one word of a line. */
static bool is_word(const char *s, size_t max)
{
	size_t n = strlen(s);

	for (size_t i = 0; i < n; i++)
		if (!isgraph((unsigned char)s[i]) || s[i] == '/')
			return false;
	return n && n <= max;
}

static void plan_network(struct cgroup_build *b, const struct oci_network *net)
{
	if (!net)
		return;
	if (net->class_id.v)
		cgroup_put_num(b, &class_setting, net->class_id.v);
	for (size_t i = 0; i < net->priorities.n; i++) {
		const struct oci_if_priority *p = &net->priorities.v[i];

		if (!is_word(p->name, IFNAMSIZ - 1))
			cgroup_fail(b, EINVAL, "network: priorities",
				    "'%.32s' is not an interface name", p->name);
		cgroup_put(b, &priority_setting, arena_printf(b->a, "%s %u", p->name, p->priority),
			   NULL, NULL);
	}
}

static void plan_rdma(struct cgroup_build *b, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->rdma.n; i++) {
		const struct oci_rdma *d = &r->rdma.v[i];
		const char *handles = "max", *objects = "max", *value;

		if (!is_word(d->key, RDMA_NAME_MAX))
			cgroup_fail(b, EINVAL, "rdma", "'%.64s' is not a device name", d->key);
		if (d->hca_handles.set)
			handles = arena_printf(b->a, "%u", d->hca_handles.v);
		if (d->hca_objects.set)
			objects = arena_printf(b->a, "%u", d->hca_objects.v);
		value = arena_printf(b->a, "%s hca_handle=%s hca_object=%s", d->key, handles,
				     objects);
		cgroup_put(b, &rdma_setting, value, value, NULL);
	}
}

void cgroup_plan_misc(struct cgroup_build *b, const struct oci_resources *r)
{
	plan_hugepages(b, r);
	plan_network(b, r->network);
	plan_rdma(b, r);
}

/* The v2 directory that takes "memory.high"; fails naming what is in the way. */
static size_t unified_dir(struct cgroup_build *b, const char *field, const char *controller)
{
	struct cgroup_place place = cgroup_place_of(b, controller);

	if (b->out->n_dirs == 0 || b->in->host->cgroup_mode == HOST_CGROUP_V1) {
		cgroup_fail(b, ENOTSUP, field, "needs cgroup v2");
		return 0;
	}
	if (place.found && place.v2)
		return place.dir;
	if (place.found)
		cgroup_fail(b, ENOTSUP, field, "needs cgroup v2, but '%s' is in a v1 hierarchy",
			    controller);
	for (size_t i = 0; i < b->out->n_dirs; i++)
		if (!*b->out->dirs[i].key && !strcmp(controller, "cgroup"))
			return i;
	cgroup_fail(b, ENOTSUP, field, "this host has no cgroup v2 controller '%s'", controller);
	return 0;
}

static void plan_unified_one(struct cgroup_build *b, const struct json_kv *kv)
{
	const char *dot = strchr(kv->key, '.');
	const char *field = arena_printf(b->a, "unified: %.64s", kv->key), *controller;
	struct plan_cgroup_write w = { .field = field, .file = kv->key };
	char **lines;

	if (!dot || dot == kv->key || !dot[1] || !is_word(kv->key, UNIFIED_NAME_MAX)) {
		cgroup_fail(b, EINVAL, field, "is not a file name like CONTROLLER.PARAMETER");
		return;
	}
	for (size_t i = 0; i < sizeof(unified_refused) / sizeof(*unified_refused); i++)
		if (!strcmp(kv->key, unified_refused[i]))
			cgroup_fail(b, ENOTSUP, field, "belongs to the runtime");
	if (strlen(kv->value) > UNIFIED_VALUE_MAX)
		cgroup_fail(b, E2BIG, field, "longer than %d bytes", UNIFIED_VALUE_MAX);
	controller = arena_strndup(b->a, kv->key, (size_t)(dot - kv->key));
	w.controller = controller;
	w.dir = unified_dir(b, field, controller);
	w.flags = strcmp(controller, "cpuset") == 0 ? CGROUP_EARLY : 0;
	/* The kernel takes one line a write (io.max, rdma.max). */
	for (lines = str_split(b->a, kv->value, '\n', NULL); *lines; lines++) {
		w.value = *lines;
		if (**lines)
			cgroup_put_write(b, &w);
	}
}

void cgroup_plan_unified(struct cgroup_build *b, const struct oci_resources *r)
{
	for (size_t i = 0; i < r->unified.n; i++) {
		if (b->in->cgroups_disabled)
			cgroup_fail(b, ENOTSUP, "unified", "%s", cgroup_missing(b));
		plan_unified_one(b, &r->unified.v[i]);
	}
}
