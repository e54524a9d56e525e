/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading registries.conf and what is beside it. */
#include "image/registries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/toml.h"

#define SYSTEM_FILE   "/etc/containers/registries.conf"
#define SYSTEM_FOLDER "/etc/containers/registries.conf.d"

enum { FILES_MAX = 1000, ENTRIES_MAX = 10000 };

static const char *const mode_names[] = {
	[REGISTRIES_MODE_NOT_SAID] = "",
	[REGISTRIES_ENFORCING] = "enforcing",
	[REGISTRIES_PERMISSIVE] = "permissive",
	[REGISTRIES_DISABLED] = "disabled",
};
static const char *const when_names[] = {
	[REGISTRIES_WHEN_NOT_SAID] = "",
	[REGISTRIES_ALL] = "all",
	[REGISTRIES_DIGEST_ONLY] = "digest-only",
	[REGISTRIES_TAG_ONLY] = "tag-only",
};

static const struct json_field mirror_fields[] = {
	JSON_TEXT(registries_mirror, location, "location", JSON_REQUIRED),
	JSON_BOOL(registries_mirror, insecure, "insecure", 0),
	JSON_NAME(registries_mirror, when, "pull-from-mirror", 0, when_names),
	{ 0 },
};
static const struct json_type mirror_json = JSON_TYPE(registries_mirror, mirror_fields);

static const struct json_field entry_fields[] = {
	JSON_TEXT(registries_entry, prefix, "prefix", 0),
	JSON_TEXT(registries_entry, location, "location", 0),
	JSON_BOOL(registries_entry, insecure, "insecure", 0),
	JSON_BOOL(registries_entry, blocked, "blocked", 0),
	JSON_BOOL(registries_entry, mirror_by_digest_only, "mirror-by-digest-only", 0),
	JSON_ARRAY(registries_entry, mirrors, "mirror", 0, mirror_json),
	{ 0 },
};
static const struct json_type entry_json = JSON_TYPE(registries_entry, entry_fields);

static const struct json_field registries_fields[] = {
	JSON_TEXTS(registries, search, "unqualified-search-registries", 0),
	JSON_NAME(registries, mode, "short-name-mode", 0, mode_names),
	JSON_TEXT_MAP(registries, aliases, "aliases", 0),
	JSON_TEXTS(registries, helpers, "credential-helpers", 0),
	JSON_ARRAY(registries, entries, "registry", 0, entry_json),
	{ 0 },
};
static const struct json_type registries_json = JSON_TYPE(registries, registries_fields);

static const char *without_slashes(struct arena *a, const char *s)
{
	size_t len = s ? strlen(s) : 0;

	while (len > 0 && s[len - 1] == '/')
		len--;
	return s ? arena_strndup(a, s, len) : NULL;
}

static int check_location(const char *file, const char *s, struct err *e)
{
	if (text_after(s, "http://") || text_after(s, "https://"))
		return err_set(e, ERR_INVALID,
			       "%s: invalid location \"%s\": it is written without http:// or "
			       "https://",
			       file, s);
	return 0;
}

static int check_entry(struct arena *a, const char *file, struct registries_entry *n, struct err *e)
{
	n->prefix = without_slashes(a, n->prefix);
	n->location = without_slashes(a, n->location);
	if (text_empty(n->location))
		n->location = NULL;
	if (text_empty(n->prefix))
		n->prefix = n->location;
	if (!n->prefix)
		return err_set(e, ERR_INVALID, "%s: a registry without prefix and location", file);
	if (strchr(n->prefix, '*') && !text_after(n->prefix, "*."))
		return err_set(e, ERR_INVALID,
			       "%s: invalid prefix \"%s\": a wildcard is \"*.\" in front", file,
			       n->prefix);
	if (n->location && check_location(file, n->location, e) < 0)
		return -e->code;
	for (size_t i = 0; i < n->mirrors.n; i++) {
		struct registries_mirror *m = &n->mirrors.v[i];

		m->location = without_slashes(a, m->location);
		if (text_empty(m->location))
			return err_set(e, ERR_INVALID, "%s: a mirror of %s without location", file,
				       n->prefix);
		if (check_location(file, m->location, e) < 0)
			return -e->code;
	}
	return 0;
}

static void set_entry(struct arena *a, struct registries *to, const struct registries_entry *n)
{
	struct registries_entries *all = &to->entries;

	for (size_t i = 0; i < all->n; i++)
		if (text_eq(all->v[i].prefix, n->prefix)) {
			all->v[i] = *n;
			return;
		}

	struct registries_entry *v = arena_array(a, all->n + 1, sizeof(*v));
	if (all->n)
		memcpy(v, all->v, all->n * sizeof(*v));
	v[all->n++] = *n;
	all->v = v;
}

