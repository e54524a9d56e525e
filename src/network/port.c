/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/port.h"

#include <string.h>

#include "base/address.h"

static const char *const protocols[] = { "tcp", "udp", "sctp" };

struct range {
	int64_t first, count;
};

static int no_number(const char *s, size_t len, const char *what, struct err *e)
{
	return err_set(e, ERR_INVALID,
		       "parsing %s port: invalid port number: parsing \"%.*s\": invalid syntax",
		       what, (int)len, s);
}

static int read_number(const char *s, size_t len, const char *what, int64_t *ret, struct err *e)
{
	int64_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (s[i] < '0' || s[i] > '9' || i > 9)
			return no_number(s, len, what, e);
		n = n * 10 + s[i] - '0';
	}
	if (len == 0)
		return no_number(s, len, what, e);
	if (n < 1 || n > 65535)
		return err_set(e, ERR_INVALID,
			       "parsing %s port: port numbers must be between 1 and 65535 "
			       "(inclusive), got %lld",
			       what, (long long)n);
	*ret = n;
	return 0;
}

static int read_range(const char *s, const char *what, struct range *ret, struct err *e)
{
	size_t len = strcspn(s, "-");
	int64_t first, last;
	int r;

	if (*s == '-')
		return err_set(e, ERR_INVALID, "parsing %s port: port numbers cannot be negative",
			       what);
	r = read_number(s, len, what, &first, e);
	last = first;
	if (r == 0 && s[len])
		r = read_number(s + len + 1, strlen(s + len + 1), what, &last, e);
	if (r < 0)
		return r;
	if (s[len] && last <= first)
		return err_set(e, ERR_INVALID,
			       "parsing %s port: the end port of a range must be higher than the "
			       "start port - %lld is not higher than %lld",
			       what, (long long)last, (long long)first);
	*ret = (struct range){ first, last - first + 1 };
	return 0;
}

static int format_error(struct err *e)
{
	return err_set(e, ERR_INVALID,
		       "invalid port format - format is [[hostIP:]hostPort:]containerPort");
}

/* Cuts "[IP]" or "IP" off the front of *text when there is one: *ret is "" otherwise. */
static int cut_address(struct arena *a, char **text, const char **ret, struct err *e)
{
	struct address address;
	char *s = *text, *end;
	char room[ADDRESS_TEXT];

	*ret = "";
	if (*s == '[') {
		end = strchr(s, ']');
		if (!end || end[1] != ':')
			return format_error(e);
		*end = '\0';
		s++;
		*text = end + 2;
	} else {
		end = strchr(s, ':');
		if (!end || !strchr(end + 1, ':'))
			return 0;
		*end = '\0';
		*text = end + 1;
	}
	if (*s == '\0')
		return 0;
	if (!address_parse(s, &address))
		return err_set(e, ERR_INVALID, "cannot parse \"%s\" as an IP address", s);
	*ret = arena_strdup(a, address_print(&address, room));
	return 0;
}

static void add(struct arena *a, struct network_ports *l, const struct network_port *p)
{
	struct network_port *more = arena_array(a, l->n + 1, sizeof(*more));

	if (l->n)
		memcpy(more, l->v, l->n * sizeof(*more));
	more[l->n] = *p;
	l->v = more;
	l->n++;
}

static const char *find_protocol(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(protocols); i++)
		if (strcasecmp(protocols[i], name) == 0)
			return protocols[i];
	return NULL;
}

static int add_protocols(struct arena *a, const char *list, const struct network_port *p,
			 struct network_ports *ret, struct err *e)
{
	struct texts names = texts_split(a, list, ',');

	for (size_t i = 0; i < names.n; i++) {
		struct network_port one = *p;
		one.protocol = find_protocol(names.v[i]);
		if (!one.protocol)
			return err_set(e, ERR_INVALID,
				       "unrecognized protocol \"%s\" in port mapping", names.v[i]);
		add(a, ret, &one);
	}
	return 0;
}

static int read_ports(char *host, const char *inside, struct network_port *p, struct err *e)
{
	struct range out = { 0 }, in;
	int r;

	if (*inside == '\0')
		return err_set(e, ERR_INVALID,
			       "must provide a non-empty container port to publish");
	r = read_range(inside, "container", &in, e);
	if (r == 0 && host && *host)
		r = read_range(host, "host", &out, e);
	if (r < 0)
		return r;
	if (out.count && out.count != in.count)
		return err_set(e, ERR_INVALID,
			       "host and container port ranges have different lengths: %lld vs "
			       "%lld",
			       (long long)out.count, (long long)in.count);
	p->host_port = out.first;
	p->container_port = in.first;
	p->range = in.count;
	return 0;
}

