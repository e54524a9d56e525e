/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * IP addresses and networks, and the little arithmetic that handing them out needs.  Both families
 * are one: bytes in network order, and how many of their bits are the network's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define ADDRESS_TEXT 64 /* the longest text of one, with its prefix and NUL */

struct address {
	int family; /* AF_INET, AF_INET6 */
	unsigned char bytes[16];
	unsigned prefix; /* 0 … 32 or 128 */
};

/* "10.0.0.1", "fd00::1": a prefix of all bits. False if it is none. */
bool address_parse(const char *s, struct address *ret);
/* "10.0.0.1/24": the address as it was given, not the network's. */
bool address_parse_net(const char *s, struct address *ret);
unsigned address_bits(const struct address *a); /* 32, 128 */
unsigned address_len(const struct address *a);  /* 4, 16 */
/* Without and with "/PREFIX". */
const char *address_print(const struct address *a, char ret[ADDRESS_TEXT]);
const char *address_print_net(const struct address *a, char ret[ADDRESS_TEXT]);

/* The first (all host bits 0) and last (all 1) address of its network. */
struct address address_first(const struct address *a);
struct address address_last(const struct address *a);
/* The one n after it; wraps around at the end of the family. */
struct address address_plus(const struct address *a, uint32_t n);
/* By family, then by value; prefixes don't count. */
int address_compare(const struct address *a, const struct address *b);
bool address_contains(const struct address *net, const struct address *a);
bool address_overlaps(const struct address *net, const struct address *other);

#define MAC_LEN  6
#define MAC_TEXT 18
/* "02:42:ac:11:00:02", also with "-" between. False if it is none. */
bool mac_parse(const char *s, unsigned char ret[MAC_LEN]);
const char *mac_print(const unsigned char mac[MAC_LEN], char ret[MAC_TEXT]);
