/* SPDX-License-Identifier: Apache-2.0 */
/* link: bridges, veth pairs and the state of interfaces, over rtnetlink. */
#ifndef CNI_LINK_H
#define CNI_LINK_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "cni/rtnl.h"
#include "spec/base/err.h"
#include "spec/base/json.h"

#define MAC_LEN 6

struct mac {
	uint8_t b[MAC_LEN];
};
struct mac_text {
	char s[18];
};

/* "0a:58:0a:01:00:05"; refused are other lengths, multicast and all zeros. 0, or -1. */
int mac_parse(const char *text, struct mac *out);
struct mac_text mac_text(const struct mac *mac);

/* What is known of an interface. */
struct link {
	int index, master; /* master 0: none */
	uint32_t flags;	   /* IFF_* */
	uint32_t mtu, tx_queue;
	bool up;		  /* operstate UP: it carries packets */
	int peer;		  /* index of the other end of a pair, where that is; 0: none */
	int promiscuity;	  /* how many want all packets */
	uint16_t port;		  /* a bridge's port: the least number that was free; 0: none */
	bool can_filter, filters; /* a bridge: by VLAN */
	uint16_t default_vlan;	  /* a bridge's, of new ports; 0: none */
	char name[IF_NAMESIZE];
	struct mac mac;
	char kind[16]; /* "veth", "bridge" ...; "" for a device without a kind */
};

/* 1 and *out filled, 0: there is no such interface, -1. */
int link_get(struct rtnl *r, const char *name, struct link *out, struct err *e);
int link_by_index(struct rtnl *r, int index, struct link *out, struct err *e);

struct new_bridge {
	const char *name;
	struct mac mac; /* that it keeps whatever ports it gets */
	uint32_t mtu;	/* 0: the default */
	bool tagged;	/* filters by VLAN, if the kernel can */
	bool deaf;	/* keeps no account of multicast groups */
};
/* Create a bridge that is up. EEXIST if it is there. */
int link_add_bridge(struct rtnl *r, const struct new_bridge *b, struct err *e);

/* A veth pair between the namespace of the socket and that of netns. mtu 0: the default. */
struct veth {
	const char *name;
	int master;	       /* index of a bridge, 0: none */
	struct mac mac;	       /* fixed, so that nothing on the host changes it later */
	const char *peer_name; /* in netns */
	struct mac peer_mac;
	int netns; /* fd */
	uint32_t mtu;
};

/*
 * Both ends by one message, the near end up and a port of master: it is done
 * whole or not at all. EEXIST when either name is taken, EXFULL when the
 * bridge has no port left (it has 1023).
 */
int link_add_veth(struct rtnl *r, const struct veth *veth, struct err *e);

/* An ifb device, up, which sends what it is given without a queue of its own. EEXIST. */
int link_add_ifb(struct rtnl *r, const char *name, uint32_t mtu, struct err *e);

/* A text for people, "" for none, and with is_port the properties of a bridge's port. */
struct link_marks {
	const char *alias;
	bool is_port, hairpin, isolated;
	bool bare; /* no link-local IPv6 address, if it has none yet */
};
int link_mark(struct rtnl *r, const char *name, const struct link_marks *marks, struct err *e);

/*
 * Give an interface the MAC that it has. A bridge does not follow that of its
 * ports from then on; one that notifies tells its neighbours.
 */
int link_keep_mac(struct rtnl *r, const struct link *link, struct err *e);

/* Change flags (IFF_UP, IFF_PROMISC) that mask selects. */
int link_set_flags(struct rtnl *r, int index, uint32_t flags, uint32_t mask, struct err *e);

/* Have an interface tell its neighbours its address when it comes up (arp_notify). */
int link_set_arp_notify(struct rtnl *r, int index, struct err *e);

/* Properties of an interface; what is not set is left as it is. */
struct link_tune {
	struct mac mac;
	bool has_mac;
	uint32_t mtu; /* 0: not set */
	struct opt_bool promisc, allmulti;
	struct opt_u32 tx_queue;
};
bool link_tune_none(const struct link_tune *t);
int link_set_tune(struct rtnl *r, int index, const struct link_tune *t, struct err *e);

/* Take a port off its bridge and down: at once no packet passes, at little cost. */
int link_detach(struct rtnl *r, int index, struct err *e);

/*
 * Delete an interface; a veth's peer goes with it. The kernel returns only
 * after a grace period (15 to 20 ms). ENODEV if it is gone.
 */
int link_delete(struct rtnl *r, int index, struct err *e);

#endif
