/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/netfilter.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "kernel/netfilter_private.h"
#include "kernel/netns.h"

#define ANSWER_BYTES 32768

int netfilter_open(int netns, struct err *e)
{
	int fd = kernel_netns_socket(netns, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER, e);

	if (fd == -EPROTONOSUPPORT)
		return err_set(e, ERR_UNSUPPORTED, "this kernel has no netfilter");
	if (fd >= 0)
		netfilter_own(fd);
	return fd;
}

struct nlmsghdr *netfilter_begin(void *room, unsigned subsystem, unsigned type, unsigned flags,
				 int family)
{
	struct nlmsghdr *h = message_begin(room);
	struct nfgenmsg *g;

	h->nlmsg_type = (uint16_t)(subsystem << 8 | type);
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = 1;
	g = message_add(h, sizeof(*g));
	*g = (struct nfgenmsg){ .nfgen_family = (uint8_t)family, .version = NFNETLINK_V0 };
	return h;
}

int netfilter_ask(int fd, const struct nlmsghdr *request, netfilter_each *each, void *arg)
{
	_Alignas(struct nlmsghdr) char room[ANSWER_BYTES];

	if (send(fd, request, request->nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, room, sizeof(room), 0);
		const struct nlmsghdr *h = (const struct nlmsghdr *)room;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		for (; message_ok(h, left); h = message_next(h, &left)) {
			const struct nlmsgerr *error = message_data(h);

			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return message_len(h) >= sizeof(*error) ? error->error : -EPROTO;
			if (each)
				each(arg, h);
			if (!(h->nlmsg_flags & NLM_F_MULTI))
				return 0;
		}
	}
}

static void note(void *arg, const struct nlmsghdr *h)
{
	*(bool *)arg = true;
}

/* 1: something was said; 0: nothing, or that there is no such thing. */
static int ask_whether(int fd, const struct nlmsghdr *request, struct err *e)
{
	bool found = false;
	int r = netfilter_ask(fd, request, note, &found);

	if (r < 0 && r != -ENOENT)
		return err_from(e, r, "look at the firewall");
	return found;
}

int netfilter_has_rules(int socket, const char *table, const char *chain, struct err *e)
{
	_Alignas(struct nlmsghdr) char room[512];
	struct nlmsghdr *h = netfilter_begin(room, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETRULE,
					     NLM_F_DUMP, NFPROTO_INET);

	attribute_put_text(h, NFTA_RULE_TABLE, table);
	attribute_put_text(h, NFTA_RULE_CHAIN, chain);
	return ask_whether(socket, h, e);
}

int netfilter_has_interface(int socket, const char *table, const char *set, const char *name,
			    struct err *e)
{
	_Alignas(struct nlmsghdr) char room[512];
	struct nlmsghdr *h =
		netfilter_begin(room, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSETELEM, 0, NFPROTO_INET);
	struct nlattr *list, *element, *key;
	char padded[IF_NAMESIZE] = { 0 };