int port_parse(struct arena *a, const char *text, struct network_ports *ret, struct err *e)
{
	struct network_port p = { 0 };
	const char *protocol = "tcp";
	char *rest = arena_strdup(a, text), *slash = strchr(rest, '/'), *colon;
	int r;

	if (slash) {
		*slash = '\0';
		protocol = slash + 1;
	}
	if (*protocol == '\0')
		return err_set(e, ERR_INVALID, "must provide a non-empty protocol to publish");
	r = cut_address(a, &rest, &p.host_ip, e);
	if (r < 0)
		return r;
	colon = strchr(rest, ':');
	if (colon)
		*colon++ = '\0';
	if (colon && strchr(colon, ':'))
		return format_error(e);
	r = read_ports(colon ? rest : NULL, colon ? colon : rest, &p, e);
	return r < 0 ? r : add_protocols(a, protocol, &p, ret, e);
}

static bool is_published(const struct network_ports *l, const struct network_port *p)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct network_port *q = &l->v[i];

		if (text_eq(q->protocol, p->protocol) && q->container_port <= p->container_port &&
		    p->container_port < q->container_port + (q->range ? q->range : 1))
			return true;
	}
	return false;
}

int port_parse_exposed(struct arena *a, const char *text, struct network_ports *ret, struct err *e)
{
	struct network_ports some = { 0 };
	int r = port_parse(a, text, &some, e);

	for (size_t i = 0; r == 0 && i < some.n; i++)
		if (!is_published(ret, &some.v[i]))
			add(a, ret, &some.v[i]);
	return r;
}

static bool is_one_kind(const struct network_port *p, const struct network_port *q)
{
	return text_eq(p->protocol, q->protocol) && text_eq(p->host_ip, q->host_ip);
}

static int64_t range_of(const struct network_port *p)
{
	return p->range > 1 ? p->range : 1;
}

/* Each goes behind the last of its kind whose port isn't higher. */
static void sort(struct network_ports *l)
{
	for (size_t i = 1; i < l->n; i++) {
		const struct network_port p = l->v[i];
		size_t to = i;

		while (to > 0 && !is_one_kind(&l->v[to - 1], &p))
			to--;
		if (to == 0)
			continue;
		while (to > 0 && is_one_kind(&l->v[to - 1], &p) &&
		       l->v[to - 1].container_port > p.container_port)
			to--;
		memmove(&l->v[to + 1], &l->v[to], (i - to) * sizeof(p));
		l->v[to] = p;
	}
}

/* p leads where q does, or goes on with it; ports that are still to be chosen do neither. */
static bool goes_on(const struct network_port *p, const struct network_port *q)
{
	return is_one_kind(p, q) && p->host_port && q->host_port &&
	       p->host_port - p->container_port == q->host_port - q->container_port &&
	       p->container_port <= q->container_port + range_of(q);
}

void port_merge(struct network_ports *ports)
{
	size_t kept = 0;

	sort(ports);
	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->v[i];
		int64_t end = p->container_port + range_of(p);
		size_t k = 0;

		while (k < kept && !goes_on(p, &ports->v[k]))
			k++;
		if (k == kept)
			ports->v[kept++] = *p;
		else if (end > ports->v[k].container_port + range_of(&ports->v[k]))
			ports->v[k].range = end - ports->v[k].container_port;
	}
	ports->n = kept;
}

/* What is published at none is at all, and at 0.0.0.0 or :: at all of that family. */
static bool has_address(const struct network_port *p, const char *ip)
{
	if (text_empty(p->host_ip) || text_empty(ip))
		return text_empty(p->host_ip);
	if (text_eq(p->host_ip, "0.0.0.0"))
		return !strchr(ip, ':');
	if (text_eq(p->host_ip, "::"))
		return strchr(ip, ':');
	return text_eq(p->host_ip, ip);
}

static bool overlap(const struct network_port *p, const struct network_port *q)
{
	return p->host_port && text_eq(p->protocol, q->protocol) &&
	       p->host_port < q->host_port + (q->range ? q->range : 1) &&
	       q->host_port < p->host_port + (p->range ? p->range : 1) &&
	       (has_address(p, q->host_ip) || has_address(q, p->host_ip));
}

int port_check(const struct network_ports *ports, struct err *e)
{
	for (size_t i = 0; i < ports->n; i++)
		for (size_t k = 0; k < i; k++) {
			const struct network_port *p = &ports->v[i], *q = &ports->v[k];
			int64_t both = p->host_port > q->host_port ? p->host_port : q->host_port;

			if (overlap(p, q))
				return err_set(e, ERR_INVALID,
					       "conflicting port mappings for host port %lld "
					       "(protocol %s)",
					       (long long)both, p->protocol);
		}
	return 0;
}

const char *port_print_host(struct arena *a, const struct network_port *p, int64_t i)
{
	const char *ip = text_empty(p->host_ip) ? "0.0.0.0" : p->host_ip;
	bool ipv6 = strchr(ip, ':');

	return arena_printf(a, "%s%s%s:%lld", ipv6 ? "[" : "", ip, ipv6 ? "]" : "",
			    (long long)(p->host_port + i));
}
