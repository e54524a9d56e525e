/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * slirp4netns(1) stays in front, says by a descriptor that it is ready, and takes ports by a
 * socket, a JSON object and one connection each (its api.c).
 */
#include "network/slirp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/address.h"
#include "base/child.h"
#include "base/file.h"
#include "base/path.h"
#include "network/daemon.h"

#define PID_FILE    "slirp4netns.pid"
#define SOCKET      "slirp4netns.sock"
#define SOCKET_FROM "../" /* from the attachment's directory, as its path may be too long */
#define CIDR        "10.0.2.0/24"
#define MTU         "65520"
#define MTU_MIN     68
#define MTU_MAX     65521 /* slirp4netns's own */
#define LOG         "slirp4netns.log"
#define ANSWER_MAX  4096

static const char *value_of(const struct texts *options, const char *key)
{
	const char *found = NULL;

	for (size_t i = 0; options && i < options->n; i++) {
		const char *rest = text_after(options->v[i], key);

		if (rest && *rest == '=')
			found = rest + 1;
	}
	return found;
}

static bool is_true(const char *value)
{
	return text_eq(value, "true") || text_eq(value, "1");
}

static bool is_bool(const char *value)
{
	return is_true(value) || text_eq(value, "false") || text_eq(value, "0");
}

static const char *socket_path(struct arena *a, const char *id)
{
	return arena_printf(a, SOCKET_FROM "%s/" SOCKET, id);
}

static const char *own_argument(struct arena *a, const char *id)
{
	return arena_printf(a, "--api-socket=%s", socket_path(a, id));
}

static int check_values(const struct texts *options, struct err *e)
{
	static const char *const bools[] = { "allow_host_loopback", "enable_ipv6" };
	const char *cidr = value_of(options, "cidr"), *mtu = value_of(options, "mtu");
	const char *handler = value_of(options, "port_handler");
	struct address net;
	int64_t n;

	for (size_t i = 0; i < ARRAY_LEN(bools); i++) {
		const char *value = value_of(options, bools[i]);

		if (value && !is_bool(value))
			return err_set(e, ERR_INVALID, "invalid %s %s: true or false", bools[i],
				       value);
	}
	if (cidr && (!address_parse_net(cidr, &net) || net.family != AF_INET))
		return err_set(e, ERR_INVALID, "invalid cidr %s", cidr);
	if (mtu && text_to_int(mtu, MTU_MIN, MTU_MAX, &n, "mtu", e) < 0)
		return -e->code;
	if (handler && strcmp(handler, "slirp4netns") != 0)
		return err_set(e, ERR_UNSUPPORTED,
			       "port_handler=%s is not supported: ports are forwarded by "
			       "slirp4netns",
			       handler);
	return 0;
}

int slirp_check(const struct texts *options, struct err *e)
{
	static const char *const known[] = {
		"allow_host_loopback", "mtu",         "cidr", "enable_ipv6", "outbound_addr",
		"outbound_addr6",      "port_handler"
	};

	for (size_t i = 0; options && i < options->n; i++) {
		const char *o = options->v[i];
		bool found = text_empty(o);

		for (size_t k = 0; k < ARRAY_LEN(known) && !found; k++) {
			const char *rest = text_after(o, known[k]);

			found = rest && *rest == '=' && rest[1];
		}
		if (!found)
			return err_set(e, ERR_INVALID,
				       "unknown option for slirp4netns: \"%s\": invalid argument",
				       o);
	}
	return check_values(options, e);
}

static int check_ports(const struct network_ports *ports, struct err *e)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->v[i];

		if (text_eq(p->protocol, "sctp") || strchr(p->host_ip ? p->host_ip : "", ':'))
			return err_set(e, ERR_UNSUPPORTED,
				       "slirp4netns forwards TCP and UDP of IPv4 alone, not %s%s%s",
				       p->host_ip ? p->host_ip : "",
				       text_empty(p->host_ip) ? "" : " ", p->protocol);
	}
	return 0;
}

static void add_value(struct arena *a, struct texts *argv, const char *flag, const char *value)
{
	if (value)
		texts_addf(a, argv, "%s=%s", flag, value);
}

int slirp_arguments(struct arena *a, const struct slirp *how, const char *program,
		    struct texts *ret, struct err *e)
{
	const struct texts *o = how->options;
	const char *mtu = value_of(o, "mtu");
	int r = slirp_check(o, e);

	if (r == 0)
		r = check_ports(how->ports, e);
	if (r < 0)
		return r;
	texts_add(a, ret, program);
	texts_add(a, ret, "--configure");
	texts_add(a, ret, "--enable-sandbox");
	texts_addf(a, ret, "--mtu=%s", mtu ? mtu : MTU);
	if (!is_true(value_of(o, "allow_host_loopback")))
		texts_add(a, ret, "--disable-host-loopback");
	if (is_true(value_of(o, "enable_ipv6")))
		texts_add(a, ret, "--enable-ipv6");
	add_value(a, ret, "--cidr", value_of(o, "cidr"));
	add_value(a, ret, "--outbound-addr", value_of(o, "outbound_addr"));
	add_value(a, ret, "--outbound-addr6", value_of(o, "outbound_addr6"));
	texts_add(a, ret, own_argument(a, how->id));
	texts_add(a, ret, "--ready-fd=4");
	texts_add(a, ret, "--netns-type=path");
	texts_add(a, ret, "/proc/self/fd/3");
	texts_add(a, ret, "tap0");
	return 0;
}

