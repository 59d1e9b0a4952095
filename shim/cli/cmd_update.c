/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_update: new limits, from a file or from options. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "shim/cli/cli.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/json.h"
#include "spec/base/log.h"

/* Texts as given, NULL when not: only what is given changes. */
struct update_options {
	bool help;
	char *resources;
	char *blkio_weight, *cpu_period, *cpu_quota, *cpu_burst, *cpu_share, *cpu_rt_period,
		*cpu_rt_runtime, *cpu_idle, *cpuset_cpus, *cpuset_mems, *memory, *memory_swap,
		*memory_reservation, *pids_limit;
	char *kernel_memory, *kernel_memory_tcp, *l3_cache_schema, *mem_bw_schema;
};

#define ROW(option, member, arg, help)                                                             \
	{                                                                                          \
		option, 0, OPT_STR, offsetof(struct update_options, member), arg, help, NULL       \
	}
static const struct opt update_options[] = {
	CLI_HELP_ROW(struct update_options),
	{ "resources", 'r', OPT_STR, offsetof(struct update_options, resources), "FILE",
	  "take linux.resources from this JSON file (-: standard input), no option counts", NULL },
	ROW("blkio-weight", blkio_weight, "N", "weight of block IO, 10 to 1000"),
	ROW("cpu-period", cpu_period, "US", "period of the CPU limit, in microseconds"),
	ROW("cpu-quota", cpu_quota, "US", "CPU time in each period; -1: no limit"),
	ROW("cpu-burst", cpu_burst, "US", "CPU time that may be saved up"),
	ROW("cpu-share", cpu_share, "N", "CPU shares against other cgroups, 2 to 262144"),
	ROW("cpu-rt-period", cpu_rt_period, "US", "period of the realtime limit"),
	ROW("cpu-rt-runtime", cpu_rt_runtime, "US", "realtime CPU time in each period"),
	ROW("cpu-idle", cpu_idle, "0|1", "1: CPU time that nobody else wants"),
	ROW("cpuset-cpus", cpuset_cpus, "LIST", "CPUs to run on, like 0-3,7"),
	ROW("cpuset-mems", cpuset_mems, "LIST", "memory nodes to use"),
	ROW("memory", memory, "SIZE", "memory limit, like 512m; -1: none"),
	ROW("memory-swap", memory_swap, "SIZE", "limit of memory and swap together; -1: none"),
	ROW("memory-reservation", memory_reservation, "SIZE", "memory that is not reclaimed early"),
	ROW("pids-limit", pids_limit, "N", "number of processes; -1: no limit"),
	ROW("kernel-memory", kernel_memory, "SIZE", NULL),
	ROW("kernel-memory-tcp", kernel_memory_tcp, "SIZE", NULL),
	ROW("l3-cache-schema", l3_cache_schema, "LINE", "resctrl's L3 line, like L3:0=f;1=f0"),
	ROW("mem-bw-schema", mem_bw_schema, "LINE", "resctrl's MB line, like MB:0=20;1=70"),
	{ 0 },
};

enum update_kind {
	NUMBER,
	SIZE, /* with a unit */
	TEXT,
};

