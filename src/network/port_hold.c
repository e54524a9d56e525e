/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

#include "base/address.h"
#include "network/firewall.h"
#include "network/port.h"

enum { CHOICES = 200, ENDING_TRIES = 50, ENDING_WAIT_MS = 20 };

static int open_socket(const char *protocol, int family)
{
	if (text_eq(protocol, "udp"))
		return socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	return socket(family, SOCK_STREAM | SOCK_CLOEXEC,
		      text_eq(protocol, "sctp") ? IPPROTO_SCTP : IPPROTO_TCP);
}

static socklen_t fill_address(const struct address *ip, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;

	memset(ret, 0, sizeof(*ret));
	ret->ss_family = (sa_family_t)ip->family;
	if (ip->family == AF_INET) {
		v4->sin_port = htons(port);
		memcpy(&v4->sin_addr, ip->bytes, 4);
		return sizeof(*v4);
	}
	v6->sin6_port = htons(port);
	memcpy(&v6->sin6_addr, ip->bytes, 16);
	return sizeof(*v6);
}

/* A bound socket or a negative errno. both: an IPv6 one has the same port of IPv4 as well. */
static int bind_port(const char *protocol, const struct address *ip, uint16_t port, bool both,
		     bool reuse)
{
	auto_close int fd = open_socket(protocol, ip->family);
	struct sockaddr_storage where;
	socklen_t len = fill_address(ip, port, &where);
	int on = 1, only = !both;

	if (fd < 0)
		return -errno;
	if (ip->family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof(only));
	/* A VIP that is elsewhere now may come here later. */
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &on, sizeof(on));
	if (reuse)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&where, len) < 0)
		return -errno;
	return take_fd(fd);
}

/* A container that has just ended: its monitor holds the port until it has written down so. */
static bool may_be_ending(const char *owner)
{
	return text_empty(owner) || strstr(owner, "(berth-monitor)") ||
	       strstr(owner, "(berth-forward)");
}

static int may_not_bind(const char *where, const struct network_port *p, struct err *e)
{
	err_set(e, ERR_DENIED,
		"publish %s/%s: permission denied: a plain user's ports begin where sysctl "
		"net.ipv4.ip_unprivileged_port_start says",
		where, p->protocol);
	e->code = EACCES;
	return -EACCES;
}

/* What is left of connections that are closed keeps nobody else from having the port. */
static int bind_after_close(const struct network_port *p, int64_t i, const struct address *ip)
{
	if (!text_eq(p->protocol, "tcp") || port_has_listener(p, i))
		return -1;
	return bind_port(p->protocol, ip, (uint16_t)(p->host_port + i), false, true);
}

static int too_many(int r, struct err *e)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) < 0)
		return err_from(e, r, "too many published ports");
	return err_from(e, r,
			"too many published ports: each takes a descriptor, of which there may be "
			"%llu",
			(unsigned long long)files.rlim_cur);
}

static int hold_one(const struct state *s, struct arena *a, const struct network_status *st,
		    const struct network_port *p, int64_t i, const struct address *ip,
		    struct err *e)
{
	uint16_t port = (uint16_t)(p->host_port + i);
	int fd = bind_port(p->protocol, ip, port, false, false);
	const char *owner;

	/* The kernel has no SCTP, so nobody else can be bound; its rules may still know it. */
	if (fd >= 0 || fd == -EPROTONOSUPPORT || fd == -ESOCKTNOSUPPORT || fd == -EAFNOSUPPORT)
		return fd < 0 ? -1 : fd;
	if (fd == -EMFILE || fd == -ENFILE)
		return too_many(fd, e);
	if (fd == -EACCES && s->rootless)
		return may_not_bind(port_print_host(a, p, i), p, e);
	if (fd != -EADDRINUSE)
		return err_from(e, fd, "publish %s/%s", port_print_host(a, p, i), p->protocol);
	fd = bind_after_close(p, i, ip);
	if (fd >= 0)
		return fd;
	for (int tries = 0;; tries++) {
		owner = port_owner(s, a, st->id, p, i);
		if (tries == ENDING_TRIES || !may_be_ending(owner))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = ENDING_WAIT_MS * 1000000L }, NULL);
		fd = bind_port(p->protocol, ip, port, false, false);
		if (fd >= 0)
			return fd;
	}
	fd = text_empty(owner) ? bind_after_close(p, i, ip) : -1;
	if (fd >= 0)
		return fd;
	err_set(e, ERR_CONFLICT, "publish %s/%s: address already in use%s",
		port_print_host(a, p, i), p->protocol, owner);
	e->code = EADDRINUSE;
	return -e->code;
}

/* All descriptors that may be wanted, as far as this process may have them. */
static void raise_limit(void)
{
	struct rlimit l;

	if (getrlimit(RLIMIT_NOFILE, &l) == 0 && l.rlim_cur < l.rlim_max) {
		l.rlim_cur = l.rlim_max;
		setrlimit(RLIMIT_NOFILE, &l);
	}
}

