/* SPDX-License-Identifier: Apache-2.0 */
/* validate: rules across fields that tables cannot say; pure. */
#ifndef SPEC_OCI_VALIDATE_H
#define SPEC_OCI_VALIDATE_H

#include "spec/oci/config.h"

/*
 * What no host could run, or what runtime-spec 1.3 calls an error, whatever
 * the kernel: wrong versions, relative paths, ids of 4294967295, values outside
 * of known vocabularies, duplicates, and fields that contradict each other.
 * What depends on the host, or on what is built, is the planners' business.
 * Errors start with the path of the key: "linux: namespaces: [2]: ...".
 * The keys that the tables call required must be there: oci_*_parse() see to
 * it, and so must who builds a struct by hand. Capabilities that nobody knows
 * are no error (config.md: a warning), nor is the lack of ociVersion, as runc
 * has it.
 */
int oci_validate(const struct oci_config *c, struct err *e);
int oci_validate_process(const struct oci_process *p, struct err *e);
int oci_validate_resources(const struct oci_resources *r, struct err *e);

/* A container id: [A-Za-z0-9_+.-]+, not "." or "..", at most 255 bytes. */
int oci_validate_id(const char *id, struct err *e);

#endif
