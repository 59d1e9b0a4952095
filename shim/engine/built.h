/* SPDX-License-Identifier: Apache-2.0 */
/* built: what the engine's planners take; they refuse the rest by name. */
#ifndef SHIM_ENGINE_BUILT_H
#define SHIM_ENGINE_BUILT_H

#include "spec/oci/features.h"

/* For `peapod features` and the shim's -info. */
const struct oci_built *engine_built(void);

#endif
