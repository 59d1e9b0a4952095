/* SPDX-License-Identifier: Apache-2.0 */
/* saved: a small JSON object; garbage in it is worth nothing, but is no obstacle. */
#include "cni/saved.h"

#include <errno.h>
#include <fcntl.h>

#include "cni/whole.h"
#include "spec/base/auto.h"
#include "spec/base/fd.h"
#include "spec/base/json.h"

#define FILE_MAX  4096
#define DIR_MODE  0700
#define FILE_MODE 0600

struct saved_doc {
	char *mac;
	struct opt_bool promisc, allmulti;
	int32_t mtu;
	struct opt_u32 tx_queue;
};

static const struct json_field fields[] = {
	F_STR(struct saved_doc, mac, "mac", 0),
	F_NUM(JSON_OPT_BOOL, struct saved_doc, promisc, "promisc", 0),
	F_NUM(JSON_I32, struct saved_doc, mtu, "mtu", 0),
	F_NUM(JSON_OPT_BOOL, struct saved_doc, allmulti, "allmulti", 0),
	F_NUM(JSON_OPT_U32, struct saved_doc, tx_queue, "txQLen", 0),
	{ 0 },
};

int saved_write(const char *file, const struct link_tune *asked, const struct link *now,
		struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct saved_doc d = { 0 };

	if (asked->has_mac)
		d.mac = arena_strdup(&a, mac_text(&now->mac).s);
	if (asked->promisc.set)
		d.promisc = (struct opt_bool){ true, now->promiscuity > 0 };
	if (asked->allmulti.set)
		d.allmulti = (struct opt_bool){ true, now->flags & IFF_ALLMULTI };
	if (asked->mtu)
		d.mtu = (int32_t)now->mtu;
	if (asked->tx_queue.set)
		d.tx_queue = (struct opt_u32){ true, now->tx_queue };
	return whole_write(file, json_text(json_own(&a, json_encode(&d, fields)), false, &a),
			   DIR_MODE, FILE_MODE, e);
}

int saved_read(const char *file, struct link_tune *out, struct err *e)
{
	auto_arena struct arena a = { 0 };
	struct saved_doc d = { 0 };
	struct link_tune t = { .mtu = 0 };
	struct json_object *obj;
	struct err ignored;
	size_t len;
	char *text = read_file(AT_FDCWD, file, FILE_MAX, &a, &len, e);

	if (!text)
		return e->num == ENOENT || e->num == ENOTDIR || e->num == E2BIG ? 0 : -1;
	obj = json_parse(text, len, &ignored);
	if (!obj || json_decode(json_own(&a, obj), fields, &d, &a, &ignored))
		return 0;
	t.has_mac = d.mac && !mac_parse(d.mac, &t.mac);
	t.promisc = d.promisc;
	t.allmulti = d.allmulti;
	t.mtu = d.mtu > 0 ? (uint32_t)d.mtu : 0;
	t.tx_queue = d.tx_queue;
	*out = t;
	return 1;
}

int saved_remove(const char *file, struct err *e)
{
	return whole_remove(file, e);
}
