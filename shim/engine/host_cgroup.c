/* SPDX-License-Identifier: Apache-2.0 */
/* host_cgroup: read /proc/self/cgroup, guess the mount points, else ask mountinfo. */
#include "shim/engine/host_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

#define SELF_CGROUP_MAX (256 << 10)
#define CONTROLLERS_MAX 4096
#define KERNFS_TOP_INO	1
#define MOUNT_FIELDS	6 /* before the optional ones: id, parent, device, root, point, options */

static bool is_v2(const struct host_cgroup *c)
{
	return !*c->key;
}

/* The controllers of "cpu,cpuacct"; a named hierarchy has none. */
static struct json_strs controllers_of(const char *key, struct arena *a)
{
	struct json_strs list = { 0 };

	if (*key && !str_starts(key, "name="))
		list.v = str_split(a, key, ',', &list.n);
	return list;
}

/* One line per hierarchy, "ID:KEY:PATH"; the path may have further colons. */
static void parse_self(const char *text, bool v2_only, struct host_cgroups *h, struct arena *a)
{
	char **lines = str_split(a, text, '\n', NULL);

	h->v = arena_array(a, HOST_CGROUPS_MAX, sizeof(*h->v));
	h->n = 0;
	for (; *lines && h->n < HOST_CGROUPS_MAX; lines++) {
		struct host_cgroup *c = &h->v[h->n];
		char *key = strchr(*lines, ':');
		char *own = key ? strchr(key + 1, ':') : NULL;

		if (!own || (v2_only && own != key + 1))
			continue;
		c->key = arena_strndup(a, key + 1, (size_t)(own - key - 1));
		c->own = arena_strdup(a, own + 1);
		c->controllers = controllers_of(c->key, a);
		h->n++;
	}
}

/* Keep only the hierarchies that were found mounted, and name the layout. */
static void settle(struct host_cgroups *h)
{
	size_t kept = 0;
	bool v1 = false, v2 = false;

	for (size_t i = 0; i < h->n; i++) {
		struct host_cgroup *c = &h->v[i];

		if (!c->mountpoint)
			continue;
		v1 |= !is_v2(c);
		v2 |= is_v2(c);
		h->v[kept++] = *c;
	}
	h->n = kept;
	h->mode = v1 && v2 ? HOST_CGROUP_HYBRID
		  : v1	   ? HOST_CGROUP_V1
		  : v2	   ? HOST_CGROUP_V2
			   : HOST_CGROUP_NONE;
}

