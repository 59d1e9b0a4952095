/* SPDX-License-Identifier: Apache-2.0 */
/* arena: a list of blocks; allocation is a bump of the newest one. */
#include "spec/base/arena.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN	    16
#define FIRST_BLOCK ((size_t)960)  /* malloc keeps blocks up to 1032 bytes at hand */
#define BLOCK_SIZE  ((size_t)4000) /* with malloc's header still under a page */
#define PRINT_ROOM  256		   /* longer texts are formatted twice */

struct arena_block {
	struct arena_block *next;
	size_t used, size;
	_Alignas(ALIGN) char data[];
};

struct arena_defer {
	struct arena_defer *next;
	void (*fn)(void *arg);
	void *arg;
};

static void *must(void *p)
{
	if (!p) {
		fputs("out of memory\n", stderr);
		abort();
	}
	return p;
}

void *mem_alloc(size_t size)
{
	return must(calloc(1, size ? size : 1));
}

void *mem_grow(void *p, size_t n, size_t size)
{
	return must(reallocarray(p, n ? n : 1, size));
}

/* An array that is full has a power of two, or nothing. */
static bool is_full(size_t n)
{
	return !(n & (n - 1));
}

void *mem_room(void *v, size_t n, size_t size)
{
	return is_full(n) ? mem_grow(v, n ? 2 * n : 1, size) : v;
}

char *mem_strdup(const char *s)
{
	return s ? must(strdup(s)) : NULL;
}

void arena_done(struct arena *a)
{
	int saved = errno;

	for (struct arena_defer *d = a->defers; d; d = d->next)
		d->fn(d->arg);
	a->defers = NULL;
	while (a->blocks) {
		struct arena_block *next = a->blocks->next;

		free(a->blocks);
		a->blocks = next;
	}
	errno = saved;
}

/* Room that is not zeroed: most of a block is never used, and most of the rest is copied into. */
static void *reserve(struct arena *a, size_t size)
{
	struct arena_block *b = a->blocks;
	size_t want;

	if (size > SIZE_MAX / 2)
		must(NULL);
	want = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!b || b->size - b->used < want) {
		size_t least = b ? BLOCK_SIZE : FIRST_BLOCK, cap = want > least ? want : least;

		b = must(malloc(sizeof(*b) + cap));
		b->used = 0;
		b->size = cap;
		if (a->blocks && want > BLOCK_SIZE / 2) {
			/* a large one goes behind, the newest keeps its free room */
			b->next = a->blocks->next;
			a->blocks->next = b;
		} else {
			b->next = a->blocks;
			a->blocks = b;
		}
	}
	b->used += want;
	return b->data + b->used - want;
}

void *arena_alloc(struct arena *a, size_t size)
{
	return memset(reserve(a, size), 0, size);
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / size)
		must(NULL);
	return arena_alloc(a, n * size);
}

void *arena_room(struct arena *a, void *v, size_t n, size_t size)
{
	void *more;

	if (!is_full(n))
		return v;
	more = arena_array(a, n ? 2 * n : 1, size);
	return n ? memcpy(more, v, n * size) : more;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
	return p ? memcpy(reserve(a, n), p, n) : NULL;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
	char *copy;

	if (!s)
		return NULL;
	n = strnlen(s, n);
	copy = memcpy(reserve(a, n + 1), s, n);
	copy[n] = '\0';
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	char room[PRINT_ROOM], *s;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(room, sizeof(room), fmt, ap);
	va_end(ap);
	if (n < 0)
		must(NULL);
	s = reserve(a, (size_t)n + 1);
	if (n < PRINT_ROOM)
		memcpy(s, room, (size_t)n + 1);
	else
		vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}

void arena_defer(struct arena *a, void (*fn)(void *arg), void *arg)
{
	struct arena_defer *d = arena_alloc(a, sizeof(*d));

	*d = (struct arena_defer){ .next = a->defers, .fn = fn, .arg = arg };
	a->defers = d;
}
