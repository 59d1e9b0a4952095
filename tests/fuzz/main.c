/* SPDX-License-Identifier: Apache-2.0 */
/* main of a fuzz target without libFuzzer: tries the files that are its arguments; TAP. */
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/fd.h"

#define INPUT_MAX (64 << 20)

static int try_file(const char *path)
{
	auto_arena struct arena a = { 0 };
	struct err e = { 0 };
	uint8_t *exact; /* of the right size, so that a read beyond the end is seen */
	size_t n;
	char *data = read_file(AT_FDCWD, path, INPUT_MAX, &a, &n, &e);

	if (!data) {
		fprintf(stderr, "%s\n", e.msg);
		return -1;
	}
	exact = mem_grow(NULL, n ? n : 1, 1);
	memcpy(exact, data, n);
	LLVMFuzzerTestOneInput(exact, n);
	free(exact);
	return 0;
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (int i = 1; i < argc; i++) {
		if (try_file(argv[i]))
			return EXIT_FAILURE;
		printf("ok %d %s\n", i, argv[i]);
	}
	printf("1..%d\n", argc - 1);
	return argc > 1 ? EXIT_SUCCESS : 2;
}
