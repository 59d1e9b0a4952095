/* SPDX-License-Identifier: Apache-2.0 */
/* check: rules about one value, and the parts of validate; for spec/oci alone. */
#ifndef SPEC_OCI_CHECK_H
#define SPEC_OCI_CHECK_H

#include "spec/base/names.h"
#include "spec/oci/config.h"

#define OCI_IDMAPS_MAX 340  /* lines of a map, user_namespaces(7) */
#define OCI_NAME_MAX   64   /* of a host or domain, sethostname(2) */
#define OCI_CPU_MAX    8191 /* the largest NR_CPUS of any architecture, less one */
#define OCI_NODE_MAX   1023 /* the same of MAX_NUMNODES */

/*
 * All of them put the key in front of the error; 0 or -1. A NULL text is absent
 * and always right.
 */
int oci_check_name(const char *key, const char *text, const struct name *table, struct err *e);
int oci_check_names(const char *key, const struct json_strs *l, const struct name *table,
		    struct err *e);
int oci_check_line(const char *key, const char *text, struct err *e); /* no control characters */
int oci_check_absolute(const char *key, const char *path, struct err *e);
int oci_check_range(const char *key, int64_t v, int64_t min, int64_t max, struct err *e);
int oci_check_id(const char *key, uint32_t id, struct err *e);		/* not OCI_ID_NONE */
int oci_check_ifname(const char *key, const char *name, struct err *e); /* dev_valid_name() */
int oci_check_env(const char *key, const struct json_strs *env, struct err *e);

/* A list such as "0-3,7" of numbers up to max, as cpuset(7) has it. */
int oci_check_list(const char *key, const char *text, uint64_t max, struct err *e);

/* The kernel's rules for a map: lines, sizes, no wrap, no overlap on either side. */
int oci_check_idmaps(const char *key, const struct oci_idmaps *maps, struct err *e);

int oci_check_mounts(const struct oci_config *c, struct err *e);
int oci_check_linux(const struct oci_config *c, struct err *e);
int oci_check_seccomp(const struct oci_seccomp *s, struct err *e);

#endif
