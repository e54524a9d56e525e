/* SPDX-License-Identifier: BSD-2-Clause */
/* volume export, import, mount and unmount. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "engine/volumes.h"

struct export_args {
	const char *output;
};

static const struct option export_options[] = {
	OPTION_TEXT(export_args, output, "output", 'o', "FILE", "Write to the file, not to stdout",
		    .completes = "file"),
	{ 0 },
};

static int export(struct session *s, const struct export_args *args, const char *name,
		  struct err *e)
{
	auto_close int fd = -1;
	struct volume *v;
	int r = volume_find(&s->state, s->arena, name, &v, e);

	if (r < 0)
		return r;
	fd = cli_open_output(args->output, e);
	if (fd < 0)
		return fd;
	return volume_export(&s->state, s->arena, v, fd, e);
}

static int run_export(void *globals, void *args, int argc, const char **argv)
{
	const struct export_args *a = args;
	struct session s;
	struct err e;
	int code;

	if (!cli_may_output(a->output))
		return EXIT_ENGINE;
	if (!session_open(globals, &s, &code))
		return code;
	code = export(&s, a, argv[0], &e) < 0 ? cli_fail(&e) : 0;
	session_close(&s);
	return code;
}

static int import(struct session *s, const char *name, const char *source, struct err *e)
{
	auto_close int fd = -1;
	struct volume *v;
	int r = volume_find(&s->state, s->arena, name, &v, e);

	if (r < 0)
		return r;
	fd = strcmp(source, "-") == 0 ? dup(STDIN_FILENO) : open(source, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "open %s", source);
	return volume_import(&s->state, s->arena, v, fd, e);
}

static int run_import(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	struct err e;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = import(&s, argv[0], argv[1], &e) < 0 ? cli_fail(&e) : 0;
	session_close(&s);
	return code;
}

/* Each of them; shown by its path or by its name. */
static int each(void *globals, int argc, const char **argv,
		int (*act)(const struct state *s, struct arena *a, const struct volume *v,
			   struct err *e),
		bool show_path)
{
	struct failures failures;
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	failures = (struct failures){ .arena = s.arena };
	for (int i = 0; i < argc; i++) {
		struct volume *v;
		struct err e;
		int r = volume_find(&s.state, s.arena, argv[i], &v, &e);

		if (r == 0)
			r = act(&s.state, s.arena, v, &e);
		if (r < 0)
			failures_add(&failures, &e, EXIT_ENGINE);
		else
			printf("%s\n",
			       show_path ? volume_path(&s.state, s.arena, v->name) : v->name);
	}
	code = failures_end(&failures);
	session_close(&s);
	return code;
}

static int run_mount(void *globals, void *args, int argc, const char **argv)
{
	return each(globals, argc, argv, volume_attach, true);
}

static int run_unmount(void *globals, void *args, int argc, const char **argv)
{
	return each(globals, argc, argv, volume_detach, false);
}

static const struct option *const export_tables[] = { export_options, NULL };
static const char *const unmount_aliases[] = { "umount", NULL };

const struct command volume_export_command = {
	.name = "export",
	.summary = "Write a volume's content as a tar archive",
	.description = "Writes what is in the volume as a tar archive",
	.usage = "VOLUME",
	.examples = "--output myvol.tar myvol\nmyvol > myvol.tar\n",
	.options = export_tables,
	.args_size = sizeof(struct export_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "volume",
	.run = run_export,
};

const struct command volume_import_command = {
	.name = "import",
	.summary = "Unpack a tar archive into a volume",
	.description = "Unpacks an archive, or standard input, into a volume, which must be there. "
		       "What is in it stays, unless the archive has a file of the same name.",
	.usage = "VOLUME FILE|-",
	.examples = "myvol myvol.tar\nmyvol - < myvol.tar\n",
	.min_args = 2,
	.max_args = 2,
	.completes = "volume",
	.run = run_import,
};

const struct command volume_mount_command = {
	.name = "mount",
	.summary = "Mount a volume where the host sees it",
	.description = "Prints where the volume's data is, and mounts it there if it is a mount",
	.usage = "VOLUME [VOLUME...]",
	.examples = "myvol\n",
	.min_args = 1,
	.max_args = -1,
	.completes = "volume",
	.run = run_mount,
};

const struct command volume_unmount_command = {
	.name = "unmount",
	.aliases = unmount_aliases,
	.summary = "Undo what volume mount did",
	.description = "Unmounts volumes that volume mount has mounted",
	.usage = "VOLUME [VOLUME...]",
	.examples = "myvol\n",
	.min_args = 1,
	.max_args = -1,
	.completes = "volume",
	.run = run_unmount,
};
