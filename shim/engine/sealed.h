/* SPDX-License-Identifier: Apache-2.0 */
/* sealed: our own program, executed again from a view of its file that nobody can write to. */
#ifndef SHIM_ENGINE_SEALED_H
#define SHIM_ENGINE_SEALED_H

#include <stddef.h>

/*
 * While a container's process is still us, /proc/PID/exe there names our file on the
 * host. Who opens it that way and waits for our end could write to it (CVE-2019-5736). Three
 * things stand against that: the process is not dumpable (child.c), so that no other may
 * follow the link; a program that is our own file is refused (exe.c); and this, for the
 * race that the second check leaves: between the look at a script's "#!" line, or at a
 * link, and execve(2) an image's other process may put /proc/self/exe in its place, and then
 * our file runs as the container's program, dumpable.
 *
 * So a program that makes processes in containers is executed a second time at its very
 * beginning, from a detached, read-only clone of its file's mount (open_tree(2),
 * mount_setattr(2)). All that it forks has that file behind /proc/self/exe: opening it for
 * writing is EROFS, and there is no mount anywhere that could be made writable: the clone's own fd
 * is closed in a process that is about to enter a container before all else.
 *
 * sealed_start is the program's entry point, before the C library has begun, since
 * its start costs several times what the exec itself does. It looks for words among
 * the arguments ("create", "start" ...) rather than to parse them: one too many costs
 * 0.1 ms. It does nothing, silently, where the file is on a read-only mount already, and
 * where the rights for a clone are missing; an ordinary user's containers have that
 * user's rights over the file, which should be none.
 *
 * Chosen over a sealed memfd (a copy of two megabytes in the container's memory cgroup for
 * each exec), a read-only bind mount (which wakes everything that watches mounts), and over
 * a small second program for the last step, which would have to load the seccomp filter.
 */

/*
 * The words, of which one must be among the arguments; NULL-terminated, given by each program.
 * An array of arrays: relocations are not done yet when it is read.
 */
#define SEALED_WORD_MAX 12
extern const char sealed_words[][SEALED_WORD_MAX] __attribute__((visibility("hidden")));

#define SEALED_EXEC_FN "/dev/fd/" /* how execveat(2) calls a file without a path (AT_EXECFN) */
#define SEALED_FD_MIN  48	  /* the clone's number or more; below 64 no table has to grow */

/*
 * Afterwards argv[0] is the absolute path of the program, since /proc/self/exe is none any more.
 * This gives the path in any case; in `buf`, or NULL with errno.
 */
char *sealed_path(char *buf, size_t size);

/*
 * At the program's beginning: the process's short name, which such an exec makes a number of, and
 * the clone's fd, which no program of ours inherits. Nothing when not sealed.
 */
void sealed_begin(const char *name);

/*
 * Close the clone's fd, on which nothing depends any more. The last close of it (processes that
 * were forked have it, too) waits for RCU, 0.05 to 3 ms: in a child at once, and in its parent
 * while it would only wait for the child.
 */
void sealed_release(void);

#endif
