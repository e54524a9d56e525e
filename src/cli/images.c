/* SPDX-License-Identifier: BSD-2-Clause */
/* berth images: what is stored, a row for each name. */
#include <string.h>

#include "base/units.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/image_filter.h"
#include "cli/image_show.h"
#include "engine/container.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define INDENT     4

struct images_args {
	bool all, digests, history, no_heading, no_trunc, quiet;
	struct texts filter;
	const char *format, *sort;
};

/* What templates see. */
struct images_row {
	const char *repository, *tag, *id, *full_id, *digest, *history, *created_since, *created_at,
		*size_text, *parent;
	int64_t created_nsec, containers, shared_size, size;
	bool dangling, read_only;
	struct text_map labels;
	struct texts names, repo_digests;
};

static const struct json_field row_fields[] = {
	JSON_TEXT(images_row, repository, "Repository", 0),
	JSON_TEXT(images_row, tag, "Tag", 0),
	JSON_TEXT(images_row, id, "ID", 0),
	JSON_TEXT(images_row, digest, "Digest", 0),
	JSON_TEXT(images_row, created_since, "Created", 0),
	JSON_TEXT(images_row, created_since, "CreatedSince", 0),
	JSON_TEXT(images_row, created_at, "CreatedAt", 0),
	JSON_TEXT(images_row, created_at, "CreatedTime", 0),
	JSON_TEXT(images_row, size_text, "Size", 0),
	JSON_INT(images_row, size, "VirtualSize", 0),
	JSON_INT(images_row, shared_size, "SharedSize", 0),
	JSON_INT(images_row, containers, "Containers", 0),
	JSON_BOOL(images_row, dangling, "Dangling", 0),
	JSON_BOOL(images_row, dangling, "IsDangling", 0),
	JSON_BOOL(images_row, read_only, "ReadOnly", 0),
	JSON_BOOL(images_row, read_only, "IsReadOnly", 0),
	JSON_TEXT_MAP(images_row, labels, "Labels", 0),
	JSON_TEXTS(images_row, names, "Names", 0),
	JSON_TEXTS(images_row, names, "RepoTags", 0),
	JSON_TEXTS(images_row, repo_digests, "RepoDigests", 0),
	JSON_TEXT(images_row, history, "History", 0),
	JSON_TEXT(images_row, parent, "ParentId", 0),
	{ 0 },
};
static const struct json_type row_json = JSON_TYPE(images_row, row_fields);

/* What --format json prints, an object for each image. */
struct images_report {
	const char *id, *parent, *digest, *created_at;
	struct texts names, repo_digests, history;
	struct text_map labels;
	int64_t created, containers, shared_size;
	uint64_t size;
	bool dangling;
};

