/* SPDX-License-Identifier: BSD-2-Clause */
/* Interfaces: rtnetlink(7), linux/if_link.h. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/veth.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/netlink_private.h"

#define VLAN_LAST 4094

/* Newer than some headers. */
#define MACVLAN_BC_CUTOFF 9 /* IFLA_MACVLAN_BC_CUTOFF, 6.4 */

static struct ifinfomsg *put_info(struct nlmsghdr *h, int index, const struct netlink_link *link)
{
	struct ifinfomsg *info = message_add(h, sizeof(*info));

	info->ifi_family = AF_UNSPEC;
	info->ifi_index = index;
	if (link->up || link->down)
		info->ifi_change = IFF_UP;
	if (link->up)
		info->ifi_flags = IFF_UP;
	return info;
}

static void put_common(struct nlmsghdr *h, const struct netlink_link *link)
{
	if (link->name)
		attribute_put_text(h, IFLA_IFNAME, link->name);
	if (link->mac)
		attribute_put(h, IFLA_ADDRESS, MAC_LEN, link->mac);
	if (link->mtu)
		attribute_put_u32(h, IFLA_MTU, link->mtu);
	if (link->master)
		attribute_put_u32(h, IFLA_MASTER, link->master < 0 ? 0 : (uint32_t)link->master);
	if (link->alias)
		attribute_put_words(h, IFLA_IFALIAS, link->alias);
	if (link->netns)
		attribute_put_u32(h, IFLA_NET_NS_FD, (uint32_t)*link->netns);
}

static void put_peer(struct nlmsghdr *h, const struct netlink_link *peer)
{
	struct nlattr *nest = attribute_nest(h, VETH_INFO_PEER);

	put_info(h, 0, peer);
	put_common(h, peer);
	attribute_nest_end(h, nest);
}

static void put_data(struct nlmsghdr *h, const struct netlink_link *link)
{
	struct nlattr *data = attribute_nest(h, IFLA_INFO_DATA);

	if (strcmp(link->kind, "macvlan") == 0) {
		attribute_put_u32(h, IFLA_MACVLAN_MODE, link->mode);
		if (link->broadcast_limit)
			attribute_put_u32(h, MACVLAN_BC_CUTOFF, (uint32_t)*link->broadcast_limit);
	} else if (strcmp(link->kind, "ipvlan") == 0) {
		attribute_put_u16(h, IFLA_IPVLAN_MODE, (uint16_t)link->mode);
	} else if (strcmp(link->kind, "vlan") == 0) {
		attribute_put_u16(h, IFLA_VLAN_ID, link->vlan);
	} else if (strcmp(link->kind, "bridge") == 0 && link->vlan) {
		attribute_put_u8(h, IFLA_BR_VLAN_FILTERING, 1);
		attribute_put_u16(h, IFLA_BR_VLAN_DEFAULT_PVID, link->vlan);
	} else if (strcmp(link->kind, "veth") == 0 && link->peer) {
		put_peer(h, link->peer);
	}
	attribute_nest_end(h, data);
}

static int add_link(struct netlink *n, const struct netlink_link *link, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct nlattr *nest;

	put_info(h, 0, link);
	put_common(h, link);
	if (link->parent)
		attribute_put_u32(h, IFLA_LINK, (uint32_t)link->parent);
	nest = attribute_nest(h, IFLA_LINKINFO);
	attribute_put_words(h, IFLA_INFO_KIND, link->kind);
	put_data(h, link);
	attribute_nest_end(h, nest);
	return netlink_do(n, h, e, "add the %s interface %s", link->kind,
			  link->name ? link->name : "");
}

/* Kernels before 6.15 look for the name of what is made elsewhere among those that are here, and so
 * can't make a child eth0 of eth0: it gets its name there. */
