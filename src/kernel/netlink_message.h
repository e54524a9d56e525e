/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Netlink's messages in memory: netlink(7), and the kernel's
 * Documentation/userspace-api/netlink/intro.rst.  A message is a header, a header of its family,
 * and attributes; all begin at multiples of four.  Who writes gives room for all that is added.
 */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Writing. */

static inline struct nlmsghdr *message_begin(void *room)
{
	struct nlmsghdr *h = room;

	memset(h, 0, NLMSG_HDRLEN);
	h->nlmsg_len = NLMSG_HDRLEN;
	return h;
}

/* So many bytes more, all zero. */
static inline void *message_add(struct nlmsghdr *h, size_t bytes)
{
	char *end = (char *)h + NLMSG_ALIGN(h->nlmsg_len);

	memset(end, 0, NLMSG_ALIGN(bytes));
	h->nlmsg_len = (uint32_t)(NLMSG_ALIGN(h->nlmsg_len) + NLMSG_ALIGN(bytes));
	return end;
}

static inline void attribute_put(struct nlmsghdr *h, uint16_t type, size_t len, const void *data)
{
	struct nlattr *at = message_add(h, NLA_HDRLEN + len);

	at->nla_type = type;
	at->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy((char *)at + NLA_HDRLEN, data, len);
}

static inline void attribute_put_u8(struct nlmsghdr *h, uint16_t type, uint8_t value)
{
	attribute_put(h, type, sizeof(value), &value);
}

static inline void attribute_put_u16(struct nlmsghdr *h, uint16_t type, uint16_t value)
{
	attribute_put(h, type, sizeof(value), &value);
}

static inline void attribute_put_u32(struct nlmsghdr *h, uint16_t type, uint32_t value)
{
	attribute_put(h, type, sizeof(value), &value);
}

/* With its NUL, or as words without. */
static inline void attribute_put_text(struct nlmsghdr *h, uint16_t type, const char *s)
{
	attribute_put(h, type, strlen(s) + 1, s);
}

static inline void attribute_put_words(struct nlmsghdr *h, uint16_t type, const char *s)
{
	attribute_put(h, type, strlen(s), s);
}

/* What is put until the end of it lies in it. */
static inline struct nlattr *attribute_nest(struct nlmsghdr *h, uint16_t type)
{
	struct nlattr *at = message_add(h, NLA_HDRLEN);

	at->nla_type = NLA_F_NESTED | type;
	return at;
}

static inline void attribute_nest_end(struct nlmsghdr *h, struct nlattr *at)
{
	at->nla_len = (uint16_t)((char *)h + NLMSG_ALIGN(h->nlmsg_len) - (char *)at);
}

/* Reading. */

/* Whether a whole message is there, of bytes that are left. */
static inline bool message_ok(const struct nlmsghdr *h, int left)
{
	return left >= (int)sizeof(*h) && h->nlmsg_len >= sizeof(*h) &&
	       h->nlmsg_len <= (size_t)left;
}

static inline const struct nlmsghdr *message_next(const struct nlmsghdr *h, int *left)
{
	*left -= (int)NLMSG_ALIGN(h->nlmsg_len);
	return (const struct nlmsghdr *)((const char *)h + NLMSG_ALIGN(h->nlmsg_len));
}

/* What is behind the header, and behind so many bytes more. */
static inline const void *message_data(const struct nlmsghdr *h)
{
	return (const char *)h + NLMSG_HDRLEN;
}

static inline const void *message_data_after(const struct nlmsghdr *h, size_t bytes)
{
	return (const char *)h + NLMSG_HDRLEN + NLMSG_ALIGN(bytes);
}

static inline size_t message_len(const struct nlmsghdr *h)
{
	return h->nlmsg_len - NLMSG_HDRLEN;
}

/* Whether a whole attribute is there, of bytes that are left. */
static inline bool attribute_ok(const struct nlattr *at, int left)
{
	return left >= (int)sizeof(*at) && at->nla_len >= sizeof(*at) && at->nla_len <= left;
}

static inline const struct nlattr *attribute_next(const struct nlattr *at)
{
	return (const struct nlattr *)((const char *)at + NLA_ALIGN(at->nla_len));
}

static inline uint16_t attribute_type(const struct nlattr *at)
{
	return at->nla_type & NLA_TYPE_MASK;
}

static inline size_t attribute_len(const struct nlattr *at)
{
	return (size_t)at->nla_len - NLA_HDRLEN;
}

static inline const void *attribute_data(const struct nlattr *at)
{
	return (const char *)at + NLA_HDRLEN;
}

/* Of attributes that are known to be so long. */
static inline uint8_t attribute_u8(const struct nlattr *at)
{
	return *(const uint8_t *)attribute_data(at);
}

static inline uint16_t attribute_u16(const struct nlattr *at)
{
	return *(const uint16_t *)attribute_data(at);
}

static inline uint32_t attribute_u32(const struct nlattr *at)
{
	return *(const uint32_t *)attribute_data(at);
}

static inline uint64_t attribute_u64(const struct nlattr *at)
{
	uint64_t value; /* aligned to four only */

	memcpy(&value, attribute_data(at), sizeof(value));
	return value;
}

static inline const char *attribute_text(const struct nlattr *at)
{
	return attribute_data(at);
}

static inline bool attribute_is_text(const struct nlattr *at)
{
	return attribute_len(at) > 0 && attribute_text(at)[attribute_len(at) - 1] == '\0';
}

/* The attribute of that type in so many bytes of them, or NULL. */
static inline const struct nlattr *attribute_find(const struct nlattr *first, size_t bytes,
						  unsigned type)
{
	const struct nlattr *at = first;

	while (attribute_ok(at, (int)(bytes - (size_t)((const char *)at - (const char *)first)))) {
		if (attribute_type(at) == type)
			return at;
		at = attribute_next(at);
	}
	return NULL;
}