/* Where in linux.resources an option belongs. */
static const struct {
	size_t offset;
	const char *option, *object, *key;
	enum update_kind kind;
} places[] = {
	{ offsetof(struct update_options, blkio_weight), "blkio-weight", "blockIO", "weight",
	  NUMBER },
	{ offsetof(struct update_options, cpu_period), "cpu-period", "cpu", "period", NUMBER },
	{ offsetof(struct update_options, cpu_quota), "cpu-quota", "cpu", "quota", NUMBER },
	{ offsetof(struct update_options, cpu_burst), "cpu-burst", "cpu", "burst", NUMBER },
	{ offsetof(struct update_options, cpu_share), "cpu-share", "cpu", "shares", NUMBER },
	{ offsetof(struct update_options, cpu_rt_period), "cpu-rt-period", "cpu", "realtimePeriod",
	  NUMBER },
	{ offsetof(struct update_options, cpu_rt_runtime), "cpu-rt-runtime", "cpu",
	  "realtimeRuntime", NUMBER },
	{ offsetof(struct update_options, cpu_idle), "cpu-idle", "cpu", "idle", NUMBER },
	{ offsetof(struct update_options, cpuset_cpus), "cpuset-cpus", "cpu", "cpus", TEXT },
	{ offsetof(struct update_options, cpuset_mems), "cpuset-mems", "cpu", "mems", TEXT },
	{ offsetof(struct update_options, memory), "memory", "memory", "limit", SIZE },
	{ offsetof(struct update_options, memory_swap), "memory-swap", "memory", "swap", SIZE },
	{ offsetof(struct update_options, memory_reservation), "memory-reservation", "memory",
	  "reservation", SIZE },
	{ offsetof(struct update_options, pids_limit), "pids-limit", "pids", "limit", NUMBER },
};

static int value_of(enum update_kind kind, const char *option, const char *text,
		    struct json_object **out, struct err *e)
{
	int64_t v;

	if (kind == TEXT) {
		*out = json_object_new_string(text);
		return 0;
	}
	if (kind == SIZE ? parse_size(text, &v) : parse_i64(text, INT64_MIN, INT64_MAX, &v))
		return err_set(e, EINVAL, "--%s: '%s' is not a %s", option, text,
			       kind == SIZE ? "size like 512m" : "number in range");
	*out = json_object_new_int64(v);
	return 0;
}

/* The options as the document that a file would have. */
static const char *document(const struct update_options *o, struct arena *a, struct err *e)
{
	struct json_object *doc = json_own(a, json_object_new_object()), *object, *value;

	for (size_t i = 0; i < countof(places); i++) {
		const char *text =
			*(char *const *)(const void *)((const char *)o + places[i].offset);

		if (!text)
			continue;
		if (value_of(places[i].kind, places[i].option, text, &value, e))
			return NULL;
		object = json_object_object_get(doc, places[i].object);
		if (!object) {
			object = json_object_new_object();
			json_object_object_add(doc, places[i].object, object);
		}
		json_object_object_add(object, places[i].key, value);
	}
	return json_text(doc, false, a);
}

static const char *read_document(const char *file, struct arena *a, struct err *e)
{
	const char *text = !strcmp(file, "-")
				   ? read_file(STDIN_FILENO, "", JSON_TEXT_MAX, a, NULL, e)
				   : read_file(AT_FDCWD, file, JSON_TEXT_MAX, a, NULL, e);

	if (!text)
		err_ctx(e, "--resources");
	return text;
}

static int run_update(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct update_options *o = options;
	const struct oci_resources *r;
	const char *text;

	(void)argc;
	if (o->kernel_memory || o->kernel_memory_tcp)
		log_msg(LOG_WARN, "--kernel-memory: kernels have no such limit any more, ignored");
	text = o->resources ? read_document(o->resources, cli->arena, e)
			    : document(o, cli->arena, e);
	if (!text)
		return -1;
	r = oci_resources_parse(text, strlen(text), cli->arena, e);
	if (!r)
		return o->resources ? err_ctx(e, "--resources") : -1;
	if (engine_update(&cli->engine, argv[0], r, e))
		return -1;
	if (o->resources || (!o->l3_cache_schema && !o->mem_bw_schema))
		return 0;
	return engine_update_rdt(&cli->engine, argv[0], o->l3_cache_schema, o->mem_bw_schema, e);
}

const struct cli_command cmd_update = {
	.name = "update",
	.operands = "ID",
	.help = "change the limits of a container",
	.options = update_options,
	.size = sizeof(struct update_options),
	.min = 1,
	.max = 1,
	.plans = true,
	.run = run_update,
};
