/* SPDX-License-Identifier: Apache-2.0 */
/* arena: memory with one lifetime, that of a document or a request. */
#ifndef SPEC_BASE_ARENA_H
#define SPEC_BASE_ARENA_H

#include <stddef.h>

/*
 * Everything allocated from an arena lives until arena_done(). A zeroed
 * struct is a valid empty arena. No function here fails: out of memory
 * aborts, so sizes that come from outside must be capped by the caller.
 */
struct arena {
	struct arena_block *blocks;
	struct arena_defer *defers;
};

/* Free all memory, after running what arena_defer() registered, newest first. */
void arena_done(struct arena *a);

/* size zeroed bytes, aligned for any type. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);

/* n zeroed elements of the given size; an overflow of the product aborts. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* Room for one element behind the n that v has, and for some more; n counts up from 0. */
void *arena_room(struct arena *a, void *v, size_t n, size_t size);

/* Copies. NULL gives NULL. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);

char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Call fn(arg) in arena_done(): for a foreign object that the arena shall own. */
void arena_defer(struct arena *a, void (*fn)(void *arg), void *arg);

#define auto_arena __attribute__((cleanup(arena_done)))

/* malloc family that aborts when out of memory, for objects with a life of their own. */
void *mem_alloc(size_t size); /* zeroed */
void *mem_grow(void *p, size_t n, size_t size);
/* Room for one element behind the n that v has, and for some more; n counts up from 0. */
void *mem_room(void *v, size_t n, size_t size);
char *mem_strdup(const char *s);

#endif
