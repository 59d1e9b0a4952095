/* SPDX-License-Identifier: Apache-2.0 */
/* auto: clean-up by scope; a local that owns something says so in its type. */
#ifndef SPEC_BASE_AUTO_H
#define SPEC_BASE_AUTO_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Every cleaner keeps errno, so `return err_sys(...)` works with owners in scope. */

static inline void auto_close_fd(const int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	errno = saved;
}

static inline void auto_free_ptr(void *p)
{
	int saved = errno;

	free(*(void **)p);
	errno = saved;
}

static inline void auto_close_dir(DIR **d)
{
	int saved = errno;

	if (*d)
		closedir(*d);
	errno = saved;
}

static inline void auto_close_file(FILE **f)
{
	int saved = errno;

	if (*f)
		fclose(*f);
	errno = saved;
}

#define auto_fd	  __attribute__((cleanup(auto_close_fd)))   /* int, -1 when unset */
#define auto_free __attribute__((cleanup(auto_free_ptr)))   /* pointer of malloc, or NULL */
#define auto_dir  __attribute__((cleanup(auto_close_dir)))  /* DIR *, or NULL */
#define auto_file __attribute__((cleanup(auto_close_file))) /* FILE *, or NULL */

/* Hand the fd over: returns it, and leaves -1 behind. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* Hand the pointer over: evaluates to it, and leaves NULL behind. */
#define take_ptr(p)                                                                                \
	({                                                                                         \
		__typeof__(p) taken_ = (p);                                                        \
		(p) = NULL;                                                                        \
		taken_;                                                                            \
	})

/* Close *fd if open and set it to -1; errno is kept. */
static inline void close_fd(int *fd)
{
	auto_close_fd(fd);
	*fd = -1;
}

#define countof(a) (sizeof(a) / sizeof((a)[0]))

#endif
