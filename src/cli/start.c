/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/start.h"

#include "cli/commands.h"
#include "cli/foreground.h"
#include "cli/verb.h"
#include "engine/attach.h"

struct start_args {
	struct select_args select;
	bool attach, interactive, sig_proxy, sig_proxy_given;
	const char *detach_keys;
};

static const struct option start_options[] = {
	OPTION_FLAG(start_args, select.all, "all", 0, "Start all containers, whatever their state"),
	OPTION_FLAG(start_args, attach, "attach", 'a', "Attach to its output"),
	OPTION_TEXT(start_args, detach_keys, "detach-keys", 0, "KEYS",
		    "Keys that detach from the container (ctrl-p,ctrl-q)"),
	SELECT_FILTERS(start_args),
	OPTION_FLAG(start_args, interactive, "interactive", 'i', "Attach standard input too"),
	SELECT_LATEST(start_args),
	OPTION_FLAG(start_args, sig_proxy, "sig-proxy", 0, "Pass signals on (true if attaching)",
		    OPTION_GIVEN(start_args, sig_proxy_given)),
	{ 0 },
};

static int act(struct session *s, const struct container *c, void *args, struct err *e)
{
	int r = container_start(&s->state, c,
				&(struct container_start){
					.program = s->globals->self,
					.cgroup_manager = s->globals->cgroup_manager,
				},
				NULL, e);

	return r < 0 ? err_wrap(e, "unable to start container \"%s\"", c->id) : 0;
}

static int attach_running(const struct foreground *f, int *code, struct err *e)
{
	const struct session *s = f->session;
	auto_close int run = state_run_dir(&s->state, CONTAINERS, f->container->id, false, e);
	int socket = run < 0 ? run : attach_connect(run, e);

	return socket < 0 ? socket : foreground_attach(f, socket, code, e);
}

static int run_attached(struct session *s, const struct start_args *args, int argc,
			const char **argv)
{
	struct foreground f = {
		.session = s,
		.sig_proxy = !args->sig_proxy_given || args->sig_proxy,
		.in = args->interactive,
		.out = true,
		.err = true,
		.detach_keys = args->detach_keys,
	};
	struct container_status st;
	int code = 0, r;
	struct err e;

	if (argc > 1)
		return cli_failf("you cannot start and attach multiple containers at once");
	f.container = select_one(s, args->select.latest, argc, argv, &e);
	if (!f.container)
		return cli_fail(&e);
	r = container_status(&s->state, s->arena, f.container, &st, &e);
	if (r == 0 && container_is_alive(&st)) {
		r = attach_running(&f, &code, &e);
	} else if (r == 0) {
		f.owner = text_eq(f.container->restart, "no");
		r = foreground_start(&f, &code, &e);
	}
	if (r < 0) {
		code = foreground_code(&e);
		cli_fail(&e);
	}
	return code;
}

static int exit_of(const struct err *e)
{
	return foreground_code(e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	static const struct verb verb = { .act = act, .exit_of = exit_of };
	struct start_args *a = args;
	struct session s;
	int code;

	if (a->select.all && argc > 0)
		return cli_failf("either start all containers or the container(s) provided in the "
				 "arguments");
	if (!a->attach && !a->interactive)
		return verb_run(&verb, globals, args, &a->select, argc, argv);
	if (argc == 0 && !a->select.latest)
		return cli_failf("start requires at least one argument");
	if (!session_open(globals, &s, &code))
		return code;
	code = run_attached(&s, a, argc, argv);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { start_options, NULL };

const struct command start_command = {
	.name = "start",
	.summary = "Start containers",
	.description = "Starts containers that were created or have ended",
	.usage = "[CONTAINER...]",
	.examples = "--latest\n860a4b231279 5421ab43b45\n--interactive --attach imageID\n",
	.options = options,
	.args_size = sizeof(struct start_args),
	.max_args = -1,
	.completes = "container",
	.run = run,
};
