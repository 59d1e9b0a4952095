/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor: the one process of a running pod; internal to shim/pod. */
#ifndef SHIM_POD_SUPERVISOR_H
#define SHIM_POD_SUPERVISOR_H

#include "shim/pod/pod.h"
#include "spec/base/loop.h"

#define CONNS_MAX     16 /* questions at a time */
#define SUP_TIME_SIZE 40 /* of an RFC 3339 text */

/* What the supervisor tells pod_run(), in packets. */
enum report_kind {
	REPORT_MADE = 1,    /* the directory and the infra container are there */
	REPORT_STARTED,	    /* every member has been started */
	REPORT_ENDED,	    /* the pod has ended; code */
	REPORT_FAILED,	    /* it could not be made; err */
	REPORT_INIT_FAILED, /* an init container failed; code, member, err */
};
struct report {
	int32_t kind, code;
	struct err err;
	char member[POD_NAME_MAX + 1];
};

struct supervisor;

/* A member's process and what is planned for it. */
struct sup_run {
	struct supervisor *s;
	struct pod_member *m;
	pid_t pid;		  /* 0: none */
	uint64_t since_ms;	  /* when it was started */
	uint32_t delay_ms;	  /* the last back-off */
	bool was_started;	  /* at least once */
	struct loop_source timer; /* restart, or KILL of one that is being replaced */
	char *next_bundle;	  /* replaces it when it has ended, or NULL */
	struct sup_conn *waiter;  /* who asked for that, or NULL */
	char started[SUP_TIME_SIZE], finished[SUP_TIME_SIZE], error[sizeof(struct err)];
};

/* Somebody who asked. */
struct sup_conn {
	struct supervisor *s;
	struct loop_source src; /* fd -1: unused */
	bool waits_end;		/* for the end of the pod */
};

struct supervisor {
	struct pod_env env;
	struct pod_run run;
	struct arena a;
	struct pod_record r;
	int dirfd, lock, report;
	struct loop loop;
	struct loop_source signals, ctl, front, kill_timer, log_timer;
	pid_t infra;	    /* 0: none */
	bool started;	    /* all members have been */
	bool some_ran;	    /* a member has been started: the pod is kept */
	bool stopping;	    /* no starts any more */
	bool finished;	    /* torn down */
	struct report last; /* what is told at the end */
	struct err down;    /* what went wrong in tearing down; num 0: nothing */
	size_t n_runs;
	struct sup_run runs[POD_MEMBER_MAX];
	struct sup_conn conns[CONNS_MAX];
};

/*
 * The whole life of a pod, in a process of its own (a child of pod_run()):
 * make it, start its members, keep to the restart policy, tear it down.
 * report is a packet socket; its end of file means that pod_run() is gone.
 */
void pod_supervise(const struct pod_env *env, const struct pod_run *run, int report);

/* supervise.c */
void sup_save(struct supervisor *s);
void sup_stop(struct supervisor *s, uint32_t seconds); /* TERM, later KILL, then sup_finish() */
void sup_finish(struct supervisor *s);		       /* tear down and leave the loop */
void sup_fail(struct supervisor *s, const struct report *why); /* stop at once, and report it */
void sup_report(struct supervisor *s);
/* sup_member.c */
void sup_advance(struct supervisor *s); /* start what is due; finish when nothing is left */
void sup_ended(struct sup_run *r, int code);
struct sup_run *sup_add_run(struct supervisor *s, struct pod_member *m);
/* New bundle for a member that is there; answers conn, now or later. */
void sup_replace(struct sup_run *r, const char *bundle, uint32_t seconds, struct sup_conn *conn);
int sup_start(struct sup_run *r, struct err *e);

/* sup_conn.c */
int sup_listen(struct supervisor *s, struct err *e);
void sup_answer(struct sup_conn *c, const struct err *failure); /* and close */
void sup_answer_all(struct supervisor *s, const struct err *failure);

#endif
