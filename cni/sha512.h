/* SPDX-License-Identifier: Apache-2.0 */
/* sha512: for names that the reference plugins derive by it (FIPS 180-4). */
#ifndef CNI_SHA512_H
#define CNI_SHA512_H

#include <stddef.h>
#include <stdint.h>

#define SHA512_LEN 64

void sha512(const void *data, size_t len, uint8_t out[SHA512_LEN]);

#endif
