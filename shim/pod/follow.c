/* SPDX-License-Identifier: Apache-2.0 */
/* follow: log files by inotify; containers write them without our help. */
#include "shim/pod/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>

#include "shim/pod/logs.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

static int watch(struct follow *f, const char *sub, uint32_t mask, struct err *e)
{
	auto_fd int fd = openat(f->dirfd, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || inotify_add_watch(f->inotify, fd_path(fd).s, mask) < 0)
		return err_sys(e, "watch the pod's logs");
	return 0;
}

static struct follow_file *find(struct follow *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++) {
		if (str_eq(f->files[i].name, name))
			return &f->files[i];
	}
	return NULL;
}

static void add_file(struct follow *f, const char *member)
{
	struct follow_file *file = &f->files[f->n];
	char path[POD_NAME_MAX + 16];
	int fd;

	if (f->n == POD_MEMBER_MAX || find(f, member) || strlen(member) > POD_NAME_MAX)
		return;
	snprintf(path, sizeof(path), "logs/%s.log", member);
	fd = openat(f->dirfd, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return; /* not yet started */
	*file = (struct follow_file){ .fd = fd };
	snprintf(file->name, sizeof(file->name), "%s", member);
	f->n++;
}

/* Members and phase from the record; a pod that is removed has ended. */
static int refresh(struct follow *f, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct pod_record *r = pod_record_load(f->dirfd, &a, e);

	if (!r) {
		f->ended = true;
		return -1;
	}
	f->ended = r->phase == POD_EXITED;
	if (f->only && !pod_member_find(&r->spec, f->only))
		return err_set(e, ENOENT, "pod '%s' has no container '%s'", r->spec.name, f->only);
	for (size_t i = 0; i < r->spec.members.n; i++) {
		if (!f->only || str_eq(f->only, r->spec.members.v[i].name))
			add_file(f, r->spec.members.v[i].name);
	}
	return 0;
}

int follow_open(struct follow *f, const char *root, const char *pod, const char *only, bool names,
		int out, struct err *e)
{
	*f = (struct follow){
		.dirfd = -1, .inotify = -1, .only = only, .names = names, .out = out
	};
	f->dirfd = pod_dir_open(root, pod, e);
	if (f->dirfd < 0)
		return -1;
	f->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->inotify < 0)
		return err_sys(e, "watch the pod's logs");
	if (watch(f, ".", IN_MOVED_TO | IN_DELETE, e) || watch(f, "logs", IN_MODIFY | IN_CREATE, e))
		return -1;
	return refresh(f, e);
}

static int flush(struct follow *f, struct follow_file *file, bool ended_line)
{
	auto_str struct str out = { 0 };

	str_addf(&out, "%s | ", file->name);
	str_addn(&out, str_text(&file->line), file->line.len);
	if (!ended_line)
		str_addc(&out, '\n');
	str_clear(&file->line);
	return write_all(f->out, out.s, out.len);
}

static int copy_lines(struct follow *f, struct follow_file *file, const char *p, size_t n)
{
	while (n > 0) {
		const char *nl = memchr(p, '\n', n);
		size_t len = nl ? (size_t)(nl - p) + 1 : n;

		if (file->line.len + len > FOLLOW_LINE_MAX && file->line.len &&
		    flush(f, file, false))
			return -1;
		str_addn(&file->line, p, len);
		if (nl && flush(f, file, true))
			return -1;
		p += len;
		n -= len;
	}
	return 0;
}

/* Where whole lines begin. */
static const char *after_break(struct follow_file *file, const char *p, size_t n)
{
	const char *nl;

	if (!file->inside)
		return p;
	nl = memchr(p, '\n', n);
	file->inside = !nl;
	return nl ? nl + 1 : p + n;
}

static int copy_new(struct follow *f, struct follow_file *file, struct err *e)
{
	char buf[65536];
	ssize_t n;

	if (pod_log_skip_hole(file->fd))
		file->inside = true;
	while ((n = read(file->fd, buf, sizeof(buf))) > 0) {
		const char *from = after_break(file, buf, (size_t)n);
		size_t len = (size_t)(buf + n - from);

		if (f->names ? copy_lines(f, file, from, len) : write_all(f->out, from, len))
			return err_sys(e, "write the log");
	}
	return n < 0 ? err_sys(e, "read the log of '%s'", file->name) : 0;
}

int follow_pump(struct follow *f, struct err *e)
{
	char events[4096];
	struct err gone;

	while (read(f->inotify, events, sizeof(events)) > 0)
		;
	/* The record first: what was written before the end is then copied, too. */
	(void)refresh(f, &gone);
	for (size_t i = 0; i < f->n; i++) {
		if (copy_new(f, &f->files[i], e))
			return -1;
	}
	return 0;
}

void follow_done(struct follow *f)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->files[i].line.len)
			(void)flush(f, &f->files[i], false);
		str_done(&f->files[i].line);
		close_fd(&f->files[i].fd);
	}
	f->n = 0;
	close_fd(&f->inotify);
	close_fd(&f->dirfd);
}
