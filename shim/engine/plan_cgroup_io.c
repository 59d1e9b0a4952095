/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_io: linux: resources: blockIO to blkio (v1) and io (v2). */
#include <errno.h>

#include "shim/engine/plan_cgroup.h"
#include "shim/engine/plan_cgroup_build.h"

#define WEIGHT_MIN    10
#define WEIGHT_MAX    1000
#define IO_WEIGHT_MAX 10000

#define IO_SETTING(key, v1, alt, v2, v2alt)                                                        \
	{                                                                                          \
		.field = "blockIO: " key, .controller = "io", .v1_controller = "blkio",            \
		.v1_file = (v1), .v1_alt = (alt), .v2_file = (v2), .v2_alt = (v2alt)               \
	}

/* The weights are those of the BFQ scheduler where the kernel has it. */
static const struct cgroup_setting weight_setting =
	IO_SETTING("weight", "blkio.weight", "blkio.bfq.weight", "io.bfq.weight", "io.weight");
static const struct cgroup_setting leaf_setting =
	IO_SETTING("leafWeight", "blkio.leaf_weight", NULL, NULL, NULL);
static const struct cgroup_setting device_weight_setting =
	IO_SETTING("weightDevice: weight", "blkio.weight_device", "blkio.bfq.weight_device",
		   "io.bfq.weight", "io.weight");
static const struct cgroup_setting device_leaf_setting =
	IO_SETTING("weightDevice: leafWeight", "blkio.leaf_weight_device", NULL, NULL, NULL);

static const struct {
	struct cgroup_setting setting;
	const char *v2_key; /* in io.max */
} throttles[] = {
	{ IO_SETTING("throttleReadBpsDevice", "blkio.throttle.read_bps_device", NULL, "io.max",
		     NULL),
	  "rbps" },
	{ IO_SETTING("throttleWriteBpsDevice", "blkio.throttle.write_bps_device", NULL, "io.max",
		     NULL),
	  "wbps" },
	{ IO_SETTING("throttleReadIOPSDevice", "blkio.throttle.read_iops_device", NULL, "io.max",
		     NULL),
	  "riops" },
	{ IO_SETTING("throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", NULL, "io.max",
		     NULL),
	  "wiops" },
};

uint64_t cgroup_io_weight(uint64_t blkio_weight)
{
	return 1 + (blkio_weight - WEIGHT_MIN) * (IO_WEIGHT_MAX - 1) / (WEIGHT_MAX - WEIGHT_MIN);
}

/* A weight, of a device where dev ("MAJ:MIN ") is not empty; 0 is unset. */
static void put_weight(struct cgroup_build *b, const struct cgroup_setting *s, const char *dev,
		       uint32_t weight)
{
	const char *text = arena_printf(b->a, "%s%u", dev, weight);

	if (!weight)
		return;
	if (weight < WEIGHT_MIN || weight > WEIGHT_MAX) {
		cgroup_fail(b, EINVAL, s->field, "%u is not within %d..%d", weight, WEIGHT_MIN,
			    WEIGHT_MAX);
		return;
	}
	cgroup_put(b, s, text, text,
		   arena_printf(b->a, "%s%llu", dev, (unsigned long long)cgroup_io_weight(weight)));
}

static const char *device(struct cgroup_build *b, const char *field, int64_t major, int64_t minor)
{
	if (major < 0 || minor < 0 || major > UINT32_MAX || minor > UINT32_MAX)
		cgroup_fail(b, EINVAL, field, "device %lld:%lld is out of range", (long long)major,
			    (long long)minor);
	return arena_printf(b->a, "%lld:%lld ", (long long)major, (long long)minor);
}

static void plan_throttle(struct cgroup_build *b, size_t kind, const struct oci_throttle_list *l)
{
	const struct cgroup_setting *s = &throttles[kind].setting;

	for (size_t i = 0; i < l->n; i++) {
		const char *dev = device(b, s->field, l->v[i].major, l->v[i].minor);
		unsigned long long rate = l->v[i].rate;
		const char *v1 = arena_printf(b->a, "%s%llu", dev, rate); /* 0: no limit */
		const char *v2 =
			rate ? arena_printf(b->a, "%s%s=%llu", dev, throttles[kind].v2_key, rate)
			     : arena_printf(b->a, "%s%s=max", dev, throttles[kind].v2_key);

		cgroup_put(b, s, v1, v2, NULL);
	}
}

void cgroup_plan_io(struct cgroup_build *b, const struct oci_resources *r)
{
	const struct oci_block_io *io = r->block_io;

	if (!io)
		return;
	put_weight(b, &weight_setting, "", io->weight.v);
	put_weight(b, &leaf_setting, "", io->leaf_weight.v);
	for (size_t i = 0; i < io->weight_device.n; i++) {
		const struct oci_weight_device *w = &io->weight_device.v[i];
		const char *dev = device(b, "blockIO: weightDevice", w->major, w->minor);

		put_weight(b, &device_weight_setting, dev, w->weight.v);
		put_weight(b, &device_leaf_setting, dev, w->leaf_weight.v);
	}
	plan_throttle(b, 0, &io->read_bps);
	plan_throttle(b, 1, &io->write_bps);
	plan_throttle(b, 2, &io->read_iops);
	plan_throttle(b, 3, &io->write_iops);
}
