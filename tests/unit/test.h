/* SPDX-License-Identifier: Apache-2.0 */
/* test: self-registering unit tests:  TEST(name) { CHECK(1 + 1 == 2); } */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <stdio.h>
#include <string.h>

struct test {
	const char *name;
	void (*run)(void);
	struct test *next;
};

void test_register(struct test *t);
void test_failed(const char *file, int line, const char *what);
void test_skip(const char *reason); /* return after it */

#define TEST(id)                                                                                   \
	static void test_##id(void);                                                               \
	__attribute__((constructor)) static void register_##id(void)                               \
	{                                                                                          \
		static struct test t = { #id, test_##id, NULL };                                   \
		test_register(&t);                                                                 \
	}                                                                                          \
	static void test_##id(void)

/* A failed check is reported and the test goes on; ASSERT leaves the test. */
#define CHECK(x)                                                                                   \
	do {                                                                                       \
		if (!(x))                                                                          \
			test_failed(__FILE__, __LINE__, #x);                                       \
	} while (0)
#define ASSERT(x)                                                                                  \
	do {                                                                                       \
		if (!(x)) {                                                                        \
			test_failed(__FILE__, __LINE__, #x);                                       \
			return;                                                                    \
		}                                                                                  \
	} while (0)

/* Compare texts; both are shown when they differ. */
void test_text(const char *file, int line, const char *got, const char *want);
#define CHECK_TEXT(got, want) test_text(__FILE__, __LINE__, (got), (want))

/* Does the text have this part? The text is shown when not. */
void test_has(const char *file, int line, const char *got, const char *part);
#define CHECK_HAS(got, part) test_has(__FILE__, __LINE__, (got), (part))

#endif
