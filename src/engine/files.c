/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/files.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/address.h"
#include "base/file.h"
#include "base/path.h"
#include "engine/userns.h"
#include "kernel/open.h"
#include "network/names.h"
#include "network/pasta.h"
#include "network/slirp.h"
#include "network/usernet.h"

#define FILE_MAX    ((size_t)1 << 20)
#define HOST_NAME   "host.containers.internal"
#define HOST_NAMES  HOST_NAME " host.docker.internal"
#define HOST_ITSELF "127.0.0.1" /* to who is on its own network */

/* In place, not by replacement: the inode may be mounted in a running container. */
static int put(int dir, const char *name, const struct buf *text, struct err *e)
{
	auto_close int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int r;

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return err_sys(e, "create %s", name);
	r = buf_check(text, name, e);
	if (r < 0)
		return r;
	r = file_write_all(fd, buf_text(text), text->len);
	return r < 0 ? err_from(e, r, "write %s", name) : 0;
}

static int copy(const char *path, int dir, const char *name, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r = file_read_at(AT_FDCWD, path, FILE_MAX, &text, &len, NULL);

	/* A host without the file gives its containers an empty one. */
	if (r < 0)
		len = 0;
	return put(dir, name, &(struct buf){ .data = text, .len = len }, e);
}

static bool is_on_usernet(const struct network_status *st)
{
	return st && st->state && usernet_is_needed(st->state);
}

/* A plain user's bridges are not the host's: his containers reach it as anybody does. */
static const char *outer_address(struct arena *a)
{
	struct sockaddr_in there = { .sin_family = AF_INET, .sin_port = htons(9) };
	auto_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof(there);
	char text[INET_ADDRSTRLEN];

	/* Nothing is sent: the kernel says where it would leave from (RFC 5737's address). */
	inet_pton(AF_INET, "203.0.113.1", &there.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&there, sizeof(there)) < 0 ||
	    getsockname(fd, (struct sockaddr *)&there, &len) < 0 ||
	    !inet_ntop(AF_INET, &there.sin_addr, text, sizeof(text)))
		return NULL;
	return arena_strdup(a, text);
}

static bool is_on_host(const struct container *c)
{
	return text_eq(c->namespaces.network, "host");
}

/* The host as its containers reach it: the first gateway. */
static const char *host_address(struct arena *a, const struct container *c,
				const struct network_status *st)
{
	if (is_on_host(c))
		return HOST_ITSELF;
	for (size_t i = 0; st && i < st->endpoints.n; i++) {
		const struct network_endpoint *p = &st->endpoints.v[i];

		for (size_t k = 0; text_eq(p->driver, "bridge") && k < p->addresses.n; k++)
			if (p->addresses.v[k].gateway)
				return is_on_usernet(st) ? outer_address(a)
							 : p->addresses.v[k].gateway;
	}
	return NULL;
}

static bool is_host_gateway(const char *entry)
{
	const char *ip = strchr(entry, ':');

	return ip && strcmp(ip + 1, "host-gateway") == 0;
}

/* "name;name2:ip": podman's --add-host, the address behind the first colon after the names. */
static void add_host(struct buf *out, const char *entry, const char *host)
{
	const char *ip = strchr(entry, ':');
	const char *p = entry;
	const char *address = is_host_gateway(entry) ? host : ip ? ip + 1 : NULL;

	while (address && p < ip) {
		size_t n = strcspn(p, ";:");

		buf_addf(out, "%s\t%.*s\n", address, (int)n, p);
		p += n + 1;
	}
}

