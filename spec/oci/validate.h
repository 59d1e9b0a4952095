/* SPDX-License-Identifier: Apache-2.0 */
/* validate: rules across fields that tables cannot say; pure. */
#ifndef SPEC_OCI_VALIDATE_H
#define SPEC_OCI_VALIDATE_H

#include "spec/oci/config.h"

/*
 * Needs no kernel and no file. Refuses what no host could run (runtime-spec
 * 1.3 "MUST"s and the findings of the fact sheet): duplicate namespaces, id
 * maps without a user namespace, relative cwd, duplicate rlimits, unknown
 * values of known vocabularies, uid 4294967295, control characters in sysctls...
 */
int oci_validate(const struct oci_config *c, struct err *e);
int oci_validate_process(const struct oci_process *p, struct err *e);
int oci_validate_resources(const struct oci_resources *r, struct err *e);

/* A container id: [A-Za-z0-9_+.-]+, not "." or "..", at most 255 bytes. */
int oci_validate_id(const char *id, struct err *e);

#endif
