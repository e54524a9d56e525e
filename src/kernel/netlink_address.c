/* SPDX-License-Identifier: BSD-2-Clause */
/* Addresses, routes and neighbours: rtnetlink(7). */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <string.h>

#include <linux/fib_rules.h>

#include "kernel/netlink_private.h"

static bool read_address(const struct nlattr *attribute, int family, struct address *ret)
{
	ret->family = family;
	if (!attribute || attribute_len(attribute) != address_len(ret)) {
		ret->family = 0;
		return false;
	}
	memcpy(ret->bytes, attribute_data(attribute), address_len(ret));
	ret->prefix = address_bits(ret);
	return true;
}

static struct nlmsghdr *begin_address(struct netlink *n, uint16_t type, uint16_t flags, int index,
				      const struct address *a)
{
	struct nlmsghdr *h = netlink_begin(n, type, flags);
	struct ifaddrmsg *m = message_add(h, sizeof(*m));

	m->ifa_family = (uint8_t)a->family;
	m->ifa_prefixlen = (uint8_t)a->prefix;
	m->ifa_index = (uint32_t)index;
	/* Nobody else can have it: it was leased. */
	if (a->family == AF_INET6 && type == RTM_NEWADDR)
		m->ifa_flags = IFA_F_NODAD;
	attribute_put(h, IFA_LOCAL, address_len(a), a->bytes);
	attribute_put(h, IFA_ADDRESS, address_len(a), a->bytes);
	return h;
}

int netlink_address_add(struct netlink *n, int index, const struct address *a, struct err *e)
{
	struct nlmsghdr *h = begin_address(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, index, a);
	char text[ADDRESS_TEXT];

	if (a->family == AF_INET && a->prefix < 31)
		attribute_put(h, IFA_BROADCAST, 4, address_last(a).bytes);
	return netlink_do(n, h, e, "add the address %s", address_print_net(a, text));
}

int netlink_address_remove(struct netlink *n, int index, const struct address *a, struct err *e)
{
	char text[ADDRESS_TEXT];

	return netlink_do(n, begin_address(n, RTM_DELADDR, 0, index, a), e, "remove the address %s",
			  address_print_net(a, text));
}

struct each_address {
	netlink_each_address *each;
	void *arg;
};

bool netlink_read_address(const void *payload, size_t len, struct netlink_address *ret)
{
	const struct ifaddrmsg *m = payload;
	const struct nlattr *in[IFA_FLAGS + 1];
	uint32_t flags;

	if (len < sizeof(*m) || (m->ifa_family != AF_INET && m->ifa_family != AF_INET6))
		return false;
	netlink_attributes((const void *)((const char *)payload + NLMSG_ALIGN(sizeof(*m))),
			   len - NLMSG_ALIGN(sizeof(*m)), in, IFA_FLAGS);
	*ret = (struct netlink_address){ .exact = payload, .exact_len = len };
	/* IFA_ADDRESS is the other end's, where there is one. */
	if (!read_address(in[IFA_LOCAL] ? in[IFA_LOCAL] : in[IFA_ADDRESS], m->ifa_family,
			  &ret->address))
		return false;
	flags = in[IFA_FLAGS] ? attribute_u32(in[IFA_FLAGS]) : m->ifa_flags;
	ret->address.prefix = m->ifa_prefixlen;
	ret->index = (int)m->ifa_index;
	ret->permanent = flags & IFA_F_PERMANENT;
	ret->secondary = flags & IFA_F_SECONDARY;
	ret->link_local = m->ifa_scope == RT_SCOPE_LINK;
	ret->global = m->ifa_scope == RT_SCOPE_UNIVERSE;
	return true;
}

static int tell_address(void *arg, const struct nlmsghdr *h)
{
	const struct each_address *each = arg;
	struct netlink_address a;

	if (h->nlmsg_type != RTM_NEWADDR ||
	    !netlink_read_address(message_data(h), message_len(h), &a))
		return 0;
	return each->each(each->arg, &a);
}

static int list_addresses(struct netlink *n, const int *netns, netlink_each_address *each,
			  void *arg, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_GETADDR, NLM_F_DUMP);

	message_add(h, sizeof(struct ifaddrmsg));
	if (netns)
		attribute_put_u32(h, IFA_TARGET_NETNSID, (uint32_t)*netns);
	return netlink_ask(n, h, tell_address, &(struct each_address){ each, arg }, e,
			   "list the addresses");
}

int netlink_addresses(struct netlink *n, netlink_each_address *each, void *arg, struct err *e)
{
	return list_addresses(n, NULL, each, arg, e);
}

int netlink_addresses_in(struct netlink *n, int netns, netlink_each_address *each, void *arg,
			 struct err *e)
{
	return list_addresses(n, &netns, each, arg, e);
}

