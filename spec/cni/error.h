/* SPDX-License-Identifier: Apache-2.0 */
/* error: CNI error codes inside struct err, and error documents. */
#ifndef SPEC_CNI_ERROR_H
#define SPEC_CNI_ERROR_H

#include <stddef.h>
#include <stdint.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/cni/version.h"

/* Codes of the specification ("Error"), and of the Go plugins where it has none (8, 999). */
enum cni_code {
	CNI_ERR_VERSION = 1,	  /* incompatible CNI version */
	CNI_ERR_FIELD = 2,	  /* known, but not supported field */
	CNI_ERR_CONTAINER = 3,	  /* container unknown; the runtime need not DEL */
	CNI_ERR_ENV = 4,	  /* invalid CNI_* variable */
	CNI_ERR_IO = 5,		  /* could not read the request */
	CNI_ERR_DECODE = 6,	  /* not JSON, or a wrong type in it */
	CNI_ERR_CONFIG = 7,	  /* network config does not make sense */
	CNI_ERR_NETNS = 8,	  /* CNI_NETNS is not a usable network namespace */
	CNI_ERR_AGAIN = 11,	  /* try again later */
	CNI_ERR_UNAVAILABLE = 50, /* STATUS: ADD would fail */
	CNI_ERR_LIMITED = 51,	  /* STATUS: ADD would fail, and existing pods suffer */
	CNI_ERR_INTERNAL = 999,	  /* everything else */
};

/* Fill *e so that cni_err_code() gives this code. Returns -1. */
int cni_err(struct err *e, enum cni_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Give an error that is already filled this code, unless it has one. Returns -1. */
int cni_err_as(struct err *e, enum cni_code code);

/* The code of an error: as set above; CNI_ERR_INTERNAL for one with a plain errno. */
int cni_err_code(const struct err *e);

/* An error document. */
struct cni_error {
	uint64_t code;
	char *msg, *details; /* details may be NULL */
	char *cni_version;   /* may be NULL: the Go plugins leave it out */
};

/* The document of an error, for a request of that version (unknown: the newest). One line. */
char *cni_error_text(const struct err *err, enum cni_version v, struct arena *a);

/* What a plugin printed before it failed. -1: that is not an error document. */
int cni_error_parse(const char *text, size_t len, struct arena *a, struct cni_error *out,
		    struct err *e);

#endif
