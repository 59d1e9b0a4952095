/* SPDX-License-Identifier: Apache-2.0 */
/* err: one error, plain data, filled once where it happened and printed once by main(). */
#ifndef SPEC_BASE_ERR_H
#define SPEC_BASE_ERR_H

/*
 * The struct is 512 bytes on purpose: it fits one atomic write to a pipe or a
 * packet socket, so that a container's first process sends its own error to
 * the parent as it is.
 *
 * Every fallible function takes `struct err *e` last and returns 0 (or an fd,
 * or a count) on success and -1 or NULL with *e filled on failure. Out
 * parameters change only on success.
 */
struct err {
	int num;       /* errno value; never 0 once set */
	char msg[508]; /* "outer: inner: detail", UTF-8 without control characters */
};

/*
 * Fill *e with num and the formatted text. A num of 0 becomes EINVAL.
 * Use it where our own check fails; the text must then say what is wrong.
 * Returns -1.
 */
int err_set(struct err *e, int num, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/*
 * Fill *e from errno: the formatted text says what was attempted on which
 * object, and ": <strerror>" is put behind it. Returns -1.
 */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Put "<formatted text>: " in front of an error that is already filled, for a
 * name which the inner function could not know (key, path, step). Where it
 * does not fit the end of the old text is cut. Returns -1.
 */
int err_ctx(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The result is -1 whatever happens; this lets compilers and analysers know it too. */
static inline int err_failed(int always)
{
	(void)always;
	return -1;
}
#define err_set(...) err_failed(err_set(__VA_ARGS__))
#define err_sys(...) err_failed(err_sys(__VA_ARGS__))
#define err_ctx(...) err_failed(err_ctx(__VA_ARGS__))

#endif
