/* SPDX-License-Identifier: Apache-2.0 */
/* main of a unit test program: runs every test, or those whose name has argv[1]; TAP-like lines. */
#include "tests/unit/test.h"

#include <stdlib.h>

static struct test *tests;
static int failed_here;
static const char *skipped;

void test_register(struct test *t)
{
	struct test **at = &tests;

	while (*at)
		at = &(*at)->next;
	*at = t;
}

void test_failed(const char *file, int line, const char *what)
{
	failed_here++;
	printf("# %s:%d: %s\n", file, line, what);
}

void test_skip(const char *reason)
{
	skipped = reason;
}

void test_text(const char *file, int line, const char *got, const char *want)
{
	if (got && want && !strcmp(got, want))
		return;
	test_failed(file, line, "texts differ");
	printf("# --- got\n%s\n# --- want\n%s\n# ---\n", got ? got : "(null)",
	       want ? want : "(null)");
}

void test_has(const char *file, int line, const char *got, const char *part)
{
	if (got && strstr(got, part))
		return;
	test_failed(file, line, "text lacks a part");
	printf("# --- got\n%s\n# --- lacks\n%s\n# ---\n", got ? got : "(null)", part);
}

int main(int argc, char **argv)
{
	int n = 0, bad = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (struct test *t = tests; t; t = t->next) {
		if (argc > 1 && !strstr(t->name, argv[1]))
			continue;
		failed_here = 0;
		skipped = NULL;
		t->run();
		n++;
		bad += failed_here > 0;
		printf("%s %d %s%s%s\n", failed_here ? "not ok" : "ok", n, t->name,
		       skipped ? " # skip " : "", skipped ? skipped : "");
	}
	printf("1..%d\n", n);
	return bad ? EXIT_FAILURE : n ? EXIT_SUCCESS : 2;
}
