/* SPDX-License-Identifier: BSD-2-Clause */
/* berth run: find or pull the image, make the container, start it, and be it until it ends. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/create_args.h"
#include "cli/foreground.h"
#include "cli/obstacles.h"
#include "engine/start.h"
#include "engine/stop.h"

static int print_plan(struct session *s, const struct container *c, struct err *e)
{
	auto_buf out = BUF((size_t)1 << 20);
	int r = container_plan(&s->state, s->arena, c, &(struct container_start){ 0 }, &out, e);

	return r < 0 ? cli_fail(e) : cli_print(&out);
}

/* What is left of a container whose start failed: with --rm nothing. */
static int start_failed(struct session *s, const struct container *c, const struct err *e)
{
	if (c->auto_remove)
		container_remove(&s->state, s->arena, c,
				 &(struct container_remove){ .force = true, .volumes = true },
				 NULL);
	cli_fail(e);
	return foreground_code(e);
}

static int run_in_background(struct session *s, const struct container *c, int *lock,
			     int *netfilter, struct err *e)
{
	int r = container_start(&s->state, c,
				&(struct container_start){
					.program = s->globals->self,
					.cgroup_manager = s->globals->cgroup_manager,
					.lock = lock,
					.netfilter = netfilter,
				},
				NULL, e);

	if (r < 0)
		return start_failed(s, c, e);
	printf("%s\n", c->id);
	return 0;
}

static int run_in_foreground(struct session *s, const struct create_args *args,
			     const struct container *c, int *lock, int *netfilter, struct err *e)
{
	struct foreground how = {
		.session = s,
		.container = c,
		.lock = lock,
		.netfilter = netfilter,
		.sig_proxy = args->sig_proxy,
		.detach_keys = args->detach_keys,
		.in = !args->attach.n || texts_has(&args->attach, "stdin"),
		.out = !args->attach.n || texts_has(&args->attach, "stdout"),
		.err = !args->attach.n || texts_has(&args->attach, "stderr"),
		.owner = strcmp(c->restart, "no") == 0,
	};
	int code;

	return foreground_start(&how, &code, e) < 0 ? start_failed(s, c, e) : code;
}

static int run_session(struct session *s, const struct create_args *args, int argc,
		       const char **argv)
{
	/* Held until it runs: whoever waits for it or removes it meets it running or ended. */
	auto_close int lock = -1;
	auto_close int netfilter = -1;
	struct container *c;
	struct err e;

	if (create_from_args(s, args, argc, argv, &c, &lock, &e) < 0)
		return cli_fail(&e);
	if (args->plan)
		return print_plan(s, c, &e);
	for (size_t i = 0; c->ports.n && i < c->networks.n; i++)
		obstacles_warn(s, c->networks.v[i].network, false, &netfilter);
	return args->detach ? run_in_background(s, c, &lock, &netfilter, &e)
			    : run_in_foreground(s, args, c, &lock, &netfilter, &e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = run_session(&s, args, argc, argv);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { run_options, create_options, NULL };

const struct command run_command = {
	.name = "run",
	.summary = "Run a command in a new container",
	.description =
		"Makes a container of an image, which is pulled if it is not here, and runs a command in it",
	.usage = "IMAGE [COMMAND [ARG...]]",
	.examples = "imageID ls -alF /etc\n--network host imageID cat /etc/hosts\n"
		    "--rm -it --volume /var:/host imageID sh\n",
	.options = options,
	.args_size = sizeof(struct create_args),
	.min_args = 1,
	.max_args = -1,
	.options_end_at_arg = true,
	.completes = "image",
	.init = create_args_init,
	.run = run,
};
