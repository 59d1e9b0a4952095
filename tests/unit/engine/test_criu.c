/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What CRIU is asked for: tests/golden/criu/CASE.txt holds the plans of a dump and a restore of the
 * container of tests/golden/engine/CASE (PEAPOD_GOLDEN_WRITE=1 writes them); and the messages.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "shim/engine/criu_rpc.h"
#include "shim/engine/plan_criu.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/criu/criu.pb-c.h"
#include "tests/unit/test.h"

#define ENGINE_CASES "tests/golden/engine"
#define CRIU_CASES   "tests/golden/criu"
#define FILE_MAX     (1 << 20)

struct made {
	struct arena a;
	struct host host;
	struct plan_input in;
	struct plan plan;
	struct err e;
};
#define auto_made __attribute__((cleanup(made_done)))

static void made_done(struct made *m)
{
	arena_done(&m->a);
}

/* The plan of a case of the engine's golden plans. */
static bool make(struct made *m, const char *name)
{
	char *path = arena_printf(&m->a, ENGINE_CASES "/%s", name);
	auto_fd int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	size_t len;
	char *text = read_file(dir, "host.json", FILE_MAX, &m->a, &len, &m->e);

	if (!text || json_decode(json_own(&m->a, json_parse(text, len, &m->e)), host_fields,
				 &m->host, &m->a, &m->e))
		return false;
	m->in = (struct plan_input){ .host = &m->host, .id = name, .bundle = "/bundle" };
	m->in.config = oci_config_read(dir, &m->a, &m->e);
	return m->in.config && !plan_make(&m->in, &m->a, &m->plan, &m->e);
}

static char *texts[] = { (char *)"/dev/null", (char *)"pipe:[12]", (char *)"file[1f:2a]",
			 (char *)"file[1f:2a]" };

/* As if one mount were elsewhere, and one masked path a file. */
static void facts_for(struct made *m, struct criu_facts *f)
{
	static char *masked[] = { (char *)"/proc/kcore" };

	*f = (struct criu_facts){
		.net_inode = 4026531840,
		.pid_inode = 4026531836,
		.mounted = arena_array(&m->a, m->plan.mounts.n + 1, sizeof(char *)),
		.masked_files = { 1, masked },
		.fds = { 3, texts + 1 },
	};
	for (size_t i = 0; i < m->plan.mounts.n; i++) {
		if (str_eq(m->plan.mounts.v[i].dest, "/etc/hosts"))
			f->mounted[i] = (char *)"/real/etc/hosts";
	}
}

static void print(struct made *m, enum plan_criu_kind kind, struct str *out)
{
	static const struct criu_options o = CRIU_OPTIONS_INIT;
	struct criu_facts facts = { .fds = { 3, texts } };
	struct plan_criu p;

	if (kind == PLAN_CRIU_DUMP)
		facts_for(m, &facts);
	if (plan_criu(kind, &m->plan, &facts, &o, &m->a, &p, &m->e))
		str_addf(out, "refused: %s\n", m->e.msg);
	else
		plan_criu_print(&p, out);
}