static const struct json_field report_fields[] = {
	JSON_TEXT(images_report, id, "Id", 0),
	JSON_TEXT(images_report, parent, "ParentId", JSON_ALWAYS),
	JSON_TEXTS(images_report, names, "RepoTags", JSON_ALWAYS | JSON_AS_NULL),
	JSON_TEXTS(images_report, repo_digests, "RepoDigests", JSON_ALWAYS),
	JSON_UINT(images_report, size, "Size", JSON_ALWAYS),
	JSON_INT(images_report, shared_size, "SharedSize", JSON_ALWAYS),
	JSON_UINT(images_report, size, "VirtualSize", JSON_ALWAYS),
	JSON_TEXT_MAP(images_report, labels, "Labels", JSON_ALWAYS | JSON_AS_NULL),
	JSON_INT(images_report, containers, "Containers", JSON_ALWAYS),
	JSON_BOOL(images_report, dangling, "Dangling", 0),
	JSON_TEXTS(images_report, names, "Names", 0),
	JSON_TEXT(images_report, digest, "Digest", JSON_ALWAYS),
	JSON_TEXTS(images_report, history, "History", 0),
	JSON_INT(images_report, created, "Created", JSON_ALWAYS),
	JSON_TEXT(images_report, created_at, "CreatedAt", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type report_json = JSON_TYPE(images_report, report_fields);

static const char *const headings[] = { "ID",      "IMAGE ID", "CreatedSince", "CREATED", "Created",
					"CREATED", NULL };

struct listing {
	struct session *session;
	const struct images_args *args;
	struct image_filter *filter;
	struct images_row *rows;
	size_t n;
};

static int64_t count_containers(struct session *s, const struct image *i)
{
	struct texts containers = { 0 };
	struct err ignored;

	if (container_users_of_image(&s->state, i->id, s->arena, &containers, &ignored) < 0)
		return 0;
	return (int64_t)containers.n;
}

static void fill_row(struct listing *l, const struct image *i, const char *name,
		     struct images_row *row)
{
	struct arena *a = l->session->arena;
	auto_buf since = BUF(64), at = BUF(64), size = BUF(64);
	struct reference r = { .repository = "<none>" };
	struct err ignored;

	if (name)
		reference_parse_name(a, name, &r, &ignored);
	duration_print(&since, clock_nsec() - i->created_nsec);
	time_print_go(&at, i->created_nsec / 1000000000 * 1000000000);
	size_print_short(&size, (int64_t)i->size, " ");
	*row = (struct images_row){
		.repository = name ? reference_print_name(a, &r) : "<none>",
		.tag = r.tag ? r.tag : "<none>",
		.full_id = i->id,
		.id = l->args->no_trunc ? arena_printf(a, "sha256:%s", i->id)
					: arena_strndup(a, i->id, 12),
		.digest = i->digest,
		.created_nsec = i->created_nsec,
		.created_since =
			i->config.created ? arena_printf(a, "%s ago", buf_text(&since)) : "N/A",
		.created_at = arena_strdup(a, buf_text(&at)),
		.size = (int64_t)i->size,
		.size_text = arena_strdup(a, buf_text(&size)),
		.containers = count_containers(l->session, i),
		.dangling = i->names.n == 0,
		.labels = i->config.config.labels,
		.names = i->names,
		.repo_digests = image_repo_digests(a, i),
		.history = i->names.n ? texts_join(a, &i->names, ", ") : "<none>",
		.parent = "",
	};
}

static int compare_rows(const void *left, const void *right, void *arg)
{
	const struct images_row *l = left, *r = right;
	const char *by = arg;
	int order = 0;

	if (text_eq(by, "id"))
		order = strcmp(l->full_id, r->full_id);
	else if (text_eq(by, "size"))
		order = (l->size > r->size) - (l->size < r->size);
	else if (text_eq(by, "tag"))
		order = strcmp(l->tag, r->tag);
	else if (!text_eq(by, "repository"))
		order = (l->created_nsec < r->created_nsec) - (l->created_nsec > r->created_nsec);
	if (order == 0)
		order = strcmp(l->repository, r->repository);
	if (order == 0)
		order = strcmp(l->tag, r->tag);
	return order ? order : strcmp(l->full_id, r->full_id);
}

static int collect_rows(struct listing *l, const struct images *images, struct err *e)
{
	size_t room = 0;

	for (size_t n = 0; n < images->n; n++)
		room += images->v[n]->names.n + 1;
	l->rows = arena_array(l->session->arena, room, sizeof(*l->rows));
	for (size_t n = 0; n < images->n; n++) {
		const struct image *i = images->v[n];
		int r = image_filter_matches(l->filter, i, e);

		if (r < 0)
			return r;
		if (r == 0)
			continue;
		for (size_t k = 0; k < i->names.n; k++)
			if (image_filter_shows(l->filter, i->names.v[k]))
				fill_row(l, i, i->names.v[k], &l->rows[l->n++]);
		if (i->names.n == 0)
			fill_row(l, i, NULL, &l->rows[l->n++]);
	}
	qsort_r(l->rows, l->n, sizeof(*l->rows), compare_rows, (void *)l->args->sort);
	return 0;
}

/* The first row of each image stands for it. */
static bool is_first(const struct listing *l, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (text_eq(l->rows[i].full_id, l->rows[n].full_id))
			return false;
	return true;
}

static int print_json(const struct listing *l)
{
	auto_buf out = BUF(OUTPUT_MAX), created = BUF(64);
	json_t *list = json_array();

	for (size_t n = 0; n < l->n; n++) {
		const struct images_row *row = &l->rows[n];
		struct images_report report = {
			.id = row->full_id,
			.parent = "",
			.digest = row->digest,
			.names = row->names,
			.history = row->names,
			.repo_digests = row->repo_digests,
			.labels = row->labels,
			.size = (uint64_t)row->size,
			.containers = row->containers,
			.dangling = row->dangling,
			.created = row->created_nsec / 1000000000,
		};

		if (!is_first(l, n))
			continue;
		buf_clear(&created);
		time_print_rfc3339(&created, row->created_nsec, true);
		report.created_at = buf_text(&created);
		json_array_append_new(list, json_from(&report_json, &report));
	}
	json_print(&out, list, INDENT);
	json_decref(list);
	buf_addc(&out, '\n');
	return cli_print(&out);
}

static int print_ids(const struct listing *l)
{
	auto_buf out = BUF(OUTPUT_MAX);

	for (size_t n = 0; n < l->n; n++)
		if (is_first(l, n))
			buf_addf(&out, "%s\n", l->rows[n].id);
	return cli_print(&out);
}

static int print_rows(const struct listing *l, struct err *e)
{
	const struct images_args *args = l->args;
	auto_buf out = BUF(OUTPUT_MAX);
	const char *format = args->format;
	int r;

	if (!format)
		format = arena_printf(l->session->arena,
				      "table {{.Repository}}\t{{.Tag}}\t%s{{.ID}}\t{{.Created}}\t"
				      "{{.Size}}%s",
				      args->digests ? "{{.Digest}}\t" : "",
				      args->history ? "\t{{.History}}" : "");
	r = format_rows(&out,
			&(struct format){ .name = "images",
					  .row = &row_json,
					  .headings = headings,
					  .no_heading = args->no_heading },
			format, l->rows, l->n, e);
	return r < 0 ? cli_fail(e) : cli_print(&out);
}

/* images NAME: the name as a pattern, or an image's id. */
static int add_argument(struct listing *l, const char *name)
{
	struct reference r;
	struct image *i;
	struct err ignored;

	if (image_find(&l->session->state, l->session->arena, name, &i, NULL, &ignored) == 0 &&
	    text_after(i->id, text_after(name, "sha256:") ? name + 7 : name)) {
		struct texts filters = { 0 };

		texts_addf(l->session->arena, &filters, "id=%s", i->id);
		return image_filter_new(l->session, &filters, &l->filter, &ignored);
	}
	/* "localhost/x:1" has a tag; "docker://x" is no pattern. */
	if (reference_parse(l->session->arena, name, &r, &ignored) == 0 && r.digest)
		name = reference_print(l->session->arena, &r);
	image_filter_reference(l->filter, name);
	return 0;
}

static void tell_damaged(void *arg, const char *id, const struct err *why)
{
	cli_failf("%s", why->msg);
}

static int list(struct session *s, const struct images_args *args, int argc, const char **argv)
{
	struct listing l = { .session = s, .args = args };
	struct images images;
	struct err e;

	if (image_filter_new(s, &args->filter, &l.filter, &e) < 0)
		return cli_fail(&e);
	if (argc > 0)
		add_argument(&l, argv[0]);
	if (image_list(&s->state, s->arena, &images, tell_damaged, NULL, &e) < 0 ||
	    collect_rows(&l, &images, &e) < 0)
		return cli_fail(&e);
	if (args->quiet)
		return print_ids(&l);
	return args->format && format_is_json(args->format) ? print_json(&l) : print_rows(&l, &e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct images_args *a = args;
	struct session s;
	int code;

	if (a->quiet && a->format)
		return cli_failf("quiet and format are mutually exclusive");
	if (!session_open(globals, &s, &code))
		return code;
	code = list(&s, a, argc, argv);
	session_close(&s);
	return code;
}

static void init(void *args)
{
	struct images_args *a = args;

	a->sort = "created";
}

static const char *const sorts[] = { "created", "id", "repository", "size", "tag", NULL };

static const struct option images_options[] = {
	OPTION_FLAG(images_args, all, "all", 'a', "Show all images, also intermediate ones"),
	OPTION_FLAG(images_args, digests, "digests", 0, "Show digests"),
	OPTION_LIST(images_args, filter, "filter", 'f', "FILTER",
		    "Show what matches: reference=PATTERN, dangling=true, label=KEY[=VALUE], ..."),
	OPTION_TEXT(images_args, format, "format", 0, "FORMAT",
		    "json, or a Go template for each image"),
	OPTION_FLAG(images_args, history, "history", 0, "Show the names of the image"),
	OPTION_FLAG(images_args, no_trunc, "no-trunc", 0, "Show whole IDs"),
	OPTION_FLAG(images_args, no_heading, "noheading", 'n', "Leave the headings out"),
	OPTION_FLAG(images_args, quiet, "quiet", 'q', "Show IDs alone"),
	OPTION_CHOICE(images_args, sort, "sort", 0, "FIELD",
		      "Sort by created, id, repository, size or tag (created)", sorts),
	{ 0 },
};
static const struct option *const options[] = { images_options, NULL };
static const char *const list_aliases[] = { "ls", NULL };

#define IMAGES_COMMAND                                                               \
	.summary = "List images",                                                    \
	.description = "Lists the images that are stored here, a row for each name", \
	.usage = "[IMAGE]", .examples = "--format json\n--filter dangling=true\n",   \
	.options = options, .args_size = sizeof(struct images_args), .max_args = 1,  \
	.completes = "image", .init = init, .run = run

const struct command images_command = { .name = "images", IMAGES_COMMAND };
const struct command image_list_command = { .name = "list",
					    .aliases = list_aliases,
					    IMAGES_COMMAND };
