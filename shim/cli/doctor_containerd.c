/* SPDX-License-Identifier: Apache-2.0 */
/* doctor_containerd: a line scan of config.toml, and containerd --version. */
#include "shim/cli/doctor_containerd.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/json.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

#define CONFIG_FILE  "/etc/containerd/config.toml"
#define CONFIG_MAX   (1 << 20)
#define PATH_USUAL   "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define VERSION_MAX  4096
#define HANDLERS_MAX 64	  /* runtimes in a config; of more, our settings may not be seen */
#define VERSION_MS   5000 /* for containerd --version */

/* The tables of the CRI plugin by config version, quotes taken off. */
static const struct cri_table {
	int version;
	const char *prefix;
} cri_tables[] = {
	{ 1, "plugins.cri." },
	{ 2, "plugins.io.containerd.grpc.v1.cri." },
	{ 3, "plugins.io.containerd.cri.v1.runtime." },
	{ 3, "plugins.io.containerd.cri.v1.images." },
};

/* What a runtime's table says beside who it is; ours is known when all have been read. */
struct handler {
	const char *name;
	char *sandboxer;
	bool path, streaming, no_pause_pull;
};

struct scan {
	struct arena *a;
	struct doctor_containerd *out;
	char *table;	   /* the part behind the prefix, "" elsewhere in the file */
	int table_version; /* of the prefix; 0: not the CRI plugin's */
	int handler_version;
	char *default_name;
	struct handler handlers[HANDLERS_MAX];
	size_t n_handlers;
	char *proxy;		  /* name, in a table of [proxy_plugins] */
	struct json_strs proxies; /* those that control sandboxes */
};

static char *trim(char *s)
{
	size_t n;

	while (isspace((unsigned char)*s))
		s++;
	n = strlen(s);
	while (n && isspace((unsigned char)s[n - 1]))
		s[--n] = '\0';
	return s;
}

/* "[plugins.'x.y'.cni] # ..." */
static void enter_table(struct scan *s, char *line)
{
	char *to = line, *name = line;

	for (const char *from = line; *from && *from != '#'; from++) {
		if (!strchr("[]\"' \t", *from))
			*to++ = *from;
	}
	*to = '\0';
	s->table = arena_strdup(s->a, "");
	s->table_version = 0;
	s->proxy = str_starts(name, "proxy_plugins.")
			   ? arena_strdup(s->a, name + strlen("proxy_plugins."))
			   : NULL;
	for (size_t i = 0; i < countof(cri_tables); i++) {
		if (str_starts(name, cri_tables[i].prefix)) {
			s->table = arena_strdup(s->a, name + strlen(cri_tables[i].prefix));
			s->table_version = cri_tables[i].version;
		}
	}
}

