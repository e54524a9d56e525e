/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What every command of the command line uses: the globals, the session that opens the state, and
 * the one way to end with an error.  A command is a file with one `const struct command` in it,
 * listed in commands.h; its run function prints, and returns the exit status.
 */
#pragma once

#include "base/option.h"
#include "state/state.h"

/* Exit codes as podman has them (podman-run(1), "Exit Status"). */
enum {
	EXIT_ENGINE = 125,         /* berth itself failed */
	EXIT_NOT_EXECUTABLE = 126, /* the command can't be invoked */
	EXIT_NOT_FOUND = 127,      /* there is no such command */
};

/* The options before the command. */
struct globals {
	const char *root, *runroot, *log_level, *cgroup_manager, *storage_driver;
	bool debug, version, log_level_given;
	const char *self;          /* absolute path of this program */
	struct texts command_line; /* as it was given, for inspect's CreateCommand */
};

struct session {
	struct arena *arena;
	const struct globals *globals;
	struct state state;
};
/* Opens the state; on failure it has said why, and *ret_exit is the status. */
bool session_open(const struct globals *g, struct session *ret, int *ret_exit);
void session_close(struct session *s);
/* For lists that only show what is there: warns of one that cannot be read. */
void cli_warn_damaged(void *arg, const char *id, const struct err *why);

/* Prints "Error: …" and returns EXIT_ENGINE. */
int cli_fail(const struct err *e);
int cli_failf(const char *fmt, ...) PRINTF_LIKE(1, 2);

/*
 * For commands over several names: each is tried, its failure printed at the end with the others'
 * as podman does, and the last failure's code is the status.
 */
struct failures {
	struct arena *arena;
	struct texts messages;
	int exit;
	bool as_list; /* as podman's rmi has them */
};
void failures_add(struct failures *f, const struct err *e, int exit_code);
/* Prints "Error: …" for each, or "Error: N errors occurred:\n\t* …"; returns the status. */
int failures_end(struct failures *f);

/* Writes to standard output, whole; a reader that went away is no error of ours. */
int cli_print(const struct buf *out);
/* For archives: a new file, or standard output where path is NULL. Returns a descriptor. */
int cli_open_output(const char *path, struct err *e);
/* False, and it has said so: no path was given, and nobody wants an archive on a terminal. */
bool cli_may_output(const char *path);
/* Asks "…? [y/N] " on standard error; true for yes. */
bool cli_confirm(const char *question);
