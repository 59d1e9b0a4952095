/* SPDX-License-Identifier: Apache-2.0 */
/* work: runs in a helper process, so it may block, and its memory ends with it. */
#include "shim/daemon/work.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "shim/daemon/logger.h"
#include "shim/daemon/rootfs.h"
#include "shim/daemon/sandbox_files.h"
#include "shim/daemon/task.h"
#include "shim/engine/host.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/json.h"
#include "spec/base/path.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"
#include "spec/ttrpc/message.h"
#include "spec/ttrpc/options.pb-c.h"

#define CONFIG	       "config.json"
#define SYSTEMD_COLONS 2 /* of "slice:prefix:name" */
#define DETAILS_TYPE   "containerd.runc.v1.ProcessDetails"

/* The engine for one call; probing the host is cheap and leaves nothing in the daemon. */
static int engine_for(const struct work *w, struct arena *a, struct engine *en, struct err *e)
{
	*en = (struct engine){ .root = w->place->root };
	en->host = host_probe(a, e);
	return en->host ? 0 : -1;
}

static char *link_path(const struct work *w, struct arena *a)
{
	return arena_printf(a, "%s/" WORK_BUNDLES "/%s", w->place->dir, w->id);
}

int work_record(const struct work *w, const char *bundle, struct err *e)
{
	auto_arena struct arena a = { 0 };
	const char *path = link_path(w, &a);

	if (path_mkdirs(arena_printf(&a, "%s/" WORK_BUNDLES, w->place->dir), 0700, e))
		return -1;
	if (unlink(path) && errno != ENOENT)
		return err_sys(e, "remove '%s'", path);
	if (symlink(bundle, path))
		return err_sys(e, "create '%s'", path);
	return 0;
}

/* The config with its document, parsed once. */
static struct oci_config *read_config(const char *bundle, struct arena *a, struct json_object **doc,
				      struct err *e)
{
	struct oci_config *c;
	size_t len;
	char *text =
		read_file(-1, arena_printf(a, "%s/" CONFIG, bundle), JSON_TEXT_MAX, a, &len, e);
	struct json_object *obj = text ? json_parse(text, len, e) : NULL;

	if (!obj) {
		if (text)
			err_ctx(e, CONFIG);
		return NULL;
	}
	json_own(a, obj);
	c = oci_config_decode(obj, a, e);
	if (!c) {
		err_ctx(e, CONFIG);
		return NULL;
	}
	*doc = obj;
	return c;
}

enum engine_cgroups work_cgroup_driver(const struct oci_config *c)
{
	const char *path = c->linux_ && c->linux_->cgroups_path ? c->linux_->cgroups_path : "";
	int colons = 0;

	for (const char *p = path; *p; p++)
		colons += *p == ':';
	return colons == SYSTEMD_COLONS && *path != '/' ? ENGINE_SYSTEMD : ENGINE_CGROUPFS;
}