static int add_and_rename(struct netlink *n, const struct netlink_link *link, struct err *e)
{
	struct netlink_link unnamed = *link;
	AUTO(netlink) there = NULL;
	struct netlink_info info;
	char name[IF_NAMESIZE];
	int r = netlink_open(*link->netns, &there, e);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "new%d.%d", netlink_fd(there), (int)getpid());
	unnamed.name = name;
	unnamed.up = false;
	r = add_link(n, &unnamed, e);
	if (r < 0)
		return r;
	if (netlink_link_find(there, name, 0, &info, NULL) < 0)
		return err_set(e, ERR_SYSTEM, "interface %s went away", link->name);
	r = netlink_link_set(there, info.index,
			     &(struct netlink_link){ .name = link->name, .up = link->up }, e);
	if (r < 0)
		netlink_link_remove(there, info.index, NULL);
	return r;
}

int netlink_link_add(struct netlink *n, const struct netlink_link *link, struct err *e)
{
	int r = add_link(n, link, e);
	struct netlink_info here;

	if (r != -EEXIST || !link->netns || !link->name ||
	    netlink_link_find(n, link->name, 0, &here, NULL) < 0)
		return r;
	return add_and_rename(n, link, e);
}

int netlink_link_set(struct netlink *n, int index, const struct netlink_link *how, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_NEWLINK, 0);

	put_info(h, index, how);
	put_common(h, how);
	if (how->name)
		return netlink_do(n, h, e, "set up interface %s", how->name);
	return netlink_do(n, h, e, "set up interface %d", index);
}

int netlink_link_remove(struct netlink *n, int index, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_DELLINK, 0);

	put_info(h, index, &(struct netlink_link){ 0 });
	return netlink_do(n, h, e, "remove interface %d", index);
}

static void read_kind(const struct nlattr *nest, struct netlink_info *ret)
{
	const struct nlattr *in[IFLA_INFO_KIND + 1];

	netlink_attributes(attribute_data(nest), attribute_len(nest), in, IFLA_INFO_KIND);
	if (in[IFLA_INFO_KIND])
		strncpy(ret->kind, attribute_text(in[IFLA_INFO_KIND]), sizeof(ret->kind) - 1);
}

static int number(const struct nlattr *attribute)
{
	return attribute ? (int)attribute_u32(attribute) : 0;
}

static bool read_info(const struct nlmsghdr *h, struct netlink_info *ret)
{
	const struct ifinfomsg *info = message_data(h);
	const struct nlattr *in[IFLA_LINK_NETNSID + 1];

	memset(ret, 0, sizeof(*ret));
	if (h->nlmsg_type != RTM_NEWLINK || message_len(h) < sizeof(*info))
		return false;
	netlink_attributes(message_data_after(h, sizeof(*info)),
			   message_len(h) - NLMSG_ALIGN(sizeof(*info)), in, IFLA_LINK_NETNSID);
	if (!in[IFLA_IFNAME])
		return false;
	strncpy(ret->name, attribute_text(in[IFLA_IFNAME]), sizeof(ret->name) - 1);
	if (in[IFLA_IFALIAS])
		strncpy(ret->alias, attribute_text(in[IFLA_IFALIAS]), sizeof(ret->alias) - 1);
	if (in[IFLA_LINKINFO])
		read_kind(in[IFLA_LINKINFO], ret);
	ret->has_mac = in[IFLA_ADDRESS] && attribute_len(in[IFLA_ADDRESS]) == MAC_LEN;
	if (ret->has_mac)
		memcpy(ret->mac, attribute_data(in[IFLA_ADDRESS]), MAC_LEN);
	ret->index = info->ifi_index;
	ret->flags = info->ifi_flags;
	ret->mtu = (uint32_t)number(in[IFLA_MTU]);
	ret->master = number(in[IFLA_MASTER]);
	ret->parent = number(in[IFLA_LINK]);
	ret->parent_elsewhere = in[IFLA_LINK_NETNSID] != NULL;
	ret->parent_netns = number(in[IFLA_LINK_NETNSID]);
	return true;
}

static int keep_link(void *arg, const struct nlmsghdr *h)
{
	return read_info(h, arg) ? 1 : 0;
}

