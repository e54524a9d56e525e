/* SPDX-License-Identifier: BSD-2-Clause */
/* The program `forward`: what forward.h says.  It parses nothing of what it passes on. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "forward/forwarder.h"

#ifndef IPV6_TRANSPARENT
#define IPV6_TRANSPARENT 75
#endif

/* As linux/capability.h has them, which a C library of our own choice does not come with. */
#define CAPABILITY_VERSION_3 0x20080522
#define CAPABILITY_NET_ADMIN 12
struct capability_header {
	uint32_t version;
	int pid;
};
struct capability_data {
	uint32_t effective, permitted, inheritable;
};

enum { EVENTS = 64, BACKLOG = 4096 };

struct forwarder forwarder;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	exit(1);
}

int watch(int fd, unsigned events, struct source *source)
{
	struct epoll_event e = { .events = events, .data = { .ptr = source } };

	return epoll_ctl(forwarder.epoll, EPOLL_CTL_ADD, fd, &e);
}

socklen_t address_size(const union socket_address *a)
{
	return a->any.sa_family == AF_INET ? sizeof(a->v4) : sizeof(a->v6);
}

/* Targets */

static void fill_target(const struct forward_port *to, union socket_address *ret)
{
	*ret = (union socket_address){ .v6 = { 0 } };
	ret->any.sa_family = to->family;
	if (to->family == AF_INET) {
		ret->v4.sin_port = htons(to->port);
		memcpy(&ret->v4.sin_addr, to->address, sizeof(ret->v4.sin_addr));
	} else {
		ret->v6.sin6_port = htons(to->port);
		memcpy(&ret->v6.sin6_addr, to->address, sizeof(ret->v6.sin6_addr));
	}
}

static bool shares_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned mask = 0xff00U >> (bits % 8) & 0xff;

	return memcmp(a, b, bits / 8) == 0 && !((a[bits / 8] ^ b[bits / 8]) & mask);
}

/* Those whom the target would not answer through here: who means himself by an address that means
 * somebody else there, and who seems to be his neighbour. */
static bool is_nobody_there(const struct forward_port *to, const union socket_address *client)
{
	uint8_t a[17] = { 0 }, b[17] = { 0 };

	if (to->family == AF_INET)
		memcpy(a, &client->v4.sin_addr, 4);
	else
		memcpy(a, &client->v6.sin6_addr, 16);
	memcpy(b, to->address, 16);
	if (to->family == AF_INET ? a[0] == 127 || a[0] == 0
				  : IN6_IS_ADDR_LOOPBACK(&client->v6.sin6_addr) ||
					    IN6_IS_ADDR_LINKLOCAL(&client->v6.sin6_addr))
		return true;
	return shares_prefix(a, b, to->prefix);
}

static bool take_name(int fd, const struct forward_port *to, const union socket_address *client)
{
	union socket_address name = *client;
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &to->mark, sizeof(to->mark)) < 0 ||
	    (to->family == AF_INET
		     ? setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &on, sizeof(on))
		     : setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &on, sizeof(on))) < 0)
		return false;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &name.any, address_size(&name)) == 0)
		return true;
	/* He has the port there already, towards another one of the container's. */
	if (to->family == AF_INET)
		name.v4.sin_port = 0;
	else
		name.v6.sin6_port = 0;
	return bind(fd, &name.any, address_size(&name)) == 0;
}

int open_target(const struct entry *e, const union socket_address *client, int type,
		union socket_address *ret_target)
{
	int fd = socket(e->to.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	fill_target(&e->to, ret_target);
	if (fd < 0 || is_nobody_there(&e->to, client) || take_name(fd, &e->to, client))
		return fd;
	/* Better from somebody else than not at all. */
	close(fd);
	return socket(e->to.family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

/* What it is given */

struct packet {
	struct forward_port ports[FORWARD_BATCH];
	int fds[FORWARD_BATCH];
	size_t len, fds_len;
};

/* False: that was all. */
static bool receive(struct packet *p)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(p->fds))];
	struct iovec part = { p->ports, sizeof(p->ports) };
	struct msghdr m = { .msg_iov = &part,
			    .msg_iovlen = 1,
			    .msg_control = control,
			    .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(FORWARD_FD, &m, MSG_CMSG_CLOEXEC);
	struct cmsghdr *c;

