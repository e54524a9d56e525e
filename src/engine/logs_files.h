/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The files of a log in the order of time, while the monitor rotates PATH to PATH.1, that to PATH.2
 * and so on (monitor/log_file.c).
 *
 * Files are held open, so that an inode number can't be given to another, and are found again by
 * it: going up from PATH can't miss one, because files only ever move up.  Its successor is the
 * file one number below, if ours has not moved on by the time that is open.
 */
#pragma once

#include "engine/logs.h"

#define LOGS_FILES_MAX 256

struct logs_files {
	const struct logs_source *from;
	int fd[LOGS_FILES_MAX]; /* [at, n): the one being read, and those that follow it */
	size_t at, n;
};

/* Opens all there are. -ENOENT: none. */
int logs_files_open(struct logs_files *f, const struct logs_source *from);
void logs_files_close(struct logs_files *f);
static inline int logs_files_current(const struct logs_files *f)
{
	return f->fd[f->at];
}
/* Opens those that were added since. Returns whether there is one behind the current: then that is
 * complete, as nothing is written to it any more. -ESTALE: the last that is open was deleted, so
 * what follows it isn't known. */
int logs_files_look(struct logs_files *f);
/* Goes on to the one behind the current. */
void logs_files_next(struct logs_files *f);
/* After -ESTALE: goes on to the oldest that is there. */
int logs_files_skip(struct logs_files *f);
