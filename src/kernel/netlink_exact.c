/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the kernel told of an address or a route, given back to it, as ip(8) does with `address
 * restore` and `route restore`: attributes pass as they came, but for those that name the interface
 * or say what the kernel finds out by itself.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <string.h>

#include "kernel/netlink_private.h"

#define EXACT_MAX (NETLINK_REQUEST_MAX / 2)

typedef bool is_wanted(uint16_t type, bool keep_label);

static void copy_attributes(struct nlmsghdr *h, const void *exact, size_t skip, size_t len,
			    is_wanted *wanted, bool keep_label)
{
	const struct nlattr *at = (const void *)((const char *)exact + NLMSG_ALIGN(skip));
	const char *end = (const char *)exact + len;

	for (; attribute_ok(at, (int)(end - (const char *)at)); at = attribute_next(at))
		if (wanted(attribute_type(at), keep_label))
			attribute_put(h, at->nla_type, attribute_len(at), attribute_data(at));
}

static bool is_of_address(uint16_t type, bool keep_label)
{
	return type == IFA_ADDRESS || type == IFA_LOCAL || type == IFA_BROADCAST ||
	       type == IFA_RT_PRIORITY || (type == IFA_LABEL && keep_label);
}

/* Those that somebody chose; and what was somebody's before needs no look for duplicates. */
static uint32_t flags_of(const struct ifaddrmsg *m, size_t len)
{
	const struct nlattr *in[IFA_FLAGS + 1];
	uint32_t flags;

	netlink_attributes((const void *)((const char *)m + NLMSG_ALIGN(sizeof(*m))),
			   len - NLMSG_ALIGN(sizeof(*m)), in, IFA_FLAGS);
	flags = in[IFA_FLAGS] ? attribute_u32(in[IFA_FLAGS]) : m->ifa_flags;
	if (m->ifa_family == AF_INET)
		return flags & (IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN);
	return (flags & (IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR | IFA_F_NOPREFIXROUTE |
			 IFA_F_MCAUTOJOIN)) |
	       IFA_F_NODAD;
}

int netlink_address_put(struct netlink *n, int index, const void *exact, size_t len,
			bool keep_label, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL);
	struct ifaddrmsg *m = message_add(h, sizeof(*m));
	struct netlink_address a;
	char text[ADDRESS_TEXT];

	if (len > EXACT_MAX || !netlink_read_address(exact, len, &a))
		return err_set(e, ERR_INVALID, "an address of interface %d is damaged", index);
	memcpy(m, exact, sizeof(*m));
	m->ifa_index = (uint32_t)index;
	m->ifa_flags = 0;
	copy_attributes(h, exact, sizeof(*m), len, is_of_address, keep_label);
	attribute_put_u32(h, IFA_FLAGS, flags_of(exact, len));
	return netlink_do(n, h, e, "add the address %s", address_print_net(&a.address, text));
}

static bool is_of_route(uint16_t type, bool keep_label)
{
	return type != RTA_OIF && type != RTA_CACHEINFO && type != RTA_NH_ID;
}

int netlink_route_put(struct netlink *n, int index, const void *exact, size_t len, struct err *e)
{
	struct nlmsghdr *h = netlink_begin(n, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL);
	struct rtmsg *m = message_add(h, sizeof(*m));
	char to[ADDRESS_TEXT], by[ADDRESS_TEXT];
	struct netlink_route route;

	if (len > EXACT_MAX || !netlink_read_route(exact, len, &route))
		return err_set(e, ERR_INVALID, "a route of interface %d is damaged", index);
	memcpy(m, exact, sizeof(*m));
	m->rtm_flags &= RTNH_F_ONLINK;
	copy_attributes(h, exact, sizeof(*m), len, is_of_route, false);
	attribute_put_u32(h, RTA_OIF, (uint32_t)index);
	address_print_net(&route.destination, to);
	if (!route.gateway.family)
		return netlink_do(n, h, e, "add the route to %s", to);
	return netlink_do(n, h, e, "add the route to %s by %s", to,
			  address_print(&route.gateway, by));
}
