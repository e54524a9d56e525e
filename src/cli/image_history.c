/* SPDX-License-Identifier: BSD-2-Clause */
/* berth history: how an image came to be, the last step first. */
#include <string.h>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "image/image.h"

#define OUTPUT_MAX     ((size_t)16 << 20)
#define CREATED_BY_MAX 45 /* characters without --no-trunc */

struct history_args {
	bool human, no_trunc, quiet;
	const char *format;
};

struct history_row {
	const char *id, *created, *created_at, *created_since, *created_by, *size, *comment;
	struct texts tags;
};

static const struct json_field row_fields[] = {
	JSON_TEXT(history_row, id, "ID", 0),
	JSON_TEXT(history_row, created, "Created", 0),
	JSON_TEXT(history_row, created_at, "CreatedAt", 0),
	JSON_TEXT(history_row, created_since, "CreatedSince", 0),
	JSON_TEXT(history_row, created_by, "CreatedBy", 0),
	JSON_TEXT(history_row, size, "Size", 0),
	JSON_TEXT(history_row, comment, "Comment", 0),
	JSON_TEXTS(history_row, tags, "Tags", 0),
	{ 0 },
};
static const struct json_type row_json = JSON_TYPE(history_row, row_fields);

struct history_report {
	const char *id, *created, *created_by, *comment, *created_at;
	uint64_t size;
	struct texts tags;
};

static const struct json_field report_fields[] = {
	JSON_TEXT(history_report, id, "id", JSON_ALWAYS),
	JSON_TEXT(history_report, created, "created", 0),
	JSON_TEXT(history_report, created_by, "CreatedBy", 0),
	JSON_UINT(history_report, size, "size", JSON_ALWAYS),
	JSON_TEXT(history_report, comment, "comment", JSON_ALWAYS),
	JSON_TEXTS(history_report, tags, "tags", 0),
	JSON_TEXT(history_report, created_at, "Created", 0),
	{ 0 },
};
static const struct json_type report_json = JSON_TYPE(history_report, report_fields);

/* One step of it. */
struct history_step {
	const struct image_history *from;
	const char *id; /* NULL: not known */
	int64_t created_nsec;
	uint64_t bytes;
	struct texts tags;
};

/* Some tools write no history: then the layers speak for themselves. */
static size_t count_steps(const struct image *i)
{
	return i->config.history.n ? i->config.history.n : i->layers.n;
}

/* steps: the last first. */
static void read_steps(struct session *s, struct image *i, struct history_step *steps)
{
	static const struct image_history unknown;
	size_t n = count_steps(i), layer = 0;
	struct err ignored;

	for (size_t k = 0; k < n; k++) {
		struct history_step *step = &steps[n - 1 - k];
		const struct image_history *h =
			i->config.history.n ? &i->config.history.v[k] : &unknown;
		struct layer l;

		step->from = h;
		if (h->created)
			time_parse(h->created, clock_nsec(), &step->created_nsec, &ignored);
		if (h->empty_layer || layer >= i->layers.n)
			continue;
		if (layer_find(&s->state, s->arena, i->config.rootfs.diff_ids.v[layer],
			       arena_printf(s->arena, "sha256:%s", i->layers.v[layer]), &l,
			       &ignored) == 0)
			step->bytes = l.tar_bytes;
		layer++;
	}
	if (n) {
		steps[0].id = i->id;
		steps[0].tags = i->names;
	}
}

static const char *shown_by(struct arena *a, const char *created_by, bool whole)
{
	if (!created_by)
		return "";
	if (whole || strlen(created_by) <= CREATED_BY_MAX)
		return created_by;
	return arena_printf(a, "%.*s...", CREATED_BY_MAX - 3, created_by);
}

