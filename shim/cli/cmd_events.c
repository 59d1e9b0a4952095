/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_events: a line of JSON for each look at the statistics and for each OOM. */
#include <errno.h>
#include <unistd.h>

#include "shim/cli/cli.h"
#include "shim/cli/events_json.h"
#include "shim/engine/oom.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/log.h"
#include "spec/base/loop.h"
#include "spec/base/proc.h"

#define MS_NS	    1000000
#define INTERVAL_NS 5000000000

struct events_options {
	bool help, stats;
	char *interval;
};

static const struct opt events_options[] = {
	CLI_HELP_ROW(struct events_options),
	{ "stats", 0, OPT_FLAG, offsetof(struct events_options, stats), NULL,
	  "print the statistics once, and nothing else", NULL },
	{ "interval", 0, OPT_STR, offsetof(struct events_options, interval), "DURATION",
	  "between two looks at the statistics, like 5s (which it is) or 1m30s", NULL },
	{ 0 },
};

/* What one run watches. */
struct events {
	const struct cli *cli;
	const char *id;
	struct loop loop;
	struct oom_watch oom;
	struct loop_source on_oom, on_exit, on_time;
	bool failed;
	struct err e;
};

static int print_line(const char *text, struct err *e)
{
	auto_str struct str line = { 0 };

	str_addf(&line, "%s\n", text);
	if (write_all(STDOUT_FILENO, line.s, line.len))
		return err_sys(e, "write to standard output");
	return 0;
}

static int print_stats(const struct cli *cli, const char *id, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct cgroup_stats stats;

	if (engine_stats(&cli->engine, id, &a, &stats, e))
		return -1;
	return print_line(events_stats(id, &stats, &a), e);
}

static void stop(struct events *ev, int failed)
{
	ev->failed = ev->failed || failed;
	loop_stop(&ev->loop);
}

/* Nothing more comes from a cgroup that is gone; the end of the process ends us. */
static void look_at_oom(struct events *ev)
{
	auto_arena struct arena a = { 0 };
	int oom = ev->oom.fd < 0 ? 0 : oom_read(&ev->oom);

	if (oom > 0 && print_line(events_oom(ev->id, &a), &ev->e))
		stop(ev, -1);
	if (oom >= 0)
		return;
	loop_del(&ev->loop, &ev->on_oom);
	oom_close(&ev->oom);
}

static void oom_came(struct loop_source *src, uint32_t events)
{
	(void)events;
	look_at_oom(container_of(src, struct events, on_oom));
}

static void time_came(struct loop_source *src, uint32_t events)
{
	struct events *ev = container_of(src, struct events, on_time);
	uint64_t times;
	struct err e;

	(void)events;
	(void)!read(src->fd, &times, sizeof(times));
	if (!print_stats(ev->cli, ev->id, &e))
		return;
	/* it may end any time, and a look that fails is no reason to miss the next ones */
	if (e.num == EPIPE || e.num == EIO || e.num == ENOSPC) {
		ev->e = e;
		stop(ev, -1);
	}
	log_msg(LOG_DEBUG, "%s", e.msg);
}

/* The last process may have been killed for memory: that is told first. */
static void exit_came(struct loop_source *src, uint32_t events)
{
	struct events *ev = container_of(src, struct events, on_exit);

	(void)events;
	look_at_oom(ev);
	stop(ev, 0);
}

static int watch_exit(struct events *ev, int pidfd, uint64_t ms, struct err *e)
{
	struct engine_info info;

	if (engine_state(&ev->cli->engine, ev->id, ev->cli->arena, &info, e))
		return -1;
	if (oom_open(info.state, &ev->oom, e)) {
		if (e->num != ENOTSUP)
			return -1;
		log_msg(LOG_WARN, "%s; only statistics are shown", e->msg);
	}
	if (ev->oom.fd >= 0 && loop_add(&ev->loop, &ev->on_oom, ev->oom.fd, EPOLLIN, oom_came, e))
		return -1;
	return loop_add(&ev->loop, &ev->on_exit, pidfd, EPOLLIN, exit_came, e) ||
			       loop_timer(&ev->loop, &ev->on_time, ms, ms, time_came, e)
		       ? -1
		       : 0;
}

static int watch(struct cli *cli, const char *id, int pidfd, uint64_t ms, struct err *e)
{
	struct events ev = {
		.cli = cli,
		.id = id,
		.oom = OOM_WATCH_INIT,
		.on_oom = LOOP_SOURCE_INIT,
		.on_exit = LOOP_SOURCE_INIT,
		.on_time = LOOP_SOURCE_INIT,
	};
	int failed;

	if (loop_init(&ev.loop, e))
		return -1;
	failed = watch_exit(&ev, pidfd, ms, e) || loop_run(&ev.loop, e);
	if (!failed && ev.failed) {
		*e = ev.e;
		failed = true;
	}
	loop_del(&ev.loop, &ev.on_time);
	oom_close(&ev.oom);
	loop_done(&ev.loop);
	return failed ? -1 : 0;
}

static int run_events(struct cli *cli, const void *options, int argc, char **argv, struct err *e)
{
	const struct events_options *o = options;
	int64_t ns = INTERVAL_NS;
	struct engine_info info;
	auto_fd int pidfd = -1;

	(void)argc;
	if (o->interval && parse_duration(o->interval, &ns))
		return err_set(e, EINVAL, "--interval: '%s' is not a duration like 5s or 1m30s",
			       o->interval);
	if (ns < MS_NS)
		return err_set(e, EINVAL, "--interval: less than 1ms");
	if (o->stats)
		return print_stats(cli, argv[0], e);
	if (engine_state(&cli->engine, argv[0], cli->arena, &info, e))
		return -1;
	pidfd = info.pid ? proc_pidfd(info.pid) : -1;
	if (pidfd < 0 || !proc_alive(info.pid, info.state->start_time))
		return err_set(e, ESRCH, "container not running: '%s'", argv[0]);
	return watch(cli, argv[0], pidfd, (uint64_t)ns / MS_NS, e);
}

const struct cli_command cmd_events = {
	.name = "events",
	.operands = "ID",
	.help = "print statistics and OOM kills of a container as lines of JSON",
	.options = events_options,
	.size = sizeof(struct events_options),
	.min = 1,
	.max = 1,
	.run = run_events,
};
