/* SPDX-License-Identifier: Apache-2.0 */
/* plan: what would be done to the network, as records in order; pure, printable. */
#ifndef CNI_PLAN_H
#define CNI_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cni/firewall_pod.h"
#include "cni/inet.h"
#include "cni/link.h"
#include "cni/ports.h"
#include "cni/tc.h"
#include "spec/base/arena.h"
#include "spec/base/str.h"
#include "spec/cni/addr.h"

/* Planners fill these; cni/apply.h carries them out, or looks whether they hold. */
enum op_kind {
	OP_BRIDGE,    /* the bridge is there, up, and takes no router advertisements */
	OP_VETH,      /* a pair: dev on the host, peer in the pod */
	OP_VLANS,     /* which VLANs a port of a bridge has */
	OP_VLAN_GATE, /* dev is on the host, and by a port of the bridge in a VLAN */
	OP_SPOOF,     /* from the port dev only frames of that MAC pass */
	OP_SYSCTL,
	OP_NOTIFY, /* dev tells its neighbours when it comes up */
	OP_ADDR,
	OP_UP,
	OP_SETTLE,  /* until no address of dev is tentative */
	OP_GATEWAY, /* an address of the bridge: conflicts matter */
	OP_ROUTE,
	OP_UNROUTE, /* the route that the kernel made for a subnet is gone */
	OP_MASQ,
	OP_PROXY,    /* on dev the host answers for addresses that are not on its link */
	OP_PORTS,    /* host ports lead to the pod; UDP flows to them are forgotten */
	OP_ADMIT,    /* the firewall lets the pod's packets pass, and separates its bridge */
	OP_EXPEL,    /* it knows nothing of the owner any more */
	OP_LIMIT,    /* dev sends no more than that */
	OP_IFB,	     /* an ifb device, with the MTU of another */
	OP_DETOUR,   /* what dev receives is sent by another device first */
	OP_HOSTS,    /* a file with names and addresses is there */
	OP_UNHOSTS,  /* it is gone */
	OP_SAVE,     /* keep some properties of dev in a file */
	OP_TUNE,     /* set them */
	OP_RESTORE,  /* set them to what the file says, and remove it */
	OP_WAIT,     /* until dev carries packets */
	OP_ANNOUNCE, /* neighbours learn the MAC of an address of dev; if not, they ask later */
	OP_DETACH,   /* no packet passes dev any more */
	OP_UNSPOOF,  /* the owner's port is free */
	OP_UNMAP,    /* an owner's host ports are free; UDP flows to them are forgotten */
	OP_LEASES,   /* give back the owner's addresses; nobody answers for them any more */
	OP_DELETE,   /* dev is gone */
	OP_COUNT,
};

enum op_where {
	ON_HOST,
	IN_POD
};

#define VLAN_MAX 4094

/* VLANs of a bridge's port. */
struct vlans {
	uint16_t pvid; /* of untagged frames, 0: none */
	bool native;   /* VLAN 1 is that of untagged frames, beside the span's */
	bool keep;     /* those that it has already stay */
	const struct vlan_span {
		uint16_t first, last;
	} * v; /* of tagged frames */
	size_t n;
};

struct op {
	enum op_kind kind;
	enum op_where where;
	const char *dev;
	union {
		struct {
			uint32_t mtu;
			bool promisc;
			bool tagged; /* filters by VLAN */
			bool deaf;   /* to who listens to which multicast group: all hear all */
		} bridge;
		struct {
			const char *peer, *master; /* master NULL: none */
			struct mac mac, peer_mac;
			uint32_t mtu;
			bool hairpin, isolated;
			const char *alias;  /* cni/pairs.h; NULL: none */
			bool bare;	    /* the host's end without IPv6 */
			uint32_t ports_max; /* of the master, this one included; 0: the kernel's */
		} veth;
		struct vlans vlans;
		struct {
			const char *bridge, *port;
			uint16_t vid;
			bool keep;
		} vlan_gate;
		struct {
			const char *owner;
			struct mac mac;
		} spoof;
		struct {
			const char *name, *value;
			bool optional; /* may be missing: no IPv6 in the kernel */
		} sysctl;
		struct {
			struct ip_net net;
			bool dad; /* tentative first */
		} addr;
		struct ip_net unroute;
		struct {
			struct ip_addr ip;
			const char *gate; /* a host's device, the only one to hear it; or NULL */
		} announce;
		struct {
			const struct ip_addr *ips;
			size_t n_ips;
		} proxy;
		struct {
			struct ip_net addr;
			bool force;		       /* remove addresses that are in the way */
			const struct ip_addr *friends; /* that are not in the way */
			size_t n_friends;
		} gateway;
		struct inet_route route;
		struct {
			const char *network;
			struct ip_net subnet;
		} masq;
		struct portmap ports;
		struct firewall_pod admit;
		struct {
			const char *file, *text;
		} hosts;
		struct tbf limit;
		struct {
			const char *file;
			struct link_tune tune; /* those that are set in it */
		} save;
		struct link_tune tune;
		struct {
			const char *like;
			const char *alias; /* cni/pairs.h */
		} ifb;
		struct {
			const char *by;
		} detour;
		const char *unmap; /* the owner */
		struct {
			const char *data_dir, *network, *container_id, *ifname;
			const char *bridge; /* on which the host may answer for them; or NULL */
		} leases;
		struct {
			const char *pod_dev; /* or this, in the pod, if dev is not there */
		} delete;
	};
};

struct plan {
	struct arena *a;
	struct op *v;
	size_t n, cap;
};

/* Add an operation and return it, zeroed but for these, to be filled in. */
struct op *plan_op(struct plan *p, enum op_kind kind, enum op_where where, const char *dev);

/* The commonest one; the texts are borrowed. optional: it may be missing. */
void plan_sysctl(struct plan *p, enum op_where where, const char *name, const char *value,
		 bool optional);

/* One line per operation, in order. */
void plan_print(const struct plan *p, struct str *out);

/* ---- names that need no state ---- */

/* A hash of texts with their ends, the same on every host and in every run. */
uint64_t plan_hash(const char *const *part, size_t n);

/* What an attachment is called: network, container and interface. */
struct attach {
	const char *network, *container_id, *ifname;
};

/*
 * The host end of the attachment's veth pair: "veth" (network managers leave
 * such alone) and 11 hexadecimal digits of a hash, so DEL finds it with no
 * state and no namespace.
 */
char *attach_host_name(const struct attach *at, struct arena *a);

/* A local MAC from a hash of the attachment; `which` tells several of them apart. */
struct mac attach_mac(const struct attach *at, const char *which);

/*
 * The MAC of the pod's end: 0a:58 and the four bytes of its first IPv4 address,
 * so that an address given out again has the MAC that neighbours remember;
 * without IPv4 one from the hash.
 */
struct mac attach_pod_mac(const struct attach *at, const struct ip_net *addrs, size_t n);

#endif
