/* SPDX-License-Identifier: Apache-2.0 */
/* netdir: list, parse, and look for the plugins. */
#include "shim/pod/netdir.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/cni/list.h"

static bool is_config(const char *name)
{
	return name[0] != '.' &&
	       (str_ends(name, ".conflist") || str_ends(name, ".conf") || str_ends(name, ".json"));
}

static int by_name(const void *a, const void *b)
{
	const struct netdir_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static bool is_there(const char *type, char **dirs, size_t n, struct arena *a)
{
	for (size_t i = 0; i < n; i++) {
		if (*dirs[i] && !access(path_join(a, dirs[i], type), X_OK))
			return true;
	}
	return false;
}

static void read_one(int dirfd, struct netdir_file *f, char **dirs, size_t n_dirs, struct arena *a)
{
	struct cni_list list = { 0 };
	struct err e = { 0 };
	size_t len;
	char *text = read_file(dirfd, f->name, NETDIR_FILE_MAX, a, &len, &e);

	if (!text || cni_list_parse(text, len, a, &list, &e)) {
		f->error = arena_strdup(a, e.msg);
		return;
	}
	f->network = list.name;
	for (size_t i = 0; i < list.plugins.n && !f->missing; i++) {
		if (!is_there(list.plugins.v[i].type, dirs, n_dirs, a))
			f->missing = list.plugins.v[i].type;
	}
}

int netdir_read(const char *dir, const char *bin_dirs, struct arena *a, struct netdir *out,
		struct err *e)
{
	auto_dir DIR *d = opendir(dir);
	struct netdir got = { 0 };
	const struct dirent *de;
	char **dirs;
	size_t n;

	if (!d)
		return err_sys(e, "open directory '%s'", dir);
	dirs = str_split(a, bin_dirs, ':', &n);
	got.files.v = arena_array(a, NETDIR_FILES_MAX, sizeof(*got.files.v));
	while (got.files.n < NETDIR_FILES_MAX && (de = readdir(d))) {
		if (is_config(de->d_name))
			got.files.v[got.files.n++].name = arena_strdup(a, de->d_name);
	}
	qsort(got.files.v, got.files.n, sizeof(*got.files.v), by_name);
	for (size_t i = 0; i < got.files.n; i++)
		read_one(dirfd(d), &got.files.v[i], dirs, n, a);
	*out = got;
	return 0;
}
