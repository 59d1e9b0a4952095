/* SPDX-License-Identifier: Apache-2.0 */
/* validate: rules about the whole of config.json, and about a container's id. */
#include "spec/oci/validate.h"

#include <errno.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/oci/check.h"
#include "spec/oci/tables.h"

#define ID_MAX 255 /* a container's id is the name of its directory */

#define DIGITS	"0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

int oci_validate_id(const char *id, struct err *e)
{
	size_t len = strlen(id);

	if (!len)
		return err_set(e, EINVAL, "container id is empty");
	if (len > ID_MAX)
		return err_set(e, EINVAL, "container id is longer than %d bytes", ID_MAX);
	if (strspn(id, LETTERS DIGITS "_+.-") != len || str_eq(id, ".") || str_eq(id, ".."))
		return err_set(e, EINVAL,
			       "container id '%s': expected letters, digits, '_', '+', '.', '-'",
			       id);
	return 0;
}

/* A number of SemVer: no zero in front. What is behind it, or NULL. */
static const char *version_number(const char *s)
{
	size_t n = strspn(s, DIGITS);

	return n && (n == 1 || *s != '0') ? s + n : NULL;
}

/* "rc.1": identifiers with dots between. What is behind them, or NULL. */
static const char *version_words(const char *s)
{
	for (;;) {
		size_t n = strspn(s, LETTERS DIGITS "-");

		if (!n)
			return NULL;
		s += n;
		if (*s != '.')
			return s;
		s++;
	}
}

/* semver.org 2.0.0: MAJOR.MINOR.PATCH[-words][+words] */
static bool is_version(const char *s)
{
	for (int i = 0; i < 3; i++) {
		s = version_number(s);
		if (!s || (i < 2 && *s++ != '.'))
			return false;
	}
	if (*s == '-')
		s = version_words(s + 1);
	if (s && *s == '+')
		s = version_words(s + 1);
	return s && !*s;
}

static int check_version(const char *version, struct err *e)
{
	if (!version)
		return 0;
	if (!is_version(version))
		return err_set(e, EINVAL, "ociVersion: '%.60s' is not a version such as %s",
			       version, OCI_VERSION);
	if (!str_starts(version, "1."))
		return err_set(e, ENOTSUP, "ociVersion: %.60s is not supported, only 1.x", version);
	return 0;
}

static int check_hook(const struct oci_hook *h, struct err *e)
{
	if (oci_check_absolute("path", h->path, e) || oci_check_env("env", &h->env, e))
		return -1;
	if (h->timeout.set && h->timeout.v <= 0)
		return err_set(e, ERANGE, "timeout: expected seconds above 0, got %lld",
			       (long long)h->timeout.v);
	return 0;
}

static int check_hooks(const struct oci_hooks *h, struct err *e)
{
	const struct oci_hook_list *lists[] = { &h->prestart,	      &h->create_runtime,
						&h->create_container, &h->start_container,
						&h->poststart,	      &h->poststop };

	for (const struct name *n = oci_hook_names; n->name; n++) {
		const struct oci_hook_list *l = lists[n->value];

		for (size_t i = 0; i < l->n; i++) {
			if (check_hook(&l->v[i], e))
				return err_ctx(e, "hooks: %s: [%zu]", n->name, i);
		}
	}
	return 0;
}

static int check_host_name(const struct oci_config *c, const char *key, const char *name,
			   struct err *e)
{
	if (!name)
		return 0;
	if (strlen(name) > OCI_NAME_MAX)
		return err_set(e, EINVAL, "%s: longer than %d bytes", key, OCI_NAME_MAX);
	if (!oci_namespace_of(c, OCI_NS_UTS))
		return err_set(e, EINVAL, "%s: there is no uts namespace", key);
	return oci_check_line(key, name, e);
}

int oci_validate(const struct oci_config *c, struct err *e)
{
	if (check_version(c->oci_version, e))
		return -1;
	if (!c->root || !c->process)
		return err_set(e, EINVAL, "%s: required, but absent",
			       !c->root ? "root" : "process");
	if (oci_validate_process(c->process, e))
		return err_ctx(e, "process");
	if (check_host_name(c, "hostname", c->hostname, e) ||
	    check_host_name(c, "domainname", c->domainname, e))
		return -1;
	for (size_t i = 0; i < c->annotations.n; i++) {
		if (!*c->annotations.v[i].key)
			return err_set(e, EINVAL, "annotations: a key is empty");
	}
	if (oci_check_mounts(c, e) || check_hooks(&c->hooks, e))
		return -1;
	return oci_check_linux(c, e);
}