int netlink_link_find(struct netlink *n, const char *name, int index, struct netlink_info *ret,
		      struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_GETLINK, 0);
	int r;

	put_info(h, name ? 0 : index, &(struct netlink_link){ 0 });
	if (name)
		attribute_put_text(h, IFLA_IFNAME, name);
	r = netlink_ask(n, h, keep_link, ret, e, "look at an interface");
	return r < 0 ? r : r == 1 ? 0 : -ENODEV;
}

struct each_link {
	netlink_each_link *each;
	void *arg;
};

static int tell_link(void *arg, const struct nlmsghdr *h)
{
	const struct each_link *each = arg;
	struct netlink_info info;

	return read_info(h, &info) ? each->each(each->arg, &info) : 0;
}

int netlink_links(struct netlink *n, netlink_each_link *each, void *arg, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_GETLINK, NLM_F_DUMP);

	put_info(h, 0, &(struct netlink_link){ 0 });
	return netlink_ask(n, h, tell_link, &(struct each_link){ each, arg }, e,
			   "list the interfaces");
}

static void put_vlans(struct nlmsghdr *h, uint16_t first, uint16_t last)
{
	bool many = first < last;
	struct bridge_vlan_info from = { many ? BRIDGE_VLAN_INFO_RANGE_BEGIN : 0, first };
	struct bridge_vlan_info to = { BRIDGE_VLAN_INFO_RANGE_END, last };

	if (first > last)
		return;
	attribute_put(h, IFLA_BRIDGE_VLAN_INFO, sizeof(from), &from);
	if (many)
		attribute_put(h, IFLA_BRIDGE_VLAN_INFO, sizeof(to), &to);
}

/* A port comes as a member of the bridge's default VLAN, which it would go on to hear. */
static int leave_other_vlans(struct netlink *n, int index, uint16_t vlan, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_DELLINK, 0);
	struct nlattr *nest;

	put_info(h, index, &(struct netlink_link){ 0 })->ifi_family = PF_BRIDGE;
	nest = attribute_nest(h, IFLA_AF_SPEC);
	put_vlans(h, 1, (uint16_t)(vlan - 1));
	put_vlans(h, (uint16_t)(vlan + 1), VLAN_LAST);
	attribute_nest_end(h, nest);
	return netlink_do(n, h, e, "take the bridge's port out of other VLANs");
}

static int set_port_vlan(struct netlink *n, int index, uint16_t vlan, struct err *e)
{
	struct bridge_vlan_info info = { .flags = BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED,
					 .vid = vlan };
	struct nlmsghdr *h = netlink_begin(n, RTM_SETLINK, 0);
	struct nlattr *nest;
	int r;

	put_info(h, index, &(struct netlink_link){ 0 })->ifi_family = PF_BRIDGE;
	nest = attribute_nest(h, IFLA_AF_SPEC);
	attribute_put(h, IFLA_BRIDGE_VLAN_INFO, sizeof(info), &info);
	attribute_nest_end(h, nest);
	r = netlink_do(n, h, e, "put the bridge's port into VLAN %u", vlan);
	return r < 0 ? r : leave_other_vlans(n, index, vlan, e);
}

int netlink_port_set(struct netlink *n, int index, const struct netlink_port *how, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_SETLINK, 0);
	struct nlattr *nest;
	int r;

	put_info(h, index, &(struct netlink_link){ 0 })->ifi_family = PF_BRIDGE;
	nest = attribute_nest(h, IFLA_PROTINFO | NLA_F_NESTED);
	attribute_put_u8(h, IFLA_BRPORT_MODE, how->hairpin);
	attribute_put_u8(h, IFLA_BRPORT_ISOLATED, how->isolated);
	attribute_nest_end(h, nest);
	r = netlink_do(n, h, e, "set up the bridge's port");
	return r < 0 || !how->vlan ? r : set_port_vlan(n, index, how->vlan, e);
}
