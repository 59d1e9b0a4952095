/* SPDX-License-Identifier: Apache-2.0 */
/* survey: who holds which address on this host, and which of them cannot be alive. */
#ifndef CNI_SURVEY_H
#define CNI_SURVEY_H

#include <stddef.h>
#include <stdint.h>

#include "cni/lease_file.h"
#include "cni/net.h"
#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/base/names.h"

enum survey_state {
	SURVEY_USED,	 /* its namespace is there, and its interface if it is known */
	SURVEY_UNKNOWN,	 /* made by another implementation: nothing is known but the lease */
	SURVEY_SHARED,	 /* another network has given out that address too */
	SURVEY_GARBAGE,	 /* no lease: an empty file, or one with something else in it */
	SURVEY_OLD,	 /* of an earlier boot */
	SURVEY_NO_NETNS, /* its namespace is gone */
	SURVEY_NO_PAIR,	 /* its namespace is there, its interface is not, and has had the time */
};
extern const struct name survey_states[]; /* their names */

/* From here on it is only in the way. */
static inline bool survey_dead(enum survey_state state)
{
	return state >= SURVEY_GARBAGE;
}

/* Texts are "" where nothing is known. */
struct survey_lease {
	const char *network, *address;
	const char *container_id, *ifname, *pod, *netns;
	int64_t since; /* seconds since 1970 */
	enum survey_state state;
};
struct survey {
	struct survey_lease *v;
	size_t n;
};

struct survey_place {
	const char *data_dir;
	const char *network;   /* NULL: all */
	const char *alias_dir; /* of files with names */
	uint32_t grace;	       /* seconds that a lease may be without its interface: ADD goes on */
};

/* The networks that have leases there. In the arena. */
int survey_networks(const struct survey_place *place, struct arena *a, struct json_strs *out,
		    struct err *e);

/*
 * All leases of one network, whose directory is open, added to *out. Namespaces
 * are looked for by their paths, so it has to be run where runtimes run.
 */
int survey_network(struct net *n, const struct survey_place *place, const struct lease_dir *d,
		   const char *network, struct arena *a, struct survey *out, struct err *e);

/* Of all networks, in order of network and address. */
int survey_all(struct net *n, const struct survey_place *place, struct arena *a, struct survey *out,
	       struct err *e);

#endif
