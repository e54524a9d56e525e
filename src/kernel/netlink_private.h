/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of netlink share. */
#pragma once

#include <linux/rtnetlink.h>

#include "kernel/netlink.h"
#include "kernel/netlink_message.h"

#define NETLINK_REQUEST_MAX 4096

struct netlink {
	int socket;
	uint32_t sequence;
	_Alignas(struct nlmsghdr) char request[NETLINK_REQUEST_MAX];
	_Alignas(struct nlmsghdr) char answer[32768]; /* as iproute2 gives dumps */
};

/* An empty request in n->request. flags: NLM_F_* beside REQUEST. */
struct nlmsghdr *netlink_begin(struct netlink *n, uint16_t type, uint16_t flags);
/* Sends it and waits for the acknowledgement. e: "what: words". */
int netlink_do(struct netlink *n, struct nlmsghdr *request, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
/* Sends it and hands each message of the answer to each(), until that does not return 0. */
typedef int netlink_each(void *arg, const struct nlmsghdr *message);
int netlink_ask(struct netlink *n, struct nlmsghdr *request, netlink_each *each, void *arg,
		struct err *e, const char *what);
/* Attributes by their type; those beyond max are left out. */
void netlink_attributes(const struct nlattr *first, size_t bytes, const struct nlattr **ret,
			unsigned max);
/* What a message of an address or a route says; false: it is another one's. */
bool netlink_read_address(const void *payload, size_t len, struct netlink_address *ret);
bool netlink_read_route(const void *payload, size_t len, struct netlink_route *ret);
