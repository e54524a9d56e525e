/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/exec.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "cli/commands.h"
#include "cli/create_args.h"
#include "cli/select.h"
#include "runtime/runtime.h"

struct exec_args {
	bool detach, interactive, tty, privileged, latest, no_session;
	const char *cid_file, *detach_keys, *user, *working_dir;
	struct texts env, env_file;
	int64_t preserve_fds;
};

static const struct option exec_options[] = {
	OPTION_TEXT(exec_args, cid_file, "cidfile", 0, "FILE",
		    "Read the container's ID from the file", .completes = "file"),
	OPTION_FLAG(exec_args, detach, "detach", 'd',
		    "Run in the background and print the session"),
	OPTION_TEXT(exec_args, detach_keys, "detach-keys", 0, "KEYS",
		    "Keys that detach from the process (ctrl-p,ctrl-q)"),
	OPTION_LIST(exec_args, env, "env", 'e', "NAME[=VALUE]", "Set an environment variable"),
	OPTION_LIST(exec_args, env_file, "env-file", 0, "FILE",
		    "Read environment variables from the file", .completes = "file"),
	OPTION_FLAG(exec_args, interactive, "interactive", 'i', "Pass standard input on"),
	OPTION_FLAG(exec_args, latest, "latest", 'l', "Act on the last created container"),
	OPTION_FLAG(exec_args, no_session, "no-session", 0,
		    "Keep it out of the container's exec sessions"),
	OPTION_INT(exec_args, preserve_fds, "preserve-fds", 0, "N", "Pass N more descriptors on"),
	OPTION_FLAG(exec_args, privileged, "privileged", 0, "Give the process all capabilities"),
	OPTION_FLAG(exec_args, tty, "tty", 't', "Give the process a terminal"),
	OPTION_TEXT(exec_args, user, "user", 'u', "USER[:GROUP]", "User that it runs as"),
	OPTION_TEXT(exec_args, working_dir, "workdir", 'w', "DIR", "Working directory"),
	{ 0 },
};

static int exit_of(const struct err *e)
{
	if (e->where == RUNTIME_NOT_FOUND || e->where == RUNTIME_NOT_EXECUTABLE)
		return e->where;
	return e->where == CONTAINER_NOT_RUNNING ? 255 : EXIT_ENGINE;
}

static const struct container *by_file(struct session *s, const char *path, struct err *e)
{
	auto_free char *text = NULL;
	struct container *c = NULL;
	int r = file_read_at(AT_FDCWD, path, 4096, &text, NULL, e);

	if (r < 0) {
		err_wrap(e, "reading CIDFile");
		return NULL;
	}
	text[strcspn(text, "\r\n")] = '\0';
	return container_find(&s->state, s->arena, text, &c, e) == 0 ? c : NULL;
}

static int run_session(struct session *s, const struct exec_args *args, int argc, const char **argv)
{
	struct container_exec how = {
		.tty = args->tty,
		.interactive = args->interactive,
		.detach = args->detach,
		.no_session = args->no_session,
		.privileged = args->privileged,
		.user = args->user,
		.working_dir = args->working_dir,
		.detach_keys = args->detach_keys,
		.preserve_fds = (int)args->preserve_fds,
	};
	const struct container *c;
	char id[STATE_ID_LEN + 1];
	struct err e;
	int code;

	if (args->cid_file)
		c = by_file(s, args->cid_file, &e);
	else if (args->latest)
		c = select_one(s, true, 0, NULL, &e);
	else
		c = select_one(s, false, argc, argv, &e);
	if (!c)
		return cli_fail(&e);
	for (int i = args->latest || args->cid_file ? 0 : 1; i < argc; i++)
		texts_add(s->arena, &how.args, argv[i]);
	if (env_args_parse(s->arena, &args->env_file, &args->env, &how.env, &e) < 0)
		return cli_fail(&e);
	if (container_exec(&s->state, s->arena, c, &how, &code, id, &e) < 0) {
		cli_fail(&e);
		return exit_of(&e);
	}
	if (args->detach)
		printf("%s\n", id);
	return code;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct exec_args *a = args;
	struct session s;
	int code;

	if (a->latest && a->cid_file)
		return cli_failf("--latest and --cidfile cannot be used together");
	if (argc == 0 && !a->latest && !a->cid_file)
		return cli_failf("exec requires the name or ID of a container or the --latest "
				 "flag");
	if (argc < 2 && !a->latest && !a->cid_file)
		return cli_failf("must provide a non-empty command to start an exec session: "
				 "invalid argument");
	if (!session_open(globals, &s, &code))
		return code;
	code = run_session(&s, a, argc, argv);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { exec_options, NULL };

const struct command exec_command = {
	.name = "exec",
	.summary = "Run a command in a running container",
	.description = "Runs a command in the namespaces of a running container",
	.usage = "CONTAINER COMMAND [ARG...]",
	.examples = "-it ctrID ls\n-it -w /tmp myCtr pwd\n--user root ctrID ls\n",
	.options = options,
	.args_size = sizeof(struct exec_args),
	.max_args = -1,
	.options_end_at_arg = true,
	.completes = "container",
	.run = run,
};
