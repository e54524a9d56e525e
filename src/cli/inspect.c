/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect of any kind of object, and container inspect. */
#include "engine/inspect.h"

#include <errno.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/image_show.h"
#include "cli/inspect.h"
#include "cli/select.h"

#define OUTPUT_MAX ((size_t)64 << 20)

struct inspect_args {
	const char *format, *type;
	bool size, latest;
};

static const char *const types[] = { "all", "container", "image", "network", "volume", NULL };

static const struct option inspect_options[] = {
	OPTION_TEXT(inspect_args, format, "format", 'f', "FORMAT", "json, or a Go template"),
	OPTION_FLAG(inspect_args, latest, "latest", 'l', "Act on the last created container"),
	OPTION_FLAG(inspect_args, size, "size", 's', "Show the sizes of containers"),
	{ 0 },
};
static const struct option type_options[] = {
	OPTION_CHOICE(inspect_args, type, "type", 't', "TYPE", "What to look for (all)", types),
	{ 0 },
};

static int one_container(struct session *s, const struct inspect_args *args, const char *name,
			 json_t **ret, struct err *e)
{
	struct container *c;
	int r = container_find(&s->state, s->arena, name, &c, e);

	if (r == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "no such container %s", name);
	return r < 0 ? r : container_inspect(&s->state, s->arena, c, args->size, ret, e);
}

static int one(struct session *s, const struct inspect_args *args, const char *type,
	       const char *name, json_t **ret, struct err *e)
{
	bool all = strcmp(type, "all") == 0;
	int r = -ENOENT;

	if (all || strcmp(type, "container") == 0) {
		r = one_container(s, args, name, ret, e);
		if (r != -ENOENT || !all)
			return r;
	}
	if (all || strcmp(type, "image") == 0) {
		r = image_inspect(s, name, ret, e);
		if (r != -ENOENT || !all)
			return r;
	}
	if (all || strcmp(type, "network") == 0) {
		r = inspect_network(s, name, ret, e);
		if (r != -ENOENT || !all)
			return r;
	}
	r = inspect_volume(s, name, ret, e);
	if (r == -ENOENT && all)
		return err_set(e, ERR_NOT_FOUND, "no such object: \"%s\"", name);
	return r;
}

static int print(struct session *s, const char *format, json_t *list, struct err *e)
{
	auto_buf out = BUF(OUTPUT_MAX);

	if (!format || format_is_json(format)) {
		json_print(&out, list, 5);
		buf_addc(&out, '\n');
		return cli_print(&out);
	}
	image_inspect_fill(list);
	inspect_network_fill(list);
	if (format_inspected(&out, format, list, e) < 0)
		return cli_fail(e);
	return cli_print(&out);
}

int inspect_named(void *globals, const char *type, const char *format, bool size, bool latest,
		  int argc, const char **argv)
{
	const struct inspect_args args = { .size = size };
	struct failures failures;
	json_t *list = json_array();
	struct session s;
	struct err e;
	int code;

	if (argc == 0 && !latest)
		return cli_failf("you must provide at least one name or id");
	if (!session_open(globals, &s, &code))
		return code;
	failures = (struct failures){ .arena = s.arena };
	for (int i = 0; i < (latest ? 1 : argc); i++) {
		const struct container *c = latest ? select_one(&s, true, 0, NULL, &e) : NULL;
		json_t *v;

		if (latest && !c)
			failures_add(&failures, &e, EXIT_ENGINE);
		else if (one(&s, &args, type, latest ? c->id : argv[i], &v, &e) < 0)
			failures_add(&failures, &e, EXIT_ENGINE);
		else
			json_array_append_new(list, v);
	}
	/* What was found is shown, and then what was not. */
	code = print(&s, format, list, &e);
	if (failures.messages.n)
		code = failures_end(&failures);
	json_decref(list);
	session_close(&s);
	return code;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct inspect_args *a = args;

	return inspect_named(globals,
			     a->type     ? a->type
			     : a->latest ? "container"
					 : "all",
			     a->format, a->size, a->latest, argc, argv);
}

static int run_container(void *globals, void *args, int argc, const char **argv)
{
	const struct inspect_args *a = args;

	return inspect_named(globals, "container", a->format, a->size, a->latest, argc, argv);
}

static const struct option *const options[] = { inspect_options, type_options, NULL };
static const struct option *const container_options[] = { inspect_options, NULL };

const struct command inspect_command = {
	.name = "inspect",
	.summary = "Show all about containers, images, networks and volumes",
	.description =
		"Shows all that is known about containers, images, networks and volumes: of a name that several have, the container",
	.usage = "CONTAINER|IMAGE|NETWORK|VOLUME [...]",
	.examples = "fedora\n--type image fedora\nCtrID ImgID\n--format \"imageId: {{.Id}} size: "
		    "{{.Size}}\" fedora\n",
	.options = options,
	.args_size = sizeof(struct inspect_args),
	.max_args = -1,
	.completes = "container",
	.run = run,
};

const struct command container_inspect_command = {
	.name = "inspect",
	.summary = "Show all about containers",
	.description = "Shows all that is known about containers",
	.usage = "CONTAINER [CONTAINER...]",
	.examples = "myCtr\n-l --format '{{.Id}} {{.Config.Labels}}'\n",
	.options = container_options,
	.args_size = sizeof(struct inspect_args),
	.max_args = -1,
	.completes = "container",
	.run = run_container,
};
