/* SPDX-License-Identifier: Apache-2.0 */
/* error: a CNI code travels as an errno that no kernel uses. */
#include "spec/cni/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "spec/base/json.h"

#define CODE_BASE 0x10000 /* above every errno (4095) */

int cni_err(struct err *e, enum cni_code code, const char *fmt, ...)
{
	char text[sizeof(e->msg)];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return err_set(e, CODE_BASE + (int)code, "%s", text);
}

int cni_err_as(struct err *e, enum cni_code code)
{
	if (e->num < CODE_BASE)
		e->num = CODE_BASE + (int)code;
	return -1;
}

int cni_err_code(const struct err *e)
{
	return e->num > CODE_BASE ? e->num - CODE_BASE : CNI_ERR_INTERNAL;
}

static const struct json_field error_fields[] = {
	F_STR(struct cni_error, cni_version, "cniVersion", 0),
	F_NUM(JSON_U64, struct cni_error, code, "code", JSON_REQUIRED),
	F_STR(struct cni_error, msg, "msg", JSON_ALWAYS),
	F_STR(struct cni_error, details, "details", 0),
	{ 0 },
};

char *cni_error_text(const struct err *err, enum cni_version v, struct arena *a)
{
	struct cni_error doc = {
		.code = (uint64_t)cni_err_code(err),
		.msg = arena_strdup(a, err->msg),
		.cni_version =
			arena_strdup(a, cni_version_text(v == CNI_V_UNKNOWN ? CNI_V_NEWEST : v)),
	};

	if (doc.code == CNI_ERR_VERSION) { /* tools look for this text */
		doc.details = doc.msg;
		doc.msg = arena_strdup(a, "incompatible CNI versions");
	}
	return json_text(json_own(a, json_encode(&doc, error_fields)), false, a);
}

int cni_error_parse(const char *text, size_t len, struct arena *a, struct cni_error *out,
		    struct err *e)
{
	struct cni_error doc = { 0 };
	struct json_object *obj = json_parse(text, len, e);

	if (!obj)
		return cni_err_as(e, CNI_ERR_DECODE);
	if (json_decode(json_own(a, obj), error_fields, &doc, a, e))
		return cni_err_as(e, CNI_ERR_DECODE);
	if (!doc.msg)
		doc.msg = arena_strdup(a, "");
	*out = doc;
	return 0;
}
