/* SPDX-License-Identifier: Apache-2.0 */
/* cniexec: libcni's side of the protocol; cniproc.c runs the single plugin. */
#include "shim/pod/cniexec.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "shim/pod/cniproc.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/cni/list.h"

/* The kept form; runtime and result are documents of their own. */
struct record {
	struct cni_attach x;
	struct json_object *result; /* NULL: ADD has not come to its end */
};
static const struct json_field record_fields[] = {
	F_STR(struct record, x.conf, "config", JSON_REQUIRED),
	F_STR(struct record, x.path, "cniPath", JSON_REQUIRED),
	F_STR(struct record, x.id, "containerId", JSON_REQUIRED),
	F_STR(struct record, x.netns, "netns", JSON_REQUIRED),
	F_STR(struct record, x.ifname, "ifName", JSON_REQUIRED),
	F_STR(struct record, x.args, "cniArgs", 0),
	F_RAW(struct record, x.runtime, "capabilityArgs", 0),
	F_RAW(struct record, result, "result", 0),
	{ 0 },
};

static int save(int dirfd, const struct record *r, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct json_object *obj = json_own(&a, json_encode(r, record_fields));
	const char *text = json_text(obj, false, &a);

	return replace_file(dirfd, CNI_RECORD, text, strlen(text), 0600, e);
}

/* 1: loaded, 0: there is none. An unreadable one is an error: it is all we know. */
static int load(int dirfd, struct arena *a, struct record *r, struct err *e)
{
	struct json_object *obj;
	size_t len;
	char *text;

	if (faccessat(dirfd, CNI_RECORD, F_OK, 0) < 0 && errno == ENOENT)
		return 0;
	text = read_file(dirfd, CNI_RECORD, JSON_TEXT_MAX, a, &len, e);
	if (!text)
		return -1;
	obj = json_parse(text, len, e);
	if (!obj || json_decode(json_own(a, obj), record_fields, r, a, e))
		return err_ctx(e, "%s", CNI_RECORD);
	return 1;
}

/* Every plugin's file; one that is missing is better known before another has run. */
static char **find_plugins(const struct cni_attach *x, const struct cni_list *list, struct arena *a,
			   struct err *e)
{
	char **files = arena_array(a, list->plugins.n + 1, sizeof(*files));

	for (size_t i = 0; i < list->plugins.n; i++) {
		files[i] = cniproc_find(x->path, list->plugins.v[i].type, a, e);
		if (!files[i])
			return NULL;
	}
	return files;
}

/* Plugins at-1 .. 0. What fails is counted, and told in *e by the first that did. */
static int del_backwards(const struct cni_attach *x, const struct cni_list *list, size_t at,
			 struct json_object *result, struct err *e)
{
	bool with_prev = list->version >= CNI_0_4_0;
	struct err ignored = { 0 };
	int failed = 0;

	while (at-- > 0) {
		auto_arena struct arena a = { 0 };
		const struct cni_plugin *p = &list->plugins.v[at];
		struct err *mine = failed ? &ignored : e;
		const char *file = cniproc_find(x->path, p->type, &a, mine);
		const char *request =
			cni_request(list, p, with_prev ? result : NULL, x->runtime, &a);

		if (!file || !cniproc_run(x, file, "DEL", request, &a, mine))
			failed++;
	}
	return failed ? -1 : 0;
}

/* CNI_NETNS for DEL: a path that is no netns (any more) would only confuse. */
static const char *live_netns(const char *path)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0 || (fs.f_type != NSFS_MAGIC && fs.f_type != PROC_SUPER_MAGIC))
		return "";
	return path;
}

static int undo_add(int dirfd, const struct cni_attach *x, const struct cni_list *list, size_t n,
		    struct err *e)
{
	const struct err add = *e;
	struct err undo;

	if (!del_backwards(x, list, n, NULL, &undo)) {
		unlinkat(dirfd, CNI_RECORD, 0);
		return -1;
	}
	/* The record stays: whoever removes the pod tries again. */
	return err_set(e, add.num, "%.300s; and undoing it: %.180s", add.msg, undo.msg);
}

int cniexec_add(int dirfd, const struct cni_attach *x, struct arena *a, struct cni_result *out,
		struct err *e)
{
	struct record r = { .x = *x };
	struct cni_result result = { 0 };
	struct cni_list list = { 0 };
	char **files;

	if (cni_list_parse(x->conf, strlen(x->conf), a, &list, e))
		return -1;
	files = find_plugins(x, &list, a, e);
	if (!files || save(dirfd, &r, e))
		return -1;
	for (size_t i = 0; i < list.plugins.n; i++) {
		const char *request =
			cni_request(&list, &list.plugins.v[i], r.result, x->runtime, a);
		const char *text = cniproc_run(x, files[i], "ADD", request, a, e);

		if (!text)
			return undo_add(dirfd, x, &list, i + 1, e);
		if (cni_result_parse(text, strlen(text), list.version, a, &result, &r.result, e)) {
			err_ctx(e, "plugin '%s' (ADD): result", list.plugins.v[i].type);
			return undo_add(dirfd, x, &list, i + 1, e);
		}
	}
	if (save(dirfd, &r, e))
		return undo_add(dirfd, x, &list, list.plugins.n, e);
	if (out)
		*out = result;
	return 0;
}

int cniexec_del(int dirfd, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct record r = { 0 };
	struct cni_list list = { 0 };
	int found = load(dirfd, &a, &r, e);

	if (found <= 0)
		return found;
	if (cni_list_parse(r.x.conf, strlen(r.x.conf), &a, &list, e))
		return err_ctx(e, "%s", CNI_RECORD);
	r.x.netns = live_netns(r.x.netns);
	if (del_backwards(&r.x, &list, list.plugins.n, r.result, e))
		return -1;
	if (unlinkat(dirfd, CNI_RECORD, 0) < 0 && errno != ENOENT)
		return err_sys(e, "remove '%s'", CNI_RECORD);
	return 0;
}

int cniexec_result(int dirfd, struct arena *a, struct cni_result *out, struct err *e)
{
	struct record r = { 0 };
	struct cni_list list = { 0 };
	int found = load(dirfd, a, &r, e);

	if (found <= 0 || !r.result)
		return found < 0 ? -1 : 0;
	if (cni_list_parse(r.x.conf, strlen(r.x.conf), a, &list, e) ||
	    cni_result_decode(r.result, list.version, a, out, e))
		return err_ctx(e, "%s", CNI_RECORD);
	return 1;
}