/* Its names lead to its addresses, or if it has none to itself. */
static void add_own(struct buf *out, const struct container *c, const struct network_status *st,
		    const char *host)
{
	const char *hostname = c->hostname ? c->hostname : c->name;
	size_t added = 0;

	buf_addf(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	if (host)
		buf_addf(out, "%s\t" HOST_NAMES "\n", host);
	for (size_t i = 0; st && i < st->endpoints.n; i++)
		for (size_t k = 0; k < st->endpoints.v[i].addresses.n; k++, added++) {
			const char *ipnet = st->endpoints.v[i].addresses.v[k].ipnet;

			buf_addf(out, "%.*s\t%s %s\n", (int)strcspn(ipnet, "/"), ipnet, hostname,
				 c->name);
		}
	if (!added)
		buf_addf(out, "127.0.1.1\t%s %s\n", hostname, c->name);
}

/* The words of a line of /etc/hosts, until its end or a comment. */
static const char *next_word(const char **at, size_t *ret_len)
{
	const char *word = *at + strspn(*at, " \t\r");

	*ret_len = strcspn(word, " \t\r\n#");
	*at = word + *ret_len;
	return *ret_len ? word : NULL;
}

static bool has_name(const char *hosts, const char *name, size_t len)
{
	for (const char *line = hosts; *line; line += *line == '\n') {
		const char *at = line, *word;
		size_t n;

		next_word(&at, &n);
		while ((word = next_word(&at, &n)))
			if (n == len && strncasecmp(word, name, n) == 0)
				return true;
		line = at + strcspn(at, "\n");
	}
	return false;
}

/* What the host calls others, but by names that the container has for something else. */
static void add_names_of_host(struct arena *a, struct buf *out, const char *host)
{
	const char *own = arena_strdup(a, buf_text(out));

	for (const char *line = host; *line; line += *line == '\n') {
		const char *at = line, *name;
		size_t len, n;
		const char *text = next_word(&at, &len);
		struct address ip;
		bool begun = false;

		if (text && address_parse(arena_strndup(a, text, len), &ip))
			while ((name = next_word(&at, &n))) {
				if (has_name(own, name, n))
					continue;
				if (!begun)
					buf_addf(out, "%.*s\t%.*s", (int)len, text, (int)n, name);
				else
					buf_addf(out, " %.*s", (int)n, name);
				begun = true;
			}
		if (begun)
			buf_addc(out, '\n');
		line = at + strcspn(at, "\n");
	}
}

static int make_hosts(const struct container *c, const struct network_status *st, int dir,
		      struct err *e)
{
	AUTO(arena) a = arena_new();
	const char *address = host_address(a, c, st);
	auto_buf out = BUF(FILE_MAX);
	auto_free char *host = NULL;

	file_read_at(AT_FDCWD, "/etc/hosts", FILE_MAX, &host, NULL, NULL);
	for (size_t i = 0; i < c->add_hosts.n; i++)
		add_host(&out, c->add_hosts.v[i], address);
	if (!is_on_host(c)) {
		add_own(&out, c, st, address);
		if (host)
			add_names_of_host(a, &out, host);
	} else {
		if (host)
			buf_adds(&out, host);
		if (!has_name(buf_text(&out), HOST_NAME, strlen(HOST_NAME)))
			buf_addf(&out, "%s%s\t" HOST_NAMES "\n",
				 out.len && out.data[out.len - 1] != '\n' ? "\n" : "", address);
	}
	return put(dir, "hosts", &out, e);
}

/* A resolver on the host's loopback can't be asked from another network namespace. */
static bool is_loopback(const char *line, size_t len, const char *keyword)
{
	const char *value = line + strlen(keyword);

	value += strspn(value, " \t");
	return value < line + len &&
	       (text_after(value, "127.") || (text_after(value, "::1") && value[3] <= ' '));
}

/* The lines of the host's that begin with a keyword. */
static void add_host_lines(struct buf *out, const char *host, const char *keyword,
			   bool without_loopback)
{
	size_t n = strlen(keyword);

	for (const char *p = host; p && *p;) {
		size_t len = strcspn(p, "\n");

		if (strncmp(p, keyword, n) == 0 && (p[n] == ' ' || p[n] == '\t') &&
		    !(without_loopback && is_loopback(p, len, keyword)))
			buf_addf(out, "%.*s\n", (int)len, p);
		p += len + (p[len] == '\n');
	}
}

static void add_words(struct buf *out, const char *keyword, const struct texts *words)
{
	buf_adds(out, keyword);
	for (size_t i = 0; i < words->n; i++)
		buf_addf(out, " %s", words->v[i]);
	buf_addc(out, '\n');
}

/* The gateways of networks that serve names. */
static void add_name_servers(struct buf *out, const struct network_status *st)
{
	for (size_t i = 0; st && i < st->endpoints.n; i++) {
		const struct network_endpoint *p = &st->endpoints.v[i];

		for (size_t k = 0; p->dns_enabled && k < p->addresses.n; k++)
			if (p->addresses.v[k].gateway)
				buf_addf(out, "nameserver %s\n", p->addresses.v[k].gateway);
	}
}

/* pasta and slirp4netns lead this one to the host's resolvers, wherever they listen; or NULL. */
static const char *inner_resolver(struct arena *a, const struct container *c)
{
	const struct network_attachment *n = c->networks.n ? &c->networks.v[0] : NULL;

	if (n && text_eq(n->network, NETWORK_SLIRP))
		return slirp_resolver(a, &n->arguments);
	if (!n || !text_eq(n->network, NETWORK_PASTA))
		return NULL;
	return pasta_resolver(&n->arguments);
}

static bool serves_names(const struct network_status *st)
{
	auto_buf servers = BUF(65536);

	add_name_servers(&servers, st);
	return servers.len > 0;
}

/* systemd-resolved listens on the loopback; it says elsewhere whom it asks itself. */
static char *read_resolv(bool own_network)
{
	char *text = NULL;

	file_read_at(AT_FDCWD, "/etc/resolv.conf", FILE_MAX, &text, NULL, NULL);
	if (own_network && text && strstr(text, "nameserver 127.0.0.53")) {
		free(text);
		text = NULL;
		file_read_at(AT_FDCWD, "/run/systemd/resolve/resolv.conf", FILE_MAX, &text, NULL,
			     NULL);
	}
	return text;
}

/* What was asked for, and the host's where nothing was. */
static int make_resolv(const struct container *c, const struct network_status *st, int dir,
		       struct err *e)
{
	auto_buf out = BUF(FILE_MAX);
	auto_free char *host = read_resolv(st != NULL);
	AUTO(arena) a = arena_new();
	const char *inner = inner_resolver(a, c);
	bool served = serves_names(st);

	if (c->dns_search.n == 0 && served)
		buf_addf(&out, "search %s\n", NAMES_DOMAIN);
	else if (c->dns_search.n == 0)
		add_host_lines(&out, host, "search", false);
	else if (!texts_has(&c->dns_search, "."))
		add_words(&out, "search", &c->dns_search);
	/* It asks the networks, and these. */
	if (c->dns.n && served)
		buf_adds(&out, "nameserver " NETWORK_RESOLVER "\n");
	for (size_t i = 0; !served && i < c->dns.n; i++)
		buf_addf(&out, "nameserver %s\n", c->dns.v[i]);
	if (c->dns.n == 0 && inner)
		buf_addf(&out, "nameserver %s\n", inner);
	if (c->dns.n == 0 && !served && is_on_usernet(st) && host && names_only_local(host))
		buf_adds(&out, "nameserver " PASTA_DNS "\n");
	if (served && c->dns.n == 0)
		add_name_servers(&out, st);
	else if (c->dns.n == 0)
		add_host_lines(&out, host, "nameserver", st != NULL);
	if (c->dns_options.n)
		add_words(&out, "options", &c->dns_options);
	else
		add_host_lines(&out, host, "options", false);
	return put(dir, "resolv.conf", &out, e);
}

/* The zone's file may be a link anywhere below zoneinfo, and nowhere else. */
static int make_timezone(const char *zone, int dir, struct err *e)
{
	auto_close int zones = -1;
	auto_close int fd = -1;
	auto_free char *text = NULL;
	size_t len;
	int r;

	if (strcmp(zone, "local") == 0)
		return copy("/etc/localtime", dir, "localtime", e);
	zones = open("/usr/share/zoneinfo", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd = zones < 0 ? -1 : kernel_open_in(zones, zone, O_RDONLY, NULL);
	if (fd < 0)
		return err_set(e, ERR_INVALID, "unrecognized timezone %s: unknown time zone %s",
			       zone, zone);
	r = file_read_fd(fd, zone, FILE_MAX, &text, &len, e);
	return r < 0 ? r : put(dir, "localtime", &(struct buf){ .data = text, .len = len }, e);
}

static int make_environment_mark(const struct state *s, const struct container *c, int dir,
				 struct err *e)
{
	auto_buf out = BUF(65536);

	/* Only a privileged one is told who runs it: podman's rule. */
	if (c->privileged)
		buf_addf(&out,
			 "engine=\"berth-%s\"\nname=\"%s\"\nid=\"%s\"\nimage=\"%s\"\n"
			 "imageid=\"%s\"\nrootless=%d\n",
			 BERTH_VERSION, c->name, c->id, c->image_name ? c->image_name : "",
			 c->image_id ? c->image_id : "", s->rootless);
	return put(dir, "containerenv", &out, e);
}

/* They are the container's root's to change, whoever that is out here. */
static int own_files(const struct container *c, int dir, struct err *e)
{
	static const char *const names[] = { "hosts", "hostname", "resolv.conf", "containerenv",
					     "localtime" };
	int r = 0;

	for (size_t i = 0; c->uid_maps.n && i < ARRAY_LEN(names) && r == 0; i++) {
		auto_close int fd = openat(dir, names[i], O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

		r = fd < 0 ? 0 : userns_own(c, fd, e);
	}
	return r;
}

int container_network_files(const struct container *c, const struct network_status *st, int run_dir,
			    struct err *e)
{
	int r = c->no_hosts ? 0 : make_hosts(c, st, run_dir, e);

	return r == 0 && !texts_has(&c->dns, "none") ? make_resolv(c, st, run_dir, e) : r;
}

static int copy_network_files(struct arena *a, const struct container *c, const char *other,
			      int run_dir, struct err *e)
{
	int r = 0;

	if (!c->no_hosts)
		r = copy(path_join(a, other, "hosts"), run_dir, "hosts", e);
	if (r == 0 && !texts_has(&c->dns, "none"))
		r = copy(path_join(a, other, "resolv.conf"), run_dir, "resolv.conf", e);
	return r;
}

/* By its start: while it runs, it may well leave the last network that has one. */
static int check_host_gateway(const struct container *c, const struct network_status *st,
			      struct err *e)
{
	AUTO(arena) a = arena_new();

	for (size_t i = 0; !c->no_hosts && i < c->add_hosts.n; i++)
		if (is_host_gateway(c->add_hosts.v[i]) && !host_address(a, c, st))
			return err_set(e, ERR_INVALID,
				       "unable to replace \"host-gateway\" of host entry \"%s\": "
				       "the container's network has no address of the host",
				       c->add_hosts.v[i]);
	return 0;
}

int container_files(const struct facts_about *about, struct arena *a, const char *other,
		    bool *ret_timezone, struct err *e)
{
	const struct container *c = about->container;
	auto_buf hostname = BUF(512);
	int dir = about->run_dir;
	int r = other ? copy_network_files(a, c, other, dir, e)
		      : check_host_gateway(c, about->network, e);

	if (r == 0 && !other)
		r = container_network_files(c, about->network, dir, e);
	buf_addf(&hostname, "%s\n", c->hostname ? c->hostname : "");
	if (r == 0 && !c->no_hostname)
		r = put(dir, "hostname", &hostname, e);
	if (r == 0)
		r = make_environment_mark(about->state, c, dir, e);
	if (r == 0 && c->timezone)
		r = make_timezone(c->timezone, dir, e);
	if (r == 0)
		r = own_files(c, dir, e);
	*ret_timezone = r == 0 && c->timezone;
	return r;
}
