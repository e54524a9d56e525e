/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cgroup/cgroup.h"
#include "engine/signals.h"
#include "kernel/kernel.h"
#include "oci/record.h"

struct kill_args {
	bool all, regex;
};

static const struct option kill_options[] = {
	OPTION_FLAG(kill_args, all, "all", 'a',
		    "Send it to all processes of the container, also when it has stopped"),
	OPTION_FLAG(kill_args, regex, "regex", 'r', "ID is a regular expression: all that match"),
	{ 0 },
};

static int parse(const char *s, int *ret, struct err *e)
{
	if (strcmp(s, "0") == 0) {
		*ret = 0;
		return 0;
	}
	return signal_parse(s, ret, NULL) == 0
		       ? 0
		       : err_set(e, ERR_INVALID, "unknown signal \"%s\"", s);
}

static int kill_group(const struct record_at *at, int signal, struct err *e)
{
	AUTO(cgroup) c = NULL;
	int r = text_empty(at->r.cgroup) ? -ENOENT
					 : cgroup_open(at->r.cgroup_manager, at->r.cgroup, &c, e);

	return r < 0 ? r : cgroup_kill(c, signal, e);
}

static int kill_one(struct oci_globals *g, const char *id, int signal, bool all, struct err *e)
{
	struct record_at at;
	int r = record_open(g, id, &at, e), pidfd;

	if (r < 0)
		return r;
	/* Where others share the pid namespace, the end of the first process ends no other. */
	if (all || (signal == SIGKILL && at.r.shared_pids)) {
		r = kill_group(&at, signal, e);
		if (r == 0 || (r == -ENOENT && all)) {
			record_close(&at);
			return 0;
		}
	}
	pidfd = record_pidfd(&at, e);
	r = pidfd < 0 ? pidfd : kernel_pidfd_send_signal(pidfd, signal);
	if (pidfd >= 0 && r < 0)
		r = r == -ESRCH ? err_set(e, ERR_CONFLICT, "container not running")
				: err_from(e, r, "send the signal");
	close_p(&pidfd);
	record_close(&at);
	return r;
}

static int kill_matching(struct oci_globals *g, const char *pattern, int signal, bool all,
			 struct err *e)
{
	struct texts ids;
	int r = record_list_matching(g, pattern, &ids, e), failed = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < ids.n; i++)
		if (kill_one(g, ids.v[i], signal, all, e) < 0)
			failed = -e->code;
	return failed;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct kill_args *a = args;
	struct err e;
	int signal, r = parse(argc > 1 ? argv[1] : "TERM", &signal, &e);

	if (r == 0)
		r = a->regex ? kill_matching(globals, argv[0], signal, a->all, &e)
			     : kill_one(globals, argv[0], signal, a->all, &e);
	return r < 0 ? oci_fail(globals, &e) : 0;
}

static const struct option *const options[] = { kill_options, NULL };

const struct command oci_kill_command = {
	.name = "kill",
	.summary = "Send a signal to a container",
	.description = "Sends a signal, SIGTERM if none is named, to the container's first process",
	.usage = "ID [SIGNAL]",
	.examples = "web\nweb KILL\n--all web SIGHUP\n",
	.options = options,
	.args_size = sizeof(struct kill_args),
	.min_args = 1,
	.max_args = 2,
	.completes = "container",
	.run = run,
};
