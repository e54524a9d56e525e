/* SPDX-License-Identifier: BSD-2-Clause */
/* A container's creation, which `create` and `run` have in common. */
#pragma once

#include "kernel/netns.h"
#include "oci/record.h"
#include "runtime/runtime.h"

/* The options that both have. */
struct making_args {
	const char *bundle, *config, *console_socket, *pid_file, *pidfd_socket;
	int64_t preserve_fds;
	bool no_pivot, no_new_keyring, no_subreaper, detach, keep;
};
extern const struct option making_options[];

struct making {
	struct oci_globals *g;
	struct making_args args;
	const char *id;
	bool starts; /* `run`: it is not left to others */
	bool stays;  /* this process stays with the container, and has the terminal */
	struct oci_config config;
	struct record_at at;
	struct runtime_container c;
	struct kernel_netns_ahead ahead; /* its network namespace in the making */
};

/* Reads the bundle and takes the ID: fills config and at, locked, and enters the bundle. */
int making_record(struct making *m, struct err *e);
/* Is there somebody to have the terminal, or none to be had? */
int making_check_terminal(const struct making *m, struct err *e);
/* Ends with a container at its gate, recorded and locked; its terminal's master is in m->c.console
 * if this process stays, else sent away. On failure nothing is left. */
int making_begin(struct making *m, struct err *e);
/* Gives up. */
void making_abort(struct making *m);
