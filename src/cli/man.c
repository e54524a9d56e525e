/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For those who build berth: the man pages, from the option tables and doc/commands (__man, which
 * `make install` asks), and whether a command line parses (__parse, which tools/check-docs asks).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/root.h"
#include "oci/oci.h"

#define PAGE_MAX ((size_t)1 << 20)

struct man {
	struct arena *arena;
	int pages, prose; /* folders; prose may be -1 */
	const struct command *root;
};

static char *dashed(struct arena *a, const char *text)
{
	char *name = arena_strdup(a, text);

	for (char *blank = name; (blank = strchr(blank, ' '));)
		*blank = '-';
	return name;
}

/* "berth-image-pull" */
static const char *page_name(const struct man *m, const char *path)
{
	return *path ? dashed(m->arena, arena_printf(m->arena, "%s %s", m->root->name, path))
		     : m->root->name;
}

/* A command that is also in a group has its prose under its first name: "image pull" has pull's. */
static const char *prose_name(const struct man *m, const char *path, const struct command *c)
{
	if (m->root != &root_command || !*path)
		return page_name(m, path);
	for (size_t i = 0; root_command.commands[i]; i++)
		if (root_command.commands[i] == c)
			return c->name;
	return dashed(m->arena, path);
}

static int write_page(const struct man *m, const char *path, const struct command *c, struct err *e)
{
	auto_buf page = BUF(PAGE_MAX);
	auto_free char *prose = NULL;
	const char *name = arena_printf(m->arena, "%s.1", page_name(m, path));
	const char *file = arena_printf(m->arena, "%s.md", prose_name(m, path, c));
	int r = m->prose < 0 ? -ENOENT : file_read_at(m->prose, file, PAGE_MAX, &prose, NULL, e);

	if (r < 0 && r != -ENOENT)
		return r;
	option_man(&page, m->root->name, path, c, prose);
	r = buf_check(&page, name, e);
	if (r < 0)
		return r;
	return file_replace_at(m->pages, name, page.data, page.len,
			       &(struct file_write){ .mode = 0644 }, e);
}

static int write_pages(const struct man *m, const char *path, const struct command *c,
		       struct err *e)
{
	int r = write_page(m, path, c, e);

	for (size_t i = 0; r == 0 && c->commands && c->commands[i]; i++)
		if (!c->commands[i]->hidden && c->commands[i] != &option_help_command)
			r = write_pages(m,
					arena_printf(m->arena, "%s%s%s", path, *path ? " " : "",
						     c->commands[i]->name),
					c->commands[i], e);
	return r;
}

static int man(void *globals, void *args, int argc, const char **argv)
{
	const struct command *const roots[] = { &root_command, &oci_root_command };
	AUTO(arena) a = arena_new();
	struct err e;
	auto_close int pages = file_open_dir_at(AT_FDCWD, argv[0], &e);
	auto_close int prose = -1;

	if (pages < 0)
		return cli_fail(&e);
	if (argc > 1) {
		prose = file_open_dir_at(AT_FDCWD, argv[1], &e);
		if (prose < 0)
			return cli_fail(&e);
	}
	for (size_t i = 0; i < ARRAY_LEN(roots); i++)
		if (write_pages(&(struct man){ a, pages, prose, roots[i] }, "", roots[i], &e) < 0)
			return cli_fail(&e);
	return 0;
}

const struct command man_internal_command = {
	.name = "__man",
	.summary = "Write the man pages into a folder",
	.usage = "FOLDER [PROSE]",
	.min_args = 1,
	.max_args = 2,
	.hidden = true,
	.run = man,
};

static int parse(void *globals, void *args, int argc, const char **argv)
{
	AUTO(arena) a = arena_new();
	const struct command *root =
		argc && oci_is_called(argv[0]) ? &oci_root_command : &root_command;
	struct option_result found = { 0 };
	struct err e;

	if (option_parse(a, root, arena_alloc(a, root->args_size), argc, argv, &found, &e) < 0)
		return cli_fail(&e);
	return 0;
}

const struct command parse_internal_command = {
	.name = "__parse",
	.summary = "Whether these words, from the program's name on, parse",
	.usage = "WORD...",
	.max_args = -1,
	.options_end_at_arg = true,
	.hidden = true,
	.run = parse,
};
