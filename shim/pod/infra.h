/* SPDX-License-Identifier: Apache-2.0 */
/* infra: the container that is the pod's life; it runs nothing but pause. */
#ifndef SHIM_POD_INFRA_H
#define SHIM_POD_INFRA_H

#include "shim/pod/pod.h"

/* The pause program: env->pause, or pause beside us, or in ../libexec/peapod. In the arena. */
char *pod_pause_path(const struct pod_env *env, struct arena *a, struct err *e);

/* Make its bundle below the pod's directory and start it; its pid (a child of ours). */
pid_t pod_infra_start(const struct pod_env *env, const struct pod_record *r, int dirfd,
		      const char *dir, struct err *e);

/* Its pid while it runs; 0 when it has ended or never was. */
pid_t pod_infra_pid(const struct pod_env *env, const char *pod);

#endif
