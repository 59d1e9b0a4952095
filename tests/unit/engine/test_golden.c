/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden plans: tests/golden/engine/CASE/{config.json,host.json} give plan.txt, line by line.
 * A case that is refused has the error's text there. PEAPOD_GOLDEN_WRITE=1 writes plan.txt
 * anew: then read the diff. request.json, when there is one, holds what the caller says
 * beside the config.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "shim/engine/plan.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "tests/unit/test.h"

#define CASES	 "tests/golden/engine"
#define FILE_MAX (1 << 20)

struct request {
	bool systemd, cgroups_disabled, rootless, no_pivot, no_new_keyring, notify;
	uint32_t preserve_fds, listen_fds;
};

static const struct json_field request_fields[] = {
	F_BOOL(struct request, systemd, "systemd", 0),
	F_BOOL(struct request, cgroups_disabled, "cgroups_disabled", 0),
	F_BOOL(struct request, rootless, "rootless", 0),
	F_BOOL(struct request, no_pivot, "no_pivot", 0),
	F_BOOL(struct request, notify, "notify", 0),
	F_BOOL(struct request, no_new_keyring, "no_new_keyring", 0),
	F_NUM(JSON_U32, struct request, preserve_fds, "preserve_fds", 0),
	F_NUM(JSON_U32, struct request, listen_fds, "listen_fds", 0),
	{ 0 },
};

/* Decode a file; without it the struct stays as it is. */
static int decode(int dir, const char *name, const struct json_field *fields, void *out,
		  struct arena *a, struct err *e)
{
	size_t len;
	char *text = read_file(dir, name, FILE_MAX, a, &len, e);
	struct json_object *doc;

	if (!text)
		return 0;
	doc = json_parse(text, len, e);
	return !doc || json_decode(json_own(a, doc), fields, out, a, e) ? -1 : 0;
}

static const char *plan_case(int dir, const char *name, struct arena *a)
{
	struct request req = { 0 };
	struct host host = { 0 };
	struct plan_input in = { .host = &host, .id = name, .bundle = "/bundle" };
	struct str out = { 0 };
	struct plan plan;
	struct err e;
	char *text;

	in.config = oci_config_read(dir, a, &e);
	if (!in.config)
		return arena_printf(a, "refused: %s\n", e.msg);
	if (decode(dir, "host.json", host_fields, &host, a, &e) ||
	    decode(dir, "request.json", request_fields, &req, a, &e))
		return arena_printf(a, "bad case: %s\n", e.msg);
	in.systemd = req.systemd;
	in.cgroups_disabled = req.cgroups_disabled;
	in.rootless = req.rootless;
	in.no_pivot = req.no_pivot;
	in.notify_dir = req.notify ? "/run/peapod/notifying/notify" : NULL;
	in.no_new_keyring = req.no_new_keyring;
	in.preserve_fds = req.preserve_fds;
	in.listen_fds = req.listen_fds;
	if (plan_make(&in, a, &plan, &e))
		return arena_printf(a, "refused: %s\n", e.msg);
	plan_print(&plan, &out);
	text = arena_strdup(a, str_text(&out));
	str_done(&out);
	return text;
}

static void check_case(int cases, const char *name)
{
	auto_arena struct arena a = { 0 };
	auto_fd int dir = openat(cases, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char *got, *want;
	struct err e;

	ASSERT(dir >= 0);
	got = plan_case(dir, name, &a);
	if (getenv("PEAPOD_GOLDEN_WRITE"))
		CHECK(!replace_file(dir, "plan.txt", got, strlen(got), 0644, &e));
	want = read_file(dir, "plan.txt", FILE_MAX, &a, NULL, &e);
	if (!str_eq(got, want))
		printf("# case %s\n", name);
	CHECK_TEXT(got, want);
}

TEST(golden_plans)
{
	auto_dir DIR *d = opendir(CASES);
	int cases = 0;

	ASSERT(d);
	for (struct dirent *at = readdir(d); at; at = readdir(d)) {
		if (at->d_name[0] == '.')
			continue;
		check_case(dirfd(d), at->d_name);
		cases++;
	}
	CHECK(cases > 0);
}
