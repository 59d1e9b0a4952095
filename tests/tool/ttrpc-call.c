/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ttrpc-call: one call to a shim, by the descriptors of our own messages.
 *   ttrpc-call [-t MS] [-s STREAM] [-p SERVICE] [-d BYTES] [-x HEX] SOCKET METHOD [FIELD=VALUE...]
 * -t: timeout in the request; -s: stream id (1); -p: service (that of the method);
 * -d: instead of a request, a frame of that many zero bytes; -x: these bytes before the request,
 * one at a time. A value of an Any is TYPE:TEXT, or TYPE:@FILE for the bytes of a file; a mount is
 * TYPE|SOURCE|TARGET|OPTION|OPTION..., and each one is added.
 * Prints the fields of the reply, NAME=VALUE a line. An error prints "code N: message", exit 1.
 */
#include <protobuf-c/protobuf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/ttrpc/frame.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/sandbox.pb-c.h"
#include "spec/ttrpc/task.pb-c.h"
#include "spec/ttrpc/ttrpc.pb-c.h"

struct call {
	const char *socket, *service, *method;
	uint32_t stream;
	int64_t timeout_ms;
	uint32_t raw;	    /* bytes, 0: a request */
	const char *before; /* hex */
};

#define TASK	 "containerd.task.v2.Task"
#define SANDBOX	 "containerd.runtime.sandbox.v1.Sandbox"
#define FILE_MAX (1 << 20)
#define EMPTY	 pb__empty__descriptor
static const struct {
	const char *name;
	const ProtobufCMessageDescriptor *request, *reply;
} methods[] = {
	{ "State", &pb__state_request__descriptor, &pb__state_response__descriptor },
	{ "Create", &pb__create_task_request__descriptor, &pb__create_task_response__descriptor },
	{ "Start", &pb__start_request__descriptor, &pb__start_response__descriptor },
	{ "Delete", &pb__delete_request__descriptor, &pb__delete_response__descriptor },
	{ "Pids", &pb__pids_request__descriptor, &pb__pids_response__descriptor },
	{ "Pause", &pb__pause_request__descriptor, &EMPTY },
	{ "Resume", &pb__resume_request__descriptor, &EMPTY },
	{ "Checkpoint", &pb__checkpoint_task_request__descriptor, &EMPTY },
	{ "Kill", &pb__kill_request__descriptor, &EMPTY },
	{ "Exec", &pb__exec_process_request__descriptor, &EMPTY },
	{ "ResizePty", &pb__resize_pty_request__descriptor, &EMPTY },
	{ "CloseIO", &pb__close_iorequest__descriptor, &EMPTY },
	{ "Update", &pb__update_task_request__descriptor, &EMPTY },
	{ "Wait", &pb__wait_request__descriptor, &pb__wait_response__descriptor },
	{ "Stats", &pb__stats_request__descriptor, &pb__stats_response__descriptor },
	{ "Connect", &pb__connect_request__descriptor, &pb__connect_response__descriptor },
	{ "Shutdown", &pb__shutdown_request__descriptor, &EMPTY },
	{ "CreateSandbox", &pb__create_sandbox_request__descriptor, &EMPTY },
	{ "StartSandbox", &pb__start_sandbox_request__descriptor,
	  &pb__start_sandbox_response__descriptor },
	{ "Platform", &pb__platform_request__descriptor, &pb__platform_response__descriptor },
	{ "StopSandbox", &pb__stop_sandbox_request__descriptor, &EMPTY },
	{ "WaitSandbox", &pb__wait_sandbox_request__descriptor,
	  &pb__wait_sandbox_response__descriptor },
	{ "SandboxStatus", &pb__sandbox_status_request__descriptor,
	  &pb__sandbox_status_response__descriptor },
	{ "PingSandbox", &pb__ping_request__descriptor, &EMPTY },
	{ "ShutdownSandbox", &pb__shutdown_sandbox_request__descriptor, &EMPTY },
	{ "SandboxMetrics", &pb__sandbox_metrics_request__descriptor,
	  &pb__sandbox_metrics_response__descriptor },
};

static void die(const char *what, const char *detail)
{
	fprintf(stderr, "ttrpc-call: %s: %s\n", what, detail);
	exit(2);
}

static Pb__Any *parse_any(const char *value, struct arena *a)
{
	Pb__Any *any = arena_alloc(a, sizeof(*any));
	const char *colon = strchr(value, ':');
	struct err e;

	if (!colon)
		die("an Any is TYPE:TEXT", value);
	pb__any__init(any);
	any->type_url = arena_strndup(a, value, (size_t)(colon - value));
	any->value.data = (uint8_t *)arena_strdup(a, colon + 1);
	any->value.len = strlen(colon + 1);
	if (colon[1] == '@') {
		any->value.data =
			(uint8_t *)read_file(-1, colon + 2, FILE_MAX, a, &any->value.len, &e);
		if (!any->value.data)
			die("cannot read", e.msg);
	}
	return any;
}

