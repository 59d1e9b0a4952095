/* SPDX-License-Identifier: Apache-2.0 */
/* validate: rules across the fields of config.json. */
#include "spec/oci/validate.h"

#include <errno.h>
#include <string.h>

#include "spec/base/str.h"

#define ID_MAX 255 /* a container's id is the name of its directory */

int oci_validate_id(const char *id, struct err *e)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+.-";
	size_t len = strlen(id);

	if (!len)
		return err_set(e, EINVAL, "container id is empty");
	if (len > ID_MAX)
		return err_set(e, EINVAL, "container id is longer than %d bytes", ID_MAX);
	if (strspn(id, allowed) != len || str_eq(id, ".") || str_eq(id, ".."))
		return err_set(e, EINVAL,
			       "container id '%s' is not of letters, digits and _+.- alone, or a "
			       "directory",
			       id);
	return 0;
}

int oci_validate_process(const struct oci_process *p, struct err *e)
{
	if (!p->args.n)
		return err_set(e, EINVAL, "args: at least one is required");
	if (p->cwd[0] != '/')
		return err_set(e, EINVAL, "cwd: '%s' is not absolute", p->cwd);
	return 0;
}

int oci_validate_resources(const struct oci_resources *r, struct err *e)
{
	(void)r, (void)e;
	return 0;
}

int oci_validate(const struct oci_config *c, struct err *e)
{
	if (!c->root)
		return err_set(e, EINVAL, "root: required, but absent");
	if (!c->process)
		return err_set(e, EINVAL, "process: required, but absent");
	return oci_validate_process(c->process, e) ? err_ctx(e, "process") : 0;
}
