/* SPDX-License-Identifier: BSD-2-Clause */
/* The volume group, with exists, inspect and reload. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/inspect.h"
#include "cli/volume_filter.h"

int inspect_volume(struct session *s, const char *name, json_t **ret, struct err *e)
{
	struct containers users;
	struct volume *v;
	int r = volume_find(&s->state, s->arena, name, &v, e);

	if (r == 0)
		r = container_list(&s->state, s->arena, &users, container_skip_damaged, NULL, e);
	if (r == 0)
		*ret = volume_document(s, &users, v);
	return r;
}

static int run_exists(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = state_exists(&s.state, VOLUMES, argv[0]) ? 0 : 1;
	session_close(&s);
	return code;
}

static const struct command volume_exists_command = {
	.name = "exists",
	.summary = "Check whether a volume exists",
	.description = "Exits with 0 if the volume exists, and with 1 if not",
	.usage = "VOLUME",
	.min_args = 1,
	.max_args = 1,
	.completes = "volume",
	.run = run_exists,
};

struct inspect_volume_args {
	const char *format;
	bool all;
};
static const struct option inspect_options[] = {
	OPTION_FLAG(inspect_volume_args, all, "all", 'a', "All volumes"),
	OPTION_TEXT(inspect_volume_args, format, "format", 'f', "FORMAT", "json, or a Go template"),
	{ 0 },
};
static const struct option *const inspect_tables[] = { inspect_options, NULL };

static int inspect_all(void *globals, const char *format)
{
	struct texts names = { 0 };
	struct volumes all;
	struct session s;
	struct err e;
	int code = 0;

	if (!session_open(globals, &s, &code))
		return code;
	if (volume_list(&s.state, s.arena, &all, &e) < 0) {
		code = cli_fail(&e);
	} else {
		for (size_t i = 0; i < all.n; i++)
			texts_add(s.arena, &names, all.v[i]->name);
		if (names.n)
			code = inspect_named(globals, "volume", format, false, false, (int)names.n,
					     names.v);
		else if (!format || format_is_json(format))
			puts("[]");
	}
	session_close(&s);
	return code;
}

static int run_inspect(void *globals, void *args, int argc, const char **argv)
{
	const struct inspect_volume_args *a = args;

	if (!a->all)
		return inspect_named(globals, "volume", a->format, false, false, argc, argv);
	if (argc > 0)
		return cli_failf("no arguments are needed with --all");
	return inspect_all(globals, a->format);
}

static const struct command volume_inspect_command = {
	.name = "inspect",
	.summary = "Show all about volumes",
	.description = "Shows all that is known about volumes",
	.usage = "VOLUME [VOLUME...]",
	.options = inspect_tables,
	.args_size = sizeof(struct inspect_volume_args),
	.max_args = -1,
	.completes = "volume",
	.run = run_inspect,
};

static int run_reload(void *globals, void *args, int argc, const char **argv)
{
	/* Volumes of plugins would be looked for; there are none to ask. */
	return 0;
}

static const struct command volume_reload_command = {
	.name = "reload",
	.summary = "Look for volumes of plugins",
	.description = "Asks volume plugins for their volumes. There are no plugins, so there is "
		       "nothing to do.",
	.run = run_reload,
};

static const struct command *const commands[] = {
	&volume_create_command, &volume_exists_command,  &volume_export_command,
	&volume_import_command, &volume_inspect_command, &volume_ls_command,
	&volume_mount_command,  &volume_prune_command,   &volume_reload_command,
	&volume_rm_command,     &volume_unmount_command, NULL,
};

const struct command volume_group = {
	.name = "volume",
	.summary = "Manage volumes",
	.description = "Volumes are named storage that containers mount, and that outlives them",
	.commands = commands,
};