static void add_mount(void *list, size_t *n, const char *text, struct arena *a)
{
	Pb__Mount *m = arena_alloc(a, sizeof(*m)), **all = arena_array(a, *n + 1, sizeof(void *));
	size_t n_parts;
	char **parts = str_split(a, text, '|', &n_parts);

	if (n_parts < 3)
		die("a mount is TYPE|SOURCE|TARGET|OPTION...", text);
	pb__mount__init(m);
	m->type = parts[0];
	m->source = parts[1];
	m->target = parts[2];
	m->options = parts + 3;
	m->n_options = n_parts - 3;
	for (size_t i = 0; i < *n; i++)
		all[i] = (*(Pb__Mount ***)list)[i];
	all[(*n)++] = m;
	*(Pb__Mount ***)list = all;
}

static void set_field(ProtobufCMessage *m, const char *assignment, struct arena *a)
{
	const char *eq = strchr(assignment, '=');
	const ProtobufCFieldDescriptor *f;
	void *at;

	if (!eq)
		die("a field is NAME=VALUE", assignment);
	f = protobuf_c_message_descriptor_get_field_by_name(
		m->descriptor, arena_strndup(a, assignment, (size_t)(eq - assignment)));
	if (!f)
		die("no such field", assignment);
	at = (char *)m + f->offset;
	if (f->label == PROTOBUF_C_LABEL_REPEATED) {
		if (f->descriptor != &pb__mount__descriptor)
			die("a field of this type cannot be set", assignment);
		add_mount(at, (size_t *)(void *)((char *)m + f->quantifier_offset), eq + 1, a);
		return;
	}
	if (f->type == PROTOBUF_C_TYPE_STRING)
		*(char **)at = arena_strdup(a, eq + 1);
	else if (f->type == PROTOBUF_C_TYPE_UINT32)
		*(uint32_t *)at = (uint32_t)strtoul(eq + 1, NULL, 10);
	else if (f->type == PROTOBUF_C_TYPE_BOOL)
		*(protobuf_c_boolean *)at = str_eq(eq + 1, "true");
	else if (f->type == PROTOBUF_C_TYPE_MESSAGE && f->descriptor == &pb__any__descriptor)
		*(Pb__Any **)at = parse_any(eq + 1, a);
	else
		die("a field of this type cannot be set", assignment);
}

static void print_message(const ProtobufCMessage *m, const char *prefix, struct arena *a);

static void print_value(const ProtobufCFieldDescriptor *f, const void *at, const char *name,
			struct arena *a)
{
	if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		if (*(ProtobufCMessage *const *)at)
			print_message(*(ProtobufCMessage *const *)at, name, a);
	} else if (f->type == PROTOBUF_C_TYPE_STRING) {
		printf("%s=%s\n", name, *(char *const *)at);
	} else if (f->type == PROTOBUF_C_TYPE_BYTES) {
		printf("%s=%zu bytes\n", name, ((const ProtobufCBinaryData *)at)->len);
	} else if (f->type == PROTOBUF_C_TYPE_BOOL) {
		printf("%s=%s\n", name, *(const protobuf_c_boolean *)at ? "true" : "false");
	} else if (f->type == PROTOBUF_C_TYPE_INT64 || f->type == PROTOBUF_C_TYPE_UINT64) {
		printf("%s=%lld\n", name, *(const long long *)at);
	} else {
		printf("%s=%d\n", name, *(const int *)at);
	}
}

static void print_message(const ProtobufCMessage *m, const char *prefix, struct arena *a)
{
	for (unsigned int i = 0; i < m->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *f = &m->descriptor->fields[i];
		const char *name = arena_printf(a, "%s%s%s", prefix, *prefix ? "." : "", f->name);
		const char *at = (const char *)m + f->offset;

		if (f->label != PROTOBUF_C_LABEL_REPEATED) {
			print_value(f, at, name, a);
			continue;
		}
		/* of messages only */
		for (size_t k = 0;
		     k < *(const size_t *)(const void *)((const char *)m + f->quantifier_offset);
		     k++)
			print_value(f, *(char *const *)at + k * sizeof(void *),
				    arena_printf(a, "%s.%zu", name, k), a);
	}
}