static struct history_row row_of(struct arena *a, const struct history_args *args,
				 const struct history_step *step)
{
	auto_buf since = BUF(64), at = BUF(64), go = BUF(64), size = BUF(64);
	int64_t sec = step->created_nsec / 1000000000;

	duration_print(&since, clock_nsec() - step->created_nsec);
	buf_adds(&since, " ago");
	time_print_rfc3339(&at, sec * 1000000000, true);
	time_print_go(&go, sec * 1000000000);
	size_print_short(&size, (int64_t)step->bytes, " ");
	return (struct history_row){
		.id = !step->id        ? "<missing>"
		      : args->no_trunc ? step->id
				       : arena_strndup(a, step->id, 12),
		.created = arena_strdup(a, buf_text(args->human ? &since : &at)),
		.created_at = arena_strdup(a, buf_text(&go)),
		.created_since = arena_strdup(a, buf_text(&since)),
		.created_by = shown_by(a, step->from->created_by, args->no_trunc),
		.size = args->human ? arena_strdup(a, buf_text(&size))
				    : arena_printf(a, "%llu", (unsigned long long)step->bytes),
		.comment = step->from->comment ? step->from->comment : "",
		.tags = step->tags,
	};
}

static int print_json(struct session *s, const struct history_step *steps, size_t n)
{
	auto_buf out = BUF(OUTPUT_MAX);
	json_t *list = json_array();

	for (size_t k = 0; k < n; k++) {
		auto_buf at = BUF(64);
		struct history_report report = {
			.id = steps[k].id ? steps[k].id : "<missing>",
			.created = steps[k].from->created,
			.created_by = steps[k].from->created_by,
			.size = steps[k].bytes,
			.comment = steps[k].from->comment,
			.tags = steps[k].tags,
		};

		time_print_rfc3339(&at, steps[k].created_nsec / 1000000000 * 1000000000, true);
		report.created_at = buf_text(&at);
		json_array_append_new(list, json_from(&report_json, &report));
	}
	json_print(&out, list, 0);
	json_decref(list);
	buf_addc(&out, '\n');
	return cli_print(&out);
}

static int print_rows(struct session *s, const struct history_args *args,
		      const struct history_step *steps, size_t n)
{
	const char *format = args->format ? args->format
					  : "table {{.ID}}\t{{.Created}}\t{{.CreatedBy}}\t"
					    "{{.Size}}\t{{.Comment}}";
	struct history_row *rows = arena_array(s->arena, n, sizeof(*rows));
	auto_buf out = BUF(OUTPUT_MAX);
	struct err e;

	for (size_t k = 0; k < n; k++)
		rows[k] = row_of(s->arena, args, &steps[k]);
	for (size_t k = 0; args->quiet && k < n; k++)
		buf_addf(&out, "%s\n", rows[k].id);
	if (!args->quiet &&
	    format_rows(&out, &(struct format){ .name = "history", .row = &row_json }, format, rows,
			n, &e) < 0)
		return cli_fail(&e);
	return cli_print(&out);
}

static int show(struct session *s, const struct history_args *args, const char *name)
{
	struct history_step *steps;
	struct image *i;
	struct err e;
	size_t n;

	if (image_find(&s->state, s->arena, name, &i, NULL, &e) < 0 ||
	    image_names(&s->state, s->arena, i, &e) < 0)
		return cli_fail(&e);
	n = count_steps(i);
	steps = arena_array(s->arena, n, sizeof(*steps));
	read_steps(s, i, steps);
	if (args->format && format_is_json(args->format))
		return print_json(s, steps, n);
	return print_rows(s, args, steps, n);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = show(&s, args, argv[0]);
	session_close(&s);
	return code;
}

static void init(void *args)
{
	((struct history_args *)args)->human = true;
}

static const struct option history_options[] = {
	OPTION_TEXT(history_args, format, "format", 0, "FORMAT", "json, or a Go template"),
	OPTION_FLAG(history_args, human, "human", 'H', "Times and sizes for people (true)"),
	OPTION_FLAG(history_args, no_trunc, "no-trunc", 0, "Show everything whole"),
	OPTION_FLAG(history_args, quiet, "quiet", 'q', "Show IDs alone"),
	{ 0 },
};
static const struct option *const options[] = { history_options, NULL };

const struct command history_command = {
	.name = "history",
	.summary = "Show how an image was made",
	.description = "Shows how an image was made, its last step first",
	.usage = "IMAGE",
	.examples = "quay.io/fedora/fedora\n--no-trunc alpine\n",
	.options = options,
	.args_size = sizeof(struct history_args),
	.min_args = 1,
	.max_args = 1,
	.completes = "image",
	.init = init,
	.run = run,
};
