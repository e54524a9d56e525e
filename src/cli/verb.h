/* SPDX-License-Identifier: BSD-2-Clause */
/* The many commands that do one thing to each of several containers and print their names. */
#pragma once

#include "cli/select.h"

struct verb {
	/* 0: printed; 1: done, but not to be printed; negative: failed. */
	int (*act)(struct session *s, const struct container *c, void *args, struct err *e);
	bool (*wants)(const struct container_status *st); /* what --all means; NULL: every one */
	int missing_exit;                                 /* 0: EXIT_ENGINE */
	int (*exit_of)(const struct err *e);              /* NULL: EXIT_ENGINE */
	void (*order)(struct session *s, struct selection *l); /* NULL: as they were named */
};
int verb_run(const struct verb *v, void *globals, void *args, const struct select_args *select,
	     int argc, const char **argv);

bool wants_running(const struct container_status *st);
bool wants_alive(const struct container_status *st);
bool wants_paused(const struct container_status *st);
