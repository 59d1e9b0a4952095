/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_words: the engine's small parsers: what an annotation, systemd, an image, the kernel say. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/engine/dbus_msg.h"
#include "shim/engine/exe.h"
#include "shim/engine/exe_hint.h"
#include "shim/engine/host_cgroup.h"
#include "shim/engine/plan_proc.h"
#include "shim/engine/unit_prop.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/oci/tables.h"
#include "tests/fuzz/fuzz.h"

#define ARRAY_MAX (64 << 10) /* bytes of a value for which encoding it stays short */

/* A property that was taken goes into a message that can be read again. */
static void send_property(const struct unit_prop *p)
{
	auto_str struct str body = { 0 }, text = { 0 }, whole = { 0 };
	struct dbus_msg m = { .type = DBUS_CALL, .serial = 1, .path = "/p", .member = "M" }, got;
	struct err e = { 0 };

	unit_prop_print(p, &text);
	unit_prop_encode(p, &body);
	m.signature = "v";
	m.body = str_text(&body);
	m.body_len = body.len;
	dbus_encode(&m, &whole);
	if (dbus_size(str_text(&whole), &e) != (ssize_t)whole.len ||
	    dbus_decode(str_text(&whole), whole.len, &got, &e) || got.body_len != body.len ||
	    memcmp(got.body, str_text(&body), body.len) != 0)
		abort();
}

/* "NAME value" */
static void annotation(char *text, struct arena *a)
{
	struct unit_prop p = { .name = "X" };
	struct err e = { 0 };
	char *value = strchr(text, ' ');

	if (unit_prop_parse(text, &p, a, &e) == 0)
		send_property(&p);
	else if (!e.num || !*e.msg)
		abort();
	if (!value)
		return;
	*value++ = '\0';
	if (unit_prop_of_annotation(arena_printf(a, UNIT_ANNOTATION "%s", text), value, &p, a,
				    &e) == 0)
		send_property(&p);
}

static void message(const uint8_t *data, size_t size)
{
	struct dbus_reader r = { .p = data, .len = size };
	struct dbus_msg m;
	struct err e = { 0 };

	if (size >= DBUS_HEADER_SIZE && dbus_size(data, &e) == (ssize_t)size &&
	    dbus_decode(data, size, &m, &e) == 0) {
		r.p = m.body;
		r.len = m.body_len;
	}
	while (!r.bad && r.at < r.len) {
		dbus_get_u32(&r);
		(void)strlen(dbus_get_text(&r));
		dbus_get_u64(&r);
		(void)strlen(dbus_get_signature(&r));
	}
}

/* Two texts with an empty line between. */
static void cgroups(char *text, struct arena *a)
{
	struct host_cgroups h = { .base = "/sys/fs/cgroup" };
	char *second = strstr(text, "\n\n");

	if (second) {
		second[1] = '\0';
		second += 2;
	}
	for (int v2_only = 0; v2_only < 2; v2_only++) {
		host_cgroups_parse(text, second ? second : "", v2_only, &h, a);
		if (h.n > HOST_CGROUPS_MAX)
			abort();
	}
}

static char image_dir[] = "/tmp/fuzz-words.XXXXXX";
static int image_fd = -1;

static void remove_image(void)
{
	unlinkat(image_fd, "etc", AT_REMOVEDIR);
	rmdir(image_dir);
}

static int image_root(void)
{
	if (image_fd < 0 && mkdtemp(image_dir)) {
		image_fd = open(image_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		mkdirat(image_fd, "etc", 0755);
		atexit(remove_image);
	}
	return image_fd;
}

/* The image's /etc/passwd, and as a program. */
static void image(const uint8_t *data, size_t size, struct arena *a)
{
	static char *env[] = { NULL };
	struct plan_proc p = { .env = env, .uid = 7 };
	auto_fd int fd = memfd_create("program", MFD_CLOEXEC);
	int root = image_root();
	auto_fd int passwd =
		openat(root, "etc/passwd", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || passwd < 0 || write_all(passwd, data, size) || write_all(fd, data, size))
		return;
	if (!exe_env(&p, root, a)[0])
		abort();
	unlinkat(root, "etc/passwd", 0);
	exe_hint(fd, (const char *)data, size < 256 ? size : 256, a);
}

/* The first byte says to whom. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena a = { 0 };
	char *text;

	if (!size || size > ARRAY_MAX)
		return 0;
	text = arena_strndup(&a, (const char *)data + 1, size - 1);
	switch (data[0]) {
	case 'a':
		annotation(text, &a);
		break;
	case 'd':
		message(data + 1, size - 1);
		break;
	case 'c':
		cgroups(text, &a);
		break;
	case 'i':
		image(data + 1, size - 1, &a);
		break;
	case 's':
		oci_signal_parse(text);
		break;
	default:
		break;
	}
	return 0;
}
