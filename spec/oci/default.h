/* SPDX-License-Identifier: Apache-2.0 */
/* default: the config that `spec` prints, to start one's own from. */
#ifndef SPEC_OCI_DEFAULT_H
#define SPEC_OCI_DEFAULT_H

#include <stdbool.h>
#include <stdint.h>

#include "spec/oci/config.h"

/*
 * A shell on a terminal in ./rootfs, read-only, with few capabilities: the same
 * container as runc's `spec` describes, so that tutorials hold. `rootless`
 * gives the variant that needs no privilege: a user namespace in which uid and
 * gid (the caller's) are root, the host's network, and no resources. In the
 * arena; the caller may change any of it and prints it with oci_config_encode().
 */
struct oci_config *oci_config_default(struct arena *a, bool rootless, uint32_t uid, uint32_t gid);

/* Add a new namespace of that type unless it is listed: OCI_NS_CGROUP where cgroup v2 is whole. */
void oci_config_add_namespace(struct oci_config *c, struct arena *a, enum oci_ns type);

#endif
