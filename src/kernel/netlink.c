/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/netlink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/netlink_private.h"
#include "kernel/netns.h"

int netlink_open(int netns, struct netlink **ret, struct err *e)
{
	static const struct sockaddr_nl kernel_decides = { .nl_family = AF_NETLINK };
	AUTO(netlink) n = calloc(1, sizeof(*n));
	int on = 1;

	if (!n)
		abort();
	n->socket = kernel_netns_socket(netns, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, e);
	if (n->socket < 0)
		return n->socket;
	/* Kernels that can't say more (before 4.12) say less. */
	setsockopt(n->socket, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(n->socket, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(n->socket, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (bind(n->socket, (struct sockaddr *)&kernel_decides, sizeof(kernel_decides)) < 0)
		return err_sys(e, "bind a netlink socket");
	*ret = take_ptr(n);
	return 0;
}

void netlink_free(struct netlink *n)
{
	if (!n)
		return;
	close_p(&n->socket);
	free(n);
}

int netlink_fd(const struct netlink *n)
{
	return n->socket;
}

struct nlmsghdr *netlink_begin(struct netlink *n, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h;

	memset(n->request, 0, sizeof(n->request));
	h = message_begin(n->request);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | flags;
	h->nlmsg_seq = ++n->sequence;
	return h;
}

void netlink_attributes(const struct nlattr *first, size_t bytes, const struct nlattr **ret,
			unsigned max)
{
	const struct nlattr *at = first;

	memset(ret, 0, (max + 1) * sizeof(*ret));
	while (attribute_ok(at, (int)(bytes - (size_t)((const char *)at - (const char *)first)))) {
		if (attribute_type(at) <= max)
			ret[attribute_type(at)] = at;
		at = attribute_next(at);
	}
}

/* The kernel's own words, or NULL. */
static const char *words(const struct nlmsghdr *h)
{
	const struct nlmsgerr *error = message_data(h);
	const struct nlattr *attributes[NLMSGERR_ATTR_MSG + 1];
	size_t skip = sizeof(*error);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += NLMSG_ALIGN(error->msg.nlmsg_len - sizeof(error->msg));
	if (message_len(h) < skip)
		return NULL;
	netlink_attributes(message_data_after(h, skip), message_len(h) - skip, attributes,
			   NLMSGERR_ATTR_MSG);
	if (!attributes[NLMSGERR_ATTR_MSG] || !attribute_is_text(attributes[NLMSGERR_ATTR_MSG]))
		return NULL;
	return attribute_text(attributes[NLMSGERR_ATTR_MSG]);
}

/* An acknowledgement, good or bad. */
static int read_error(const struct nlmsghdr *h, struct err *e, const char *what)
{
	const struct nlmsgerr *error = message_data(h);
	const char *said;

	if (message_len(h) < sizeof(*error))
		return err_set(e, ERR_SYSTEM, "%s: the kernel's answer is too short", what);
	if (error->error >= 0)
		return 0;
	said = words(h);
	if (said)
		return err_from(e, error->error, "%s: %s", what, said);
	return err_from(e, error->error, "%s", what);
}

struct asking {
	netlink_each *each;
	void *arg;
	const char *what;
	struct err *e;
	int result; /* of each(), once it is not 0 */
};

/* 1: the answer is complete. A dump is read to its end: the socket can't begin another before. */
static int read_message(struct netlink *n, const struct nlmsghdr *h, struct asking *q)
{
	int r;

	if (h->nlmsg_seq != n->sequence)
		return 0;
	switch (h->nlmsg_type) {
	case NLMSG_ERROR:
		r = read_error(h, q->e, q->what);
		return r < 0 ? r : 1;
	case NLMSG_DONE:
		return 1;
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return 0;
	}
	if (q->each && q->result == 0)
		q->result = q->each(q->arg, h);
	return !(h->nlmsg_flags & NLM_F_MULTI);
}

static ssize_t receive_some(struct netlink *n)
{
	struct iovec room = { n->answer, sizeof(n->answer) };
	struct msghdr m = { .msg_iov = &room, .msg_iovlen = 1 };
	ssize_t got = recvmsg(n->socket, &m, 0);

	if (got >= 0 && (m.msg_flags & MSG_TRUNC)) {
		errno = ENOSPC;
		return -1;
	}
	return got;
}

static int receive(struct netlink *n, struct asking *q)
{
	for (;;) {
		ssize_t got = receive_some(n);
		const struct nlmsghdr *h = (const struct nlmsghdr *)n->answer;
		int left = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(q->e, "%s", q->what);
		for (; message_ok(h, left); h = message_next(h, &left)) {
			int r = read_message(n, h, q);

			if (r)
				return r < 0 ? r : q->result;
		}
	}
}

int netlink_ask(struct netlink *n, struct nlmsghdr *request, netlink_each *each, void *arg,
		struct err *e, const char *what)
{
	if (send(n->socket, request, request->nlmsg_len, 0) < 0)
		return err_sys(e, "%s", what);
	return receive(n, &(struct asking){ each, arg, what, e, 0 });
}

int netlink_do(struct netlink *n, struct nlmsghdr *request, struct err *e, const char *fmt, ...)
{
	char what[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(what, sizeof(what), fmt, args);
	va_end(args);
	request->nlmsg_flags |= NLM_F_ACK;
	return netlink_ask(n, request, NULL, NULL, e, what);
}
