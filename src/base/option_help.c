/* SPDX-License-Identifier: BSD-2-Clause */
/* --help, laid out as podman's. */
#include <string.h>

#include "base/option_table.h"

#define NAME_COLUMN 11 /* at least: names of commands */

/* Each line of text behind so many blanks; empty lines stay empty. */
static void add_indented(struct buf *out, const char *text, const char *blanks)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > 0)
			buf_addf(out, "%s%.*s", blanks, (int)len, text);
		buf_addc(out, '\n');
		text += len + (text[len] == '\n');
	}
}

static void add_usage(struct buf *out, const char *full, const struct command *c)
{
	struct option_walk w = { .command = c };

	buf_addf(out, "Usage:\n  %s", full);
	if (option_next(&w))
		buf_adds(out, " [options]");
	if (c->commands)
		buf_adds(out, " [command]");
	else if (c->usage)
		buf_addf(out, " %s", c->usage);
	buf_addc(out, '\n');
}

static void add_aliases(struct buf *out, const struct command *c)
{
	if (!c->aliases || !*c->aliases)
		return;
	buf_addf(out, "\nAliases:\n  %s", c->name);
	for (const char *const *alias = c->aliases; *alias; alias++)
		buf_addf(out, ", %s", *alias);
	buf_addc(out, '\n');
}

static void add_examples(struct buf *out, struct arena *a, const char *full,
			 const struct command *c)
{
	if (!c->examples)
		return;
	buf_adds(out, "\nExamples:\n");
	add_indented(out, c->examples, arena_printf(a, "  %s ", full));
}

static void add_commands(struct buf *out, struct arena *a, const struct command *c)
{
	const struct command **list = command_listed(a, c);
	int column = NAME_COLUMN;

	if (!*list)
		return;
	for (const struct command **each = list; *each; each++) {
		if ((int)strlen((*each)->name) > column)
			column = (int)strlen((*each)->name);
	}
	buf_adds(out, "\nAvailable Commands:\n");
	for (; *list; list++)
		buf_addf(out, "  %-*s %s\n", column, (*list)->name, (*list)->summary);
}

static char *option_label(struct arena *a, const struct option *o)
{
	char letter[] = { '-', o->letter, o->name ? ',' : '\0', '\0' };
	const char *dashes = o->name ? " --" : "", *blank = o->value ? " " : "";
	const char *bare = o->bare ? arena_printf(a, "[=%s]", o->bare) : "";

	return arena_printf(a, "  %s%s%s%s%s%s", o->letter ? letter : "   ", dashes,
			    o->name ? o->name : "", blank, o->value ? o->value : "", bare);
}

static void add_options(struct buf *out, struct arena *a, const struct command *c)
{
	const struct option **list = option_listed(a, c);
	size_t column = 0;

	if (!*list)
		return;
	for (const struct option **o = list; *o; o++) {
		size_t len = strlen(option_label(a, *o));

		if (len > column)
			column = len;
	}
	buf_adds(out, "\nOptions:\n");
	for (; *list; list++) {
		const char *help = (*list)->help ? (*list)->help : "";
		size_t first = strcspn(help, "\n");

		buf_addf(out, "%-*s   %.*s\n", (int)column, option_label(a, *list), (int)first,
			 help);
		if (help[first])
			add_indented(out, help + first + 1,
				     arena_printf(a, "%*s", (int)column + 3, ""));
	}
}

void option_help(struct buf *out, const char *program, const char *path, const struct command *c)
{
	buf_addf(out, "%s\n\n", c->summary);
	option_help_rest(out, program, path, c);
}

void option_help_rest(struct buf *out, const char *program, const char *path,
		      const struct command *c)
{
	AUTO(arena) a = arena_new();
	const char *full = command_path(a, program, path);

	if (*path || c->description) {
		buf_adds(out, "Description:\n");
		add_indented(out, c->description ? c->description : c->summary, "  ");
		buf_addc(out, '\n');
	}
	add_usage(out, full, c);
	add_aliases(out, c);
	add_examples(out, a, full, c);
	add_commands(out, a, c);
	add_options(out, a, c);
	if (*path)
		buf_addc(out, '\n');
}
