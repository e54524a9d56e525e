/* SPDX-License-Identifier: BSD-2-Clause */
/* --mount type=…,key=value,… */
#include <glob.h>
#include <string.h>

#include "base/path.h"
#include "base/units.h"
#include "cli/create_mounts.h"

/* One key=value, of which the value may be NULL. */
struct key {
	const char *name, *value;
	bool on; /* no value, or a true one */
};

static bool is(const struct key *k, const char *x, const char *y)
{
	return strcmp(k->name, x) == 0 || (y && strcmp(k->name, y) == 0);
}

static bool has_files(const struct container_mount *m)
{
	return strcmp(m->type, "bind") == 0 || strcmp(m->type, "volume") == 0;
}

static int parse_flag(struct arena *a, const struct key *k, struct container_mount *m,
		      struct err *e)
{
	bool relabels = is(k, "relabel", NULL) &&
			(text_eq(k->value, "shared") || text_eq(k->value, "private"));

	if (is(k, "ro", "readonly"))
		texts_add(a, &m->options, k->on ? "ro" : "rw");
	else if (is(k, "rw", "readwrite"))
		texts_add(a, &m->options, k->on ? "rw" : "ro");
	else if (is(k, "bind-propagation", NULL) && k->value && mount_is_propagation(k->value))
		texts_add(a, &m->options, k->value);
	else if (is(k, "bind-nonrecursive", NULL))
		texts_add(a, &m->options, k->on ? "bind" : "rbind");
	else if (is(k, "U", "chown") && has_files(m))
		m->chown = k->on;
	else if (is(k, "tmpcopyup", NULL))
		m->copy_up = k->on;
	else if (is(k, "notmpcopyup", NULL))
		m->copy_up = false;
	else if (mount_is_flag(k->name) || is(k, "noswap", NULL))
		texts_add(a, &m->options, k->name);
	/* As -v's z and Z. */
	else if (!relabels)
		return err_set(e, ERR_INVALID, "%s: invalid mount option", k->name);
	return 0;
}

static int parse_size(struct arena *a, const struct key *k, struct container_mount *m,
		      struct err *e)
{
	int64_t bytes;
	int r = size_parse(k->value ? k->value : "", &bytes, e);

	if (r == 0)
		texts_addf(a, &m->options, "size=%lld", (long long)bytes);
	return r;
}

static void add_pair(struct arena *a, struct text_map *map, const char *text)
{
	size_t n = strcspn(text, "=");

	text_map_set(a, map, arena_strndup(a, text, n), text[n] ? text + n + 1 : "");
}

static int parse_key(struct arena *a, const struct key *k, struct container_mount *m, struct err *e)
{
	const char *value = k->value ? k->value : "";

	if (is(k, "src", "source"))
		m->source = k->value;
	else if (is(k, "dst", "dest") || is(k, "destination", "target"))
		m->destination = *value == '/' ? path_clean(a, value) : k->value;
	else if (is(k, "subpath", "volume-subpath"))
		m->sub_path = k->value;
	else if (is(k, "volume-opt", NULL))
		add_pair(a, &m->volume_options, value);
	else if (is(k, "volume-label", NULL))
		add_pair(a, &m->volume_labels, value);
	else if (is(k, "idmap", NULL) && has_files(m))
		return mount_set_id_map(a, value, m, e);
	else if (is(k, "tmpfs-size", "size"))
		return parse_size(a, k, m, e);
	else if (is(k, "tmpfs-mode", "mode"))
		texts_addf(a, &m->options, "mode=%s", value);
	else if (is(k, "uid", "gid") || is(k, "max", NULL))
		texts_addf(a, &m->options, "%s=%s", k->name, value);
	else
		return parse_flag(a, k, m, e);
	return 0;
}

static int add_bind(struct mount_list *l, struct container_mount *m, struct err *e)
{
	int r = m->source ? mount_check_source(m->source, e)
			  : err_set(e, ERR_INVALID, "must set source for bind mounts");

	if (r < 0)
		return r;
	if (*m->source != '/') {
		auto_free char *full = realpath(m->source, NULL);

		m->source = arena_strdup(l->arena, full ? full : m->source);
	}
	m->copy_up = false;
	mount_add_defaults(l->arena, m);
	return mount_list_add(l, m, e);
}

