/* SPDX-License-Identifier: Apache-2.0 */
/* survey_text: the table and the JSON that `peapod-cni leases` prints; pure. */
#ifndef CNI_SURVEY_TEXT_H
#define CNI_SURVEY_TEXT_H

#include "cni/survey.h"
#include "spec/base/str.h"

/* NETWORK ADDRESS CONTAINER INTERFACE POD STATE SINCE, in aligned columns with a heading. */
void survey_table(const struct survey *s, struct str *out);

/* An array of objects, one line. */
void survey_json(const struct survey *s, struct arena *a, struct str *out);

#endif
