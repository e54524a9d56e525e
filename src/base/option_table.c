/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/option_table.h"

#include <string.h>

const struct option option_help_row = {
	.name = "help",
	.letter = 'h',
	.kind = OPTION_KIND_IGNORED_FLAG,
	.flags = OPTION_HIDDEN,
	.help = "Print help",
};

const struct command option_help_command = {
	.name = "help",
	.summary = "Help about any command",
	.usage = "[COMMAND]",
	.max_args = -1,
};

const struct option *option_next(struct option_walk *w)
{
	const struct option *const *tables = w->command->options;

	for (; tables && tables[w->table]; w->table++, w->row = 0) {
		const struct option *o = &tables[w->table][w->row];

		if (o->name || o->letter) {
			w->row++;
			return o;
		}
	}
	return NULL;
}

static const struct option *main_spelling(const struct command *c, const struct option *o)
{
	if (o->kind == OPTION_KIND_ALIAS)
		return option_named(c, o->alias_of, strlen(o->alias_of));
	return o;
}

const struct option *option_named(const struct command *c, const char *name, size_t len)
{
	struct option_walk w = { .command = c };
	const struct option *o;

	while ((o = option_next(&w))) {
		if (o->name && strncmp(o->name, name, len) == 0 && o->name[len] == '\0')
			return main_spelling(c, o);
	}
	return NULL;
}

const struct option *option_lettered(const struct command *c, char letter)
{
	struct option_walk w = { .command = c };
	const struct option *o;

	while ((o = option_next(&w))) {
		if (o->letter == letter)
			return main_spelling(c, o);
	}
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct option *one = *(const struct option *const *)a;
	const struct option *two = *(const struct option *const *)b;
	const char first[] = { one->letter, '\0' }, second[] = { two->letter, '\0' };

	return strcmp(one->name ? one->name : first, two->name ? two->name : second);
}

const struct option **option_listed(struct arena *a, const struct command *c)
{
	struct option_walk w = { .command = c };
	const struct option *o, **list;
	size_t n = 0;

	while (option_next(&w))
		n++;
	list = arena_array(a, n + 1, sizeof(*list));
	n = 0;
	w = (struct option_walk){ .command = c };
	while ((o = option_next(&w))) {
		if (!(o->flags & OPTION_HIDDEN))
			list[n++] = o;
	}
	if (n > 0)
		qsort(list, n, sizeof(*list), by_name);
	return list;
}

bool option_takes_value(const struct option *o)
{
	return o->kind != OPTION_KIND_FLAG && o->kind != OPTION_KIND_IGNORED_FLAG;
}

const struct command *command_named(const struct command *group, const char *name)
{
	for (const struct command *const *c = group->commands; c && *c; c++) {
		if (strcmp((*c)->name, name) == 0)
			return *c;
		for (const char *const *alias = (*c)->aliases; alias && *alias; alias++) {
			if (strcmp(*alias, name) == 0)
				return *c;
		}
	}
	return NULL;
}

static int by_command_name(const void *a, const void *b)
{
	return strcmp((*(const struct command *const *)a)->name,
		      (*(const struct command *const *)b)->name);
}

const struct command **command_listed(struct arena *a, const struct command *group)
{
	const struct command **list;
	size_t n = 0;

	for (const struct command *const *c = group->commands; c && *c; c++)
		n++;
	list = arena_array(a, n + 1, sizeof(*list));
	n = 0;
	for (const struct command *const *c = group->commands; c && *c; c++) {
		if (!(*c)->hidden)
			list[n++] = *c;
	}
	if (n > 0)
		qsort(list, n, sizeof(*list), by_command_name);
	return list;
}

char *command_path(struct arena *a, const char *program, const char *path)
{
	return arena_printf(a, "%s%s%s", program, *path ? " " : "", path);
}