/* Both ends of the socket over which the engine hands over a terminal. */
static int console_pair(bool terminal, int pair[2], struct err *e)
{
	pair[0] = pair[1] = -1;
	if (terminal && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
		return err_sys(e, "create a socket pair");
	return 0;
}

static int take_console(int sock, struct job_result *r, struct err *e)
{
	char name[256];
	size_t n = 0;

	if (sock < 0)
		return 0;
	if (recv_fds(sock, name, sizeof(name), &r->console, 1, &n) < 0 || n != 1)
		return err_set(e, EPROTO, "no terminal came from the container");
	return 0;
}

static int start_logger(const struct work *w, const struct io_child *io, struct job_result *r,
			struct err *e)
{
	if (!io->logger)
		return 0;
	return logger_start(io->logger, w->id, w->place->ns, io->log, &r->logger_pid, e);
}

static int tell_cgroups(const struct engine *en, const char *id, struct arena *a,
			struct job_result *r, struct err *e)
{
	struct engine_info info;

	if (engine_state(en, id, a, &info, e))
		return -1;
	r->shares_pidns = !info.state->own_pidns;
	for (size_t i = 0; i < info.state->cgroups.n; i++)
		str_addf(&r->data, "%s\t%s\n", info.state->cgroups.v[i].key,
			 info.state->cgroups.v[i].path);
	return 0;
}

/* *doc: for the record, where paths tell more than fds. */
static int join_pod(struct oci_config *config, const struct sandbox_join *join, struct arena *a,
		    struct json_object **doc, struct err *e)
{
	const char *label = config->linux_->mount_label;

	if (sandbox_join(config, join, a, e))
		return err_ctx(e, CONFIG);
	*doc = json_own(a, oci_config_encode(config));
	sandbox_join_pin(config, join, a);
	return label ? sandbox_files_label(join->dir, label, e) : 0;
}

static int create_container(const struct work_create *c, struct arena *a, struct job_result *r,
			    struct err *e)
{
	struct engine_create req = ENGINE_CREATE_INIT;
	struct engine en;
	auto_fd int ours = -1, theirs = -1;
	struct json_object *doc;
	struct oci_config *config = read_config(c->bundle, a, &doc, e);
	int pair[2];

	if (!config || engine_for(&c->work, a, &en, e) ||
	    console_pair(c->request->terminal, pair, e))
		return -1;
	ours = pair[0];
	theirs = pair[1];
	if (config->process)
		config->process->terminal = c->request->terminal;
	if (c->join && join_pod(config, c->join, a, &doc, e))
		return -1;
	en.cgroups = work_cgroup_driver(config);
	req.id = c->work.id;
	req.bundle = c->bundle;
	req.config = config;
	req.config_doc = doc;
	req.console_fd = theirs;
	req.no_pivot = c->no_pivot;
	req.no_new_keyring = c->no_new_keyring;
	memcpy(req.stdio, c->io->stdio, sizeof(req.stdio));
	if (start_logger(&c->work, c->io, r, e) || engine_create(&en, &req, &r->pid, NULL, e))
		return -1;
	close_fd(&theirs); /* so that a terminal which was not sent is not waited for */
	if (take_console(ours, r, e) || tell_cgroups(&en, c->work.id, a, r, e)) {
		struct err ignored;

		engine_destroy(&en, c->work.id, true, &ignored);
		return -1;
	}
	return 0;
}

int work_create(void *arg, struct job_result *r, struct err *e)
{
	const struct work_create *c = arg;
	auto_arena struct arena a = { 0 };
	struct err ignored;

	if (work_record(&c->work, c->bundle, e))
		return -1;
	if (!rootfs_mount(c->bundle, c->request->rootfs, c->request->n_rootfs, e)) {
		if (!create_container(c, &a, r, e))
			return 0;
		rootfs_unmount(c->bundle, &ignored);
	}
	unlink(link_path(&c->work, &a));
	return -1;
}

int work_start(void *work, struct job_result *r, struct err *e)
{
	const struct work *w = work;
	auto_arena struct arena a = { 0 };
	struct engine en;

	(void)r;
	return engine_for(w, &a, &en, e) || engine_start(&en, w->id, NULL, NULL, e) ? -1 : 0;
}

int work_pause(void *work, struct job_result *r, struct err *e)
{
	const struct work *w = work;
	auto_arena struct arena a = { 0 };
	struct engine en;

	(void)r;
	return engine_for(w, &a, &en, e) || engine_pause(&en, w->id, e) ? -1 : 0;
}

int work_resume(void *work, struct job_result *r, struct err *e)
{
	const struct work *w = work;
	auto_arena struct arena a = { 0 };
	struct engine en;

	(void)r;
	return engine_for(w, &a, &en, e) || engine_resume(&en, w->id, e) ? -1 : 0;
}

int work_exec(void *arg, struct job_result *r, struct err *e)
{
	const struct work_exec *x = arg;
	auto_arena struct arena a = { 0 };
	struct oci_process *process = oci_process_parse(x->spec, x->spec_len, &a, e);
	struct engine_exec req = ENGINE_EXEC_INIT;
	auto_fd int ours = -1, theirs = -1;
	struct engine en;
	int pair[2];

	if (!process || engine_for(&x->work, &a, &en, e) || console_pair(x->terminal, pair, e))
		return -1;
	ours = pair[0];
	theirs = pair[1];
	process->terminal = x->terminal;
	req.id = x->work.id;
	req.process = process;
	req.console_fd = theirs;
	req.no_new_keyring = x->no_new_keyring;
	memcpy(req.stdio, x->io->stdio, sizeof(req.stdio));
	if (start_logger(&x->work, x->io, r, e) || engine_exec(&en, &req, &r->pid, NULL, e))
		return -1;
	close_fd(&theirs);
	if (take_console(ours, r, e)) {
		kill(r->pid, SIGKILL);
		proc_reap(r->pid);
		return -1;
	}
	return 0;
}

int work_kill(void *arg, struct job_result *r, struct err *e)
{
	const struct work_kill *k = arg;
	auto_arena struct arena a = { 0 };
	struct engine en;

	(void)r;
	if (engine_for(&k->work, &a, &en, e))
		return -1;
	return engine_kill(&en, k->work.id, k->signal, k->all, e);
}

int work_update(void *arg, struct job_result *r, struct err *e)
{
	const struct work_update *u = arg;
	auto_arena struct arena a = { 0 };
	const struct oci_resources *resources = oci_resources_parse(u->resources, u->len, &a, e);
	struct engine en;

	(void)r;
	if (!resources)
		return err_ctx(e, "resources");
	if (engine_for(&u->work, &a, &en, e))
		return -1;
	return engine_update(&en, u->work.id, resources, e);
}

int work_destroy_within(const struct work *w, int lock_ms, struct err *e)
{
	auto_arena struct arena a = { 0 };
	char *path = link_path(w, &a), *bundle = arena_alloc(&a, PATH_MAX);
	struct engine en;
	int bad;

	if (engine_for(w, &a, &en, e))
		return -1;
	en.lock_ms = lock_ms;
	bad = engine_destroy(&en, w->id, true, e);
	if (readlink(path, bundle, PATH_MAX - 1) > 0) {
		struct err ignored;

		bad |= rootfs_unmount(bundle, bad ? &ignored : e);
	}
	if (!bad)
		unlink(path);
	return bad;
}

int work_destroy(void *work, struct job_result *r, struct err *e)
{
	(void)r;
	return work_destroy_within(work, 0, e);
}

/* The exec's id, if it is one's own process. */
static const char *exec_of(const struct task *t, pid_t pid)
{
	for (struct link *l = t->execs.next; l != &t->execs; l = l->next) {
		const struct process *p = container_of(l, struct process, link);

		if (p->pid == pid && p->state == ST_RUNNING)
			return p->id;
	}
	return NULL;
}

/*
 * A restarted containerd takes a task without processes for a leak and deletes
 * it, exit code and all, so one that has ended and is not deleted yet has its init.
 */
static void add_ended(const struct task *t, struct arena *a, pid_t **pids, size_t *n)
{
	if (*n || (t->init.state != ST_STOPPED && !t->init.reaped))
		return;
	*pids = arena_memdup(a, &t->init.pid, sizeof(t->init.pid));
	*n = 1;
}

int work_pids(void *arg, struct job_result *r, struct err *e)
{
	const struct work_pids *w = arg;
	auto_arena struct arena a = { 0 };
	Pb__PidsResponse reply = PB__PIDS_RESPONSE__INIT;
	struct engine en;
	pid_t *pids;
	size_t n, len;
	uint8_t *data;

	if (engine_for(&w->work, &a, &en, e) || engine_ps(&en, w->work.id, &a, &pids, &n, e))
		return -1;
	add_ended(w->task, &a, &pids, &n);
	reply.processes = arena_array(&a, n, sizeof(void *));
	for (size_t i = 0; i < n; i++) {
		const char *exec_id = exec_of(w->task, pids[i]);
		Pb__ProcessInfo *p = arena_alloc(&a, sizeof(*p));

		pb__process_info__init(p);
		p->pid = (uint32_t)pids[i];
		if (exec_id) {
			Pb__ProcessDetails d = PB__PROCESS_DETAILS__INIT;

			d.exec_id = arena_strdup(&a, exec_id);
			p->info = any_pack(DETAILS_TYPE, &d.base, &a);
		}
		reply.processes[reply.n_processes++] = p;
	}
	data = message_pack(&reply.base, &a, &len);
	str_addn(&r->data, data, len);
	return 0;
}
