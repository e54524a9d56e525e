/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/forward.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/path.h"
#include "forward/forward.h"
#include "kernel/process.h"
#include "network/daemon.h"
#include "network/firewall.h"
#include "network/network_private.h"
#include "network/usernet.h"

#define PID_FILE "forward.pid"

const char *forward_pid_path(const struct state *s, struct arena *a, const char *id)
{
	return arena_printf(a, "%s/" ATTACHMENTS "/%s/" PID_FILE, s->run_path, id);
}

int forward_check(const struct network_ports *ports, struct err *e)
{
	for (size_t i = 0; i < ports->n; i++)
		if (text_eq(ports->v[i].protocol, "sctp"))
			return err_set(e, ERR_UNSUPPORTED,
				       "publish port %lld/sctp: a plain user's ports are TCP or "
				       "UDP",
				       (long long)ports->v[i].host_port);
	return 0;
}

/* Targets */

/* The address of that family, with its prefix's length. */
static bool find_target(struct arena *a, const struct network_status *st, bool ipv6,
			struct address *ret)
{
	const char *ip = firewall_port_target(a, st, ipv6);

	for (size_t i = 0; ip && i < st->endpoints.n; i++)
		for (size_t k = 0; k < st->endpoints.v[i].addresses.n; k++) {
			const char *ipnet = st->endpoints.v[i].addresses.v[k].ipnet;
			const char *rest = text_after(ipnet, ip);

			if (rest && *rest == '/')
				return address_parse_net(ipnet, ret);
		}
	return false;
}

/* For daemon_find(): who leads elsewhere is another one. */
static const char *describe(struct arena *a, const struct network_status *st)
{
	char text[ADDRESS_TEXT];
	struct texts words = { 0 };
	struct address to;

	for (int ipv6 = 0; ipv6 < 2; ipv6++)
		if (find_target(a, st, ipv6, &to))
			texts_addf(a, &words, "%s", address_print_net(&to, text));
	return texts_join(a, &words, " ");
}

static const struct network_port *find_port(const struct network_ports *ports, bool udp,
					    int64_t port)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->v[i];

		if (text_eq(p->protocol, "udp") == udp && p->host_port <= port &&
		    port < p->host_port + (p->range > 1 ? p->range : 1))
			return p;
	}
	return NULL;
}

static int find_end(struct arena *a, const struct network_status *st, int socket,
		    struct forward_port *ret, struct err *e)
{
	struct sockaddr_in6 where;
	socklen_t len = sizeof(where), type_len = sizeof(int);
	const struct network_port *p;
	struct address to;
	int type, port;

