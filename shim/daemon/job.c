/* SPDX-License-Identifier: Apache-2.0 */
/* job: fork, run, one packet back. */
#include "shim/daemon/job.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/proc.h"
#include "spec/base/str.h"

/* The fixed part of the packet; the data follows it. */
struct packet {
	struct err err;
	pid_t pid, logger_pid;
	bool shares_pidns;
};

void jobs_init(struct jobs *js, struct loop *loop)
{
	js->loop = loop;
	js->home = NULL;
	link_init(&js->all);
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Close every fd from 3 on that is not in the list. */
static void close_all_but(const int *keep, size_t n)
{
	int sorted[JOB_FDS_MAX + 2];
	unsigned int from = STDERR_FILENO + 1;

	memcpy(sorted, keep, n * sizeof(*keep));
	qsort(sorted, n, sizeof(*sorted), by_value);
	for (size_t i = 0; i < n; i++) {
		if (sorted[i] < (int)from)
			continue;
		if (sorted[i] > (int)from)
			syscall(SYS_close_range, from, (unsigned int)sorted[i] - 1, 0);
		from = (unsigned int)sorted[i] + 1;
	}
	proc_close_from(from);
}

static void reset_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void send_result(int sock, struct job_result *r)
{
	auto_str struct str text = { 0 };
	struct packet p = { .err = r->err,
			    .pid = r->pid,
			    .logger_pid = r->logger_pid,
			    .shares_pidns = r->shares_pidns };

	if (r->data.len > JOB_DATA_MAX)
		err_set(&p.err, E2BIG, "the answer is larger than %d bytes", JOB_DATA_MAX);
	str_addn(&text, &p, sizeof(p));
	if (!p.err.num)
		str_addn(&text, r->data.s, r->data.len);
	(void)send_fds(sock, text.s, text.len, &r->console, r->console >= 0 ? 1 : 0);
}

static void child(int sock, const struct jobs *js, const struct job *job, pid_t daemon)
{
	struct job_result r = { .console = -1 };
	struct err e = { 0 };
	int kept[JOB_FDS_MAX + 2];
	bool lost = !job->away && js->home && home_enter(js->home, &r.err);

	if (job->bound && (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != daemon))
		_exit(1);
	memcpy(kept, job->keep, sizeof(job->keep));
	kept[job->n_keep] = sock;
	kept[job->n_keep + 1] = log_to.fd;
	close_all_but(kept, job->n_keep + 2);
	reset_signals();
	if (!lost && job->run(job->work, &r, &e) && !r.err.num)
		r.err = e;
	send_result(sock, &r);
	_exit(0);
}

/* The job is over, and freed. */
static void finish(struct job *job, struct job_result *r)
{
	int sock = job->src.fd;

	link_del(&job->link);
	loop_del(job->jobs->loop, &job->src);
	close_fd(&sock);
	job->done(job, r);
	call_take(&job->call);
	close_fd(&r->console);
	str_done(&r->data);
	free(job);
}

static void lose(struct job *job)
{
	struct job_result r = { .console = -1, .lost = true };

	err_set(&r.err, EIO, "the helper process ended without an answer");
	finish(job, &r);
}

/* False when there is none yet. */
static bool take_result(struct job *job)
{
	struct job_result r = { .console = -1 };
	auto_free struct packet *p = NULL;
	int sock = job->src.fd;
	size_t n_fds = 0;
	/* its size first: a large buffer would stay with the heap */
	ssize_t got = recv(sock, NULL, 0, MSG_PEEK | MSG_TRUNC);

	if (got > 0) {
		p = mem_grow(NULL, (size_t)got, 1);
		got = recv_fds(sock, p, (size_t)got, &r.console, 1, &n_fds);
	}
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (!n_fds)
		r.console = -1;
	if (got < (ssize_t)sizeof(*p)) {
		close_fd(&r.console);
		lose(job);
		return true;
	}
	r.err = p->err;
	r.pid = p->pid;
	r.logger_pid = p->logger_pid;
	r.shares_pidns = p->shares_pidns;
	str_addn(&r.data, p + 1, (size_t)got - sizeof(*p));
	finish(job, &r);
	return true;
}

static void on_result(struct loop_source *src, uint32_t events)
{
	(void)events;
	(void)take_result(container_of(src, struct job, src));
}

/* Each with its group: hooks lead one. */
static void kill_children(pid_t parent)
{
	auto_dir DIR *d = opendir("/proc");
	const struct dirent *de;
	struct proc_stat st;
	struct err ignored;
	uint64_t pid;

	while (d && (de = readdir(d))) {
		if (parse_u64(de->d_name, 10, INT_MAX, &pid) ||
		    proc_stat((pid_t)pid, &st, &ignored) || st.ppid != parent)
			continue;
		kill(-(pid_t)pid, SIGKILL);
		kill((pid_t)pid, SIGKILL);
	}
}

/* Its children before itself: then they would be ours, and not to be told from others. */
static void on_expired(struct call_slot *slot)
{
	const struct job *job = container_of(slot, struct job, call);

	kill(job->pid, SIGSTOP); /* it starts and reaps nothing more */
	kill_children(job->pid);
	kill(job->pid, SIGKILL);
}

int job_start(struct jobs *js, const struct job *job, struct call *call, struct err *e)
{
	struct job *copy;
	pid_t daemon = getpid(), pid;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair))
		return err_sys(e, "create a socket pair");
	copy = mem_alloc(sizeof(*copy));
	*copy = *job;
	copy->jobs = js;
	copy->work = NULL;
	/* Before it starts: nobody would hear of what it did. */
	if (loop_add(js->loop, &copy->src, pair[0], EPOLLIN, on_result, e)) {
		close(pair[0]);
		close(pair[1]);
		free(copy);
		return -1;
	}
	pid = fork();
	if (!pid) {
		fcntl(pair[1], F_SETFL, 0);
		child(pair[1], js, job, daemon);
	}
	close(pair[1]);
	if (pid < 0) {
		err_sys(e, "start a helper process");
		loop_del(js->loop, &copy->src);
		close(pair[0]);
		free(copy);
		return -1;
	}
	copy->pid = pid;
	link_init(&copy->link);
	link_add(&js->all, &copy->link);
	if (call)
		call_keep(call, &copy->call);
	if (job->timed)
		copy->call.expired = on_expired;
	return 0;
}

void jobs_drain(struct jobs *js)
{
	struct link *l = js->all.next;

	while (l != &js->all) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): jobs leave the list first */
		struct link *next = l->next;

		/* What is done with a result may start jobs, or end others: begin anew. */
		l = take_result(container_of(l, struct job, link)) ? js->all.next : next;
	}
}

void jobs_reaped(struct jobs *js, pid_t pid)
{
	for (struct link *l = js->all.next; l != &js->all; l = l->next) {
		struct job *job = container_of(l, struct job, link);

		if (job->pid != pid)
			continue;
		if (!take_result(job))
			lose(job);
		return;
	}
}
