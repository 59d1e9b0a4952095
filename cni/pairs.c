/* SPDX-License-Identifier: Apache-2.0 */
/* pairs: found by their aliases, deleted by a group number that they get first. */
#include "cni/pairs.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/str.h"

#define PREFIX "peapod "
#define NO_DIR "-"

char *pair_alias(const char *owner, const char *place, struct arena *a)
{
	char *alias = arena_printf(a, PREFIX "%s %s", owner, place ? place : NO_DIR);

	return strlen(alias) <= PAIR_ALIAS_MAX ? alias : arena_strdup(a, "");
}

/* Cut "NETWORK CONTAINERID IFNAME PLACE"; false: that is no alias of ours. */
static bool split(struct pair *p, char *text, struct arena *a)
{
	char *end = text;

	for (int i = 0; i < 3; i++) {
		end = strchr(i ? end + 1 : end, ' ');
		if (!end)
			return false;
	}
	*end = '\0';
	p->owner = text;
	p->place = str_eq(end + 1, NO_DIR) ? "" : end + 1;
	p->network = arena_strndup(a, text, strcspn(text, " "));
	return true;
}

struct listing {
	const char *kind;
	struct arena *a;
	struct pairs *out;
};

/* Of IFLA_LINKINFO. */
static bool is_kind(const struct nlattr *info, const char *kind)
{
	const struct nlattr *found = nla_find(nla_data(info), nla_len(info), IFLA_INFO_KIND);

	return found && !nla_strcmp(found, kind);
}

void pairs_add(struct pairs *pairs, const struct pair *p, struct arena *a)
{
	pairs->v = arena_room(a, pairs->v, pairs->n, sizeof(*pairs->v));
	pairs->v[pairs->n++] = *p;
}

static int read_pair(const struct nlmsghdr *nlh, void *arg, struct err *e)
{
	const struct ifinfomsg *ifi = NLMSG_DATA(nlh);
	int left = (int)NLMSG_PAYLOAD(nlh, sizeof(*ifi));
	struct pair p = { .index = ifi->ifi_index };
	struct listing *l = arg;
	const struct nlattr *attr;
	char *alias = NULL;
	bool wanted = false;

	(void)e;
	if (nlh->nlmsg_type != RTM_NEWLINK)
		return 0;
	nla_for_each_attr(attr, (struct nlattr *)(void *)IFLA_RTA(ifi), left, left)
	{
		if (nla_type(attr) == IFLA_IFNAME)
			nla_strlcpy(p.name, attr, sizeof(p.name));
		else if (nla_type(attr) == IFLA_IFALIAS)
			alias = arena_strndup(l->a, nla_data(attr), (size_t)nla_len(attr));
		else if (nla_type(attr) == IFLA_LINKINFO)
			wanted = is_kind(attr, l->kind);
	}
	if (wanted && alias && str_starts(alias, PREFIX) && split(&p, alias + strlen(PREFIX), l->a))
		pairs_add(l->out, &p, l->a);
	return 0;
}

static struct rtnl_req list_req(const char *kind)
{
	const struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct rtnl_req q = rtnl_req(RTM_GETLINK, NLM_F_DUMP, &head, sizeof(head));
	struct nlattr *info;

	rtnl_put_u32(&q, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	/* a kind whose module is not loaded is none to the kernel, which then lists all links */
	info = rtnl_nest(&q, IFLA_LINKINFO);
	rtnl_put_str(&q, IFLA_INFO_KIND, kind);
	rtnl_end(&q, info);
	return q;
}

int pairs_list(struct rtnl *r, const char *kind, struct arena *a, struct pairs *out, struct err *e)
{
	struct pairs pairs = { 0 };
	struct listing l = { kind, a, &pairs };
	int tries = 0;

	do {
		struct rtnl_req q = list_req(kind);

		pairs = (struct pairs){ 0 };
		if (rtnl_ask(r, &q, read_pair, &l, e))
			return err_ctx(e, "list interfaces");
	} while (rtnl_again(r, &tries));
	*out = pairs;
	return 0;
}

/* A number that nobody else has in mind. */
static uint32_t group_number(void)
{
	return 0x70000000U | (uint32_t)getpid();
}

int pairs_delete(struct rtnl *r, const struct pairs *pairs, struct err *e)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct rtnl_req q;
	size_t n = 0;

	for (size_t i = 0; i < pairs->n; i++) {
		head.ifi_index = pairs->v[i].index;
		q = rtnl_req(RTM_NEWLINK, 0, &head, sizeof(head));
		rtnl_put_u32(&q, IFLA_GROUP, group_number());
		if (!rtnl_do(r, &q, e))
			n++;
		else if (e->num != ENODEV)
			return err_ctx(e, "remove interface %s", pairs->v[i].name);
	}
	if (!n)
		return 0;
	head.ifi_index = 0;
	q = rtnl_req(RTM_DELLINK, 0, &head, sizeof(head));
	rtnl_put_u32(&q, IFLA_GROUP, group_number());
	if (rtnl_do(r, &q, e) && e->num != ENODEV)
		return err_ctx(e, "remove %zu interfaces", n);
	return 0;
}
