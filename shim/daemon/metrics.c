/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: the files, and which of the two messages to fill. */
#include "shim/daemon/metrics.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shim/daemon/metrics_files.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define FILE_MAX 65536

char *metrics_text(const char *dir, const char *file, struct arena *a)
{
	static char none[] = "";
	struct err e;
	char *text;

	if (!dir)
		return none;
	text = read_file(-1, arena_printf(a, "%s/%s", dir, file), FILE_MAX, a, NULL, &e);
	return text ? text : none;
}

static uint64_t number(const char *text)
{
	return str_starts(text, "max") ? METRICS_UNLIMITED : strtoull(text, NULL, 10);
}

uint64_t metrics_number(const char *dir, const char *file, struct arena *a)
{
	return number(metrics_text(dir, file, a));
}

void metrics_keys(const char *dir, const char *file, const struct metrics_key *keys, size_t n,
		  void *out, struct arena *a)
{
	size_t n_lines;
	char **lines = str_split(a, metrics_text(dir, file, a), '\n', &n_lines);

	for (size_t i = 0; i < n_lines; i++) {
		char *value = strchr(lines[i], ' ');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t k = 0; k < n; k++) {
			if (str_eq(keys[k].key, lines[i]))
				*(uint64_t *)(void *)((char *)out + keys[k].offset) = number(value);
		}
	}
}

/* "cpu,cpuacct" has cpu. */
static int in_list(const char *list, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = list; (at = strstr(at, name)); at += len) {
		if ((at == list || at[-1] == ',') && (!at[len] || at[len] == ','))
			return 1;
	}
	return 0;
}

const char *metrics_dir(const char *cgroups, const char *controller, struct arena *a)
{
	size_t n;
	char **lines = str_split(a, cgroups ? cgroups : "", '\n', &n);

	for (size_t i = 0; i < n; i++) {
		char *path = strchr(lines[i], '\t');

		if (!path)
			continue;
		*path++ = '\0';
		if (*controller ? in_list(lines[i], controller) : !*lines[i])
			return path;
	}
	return NULL;
}

Pb__Any *metrics_read(const char *cgroups, struct arena *a, struct err *e)
{
	const char *memory = metrics_dir(cgroups, "memory", a);
	const char *cpu = metrics_dir(cgroups, "cpuacct", a);
	const char *unified = metrics_dir(cgroups, "", a);
	const char *any = memory ? memory : cpu ? cpu : unified;

	if (!any || access(any, F_OK)) {
		err_set(e, ENOENT, "the container has no cgroup: not found");
		return NULL;
	}
	return memory || cpu ? metrics_v1(cgroups, a) : metrics_v2(unified, a);
}