	if (n < 0)
		fail("receive sockets");
	if (n == 0)
		return false;
	p->len = (size_t)n;
	p->fds_len = 0;
	c = CMSG_FIRSTHDR(&m);
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS) {
		p->fds_len = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(p->fds, CMSG_DATA(c), p->fds_len * sizeof(int));
	}
	return true;
}

static void add(const struct packet *p)
{
	size_t n = p->fds_len;

	if (p->len != n * sizeof(p->ports[0]))
		fail("receive sockets");
	forwarder.entries =
		realloc(forwarder.entries, (forwarder.entries_len + n) * sizeof(struct entry));
	if (!forwarder.entries)
		fail("memory");
	for (size_t i = 0; i < n; i++)
		forwarder.entries[forwarder.entries_len++] =
			(struct entry){ .fd = p->fds[i], .to = p->ports[i] };
}

/* Returns the process that it ends with. */
static int receive_all(void)
{
	static struct packet p;
	int pidfd;

	if (!receive(&p) || p.fds_len != 2)
		fail("receive the namespace");
	if (setns(p.fds[0], CLONE_NEWNET) < 0)
		fail("enter the network namespace");
	close(p.fds[0]);
	pidfd = p.fds[1];
	while (receive(&p))
		add(&p);
	close(FORWARD_FD);
	return pidfd;
}

static void listen_to(struct entry *e)
{
	int type, on = 1, r;
	socklen_t size = sizeof(type);

	if (getsockopt(e->fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    fcntl(e->fd, F_SETFL, O_NONBLOCK) < 0)
		fail("look at a socket");
	e->listens = type == SOCK_STREAM;
	/* What is left of its connections is not to keep the next one from having the port. */
	setsockopt(e->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	e->source.ready = e->listens ? stream_begin : datagram_take;
	r = e->listens ? listen(e->fd, BACKLOG) : datagram_prepare(e);
	if (r < 0 || watch(e->fd, EPOLLIN, &e->source) < 0)
		fail("listen");
}

/* Of what its user namespace gives it, what sending in somebody's name takes. */
static void drop_privileges(void)
{
	struct capability_header header = { .version = CAPABILITY_VERSION_3 };
	struct capability_data caps[2];

	if (syscall(SYS_capget, &header, caps) < 0)
		fail("capget");
	caps[0].permitted &= 1U << CAPABILITY_NET_ADMIN;
	caps[0].effective = caps[0].permitted;
	caps[1].permitted = caps[1].effective = 0;
	caps[0].inheritable = caps[1].inheritable = 0;
	if (syscall(SYS_capset, &header, caps) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail("drop privileges");
}

static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static void process_ended(struct source *s)
{
	(void)s;
	_exit(0);
}

static _Noreturn void serve(void)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int wait_ms = datagram_age(), n;

		n = epoll_wait(forwarder.epoll, events, EVENTS, stream_go_on() ? 0 : wait_ms);
		for (int i = 0; i < n; i++) {
			struct source *s = events[i].data.ptr;

			s->ready(s);
		}
	}
}

/* In front until it is ready. */
static void go_behind(const char *pid_file)
{
	pid_t pid = fork();
	FILE *out;

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		setsid();
		for (int fd = 0; null >= 0 && fd < 3; fd++)
			dup2(null, fd);
		return;
	}
	out = fopen(pid_file, "we");
	if (!out || fprintf(out, "%d\n", pid) < 0 || fclose(out) != 0) {
		kill(pid, SIGKILL);
		fail(pid_file);
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	struct source end = { process_ended };
	int pidfd;

	if (argc != 3 || fcntl(FORWARD_FD, F_GETFD) < 0) {
		fprintf(stderr, "forward: a program of berth's own: berth starts it\n");
		return 125;
	}
	signal(SIGPIPE, SIG_IGN);
	raise_limit();
	forwarder.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (forwarder.epoll < 0)
		fail("epoll");
	pidfd = receive_all();
	if (watch(pidfd, EPOLLIN, &end) < 0)
		fail("watch the container");
	for (size_t i = 0; i < forwarder.entries_len; i++)
		listen_to(&forwarder.entries[i]);
	drop_privileges();
	prctl(PR_SET_NAME, "berth-forward");
	go_behind(argv[1]);
	serve();
}
