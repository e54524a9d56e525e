/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * berth system df: what images, containers and volumes take.  Each layer counts once, however many
 * images have it; what could be reclaimed is what goes when everything unused is removed.
 */
#include <sys/stat.h>

#include <fcntl.h>

#include "base/file.h"
#include "base/units.h"
#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "engine/status.h"
#include "image/image.h"
#include "volume/volume.h"

#define OUTPUT_MAX ((size_t)16 << 20)

struct df_args {
	bool verbose;
	const char *format;
};

/* One kind of thing. */
struct df_row {
	const char *type, *size, *reclaimable;
	int64_t total, active, raw_size, raw_reclaimable;
};

static const struct json_field row_fields[] = {
	JSON_TEXT(df_row, type, "Type", JSON_ALWAYS),
	JSON_INT(df_row, total, "Total", JSON_ALWAYS),
	JSON_INT(df_row, total, "TotalCount", JSON_ALWAYS),
	JSON_INT(df_row, active, "Active", JSON_ALWAYS),
	JSON_INT(df_row, raw_size, "RawSize", JSON_ALWAYS),
	JSON_INT(df_row, raw_reclaimable, "RawReclaimable", JSON_ALWAYS),
	JSON_TEXT(df_row, size, "Size", JSON_ALWAYS),
	JSON_TEXT(df_row, reclaimable, "Reclaimable", JSON_ALWAYS),
	{ 0 },
};
static const struct json_type row_json = JSON_TYPE(df_row, row_fields);

/* --verbose. */
struct df_image {
	const char *repository, *tag, *id, *created, *size, *shared_size, *unique_size;
	int64_t containers;
};
static const struct json_field image_fields[] = {
	JSON_TEXT(df_image, repository, "Repository", 0),
	JSON_TEXT(df_image, tag, "Tag", 0),
	JSON_TEXT(df_image, id, "ImageID", 0),
	JSON_TEXT(df_image, created, "Created", 0),
	JSON_TEXT(df_image, size, "Size", 0),
	JSON_TEXT(df_image, shared_size, "SharedSize", 0),
	JSON_TEXT(df_image, unique_size, "UniqueSize", 0),
	JSON_INT(df_image, containers, "Containers", 0),
	{ 0 },
};
static const struct json_type image_json = JSON_TYPE(df_image, image_fields);

struct df_container {
	const char *id, *image, *command, *size, *created, *status, *name;
	int64_t volumes;
};
static const struct json_field container_fields[] = {
	JSON_TEXT(df_container, id, "ContainerID", 0),
	JSON_TEXT(df_container, image, "Image", 0),
	JSON_TEXT(df_container, command, "Command", 0),
	JSON_INT(df_container, volumes, "LocalVolumes", 0),
	JSON_TEXT(df_container, size, "Size", 0),
	JSON_TEXT(df_container, created, "Created", 0),
	JSON_TEXT(df_container, status, "Status", 0),
	JSON_TEXT(df_container, name, "Names", 0),
	{ 0 },
};
static const struct json_type df_container_json = JSON_TYPE(df_container, container_fields);

struct df_volume {
	const char *name, *size;
	int64_t links;
};
static const struct json_field volume_fields[] = {
	JSON_TEXT(df_volume, name, "VolumeName", 0),
	JSON_INT(df_volume, links, "Links", 0),
	JSON_TEXT(df_volume, size, "Size", 0),
	{ 0 },
};
static const struct json_type df_volume_json = JSON_TYPE(df_volume, volume_fields);

struct df {
	struct session *session;
	struct arena *arena;
	struct images images;
	struct containers containers;
	struct volumes volumes;
	struct layers layers;
	struct df_image *image_rows;
	struct df_container *container_rows;
	struct df_volume *volume_rows;
	size_t image_rows_len;
};

static const char *shown(struct arena *a, int64_t bytes)
{
	auto_buf text = BUF(64);

	size_print(&text, bytes, "");
	return arena_strdup(a, buf_text(&text));
}

static const char *ago(struct arena *a, int64_t nsec)
{
	auto_buf text = BUF(64);

	duration_print(&text, clock_nsec() - nsec);
	return arena_strdup(a, buf_text(&text));
}

static struct df_row row_of(struct df *d, const char *type, size_t total, int64_t active,
			    int64_t size, int64_t reclaimable)
{
	return (struct df_row){
		.type = type,
		.total = (int64_t)total,
		.active = active,
		.raw_size = size,
		.raw_reclaimable = reclaimable,
		.size = shown(d->arena, size),
		.reclaimable = arena_printf(d->arena, "%s (%lld%%)", shown(d->arena, reclaimable),
					    size ? (long long)(reclaimable * 100 / size) : 0LL),
	};
}

static int64_t count_containers(const struct df *d, const char *image_id)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->containers.n; i++)
		n += text_eq(d->containers.v[i]->image_id, image_id);
	return n;
}

static int64_t documents_of(const struct image *i)
{
	return (int64_t)(i->manifest_len + i->config_len);
}

