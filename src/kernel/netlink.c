/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/netlink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kernel/netlink_private.h"
#include "kernel/netns.h"

int netlink_open(int netns, struct netlink **ret, struct err *e)
{
	AUTO(netlink) n = calloc(1, sizeof(*n));
	int on = 1, fd;

	if (!n)
		abort();
	fd = kernel_netns_socket(netns, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, e);
	if (fd < 0)
		return fd;
	n->socket = mnl_socket_fdopen(fd);
	if (!n->socket) {
		close(fd);
		return err_sys(e, "open a netlink socket");
	}
	/* Kernels that can't say more (before 4.12) say less. */
	mnl_socket_setsockopt(n->socket, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(n->socket, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(n->socket, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	if (mnl_socket_bind(n->socket, 0, MNL_SOCKET_AUTOPID) < 0)
		return err_sys(e, "bind a netlink socket");
	*ret = take_ptr(n);
	return 0;
}

void netlink_free(struct netlink *n)
{
	if (!n)
		return;
	if (n->socket)
		mnl_socket_close(n->socket);
	free(n);
}

int netlink_fd(const struct netlink *n)
{
	return mnl_socket_get_fd(n->socket);
}

struct nlmsghdr *netlink_begin(struct netlink *n, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h;

	memset(n->request, 0, sizeof(n->request));
	h = mnl_nlmsg_put_header(n->request);
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
	while (mnl_attr_ok(at, (int)(bytes - (size_t)((const char *)at - (const char *)first)))) {
		if (mnl_attr_get_type(at) <= max)
			ret[mnl_attr_get_type(at)] = at;
		at = mnl_attr_next(at);
	}
}

/* The kernel's own words, or NULL. */
static const char *words(const struct nlmsghdr *h)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(h);
	const struct nlattr *attributes[NLMSGERR_ATTR_MSG + 1];
	size_t skip = sizeof(*error);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		skip += MNL_ALIGN(error->msg.nlmsg_len - sizeof(error->msg));
	if (mnl_nlmsg_get_payload_len(h) < skip)
		return NULL;
	netlink_attributes(mnl_nlmsg_get_payload_offset(h, skip),
			   mnl_nlmsg_get_payload_len(h) - skip, attributes, NLMSGERR_ATTR_MSG);
	if (!attributes[NLMSGERR_ATTR_MSG] ||
	    mnl_attr_validate(attributes[NLMSGERR_ATTR_MSG], MNL_TYPE_NUL_STRING) < 0)
		return NULL;
	return mnl_attr_get_str(attributes[NLMSGERR_ATTR_MSG]);
}

/* An acknowledgement, good or bad. */
static int read_error(const struct nlmsghdr *h, struct err *e, const char *what)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(h);
	const char *said;

	if (mnl_nlmsg_get_payload_len(h) < sizeof(*error))
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

static int receive(struct netlink *n, struct asking *q)
{
	for (;;) {
		ssize_t got = mnl_socket_recvfrom(n->socket, n->answer, sizeof(n->answer));
		const struct nlmsghdr *h = (const struct nlmsghdr *)n->answer;
		int left = (int)got;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(q->e, "%s", q->what);
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			int r = read_message(n, h, q);

			if (r)
				return r < 0 ? r : q->result;
		}
	}
}

int netlink_ask(struct netlink *n, struct nlmsghdr *request, netlink_each *each, void *arg,
		struct err *e, const char *what)
{
	if (mnl_socket_sendto(n->socket, request, request->nlmsg_len) < 0)
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
