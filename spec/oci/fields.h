/* SPDX-License-Identifier: Apache-2.0 */
/* fields: the field tables that the files of spec/oci share among themselves. */
#ifndef SPEC_OCI_FIELDS_H
#define SPEC_OCI_FIELDS_H

#include "spec/oci/config.h"

/* A text that Go writes with omitempty: "" is the same as absent, and refused where required. */
#define F_TEXT(st, m, k, f) F_STR(st, m, k, (f) | JSON_NONEMPTY)

/* Keys come in the order of runtime-spec's Go structs, so our output reads like its peers'. */
extern const struct json_field oci_hooks_fields[];   /* struct oci_hooks */
extern const struct json_field oci_linux_fields[];   /* struct oci_linux */
extern const struct json_field oci_seccomp_fields[]; /* struct oci_seccomp */
extern const struct json_field oci_idmap_fields[];   /* struct oci_idmap */

#endif