/* How many images have the layer; those in use only, if asked. */
static size_t count_images(const struct df *d, const char *key, bool in_use)
{
	size_t n = 0;

	for (size_t i = 0; i < d->images.n; i++)
		if (texts_has(&d->images.v[i]->layers, key) &&
		    (!in_use || count_containers(d, d->images.v[i]->id) > 0))
			n++;
	return n;
}

static struct df_row images_row(struct df *d)
{
	int64_t size = 0, reclaimable = 0, active = 0;

	for (size_t i = 0; i < d->layers.n; i++) {
		int64_t bytes = (int64_t)d->layers.v[i].tar_bytes;

		size += bytes;
		reclaimable += count_images(d, d->layers.v[i].key, true) ? 0 : bytes;
	}
	for (size_t i = 0; i < d->images.n; i++) {
		bool used = count_containers(d, d->images.v[i]->id) > 0;

		active += used;
		size += documents_of(d->images.v[i]);
		reclaimable += used ? 0 : documents_of(d->images.v[i]);
	}
	return row_of(d, "Images", d->images.n, active, size, reclaimable);
}

static void fill_images(struct df *d)
{
	size_t room = 0, n = 0;

	for (size_t i = 0; i < d->images.n; i++)
		room += d->images.v[i]->names.n + 1;
	d->image_rows = arena_array(d->arena, room, sizeof(*d->image_rows));
	for (size_t i = 0; i < d->images.n; i++) {
		const struct image *image = d->images.v[i];
		int64_t unique = documents_of(image);
		size_t names = image->names.n ? image->names.n : 1;

		for (size_t k = 0; k < d->layers.n; k++)
			if (texts_has(&image->layers, d->layers.v[k].key) &&
			    count_images(d, d->layers.v[k].key, false) == 1)
				unique += (int64_t)d->layers.v[k].tar_bytes;
		for (size_t k = 0; k < names; k++) {
			struct reference r = { 0 };
			struct err ignored;
			bool named =
				image->names.n && reference_parse_name(d->arena, image->names.v[k],
								       &r, &ignored) == 0;

			d->image_rows[n++] = (struct df_image){
				.repository = named ? reference_print_name(d->arena, &r) : "<none>",
				.tag = r.tag ? r.tag : "<none>",
				.id = arena_strndup(d->arena, image->id, 12),
				.created = ago(d->arena, image->created_nsec),
				.size = shown(d->arena, (int64_t)image->size),
				.shared_size = shown(d->arena, (int64_t)image->size - unique),
				.unique_size = shown(d->arena, unique),
				.containers = count_containers(d, image->id),
			};
		}
	}
	d->image_rows_len = n;
}

static int64_t count_volumes(const struct container *c)
{
	int64_t n = 0;

	for (size_t i = 0; i < c->mounts.n; i++)
		n += text_eq(c->mounts.v[i].type, "volume");
	return n;
}

/* What is below dir/name, without what the directory itself takes. */
static int64_t usage_below(int dir, const char *name)
{
	int64_t bytes = 0;
	struct err ignored;
	struct stat st;

	if (dir < 0 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    file_tree_usage(dir, name, &bytes, &ignored) < 0)
		return 0;
	return bytes - st.st_blocks * 512;
}

static struct df_row containers_row(struct df *d)
{
	int64_t size = 0, reclaimable = 0, active = 0;

	d->container_rows = arena_array(d->arena, d->containers.n, sizeof(*d->container_rows));
	for (size_t i = 0; i < d->containers.n; i++) {
		const struct container *c = d->containers.v[i];
		struct container_status status = { 0 };
		struct err ignored;
		int64_t bytes = 0;
		auto_close int dir = state_dir(&d->session->state, CONTAINERS, c->id, &ignored);

		if (dir >= 0)
			file_tree_usage(dir, "upper", &bytes, &ignored);
		container_status(&d->session->state, d->arena, c, &status, &ignored);
		size += bytes;
		active += container_is_alive(&status);
		reclaimable += container_is_alive(&status) ? 0 : bytes;
		d->container_rows[i] = (struct df_container){
			.id = arena_strndup(d->arena, c->id, 12),
			.image = c->image_id ? arena_strndup(d->arena, c->image_id, 12) : "",
			.command = texts_join(d->arena, &c->args, " "),
			.volumes = count_volumes(c),
			.size = shown(d->arena, bytes),
			.created = ago(d->arena, c->created_nsec),
			.status = container_state_name[status.state],
			.name = c->name,
		};
	}
	return row_of(d, "Containers", d->containers.n, active, size, reclaimable);
}

static int64_t count_links(const struct df *d, const char *volume)
{
	int64_t n = 0;

	for (size_t i = 0; i < d->containers.n; i++) {
		const struct container_mounts *m = &d->containers.v[i]->mounts;

		for (size_t k = 0; k < m->n; k++)
			n += text_eq(m->v[k].type, "volume") && text_eq(m->v[k].source, volume);
	}
	return n;
}

