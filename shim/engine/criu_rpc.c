/* SPDX-License-Identifier: Apache-2.0 */
/* criu_rpc: between our records and the messages of spec/criu. */
#include "shim/engine/criu_rpc.h"

#include <errno.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/criu/criu.pb-c.h"

#define LOG_LEVEL 4 /* everything; the log is what explains a failure */

typedef Peapod__Criu__Options options;
typedef Peapod__Criu__Request request;

#define SET(o, member, value)                                                                      \
	do {                                                                                       \
		(o)->has_##member = 1;                                                             \
		(o)->member = (value);                                                             \
	} while (0)

/* protobuf-c never writes to what it packs, but its texts are not const. */
static char *text(struct arena *a, const char *s)
{
	return arena_strdup(a, s);
}

static void pack(const request *r, struct arena *a, struct criu_bytes *out)
{
	out->n = peapod__criu__request__get_packed_size(r);
	out->v = arena_alloc(a, out->n);
	peapod__criu__request__pack(r, out->v);
}

static void put_mounts(options *o, const struct plan_criu *p, struct arena *a)
{
	Peapod__Criu__ExtMount *v = arena_array(a, p->n_mounts, sizeof(*v));

	o->ext_mnt = arena_array(a, p->n_mounts, sizeof(void *));
	for (size_t i = 0; i < p->n_mounts; i++) {
		peapod__criu__ext_mount__init(&v[i]);
		v[i].key = text(a, p->mounts[i].key);
		v[i].val = text(a, p->mounts[i].value);
		o->ext_mnt[o->n_ext_mnt++] = &v[i];
	}
}

static void put_external(options *o, const struct plan_criu *p, struct arena *a)
{
	o->external = arena_array(a, p->n_external, sizeof(*o->external));
	for (size_t i = 0; i < p->n_external; i++)
		o->external[o->n_external++] = text(a, p->external[i]);
}

static void put_inherits(options *o, const struct plan_criu *p, const int *fds, struct arena *a)
{
	Peapod__Criu__InheritFd *v = arena_array(a, p->n_inherits, sizeof(*v));

	o->inherit_fd = arena_array(a, p->n_inherits, sizeof(void *));
	for (size_t i = 0; i < p->n_inherits; i++) {
		peapod__criu__inherit_fd__init(&v[i]);
		v[i].key = text(a, p->inherits[i].key);
		v[i].fd = fds[i];
		o->inherit_fd[o->n_inherit_fd++] = &v[i];
	}
}

static void put_joins(options *o, const struct plan_criu *p, struct arena *a)
{
	Peapod__Criu__JoinNamespace *v = arena_array(a, p->n_joins, sizeof(*v));

	o->join_ns = arena_array(a, p->n_joins, sizeof(void *));
	for (size_t i = 0; i < p->n_joins; i++) {
		peapod__criu__join_namespace__init(&v[i]);
		v[i].ns = text(a, p->joins[i].type);
		v[i].ns_file = text(a, p->joins[i].path);
		o->join_ns[o->n_join_ns++] = &v[i];
	}
}

/* The cgroups that CRIU itself is in, which are the new container's: "N:KEY:PATH" lines. */
static void put_cgroups(options *o, const char *lines, struct arena *a)
{
	size_t n;
	char **line = str_split(a, lines, '\n', &n);
	Peapod__Criu__CgroupRoot *v = arena_array(a, n, sizeof(*v));

	o->cg_root = arena_array(a, n, sizeof(void *));
	for (size_t i = 0; i < n; i++) {
		char *key = strchr(line[i], ':');
		char *path = key ? strchr(key + 1, ':') : NULL;

		if (!path)
			continue;
		*path++ = '\0';
		peapod__criu__cgroup_root__init(&v[i]);
		v[i].ctrl = key + 1;
		v[i].path = path;
		o->cg_root[o->n_cg_root++] = &v[i];
	}
}

static void put_common(options *o, const struct plan_criu *p, const struct criu_place *at,
		       struct arena *a)
{
	const struct criu_options *c = p->options;

	o->images_dir_fd = at->images;
	if (at->work >= 0)
		SET(o, work_dir_fd, at->work);
	SET(o, log_level, LOG_LEVEL);
	o->log_file = text(a, p->kind == PLAN_CRIU_RESTORE ? CRIU_RESTORE_LOG : CRIU_DUMP_LOG);
	o->root = text(a, at->root);
	o->config_file = text(a, p->config_file);
	SET(o, manage_cgroups, 1); /* what .._mode says is newer */
	SET(o, manage_cgroups_mode, (Peapod__Criu__CgroupMode)c->cgroups);
	SET(o, notify_scripts, 1);
	SET(o, shell_job, c->shell_job);
	SET(o, ext_unix_sk, c->ext_unix_sk);
	SET(o, tcp_established, c->tcp_established);
	SET(o, file_locks, c->file_locks);
	SET(o, empty_ns, p->empty_ns);
	SET(o, orphan_pts_master, 1);
	SET(o, auto_dedup, c->auto_dedup);
	SET(o, lazy_pages, c->lazy_pages);
	put_mounts(o, p, a);
	put_external(o, p, a);
}