	if (getsockname(socket, (struct sockaddr *)&where, &len) < 0 ||
	    getsockopt(socket, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0)
		return err_sys(e, "look at a published port");
	/* The port is at the same place in both families. */
	port = ntohs(where.sin6_port);
	p = find_port(&st->ports, type == SOCK_DGRAM, port);
	if (!p || !find_target(a, st, where.sin6_family == AF_INET6, &to))
		return err_set(e, ERR_SYSTEM, "port %d leads nowhere", port);
	*ret = (struct forward_port){
		.family = (uint8_t)to.family,
		.prefix = (uint8_t)to.prefix,
		.port = (uint16_t)(p->container_port + port - p->host_port),
		.mark = USERNET_MARK,
	};
	memcpy(ret->address, to.bytes, to.family == AF_INET ? 4 : 16);
	return 0;
}

/* Handing over: all of it is on its way before the program is there. */

static int send_packet(int to, const void *data, size_t len, const int *fds, size_t fds_len,
		       struct err *e)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(FORWARD_BATCH * sizeof(int))];
	struct iovec part = { (void *)data, len };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control };
	struct cmsghdr *c;

	memset(control, 0, sizeof(control));
	m.msg_controllen = CMSG_SPACE(fds_len * sizeof(int));
	c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(fds_len * sizeof(int));
	memcpy(CMSG_DATA(c), fds, fds_len * sizeof(int));
	if (sendmsg(to, &m, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return err_sys(e, "hand over published ports");
	return 0;
}

static int send_all(struct arena *a, const struct network_status *st, int netns, int pidfd,
		    const struct port_holds *holds, int to, struct err *e)
{
	int first[] = { netns, pidfd };
	int r = send_packet(to, "", 1, first, 2, e);

	for (size_t at = 0; r == 0 && at < holds->n; at += FORWARD_BATCH) {
		size_t n = holds->n - at < FORWARD_BATCH ? holds->n - at : FORWARD_BATCH;
		struct forward_port ports[FORWARD_BATCH];

		for (size_t i = 0; r == 0 && i < n; i++)
			r = find_end(a, st, holds->v[at + i], &ports[i], e);
		if (r == 0)
			r = send_packet(to, ports, n * sizeof(ports[0]), holds->v + at, n, e);
	}
	return r;
}

static int start(struct arena *a, const struct network_status *st, int netns, int pidfd,
		 const struct port_holds *holds, struct err *e)
{
	auto_close int here = -1;
	auto_close int there = -1;
	int ends[2], room = 16 << 20, r;
	struct texts argv = { 0 };
	char *program;

	r = path_libexec(a, "forward", &program, e);
	if (r < 0)
		return r;
	texts_add(a, &argv, program);
	texts_add(a, &argv, forward_pid_path(st->state, a, st->id));
	texts_add(a, &argv, describe(a, st));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "make a socket pair");
	here = ends[0];
	there = ends[1];
	/* As far as the system lets it. */
	setsockopt(here, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	r = send_all(a, st, netns, pidfd, holds, here, e);
	close_p(&here);
	return r < 0 ? r : daemon_start(&(struct daemon_start){ .argv = &argv, .fd = there }, e);
}

int forward_start(const struct network_status *st, int dir, int netns, pid_t pid,
		  const struct port_holds *holds, struct err *e)
{
	AUTO(arena) a = NULL;
	auto_close int pidfd = -1;
	int r;

	if (netns < 0 || holds->n == 0)
		return 0;
	a = arena_new();
	pidfd = kernel_pidfd_open(pid);
	r = pidfd < 0 ? err_from(e, pidfd, "look at the container")
		      : start(a, st, netns, pidfd, holds, e);
	return r < 0 ? err_wrap(e, "publish its ports") : 0;
}

int forward_restore(const struct network_status *st, int dir, int netns, struct err *e)
{
	AUTO(arena) a = NULL;
	struct port_holds holds = { 0 };
	struct texts argv = { 0 };
	auto_close int running = -1;
	int r;

	if (netns < 0 || st->ports.n == 0)
		return 0;
	a = arena_new();
	running = daemon_find(a, dir, PID_FILE, forward_pid_path(st->state, a, st->id), &argv);
	if (running >= 0 && texts_has(&argv, describe(a, st)))
		return 0;
	forward_stop(st->state, st->id, dir);
	r = port_hold(st->state, a, st, &holds, e);
	if (r == 0)
		r = forward_start(st, dir, netns, (pid_t)st->pid, &holds, e);
	port_release(&holds);
	return r;
}

int forward_netns(const struct state *s, struct arena *a, const char *id)
{
	auto_close int dir = state_run_dir(s, ATTACHMENTS, id, false, NULL);

	return dir < 0 ? -1 : daemon_netns(a, dir, PID_FILE, forward_pid_path(s, a, id));
}

void forward_stop(const struct state *s, const char *id, int dir)
{
	AUTO(arena) a = NULL;

	/* Most have none. */
	if (!s->rootless || faccessat(dir, PID_FILE, F_OK, 0) < 0)
		return;
	a = arena_new();
	daemon_stop(a, dir, PID_FILE, forward_pid_path(s, a, id));
}
