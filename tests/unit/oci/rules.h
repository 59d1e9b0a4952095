/* SPDX-License-Identifier: Apache-2.0 */
/* rules: tables of snippets of config.json, and what is said about each. */
#ifndef TESTS_UNIT_OCI_RULES_H
#define TESTS_UNIT_OCI_RULES_H

#include "spec/base/str.h"
#include "tests/unit/oci/oci.h"

#define MAP "[{'containerID':0,'hostID':1,'size':1}]" /* of one id */

/* ' stands for " in all documents here. */
static inline char *json(struct arena *a, const char *text)
{
	char *s = arena_strdup(a, text);

	for (char *c = s; *c; c++) {
		if (*c == '\'')
			*c = '"';
	}
	return s;
}

/* Where a snippet goes; a repeated key replaces the one before it. */
enum part {
	TOP,
	PROCESS,
	LINUX,
	RESOURCES,
	SECCOMP,
	MOUNT
};

static const char *const rule_documents[] = {
	[TOP] = "{'root':{'path':'r'},'process':{'cwd':'/','args':['a']},"
		"'linux':{'namespaces':[{'type':'mount'},{'type':'uts'}]},%s}",
	[PROCESS] = "{'root':{'path':'r'},'linux':{},'process':{'cwd':'/','args':['a'],%s}}",
	[LINUX] = "{'root':{'path':'r'},'process':{'cwd':'/','args':['a']},'linux':{%s}}",
	[RESOURCES] = "{'root':{'path':'r'},'process':{'cwd':'/','args':['a']},"
		      "'linux':{'resources':{%s}}}",
	[SECCOMP] = "{'root':{'path':'r'},'process':{'cwd':'/','args':['a']},"
		    "'linux':{'seccomp':{'defaultAction':'SCMP_ACT_ALLOW',%s}}}",
	[MOUNT] = "{'root':{'path':'r'},'process':{'cwd':'/','args':['a']},"
		  "'linux':{'namespaces':[{'type':'mount'}]},"
		  "'mounts':[{'destination':'/m',%s}]}",
};

struct rule {
	enum part part;
	const char *snippet;
	const char *want; /* NULL: it is right */
};

static inline void check_rule(const struct rule *r)
{
	auto_arena struct arena a = { 0 };
	auto_str struct str text = { 0 };
	struct err e = { 0 };
	const char *document = rule_documents[r->part], *at = strstr(document, "%s");
	struct oci_config *c;
	char *s;

	str_addn(&text, document, (size_t)(at - document));
	str_add(&text, r->snippet);
	str_add(&text, at + 2);
	s = json(&a, str_text(&text));
	c = oci_config_parse(s, strlen(s), &a, &e);
	if (c && r->want)
		test_failed("is taken", 0, r->snippet);
	else if (!c && !r->want)
		CHECK_TEXT(e.msg, r->snippet);
	else if (!c)
		CHECK_TEXT(e.msg, r->want);
}

#define CHECK_RULES(rules)                                                                         \
	do {                                                                                       \
		for (size_t rule_i = 0; rule_i < sizeof(rules) / sizeof((rules)[0]); rule_i++)     \
			check_rule(&(rules)[rule_i]);                                              \
	} while (0)

#endif
