/* SPDX-License-Identifier: Apache-2.0 */
/* exe_hint: why a file that is there and executable may still not execute. */
#ifndef SHIM_ENGINE_EXE_HINT_H
#define SHIM_ENGINE_EXE_HINT_H

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/arena.h"

/*
 * execve(2) knows only "no such file or directory" (of an interpreter, too) and
 * "exec format error". From the first n bytes of the file, `head`, and the open
 * file: a half-sentence on what is wrong, in the arena, or NULL. It is asked
 * before execve fails, since afterwards seccomp may forbid to look; it never
 * refuses anything, as binfmt_misc(5) may take what looks wrong.
 */
char *exe_hint(int fd, const char *head, size_t n, struct arena *a);

/* Does the mount that the file is on forbid to execute it? */
bool exe_on_noexec(const char *path);

#endif
