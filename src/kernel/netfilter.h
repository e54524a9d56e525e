/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is asked of the kernel's netfilter, or changed, with each container, and cheap to do
 * directly; rules are written by the program `firewall` (linux/netfilter/nf_tables.h,
 * nfnetlink_conntrack.h).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* A socket in the network namespace; -1: this process's. ERR_UNSUPPORTED: there is no netfilter. */
int netfilter_open(int netns, struct err *e);
/* A socket that hears what others than berth's processes change of nftables there. */
int netfilter_watch(int netns, struct err *e);
/* The number of the last change. */
int netfilter_generation(int socket, uint32_t *ret, struct err *e);
/* Gives a socket a number by which netfilter_watch() knows it for ours; netfilter_open() does. */
void netfilter_own(int socket);
/* Whether a chain of an inet table has rules: 1, or 0, also without such a chain. */
int netfilter_has_rules(int socket, const char *table, const char *chain, struct err *e);
/* Whether a set of interface names in an inet table has that one: 1, or 0, also without such a set.
 */
int netfilter_has_interface(int socket, const char *table, const char *set, const char *name,
			    struct err *e);
/* A key, or what a map has for it: its parts one after another, each filled up to four bytes, in
 * the order of the network. */
struct netfilter_value {
	uint8_t bytes[40];
	size_t len;
};
void netfilter_put(struct netfilter_value *v, const void *part, size_t len);
struct netfilter_element {
	const char *set;
	struct netfilter_value key, value; /* value: of a map that is added to */
};
#define NETFILTER_ELEMENTS_MAX 1000 /* what a socket takes at once */
/* Adds the elements to maps of an inet table, or removes them: all or none. -EEXIST or -EBUSY: one
 * is there with another value; -ENOENT: what is to be removed, or its set, is not. */
int netfilter_change(int socket, const char *table, bool add, const struct netfilter_element *v,
		     size_t n, struct err *e);
/* Forgets the flows that were addressed to these ports, so that what is sent next is looked at as
 * new: who sends UDP to a port would otherwise go on being led to where it led before. family:
 * AF_INET or AF_INET6. */
int netfilter_forget_flows(int socket, int family, uint8_t protocol, uint16_t first_port,
			   uint16_t last_port, struct err *e);

/* A base chain of somebody's. */
struct netfilter_chain {
	int family; /* NFPROTO_* of linux/netfilter.h */
	char table[64], name[64];
	uint32_t hook; /* NF_INET_* */
	bool drops;    /* what no rule decides */
};
typedef void netfilter_each_chain(void *arg, const struct netfilter_chain *c);
int netfilter_chains(int socket, netfilter_each_chain *each, void *arg, struct err *e);
/* Rules of a chain (NULL: of the whole table) that have the word, the name of an interface or of a
 * chain that they jump to (NULL: any). */
struct netfilter_rules {
	int family;
	const char *table, *chain, *word;
};
/* How many there are, also none without such a table; handles (of the first max) may be NULL. */
int netfilter_find_rules(int socket, const struct netfilter_rules *of, uint64_t *handles,
			 size_t max, size_t *ret_found, struct err *e);
