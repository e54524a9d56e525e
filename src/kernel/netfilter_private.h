/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of netfilter.h share. */
#pragma once

#include <linux/netfilter/nfnetlink.h>

#include "base/err.h"
#include "kernel/netlink_message.h"

struct nlmsghdr *netfilter_begin(void *room, unsigned subsystem, unsigned type, unsigned flags,
				 int family);
/* Hands each message of the answer to each(); the error that ends it, or 0. */
typedef void netfilter_each(void *arg, const struct nlmsghdr *h);
int netfilter_ask(int fd, const struct nlmsghdr *request, netfilter_each *each, void *arg);
/* In an attribute, and in a message; NULL: it isn't there. */
const struct nlattr *netfilter_find_in(const struct nlmsghdr *h, unsigned type);
const struct nlattr *netfilter_find(const struct nlattr *nest, unsigned type);
