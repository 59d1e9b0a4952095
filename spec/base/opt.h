/* SPDX-License-Identifier: Apache-2.0 */
/* opt: command line options by tables into a struct, and their usage text. */
#ifndef SPEC_BASE_OPT_H
#define SPEC_BASE_OPT_H

#include <stddef.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/base/json.h"
#include "spec/base/names.h"
#include "spec/base/str.h"

enum opt_type {
	OPT_FLAG, /* bool; "--x" and "--x=true|false" */
	OPT_STR,  /* char *, the last one counts */
	OPT_STRS, /* struct json_strs, each use adds one; NULL-terminated */
	OPT_I32,  /* int32_t */
	OPT_U32,  /* uint32_t */
	OPT_I64,  /* int64_t */
	OPT_SIZE, /* struct opt_i64, parse_size() */
	OPT_ENUM, /* int, by names */
};

/* One option; a table ends with a row without a name. */
struct opt {
	const char *name; /* "bundle": --bundle X, --bundle=X, and both with a single dash */
	char letter;	  /* 'b': -b X, -b=X, -bX; 0: none */
	enum opt_type type;
	size_t offset;
	const char *arg;  /* what usage calls the value; NULL for a flag */
	const char *help; /* NULL: accepted, but not listed */
	const struct name *names;
};

enum {
	OPT_STOP_AT_FIRST = 1, /* the first operand ends the options (exec, ps, global options) */
};

/*
 * Parse argv[0..argc) (without the program's or command's name). Operands are
 * moved to argv[0..n), "--" ends the options and is dropped. Strings point into
 * argv. Returns n; -1 with "unknown option '--bundel', did you mean '--bundle'?".
 */
int opt_parse(const struct opt *table, int argc, char **argv, unsigned int flags, void *out,
	      struct arena *a, struct err *e);

/* "  -b, --bundle DIR     text" lines. */
void opt_usage(const struct opt *table, struct str *out);

#endif
