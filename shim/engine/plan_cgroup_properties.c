/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_properties: what systemd calls the files that a cgroup plan writes. */
#include <string.h>

#include "shim/engine/plan_cgroup.h"
#include "spec/base/auto.h"

#define LATE_MEMORY  (64ULL << 20) /* below, setting the container up might not fit */
#define LATE_TASKS   32
#define QUOTA_STEP   10000 /* us a second: systemd keeps whole percents */
#define PERIOD_US    100000
#define SECOND_US    1000000
#define CPU_BITS_MAX 8192
#define IDLE_SINCE   252

enum kind {
	KIND_BYTES, /* a number, "max" or -1 */
	KIND_MEMORY,
	KIND_TASKS,
	KIND_WEIGHT, /* "N" or "default N"; with "MAJ:MIN " in front of one device */
	KIND_IDLE,
	KIND_LIST, /* "0-3,7" */
	KIND_MAX,  /* "QUOTA PERIOD" */
	KIND_QUOTA,
	KIND_PERIOD,
	KIND_IO_MAX, /* "MAJ:MIN key=N ..." */
	KIND_DEVICE, /* "MAJ:MIN N" */
};

static const struct limit {
	const char *file, *property;
	enum kind kind;
	unsigned int since;
} limits[] = {
	/* v2 */
	{ "memory.max", "MemoryMax", KIND_MEMORY, 0 },
	{ "memory.high", "MemoryHigh", KIND_MEMORY, 0 },
	{ "memory.low", "MemoryLow", KIND_BYTES, 0 },
	{ "memory.min", "MemoryMin", KIND_BYTES, 0 },
	{ "memory.swap.max", "MemorySwapMax", KIND_BYTES, 0 },
	{ "memory.zswap.max", "MemoryZSwapMax", KIND_BYTES, 253 },
	{ "cpu.weight", "CPUWeight", KIND_WEIGHT, 0 },
	{ "cpu.max", NULL, KIND_MAX, 0 },
	{ "io.weight", "IOWeight", KIND_WEIGHT, 0 },
	{ "io.max", NULL, KIND_IO_MAX, 0 },
	/* both */
	{ "cpu.idle", "CPUWeight", KIND_IDLE, IDLE_SINCE },
	{ "cpuset.cpus", "AllowedCPUs", KIND_LIST, 0 },
	{ "cpuset.mems", "AllowedMemoryNodes", KIND_LIST, 0 },
	{ "pids.max", "TasksMax", KIND_TASKS, 0 },
	/* v1 */
	{ "memory.limit_in_bytes", "MemoryLimit", KIND_MEMORY, 0 },
	{ "cpu.shares", "CPUShares", KIND_WEIGHT, 0 },
	{ "cpu.cfs_quota_us", NULL, KIND_QUOTA, 0 },
	{ "cpu.cfs_period_us", NULL, KIND_PERIOD, 0 },
	{ "blkio.weight", "BlockIOWeight", KIND_WEIGHT, 0 },
	{ "blkio.weight_device", "BlockIODeviceWeight", KIND_DEVICE, 0 },
	{ "blkio.throttle.read_bps_device", "BlockIOReadBandwidth", KIND_DEVICE, 0 },
	{ "blkio.throttle.write_bps_device", "BlockIOWriteBandwidth", KIND_DEVICE, 0 },
};

static const struct {
	const char *key, *property;
} io_keys[] = {
	{ "rbps", "IOReadBandwidthMax" },
	{ "wbps", "IOWriteBandwidthMax" },
	{ "riops", "IOReadIOPSMax" },
	{ "wiops", "IOWriteIOPSMax" },
};

struct limits {
	struct arena *a;
	struct unit_props *out;
	int64_t quota; /* 0: not given; -1: none */
	uint64_t period;
};

/* "max" and -1 are infinity, as systemd writes it. */
static bool read_number(const char *text, uint64_t *v)
{
	if (!strcmp(text, "max") || !strcmp(text, "-1")) {
		*v = UINT64_MAX;
		return true;
	}
	return !parse_u64(text, 10, UINT64_MAX, v);
}

static void put_number(struct limits *l, const struct limit *row, const char *text, uint64_t late)
{
	uint64_t v;
	struct unit_prop *p;

	if (!read_number(text, &v))
		return;
	unit_put_number(l->out, row->property, v, l->a);
	p = unit_props_find(l->out, row->property);
	p->since = row->since;
	p->late = v < late;
}

/* Add one device to a property that is a list of (path, number). */
static void put_device(struct limits *l, const char *property, const char *dev, const char *text)
{
	struct unit_prop *old = unit_props_find(l->out, property);
	size_t n = old ? old->n : 0;
	struct unit_value *v = arena_array(l->a, n + 1, sizeof(*v));
	uint64_t number;

	if (!read_number(text, &number))
		return;
	if (n)
		memcpy(v, old->v, n * sizeof(*v));
	v[n] = (struct unit_value){ .text = arena_printf(l->a, "/dev/block/%s", dev),
				    .second_number = number };
	unit_props_add(l->out,
		       &(struct unit_prop){ .name = property, .type = "a(st)", .v = v, .n = n + 1 },
		       l->a);
}

