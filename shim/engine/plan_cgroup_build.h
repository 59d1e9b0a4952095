/* SPDX-License-Identifier: Apache-2.0 */
/* plan_cgroup_build: the growing cgroup plan that the planner's parts share. */
#ifndef SHIM_ENGINE_PLAN_CGROUP_BUILD_H
#define SHIM_ENGINE_PLAN_CGROUP_BUILD_H

#include "shim/engine/plan_input.h"

struct plan_cgroup;
struct plan_cgroup_write;

/* Settings that constrain each other (plan_cgroup_write.group). */
enum cgroup_group {
	CGROUP_GROUP_NONE,
	CGROUP_GROUP_MEMORY, /* limit, swap */
	CGROUP_GROUP_WEIGHT, /* shares, idle */
	CGROUP_GROUP_CFS,    /* period, quota, burst */
	CGROUP_GROUP_RT,     /* realtime period and runtime */
};

/*
 * Puts return nothing: the first failure stays in *e and makes later ones do
 * nothing; the planner asks .failed at its end.
 */
struct cgroup_build {
	const struct plan_input *in;
	struct arena *a;
	struct plan_cgroup *out;
	size_t cap; /* of out->writes */
	bool failed;
	struct err *e;
};

/* Where a controller lives on this host. */
struct cgroup_place {
	bool found, v2;
	size_t dir;
};
struct cgroup_place cgroup_place_of(const struct cgroup_build *b, const char *controller);

/* One setting as both dialects have it. A NULL file: that version has no such thing. */
struct cgroup_setting {
	const char *field;			/* "memory: limit", below linux.resources */
	const char *controller, *v1_controller; /* io is blkio on v1; NULL: the same */
	const char *v1_file, *v1_alt;
	const char *v2_file, *v2_alt;
	unsigned int flags, v2_flags; /* enum plan_cgroup_flag */
	unsigned int group;
};

/*
 * Write the value where the controller lives. Fails, naming the field, when
 * the host has no such controller or the version no such file.
 */
void cgroup_put(struct cgroup_build *b, const struct cgroup_setting *s, const char *v1_value,
		const char *v2_value, const char *v2_alt_value);

/* The same for a plain number in both dialects. */
/* Why there is no cgroup to write to. */
const char *cgroup_missing(const struct cgroup_build *b);
void cgroup_put_num(struct cgroup_build *b, const struct cgroup_setting *s, int64_t value);

/* Is a field of that controller to be written in v2's dialect? Without the controller: v1's. */
bool cgroup_is_v2(const struct cgroup_build *b, const struct cgroup_setting *s);

/* A row made by the caller, for `unified`. */
void cgroup_put_write(struct cgroup_build *b, const struct plan_cgroup_write *w);

/* Fail with "linux: resources: FIELD: text". */
void cgroup_fail(struct cgroup_build *b, int num, const char *field, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Add a line to out->warning. */
void cgroup_warn(struct cgroup_build *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* The parts. */
void cgroup_plan_cpu(struct cgroup_build *b, const struct oci_resources *r);	/* cpu, cpuset */
void cgroup_plan_memory(struct cgroup_build *b, const struct oci_resources *r); /* and pids */
void cgroup_plan_io(struct cgroup_build *b, const struct oci_resources *r);
void cgroup_plan_misc(struct cgroup_build *b, const struct oci_resources *r); /* hugetlb ... */
void cgroup_plan_unified(struct cgroup_build *b, const struct oci_resources *r);
void cgroup_plan_devices(struct cgroup_build *b, const struct oci_resources *r); /* may be NULL */

/*
 * Last, for the systemd driver: the properties of the unit, of what the plan writes, of the
 * devices, and of the annotations, which replace.
 */
void cgroup_plan_scope(struct cgroup_build *b);

#endif