static struct df_row volumes_row(struct df *d)
{
	int64_t size = 0, reclaimable = 0, active = 0;

	d->volume_rows = arena_array(d->arena, d->volumes.n, sizeof(*d->volume_rows));
	for (size_t i = 0; i < d->volumes.n; i++) {
		const char *name = d->volumes.v[i]->name;
		struct err ignored;
		auto_close int dir = state_dir(&d->session->state, VOLUMES, name, &ignored);
		int64_t links = count_links(d, name), bytes = usage_below(dir, "_data");

		size += bytes;
		active += links > 0;
		reclaimable += links > 0 ? 0 : bytes;
		d->volume_rows[i] = (struct df_volume){ .name = name,
							.links = links,
							.size = shown(d->arena, bytes) };
	}
	return row_of(d, "Local Volumes", d->volumes.n, active, size, reclaimable);
}

static int read_all(struct df *d, struct err *e)
{
	struct state *s = &d->session->state;
	int r = image_list(s, d->arena, &d->images, NULL, NULL, e);

	if (r == 0)
		r = container_list(s, d->arena, &d->containers, cli_warn_damaged, NULL, e);
	if (r == 0)
		r = volume_list(s, d->arena, &d->volumes, e);
	return r < 0 ? r : layer_list(s, d->arena, &d->layers, e);
}

static int print_verbose(struct df *d, struct err *e)
{
	static const char *const image_heads[] = { "ImageID", "IMAGE ID", NULL };
	auto_buf out = BUF(OUTPUT_MAX);
	int r;

	fill_images(d);
	buf_adds(&out, "Images space usage:\n\n");
	r = format_rows(&out,
			&(struct format){
				.name = "df", .row = &image_json, .headings = image_heads },
			"table {{.Repository}}\t{{.Tag}}\t{{.ImageID}}\t{{.Created}}\t{{.Size}}\t"
			"{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}",
			d->image_rows, d->image_rows_len, e);
	buf_adds(&out, "\nContainers space usage:\n\n");
	if (r == 0)
		r = format_rows(&out, &(struct format){ .name = "df", .row = &df_container_json },
				"table {{.ContainerID}}\t{{.Image}}\t{{.Command}}\t"
				"{{.LocalVolumes}}\t{{.Size}}\t{{.Created}}\t{{.Status}}\t"
				"{{.Names}}",
				d->container_rows, d->containers.n, e);
	buf_adds(&out, "\nLocal Volumes space usage:\n\n");
	if (r == 0)
		r = format_rows(&out, &(struct format){ .name = "df", .row = &df_volume_json },
				"table {{.VolumeName}}\t{{.Links}}\t{{.Size}}", d->volume_rows,
				d->volumes.n, e);
	return r < 0 ? cli_fail(e) : cli_print(&out);
}

static int print_rows(const struct df_args *args, const struct df_row *rows, size_t n,
		      struct err *e)
{
	auto_buf out = BUF(OUTPUT_MAX);
	json_t *list;

	if (!args->format || !format_is_json(args->format)) {
		int r = format_rows(&out, &(struct format){ .name = "df", .row = &row_json },
				    args->format ? args->format
						 : "table {{.Type}}\t{{.Total}}\t{{.Active}}\t"
						   "{{.Size}}\t{{.Reclaimable}}",
				    rows, n, e);

		return r < 0 ? cli_fail(e) : cli_print(&out);
	}
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_from(&row_json, &rows[i]));
	json_print(&out, list, 0);
	json_decref(list);
	buf_addc(&out, '\n');
	return cli_print(&out);
}

static int show(struct session *s, const struct df_args *args)
{
	struct df d = { .session = s, .arena = s->arena };
	struct df_row rows[3];
	struct err e;

	if (read_all(&d, &e) < 0)
		return cli_fail(&e);
	rows[0] = images_row(&d);
	rows[1] = containers_row(&d);
	rows[2] = volumes_row(&d);
	return args->verbose ? print_verbose(&d, &e) : print_rows(args, rows, ARRAY_LEN(rows), &e);
}

static int run(void *globals, void *args, int argc, const char **argv)
{
	const struct df_args *a = args;
	struct session s;
	int code;

	if (a->verbose && a->format)
		return cli_failf("cannot combine --format and --verbose flags");
	if (!session_open(globals, &s, &code))
		return code;
	code = show(&s, a);
	session_close(&s);
	return code;
}

static const struct option df_options[] = {
	OPTION_TEXT(df_args, format, "format", 0, "FORMAT", "json, or a Go template for each kind"),
	OPTION_FLAG(df_args, verbose, "verbose", 'v', "Show each image, container and volume"),
	{ 0 },
};
static const struct option *const options[] = { df_options, NULL };

const struct command system_df_command = {
	.name = "df",
	.summary = "Show what is used on disk",
	.description =
		"Shows what images, containers and volumes take on disk. Each layer counts once",
	.examples = "--verbose\n--format json\n",
	.options = options,
	.args_size = sizeof(struct df_args),
	.run = run,
};