const char *slirp_resolver(struct arena *a, const struct texts *options)
{
	const char *cidr = value_of(options, "cidr");
	char text[ADDRESS_TEXT];
	struct address net;

	if (!address_parse_net(cidr ? cidr : CIDR, &net))
		return NULL;
	net = address_first(&net);
	net = address_plus(&net, 3);
	return arena_strdup(a, address_print(&net, text));
}

/* Ports */

static int connect_api(int dir, struct err *e)
{
	auto_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un where = { .sun_family = AF_UNIX };

	snprintf(where.sun_path, sizeof(where.sun_path), "/proc/self/fd/%d/" SOCKET, dir);
	if (fd < 0 || connect(fd, (struct sockaddr *)&where, sizeof(where)) < 0)
		return err_sys(e, "connect to slirp4netns");
	return take_fd(fd);
}

static int ask_port(int dir, const struct network_port *p, int64_t i, struct err *e)
{
	auto_close int fd = connect_api(dir, e);
	auto_buf text = BUF(ANSWER_MAX);
	auto_buf answer = BUF(ANSWER_MAX);
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	buf_addf(
		&text,
		"{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"%s\",\"host_addr\":\"%s\","
		"\"host_port\":%lld,\"guest_port\":%lld}}",
		p->protocol, text_empty(p->host_ip) ? "0.0.0.0" : p->host_ip,
		(long long)(p->host_port + i), (long long)(p->container_port + i));
	r = file_write_all(fd, buf_text(&text), text.len);
	if (r < 0 || shutdown(fd, SHUT_WR) < 0)
		return err_sys(e, "ask slirp4netns for a port");
	do
		n = buf_read(&answer, fd);
	while (n > 0);
	if (n < 0)
		return err_from(e, (int)n, "what slirp4netns says of a port");
	if (strstr(buf_text(&answer), "\"error\"") || !answer.len) {
		err_set(e, ERR_CONFLICT,
			"publish %s:%lld/%s: address already in use, says slirp4netns",
			text_empty(p->host_ip) ? "0.0.0.0" : p->host_ip,
			(long long)(p->host_port + i), p->protocol);
		e->code = EADDRINUSE;
		return -EADDRINUSE;
	}
	return 0;
}

static int ask_ports(int dir, const struct network_ports *ports, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < ports->n; i++)
		for (int64_t k = 0; r == 0 && k < (ports->v[i].range > 1 ? ports->v[i].range : 1);
		     k++)
			r = ask_port(dir, &ports->v[i], k, e);
	return r;
}

/* The process */

static int enter_folder(void *arg, struct err *e)
{
	const int *dir = arg;

	return fchdir(*dir) < 0 ? err_sys(e, "enter the folder of slirp4netns") : 0;
}

static int note_pid(int dir, pid_t pid, struct err *e)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", pid);

	return file_replace_at(dir, PID_FILE, text, (size_t)n, &(struct file_write){ .mode = 0600 },
			       e);
}

struct start {
	const struct slirp *how;
	const struct texts *argv;
};

/* In a process between, so that it is nobody's child in the end. */
static int start_between(void *arg, struct err *e)
{
	const struct slirp *how = ((struct start *)arg)->how;
	const struct texts *argv = ((struct start *)arg)->argv;
	/* Not a pipe: what it says later, to nobody, would be its end. */
	auto_close int said = openat(how->dir, LOG, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	auto_free char *words = NULL;
	struct child child;
	int ready[2], r;
	char byte;

	setsid();
	if (said < 0 || pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, "start slirp4netns");
	r = child_spawn(
		&(struct child_spawn){
			.path = argv->v[0],
			.argv = (char *const *)argv->v,
			.in = -1,
			.out = said,
			.err = said,
			.fds = (int[]){ how->netns, ready[1] },
			.fds_len = 2,
			.prepare = enter_folder,
			.prepare_arg = (void *)&how->dir,
		},
		&child, e);
	close(ready[1]);
	if (r < 0)
		return r;
	r = note_pid(how->dir, child.pid, e);
	if (r < 0) {
		child_kill(&child);
		return r;
	}
	if (read(ready[0], &byte, 1) == 1)
		return 0;
	if (file_read_at(how->dir, LOG, ANSWER_MAX, &words, NULL, NULL) < 0 || !*words)
		return err_set(e, ERR_SYSTEM, "it failed");
	words[strlen(words) - 1] = '\0';
	for (char *at = words; (at = strchr(at, '\n'));)
		*at = ';';
	return err_set(e, ERR_SYSTEM, "%s", words);
}

int slirp_start(struct arena *a, const struct slirp *how, struct err *e)
{
	struct texts argv = { 0 };
	char *program;
	int r = path_program(a, "slirp4netns", &program, e);

	if (r == 0)
		r = slirp_arguments(a, how, program, &argv, e);
	if (r < 0)
		return r;
	unlinkat(how->dir, SOCKET, 0);
	r = child_do("the process that starts it", start_between, &(struct start){ how, &argv }, e);
	if (r == 0)
		r = ask_ports(how->dir, how->ports, e);
	if (r < 0) {
		slirp_stop(a, how->dir, how->id);
		return err_wrap(e, "slirp4netns");
	}
	return 0;
}

bool slirp_runs(struct arena *a, int dir, const char *id)
{
	auto_close int pidfd = daemon_find(a, dir, PID_FILE, own_argument(a, id), NULL);

	return pidfd >= 0;
}

void slirp_stop(struct arena *a, int dir, const char *id)
{
	daemon_stop(a, dir, PID_FILE, own_argument(a, id));
}