static int open_socket(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		die("socket path is too long", path);
	memcpy(addr.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("cannot connect", path);
	return fd;
}

static void send_frame(int fd, const struct call *c, const void *data, size_t len)
{
	struct frame f = { .len = (uint32_t)len, .stream = c->stream, .type = FRAME_REQUEST };
	uint8_t head[FRAME_HEAD_LEN];

	frame_put(head, &f);
	if (write_all(fd, head, sizeof(head)) || write_all(fd, data, len))
		die("cannot send", c->socket);
}

static void send_request(int fd, const struct call *c, const ProtobufCMessage *m, struct arena *a)
{
	Pb__Request r = PB__REQUEST__INIT;
	size_t len;
	uint8_t *data;

	r.service = arena_strdup(a, c->service);
	r.method = arena_strdup(a, c->method);
	r.timeout_nano = c->timeout_ms * 1000000;
	if (m)
		r.payload.data = message_pack(m, a, &r.payload.len);
	data = message_pack(&r.base, a, &len);
	send_frame(fd, c, data, len);
}

static void send_before(int fd, const char *hex)
{
	for (; hex && hex[0] && hex[1]; hex += 2) {
		const char digits[] = { hex[0], hex[1], '\0' };
		uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);

		if (write_all(fd, &byte, 1))
			die("cannot send", hex);
	}
}

static Pb__Response *receive(int fd, struct arena *a)
{
	struct frame_reader reader = { 0 };
	enum frame_event event = FRAME_PARTIAL;
	Pb__Response *r;
	struct err e;

	while (event == FRAME_PARTIAL) {
		void *at;
		size_t room = frame_room(&reader, &at);
		ssize_t n = read(fd, at, room);

		if (n <= 0)
			die("the connection ended", "no reply");
		event = frame_filled(&reader, (size_t)n);
	}
	r = message_unpack(&pb__response__descriptor, reader.data, reader.head.len, a, &e);
	if (!r)
		die("bad reply", e.msg);
	frame_next(&reader);
	return r;
}

static int finish(const Pb__Response *r, const ProtobufCMessageDescriptor *type, struct arena *a)
{
	ProtobufCMessage *reply;
	struct err e;

	if (r->status && r->status->code) {
		printf("code %d: %s\n", r->status->code, r->status->message);
		return 1;
	}
	reply = message_unpack(type, r->payload.data, r->payload.len, a, &e);
	if (!reply)
		die("bad reply", e.msg);
	print_message(reply, "", a);
	return 0;
}

static size_t find_method(const char *name)
{
	for (size_t i = 0; i < countof(methods); i++) {
		if (str_eq(methods[i].name, name))
			return i;
	}
	return countof(methods);
}

static int call(const struct call *c, char **fields, struct arena *a)
{
	const ProtobufCMessageDescriptor *type = &EMPTY;
	size_t i = find_method(c->method);
	ProtobufCMessage *m = NULL;
	int fd = open_socket(c->socket);

	if (i < countof(methods)) {
		m = arena_alloc(a, methods[i].request->sizeof_message);
		protobuf_c_message_init(methods[i].request, m);
		type = methods[i].reply;
	}
	for (; m && *fields; fields++)
		set_field(m, *fields, a);
	send_before(fd, c->before);
	if (c->raw) {
		auto_free char *zeros = mem_alloc(c->raw);

		send_frame(fd, c, zeros, c->raw);
	} else {
		send_request(fd, c, m, a);
	}
	return finish(receive(fd, a), type, a);
}

int main(int argc, char **argv)
{
	auto_arena struct arena a = { 0 };
	struct call c = { .stream = 1 };
	int opt;

	while ((opt = getopt(argc, argv, "t:s:p:d:x:")) >= 0) {
		if (opt == 't')
			c.timeout_ms = strtol(optarg, NULL, 10);
		else if (opt == 's')
			c.stream = (uint32_t)strtoul(optarg, NULL, 10);
		else if (opt == 'p')
			c.service = optarg;
		else if (opt == 'd')
			c.raw = (uint32_t)strtoul(optarg, NULL, 10);
		else if (opt == 'x')
			c.before = optarg;
		else
			return 2;
	}
	if (argc - optind < 2)
		die("usage",
		    "ttrpc-call [-t MS] [-s STREAM] [-p SERVICE] [-d BYTES] [-x HEX] SOCKET METHOD "
		    "[FIELD=VALUE...]");
	c.socket = argv[optind];
	c.method = argv[optind + 1];
	if (!c.service)
		c.service = strstr(c.method, "Sandbox") || str_eq(c.method, "Platform") ? SANDBOX
											: TASK;
	return call(&c, argv + optind + 2, &a);
}