/* A bind of each, in the destination or, without one, where it is outside. */
static int add_glob(struct mount_list *l, const struct container_mount *m, struct err *e)
{
	struct arena *a = l->arena;
	glob_t found = { 0 };
	int r = 0;

	if (text_empty(m->source))
		return err_set(e, ERR_INVALID, "must set source for glob mounts");
	if (glob(m->source, GLOB_NOSORT, NULL, &found) != 0) {
		globfree(&found);
		return err_set(e, ERR_NOT_FOUND, "no file paths matching glob \"%s\"", m->source);
	}
	for (size_t i = 0; r == 0 && i < found.gl_pathc; i++) {
		struct container_mount one = *m;

		one.type = "bind";
		one.source = path_clean(a, found.gl_pathv[i]);
		one.options = (struct texts){ 0 };
		for (size_t k = 0; k < m->options.n; k++)
			texts_add(a, &one.options, m->options.v[k]);
		one.destination = m->destination
					  ? path_join(a, m->destination, path_base(one.source))
					  : one.source;
		r = add_bind(l, &one, e);
	}
	globfree(&found);
	return r;
}

/* The image is found, or pulled, when the container is made. */
static int add_image(struct mount_list *l, struct container_mount *m, struct err *e)
{
	if (text_empty(m->source))
		return err_set(e, ERR_INVALID, "must set source for image mounts");
	if (!texts_has(&m->options, "rw") && !texts_has(&m->options, "ro"))
		texts_add(l->arena, &m->options, "ro");
	return mount_list_add(l, m, e);
}

static int add_new(struct mount_list *l, struct container_mount *m, struct err *e)
{
	struct arena *a = l->arena;

	if (m->source)
		return err_set(e, ERR_INVALID, "source is not supported with %s mounts", m->type);
	m->source = m->type;
	if (strcmp(m->type, "devpts") == 0) {
		texts_add(a, &m->options, "newinstance");
		texts_add(a, &m->options, "ptmxmode=0666");
	} else {
		if (m->copy_up)
			texts_add(a, &m->options, "tmpcopyup");
		texts_add(a, &m->options, "nosuid");
		texts_add(a, &m->options, "nodev");
	}
	return mount_list_add(l, m, e);
}

static int add_mount(struct mount_list *l, struct container_mount *m, struct err *e)
{
	if (strcmp(m->type, "glob") == 0)
		return add_glob(l, m, e);
	if (!m->destination)
		return err_set(e, ERR_INVALID, "must set volume destination");
	if (strcmp(m->type, "bind") == 0)
		return add_bind(l, m, e);
	if (strcmp(m->type, "image") == 0)
		return add_image(l, m, e);
	if (strcmp(m->type, "volume") != 0)
		return add_new(l, m, e);
	m->anonymous = !m->source;
	mount_add_defaults(l->arena, m);
	return mount_list_add(l, m, e);
}

int mount_list_parse(struct mount_list *l, const char *text, struct err *e)
{
	static const char *const types[] = { "bind",   "volume", "tmpfs", "ramfs",
					     "devpts", "image",  "glob" };
	struct container_mount m = { .type = "volume", .copy_up = true };
	struct arena *a = l->arena;
	struct texts parts = { 0 };
	int r = texts_add_csv(a, &parts, text, e);

	for (size_t i = 0; r == 0 && i < parts.n; i++) {
		const char *type = text_after(parts.v[i], "type=");

		if (type && text_index(type, types, ARRAY_LEN(types)) < 0)
			return err_set(e, ERR_INVALID, "invalid filesystem type \"%s\"", type);
		if (type)
			m.type = type;
	}
	for (size_t i = 0; r == 0 && i < parts.n; i++) {
		size_t n = strcspn(parts.v[i], "=");
		struct key k = { .name = arena_strndup(a, parts.v[i], n) };

		k.value = parts.v[i][n] ? parts.v[i] + n + 1 : NULL;
		k.on = !k.value || strcmp(k.value, "true") == 0 || strcmp(k.value, "1") == 0;
		r = is(&k, "type", NULL) ? 0 : parse_key(a, &k, &m, e);
	}
	return r < 0 ? err_wrap(e, "--mount %s", text) : add_mount(l, &m, e);
}