	strncpy(padded, name, sizeof(padded) - 1);
	attribute_put_text(h, NFTA_SET_ELEM_LIST_TABLE, table);
	attribute_put_text(h, NFTA_SET_ELEM_LIST_SET, set);
	list = attribute_nest(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	element = attribute_nest(h, NFTA_LIST_ELEM);
	key = attribute_nest(h, NFTA_SET_ELEM_KEY);
	attribute_put(h, NFTA_DATA_VALUE, sizeof(padded), padded);
	attribute_nest_end(h, key);
	attribute_nest_end(h, element);
	attribute_nest_end(h, list);
	return ask_whether(socket, h, e);
}

static void note_generation(void *arg, const struct nlmsghdr *h)
{
	const struct nlattr *at = netfilter_find_in(h, NFTA_GEN_ID);

	if (at && attribute_len(at) == sizeof(uint32_t))
		*(uint32_t *)arg = ntohl(attribute_u32(at));
}

int netfilter_generation(int socket, uint32_t *ret, struct err *e)
{
	_Alignas(struct nlmsghdr) char room[64];
	const struct nlmsghdr *h =
		netfilter_begin(room, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETGEN, 0, AF_UNSPEC);
	int r = netfilter_ask(socket, h, note_generation, ret);

	return r < 0 ? err_from(e, r, "look at the firewall") : 0;
}

/* Elements */

#define BATCH_BYTES   (NETFILTER_ELEMENTS_MAX * 128 + 1024)
#define ELEMENTS_EACH 400 /* of one message: a list has 64 KiB at most */

void netfilter_put(struct netfilter_value *v, const void *part, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;

	if (v->len + padded > sizeof(v->bytes))
		abort();
	memset(v->bytes + v->len, 0, padded);
	memcpy(v->bytes + v->len, part, len);
	v->len += padded;
}

static char *batch_mark(char *at, unsigned type)
{
	struct nlmsghdr *h = netfilter_begin(at, 0, type, 0, AF_UNSPEC);
	struct nfgenmsg *g = (struct nfgenmsg *)(at + NLMSG_HDRLEN);

	g->res_id = htons(NFNL_SUBSYS_NFTABLES);
	return at + h->nlmsg_len;
}

static void put_value(struct nlmsghdr *h, uint16_t type, const struct netfilter_value *v)
{
	struct nlattr *nest = attribute_nest(h, type);

	attribute_put(h, NFTA_DATA_VALUE, v->len, v->bytes);
	attribute_nest_end(h, nest);
}

/* Those from v on that are of one set, as one message; ret_n: how many. */
static char *put_elements(char *at, const char *table, bool add, const struct netfilter_element *v,
			  size_t n, size_t *ret_n)
{
	struct nlmsghdr *h = netfilter_begin(at, NFNL_SUBSYS_NFTABLES,
					     add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM,
					     NLM_F_ACK | (add ? NLM_F_CREATE : 0), NFPROTO_INET);
	struct nlattr *list;
	size_t i;

	attribute_put_text(h, NFTA_SET_ELEM_LIST_TABLE, table);
	attribute_put_text(h, NFTA_SET_ELEM_LIST_SET, v->set);
	list = attribute_nest(h, NFTA_SET_ELEM_LIST_ELEMENTS);
	for (i = 0; i < n && i < ELEMENTS_EACH && strcmp(v[i].set, v->set) == 0; i++) {
		struct nlattr *element = attribute_nest(h, NFTA_LIST_ELEM);

		put_value(h, NFTA_SET_ELEM_KEY, &v[i].key);
		if (add)
			put_value(h, NFTA_SET_ELEM_DATA, &v[i].value);
		attribute_nest_end(h, element);
	}
	attribute_nest_end(h, list);
	*ret_n = i;
	return at + h->nlmsg_len;
}

/* All answers are there when the batch has been sent; the first error among them. */
static int read_answers(int fd)
{
	_Alignas(struct nlmsghdr) char room[ANSWER_BYTES];
	bool any = false;
	int result = 0;

	for (;;) {
		ssize_t n = recv(fd, room, sizeof(room), MSG_DONTWAIT);
		const struct nlmsghdr *h = (const struct nlmsghdr *)room;
		int left = (int)n;

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return any ? result : -EPROTO;
		if (n <= 0)
			return n < 0 ? -errno : -EPROTO;
		for (; message_ok(h, left); h = message_next(h, &left)) {
			const struct nlmsgerr *error = message_data(h);

			if (h->nlmsg_type != NLMSG_ERROR || message_len(h) < sizeof(*error))
				continue;
			any = true;
			result = result ? result : error->error;
		}
	}
}

int netfilter_change(int socket, const char *table, bool add, const struct netfilter_element *v,
		     size_t n, struct err *e)
{
	auto_free char *batch = n <= NETFILTER_ELEMENTS_MAX ? malloc(BATCH_BYTES) : NULL;
	char *at = batch;
	size_t done;
	int r;

	if (!batch)
		return err_set(e, ERR_INVALID, "%zu elements are too many at once", n);
	at = batch_mark(at, NFNL_MSG_BATCH_BEGIN);
	for (size_t i = 0; i < n; i += done)
		at = put_elements(at, table, add, v + i, n - i, &done);
	at = batch_mark(at, NFNL_MSG_BATCH_END);
	r = send(socket, batch, (size_t)(at - batch), 0) < 0 ? -errno : read_answers(socket);
	return r < 0 ? err_from(e, r, "change the firewall") : 0;
}

/* Flows: those that match are collected first, as a socket does one dump at a time. */
struct flows {
	uint8_t protocol;
	uint16_t first, last;
	struct buf tuples; /* CTA_TUPLE_ORIG attributes, one after another */
};

const struct nlattr *netfilter_find(const struct nlattr *nest, unsigned type)
{
	return attribute_find(attribute_data(nest), attribute_len(nest), type);
}

const struct nlattr *netfilter_find_in(const struct nlmsghdr *h, unsigned type)
{
	const size_t skip = NLMSG_ALIGN(sizeof(struct nfgenmsg));

	if (message_len(h) < skip)
		return NULL;
	return attribute_find(message_data_after(h, skip), message_len(h) - skip, type);
}

static bool matches(const struct flows *f, const struct nlattr *tuple)
{
	const struct nlattr *protocol = netfilter_find(tuple, CTA_TUPLE_PROTO);
	const struct nlattr *number = protocol ? netfilter_find(protocol, CTA_PROTO_NUM) : NULL;
	const struct nlattr *port = protocol ? netfilter_find(protocol, CTA_PROTO_DST_PORT) : NULL;
	uint16_t value;

	if (!number || !port || attribute_len(number) < 1 || attribute_len(port) < 2)
		return false;
	value = ntohs(attribute_u16(port));
	return attribute_u8(number) == f->protocol && value >= f->first && value <= f->last;
}

static void collect(void *arg, const struct nlmsghdr *h)
{
	const struct nlattr *at = netfilter_find_in(h, CTA_TUPLE_ORIG);
	struct flows *f = arg;

	if (at && matches(f, at))
		buf_add(&f->tuples, at, NLMSG_ALIGN(at->nla_len));
}

int netfilter_forget_flows(int socket, int family, uint8_t protocol, uint16_t first_port,
			   uint16_t last_port, struct err *e)
{
	_Alignas(struct nlmsghdr) char room[1024];
	struct flows f = { protocol, first_port, last_port, BUF((size_t)64 << 20) };
	struct nlmsghdr *h =
		netfilter_begin(room, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET, NLM_F_DUMP, family);
	int r = netfilter_ask(socket, h, collect, &f);

	for (size_t at = 0; r == 0 && at + sizeof(struct nlattr) <= f.tuples.len;) {
		const struct nlattr *tuple = (const struct nlattr *)(f.tuples.data + at);

		h = netfilter_begin(room, NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, NLM_F_ACK,
				    family);
		attribute_put(h, CTA_TUPLE_ORIG | NLA_F_NESTED, attribute_len(tuple),
			      attribute_data(tuple));
		r = netfilter_ask(socket, h, NULL, NULL);
		/* It ended by itself. */
		r = r == -ENOENT ? 0 : r;
		at += NLMSG_ALIGN(tuple->nla_len);
	}
	buf_free(&f.tuples);
	return r < 0 ? err_from(e, r, "forget flows to published ports") : 0;
}
