/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/image_show.h"

#define OUTPUT_MAX ((size_t)64 << 20)
#define INDENT     5 /* as podman's inspect */

struct graph_driver {
	const char *name;
	struct text_map data;
};

static const struct json_field driver_fields[] = {
	JSON_TEXT(graph_driver, name, "Name", 0),
	JSON_TEXT_MAP(graph_driver, data, "Data", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type driver_json = JSON_TYPE(graph_driver, driver_fields);

static const struct json_field rootfs_fields[] = {
	JSON_TEXT(image_rootfs, type, "Type", JSON_ALWAYS),
	JSON_TEXTS(image_rootfs, diff_ids, "Layers", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type rootfs_json = JSON_TYPE(image_rootfs, rootfs_fields);

struct histories {
	struct image_history *v;
	size_t n;
};

struct image_report {
	const char *id, *digest, *parent, *comment, *created, *version, *author, *architecture, *os,
		*variant, *manifest_type, *user;
	struct texts repo_tags, repo_digests, names_history;
	struct image_process config;
	uint64_t size;
	struct graph_driver driver;
	struct image_rootfs rootfs;
	struct text_map labels, annotations;
	struct histories history;
	struct image_healthcheck *healthcheck;
};

static const struct json_field report_fields[] = {
	JSON_TEXT(image_report, id, "Id", 0),
	JSON_TEXT(image_report, digest, "Digest", 0),
	JSON_TEXTS(image_report, repo_tags, "RepoTags", JSON_ALWAYS),
	JSON_TEXTS(image_report, repo_digests, "RepoDigests", JSON_ALWAYS),
	JSON_TEXT(image_report, parent, "Parent", JSON_ALWAYS),
	JSON_TEXT(image_report, comment, "Comment", JSON_ALWAYS),
	JSON_TEXT(image_report, created, "Created", JSON_ALWAYS),
	JSON_OBJECT(image_report, config, "Config", JSON_ALWAYS, image_process_json),
	JSON_TEXT(image_report, version, "Version", JSON_ALWAYS),
	JSON_TEXT(image_report, author, "Author", JSON_ALWAYS),
	JSON_TEXT(image_report, architecture, "Architecture", JSON_ALWAYS),
	JSON_TEXT(image_report, os, "Os", JSON_ALWAYS),
	JSON_TEXT(image_report, variant, "Variant", 0),
	JSON_UINT(image_report, size, "Size", JSON_ALWAYS),
	JSON_UINT(image_report, size, "VirtualSize", JSON_ALWAYS),
	JSON_OBJECT(image_report, driver, "GraphDriver", JSON_ALWAYS, driver_json),
	JSON_OBJECT(image_report, rootfs, "RootFS", JSON_ALWAYS, rootfs_json),
	JSON_TEXT_MAP(image_report, labels, "Labels", JSON_ALWAYS | JSON_AS_NULL),
	JSON_TEXT_MAP(image_report, annotations, "Annotations", JSON_ALWAYS),
	JSON_TEXT(image_report, manifest_type, "ManifestType", JSON_ALWAYS),
	JSON_TEXT(image_report, user, "User", JSON_ALWAYS),
	JSON_ARRAY(image_report, history, "History", JSON_ALWAYS, image_history_json),
	JSON_OBJECT_PTR(image_report, healthcheck, "Healthcheck", 0, image_healthcheck_json),
	JSON_TEXTS(image_report, names_history, "NamesHistory", JSON_ALWAYS | JSON_AS_NULL),
	{ 0 },
};
static const struct json_type report_json = JSON_TYPE(image_report, report_fields);

struct texts image_repo_digests(struct arena *a, const struct image *i)
{
	struct texts all = { 0 };

	for (size_t n = 0; n < i->names.n; n++) {
		struct reference r;
		struct err ignored;

		if (reference_parse_name(a, i->names.v[n], &r, &ignored) < 0)
			continue;
		for (size_t k = 0; k < i->digests.n; k++) {
			const char *text = arena_printf(a, "%s@%s", reference_print_name(a, &r),
							i->digests.v[k]);

			if (!texts_has(&all, text))
				texts_add(a, &all, text);
		}
	}
	return all;
}

static struct texts tags_of(struct arena *a, const struct image *i)
{
	struct texts tags = { 0 };

	for (size_t n = 0; n < i->names.n; n++)
		if (!strchr(i->names.v[n], '@'))
			texts_add(a, &tags, i->names.v[n]);
	return tags;
}

/* Where the layers lie, as an overlay would take them. */
static struct graph_driver driver_of(struct session *s, const struct image *i)
{
	struct graph_driver d = { .name = "overlay" };
	struct texts lower = { 0 };
	size_t n = i->layers.n;

	for (size_t k = 1; k < n; k++)
		texts_addf(s->arena, &lower, "%s/layers/%s/tree", s->state.lib_path,
			   i->layers.v[n - 1 - k]);
	if (lower.n)
		text_map_set(s->arena, &d.data, "LowerDir", texts_join(s->arena, &lower, ":"));
	if (n)
		text_map_set(s->arena, &d.data, "UpperDir",
			     arena_printf(s->arena, "%s/layers/%s/tree", s->state.lib_path,
					  i->layers.v[n - 1]));
	return d;
}

int image_inspect(struct session *s, const char *name, json_t **ret, struct err *e)
{
	struct image_report report;
	const struct image_config *c;
	struct image *i;
	int r = image_find(&s->state, s->arena, name, &i, NULL, e);

	if (r == 0)
		r = image_names(&s->state, s->arena, i, e);
	if (r < 0)
		return r;
	c = &i->config;
	report = (struct image_report){
		.id = i->id,
		.digest = i->digest,
		.repo_tags = tags_of(s->arena, i),
		.repo_digests = image_repo_digests(s->arena, i),
		.comment = c->comment,
		.created = c->created,
		.config = c->config,
		.version = c->docker_version,
		.author = c->author,
		.architecture = c->architecture,
		.os = c->os,
		.variant = c->variant,
		.size = i->size,
		.driver = driver_of(s, i),
		.rootfs = c->rootfs,
		.labels = c->config.labels,
		.annotations = i->annotations,
		.manifest_type = i->media_type,
		.user = c->config.user,
		.history = { c->history.v, c->history.n },
		.healthcheck = c->config.healthcheck,
		.names_history = i->names,
	};
	if (!report.rootfs.type)
		report.rootfs.type = "layers";
	*ret = json_from(&report_json, &report);
	return 0;
}

static bool is_empty(const json_t *v)
{
	return !v || (json_is_object(v) && json_object_size(v) == 0) ||
	       (json_is_array(v) && json_array_size(v) == 0);
}

void image_inspect_fill(json_t *list)
{
	static const char *const members[] = { "Cmd",    "Entrypoint", "Env",     "ExposedPorts",
					       "Labels", "OnBuild",    "Volumes", "Healthcheck" };
	static const char *const texts[] = { "StopSignal", "User", "WorkingDir" };
	json_t *one;
	size_t n;

	json_array_foreach (list, n, one) {
		json_t *config = json_object_get(one, "Config");

		/* A container's has them all. */
		if (!config || json_object_get(one, "State"))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(members); i++)
			if (is_empty(json_object_get(config, members[i])))
				json_object_set_new(config, members[i], json_null());
		for (size_t i = 0; i < ARRAY_LEN(texts); i++)
			if (!json_object_get(config, texts[i]))
				json_object_set_new(config, texts[i], json_string(""));
	}
}

struct inspect_args {
	const char *format;
};

static int print_formatted(struct session *s, const char *format, json_t *list, struct err *e)
{
	auto_buf out = BUF(OUTPUT_MAX);

	image_inspect_fill(list);
	if (format_inspected(&out, format, list, e) < 0)
		return cli_fail(e);
	return cli_print(&out);
}

static int inspect_all(struct session *s, const struct inspect_args *args, int argc,
		       const char **argv)
{
	struct failures failures = { .arena = s->arena };
	json_t *list = json_array();
	auto_buf out = BUF(OUTPUT_MAX);
	int code = 0;
	struct err e;

	for (int n = 0; n < argc; n++) {
		json_t *one;

		if (image_inspect(s, argv[n], &one, &e) == 0) {
			json_array_append_new(list, one);
			continue;
		}
		err_wrap(&e, "inspecting object");
		failures_add(&failures, &e, EXIT_ENGINE);
	}
	if (args->format && !format_is_json(args->format)) {
		code = print_formatted(s, args->format, list, &e);
	} else {
		json_print(&out, list, INDENT);
		buf_addc(&out, '\n');
		code = cli_print(&out);
	}
	json_decref(list);
	return failures.messages.n ? failures_end(&failures) : code;
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	struct session s;
	int code;

	if (!session_open(globals, &s, &code))
		return code;
	code = inspect_all(&s, args, argc, argv);
	session_close(&s);
	return code;
}

static const struct option inspect_options[] = {
	OPTION_TEXT(inspect_args, format, "format", 'f', "FORMAT", "json, or a Go template"),
	{ 0 },
};
static const struct option *const options[] = { inspect_options, NULL };

const struct command image_inspect_command = {
	.name = "inspect",
	.summary = "Show all about images",
	.description = "Displays the low-level information on images by name or ID",
	.usage = "IMAGE [IMAGE...]",
	.examples = "alpine\n--format '{{.Config.Cmd}}' alpine\n",
	.options = options,
	.args_size = sizeof(struct inspect_args),
	.min_args = 1,
	.max_args = -1,
	.completes = "image",
	.run = run,
};
