/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * UDP.  Who sends gets a socket of his own on the other side, so that answers are known to be his;
 * it goes when nobody has used it for two minutes, as long as the kernel remembers a flow
 * (nf_conntrack_udp_timeout_stream), or when there are too many.  Answers leave from the address
 * that was asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "forward/forwarder.h"

enum { IDLE_SECONDS = 120, FLOWS_MAX = 4096, BUCKETS = 1024, AT_ONCE = 64, DATAGRAM_MAX = 65535 };

struct flow {
	struct source source;
	const struct entry *entry;
	union socket_address client, local; /* local: the address that was asked */
	int fd;
	time_t used;
	struct flow *in_bucket;       /* the next one */
	struct flow *older, *younger; /* by use */
};

static struct flow *buckets[BUCKETS], *oldest, *youngest;
static size_t flows_len;
static char data[DATAGRAM_MAX];

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

static struct flow **bucket_of(const struct entry *e, const union socket_address *client)
{
	const unsigned char *p = (const unsigned char *)client;
	size_t size = client->any.sa_family == AF_INET ? 8 : 24;
	unsigned long h = (unsigned long)(e - forwarder.entries) + 5381;

	/* Family, port, address: what comes behind is of no meaning. */
	for (size_t i = 0; i < size; i++)
		h = h * 33 + p[i];
	return &buckets[h % BUCKETS];
}

static bool same(const union socket_address *a, const union socket_address *b)
{
	if (a->any.sa_family != b->any.sa_family)
		return false;
	if (a->any.sa_family == AF_INET)
		return a->v4.sin_port == b->v4.sin_port &&
		       a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
	return a->v6.sin6_port == b->v6.sin6_port && a->v6.sin6_scope_id == b->v6.sin6_scope_id &&
	       memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, sizeof(a->v6.sin6_addr)) == 0;
}

static void leave_line(struct flow *f)
{
	if (f->older)
		f->older->younger = f->younger;
	else
		oldest = f->younger;
	if (f->younger)
		f->younger->older = f->older;
	else
		youngest = f->older;
}

static void join_line(struct flow *f)
{
	f->used = now();
	f->older = youngest;
	f->younger = NULL;
	if (youngest)
		youngest->younger = f;
	else
		oldest = f;
	youngest = f;
}

static void drop(struct flow *f)
{
	struct flow **at = bucket_of(f->entry, &f->client);

	while (*at != f)
		at = &(*at)->in_bucket;
	*at = f->in_bucket;
	leave_line(f);
	close(f->fd);
	free(f);
	flows_len--;
}

static void answer(const struct flow *f, size_t len)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { .room = { 0 } };
	union socket_address to = f->client;
	struct iovec part = { data, len };
	struct msghdr m = { .msg_name = &to,
			    .msg_namelen = address_size(&to),
			    .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = &control };
	struct in_pktinfo from4 = { .ipi_spec_dst = f->local.v4.sin_addr };
	struct in6_pktinfo from6 = { .ipi6_addr = f->local.v6.sin6_addr };
	bool v4 = f->local.any.sa_family == AF_INET;
	size_t size = v4 ? sizeof(from4) : sizeof(from6);
	struct cmsghdr *c;

	m.msg_controllen = CMSG_SPACE(size);
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
	c->cmsg_type = v4 ? IP_PKTINFO : IPV6_PKTINFO;
	c->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(c), v4 ? (void *)&from4 : (void *)&from6, size);
	/* A datagram that can't be sent is one that is lost. */
	(void)!sendmsg(f->entry->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void flow_ready(struct source *source)
{
	struct flow *f = (struct flow *)source;

	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(f->fd, data, sizeof(data), MSG_DONTWAIT);

		/* An error that is told once (nobody listens, say) is not the end. */
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n >= 0)
			answer(f, (size_t)n);
	}
	leave_line(f);
	join_line(f);
}

static struct flow *find(const struct entry *e, const union socket_address *client,
			 const union socket_address *local)
{
	for (struct flow *f = *bucket_of(e, client); f; f = f->in_bucket)
		if (f->entry == e && same(&f->client, client) && same(&f->local, local))
			return f;
	return NULL;
}

static struct flow *make(const struct entry *e, const union socket_address *client,
			 const union socket_address *local)
{
	struct flow **bucket = bucket_of(e, client);
	struct flow *f = calloc(1, sizeof(*f));
	union socket_address to;

	if (!f)
		return NULL;
	*f = (struct flow){ .source = { flow_ready },
			    .entry = e,
			    .client = *client,
			    .local = *local,
			    .fd = open_target(e, client, SOCK_DGRAM, &to) };
	if (f->fd < 0 || connect(f->fd, &to.any, address_size(&to)) < 0 ||
	    watch(f->fd, EPOLLIN, &f->source) < 0) {
		if (f->fd >= 0)
			close(f->fd);
		free(f);
		return NULL;
	}
	f->in_bucket = *bucket;
	*bucket = f;
	join_line(f);
	flows_len++;
	return f;
}

static void read_local(struct msghdr *m, int family, union socket_address *ret)
{
	*ret = (union socket_address){ .v6 = { 0 } };
	ret->any.sa_family = (sa_family_t)family;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		struct in_pktinfo to4;
		struct in6_pktinfo to6;

		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			memcpy(&to4, CMSG_DATA(c), sizeof(to4));
			ret->v4.sin_addr = to4.ipi_spec_dst;
		} else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			memcpy(&to6, CMSG_DATA(c), sizeof(to6));
			ret->v6.sin6_addr = to6.ipi6_addr;
		}
	}
}

/* False: there is nothing more. */
static bool take_one(const struct entry *e)
{
	_Alignas(struct cmsghdr) char control[256];
	union socket_address client = { .v6 = { 0 } }, local;
	struct iovec part = { data, sizeof(data) };
	struct msghdr m = { .msg_name = &client,
			    .msg_namelen = sizeof(client),
			    .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(e->fd, &m, MSG_DONTWAIT);
	struct flow *f;

	if (n < 0)
		return errno != EAGAIN;
	read_local(&m, client.any.sa_family, &local);
	f = find(e, &client, &local);
	if (!f) {
		f = make(e, &client, &local);
		if (!f)
			return true;
	}
	(void)!send(f->fd, data, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL);
	leave_line(f);
	join_line(f);
	return true;
}

void datagram_take(struct source *source)
{
	for (int i = 0; i < AT_ONCE && take_one((struct entry *)source); i++)
		;
}

int datagram_prepare(struct entry *e)
{
	int on = 1;

	return e->to.family == AF_INET
		       ? setsockopt(e->fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on))
		       : setsockopt(e->fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
}

/* Called when no event is at hand, which might be of one that goes. */
int datagram_age(void)
{
	while (oldest && (flows_len > FLOWS_MAX || now() - oldest->used >= IDLE_SECONDS))
		drop(oldest);
	return oldest ? 1000 * (int)(IDLE_SECONDS - (now() - oldest->used) + 1) : -1;
}
