/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "cli/commands.h"
#include "cli/select.h"
#include "engine/depend.h"
#include "network/port.h"

struct port_args {
	bool all, latest;
};

static const struct option port_options[] = {
	OPTION_FLAG(port_args, all, "all", 'a', "Show the ports of all running containers"),
	OPTION_FLAG(port_args, latest, "latest", 'l', "Act on the last created container"),
	{ 0 },
};

/* "80/tcp -> 0.0.0.0:8080" of each; with PORT only where that one leads from. 1: found. */
static bool print_ports(struct buf *out, struct arena *a, const struct container *c,
			const char *before, const char *only)
{
	bool found = false;

	for (size_t i = 0; i < c->ports.n; i++) {
		const struct network_port *p = &c->ports.v[i];

		for (int64_t k = 0; k < (p->range ? p->range : 1); k++) {
			const char *inside =
				arena_printf(a, "%lld/%s", (long long)(p->container_port + k),
					     p->protocol);

			if (only && !text_eq(only, inside))
				continue;
			found = true;
			if (!only)
				buf_addf(out, "%s%s -> ", before, inside);
			buf_addf(out, "%s\n", port_print_host(a, p, k));
		}
	}
	return found;
}

static int print_all(struct session *s, struct buf *out, struct err *e)
{
	struct containers all;
	int r = container_list(&s->state, s->arena, &all, cli_warn_damaged, NULL, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++) {
		struct container_status st;

		if (container_status(&s->state, s->arena, all.v[i], &st, NULL) == 0 &&
		    container_is_alive(&st))
			print_ports(out, s->arena,
				    container_networked(&s->state, s->arena, all.v[i]),
				    arena_printf(s->arena, "%.12s\t", all.v[i]->id), NULL);
	}
	return 0;
}

static int print_one(struct session *s, const struct port_args *args, int argc, const char **argv,
		     struct buf *out, struct err *e)
{
	const char *port = argc > (args->latest ? 0 : 1) ? argv[argc - 1] : NULL;
	const struct container *c = select_one(s, args->latest, port ? argc - 1 : argc, argv, e);

	if (!c)
		return -e->code;
	if (port && !strchr(port, '/'))
		port = arena_printf(s->arena, "%s/tcp", port);
	c = container_networked(&s->state, s->arena, c);
	if (!print_ports(out, s->arena, c, "", port) && port)
		return err_set(e, ERR_NOT_FOUND, "failed to find published port \"%s\"", port);
	return 0;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	auto_buf out = BUF((size_t)16 << 20);
	const struct port_args *a = args;
	struct session s;
	struct err e;
	int code, r;

	if (a->all && (argc || a->latest))
		return cli_failf(a->latest ? "--all and --latest cannot be used together"
					   : "no arguments are needed with --all");
	if (!a->all && !a->latest && argc == 0)
		return cli_failf("you must provide at least one name or id");
	if (!session_open(globals, &s, &code))
		return code;
	r = a->all ? print_all(&s, &out, &e) : print_one(&s, a, argc, argv, &out, &e);
	code = r < 0 ? cli_fail(&e) : cli_print(&out);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { port_options, NULL };

const struct command port_command = {
	.name = "port",
	.summary = "List the published ports of a container",
	.description = "Lists which ports of the host lead to the container, or the one that leads "
		       "to PORT",
	.usage = "CONTAINER [PORT]",
	.examples = "--all\nctrID 80/tcp\n",
	.options = options,
	.args_size = sizeof(struct port_args),
	.max_args = 2,
	.completes = "container",
	.run = run,
};