static void put_route(struct nlmsghdr *h, const struct netlink_route *route)
{
	struct rtmsg *m = message_add(h, sizeof(*m));
	const struct address *to = &route->destination;
	uint32_t table = route->table ? route->table : RT_TABLE_MAIN;

	m->rtm_family = (uint8_t)to->family;
	m->rtm_dst_len = (uint8_t)to->prefix;
	m->rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC;
	m->rtm_protocol = route->protocol ? route->protocol : RTPROT_BOOT;
	m->rtm_type = route->type ? route->type : RTN_UNICAST;
	m->rtm_scope = route->scope;
	if (!route->scope && !route->gateway.family)
		m->rtm_scope = RT_SCOPE_LINK;
	if (route->on_link)
		m->rtm_flags = RTNH_F_ONLINK;
	if (to->prefix)
		attribute_put(h, RTA_DST, address_len(to), address_first(to).bytes);
	if (route->gateway.family)
		attribute_put(h, RTA_GATEWAY, address_len(&route->gateway), route->gateway.bytes);
	if (route->source.family)
		attribute_put(h, RTA_PREFSRC, address_len(&route->source), route->source.bytes);
	if (route->index)
		attribute_put_u32(h, RTA_OIF, (uint32_t)route->index);
	if (route->metric)
		attribute_put_u32(h, RTA_PRIORITY, route->metric);
	attribute_put_u32(h, RTA_TABLE, table);
}

static int do_route(struct netlink *n, uint16_t type, uint16_t flags,
		    const struct netlink_route *route, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, type, flags);
	char to[ADDRESS_TEXT], by[ADDRESS_TEXT];
	const char *doing = type == RTM_NEWROUTE ? "add" : "remove";

	put_route(h, route);
	address_print_net(&route->destination, to);
	if (!route->gateway.family)
		return netlink_do(n, h, e, "%s the route to %s", doing, to);
	return netlink_do(n, h, e, "%s the route to %s by %s", doing, to,
			  address_print(&route->gateway, by));
}

int netlink_route_add(struct netlink *n, const struct netlink_route *route, struct err *e)
{
	return do_route(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, route, e);
}

int netlink_route_remove(struct netlink *n, const struct netlink_route *route, struct err *e)
{
	return do_route(n, RTM_DELROUTE, 0, route, e);
}

struct each_route {
	netlink_each_route *each;
	void *arg;
};

bool netlink_read_route(const void *payload, size_t len, struct netlink_route *ret)
{
	const struct rtmsg *m = payload;
	const struct nlattr *in[RTA_TABLE + 1];

	if (len < sizeof(*m) || (m->rtm_family != AF_INET && m->rtm_family != AF_INET6) ||
	    m->rtm_type != RTN_UNICAST)
		return false;
	netlink_attributes((const void *)((const char *)payload + NLMSG_ALIGN(sizeof(*m))),
			   len - NLMSG_ALIGN(sizeof(*m)), in, RTA_TABLE);
	if (in[RTA_MULTIPATH])
		return false;
	*ret = (struct netlink_route){
		.protocol = m->rtm_protocol,
		.scope = m->rtm_scope,
		.on_link = m->rtm_flags & RTNH_F_ONLINK,
		.table = in[RTA_TABLE] ? attribute_u32(in[RTA_TABLE]) : m->rtm_table,
		.metric = in[RTA_PRIORITY] ? attribute_u32(in[RTA_PRIORITY]) : 0,
		.index = in[RTA_OIF] ? (int)attribute_u32(in[RTA_OIF]) : 0,
		.exact = payload,
		.exact_len = len,
	};
	read_address(in[RTA_DST], m->rtm_family, &ret->destination);
	ret->destination.family = m->rtm_family;
	ret->destination.prefix = m->rtm_dst_len;
	read_address(in[RTA_GATEWAY], m->rtm_family, &ret->gateway);
	read_address(in[RTA_PREFSRC], m->rtm_family, &ret->source);
	return true;
}

static int tell_route(void *arg, const struct nlmsghdr *h)
{
	const struct each_route *each = arg;
	struct netlink_route route;

	if (h->nlmsg_type != RTM_NEWROUTE ||
	    !netlink_read_route(message_data(h), message_len(h), &route))
		return 0;
	return each->each(each->arg, &route);
}

int netlink_routes(struct netlink *n, netlink_each_route *each, void *arg, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_GETROUTE, NLM_F_DUMP);

	message_add(h, sizeof(struct rtmsg));
	return netlink_ask(n, h, tell_route, &(struct each_route){ each, arg }, e,
			   "list the routes");
}

int netlink_rule_add(struct netlink *n, int family, uint32_t mark, uint32_t table, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
	struct fib_rule_hdr *m = message_add(h, sizeof(*m));

	m->family = (uint8_t)family;
	m->action = FR_ACT_TO_TBL;
	attribute_put_u32(h, FRA_FWMARK, mark);
	attribute_put_u32(h, FRA_TABLE, table);
	return netlink_do(n, h, e, "add the rule of mark %u", mark);
}

int netlink_neighbour_remove(struct netlink *n, int index, const struct address *a, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_DELNEIGH, 0);
	struct ndmsg *m = message_add(h, sizeof(*m));
	char text[ADDRESS_TEXT];
	int r;

	m->ndm_family = (uint8_t)a->family;
	m->ndm_ifindex = index;
	attribute_put(h, NDA_DST, address_len(a), a->bytes);
	r = netlink_do(n, h, e, "forget the neighbour %s", address_print(a, text));
	return r == -ENOENT ? 0 : r;
}
