/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Namespaces that outlive the command that made them, without a mount, which a plain user can't
 * keep: a small process is in them, and a file says which one by pid and start time.  It is
 * nobody's child and has no terminal; when it is killed, whoever finds nobody starts another.
 */
#pragma once

#include <sys/types.h>

#include "base/arena.h"
#include "base/err.h"

/* What the process of that file is in ("user", "net": a name of /proc/PID/ns): close it; -ENOENT:
 * there is none. */
int hold_open(struct arena *a, int dir, const char *file, const char *namespace);

struct hold_start {
	const char *file;
	int fill_root;       /* as struct file_write's */
	const char *program; /* waits, when called with --hold */
	/* In the new process: makes the namespace. */
	int (*make)(void *arg, struct err *e);
	void *make_arg;
	/* In this one, while that waits; NULL: nothing to do. */
	int (*furnish)(void *arg, pid_t pid, struct err *e);
	void *furnish_arg;
};
/* The caller has looked, and keeps others from doing the same meanwhile. */
int hold_start(int dir, const struct hold_start *how, struct err *e);
/* Ends the process, waits until it is gone, and removes the file. */
void hold_end(struct arena *a, int dir, const char *file);
