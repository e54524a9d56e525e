/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "volume/volume.h"

struct create_volume_args {
	const char *driver, *uid, *gid;
	struct texts label, opt;
	bool ignore;
};

static const struct option create_options[] = {
	OPTION_TEXT(create_volume_args, driver, "driver", 'd', "DRIVER",
		    "Driver of the volume (local)"),
	OPTION_FLAG(create_volume_args, ignore, "ignore", 0, "Don't fail if it exists"),
	OPTION_LIST(create_volume_args, label, "label", 'l', "KEY=VALUE", "Set a label"),
	OPTION_LIST(create_volume_args, opt, "opt", 'o', "KEY=VALUE",
		    "What to mount: type=, device=, o=; o=uid=,gid= its owner"),
	OPTION_TEXT(create_volume_args, uid, "uid", 0, "UID", "Owner of the volume"),
	OPTION_TEXT(create_volume_args, gid, "gid", 0, "GID", "Group of the volume"),
	{ 0 },
};

static void add_pair(struct arena *a, struct text_map *m, const char *text)
{
	size_t n = strcspn(text, "=");

	text_map_set(a, m, arena_strndup(a, text, n), text[n] ? text + n + 1 : "");
}

/* --uid and --gid are o=uid=,gid=. */
static void add_owner(struct arena *a, const struct create_volume_args *args,
		      struct text_map *options)
{
	const char *o = text_map_get(options, "o");
	struct texts words = { 0 };

	if (!args->uid && !args->gid)
		return;
	if (!text_empty(o))
		texts_add(a, &words, o);
	if (args->uid)
		texts_addf(a, &words, "uid=%s", args->uid);
	if (args->gid)
		texts_addf(a, &words, "gid=%s", args->gid);
	text_map_set(a, options, "o", texts_join(a, &words, ","));
}

static int create_volume(struct session *s, const struct create_volume_args *args, int argc,
			 const char **argv)
{
	struct volume v = { .name = argc ? argv[0] : NULL, .anonymous = argc == 0 };
	const char *name;
	struct err e;

	if (args->driver && strcmp(args->driver, "local") != 0)
		return cli_failf("volume driver \"%s\" is not supported: only local is",
				 args->driver);
	for (size_t i = 0; i < args->label.n; i++)
		add_pair(s->arena, &v.labels, args->label.v[i]);
	for (size_t i = 0; i < args->opt.n; i++)
		add_pair(s->arena, &v.options, args->opt.v[i]);
	add_owner(s->arena, args, &v.options);
	if (volume_options_check(s->arena, &v, &e) < 0)
		return cli_fail(&e);
	if (args->ignore && v.name && state_exists(&s->state, VOLUMES, v.name)) {
		printf("%s\n", v.name);
		return 0;
	}
	if (volume_create(&s->state, s->arena, &v, &name, &e) < 0)
		return cli_fail(&e);
	printf("%s\n", name);
	return 0;
}

static int run_create(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = create_volume(&s, args, argc, argv);
	session_close(&s);
	return code;
}

static const struct option *const create_tables[] = { create_options, NULL };

const struct command volume_create_command = {
	.name = "create",
	.summary = "Create a volume",
	.description = "Creates a volume; without a name it gets one of 64 hex digits",
	.usage = "[NAME]",
	.examples = "myvol\n--label foo=bar myvol\n"
		    "--opt type=tmpfs --opt device=tmpfs --opt o=size=2M,nodev scratch\n",
	.options = create_tables,
	.args_size = sizeof(struct create_volume_args),
	.max_args = 1,
	.run = run_create,
};