static void put_weight(struct limits *l, const struct limit *row, const char *value)
{
	char **word = str_split(l->a, value, ' ', NULL);

	if (!word[1])
		put_number(l, row, word[0], 0);
	else if (!strcmp(word[0], "default"))
		put_number(l, row, word[1], 0);
	else if (!strcmp(row->property, "IOWeight"))
		put_device(l, "IODeviceWeight", word[0], word[1]);
}

static void put_io_max(struct limits *l, const char *value)
{
	char **word = str_split(l->a, value, ' ', NULL);
	const char *dev = *word;

	for (word++; *word; word++) {
		size_t n = strcspn(*word, "=");

		for (size_t i = 0; i < countof(io_keys) && (*word)[n]; i++)
			if (strlen(io_keys[i].key) == n && !strncmp(*word, io_keys[i].key, n))
				put_device(l, io_keys[i].property, dev, *word + n + 1);
	}
}

/* Bit N of byte N/8 is number N. An empty list takes the restriction away. */
static void put_list(struct limits *l, const char *property, const char *value)
{
	struct unit_value *v = arena_array(l->a, CPU_BITS_MAX / 8, sizeof(*v));
	size_t n = 0;

	for (char **part = str_split(l->a, value, ',', NULL); *part && **part > ' '; part++) {
		char *dash = strchr(*part, '-');
		uint64_t from, to;

		if (dash)
			*dash = '\0';
		if (parse_u64(*part, 10, CPU_BITS_MAX - 1, &from) ||
		    parse_u64(dash ? dash + 1 : *part, 10, CPU_BITS_MAX - 1, &to))
			return; /* the kernel judges it */
		for (uint64_t i = from; i <= to; i++)
			v[i / 8].number |= 1U << i % 8;
		n = to / 8 + 1 > n ? to / 8 + 1 : n;
	}
	unit_props_add(l->out,
		       &(struct unit_prop){ .name = property, .type = "ay", .v = v, .n = n }, l->a);
}

static void read_max(struct limits *l, const char *value)
{
	char **word = str_split(l->a, value, ' ', NULL);
	uint64_t quota;

	if (!read_number(word[0], &quota))
		return;
	l->quota = quota > INT64_MAX ? -1 : (int64_t)quota;
	if (word[1])
		parse_u64(word[1], 10, UINT64_MAX, &l->period);
}

/* Rounded up: systemd's share must never be less than what the file says. */
static void put_quota(struct limits *l)
{
	uint64_t period = l->period ? l->period : PERIOD_US, share = UINT64_MAX;
	unsigned __int128 us;

	if (l->period)
		unit_put_number(l->out, "CPUQuotaPeriodUSec", l->period, l->a);
	if (!l->quota)
		return;
	if (l->quota > 0) {
		us = ((unsigned __int128)l->quota * SECOND_US + period - 1) / period;
		us = (us + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
		share = us > UINT64_MAX ? UINT64_MAX : (uint64_t)us;
	}
	unit_put_number(l->out, "CPUQuotaPerSecUSec", share, l->a);
}

static void put_limit(struct limits *l, const struct limit *row, const char *value)
{
	switch (row->kind) {
	case KIND_BYTES:
		put_number(l, row, value, 0);
		break;
	case KIND_MEMORY:
		put_number(l, row, value, LATE_MEMORY);
		break;
	case KIND_TASKS:
		put_number(l, row, value, LATE_TASKS);
		break;
	case KIND_WEIGHT:
		put_weight(l, row, value);
		break;
	case KIND_IDLE: /* systemd's word for it is weight 0; v1 has none */
		if (!strcmp(value, "1"))
			put_number(l, row, "0", 0);
		break;
	case KIND_LIST:
		put_list(l, row->property, value);
		break;
	case KIND_MAX:
		read_max(l, value);
		break;
	case KIND_QUOTA:
		if (parse_i64(value, INT64_MIN, INT64_MAX, &l->quota))
			l->quota = 0;
		break;
	case KIND_PERIOD:
		parse_u64(value, 10, UINT64_MAX, &l->period);
		break;
	case KIND_IO_MAX:
		put_io_max(l, value);
		break;
	case KIND_DEVICE: {
		char **word = str_split(l->a, value, ' ', NULL);

		if (word[1])
			put_device(l, row->property, word[0], word[1]);
		break;
	}
	default:
		break;
	}
}

static const struct limit *find(const char *file)
{
	for (size_t i = 0; i < countof(limits); i++)
		if (!strcmp(limits[i].file, file))
			return &limits[i];
	return NULL;
}

void plan_cgroup_properties(const struct plan_cgroup_write *w, size_t n, struct arena *a,
			    struct unit_props *out)
{
	struct limits l = { .a = a, .out = out };

	for (size_t i = 0; i < n; i++) {
		/* systemd has the scale of io.weight, also for BFQ's file */
		bool alt = w[i].alt_file && !strcmp(w[i].alt_file, "io.weight");
		const struct limit *row = find(alt ? w[i].alt_file : w[i].file);

		if (row)
			put_limit(&l, row, alt ? w[i].alt_value : w[i].value);
	}
	put_quota(&l);
}
