/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When somebody else takes away what berth has in nftables, or brings a firewall that has to be
 * told of berth's bridges (network/firewall_others.c): berth is run to put things right.
 *
 * The kernel tells of each transaction what it added and deleted, and at its end whose it was
 * (linux/netfilter/nf_tables.h, group NFNLGRP_NFTABLES).  What berth's own processes change does
 * not get here (netfilter_watch()), but for the program `firewall`; and when that has written
 * berth's rules, all is well again, whoever asked for it.
 *
 * All monitors hear of it at the same time.  Those who see while they wait (mend.c) that it was
 * done have nothing to do.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/supervisor.h"

#define TABLE   "berth"    /* of family inet; network/firewall.h */
#define PROGRAM "firewall" /* firewall/firewall.h */

/* linux/netlink.h, linux/netfilter/nfnetlink.h and nf_tables.h, which are not there with every
 * libc.
 */
enum {
	NFT = 10 << 8, /* NFNL_SUBSYS_NFTABLES */
	NEW_TABLE = NFT | 0,
	NEW_CHAIN = NFT | 3,
	NEW_RULE = NFT | 6,
	DELETE_TABLE = NFT | 2,
	DELETE_CHAIN = NFT | 5,
	DELETE_RULE = NFT | 8,
	DELETE_SET = NFT | 11,
	DELETE_ELEMENTS = NFT | 14,
	GENERATION = NFT | 15,
	ATTRIBUTE_TABLE = 1, /* of all of them the first */
	ATTRIBUTE_CHAIN_OF_RULE = 2,
	ATTRIBUTE_CHAIN = 3,
	ATTRIBUTE_PROCESS = 3,
	ATTRIBUTE_TYPE = 0x3fff, /* beside it there are flags */
	FAMILY_INET = 1,
	FAMILY_IPV4 = 2,
	FAMILY_IPV6 = 10,
};
struct message {
	uint32_t len;
	uint16_t type, flags;
	uint32_t sequence, port;
	uint8_t family, version;
	uint16_t resource;
};
struct attribute {
	uint16_t len, type;
};

static size_t aligned(size_t n)
{
	return (n + 3) & ~(size_t)3;
}

/* Whether the attribute of that type is that text. */
static bool has_text(const char *at, size_t len, uint16_t type, const char *text)
{
	struct attribute a;

	while (len >= sizeof(a)) {
		memcpy(&a, at, sizeof(a));
		if (a.len < sizeof(a) || a.len > len)
			return false;
		if ((a.type & ATTRIBUTE_TYPE) == type)
			return a.len == sizeof(a) + strlen(text) + 1 &&
			       memcmp(at + sizeof(a), text, strlen(text) + 1) == 0;
		if (aligned(a.len) >= len)
			return false;
		at += aligned(a.len);
		len -= aligned(a.len);
	}
	return false;
}

static void end_transaction(struct supervisor *s, bool by_program)
{
	struct firewall *f = &s->firewall;

	if (by_program && f->written && f->mend.at_ms)
		mend_note(s, &f->mend);
	else if (!by_program && f->missing)
		mend_plan(s, &f->mend);
	f->written = f->missing = false;
}

/* One of the two chains of iptables's that lead to berth's own. */
static bool is_iptables(const struct message *m, const char *attributes, size_t len, uint16_t type)
{
	return (m->family == FAMILY_IPV4 || m->family == FAMILY_IPV6) &&
	       has_text(attributes, len, ATTRIBUTE_TABLE, "filter") &&
	       (has_text(attributes, len, type, "FORWARD") ||
		has_text(attributes, len, type, "INPUT"));
}

static bool is_firewalld(const struct message *m, const char *attributes, size_t len)
{
	return m->family == FAMILY_INET && has_text(attributes, len, ATTRIBUTE_TABLE, "firewalld");
}

static void take(struct supervisor *s, const struct message *m, const char *attributes, size_t len)
{
	struct firewall *f = &s->firewall;
	bool ours = m->family == FAMILY_INET && has_text(attributes, len, ATTRIBUTE_TABLE, TABLE);

	switch (m->type) {
	case NEW_RULE:
		f->written = f->written || ours;
		break;
	case NEW_TABLE:
		f->missing = f->missing || is_firewalld(m, attributes, len);
		break;
	case NEW_CHAIN:
		f->missing = f->missing || is_iptables(m, attributes, len, ATTRIBUTE_CHAIN);
		break;
	case DELETE_RULE:
		f->missing = f->missing || ours ||
			     is_iptables(m, attributes, len, ATTRIBUTE_CHAIN_OF_RULE);
		break;
	case DELETE_TABLE:
	case DELETE_CHAIN:
	case DELETE_SET:
	case DELETE_ELEMENTS:
		f->missing = f->missing || ours;
		break;
	case GENERATION:
		end_transaction(s, has_text(attributes, len, ATTRIBUTE_PROCESS, PROGRAM));
		break;
	}
}

static void take_all(struct supervisor *s, const char *at, size_t len)
{
	struct message m;

	while (len >= sizeof(m)) {
		memcpy(&m, at, sizeof(m));
		if (m.len < sizeof(m) || m.len > len)
			return;
		take(s, &m, at + sizeof(m), m.len - sizeof(m));
		if (aligned(m.len) >= len)
			return;
		at += aligned(m.len);
		len -= aligned(m.len);
	}
}

void firewall_ready(struct supervisor *s)
{
	struct firewall *f = &s->firewall;

	for (;;) {
		ssize_t n = recv(f->watch.fd, f->text, sizeof(f->text), MSG_DONTWAIT | MSG_TRUNC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n >= 0 && (size_t)n <= sizeof(f->text)) {
			take_all(s, f->text, (size_t)n);
			continue;
		}
		if (n < 0 && errno != ENOBUFS) {
			watch_close(s, &f->watch);
			return;
		}
		/* Something was missed: that may have been it. */
		mend_plan(s, &f->mend);
	}
}

void firewall_start(struct supervisor *s)
{
	struct firewall *f = &s->firewall;

	f->watch.fd = s->h.mend_argv && s->h.program ? s->h.firewall : -1;
	f->watch.source = SOURCE_FIREWALL;
	watch_set(s, &f->watch, EPOLLIN);
}

int64_t firewall_deadline(const struct supervisor *s, int64_t soonest)
{
	return mend_deadline(s, &s->firewall.mend, soonest);
}

void firewall_settle(struct supervisor *s)
{
	if (mend_is_due(s, &s->firewall.mend))
		mend_run(s, &s->firewall.mend);
}

void firewall_reap(struct supervisor *s)
{
	mend_reap(s, &s->firewall.mend);
}
