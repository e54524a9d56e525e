/* SPDX-License-Identifier: BSD-2-Clause */
/* No container publishes ports yet: whoever asks for one is told so, as podman tells it. */
#include <string.h>

#include "cli/commands.h"
#include "cli/select.h"

struct port_args {
	bool all, latest;
};

static const struct option port_options[] = {
	OPTION_FLAG(port_args, all, "all", 'a', "Show the ports of all running containers"),
	OPTION_FLAG(port_args, latest, "latest", 'l', "Act on the last created container"),
	{ 0 },
};

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct port_args *a = args;
	const char *port = argc > (a->latest ? 0 : 1) ? argv[argc - 1] : NULL;
	struct session s;
	struct err e;
	int code;

	if (a->all && (argc || a->latest))
		return cli_failf(a->latest ? "--all and --latest cannot be used together"
					   : "no arguments are needed with --all");
	if (!a->all && !a->latest && argc == 0)
		return cli_failf("you must provide at least one name or id");
	if (a->all)
		return 0;
	if (!session_open(globals, &s, &code))
		return code;
	if (!select_one(&s, a->latest, argc, argv, &e))
		code = cli_fail(&e);
	else if (port)
		code = cli_failf("failed to find published port \"%s%s\"", port,
				 strchr(port, '/') ? "" : "/tcp");
	else
		code = 0;
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
