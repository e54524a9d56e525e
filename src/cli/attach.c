/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/attach.h"

#include "cli/commands.h"
#include "cli/foreground.h"
#include "cli/select.h"

struct attach_args {
	bool no_stdin, sig_proxy, latest;
	const char *detach_keys;
};

static const struct option attach_options[] = {
	OPTION_TEXT(attach_args, detach_keys, "detach-keys", 0, "KEYS",
		    "Keys that detach from the container (ctrl-p,ctrl-q)"),
	OPTION_FLAG(attach_args, latest, "latest", 'l', "Act on the last created container"),
	OPTION_FLAG(attach_args, no_stdin, "no-stdin", 0, "Don't attach standard input"),
	OPTION_FLAG(attach_args, sig_proxy, "sig-proxy", 0, "Pass signals on to the container"),
	{ 0 },
};

static void init(void *args)
{
	((struct attach_args *)args)->sig_proxy = true;
}

static int attach(struct session *s, const struct attach_args *args, const struct container *c,
		  int *code, struct err *e)
{
	struct foreground f = {
		.session = s,
		.container = c,
		.sig_proxy = args->sig_proxy,
		.in = !args->no_stdin,
		.out = true,
		.err = true,
		.detach_keys = args->detach_keys,
	};
	auto_close int run = -1;
	struct container_status st;
	int socket, r = container_status(&s->state, s->arena, c, &st, e);

	if (r < 0)
		return r;
	/* A paused one would neither answer nor hear of a signal. */
	if (!container_is_alive(&st) || st.state == CONTAINER_PAUSED)
		return err_set(e, ERR_CONFLICT, "you can only attach to running containers");
	run = state_run_dir(&s->state, CONTAINERS, c->id, false, e);
	if (run < 0)
		return run;
	socket = attach_connect(run, e);
	return socket < 0 ? socket : foreground_attach(&f, socket, code, e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct attach_args *a = args;
	const struct container *c;
	struct session s;
	struct err e;
	int code;

	if (argc > 1 || (a->latest && argc > 0))
		return cli_failf("attach requires the name or id of one running container or the "
				 "latest flag");
	if (argc == 0 && !a->latest)
		return cli_failf("attach requires the name or id of one running container or the "
				 "latest flag");
	if (!session_open(globals, &s, &code))
		return code;
	c = select_one(&s, a->latest, argc, argv, &e);
	if (!c || attach(&s, a, c, &code, &e) < 0)
		code = cli_fail(&e);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { attach_options, NULL };

const struct command attach_command = {
	.name = "attach",
	.summary = "Attach to a running container",
	.description =
		"Shows a running container's output from now on and, with -i at its start, passes standard input to it. The detach keys leave it running.",
	.usage = "CONTAINER",
	.examples = "ctrID\n1234\n--no-stdin foobar\n",
	.options = options,
	.args_size = sizeof(struct attach_args),
	.max_args = -1,
	.completes = "container",
	.init = init,
	.run = run,
};
