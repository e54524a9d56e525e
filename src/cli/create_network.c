/* SPDX-License-Identifier: BSD-2-Clause */
/* What the container is told of the network: names, name servers, ports that it listens on. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "cli/create_args.h"

static bool is_address(const char *s)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, s, room) == 1 || inet_pton(AF_INET6, s, room) == 1;
}

/* Each is a word of a file with lines. */
static int check_words(const char *option, const struct texts *l, struct err *e)
{
	for (size_t i = 0; i < l->n; i++)
		if (!text_is_word(l->v[i]))
			return err_set(e, ERR_INVALID, "invalid %s: \"%s\"", option, l->v[i]);
	return 0;
}

static int parse_hosts(const struct texts *hosts, struct container *c, struct err *e)
{
	int r = check_words("add-host", hosts, e);

	for (size_t i = 0; r == 0 && i < hosts->n; i++) {
		const char *colon = strchr(hosts->v[i], ':');

		if (!colon || colon == hosts->v[i])
			return err_set(e, ERR_INVALID, "bad format for add-host: \"%s\"",
				       hosts->v[i]);
		if (!is_address(colon + 1) && strcmp(colon + 1, "host-gateway") != 0)
			return err_set(e, ERR_INVALID, "invalid IP address in add-host: \"%s\"",
				       colon + 1);
	}
	c->add_hosts = *hosts;
	return r;
}

static int parse_dns(const struct create_args *args, struct container *c, struct err *e)
{
	int r;

	for (size_t i = 0; i < args->dns.n; i++) {
		if (strcmp(args->dns.v[i], "none") == 0 && args->dns.n > 1)
			return err_set(e, ERR_INVALID,
				       "invalid --dns: address cannot be combined with \"none\"");
		if (strcmp(args->dns.v[i], "none") != 0 && !is_address(args->dns.v[i]))
			return err_set(e, ERR_INVALID, "%s is not an ip address", args->dns.v[i]);
	}
	c->dns = args->dns;
	c->dns_search = args->dns_search;
	c->dns_options = args->dns_option;
	r = check_words("dns-search", &args->dns_search, e);
	return r < 0 ? r : check_words("dns-option", &args->dns_option, e);
}

/* What would have no effect is refused, as podman does. */
static int check_conflicts(const struct create_args *args, const struct container *c, struct err *e)
{
	bool joined = text_after(c->namespaces.network, "container:");
	const char *mode = joined ? "container" : c->namespaces.network;

	/* Nobody asked for the default. */
	if (args->network.n && (joined || text_eq(mode, "none")) &&
	    (args->dns.n || args->dns_search.n || args->dns_option.n))
		return err_set(e, ERR_INVALID, "conflicting options: dns and the network mode: %s",
			       mode);
	if (joined && args->add_host.n)
		return err_set(e, ERR_INVALID,
			       "cannot set extra host entries when the container is joined to "
			       "another containers network namespace: invalid configuration");
	if (args->no_hosts && args->add_host.n)
		return err_set(e, ERR_INVALID, "--no-hosts and --add-host cannot be set together");
	return 0;
}

/* A port number, *text behind it. */
static bool read_port(const char **text, long *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*ret = strtol(*text, &end, 10);
	*text = end;
	return true;
}

/* PORT[-PORT][/PROTOCOL] */
static int parse_expose(struct arena *a, const char *text, struct texts *ret, struct err *e)
{
	static const char *const protocols[] = { "tcp", "udp", "sctp" };
	const char *rest = text, *protocol = "tcp";
	long first, last;

	if (!read_port(&rest, &first))
		return err_set(e, ERR_INVALID, "invalid range format for --expose: %s", text);
	last = first;
	if (*rest == '-' && (rest++, !read_port(&rest, &last)))
		return err_set(e, ERR_INVALID, "invalid range format for --expose: %s", text);
	if (*rest == '/')
		protocol = rest + 1;
	else if (*rest)
		return err_set(e, ERR_INVALID, "invalid range format for --expose: %s", text);
	if (first < 1 || first > 65535 || last < 1 || last > 65535)
		return err_set(e, ERR_INVALID,
			       "port numbers must be between 1 and 65535 (inclusive), got %ld",
			       first < 1 || first > 65535 ? first : last);
	if (last < first)
		return err_set(e, ERR_INVALID, "invalid range format for --expose: %s", text);
	if (text_index(protocol, protocols, ARRAY_LEN(protocols)) < 0)
		return err_set(e, ERR_INVALID,
			       "validating protocols for exposed port %ld: unrecognized protocol "
			       "\"%s\" in port mapping",
			       first, protocol);
	for (long port = first; port <= last; port++)
		texts_addf(a, ret, "%ld/%s", port, protocol);
	return 0;
}

int create_args_network(struct arena *a, const struct create_args *args, struct container *c,
			struct err *e)
{
	int r = check_conflicts(args, c, e);

	if (r == 0)
		r = parse_hosts(&args->add_host, c, e);
	if (r == 0)
		r = parse_dns(args, c, e);
	for (size_t i = 0; r == 0 && i < args->expose.n; i++)
		r = parse_expose(a, args->expose.v[i], &c->exposed_ports, e);
	return r;
}