/* A quoted text, or the first of a list of them, else the bare word; in place. */
static char *value_of(char *v)
{
	v = trim(v);
	if (*v == '[')
		v = trim(v + 1);
	if (*v == '"' || *v == '\'') {
		char quote = *v++;

		v[strcspn(v, (char[]){ quote, '\0' })] = '\0';
		return v;
	}
	v[strcspn(v, "# \t,]")] = '\0';
	return v;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void take_handler(struct scan *s, const char *key, const char *value)
{
	const char *name = s->table + strlen("containerd.runtimes.");
	size_t len = strcspn(name, ".");
	bool cli = !strcmp(key, "BinaryName") && !strcmp(base_name(value), "peapod");
	bool shim = (!strcmp(key, "runtime_type") || !strcmp(key, "runtime_path")) &&
		    (!strcmp(value, DOCTOR_RUNTIME_TYPE) ||
		     !strcmp(base_name(value), DOCTOR_SHIM_NAME));

	/* The native shim counts more than the way through another one. */
	if ((!cli && !shim) || (s->out->handler && (!s->out->handler_cli || cli)))
		return;
	s->out->handler = arena_strndup(s->a, name, len);
	s->out->handler_cli = cli;
	s->handler_version = s->table_version;
}

static struct handler *handler_of(struct scan *s)
{
	const char *name = s->table + strlen("containerd.runtimes.");

	for (size_t i = 0; i < s->n_handlers; i++) {
		if (!strcmp(s->handlers[i].name, name))
			return &s->handlers[i];
	}
	if (s->n_handlers == HANDLERS_MAX)
		return NULL;
	s->handlers[s->n_handlers].name = name;
	return &s->handlers[s->n_handlers++];
}

static void take_setting(struct scan *s, const char *key, const char *value)
{
	struct handler *h = handler_of(s);

	if (!h)
		return;
	if (!strcmp(key, "sandboxer"))
		h->sandboxer = *value ? arena_strdup(s->a, value) : NULL;
	else if (!strcmp(key, "runtime_path"))
		h->path = *value;
	else if (!strcmp(key, "io_type"))
		h->streaming = !strcmp(value, "streaming");
	else if (!strcmp(key, "disable_pause_image_pull"))
		h->no_pause_pull = !strcmp(value, "true");
}

static void take_proxy(struct scan *s, const char *key, const char *value)
{
	if (!strcmp(key, "type") && !strcmp(value, "sandbox") && s->proxies.n < HANDLERS_MAX)
		s->proxies.v[s->proxies.n++] = s->proxy;
}

/* What our own handler's table says. */
static void settle(struct scan *s)
{
	struct doctor_containerd *out = s->out;

	for (size_t i = 0; i < s->n_handlers; i++) {
		const struct handler *h = &s->handlers[i];

		if (!str_eq(h->name, out->handler))
			continue;
		out->sandboxer = h->sandboxer;
		out->runtime_path = h->path;
		out->streaming = h->streaming;
		out->no_pause_pull = h->no_pause_pull;
	}
	for (size_t i = 0; i < s->proxies.n; i++)
		out->sandboxer_proxy |= str_eq(s->proxies.v[i], out->sandboxer);
}

static void take_top(struct scan *s, const char *key, char *value)
{
	if (!strcmp(key, "version"))
		s->out->config_version = (int)strtol(value_of(value), NULL, 10);
	else if (!strcmp(key, "imports"))
		s->out->imports = strchr(value, '"') || strchr(value, '\'');
	else if (!strcmp(key, "disabled_plugins"))
		s->out->cri_disabled = strstr(value, "\"cri\"") || strstr(value, "'cri'") ||
				       strstr(value, "v1.cri");
}

static void take_key(struct scan *s, char *line)
{
	char *value = strchr(line, '='), *key;

	if (!value)
		return;
	*value++ = '\0';
	key = trim(line);
	if (s->proxy) {
		take_proxy(s, key, value_of(value));
		return;
	}
	if (!strcmp(key, "sandbox_image") && !s->table_version) {
		s->out->pause_image = arena_strdup(s->a, value_of(value));
		return;
	}
	if (!s->table_version) {
		take_top(s, key, value);
		return;
	}
	value = value_of(value);
	if (str_starts(s->table, "containerd.runtimes.")) {
		take_handler(s, key, value);
		take_setting(s, key, value);
	} else if (!strcmp(s->table, "pinned_images") && !strcmp(key, "sandbox")) {
		s->out->pause_image = arena_strdup(s->a, value);
	} else if (!strcmp(s->table, "containerd") && !strcmp(key, "default_runtime_name"))
		s->default_name = arena_strdup(s->a, value);
	else if (!strcmp(s->table, "cni") && !strcmp(key, "conf_dir"))
		s->out->net_dir = arena_strdup(s->a, value);
	else if (!strcmp(s->table, "cni") && str_starts(key, "bin_dir"))
		s->out->bin_dir = arena_strdup(s->a, value);
}

void doctor_containerd_scan(const char *text, struct arena *a, struct doctor_containerd *out)
{
	struct scan s = { .a = a, .out = out, .table = arena_strdup(a, "") };
	char **lines = str_split(a, text, '\n', NULL);

	s.proxies.v = arena_array(a, HANDLERS_MAX, sizeof(*s.proxies.v));
	out->config_version = 1;
	for (; *lines; lines++) {
		char *line = trim(*lines);

		if (*line == '[')
			enter_table(&s, line);
		else if (*line != '#')
			take_key(&s, line);
	}
	out->is_default = out->handler && str_eq(s.default_name, out->handler);
	settle(&s);
	out->handler_unread = out->handler && s.handler_version != out->config_version;
}

char *doctor_containerd_version(const char *text, struct arena *a)
{
	while (*text) {
		const char *word = text + strspn(text, " \t\n");
		size_t n = strcspn(word, " \t\n"), digits;

		text = word + n;
		if (n && *word == 'v') {
			word++;
			n--;
		}
		digits = strspn(word, "0123456789.");
		if (digits >= strlen("1.0") && digits <= n && memchr(word, '.', digits) &&
		    isdigit((unsigned char)*word))
			return arena_strndup(a, word, digits);
	}
	return NULL;
}

char *doctor_which(const char *name, struct arena *a)
{
	const char *path = getenv("PATH");
	char **dirs = str_split(a, path && *path ? path : PATH_USUAL, ':', NULL);

	for (; *dirs; dirs++) {
		char *full = arena_printf(a, "%s/%s", *dirs, name);

		if (**dirs == '/' && !access(full, X_OK))
			return full;
	}
	return NULL;
}

/* What it prints in time, at most VERSION_MAX bytes. */
static char *read_in_time(int fd, struct arena *a)
{
	char *text = arena_alloc(a, VERSION_MAX + 1);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	size_t len = 0;

	while (len < VERSION_MAX && poll(&p, 1, VERSION_MS) > 0) {
		ssize_t n = read(fd, text + len, VERSION_MAX - len);

		if (n <= 0)
			break;
		len += (size_t)n;
	}
	return text;
}

static char *ask_version(const char *program, struct arena *a)
{
	char *argv[] = { arena_strdup(a, program), arena_strdup(a, "--version"), NULL };
	posix_spawn_file_actions_t actions;
	int pipe_fds[2], failed;
	char *text = NULL;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return NULL;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipe_fds[1], STDOUT_FILENO);
	failed = posix_spawn(&pid, program, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipe_fds[1]);
	if (!failed) {
		text = read_in_time(pipe_fds[0], a);
		kill(pid, SIGKILL); /* our child, not yet reaped: it has said what it had to say */
		proc_reap(pid);
	}
	close(pipe_fds[0]);
	return text ? doctor_containerd_version(text, a) : NULL;
}

void doctor_containerd_probe(struct arena *a, struct doctor_containerd *out)
{
	struct err ignored;
	char *text = read_file(AT_FDCWD, CONFIG_FILE, CONFIG_MAX, a, NULL, &ignored);

	out->program = doctor_which("containerd", a);
	if (out->program)
		out->version = ask_version(out->program, a);
	if (text) {
		out->config = arena_strdup(a, CONFIG_FILE);
		doctor_containerd_scan(text, a, out);
	}
}
