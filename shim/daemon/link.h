/* SPDX-License-Identifier: Apache-2.0 */
/* link: a ring through objects that are in a list; one that is alone is in none. */
#ifndef SHIM_DAEMON_LINK_H
#define SHIM_DAEMON_LINK_H

#include <stdbool.h>
#include <stddef.h>

/* The head of a list is a link too. link_init() both before use. */
struct link {
	struct link *prev, *next;
};

static inline void link_init(struct link *l)
{
	l->prev = l->next = l;
}

static inline bool link_alone(const struct link *l)
{
	return l->next == l;
}

/* Take it out of its list, if it is in one. */
static inline void link_del(struct link *l)
{
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): what is freed was taken out of its list */
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}

/* Put one that is in no list at the end of a list. */
static inline void link_add(struct link *head, struct link *l)
{
	l->prev = head->prev;
	l->next = head;
	head->prev->next = l;
	head->prev = l;
}

/* Every link of the list; the current one may be taken out and freed. */
#define link_each(l, head)                                                                         \
	for (struct link *l = (head)->next, *next_ = l->next; l != (head);                         \
	     l = next_, next_ = l->next)

#endif
