/* SPDX-License-Identifier: BSD-2-Clause */
/* The volume group: create, exists, inspect, ls, prune, rm. */
#include "volume/volume.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/inspect.h"
#include "engine/container.h"
#include "engine/stop.h"

#define OUTPUT_MAX  ((size_t)16 << 20)
#define USERS_TRIES 10

/* Which containers have it. */
static int find_users(struct session *s, const char *name, struct texts *ret, struct err *e)
{
	struct containers all;
	struct texts users = { 0 };
	int r = container_list(&s->state, s->arena, &all, NULL, NULL, e);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		for (size_t k = 0; k < all.v[i]->mounts.n; k++)
			if (strcmp(all.v[i]->mounts.v[k].type, "volume") == 0 &&
			    text_eq(all.v[i]->mounts.v[k].source, name)) {
				texts_add(s->arena, &users, all.v[i]->id);
				break;
			}
	*ret = users;
	return r;
}

static json_t *map(const struct text_map *m)
{
	json_t *v = json_object();

	for (size_t i = 0; i < m->n; i++)
		json_object_set_new(v, m->v[i].key, json_string(m->v[i].value));
	return v;
}

static json_t *document(struct session *s, const struct volume *v)
{
	auto_buf created = BUF(64);
	struct texts users;
	struct err e;

	time_print_rfc3339(&created, v->created_nsec, false);
	if (find_users(s, v->name, &users, &e) < 0)
		users.n = 0;
	return json_pack("{ss ss so so so ss so sb sI sb sb}", "Name", v->name, "Driver", v->driver,
			 "Mountpoint", json_string(volume_path(&s->state, s->arena, v->name)),
			 "CreatedAt", json_string(buf_text(&created)), "Labels", map(&v->labels),
			 "Scope", "local", "Options", map(&v->options), "Anonymous", v->anonymous,
			 "MountCount", (json_int_t)users.n, "NeedsCopyUp", v->fresh, "NeedsChown",
			 v->fresh);
}

int inspect_volume(struct session *s, const char *name, json_t **ret, struct err *e)
{
	struct volume *v;
	int r = volume_find(&s->state, s->arena, name, &v, e);

	if (r == 0)
		*ret = document(s, v);
	return r;
}

/* create */

struct create_volume_args {
	const char *driver;
	struct texts label;
	bool ignore;
};

static const struct option create_options_of_volume[] = {
	OPTION_TEXT(create_volume_args, driver, "driver", 'd', "DRIVER",
		    "Driver of the volume (local)"),
	OPTION_FLAG(create_volume_args, ignore, "ignore", 0, "Don't fail if it exists"),
	OPTION_LIST(create_volume_args, label, "label", 'l', "KEY=VALUE", "Set a label"),
	{ 0 },
};

