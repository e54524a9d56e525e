/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/volume_filter.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#include "base/units.h"

enum filter_key {
	KEY_ANONYMOUS,
	KEY_DANGLING,
	KEY_DRIVER,
	KEY_LABEL,
	KEY_NAME,
	KEY_OPT,
	KEY_SCOPE,
	KEY_SINCE,
	KEY_UNTIL,
	FILTER_KEYS
};
static const struct {
	const char *name;
	enum filter_key key;
} keys[] = {
	{ "anonymous", KEY_ANONYMOUS }, { "dangling", KEY_DANGLING }, { "driver", KEY_DRIVER },
	{ "label", KEY_LABEL },         { "name", KEY_NAME },         { "opt", KEY_OPT },
	{ "scope", KEY_SCOPE },         { "since", KEY_SINCE },       { "after", KEY_SINCE },
	{ "until", KEY_UNTIL },
};

struct term {
	enum filter_key key;
	const char *value;
	bool not_equal, truth;
	int64_t time_nsec;
	regex_t name;
};

struct texts volume_users(struct session *s, const struct containers *all, const char *name)
{
	struct texts users = { 0 };

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->v[i]->mounts.n; k++)
			if (strcmp(all->v[i]->mounts.v[k].type, "volume") == 0 &&
			    text_eq(all->v[i]->mounts.v[k].source, name)) {
				texts_add(s->arena, &users, all->v[i]->id);
				break;
			}
	return users;
}

static json_t *map(const struct text_map *m)
{
	json_t *v = json_object();

	for (size_t i = 0; i < m->n; i++)
		json_object_set_new(v, m->v[i].key, json_string(m->v[i].value));
	return v;
}

json_t *volume_document(struct session *s, const struct containers *all, const struct volume *v)
{
	const char *uid = text_map_get(&v->options, "UID"), *gid = text_map_get(&v->options, "GID");
	size_t users = volume_users(s, all, v->name).n;
	auto_buf created = BUF(64);
	json_t *doc;

	time_print_rfc3339(&created, v->created_nsec, false);
	doc = json_pack("{ss ss so so so ss so sb sI sb sb}", "Name", v->name, "Driver", v->driver,
			"Mountpoint", json_string(volume_path(&s->state, s->arena, v->name)),
			"CreatedAt", json_string(buf_text(&created)), "Labels", map(&v->labels),
			"Scope", "local", "Options", map(&v->options), "Anonymous", v->anonymous,
			"MountCount", (json_int_t)users, "NeedsCopyUp",
			v->fresh && volume_is_copied_up(v), "NeedsChown", v->fresh);
	if (uid)
		json_object_set_new(doc, "UID", json_integer(strtoll(uid, NULL, 10)));
	if (gid)
		json_object_set_new(doc, "GID", json_integer(strtoll(gid, NULL, 10)));
	return doc;
}

static int read_truth(struct term *t, struct err *e)
{
	t->truth = text_eq(t->value, "true") || text_eq(t->value, "1");
	if (t->truth || text_eq(t->value, "false") || text_eq(t->value, "0"))
		return 0;
	return err_set(e, ERR_INVALID,
		       "\"%s\" is not a valid value for the \"%s\" filter - must be true or false",
		       t->value, t->key == KEY_DANGLING ? "dangling" : "anonymous");
}

static int read_value(struct session *s, struct term *t, struct err *e)
{
	struct volume *other;
	int r;

	switch (t->key) {
	case KEY_ANONYMOUS:
	case KEY_DANGLING:
		return read_truth(t, e);
	case KEY_NAME:
		return regcomp(&t->name, t->value, REG_EXTENDED | REG_NOSUB) == 0
			       ? 0
			       : err_set(e, ERR_INVALID, "invalid name filter \"%s\"", t->value);
	case KEY_SINCE:
		r = volume_find(&s->state, s->arena, t->value, &other, e);
		if (r == 0)
			t->time_nsec = other->created_nsec;
		return r;
	case KEY_UNTIL:
		return time_parse(t->value, clock_nsec(), &t->time_nsec, e);
	default:
		return 0;
	}
}

static int read_term(struct session *s, const char *text, struct term *t, struct err *e)
{
	size_t n = strcspn(text, "=");
	const char *name;

	if (!text[n] || n == 0)
		return err_set(e, ERR_INVALID,
			       "invalid filter \"%s\": must be in the format \"filter=value\"",
			       text);
	t->value = text + n + 1;
	t->not_equal = text[n - 1] == '!';
	name = arena_strndup(s->arena, text, n - t->not_equal);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (strcmp(keys[i].name, name) == 0 &&
		    (!t->not_equal || keys[i].key == KEY_LABEL)) {
			t->key = keys[i].key;
			return read_value(s, t, e);
		}
	return err_set(e, ERR_INVALID, "\"%.*s\" is an invalid volume filter", (int)n, text);
}

static bool has_pair(struct arena *a, const struct text_map *m, const char *pair)
{
	size_t n = strcspn(pair, "=");
	const char *has = text_map_get(m, arena_strndup(a, pair, n));

	return has && (!pair[n] || strcmp(has, pair + n + 1) == 0);
}

static bool holds(struct session *s, const struct term *t, const struct volume *v,
		  const struct containers *all)
{
	switch (t->key) {
	case KEY_ANONYMOUS:
		return v->anonymous == t->truth;
	case KEY_DANGLING:
		return (volume_users(s, all, v->name).n == 0) == t->truth;
	case KEY_DRIVER:
		return strcmp(v->driver, t->value) == 0;
	case KEY_LABEL:
		return has_pair(s->arena, &v->labels, t->value) != t->not_equal;
	case KEY_NAME:
		return regexec(&t->name, v->name, 0, NULL, 0) == 0;
	case KEY_OPT:
		return has_pair(s->arena, &v->options, t->value);
	case KEY_SCOPE:
		return strcmp(t->value, "local") == 0;
	case KEY_SINCE:
		return v->created_nsec > t->time_nsec;
	default:
		return v->created_nsec < t->time_nsec;
	}
}

/* Each label must hold; of the other keys one of their values. */
static bool matches(struct session *s, const struct term *terms, size_t n, const struct volume *v,
		    const struct containers *all)
{
	bool asked[FILTER_KEYS] = { 0 }, met[FILTER_KEYS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		bool yes = holds(s, &terms[i], v, all);

		if (terms[i].key == KEY_LABEL && !yes)
			return false;
		asked[terms[i].key] = true;
		met[terms[i].key] |= yes;
	}
	for (int i = 0; i < FILTER_KEYS; i++)
		if (asked[i] && !met[i])
			return false;
	return true;
}

int volume_filter(struct session *s, const struct texts *filters, struct volumes *ret,
		  struct err *e)
{
	struct term *terms = arena_array(s->arena, filters->n, sizeof(*terms));
	struct containers users;
	struct volumes all;
	size_t n = 0, kept = 0;
	int r = volume_list(&s->state, s->arena, &all, e);

	if (r == 0 && filters->n)
		r = container_list(&s->state, s->arena, &users, NULL, NULL, e);
	for (; r == 0 && n < filters->n; n++)
		r = read_term(s, filters->v[n], &terms[n], e);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (matches(s, terms, n, all.v[i], &users))
			all.v[kept++] = all.v[i];
	for (size_t i = 0; i < n; i++)
		if (terms[i].key == KEY_NAME && r == 0)
			regfree(&terms[i].name);
	all.n = kept;
	if (r == 0)
		*ret = all;
	return r;
}
