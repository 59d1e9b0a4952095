/* SPDX-License-Identifier: Apache-2.0 */
/* sha256: the hash that names a pod's socket (FIPS 180-4), so that no crypto library is needed. */
#ifndef SHIM_DAEMON_SHA256_H
#define SHIM_DAEMON_SHA256_H

#include <stddef.h>

#define SHA256_HEX 65 /* 64 digits and the NUL */

/* The hash of n bytes in lower-case hex. */
void sha256_hex(const void *data, size_t n, char out[SHA256_HEX]);

#endif