static void add_pair(struct arena *a, struct text_map *m, const char *text)
{
	size_t n = strcspn(text, "=");

	text_map_set(a, m, arena_strndup(a, text, n), text[n] ? text + n + 1 : "");
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

static const struct option *const create_tables[] = { create_options_of_volume, NULL };

static const struct command volume_create_command = {
	.name = "create",
	.summary = "Create a volume",
	.description = "Creates a volume; without a name it gets one of 64 hex digits",
	.usage = "[NAME]",
	.examples = "myvol\n--label foo=bar myvol\n",
	.options = create_tables,
	.args_size = sizeof(struct create_volume_args),
	.max_args = 1,
	.run = run_create,
};

/* ls */

struct ls_args {
	const char *format;
	bool quiet, no_heading;
	struct texts filters;
};

static const struct option ls_options[] = {
	OPTION_LIST(ls_args, filters, "filter", 'f', "FILTER",
		    "Show those that match: name, label, driver, dangling"),
	OPTION_TEXT(ls_args, format, "format", 0, "FORMAT", "json, or a Go template"),
	OPTION_FLAG(ls_args, no_heading, "noheading", 'n', "No headings"),
	OPTION_FLAG(ls_args, quiet, "quiet", 'q', "Names only"),
	{ 0 },
};

static bool matches(struct session *s, const struct volume *v, const char *filter, struct err *e,
		    int *r)
{
	const char *value;
	struct texts users;

	*r = 0;
	if ((value = text_after(filter, "name=")))
		return strstr(v->name, value) != NULL;
	if ((value = text_after(filter, "driver=")))
		return strcmp(v->driver, value) == 0;
	if ((value = text_after(filter, "label="))) {
		size_t n = strcspn(value, "=");
		const char *has = text_map_get(&v->labels, arena_strndup(s->arena, value, n));

		return has && (!value[n] || strcmp(has, value + n + 1) == 0);
	}
	if ((value = text_after(filter, "dangling="))) {
		*r = find_users(s, v->name, &users, e);
		return (users.n == 0) == (strcmp(value, "true") == 0 || strcmp(value, "1") == 0);
	}
	*r = err_set(e, ERR_INVALID, "%.*s is an invalid volume filter", (int)strcspn(filter, "="),
		     filter);
	return false;
}

static int find_volumes(struct session *s, const struct texts *filters, struct volumes *ret,
			struct err *e)
{
	struct volumes all;
	size_t n = 0;
	int r = volume_list(&s->state, s->arena, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		bool keep = true;

		for (size_t k = 0; r == 0 && keep && k < filters->n; k++)
			keep = matches(s, all.v[i], filters->v[k], e, &r);
		if (keep)
			all.v[n++] = all.v[i];
	}
	all.n = n;
	*ret = all;
	return r;
}

struct volume_row {
	const char *driver, *name, *mountpoint, *scope;
	struct text_map labels, options;
};
static const struct json_field volume_row_fields[] = {
	JSON_TEXT(volume_row, driver, "Driver", 0),
	JSON_TEXT(volume_row, name, "Name", 0),
	JSON_TEXT(volume_row, mountpoint, "Mountpoint", 0),
	JSON_TEXT(volume_row, scope, "Scope", 0),
	JSON_TEXT_MAP(volume_row, labels, "Labels", 0),
	JSON_TEXT_MAP(volume_row, options, "Options", 0),
	{ 0 },
};
static const struct json_type volume_row_json = JSON_TYPE(volume_row, volume_row_fields);

static int print_rows(struct session *s, const struct ls_args *args, const struct volumes *l,
		      struct buf *out, struct err *e)
{
	const struct format f = {
		.name = "volume ls",
		.row = &volume_row_json,
		.headings = (const char *const[]){ "Name", "VOLUME NAME", NULL },
		.no_heading = args->no_heading,
	};
	struct volume_row *rows = arena_array(s->arena, l->n, sizeof(*rows));
	const char *format = args->format;

	for (size_t i = 0; i < l->n; i++)
		rows[i] = (struct volume_row){
			.driver = l->v[i]->driver,
			.name = l->v[i]->name,
			.mountpoint = volume_path(&s->state, s->arena, l->v[i]->name),
			.scope = "local",
			.labels = l->v[i]->labels,
			.options = l->v[i]->options,
		};
	if (!format)
		format = args->quiet ? "{{.Name}}" : "table {{.Driver}} {{.Name}}";
	return format_rows(out, &f, format, rows, l->n, e);
}

static int list(struct session *s, const struct ls_args *args)
{
	auto_buf out = BUF(OUTPUT_MAX);
	struct volumes l;
	struct err e;

	if (find_volumes(s, &args->filters, &l, &e) < 0)
		return cli_fail(&e);
	if (args->format && format_is_json(args->format)) {
		json_t *v = json_array();

		for (size_t i = 0; i < l.n; i++)
			json_array_append_new(v, document(s, l.v[i]));
		json_print(&out, v, 5);
		buf_addc(&out, '\n');
		json_decref(v);
	} else if (print_rows(s, args, &l, &out, &e) < 0) {
		return cli_fail(&e);
	}
	return cli_print(&out);
}

static int run_ls(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = list(&s, args);
	session_close(&s);
	return code;
}

static const struct option *const ls_tables[] = { ls_options, NULL };
static const char *const ls_aliases[] = { "list", NULL };

static const struct command volume_ls_command = {
	.name = "ls",
	.aliases = ls_aliases,
	.summary = "List volumes",
	.description = "Lists the volumes",
	.options = ls_tables,
	.args_size = sizeof(struct ls_args),
	.run = run_ls,
};

/* rm, prune, exists */

struct rm_volume_args {
	bool all, force;
	struct texts filters;
};

static const struct option rm_options[] = {
	OPTION_FLAG(rm_volume_args, all, "all", 'a', "Remove all volumes"),
	OPTION_FLAG(rm_volume_args, force, "force", 'f', "Remove the containers that use it too"),
	{ 0 },
};
static const struct option prune_options[] = {
	OPTION_LIST(rm_volume_args, filters, "filter", 0, "FILTER", "Remove those that match"),
	OPTION_FLAG(rm_volume_args, force, "force", 'f', "Don't ask"),
	{ 0 },
};

static int remove_users(struct session *s, const struct texts *users, struct err *e)
{
	for (size_t i = 0; i < users->n; i++) {
		struct container *c;
		int r = container_load(&s->state, s->arena, users->v[i], &c, e);

		if (r == -ENOENT)
			continue;
		if (r == 0)
			r = container_remove(&s->state, s->arena, c,
					     &(struct container_remove){ .force = true,
									 .timeout_sec = -1 },
					     e);
		if (r < 0)
			return r;
	}
	return 0;
}

/* 1, with who, when containers have it: none may be made with it between the look and the removal.
 */
static int remove_unused(struct session *s, const char *name, struct texts *ret_users,
			 struct err *e)
{
	auto_close int store = state_lock_store(&s->state, true, e);
	int r = store < 0 ? store : find_users(s, name, ret_users, e);

	if (r < 0)
		return r;
	return ret_users->n ? 1 : volume_remove(&s->state, name, e);
}

static int in_use(struct session *s, const char *name, const struct texts *users, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		       "volume %s is being used by the following container(s): %s: volume is being "
		       "used",
		       name, texts_join(s->arena, users, ", "));
}

