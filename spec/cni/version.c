/* SPDX-License-Identifier: Apache-2.0 */
/* version: one table, and what follows from its order. */
#include "spec/cni/version.h"

const struct name cni_versions[] = {
	{ "0.1.0", CNI_0_1_0 }, { "0.2.0", CNI_0_2_0 },
	{ "0.3.0", CNI_0_3_0 }, { "0.3.1", CNI_0_3_1 },
	{ "0.4.0", CNI_0_4_0 }, { "1.0.0", CNI_1_0_0 },
	{ "1.1.0", CNI_1_1_0 }, { 0 },
};
_Static_assert(sizeof(cni_versions) / sizeof(cni_versions[0]) == CNI_V_COUNT,
	       "a row for each version, and the end");

enum cni_version cni_version_parse(const char *text)
{
	const struct name *row;

	if (!text || !*text)
		return CNI_0_1_0;
	row = names_find(cni_versions, text);
	return row ? (enum cni_version)row->value : CNI_V_UNKNOWN;
}

const char *cni_version_text(enum cni_version v)
{
	const char *text = names_of(cni_versions, v);

	return text ? text : "?";
}

static int shape(enum cni_version v)
{
	return v >= CNI_1_0_0 ? 2 : v >= CNI_0_3_0;
}

bool cni_version_same_shape(enum cni_version a, enum cni_version b)
{
	return shape(a) == shape(b);
}
