/* SPDX-License-Identifier: Apache-2.0 */
/* exe: working directory, environment, executable; everything up to execve(2). */
#ifndef SHIM_ENGINE_EXE_H
#define SHIM_ENGINE_EXE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "shim/engine/plan_proc.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"

/*
 * Our own program file. A container must never get to execute it: the process
 * would hold a way to the host's file (/proc/self/exe) in a place where the
 * container's libraries run (CVE-2019-5736).
 *
 * The engine lives in daemons and in short-lived programs alike, so it relies on
 * no re-exec from a sealed copy. Instead: (1) the first process of a container
 * never execs our program; (2) until its own execve it is not dumpable, so
 * nothing in the container may look at its /proc/PID/exe or fds; (3) an
 * executable, or interpreter of a script, that is our file is refused. A
 * program that wants more starts itself from a read-only clone of its mount.
 */
struct exe_self {
	dev_t dev;
	ino_t ino;
};
int exe_self(struct exe_self *out, struct err *e);

/*
 * Child of create, in the container's root, while that can still be written to: make the
 * working directory (0755) if it is missing. exec makes none. What else is wrong with it is
 * left to exe_chdir_first().
 */
int exe_make_cwd(const struct plan_proc *p, int root, struct err *e);

/*
 * Child, in the container's root. The first call comes before the change of
 * user, and says in *entered whether it got there: it leaves EACCES to the
 * second, which comes after it. Either refuses a directory that is not
 * below the root (CVE-2024-21626).
 */
int exe_chdir_first(const struct plan_proc *p, int root, bool *entered, struct err *e);
int exe_chdir_again(const struct plan_proc *p, int root, bool entered, struct err *e);

/*
 * The final environment: the plan's, HOME from the container's passwd ("/" without an
 * entry) where it is unset or empty, LISTEN_PID. Never fails: a file that
 * cannot be read has no entry. In the arena.
 */
char **exe_env(const struct plan_proc *p, int root, struct arena *a);

/*
 * As the final user in the final directory: the file that args[0] means, in the arena.
 * NULL with the texts that callers know:
 *   exec: "X": executable file not found in $PATH
 *   exec: "X": stat X: no such file or directory
 *   exec: "X": permission denied
 *   exec: "X": is a directory
 * with what is wrong behind it where that is known. *hint (in the arena, or NULL) is
 * what execve(2) may still dislike about the file.
 */
char *exe_find(const struct plan_proc *p, char *const *env, const struct exe_self *self,
	       struct arena *a, char **hint, struct err *e);

/* The same texts for a failed execve(2) of `name`. It makes no system call: seccomp is on. */
void exe_failed(int num, const char *name, const char *hint, struct err *e);

/* Close every fd above 2 but those listed (any order); -1s in the list are skipped. */
#define EXE_KEEP_MAX 8
int exe_close_fds(unsigned int preserved, const int *keep, size_t n);

/* Default action and no block for every signal: what the new program starts with. */
void exe_reset_signals(void);

#endif
