/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/pasta.h"

#include <inttypes.h>

#include "base/path.h"
#include "network/daemon.h"

#define PID_FILE "pasta.pid"

static bool is_given(const struct texts *options, const char *flag, const char *short_flag)
{
	for (size_t i = 0; options && i < options->n; i++) {
		const char *rest = text_after(options->v[i], flag);

		if (rest && (!*rest || *rest == '='))
			return true;
		if (short_flag && text_after(options->v[i], short_flag))
			return true;
	}
	return false;
}

const char *pasta_resolver(const struct texts *options)
{
	for (size_t i = 0; i < options->n; i++) {
		const char *rest = text_after(options->v[i], "--dns-forward");

		if (!rest || (*rest && *rest != '='))
			continue;
		if (!*rest)
			rest = i + 1 < options->n ? options->v[i + 1] : "none";
		else
			rest++;
		return text_eq(rest, "none") ? NULL : rest;
	}
	return PASTA_DNS;
}

/* "[ADDRESS/]FROM[-TO]:FROM[-TO]" */
static const char *forward(struct arena *a, const struct network_port *p)
{
	const char *to = text_empty(p->host_ip) ? "" : arena_printf(a, "%s/", p->host_ip);

	if (p->range <= 1)
		return arena_printf(a, "%s%" PRId64 ":%" PRId64, to, p->host_port,
				    p->container_port);
	return arena_printf(a, "%s%" PRId64 "-%" PRId64 ":%" PRId64 "-%" PRId64, to, p->host_port,
			    p->host_port + p->range - 1, p->container_port,
			    p->container_port + p->range - 1);
}

static int add_ports(struct arena *a, struct texts *argv, const struct network_ports *ports,
		     bool *ret_tcp, bool *ret_udp, struct err *e)
{
	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->v[i];
		bool tcp = text_eq(p->protocol, "tcp");

		if (!tcp && !text_eq(p->protocol, "udp"))
			return err_set(e, ERR_UNSUPPORTED, "pasta can't forward protocol %s",
				       p->protocol);
		texts_add(a, argv, tcp ? "-t" : "-u");
		texts_add(a, argv, forward(a, p));
		*(tcp ? ret_tcp : ret_udp) = true;
	}
	return 0;
}

static void add_default(struct arena *a, struct texts *argv, const struct texts *options,
			const char *flag, const char *short_flag, const char *value)
{
	if (is_given(options, flag, short_flag))
		return;
	texts_add(a, argv, short_flag ? short_flag : flag);
	if (value)
		texts_add(a, argv, value);
}

int pasta_arguments(struct arena *a, const struct pasta *how, const char *program,
		    struct texts *ret, struct err *e)
{
	const struct texts *options = how->options;
	bool tcp = false, udp = false;
	int r;

	texts_add(a, ret, program);
	texts_add(a, ret, "--config-net");
	texts_add(a, ret, "--quiet");
	texts_add(a, ret, "--pid");
	texts_addf(a, ret, "%s/" PID_FILE, how->path);
	for (size_t i = 0; options && i < options->n; i++)
		/* podman's word for what pasta has no option for. */
		if (!text_eq(options->v[i], "--map-gw"))
			texts_add(a, ret, options->v[i]);
	r = add_ports(a, ret, how->ports, &tcp, &udp, e);
	if (r < 0)
		return r;
	/* Left alone, it would forward whatever is bound, in both directions. */
	if (!tcp)
		add_default(a, ret, options, "--tcp-ports", "-t", "none");
	if (!udp)
		add_default(a, ret, options, "--udp-ports", "-u", "none");
	add_default(a, ret, options, "--tcp-ns", "-T", "none");
	add_default(a, ret, options, "--udp-ns", "-U", "none");
	add_default(a, ret, options, "--dns-forward", NULL, PASTA_DNS);
	if (!is_given(options, "--map-gw", NULL))
		add_default(a, ret, options, "--no-map-gw", NULL, NULL);
	texts_add(a, ret, "--no-netns-quit");
	texts_add(a, ret, "--netns");
	/* By descriptor: a user may not look into /proc/PID of who changed his user namespace. */
	texts_add(a, ret, "/proc/self/fd/3");
	return 0;
}

int pasta_start(struct arena *a, const struct pasta *how, struct err *e)
{
	struct texts argv = { 0 };
	char *program;
	int r = path_program(a, "pasta", &program, e);

	if (r < 0)
		return err_wrap(e, "a user's containers get their network from pasta; install "
				   "package passt, or use --network none or host");
	r = pasta_arguments(a, how, program, &argv, e);
	if (r < 0)
		return r;
	r = daemon_start(&(struct daemon_start){ .argv = &argv, .fd = how->netns }, e);
	return r < 0 ? err_wrap(e, "pasta") : 0;
}

bool pasta_runs(struct arena *a, int dir, const char *path)
{
	auto_close int pidfd =
		daemon_find(a, dir, PID_FILE, arena_printf(a, "%s/" PID_FILE, path), NULL);

	return pidfd >= 0;
}

void pasta_stop(struct arena *a, int dir, const char *path)
{
	daemon_stop(a, dir, PID_FILE, arena_printf(a, "%s/" PID_FILE, path));
}