/* Octal escapes of mountinfo, in place: "\040" is a space. */
static char *unescape(char *s)
{
	char *to = s;

	for (const char *from = s; *from; from++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return s;
}

static bool has_word(const char *list, const char *word, size_t n)
{
	for (; list; list = strchr(list, ',')) {
		list += *list == ',';
		if (!strncmp(list, word, n) && (list[n] == ',' || !list[n]))
			return true;
	}
	return false;
}

/* Is a mount with these superblock options that hierarchy? */
static bool serves(const char *options, const char *key)
{
	while (*key) {
		size_t n = strcspn(key, ",");

		if (!has_word(options, key, n))
			return false;
		key += n + (key[n] == ',');
	}
	return true;
}

static bool below(const char *path, const char *base)
{
	size_t n = strlen(base);

	return !strncmp(path, base, n) && (!path[n] || path[n] == '/');
}

static void take_mount(struct host_cgroups *h, bool v2, const char *options, char *root,
		       char *point)
{
	for (size_t i = 0; i < h->n; i++) {
		struct host_cgroup *c = &h->v[i];

		if (is_v2(c) != v2 || (!v2 && !serves(options, c->key)))
			continue;
		if (c->mountpoint && (below(c->mountpoint, h->base) || !below(point, h->base)))
			continue;
		c->mountpoint = point;
		c->root = root;
	}
}

/* One line: "ID PARENT MAJ:MIN ROOT POINT OPTIONS [OPTIONAL...] - TYPE SOURCE SUPEROPTIONS" */
static void parse_mount(char *line, struct host_cgroups *h, struct arena *a)
{
	char *tail = strstr(line, " - cgroup");
	char *field[MOUNT_FIELDS], *save = NULL, *type, *options;

	if (!tail)
		return;
	for (size_t i = 0; i < MOUNT_FIELDS; i++)
		if (!(field[i] = strtok_r(i ? NULL : line, " ", &save)))
			return;
	save = NULL;
	type = strtok_r(tail + 3, " ", &save);
	if (!type || !strtok_r(NULL, " ", &save) || !(options = strtok_r(NULL, " ", &save)))
		return;
	if (strcmp(type, "cgroup") != 0 && strcmp(type, "cgroup2") != 0)
		return;
	take_mount(h, !strcmp(type, "cgroup2"), options, arena_strdup(a, unescape(field[3])),
		   arena_strdup(a, unescape(field[4])));
}

void host_cgroups_parse(const char *self_cgroup, const char *mountinfo, bool v2_only,
			struct host_cgroups *h, struct arena *a)
{
	const char *at = mountinfo;

	parse_self(self_cgroup, v2_only, h, a);
	while (*at) {
		size_t n = strcspn(at, "\n");

		if (memmem(at, n, " - cgroup", strlen(" - cgroup")))
			parse_mount(arena_strndup(a, at, n), h, a);
		at += n + (at[n] == '\n');
	}
	settle(h);
}

static bool is_mounted(const struct host_cgroup *c, const char *path)
{
	struct statfs fs;

	return !statfs(path, &fs) &&
	       fs.f_type == (is_v2(c) ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC);
}

static bool is_top(const char *path)
{
	struct stat st;

	return !stat(path, &st) && st.st_ino == KERNFS_TOP_INO;
}

/*
 * The usual places. False, with nothing changed for good, when one is not there. Beside v1
 * hierarchies that all are, one of v2 that is not mounted where hybrid hosts have it is taken for
 * not mounted: /proc/self/cgroup names it as soon as it once was, and to read all mounts of a node
 * for it takes longer than all else here.
 */
static bool guess_mounts(bool base_is_v2, struct host_cgroups *h, struct arena *a)
{
	for (size_t i = 0; i < h->n; i++) {
		struct host_cgroup *c = &h->v[i];
		const char *name = str_starts(c->key, "name=") ? c->key + strlen("name=") : c->key;
		char *point;

		if (is_v2(c))
			name = base_is_v2 ? "" : "unified";
		point = arena_printf(a, "%s%s%s", h->base, *name ? "/" : "", name);
		if (strchr(name, '/') || !is_mounted(c, point) || !is_top(point)) {
			if (is_v2(c) && h->n > 1)
				continue;
			return false;
		}
		c->mountpoint = point;
		c->root = arena_strdup(a, "/");
	}
	return true;
}

static void read_controllers(struct host_cgroups *h, struct arena *a)
{
	for (size_t i = 0; i < h->n; i++) {
		struct host_cgroup *c = &h->v[i];
		struct err ignored;
		char *text;

		if (!is_v2(c))
			continue;
		text = read_file(AT_FDCWD, arena_printf(a, "%s/cgroup.controllers", c->mountpoint),
				 CONTROLLERS_MAX, a, NULL, &ignored);
		if (!text)
			continue;
		text[strcspn(text, "\n")] = '\0';
		if (*text)
			c->controllers.v = str_split(a, text, ' ', &c->controllers.n);
	}
}

int host_cgroups_probe(struct host_cgroups *h, struct arena *a, struct err *e)
{
	struct statfs fs;
	bool v2_only = !statfs(h->base, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC;
	struct err ignored;
	char *self = read_file(AT_FDCWD, "/proc/self/cgroup", SELF_CGROUP_MAX, a, NULL, &ignored);
	char *mountinfo;

	if (!self)
		self = arena_strdup(a, ""); /* a kernel without cgroups has no such file */
	parse_self(self, v2_only, h, a);
	if (guess_mounts(v2_only, h, a)) {
		settle(h);
	} else {
		mountinfo =
			read_file(AT_FDCWD, "/proc/self/mountinfo", HOST_MOUNTINFO_MAX, a, NULL, e);
		if (!mountinfo)
			return -1;
		host_cgroups_parse(self, mountinfo, v2_only, h, a);
		/* What another mount hides is of no use. */
		for (size_t i = 0; i < h->n; i++)
			if (!is_mounted(&h->v[i], h->v[i].mountpoint))
				h->v[i].mountpoint = NULL;
		settle(h);
	}
	read_controllers(h, a);
	return 0;
}
