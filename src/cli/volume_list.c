/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/format.h"
#include "cli/volume_filter.h"

#define OUTPUT_MAX ((size_t)16 << 20)

struct ls_args {
	const char *format;
	bool quiet, no_heading;
	struct texts filters;
};

static const struct option ls_options[] = {
	OPTION_LIST(ls_args, filters, "filter", 'f', "FILTER",
		    "Show those that match: name, label, opt, driver, scope, anonymous, dangling, "
		    "since, until"),
	OPTION_TEXT(ls_args, format, "format", 0, "FORMAT", "json, or a Go template"),
	OPTION_FLAG(ls_args, no_heading, "noheading", 'n', "No headings"),
	OPTION_FLAG(ls_args, quiet, "quiet", 'q', "Names only"),
	{ 0 },
};

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
	struct containers users;
	struct volumes l;
	struct err e;

	if (volume_filter(s, &args->filters, &l, &e) < 0 ||
	    container_list(&s->state, s->arena, &users, container_skip_damaged, NULL, &e) < 0)
		return cli_fail(&e);
	if (args->format && format_is_json(args->format)) {
		json_t *v = json_array();

		for (size_t i = 0; i < l.n; i++)
			json_array_append_new(v, volume_document(s, &users, l.v[i]));
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

const struct command volume_ls_command = {
	.name = "ls",
	.aliases = ls_aliases,
	.summary = "List volumes",
	.description = "Lists the volumes",
	.options = ls_tables,
	.args_size = sizeof(struct ls_args),
	.run = run_ls,
};
