/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Questions to the kernel's netfilter that are asked often and cheap to ask directly; rules are
 * written by the program `firewall` (linux/netfilter/nf_tables.h, nfnetlink_conntrack.h).
 */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* A socket in the network namespace; -1: this process's. ERR_UNSUPPORTED: there is no netfilter. */
int netfilter_open(int netns, struct err *e);
/* Whether a chain of an inet table has rules: 1, or 0, also without such a chain. */
int netfilter_has_rules(int socket, const char *table, const char *chain, struct err *e);
/* Whether a set of interface names in an inet table has that one: 1, or 0, also without such a set.
 */
int netfilter_has_interface(int socket, const char *table, const char *set, const char *name,
			    struct err *e);
/* Forgets the flows that were addressed to these ports, so that what is sent next is looked at as
 * new: who sends UDP to a port would otherwise go on being led to where it led before. family:
 * AF_INET or AF_INET6. */
int netfilter_forget_flows(int socket, int family, uint8_t protocol, uint16_t first_port,
			   uint16_t last_port, struct err *e);