static size_t count_ports(const struct network_ports *ports)
{
	size_t n = 0;

	for (size_t i = 0; i < ports->n; i++)
		n += ports->v[i].range > 1 ? (size_t)ports->v[i].range : 1;
	return n;
}

static int hold_family(const struct state *s, struct arena *a, const struct network_status *st,
		       const struct network_port *p, bool ipv6, struct port_holds *ret,
		       struct err *e)
{
	int64_t count = p->range > 1 ? p->range : 1;
	struct address ip;

	if (!text_empty(p->host_ip) && !strchr(p->host_ip, ':') != !ipv6)
		return 0;
	address_parse(text_empty(p->host_ip) ? (ipv6 ? "::" : "0.0.0.0") : p->host_ip, &ip);
	for (int64_t i = 0; i < count; i++) {
		int fd = hold_one(s, a, st, p, i, &ip, e);

		if (fd < -1)
			return fd;
		if (fd >= 0)
			ret->v[ret->n++] = fd;
	}
	return 0;
}

static int hold_all(const struct state *s, struct arena *a, const struct network_status *st,
		    const bool families[2], struct port_holds *ret, struct err *e)
{
	struct port_holds h = { 0 };
	int r = 0;

	h.v = arena_array(a, 2 * count_ports(&st->ports) + 1, sizeof(*h.v));
	if (count_ports(&st->ports) > 256)
		raise_limit();
	for (int ipv6 = 0; ipv6 < 2; ipv6++) {
		if (!families[ipv6])
			continue;
		for (size_t i = 0; i < st->ports.n && r == 0; i++)
			r = hold_family(s, a, st, &st->ports.v[i], ipv6, &h, e);
	}
	if (r < 0)
		port_release(&h);
	else
		*ret = h;
	return r;
}

int port_hold(const struct state *s, struct arena *a, const struct network_status *st,
	      struct port_holds *ret, struct err *e)
{
	const bool families[] = { firewall_port_target(a, st, false),
				  firewall_port_target(a, st, true) };

	return hold_all(s, a, st, families, ret, e);
}

int port_check_free(const struct state *s, struct arena *a, const struct network_status *st,
		    struct err *e)
{
	static const bool families[] = { true, true };
	struct port_holds held;
	int r = hold_all(s, a, st, families, &held, e);

	if (r == 0)
		port_release(&held);
	return r;
}

void port_release(struct port_holds *h)
{
	for (size_t i = 0; i < h->n; i++)
		close_p(&h->v[i]);
	h->n = 0;
}

static uint16_t bound_port(int fd)
{
	struct sockaddr_storage where;
	socklen_t len = sizeof(where);

	if (getsockname(fd, (struct sockaddr *)&where, &len) < 0)
		return 0;
	return ntohs(where.ss_family == AF_INET ? ((struct sockaddr_in *)&where)->sin_port
						: ((struct sockaddr_in6 *)&where)->sin6_port);
}

/* Bound to where nobody is, of both families unless one is asked for; port 0: any. */
static int try_port(const struct network_port *p, uint16_t port)
{
	const char *protocol = text_eq(p->protocol, "udp") ? "udp" : "tcp";
	struct address ip;
	int fd;

	address_parse(text_empty(p->host_ip) ? "::" : p->host_ip, &ip);
	fd = bind_port(protocol, &ip, port, text_empty(p->host_ip), false);
	if (fd != -EAFNOSUPPORT && fd != -EADDRNOTAVAIL)
		return fd;
	/* A host without IPv6. */
	address_parse("0.0.0.0", &ip);
	return bind_port(protocol, &ip, port, false, false);
}

static bool is_free(const struct network_port *p, int64_t first, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		auto_close int fd = first + i > 65535 ? -1 : try_port(p, (uint16_t)(first + i));

		if (fd < 0)
			return false;
	}
	return true;
}

static int choose(struct network_ports *ports, struct network_port *p, struct err *e)
{
	int64_t count = p->range > 1 ? p->range : 1;

	for (int tries = 0; tries < CHOICES; tries++) {
		int fd = try_port(p, 0);
		int64_t first = fd < 0 ? 0 : bound_port(fd);

		if (fd < 0)
			return err_from(e, fd, "find a free port");
		close(fd);
		if (count > 1 && !is_free(p, first, count))
			continue;
		p->host_port = first;
		if (port_check(ports, NULL) == 0)
			return 0;
	}
	p->host_port = 0;
	return err_set(e, ERR_CONFLICT, "no %lld free ports in a row were found", (long long)count);
}

int port_choose(struct network_ports *ports, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ports->n && r == 0; i++)
		if (ports->v[i].host_port == 0)
			r = choose(ports, &ports->v[i], e);
	return r;
}
