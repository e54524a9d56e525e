/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/info.h"

#include <stdint.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "engine/host.h"

#define OUTPUT_MAX ((size_t)1 << 20)

struct info_args {
	const char *format;
};

static const struct option info_options[] = {
	OPTION_TEXT(info_args, format, "format", 'f', "FORMAT", "json, or a Go template"),
	{ 0 },
};

static bool is_plain(const char *s)
{
	return *s && strcspn(s, ":#{}[],&*!|>'\"%@`") == strlen(s) && !strchr(" -?", *s) &&
	       strspn(s, "0123456789.") != strlen(s);
}

static void print_yaml(struct buf *out, const json_t *v, int depth, bool in_list)
{
	const char *key;
	json_t *item;
	size_t i;

	if (json_is_object(v) && json_object_size(v)) {
		bool first = in_list;

		json_object_foreach ((json_t *)(uintptr_t)v, key, item) {
			bool deep = (json_is_object(item) && json_object_size(item)) ||
				    (json_is_array(item) && json_array_size(item));

			buf_addf(out, "%*s%s:%s", first ? 0 : depth, "", key, deep ? "\n" : " ");
			first = false;
			print_yaml(out, item, json_is_array(item) ? depth : depth + 2, false);
		}
	} else if (json_is_array(v) && json_array_size(v)) {
		json_array_foreach (v, i, item) {
			buf_addf(out, "%*s- ", depth, "");
			print_yaml(out, item, depth + 2, true);
		}
	} else if (json_is_string(v) && is_plain(json_string_value(v))) {
		buf_addf(out, "%s\n", json_string_value(v));
	} else {
		json_print(out, v, 0);
		buf_addc(out, '\n');
	}
}

static int show(struct session *s, const struct info_args *args, struct err *e)
{
	static const char *const maps[] = { "graphOptions", "registries", NULL };
	auto_buf out = BUF(OUTPUT_MAX);
	json_t *v = NULL;
	int r = host_info(&s->state, s->arena, s->globals->cgroup_manager, &v, e);

	if (r < 0)
		return cli_fail(e);
	json_object_set_new(v, "version", version_document(s->arena));
	if (args->format && format_is_json(args->format)) {
		json_print(&out, v, 2);
		buf_addc(&out, '\n');
	} else if (args->format) {
		json_t *host = json_object_get(v, "host");
		struct value tree;

		/* The one member that podman's templates call otherwise than its JSON. */
		json_object_set(host, "cgroupsVersion", json_object_get(host, "cgroupVersion"));
		tree = value_tree(s->arena, v, maps);
		r = format_value(&out, "info", args->format, &tree, e);
	} else {
		print_yaml(&out, v, 0, false);
	}
	json_decref(v);
	return r < 0 ? cli_fail(e) : cli_print(&out);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	struct err e;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = show(&s, args, &e);
	session_close(&s);
	return code;
}

static const struct option *const options[] = { info_options, NULL };

const struct command info_command = {
	.name = "info",
	.summary = "Show the host and what berth has on it",
	.description =
		"Shows the host, what is stored, and how berth was built: what a report of a fault "
		"should come with",
	.examples = "--format json\n",
	.options = options,
	.args_size = sizeof(struct info_args),
	.run = run,
};
