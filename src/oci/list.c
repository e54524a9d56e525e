/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "base/identity.h"
#include "oci/show.h"

struct list_args {
	const char *format;
	bool quiet;
};

static const struct option list_options[] = {
	OPTION_TEXT(list_args, format, "format", 'f', "FORMAT", "table or json (table)"),
	OPTION_FLAG(list_args, quiet, "quiet", 'q', "Print the IDs alone"),
	{ 0 },
};

#define COLUMNS   6
#define WIDTH_MIN 12
#define BETWEEN   3

static const char *owner_name(struct arena *a, uint64_t uid)
{
	const char *name = identity_name(a, (uid_t)uid);

	return *name ? name : arena_printf(a, "%u", (unsigned)uid);
}

struct rows {
	struct shown *v;
	size_t n;
};

/* One that is deleted meanwhile, or damaged, is left out. */
static int collect(struct oci_globals *g, struct rows *ret, struct err *e)
{
	struct texts ids;
	int r = record_list(g, &ids, e);

	if (r < 0)
		return r;
	ret->v = arena_array(g->arena, ids.n + 1, sizeof(*ret->v));
	ret->n = 0;
	for (size_t i = 0; i < ids.n; i++) {
		struct record_at at;
		struct err why;

		if (record_open(g, ids.v[i], &at, &why) < 0)
			continue;
		show_fill(g, &at, &ret->v[ret->n]);
		ret->v[ret->n++].owner = owner_name(g->arena, at.r.owner);
		record_close(&at);
	}
	return 0;
}

static void print_table(struct arena *a, const struct rows *rows, struct buf *out)
{
	size_t width[COLUMNS] = { 0 };
	const char **cells = arena_array(a, (rows->n + 1) * COLUMNS, sizeof(*cells));
	static const char *const head[COLUMNS] = { "ID",     "PID",     "STATUS",
						   "BUNDLE", "CREATED", "OWNER" };

	memcpy(cells, head, sizeof(head));
	for (size_t i = 0; i < rows->n; i++) {
		const struct shown *s = &rows->v[i];
		const char *const row[COLUMNS] = { s->id,      arena_printf(a, "%d", (int)s->pid),
						   s->status,  s->bundle,
						   s->created, s->owner };

		memcpy(cells + (i + 1) * COLUMNS, row, sizeof(row));
	}
	for (size_t i = 0; i < (rows->n + 1) * COLUMNS; i++) {
		size_t len = strlen(cells[i]) + BETWEEN;

		if (len < WIDTH_MIN)
			len = WIDTH_MIN;
		if (len > width[i % COLUMNS])
			width[i % COLUMNS] = len;
	}
	for (size_t i = 0; i < (rows->n + 1) * COLUMNS; i++) {
		if (i % COLUMNS == COLUMNS - 1)
			buf_addf(out, "%s\n", cells[i]);
		else
			buf_addf(out, "%-*s", (int)width[i % COLUMNS], cells[i]);
	}
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct list_args *a = args;
	struct oci_globals *g = globals;
	auto_buf out = BUF(64U << 20);
	struct rows rows;
	struct err e;

	if (collect(g, &rows, &e) < 0)
		return oci_fail(g, &e);
	if (a->quiet) {
		for (size_t i = 0; i < rows.n; i++)
			buf_addf(&out, "%s\n", rows.v[i].id);
	} else if (text_eq(a->format, "json")) {
		if (rows.n)
			json_write_array(&out, &shown_json, rows.v, rows.n, 0);
		else
			buf_adds(&out, g->as_crun ? "[]" : "null");
		buf_addc(&out, '\n');
	} else if (text_empty(a->format) || text_eq(a->format, "table")) {
		print_table(g->arena, &rows, &out);
	} else {
		err_set(&e, ERR_INVALID, "invalid format option");
		return oci_fail(g, &e);
	}
	return oci_print(g, &out);
}

static const struct option *const options[] = { list_options, NULL };

const struct command oci_list_command = {
	.name = "list",
	.summary = "List containers",
	.description = "Lists the containers below the root folder",
	.examples = "\n--format json\n--quiet\n",
	.options = options,
	.args_size = sizeof(struct list_args),
	.run = run,
};