static void put_dump(options *o, Peapod__Criu__PageServer *server, const struct plan_criu *p,
		     const struct criu_place *at, struct arena *a)
{
	const struct criu_options *c = p->options;

	SET(o, pid, at->pid);
	SET(o, leave_running, c->leave_running);
	SET(o, link_remap, c->link_remap);
	SET(o, tcp_skip_in_flight, c->tcp_skip_in_flight);
	o->freeze_cgroup = text(a, at->freezer);
	if (c->page_server) {
		peapod__criu__page_server__init(server);
		server->address = text(a, c->page_server);
		SET(server, port, c->page_port);
		o->ps = server;
	}
	if (c->parent) {
		o->parent_img = text(a, c->parent);
		SET(o, track_mem, 1);
	}
	if (p->kind == PLAN_CRIU_PRE_DUMP)
		SET(o, track_mem, 1);
}

void criu_request(const struct plan_criu *p, const struct criu_place *at, struct arena *a,
		  struct criu_bytes *out)
{
	static const Peapod__Criu__RequestType types[] = {
		PEAPOD__CRIU__REQUEST_TYPE__DUMP,
		PEAPOD__CRIU__REQUEST_TYPE__PRE_DUMP,
		PEAPOD__CRIU__REQUEST_TYPE__RESTORE,
	};
	request r = PEAPOD__CRIU__REQUEST__INIT;
	options o = PEAPOD__CRIU__OPTIONS__INIT;
	Peapod__Criu__PageServer server;

	r.type = types[p->kind];
	r.opts = &o;
	put_common(&o, p, at, a);
	if (p->kind == PLAN_CRIU_RESTORE) {
		SET(&o, rst_sibling, 1); /* the restored process is a child of ours */
		SET(&o, evasive_devices, 1);
		o.lsm_profile = text(a, p->options->lsm_profile);
		o.lsm_mount_context = text(a, p->options->lsm_mount_context);
		put_inherits(&o, p, at->inherits, a);
		put_joins(&o, p, a);
		put_cgroups(&o, at->proc_cgroup, a);
	} else {
		put_dump(&o, &server, p, at, a);
	}
	pack(&r, a, out);
}

void criu_ask_features(bool mem_track, bool lazy_pages, struct arena *a, struct criu_bytes *out)
{
	request r = PEAPOD__CRIU__REQUEST__INIT;
	Peapod__Criu__Features f = PEAPOD__CRIU__FEATURES__INIT;

	r.type = PEAPOD__CRIU__REQUEST_TYPE__FEATURE_CHECK;
	r.features = &f;
	SET(&f, mem_track, mem_track);
	SET(&f, lazy_pages, lazy_pages);
	pack(&r, a, out);
}

void criu_answer_notify(bool success, struct arena *a, struct criu_bytes *out)
{
	request r = PEAPOD__CRIU__REQUEST__INIT;

	r.type = PEAPOD__CRIU__REQUEST_TYPE__NOTIFY;
	SET(&r, notify_success, success);
	pack(&r, a, out);
}

static void take(const Peapod__Criu__Response *m, struct arena *a, struct criu_reply *out)
{
	*out = (struct criu_reply){
		.said = CRIU_DONE,
		.script = arena_strdup(a, m->notify && m->notify->script ? m->notify->script : ""),
		.number = m->has_cr_errno ? m->cr_errno : 0,
		.message = m->cr_errmsg && *m->cr_errmsg ? arena_strdup(a, m->cr_errmsg) : NULL,
	};
	if (m->notify && m->notify->has_pid)
		out->pid = m->notify->pid;
	if (m->restore)
		out->pid = m->restore->pid;
	if (m->features) {
		out->mem_track = m->features->mem_track;
		out->lazy_pages = m->features->lazy_pages;
	}
	if (!m->success)
		out->said = CRIU_FAILED;
	else if (m->type == PEAPOD__CRIU__REQUEST_TYPE__NOTIFY)
		out->said = CRIU_NOTIFIED;
	else if (m->type == PEAPOD__CRIU__REQUEST_TYPE__FEATURE_CHECK)
		out->said = CRIU_FEATURES;
}

int criu_read(const uint8_t *data, size_t n, struct arena *a, struct criu_reply *out, struct err *e)
{
	Peapod__Criu__Response *m = peapod__criu__response__unpack(NULL, n, data);

	if (!m)
		return err_set(e, EPROTO, "CRIU's answer is none of its messages");
	take(m, a, out);
	peapod__criu__response__free_unpacked(m, NULL);
	return 0;
}
