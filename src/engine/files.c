/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/files.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/path.h"
#include "engine/userns.h"
#include "kernel/open.h"

#define FILE_MAX ((size_t)1 << 20)

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

/* "name;name2:ip": podman's --add-host, the address behind the first colon after the names. */
static void add_host(struct buf *out, const char *entry)
{
	const char *ip = strchr(entry, ':');
	const char *p = entry;

	if (!ip)
		return;
	while (p < ip) {
		size_t n = strcspn(p, ";:");

		buf_addf(out, "%s\t%.*s\n", ip + 1, (int)n, p);
		p += n + 1;
	}
}

/* The names of a container that has no address of its own lead to itself. */
static void add_own(struct buf *out, const struct container *c)
{
	buf_addf(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	buf_addf(out, "127.0.1.1\t%s %s\n", c->hostname ? c->hostname : c->name, c->name);
}

static int make_hosts(const struct container *c, int dir, struct err *e)
{
	auto_buf out = BUF(FILE_MAX);
	auto_free char *host = NULL;

	for (size_t i = 0; i < c->add_hosts.n; i++)
		add_host(&out, c->add_hosts.v[i]);
	if (text_eq(c->namespaces.network, "host")) {
		if (file_read_at(AT_FDCWD, "/etc/hosts", FILE_MAX, &host, NULL, NULL) == 0)
			buf_adds(&out, host);
	} else {
		add_own(&out, c);
	}
	return put(dir, "hosts", &out, e);
}

/* The lines of the host's that begin with a keyword. */
static void add_host_lines(struct buf *out, const char *host, const char *keyword)
{
	size_t n = strlen(keyword);

	for (const char *p = host; p && *p;) {
		size_t len = strcspn(p, "\n");

		if (strncmp(p, keyword, n) == 0 && (p[n] == ' ' || p[n] == '\t'))
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

/* What was asked for, and the host's where nothing was. */
static int make_resolv(const struct container *c, int dir, struct err *e)
{
	auto_buf out = BUF(FILE_MAX);
	auto_free char *host = NULL;

	file_read_at(AT_FDCWD, "/etc/resolv.conf", FILE_MAX, &host, NULL, NULL);
	if (c->dns_search.n == 0)
		add_host_lines(&out, host, "search");
	else if (!texts_has(&c->dns_search, "."))
		add_words(&out, "search", &c->dns_search);
	for (size_t i = 0; i < c->dns.n; i++)
		buf_addf(&out, "nameserver %s\n", c->dns.v[i]);
	if (c->dns.n == 0)
		add_host_lines(&out, host, "nameserver");
	if (c->dns_options.n)
		add_words(&out, "options", &c->dns_options);
	else
		add_host_lines(&out, host, "options");
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

int container_files(const struct state *s, struct arena *a, const struct container *c, int run_dir,
		    const char *other, bool *ret_timezone, struct err *e)
{
	auto_buf hostname = BUF(512);
	int r = 0;

	if (!c->no_hosts)
		r = other ? copy(path_join(a, other, "hosts"), run_dir, "hosts", e)
			  : make_hosts(c, run_dir, e);
	if (r == 0 && !texts_has(&c->dns, "none"))
		r = other ? copy(path_join(a, other, "resolv.conf"), run_dir, "resolv.conf", e)
			  : make_resolv(c, run_dir, e);
	buf_addf(&hostname, "%s\n", c->hostname ? c->hostname : "");
	if (r == 0 && !c->no_hostname)
		r = put(run_dir, "hostname", &hostname, e);
	if (r == 0)
		r = make_environment_mark(s, c, run_dir, e);
	if (r == 0 && c->timezone)
		r = make_timezone(c->timezone, run_dir, e);
	if (r == 0)
		r = own_files(c, run_dir, e);
	*ret_timezone = r == 0 && c->timezone;
	return r;
}
