/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/exec.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "cgroup/cgroup.h"
#include "engine/pty.h"
#include "oci/foreground.h"
#include "oci/handover.h"
#include "oci/record.h"

#define FDS_MAX 1024

static const struct option exec_options[] = {
	OPTION_TEXT(exec_args, process, "process", 'p', "FILE",
		    "The process as JSON, in place of command and options", .completes = "file"),
	OPTION_TEXT(exec_args, cwd, "cwd", 0, "DIR", "Working directory"),
	OPTION_LIST(exec_args, env, "env", 'e', "NAME=VALUE", "Set an environment variable"),
	OPTION_FLAG(exec_args, tty, "tty", 't', "Give the process a terminal"),
	OPTION_TEXT(exec_args, user, "user", 'u', "UID[:GID]", "User that it runs as"),
	OPTION_LIST(exec_args, groups, "additional-gids", 'g', "GID", "One more group"),
	OPTION_FLAG(exec_args, detach, "detach", 'd', "Return when the program was executed"),
	OPTION_TEXT(exec_args, pid_file, "pid-file", 0, "FILE",
		    "Write the process's ID to this file", .completes = "file"),
	OPTION_TEXT(exec_args, console_socket, "console-socket", 0, "SOCKET",
		    "Send the terminal's master to this unix socket", .completes = "file"),
	OPTION_TEXT(exec_args, pidfd_socket, "pidfd-socket", 0, "SOCKET",
		    "Send a pidfd of the process to this unix socket", .completes = "file"),
	OPTION_TEXT(exec_args, label, "process-label", 0, "LABEL", "SELinux label"),
	OPTION_TEXT(exec_args, apparmor, "apparmor", 0, "PROFILE", "AppArmor profile"),
	OPTION_FLAG(exec_args, no_new_privs, "no-new-privs", 0,
		    "Never let it have more privileges than at its start"),
	OPTION_LIST(exec_args, caps, "cap", 'c', "CAPABILITY", "One more capability"),
	OPTION_INT(exec_args, preserve_fds, "preserve-fds", 0, "N",
		   "Pass N descriptors after standard error on"),
	OPTION_FLAG(exec_args, ignore_paused, "ignore-paused", 0,
		    "In a paused container, wait until it goes on"),
	OPTION_LIST(exec_args, cgroups, "cgroup", 0, "[CONTROLLERS:]PATH",
		    "Run in this group below the container's"),
	OPTION_FLAG(exec_args, no_subreaper, "no-subreaper", 0,
		    "Don't become the reaper of the process's orphans"),
	{ 0 },
};

static int check_running(const struct executing *x, struct err *e)
{
	enum record_status s = record_status(&x->at);

	if (s == RECORD_STOPPED || s == RECORD_CREATING)
		return err_set(e, ERR_CONFLICT,
			       "cannot exec in a stopped container: container not running");
	if (s == RECORD_PAUSED && !x->args.ignore_paused)
		return err_set(
			e, ERR_CONFLICT,
			"cannot exec in a paused container (use --ignore-paused to override)");
	return 0;
}

static int check_terminal(const struct executing *x, struct err *e)
{
	bool socket = !text_empty(x->args.console_socket);

	if (x->process->terminal && x->args.detach && !socket)
		return err_set(e, ERR_INVALID,
			       "cannot allocate tty if %s will detach without setting console "
			       "socket: use --console-socket",
			       x->g->program);
	if (socket && (!x->process->terminal || !x->args.detach))
		return err_set(e, ERR_INVALID,
			       "cannot use console socket if %s will not detach or allocate tty",
			       x->g->program);
	return 0;
}

static int execute(struct executing *x, int pidfd, struct err *e)
{
	struct runtime_exec how = {
		.config = &x->config,
		.process = x->process,
		.id = x->at.r.id,
		.pid = (pid_t)x->at.r.pid,
		.pidfd = pidfd,
		.seccomp_cache = -1,
		.plain_lines = handover_plain_lines(x->g, !x->args.detach),
	};
	int r;

	if (x->args.preserve_fds < 0 || x->args.preserve_fds > FDS_MAX)
		return err_set(e, ERR_INVALID, "--preserve-fds: 0 to %d", FDS_MAX);
	if (!text_empty(x->at.r.cgroup)) {
		how.cgroup_path = x->at.r.cgroup;
		how.cgroup_manager = x->at.r.cgroup_manager;
		how.cgroups_below = x->args.cgroups;
	}
	r = handover_streams(x->g, 0, x->args.preserve_fds, &how.streams, e);
	/* runc's words, by which people follow it. */
	log_debug("nsexec container setup of %s", x->at.r.id);
	log_debug("setns_init: about to exec %s", x->process->args.v[0]);
	x->begun = r == 0;
	if (r == 0)
		r = runtime_exec(&how, x->g->arena, &x->c, e);
	if (r == 0)
		log_debug("child process in init(): %d executed it", (int)x->c.pid);
	return r;
}

static int tell(struct executing *x, struct err *e)
{
	const struct exec_args *a = &x->args;
	int r = x->c.console >= 0 ? handover_terminal(&x->c.console, a->console_socket, e) : 0;

	if (r == 0 && !text_empty(a->pidfd_socket))
		r = handover_pidfd(x->c.pidfd, a->pidfd_socket, e);
	if (r == 0 && !text_empty(a->pid_file))
		r = handover_pid(x->c.pid, a->pid_file, e);
	return r;
}

static int run_process(struct executing *x, int *ret_code, struct err *e)
{
	auto_close int pidfd = -1;
	int r = check_running(x, e);

	if (r == 0)
		r = exec_process(x, e);
	if (r == 0)
		r = check_terminal(x, e);
	if (r < 0)
		return r;
	if (x->process->terminal && !x->args.detach && !x->process->console_size)
		x->process->console_size = pty_size_of_caller(x->g->arena);
	pidfd = record_pidfd(&x->at, e);
	if (pidfd < 0)
		return pidfd;
	if (!x->args.detach && !x->args.no_subreaper)
		foreground_reap_orphans();
	r = execute(x, pidfd, e);
	if (r < 0)
		return r;
	r = tell(x, e);
	if (r < 0) {
		exec_end(x);
		return r;
	}
	return x->args.detach ? 0 : foreground_wait(&x->c, ret_code, e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct executing x = { .g = globals, .args = *(struct exec_args *)args };
	struct err e;
	int code = 0, r;

	x.argc = argc - 1;
	x.argv = argv + 1;
	x.c = (struct runtime_container){ .pidfd = -1, .console = -1 };
	r = record_open(x.g, argv[0], &x.at, &e);
	if (r == 0) {
		r = run_process(&x, &code, &e);
		record_close(&x.at);
	}
	runtime_close(&x.c);
	if (r == 0)
		return code;
	oci_fail(x.g, &e);
	/* crun's is that of the process that was to execute the program, if there was one. */
	return x.g->as_crun && !x.begun ? OCI_FAILED : OCI_EXEC_FAILED;
}

static const struct option *const options[] = { exec_options, NULL };

const struct command oci_exec_command = {
	.name = "exec",
	.summary = "Execute a program in a container",
	.description = "Executes one more program in a created or running container",
	.usage = "ID COMMAND [ARG...]",
	.examples = "web ps\n--tty --env TERM=xterm web sh\n--process process.json --detach web\n",
	.options = options,
	.args_size = sizeof(struct exec_args),
	.min_args = 1,
	.max_args = -1,
	.options_end_at_arg = true,
	.completes = "container",
	.run = run,
};
