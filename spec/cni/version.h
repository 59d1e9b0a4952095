/* SPDX-License-Identifier: Apache-2.0 */
/* version: the CNI versions that are known, and what each of them has. */
#ifndef SPEC_CNI_VERSION_H
#define SPEC_CNI_VERSION_H

#include <stdbool.h>

#include "spec/base/err.h"
#include "spec/base/names.h"

/* In rising order, so that they compare. 0 is "unknown". */
enum cni_version {
	CNI_V_UNKNOWN,
	CNI_0_1_0,
	CNI_0_2_0,
	CNI_0_3_0,
	CNI_0_3_1,
	CNI_0_4_0,
	CNI_1_0_0,
	CNI_1_1_0,
	CNI_V_COUNT,
};
#define CNI_V_NEWEST CNI_1_1_0

/* "0.1.0" .. "1.1.0" to enum cni_version. */
extern const struct name cni_versions[];

/* The version of a document's text; NULL and "" mean 0.1.0 (spec). CNI_V_UNKNOWN otherwise. */
enum cni_version cni_version_parse(const char *text);

/* "1.0.0"; "?" for CNI_V_UNKNOWN. */
const char *cni_version_text(enum cni_version v);

/*
 * Results have three shapes: {0.1.0, 0.2.0}, {0.3.x, 0.4.0}, {1.x}. Inside of
 * one a prevResult is as good as another's; across them it is an error.
 */
bool cni_version_same_shape(enum cni_version a, enum cni_version b);

#endif
