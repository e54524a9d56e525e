/* SPDX-License-Identifier: BSD-2-Clause */
/* One more program in a container: what `exec` was asked for, and what it makes of it. */
#pragma once

#include "oci/record.h"
#include "runtime/runtime.h"

struct exec_args {
	const char *process, *cwd, *user, *pid_file, *console_socket, *pidfd_socket, *label,
		*apparmor;
	struct texts env, caps, groups, cgroups;
	int64_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused, no_subreaper;
};

struct executing {
	struct oci_globals *g;
	struct exec_args args;
	int argc; /* of the command */
	const char **argv;
	struct record_at at;
	struct oci_config config;    /* the container's */
	struct oci_process *process; /* what is executed */
	struct runtime_container c;
	bool begun; /* the process was there, or should have been */
};

/* Fills config and process. */
int exec_process(struct executing *x, struct err *e);
/* Kills it. */
void exec_end(struct executing *x);
