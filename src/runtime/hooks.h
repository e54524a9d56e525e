/* SPDX-License-Identifier: BSD-2-Clause */
/* Running hooks; private to this module. */
#pragma once

#include "runtime/step.h"

struct hooks_with {
	const char *kind;
	char *const *env;  /* of hooks that bring none; NULL: ours */
	const char *state; /* the document, without a pid */
	size_t len;
	pid_t pid;                           /* 0: none */
	bool all;                            /* go on when one fails; the first failure is told */
	const char *dir;                     /* where they work, or */
	int dir_fd;                          /* unless 0 */
	const struct seccomp_filter *filter; /* what they run under, or NULL */
	int out, err;                        /* of theirs, unless 0 */
};
/* Runs one after the other, each with the state on its standard input.  Allocates nothing, so that
 * a new process may call it. */
int hooks_run(const struct oci_hook_list *l, const struct hooks_with *with, struct err *e);
