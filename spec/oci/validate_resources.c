/* SPDX-License-Identifier: Apache-2.0 */
/* validate_resources: rules about config.linux.resources, and about `update`'s. */
#include "spec/oci/validate.h"

#include <errno.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/oci/check.h"

#define WEIGHT_MIN     10 /* blkio.weight and its kin */
#define WEIGHT_MAX     1000
#define SWAPPINESS_MAX 100
#define FILE_MAX       255 /* bytes of a control file's name */

static int check_device_rule(const struct oci_device_rule *d, struct err *e)
{
	static const struct name types[] = { { "a", 'a' }, { "c", 'c' }, { "b", 'b' }, { 0 } };

	if (oci_check_name("type", d->type, types, e))
		return -1;
	if (d->access && strspn(d->access, "rwm") != strlen(d->access))
		return err_set(e, EINVAL, "access: '%s' is not of r, w and m alone", d->access);
	if (d->major.set && oci_check_range("major", d->major.v, -1, UINT32_MAX, e))
		return -1;
	return d->minor.set ? oci_check_range("minor", d->minor.v, -1, UINT32_MAX, e) : 0;
}

static int check_size(const char *key, const struct opt_i64 *v, struct err *e)
{
	return v->set ? oci_check_range(key, v->v, -1, INT64_MAX, e) : 0;
}

static int check_memory(const struct oci_memory *m, struct err *e)
{
	if (check_size("limit", &m->limit, e) || check_size("reservation", &m->reservation, e) ||
	    check_size("swap", &m->swap, e) || check_size("kernel", &m->kernel, e) ||
	    check_size("kernelTCP", &m->kernel_tcp, e))
		return -1;
	/* `swap` is memory and swap together. */
	if (m->limit.v > 0 && m->swap.v > 0 && m->swap.v < m->limit.v)
		return err_set(e, EINVAL,
			       "swap: %lld is below limit %lld, but stands for memory and swap",
			       (long long)m->swap.v, (long long)m->limit.v);
	/* UINT64_MAX: how docker writes its -1, "not set". */
	if (m->swappiness.set && m->swappiness.v > SWAPPINESS_MAX && m->swappiness.v != UINT64_MAX)
		return err_set(e, ERANGE, "swappiness: expected 0..%d, got %llu", SWAPPINESS_MAX,
			       (unsigned long long)m->swappiness.v);
	return 0;
}

static int check_cpu(const struct oci_cpu *c, struct err *e)
{
	if (oci_check_line("cpus", c->cpus, e) || oci_check_line("mems", c->mems, e))
		return -1;
	return c->idle.set ? oci_check_range("idle", c->idle.v, 0, 1, e) : 0;
}

/* 0 is what callers send for "not set". */
static int check_weight(const char *key, const struct opt_u32 *w, struct err *e)
{
	return w->v ? oci_check_range(key, w->v, WEIGHT_MIN, WEIGHT_MAX, e) : 0;
}

static int check_device_number(int64_t major, int64_t minor, struct err *e)
{
	if (oci_check_range("major", major, 0, UINT32_MAX, e))
		return -1;
	return oci_check_range("minor", minor, 0, UINT32_MAX, e);
}

static int check_throttle(const char *key, const struct oci_throttle_list *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++) {
		if (check_device_number(l->v[i].major, l->v[i].minor, e))
			return err_ctx(e, "%s: [%zu]", key, i);
	}
	return 0;
}

static int check_block_io(const struct oci_block_io *b, struct err *e)
{
	if (check_weight("weight", &b->weight, e) || check_weight("leafWeight", &b->leaf_weight, e))
		return -1;
	for (size_t i = 0; i < b->weight_device.n; i++) {
		const struct oci_weight_device *d = &b->weight_device.v[i];

		if (check_device_number(d->major, d->minor, e) ||
		    check_weight("weight", &d->weight, e) ||
		    check_weight("leafWeight", &d->leaf_weight, e))
			return err_ctx(e, "weightDevice: [%zu]", i);
		if (!d->weight.set && !d->leaf_weight.set)
			return err_set(e, EINVAL, "weightDevice: [%zu]: has no weight", i);
	}
	if (check_throttle("throttleReadBpsDevice", &b->read_bps, e) ||
	    check_throttle("throttleWriteBpsDevice", &b->write_bps, e) ||
	    check_throttle("throttleReadIOPSDevice", &b->read_iops, e))
		return -1;
	return check_throttle("throttleWriteIOPSDevice", &b->write_iops, e);
}

/* "64KB", "2MB", "1GB": part of a file's name (hugetlb.2MB.max). */
static int check_page_size(const char *size, struct err *e)
{
	size_t n = strspn(size, "0123456789");
	const char *unit = size + n;

	if (n && size[0] != '0' && strlen(unit) == 2 && strchr("KMGTP", unit[0]) && unit[1] == 'B')
		return 0;
	return err_set(e, EINVAL, "pageSize: '%s' is not a size such as 2MB", size);
}

static int check_rdma(const struct oci_rdma *r, struct err *e)
{
	if (!*r->key || strpbrk(r->key, " /") || oci_check_line("rdma", r->key, e))
		return err_set(e, EINVAL, "rdma: '%s' is not the name of a device", r->key);
	if (!r->hca_handles.set && !r->hca_objects.set)
		return err_set(e, EINVAL, "rdma: %s: neither hcaHandles nor hcaObjects", r->key);
	return 0;
}

/* A file of the container's own directory, such as memory.high. */
static int check_unified(const struct json_kv *kv, struct err *e)
{
	const char *dot = strchr(kv->key, '.');

	if (!dot || dot == kv->key || !dot[1] || strchr(kv->key, '/') ||
	    strlen(kv->key) > FILE_MAX || oci_check_line("unified", kv->key, e))
		return err_set(e, EINVAL, "unified: '%.60s' is not a file such as memory.high",
			       kv->key);
	return 0;
}

static int check_lists(const struct oci_resources *r, struct err *e)
{
	for (size_t i = 0; i < r->devices.n; i++) {
		if (check_device_rule(&r->devices.v[i], e))
			return err_ctx(e, "devices: [%zu]", i);
	}
	for (size_t i = 0; i < r->hugepage_limits.n; i++) {
		if (check_page_size(r->hugepage_limits.v[i].page_size, e))
			return err_ctx(e, "hugepageLimits: [%zu]", i);
	}
	for (size_t i = 0; r->network && i < r->network->priorities.n; i++) {
		if (oci_check_ifname("name", r->network->priorities.v[i].name, e))
			return err_ctx(e, "network: priorities: [%zu]", i);
	}
	for (size_t i = 0; i < r->rdma.n; i++) {
		if (check_rdma(&r->rdma.v[i], e))
			return -1;
	}
	for (size_t i = 0; i < r->unified.n; i++) {
		if (check_unified(&r->unified.v[i], e))
			return -1;
	}
	return 0;
}

int oci_validate_resources(const struct oci_resources *r, struct err *e)
{
	if (r->memory && check_memory(r->memory, e))
		return err_ctx(e, "memory");
	if (r->cpu && check_cpu(r->cpu, e))
		return err_ctx(e, "cpu");
	if (r->block_io && check_block_io(r->block_io, e))
		return err_ctx(e, "blockIO");
	return check_lists(r, e);
}
