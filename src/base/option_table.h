/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking into the tables of base/option.h; shared by its parser, help, man page and completion
 * only.
 */
#pragma once

#include "base/option.h"

/* --help and -h, known everywhere unless a command has its own. */
extern const struct option option_help_row;

/* The next row of a command's tables, over all of them; start with { .command = c }. */
struct option_walk {
	const struct command *command;
	size_t table, row;
};
const struct option *option_next(struct option_walk *w);
/* By name (of len bytes) or letter; an alias gives the option it stands for.  NULL if none. */
const struct option *option_named(const struct command *c, const char *name, size_t len);
const struct option *option_lettered(const struct command *c, char letter);
/* The rows that help lists, sorted by name, NULL behind the last. */
const struct option **option_listed(struct arena *a, const struct command *c);
bool option_takes_value(const struct option *o);
/* A command of the group by its name or an alias, or NULL. */
const struct command *command_named(const struct command *group, const char *name);
/* The commands that help lists, in the order of their names, NULL behind the last. */
const struct command **command_listed(struct arena *a, const struct command *group);
/* "berth container stop" */
char *command_path(struct arena *a, const char *program, const char *path);
