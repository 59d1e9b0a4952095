/* SPDX-License-Identifier: Apache-2.0 */
/* The CNI_* variables: what is needed, what is refused, in which order. */
#include "cni/env.h"
#include "spec/base/auto.h"
#include "spec/base/str.h"
#include "spec/cni/error.h"
#include "tests/unit/test.h"

/* "K=V K=V": the environment of the next env_read(). */
static const char *environment;

static const char *get(const char *name)
{
	static char value[256];
	size_t len = strlen(name);

	for (const char *p = environment; *p; p += strcspn(p, " "), p += *p == ' ') {
		if (strncmp(p, name, len) || p[len] != '=')
			continue;
		snprintf(value, sizeof(value), "%.*s", (int)strcspn(p + len + 1, " "), p + len + 1);
		return value;
	}
	return NULL;
}

static const char *outcome(const char *text, struct arena *a)
{
	struct cni_env env;
	struct err e = { 0 };

	environment = text;
	if (env_read(get, a, &env, &e))
		return arena_printf(a, "%d %s", cni_err_code(&e), e.msg);
	return arena_printf(a, "%d %s %s %s", env.command, env.container_id, env.netns, env.ifname);
}

TEST(env_rules)
{
	static const struct {
		const char *env, *want;
	} rows[] = {
		{ "CNI_COMMAND=ADD CNI_CONTAINERID=c CNI_NETNS=/n CNI_IFNAME=e", "1 c /n e" },
		{ "CNI_COMMAND=ADD", "4 required env variables "
				     "[CNI_CONTAINERID,CNI_NETNS,CNI_IFNAME] missing" },
		{ "CNI_COMMAND=DEL CNI_CONTAINERID=c CNI_IFNAME=e", "2 c  e" },
		{ "CNI_COMMAND=DEL CNI_CONTAINERID=c", "4 required env variables [CNI_IFNAME]" },
		{ "CNI_COMMAND=CHECK CNI_CONTAINERID=c CNI_IFNAME=e",
		  "4 required env variables [CNI_NETNS]" },
		{ "CNI_COMMAND=GC", "4   " },
		{ "CNI_COMMAND=STATUS", "5   " },
		{ "CNI_COMMAND=VERSION", "6   " },
		{ "CNI_COMMAND=add", "0   " }, /* refused behind the config */
		{ "", "4 required env variables [CNI_COMMAND] missing" },
		/* An invalid value comes before what is missing. */
		{ "CNI_COMMAND=ADD CNI_CONTAINERID=a/b", "4 CNI_CONTAINERID 'a/b'" },
		{ "CNI_COMMAND=ADD CNI_IFNAME=eth%d", "4 CNI_IFNAME 'eth%d'" },
		{ "CNI_COMMAND=GC CNI_CONTAINERID=.x", "4 CNI_CONTAINERID" },
	};

	for (size_t i = 0; i < countof(rows); i++) {
		auto_arena struct arena a = { 0 };

		CHECK_HAS(outcome(rows[i].env, &a), rows[i].want);
	}
}

TEST(env_least_versions)
{
	CHECK(env_least_version(CNI_ADD) == CNI_0_1_0);
	CHECK(env_least_version(CNI_CHECK) == CNI_0_4_0);
	CHECK(env_least_version(CNI_GC) == CNI_1_1_0);
	CHECK(env_least_version(CNI_STATUS) == CNI_1_1_0);
}
