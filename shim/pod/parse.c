/* SPDX-License-Identifier: Apache-2.0 */
/* parse: the texts in which people name containers, volumes and ports. */
#include "shim/pod/pod.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/auto.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/cni/addr.h"

int pod_check_name(const char *what, const char *name, struct err *e)
{
	size_t n = strlen(name);

	if (n == 0)
		return err_set(e, EINVAL, "%s name is empty", what);
	if (n > POD_NAME_MAX)
		return err_set(e, EINVAL, "%s name '%.20s...' is longer than %d characters", what,
			       name, POD_NAME_MAX);
	for (size_t i = 0; i < n; i++) {
		bool inner = i > 0 && i < n - 1;

		if (isalnum((unsigned char)name[i]) || (inner && strchr("-_", name[i])))
			continue;
		return err_set(e, EINVAL,
			       "%s name '%s' is not made of letters and digits (inside also - _)",
			       what, name);
	}
	return 0;
}

/* The real path of what must be a directory. */
static char *existing_dir(const char *what, const char *text, struct arena *a, struct err *e)
{
	auto_free char *path = realpath(text, NULL);
	struct stat st;

	if (!path || stat(path, &st) < 0) {
		err_sys(e, "%s '%s'", what, text);
		return NULL;
	}
	if (!S_ISDIR(st.st_mode)) {
		err_set(e, ENOTDIR, "%s '%s' is not a directory", what, text);
		return NULL;
	}
	return arena_strdup(a, path);
}

int pod_parse_member(const char *text, bool init, struct arena *a, struct pod_member *out,
		     struct err *e)
{
	const char *eq = strchr(text, '='), *slash = strchr(text, '/');
	const char *dir = text, *last;
	struct pod_member m = { .init = init, .state = POD_WAITING };

	/* "NAME=BUNDLE", but "./a=b" is a directory. */
	if (eq && (!slash || eq < slash)) {
		m.name = arena_strndup(a, text, (size_t)(eq - text));
		dir = eq + 1;
	}
	m.bundle = existing_dir("bundle", dir, a, e);
	if (!m.bundle)
		return -1;
	last = strrchr(m.bundle, '/');
	if (!m.name)
		m.name = arena_strdup(a, last ? last + 1 : m.bundle);
	if (pod_check_name("container", m.name, e)) {
		if (!eq)
			err_ctx(e, "bundle '%s' (give it a name: NAME=BUNDLE)", dir);
		return -1;
	}
	if (str_eq(m.name, POD_INFRA))
		return err_set(e, EINVAL, "container name '" POD_INFRA "' is taken by the pod");
	*out = m;
	return 0;
}

/* "[:/PATH[:ro|rw]]" behind the name of a volume. */
static int parse_target(const char *text, struct arena *a, struct pod_volume *v, struct err *e)
{
	size_t n;
	char **parts = str_split(a, text, ':', &n);

	if (n > 2 || parts[0][0] != '/' || !parts[0][1])
		return err_set(e, EINVAL, "expected an absolute path, then :ro or nothing");
	if (strstr(parts[0], "..") || strlen(parts[0]) > 1024)
		return err_set(e, EINVAL, "path '%.80s' is not plain", parts[0]);
	if (n == 2 && !str_eq(parts[1], "ro") && !str_eq(parts[1], "rw"))
		return err_set(e, EINVAL, "expected 'ro' or 'rw', got '%s'", parts[1]);
	v->path = path_clean(a, parts[0]);
	v->readonly = n == 2 && str_eq(parts[1], "ro");
	return 0;
}

int pod_parse_volume(const char *text, struct arena *a, struct pod_volume *out, struct err *e)
{
	struct pod_volume v = { 0 };
	const char *colon = strchr(text, ':');
	char *head = arena_strndup(a, text, colon ? (size_t)(colon - text) : strlen(text));
	char *eq = strchr(head, '=');

	if (eq)
		*eq = 0;
	v.name = head;
	if (pod_check_name("volume", v.name, e))
		return -1;
	if (eq) {
		v.source = existing_dir("directory", eq + 1, a, e);
		if (!v.source)
			return err_ctx(e, "volume '%s'", v.name);
	}
	v.path = arena_printf(a, "/%s", v.name);
	if (colon && parse_target(colon + 1, a, &v, e))
		return err_ctx(e, "volume '%s'", v.name);
	*out = v;
	return 0;
}

static int parse_port_number(const char *text, int32_t *out)
{
	uint64_t v;

	if (parse_u64(text, 10, UINT16_MAX, &v) || v == 0)
		return -1;
	*out = (int32_t)v;
	return 0;
}

int pod_parse_port(const char *text, struct arena *a, struct cni_port *out, struct err *e)
{
	struct cni_port p = { .protocol = (char *)"tcp" };
	char *copy = arena_strdup(a, text), *slash = strchr(copy, '/'), *host = copy;
	char *inner = strrchr(copy, ':'), *outer;
	struct ip_addr ip;

	if (slash) {
		*slash = 0;
		p.protocol = slash + 1;
		if (!str_eq(p.protocol, "tcp") && !str_eq(p.protocol, "udp") &&
		    !str_eq(p.protocol, "sctp"))
			return err_set(e, EINVAL, "port '%s': protocol is not tcp, udp or sctp",
				       text);
	}
	if (!inner)
		return err_set(e, EINVAL, "port '%s': expected [IP:]HOST:CONTAINER[/PROTOCOL]",
			       text);
	*inner = 0;
	outer = strrchr(copy, ':');
	if (outer) {
		*outer = 0;
		host = outer + 1;
		p.host_ip = copy;
		if (*copy == '[' && outer[-1] == ']') {
			outer[-1] = 0;
			p.host_ip = copy + 1;
		}
		if (ip_parse(p.host_ip, &ip))
			return err_set(e, EINVAL, "port '%s': '%s' is not an address", text,
				       p.host_ip);
	}
	if (parse_port_number(host, &p.host_port) ||
	    parse_port_number(inner + 1, &p.container_port))
		return err_set(e, EINVAL, "port '%s': expected numbers from 1 to 65535", text);
	*out = p;
	return 0;
}