static int remove_volume(struct session *s, const char *name, bool force, int *ret_exit,
			 struct err *e)
{
	struct texts users;
	struct volume *v;
	int r = volume_find(&s->state, s->arena, name, &v, e);

	*ret_exit = r == -ENOENT ? 1 : EXIT_ENGINE;
	if (r < 0)
		return r == -ENOENT && force ? 0 : r;
	r = remove_unused(s, v->name, &users, e);
	/* Others may make new ones meanwhile, but not for ever. */
	for (int tries = 0; r == 1 && force && tries < USERS_TRIES; tries++) {
		r = remove_users(s, &users, e);
		if (r == 0)
			r = remove_unused(s, v->name, &users, e);
	}
	if (r != 1)
		return r;
	*ret_exit = 2;
	return in_use(s, v->name, &users, e);
}

static int remove_volumes(struct session *s, const struct rm_volume_args *args, int argc,
			  const char **argv)
{
	struct failures failures = { .arena = s->arena };
	struct volumes all = { 0 };
	struct err e;

	if (args->all && volume_list(&s->state, s->arena, &all, &e) < 0)
		return cli_fail(&e);
	for (size_t i = 0; i < (args->all ? all.n : (size_t)argc); i++) {
		const char *name = args->all ? all.v[i]->name : argv[i];
		int code;

		if (remove_volume(s, name, args->force, &code, &e) < 0)
			failures_add(&failures, &e, code);
		else
			printf("%s\n", name);
	}
	return failures_end(&failures);
}

static int run_rm(void *globals, void *args, int argc, const char **argv)
{
	const struct rm_volume_args *a = args;
	struct session s;
	int code;

	if (a->all && argc)
		return cli_failf("no arguments are needed with --all");
	if (!a->all && !argc)
		return cli_failf("choose either one or more volumes or all");
	if (!session_open(globals, &s, &code))
		return code;
	code = remove_volumes(&s, a, argc, argv);
	session_close(&s);
	return code;
}

static int prune(struct session *s, const struct rm_volume_args *args)
{
	struct volumes l;
	struct err e;

	if (find_volumes(s, &args->filters, &l, &e) < 0)
		return cli_fail(&e);
	for (size_t i = 0; i < l.n; i++) {
		struct texts users;
		int r = remove_unused(s, l.v[i]->name, &users, &e);

		if (r == 0)
			printf("%s\n", l.v[i]->name);
		/* Gone meanwhile is what was wanted. */
		else if (r < 0 && r != -ENOENT)
			return cli_fail(&e);
	}
	return 0;
}

static int run_prune(void *globals, void *args, int argc, const char **argv)
{
	const struct rm_volume_args *a = args;
	struct session s;
	int code;

	if (!a->force) {
		fprintf(stderr, "WARNING! This will remove all volumes not used by at least one "
				"container.\n");
		if (!cli_confirm("Are you sure you want to continue?"))
			return 0;
	}
	if (!session_open(globals, &s, &code))
		return code;
	code = prune(&s, a);
	session_close(&s);
	return code;
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

static const struct option *const rm_tables[] = { rm_options, NULL };
static const struct option *const prune_tables[] = { prune_options, NULL };
static const char *const rm_aliases[] = { "remove", NULL };

static const struct command volume_rm_command = {
	.name = "rm",
	.aliases = rm_aliases,
	.summary = "Remove volumes",
	.description =
		"Removes volumes and their contents. One that a container mounts stays, unless forced.",
	.usage = "VOLUME [VOLUME...]",
	.examples = "myvol1 myvol2\n--all\n--force myvol\n",
	.options = rm_tables,
	.args_size = sizeof(struct rm_volume_args),
	.max_args = -1,
	.completes = "volume",
	.run = run_rm,
};

static const struct command volume_prune_command = {
	.name = "prune",
	.summary = "Remove unused volumes",
	.description = "Removes the volumes that no container mounts",
	.options = prune_tables,
	.args_size = sizeof(struct rm_volume_args),
	.run = run_prune,
};

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

static const struct command *const commands[] = {
	&volume_create_command,
	&volume_exists_command,
	&volume_inspect_command,
	&volume_ls_command,
	&volume_prune_command,
	&volume_rm_command,
	NULL,
};

const struct command volume_group = {
	.name = "volume",
	.summary = "Manage volumes",
	.description = "Volumes are named storage that containers mount, and that outlives them",
	.commands = commands,
};
