/* SPDX-License-Identifier: Apache-2.0 */
/* built: one statement, for every program that has the engine in it. */
#include "shim/engine/built.h"

#include <seccomp.h>

#include "shim/engine/criu.h"
#include "shim/engine/unit_prop.h"

/* Of config.json; an image's config must not bring them in (features.md). */
static const char *const unsafe_annotations[] = { UNIT_ANNOTATION, CRIU_CONFIG_ANNOTATION, NULL };

static const struct oci_built built = {
	.version = VERSION,
	.commit = COMMIT,
	.libseccomp = { SCMP_VER_MAJOR, SCMP_VER_MINOR, SCMP_VER_MICRO },
	.cgroup_v1 = true,
	.cgroup_v2 = true,
	.systemd = true,
	.systemd_user = true,
	.rdma = true,
	.apparmor = true,
	.selinux = true,
	.intel_rdt = true,
	.rdt_schemata = true,
	.rdt_monitoring = true,
	.memory_policy = true,
	.net_devices = true,
	.idmap = true,
	.seccomp_notify = true,
	.seccomp_wait_killable = true,
	.tmpcopyup = true,
	.nofollow = true,
	.checkpoint = true,
	.unsafe_annotations = unsafe_annotations,
};

const struct oci_built *engine_built(void)
{
	return &built;
}