/* An empty alias takes one away that another file gave. */
static void set_alias(struct arena *a, struct registries *to, const char *file,
		      const struct text_pair *p)
{
	if (text_empty(p->value)) {
		text_map_remove(&to->aliases, p->key);
		return;
	}
	text_map_set(a, &to->aliases, p->key, p->value);
	text_map_set(a, &to->aliases_from, p->key, file);
}

static int merge(struct arena *a, struct registries *to, const char *file, const json_t *tree,
		 struct err *e)
{
	struct registries from = { 0 };
	int r = json_into(a, tree, &registries_json, &from, e);

	if (r < 0)
		return err_wrap(e, "%s", file);
	if (from.entries.n > ENTRIES_MAX)
		return err_set(e, ERR_INVALID, "%s: more than %d registries", file, ENTRIES_MAX);
	for (size_t i = 0; i < from.entries.n; i++) {
		r = check_entry(a, file, &from.entries.v[i], e);
		if (r < 0)
			return r;
		set_entry(a, to, &from.entries.v[i]);
	}
	for (size_t i = 0; i < from.aliases.n; i++)
		set_alias(a, to, file, &from.aliases.v[i]);
	if (json_object_get(tree, "unqualified-search-registries")) {
		to->search = from.search;
		to->search_from = file;
	}
	if (json_object_get(tree, "credential-helpers"))
		to->helpers = from.helpers;
	if (from.mode != REGISTRIES_MODE_NOT_SAID)
		to->mode = from.mode;
	return 0;
}

int registries_add(struct arena *a, struct registries *to, const char *name, const char *text,
		   size_t len, struct err *e)
{
	json_t *tree;
	int r = toml_parse(name, text, len, &tree, e);

	if (r < 0)
		return r;
	if (json_object_get(tree, "registries"))
		r = err_set(
			e, ERR_INVALID,
			"%s: registries.conf must be in version 2 of its format, not in version 1",
			name);
	else
		r = merge(a, to, arena_strdup(a, name), tree, e);
	json_decref(tree);
	return r;
}

/* A file that isn't there says nothing. */
static int add_file(struct arena *a, struct registries *to, const char *path, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, path, TOML_MAX, &text, &len, e);

	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	return r < 0 ? r : registries_add(a, to, path, text, len, e);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_folder(struct arena *a, struct registries *to, const char *path, struct err *e)
{
	struct texts names = { 0 };
	DIR *d = opendir(path);
	struct dirent *one;
	int r = 0;

	if (!d)
		return 0;
	while ((one = readdir(d)) && names.n < FILES_MAX)
		if (one->d_name[0] != '.' && text_ends(one->d_name, ".conf"))
			texts_add(a, &names, arena_strdup(a, one->d_name));
	closedir(d);
	if (names.n)
		qsort(names.v, names.n, sizeof(*names.v), by_name);
	for (size_t i = 0; i < names.n && r == 0; i++)
		r = add_file(a, to, path_join(a, path, names.v[i]), e);
	return r;
}

/* ~/.config/containers, or NULL when there is no home. */
static const char *user_folder(struct arena *a)
{
	const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");

	if (!text_empty(config))
		return path_join(a, config, "containers");
	return text_empty(home) ? NULL : path_join(a, home, ".config/containers");
}

int registries_read(struct arena *a, struct registries *ret, struct err *e)
{
	struct registries c = { .mode = REGISTRIES_MODE_NOT_SAID };
	const char *named = getenv("CONTAINERS_REGISTRIES_CONF");
	const char *folder = user_folder(a), *recorded = registries_recorded(a);
	const char *users = folder ? path_join(a, folder, "registries.conf") : NULL;
	bool user_alone = text_empty(named) && users && access(users, F_OK) == 0;
	int r = add_file(a, &c, !text_empty(named) ? named : user_alone ? users : SYSTEM_FILE, e);

	if (r == 0 && !user_alone)
		r = add_folder(a, &c, SYSTEM_FOLDER, e);
	if (r == 0 && folder)
		r = add_folder(a, &c, path_join(a, folder, "registries.conf.d"), e);
	if (r == 0 && recorded)
		r = add_file(a, &c, recorded, e);
	if (r < 0)
		return err_wrap(e, "loading registries configuration");
	if (!c.search_from)
		texts_add(a, &c.search, "docker.io");
	if (c.mode == REGISTRIES_MODE_NOT_SAID)
		c.mode = REGISTRIES_PERMISSIVE;
	*ret = c;
	return 0;
}
