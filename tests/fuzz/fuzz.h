/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz: what a fuzz target has, for libFuzzer or for tests/fuzz/main.c. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Try one input, which is not NUL-terminated. Aborts on what must not happen; returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