static void check_case(const char *name)
{
	auto_made struct made m = { 0 };
	auto_str struct str out = { 0 };
	auto_fd int dir = open(CRIU_CASES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char *file = arena_printf(&m.a, "%s.txt", name);

	ASSERT(dir >= 0 && make(&m, name));
	print(&m, PLAN_CRIU_DUMP, &out);
	print(&m, PLAN_CRIU_PRE_DUMP, &out);
	print(&m, PLAN_CRIU_RESTORE, &out);
	if (getenv("PEAPOD_GOLDEN_WRITE"))
		CHECK(!replace_file(dir, file, out.s, out.len, 0644, &m.e));
	CHECK_TEXT(out.s, read_file(dir, file, FILE_MAX, &m.a, NULL, &m.e));
}

TEST(criu_plans)
{
	check_case("default-hybrid"); /* v1 hierarchies without a cgroup namespace */
	check_case("cri-app-v2");
	check_case("cri-sandbox-userns");
}

static void refused(const char *name, const char *change, const char *text)
{
	auto_made struct made m = { 0 };
	auto_str struct str out = { 0 };
	struct oci_linux *l;

	ASSERT(make(&m, name));
	l = m.in.config->linux_;
	for (size_t i = 0; i < l->namespaces.n; i++) {
		if (l->namespaces.v[i].type == OCI_NS_CGROUP && str_eq(change, "cgroup"))
			l->namespaces.v[i].path = (char *)"/x";
	}
	if (str_eq(change, "mount"))
		m.plan.mounts.mntns = PLAN_MNTNS_JOINED;
	print(&m, PLAN_CRIU_RESTORE, &out);
	CHECK_HAS(out.s, text);
}

TEST(criu_what_cannot_be_restored)
{
	refused("cri-app-v2", "mount", "refused: linux.namespaces: CRIU needs a container with a");
	refused("cri-app-v2", "cgroup", "refused: linux.namespaces: cgroup: path: CRIU cannot");
}

static Peapod__Criu__Request *sent(struct made *m, enum plan_criu_kind kind,
				   const struct criu_options *o)
{
	static int inherits[8] = { 0, 1, 7, 8, 9 };
	struct criu_place at = {
		.images = 4,
		.work = 5,
		.pid = 42,
		.root = "/r",
		.freezer = "/f",
		.inherits = inherits,
		.proc_cgroup = "1:memory:/a\n0::/b:c\n",
	};
	struct criu_facts facts = { .fds = { 3, texts } };
	struct criu_bytes bytes;
	struct plan_criu p;

	if (!make(m, "cri-app-v2") || plan_criu(kind, &m->plan, &facts, o, &m->a, &p, &m->e))
		return NULL;
	criu_request(&p, &at, &m->a, &bytes);
	return peapod__criu__request__unpack(NULL, bytes.n, bytes.v);
}

TEST(criu_dump_request)
{
	struct criu_options o = CRIU_OPTIONS_INIT;
	auto_made struct made m = { 0 };
	Peapod__Criu__Request *r;

	o.leave_running = o.tcp_established = o.link_remap = true;
	o.parent = "../before";
	o.page_server = "10.0.0.1";
	o.page_port = 27;
	o.cgroups = CRIU_CGROUPS_IGNORE;
	r = sent(&m, PLAN_CRIU_DUMP, &o);
	ASSERT(r);
	CHECK(r->type == PEAPOD__CRIU__REQUEST_TYPE__DUMP && r->opts->pid == 42);
	CHECK(r->opts->images_dir_fd == 4 && r->opts->work_dir_fd == 5);
	CHECK(r->opts->leave_running && r->opts->tcp_established && r->opts->link_remap);
	CHECK(!r->opts->ext_unix_sk && !r->opts->file_locks && !r->opts->shell_job);
	CHECK(r->opts->track_mem && str_eq(r->opts->parent_img, "../before"));
	CHECK(str_eq(r->opts->ps->address, "10.0.0.1") && r->opts->ps->port == 27);
	CHECK(r->opts->has_manage_cgroups_mode && !r->opts->manage_cgroups_mode);
	CHECK(str_eq(r->opts->freeze_cgroup, "/f") && str_eq(r->opts->log_file, "dump.log"));
	CHECK(!r->opts->n_inherit_fd && !r->opts->n_cg_root && !r->opts->rst_sibling);
	peapod__criu__request__free_unpacked(r, NULL);
}

TEST(criu_restore_request)
{
	struct criu_options o = CRIU_OPTIONS_INIT;
	auto_made struct made m = { 0 };
	Peapod__Criu__Request *r;

	o.lsm_profile = "apparmor:x";
	r = sent(&m, PLAN_CRIU_RESTORE, &o);
	ASSERT(r);
	CHECK(r->type == PEAPOD__CRIU__REQUEST_TYPE__RESTORE && !r->opts->has_pid);
	CHECK(r->opts->rst_sibling && str_eq(r->opts->root, "/r"));
	CHECK(str_eq(r->opts->lsm_profile, "apparmor:x") && !r->opts->lsm_mount_context);
	CHECK(str_eq(r->opts->log_file, "restore.log") && !r->opts->ps);
	ASSERT(r->opts->n_cg_root == 2);
	CHECK(str_eq(r->opts->cg_root[0]->ctrl, "memory"));
	CHECK(str_eq(r->opts->cg_root[0]->path, "/a"));
	CHECK(str_eq(r->opts->cg_root[1]->ctrl, "") && str_eq(r->opts->cg_root[1]->path, "/b:c"));
	CHECK(r->opts->n_inherit_fd >= 2 && r->opts->n_join_ns > 0 && r->opts->n_ext_mnt > 0);
	peapod__criu__request__free_unpacked(r, NULL);
}

static struct criu_reply heard(struct made *m, const Peapod__Criu__Response *r)
{
	uint8_t bytes[512];
	struct criu_reply reply = { .said = CRIU_FAILED };

	CHECK(!criu_read(bytes, peapod__criu__response__pack(r, bytes), &m->a, &reply, &m->e));
	return reply;
}

TEST(criu_replies)
{
	auto_made struct made m = { 0 };
	Peapod__Criu__Response r = PEAPOD__CRIU__RESPONSE__INIT;
	Peapod__Criu__Notification n = PEAPOD__CRIU__NOTIFICATION__INIT;
	struct criu_reply reply;

	r.type = PEAPOD__CRIU__REQUEST_TYPE__NOTIFY;
	r.success = 1;
	r.notify = &n;
	n.script = (char *)"post-restore";
	n.has_pid = 1;
	n.pid = 7;
	reply = heard(&m, &r);
	CHECK(reply.said == CRIU_NOTIFIED && str_eq(reply.script, "post-restore"));
	CHECK(reply.pid == 7);
	r = (Peapod__Criu__Response)PEAPOD__CRIU__RESPONSE__INIT;
	r.type = PEAPOD__CRIU__REQUEST_TYPE__DUMP;
	r.has_cr_errno = 1;
	r.cr_errno = 52;
	r.cr_errmsg = (char *)"no such thing";
	reply = heard(&m, &r);
	CHECK(reply.said == CRIU_FAILED && reply.number == 52);
	CHECK(str_eq(reply.message, "no such thing") && str_eq(reply.script, ""));
	r.success = 1;
	CHECK(heard(&m, &r).said == CRIU_DONE);
	CHECK(criu_read((const uint8_t *)"\xff\xff", 2, &m.a, &reply, &m.e) && m.e.num == EPROTO);
	CHECK(criu_read((const uint8_t *)"", 0, &m.a, &reply, &m.e) && m.e.num == EPROTO);
}
