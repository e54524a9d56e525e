/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other people's programs that serve networks from the background (dnsmasq, pasta).  Each writes
 * its number into a file whose path is among its arguments, which tells ours from all others even
 * when the number has become another process's.
 */
#pragma once

#include "base/text.h"

struct daemon_start {
	const struct texts *argv; /* argv->v[0]: absolute path */
	char *const *env;         /* NULL: this process's */
	int fd;                   /* becomes its descriptor 3; -1: none */
	/* As child.h's. */
	int (*prepare)(void *arg, struct err *e);
	void *prepare_arg;
};
/* Returns when it serves; else the error is what it said. */
int daemon_start(const struct daemon_start *how, struct err *e);
/* pid_name: the file in dir; argument: one that only this daemon has. Its pidfd, or -1 when it does
 * not run. ret_argv may be NULL. */
int daemon_find(struct arena *a, int dir, const char *pid_name, const char *argument,
		struct texts *ret_argv);
/* The network namespace that it is in (close it), or -1. */
int daemon_netns(struct arena *a, int dir, const char *pid_name, const char *argument);
/* Kills one whose file is lost, as it is when somebody emptied the volatile root; the argument has
 * its path. True: there was one. */
bool daemon_end_lost(struct arena *a, const char *argument);
/* Kills it if it runs, waits until it is gone, and removes the file. */
void daemon_stop(struct arena *a, int dir, const char *pid_name, const char *argument);
