/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading what the monitor logged: across rotated files, from the end, and on and on while the
 * container runs, without losing or repeating a line.
 */
#pragma once

#include "monitor/monitor.h"

/* A record of the log: a line, or a piece of one that was long or slow to come. */
struct logs_line {
	int64_t time_nsec; /* since 1970 */
	bool is_stderr;
	const char *text; /* without its newline; may hold any byte */
	size_t len;
	bool partial; /* no newline ended it: the next record of its stream goes on with the line */
	bool continues; /* it goes on with the line of the last record of its stream */
	bool gap; /* lines before it are missing: they were rotated away before they were read */
};
/* Gets one line; non-zero stops the reading, and is what logs_read() returns. */
typedef int logs_fn(void *arg, const struct logs_line *line);

struct logs_source {
	enum monitor_log log;
	int lib_dir;
	const char *path; /* relative to lib_dir, or absolute */
	int run_dir;      /* -1 if the container does not run */
	const char *id;
};
struct logs_read {
	int64_t tail;                   /* the last that many lines; negative: all */
	int64_t since_nsec, until_nsec; /* 0: no limit */
	bool follow;                    /* until the container has ended, or until_nsec */
};
/* Calls fn for each line in order. ERR_UNSUPPORTED for drivers that keep no file. */
int logs_read(const struct logs_source *from, const struct logs_read *what, logs_fn *fn, void *arg,
	      struct err *e);
