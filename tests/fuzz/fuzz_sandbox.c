/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_sandbox: a PodSandboxConfig through the planner, to the texts and the spec. */
#include <stdlib.h>
#include <string.h>

#include "shim/daemon/sandbox_join.h"
#include "shim/daemon/sandbox_plan.h"
#include "spec/ttrpc/message.h"
#include "tests/fuzz/fuzz.h"

/* No file gets a line that nobody meant, and no container a namespace of the host's. */
static void check(const struct sandbox_plan *p, struct arena *a)
{
	auto_str struct str text = { 0 };
	struct json_strs none = { 0 };
	struct sandbox_join join = { .modes = p->modes, .pid = 77, .dir = "/run/pod" };
	struct oci_config *spec = sandbox_spec(p, 77, "/run/pod", a);
	size_t lines = 0;
	struct err e;

	sandbox_resolv_text(p, &text);
	for (const char *c = str_text(&text); *c; c++)
		lines += *c == '\n';
	if (lines > p->servers.n + 2 || (p->hostname && strchr(p->hostname, '\n')))
		abort();
	sandbox_hosts_text(p, &none, &text);
	if (sandbox_join(spec, &join, a, &e))
		abort();
	if (p->modes.net && !oci_namespace_of(spec, OCI_NS_NETWORK))
		abort();
}

/* The first byte says whether there is a network namespace. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena struct arena a = { 0 };
	Pb__CreateSandboxRequest req = PB__CREATE_SANDBOX_REQUEST__INIT;
	Pb__PodSandboxConfig *config;
	struct sandbox_plan p;
	struct err e;

	if (!size)
		return 0;
	req.sandbox_id = arena_strdup(&a, "pod");
	req.netns_path = arena_strdup(&a, data[0] & 1 ? "/run/netns/x" : "");
	config = message_unpack(&pb__pod_sandbox_config__descriptor, data + 1, size - 1, &a, &e);
	if (config && !sandbox_plan(&req, config, &a, &p, &e))
		check(&p, &a);
	return 0;
}
