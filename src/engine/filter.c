/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/filter.h"

#include <errno.h>
#include <regex.h>
#include <string.h>

#include "base/units.h"
#include "image/image.h"
#include "network/network.h"

enum key {
	KEY_ID,
	KEY_NAME,
	KEY_LABEL,
	KEY_EXITED,
	KEY_STATUS,
	KEY_ANCESTOR,
	KEY_BEFORE,
	KEY_SINCE,
	KEY_VOLUME,
	KEY_NETWORK,
	KEY_RESTART,
	KEY_COMMAND,
	KEY_UNTIL,
	KEYS
};
static const char *const key_name[KEYS] = {
	[KEY_ID] = "id",           [KEY_NAME] = "name",       [KEY_LABEL] = "label",
	[KEY_EXITED] = "exited",   [KEY_STATUS] = "status",   [KEY_ANCESTOR] = "ancestor",
	[KEY_BEFORE] = "before",   [KEY_SINCE] = "since",     [KEY_VOLUME] = "volume",
	[KEY_NETWORK] = "network", [KEY_COMMAND] = "command", [KEY_RESTART] = "restart-policy",
	[KEY_UNTIL] = "until",
};

struct term {
	enum key key;
	const char *value;
	bool not_equal;
	int64_t number;       /* exited: the code; before, since, until: nanoseconds since 1970 */
	const char *image_id; /* ancestor */
};

struct container_filter {
	struct term *terms;
	size_t n;
};

static int parse_time_of(const struct state *s, struct arena *a, struct term *t, struct err *e)
{
	struct container *other;
	int r = container_find(s, a, t->value, &other, e);

	if (r == 0)
		t->number = other->created_nsec;
	return r;
}

static int check_status(const struct term *t, struct err *e)
{
	static const char *const more[] = { "initialized", "removing", "configured", "stopped",
					    "unknown" };

	if (text_index(t->value, container_state_name, CONTAINER_STATES) >= 0 ||
	    text_index(t->value, more, ARRAY_LEN(more)) >= 0)
		return 0;
	return err_set(e, ERR_INVALID, "unknown container state: %s: invalid argument", t->value);
}

/* Each image that has it below counts too: its layers begin with that image's. */
static int find_ancestor(const struct state *s, struct arena *a, struct term *t)
{
	struct image *image;

	if (image_find(s, a, t->value, &image, NULL, NULL) == 0)
		t->image_id = image->id;
	return 0;
}

/* By names and ids, as everywhere; of what is not there, its name alone. */
static void find_network(const struct state *s, struct arena *a, struct term *t)
{
	const char *joined = text_after(t->value, "container:"), *id;
	struct network *n;

	if (joined && container_find_id(s, a, joined, &id, NULL) == 0)
		t->value = arena_printf(a, "container:%s", id);
	else if (!joined && *t->value && network_find(s, a, t->value, &n, NULL) == 0)
		t->value = n->name;
}

static int parse_value(const struct state *s, struct arena *a, struct term *t, struct err *e)
{
	regex_t re;

	switch (t->key) {
	case KEY_NAME:
		if (regcomp(&re, t->value, REG_EXTENDED | REG_NOSUB) != 0)
			return err_set(e, ERR_INVALID, "invalid name filter \"%s\"", t->value);
		regfree(&re);
		return 0;
	case KEY_EXITED:
		return text_to_int(t->value, INT32_MIN, INT32_MAX, &t->number, "exited", e);
	case KEY_STATUS:
		return check_status(t, e);
	case KEY_ANCESTOR:
		return find_ancestor(s, a, t);
	case KEY_BEFORE:
	case KEY_SINCE:
		return parse_time_of(s, a, t, e);
	case KEY_NETWORK:
		find_network(s, a, t);
		return 0;
	case KEY_UNTIL:
		return time_parse(t->value, clock_nsec(), &t->number, e);
	default:
		return 0;
	}
}

static int parse_term(const struct state *s, struct arena *a, const char *text, struct term *t,
		      struct err *e)
{
	const char *equal = strchr(text, '=');
	size_t n = equal ? (size_t)(equal - text) : 0;
	int key;

	if (!equal || n == 0)
		return err_set(e, ERR_INVALID,
			       "invalid filter \"%s\": must be in the format \"filter=value\"",
			       text);
	t->not_equal = text[n - 1] == '!';
	key = text_index(arena_strndup(a, text, n - t->not_equal), key_name, KEYS);
	if (key < 0)
		return err_set(e, ERR_INVALID, "%.*s is an invalid filter", (int)n, text);
	if (t->not_equal && key != KEY_LABEL)
		return err_set(e, ERR_INVALID, "%.*s is an invalid filter", (int)n, text);
	t->key = (enum key)key;
	t->value = arena_strdup(a, equal + 1);
	return parse_value(s, a, t, e);
}

int container_filter_new(const struct state *s, struct arena *a, const struct texts *filters,
			 struct container_filter **ret, struct err *e)
{
	struct container_filter *f = ARENA_NEW(a, struct container_filter);

	f->terms = arena_array(a, filters->n, sizeof(*f->terms));
	for (size_t i = 0; i < filters->n; i++) {
		int r = parse_term(s, a, filters->v[i], &f->terms[f->n++], e);

		if (r < 0)
			return r;
	}
	*ret = f;
	return 0;
}

static bool matches_name(const char *pattern, const char *name)
{
	bool found;
	regex_t re;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	found = regexec(&re, *pattern == '/' ? pattern : name, 0, NULL, 0) == 0;
	regfree(&re);
	return found;
}

static bool matches_label(const struct term *t, const struct container *c)
{
	size_t n = strcspn(t->value, "=");
	bool found = false;

	for (size_t i = 0; i < c->labels.n && !found; i++)
		found = strncmp(c->labels.v[i].key, t->value, n) == 0 && !c->labels.v[i].key[n] &&
			(!t->value[n] || strcmp(c->labels.v[i].value, t->value + n + 1) == 0);
	return found != t->not_equal;
}

static bool matches_volume(const char *value, const struct container *c)
{
	for (size_t i = 0; i < c->mounts.n; i++)
		if (text_eq(c->mounts.v[i].source, value) ||
		    strcmp(c->mounts.v[i].destination, value) == 0)
			return true;
	return false;
}

static bool matches_status(const char *value, enum container_state state)
{
	/* podman's other words for the same. */
	if (strcmp(value, "stopped") == 0)
		return state == CONTAINER_EXITED;
	if (strcmp(value, "configured") == 0)
		return state == CONTAINER_CREATED;
	return strcmp(value, container_state_name[state]) == 0;
}

static bool matches_network(const char *value, const struct container *c)
{
	for (size_t i = 0; i < c->networks.n; i++)
		if (text_eq(c->networks.v[i].network, value) ||
		    (network_is_default(value) && network_is_default(c->networks.v[i].network)))
			return true;
	return text_eq(c->namespaces.network, value);
}

static bool matches(const struct term *t, const struct container *c,
		    const struct container_status *st)
{
	switch (t->key) {
	case KEY_ID:
		return text_after(c->id, t->value) != NULL;
	case KEY_NAME:
		return matches_name(t->value, c->name);
	case KEY_LABEL:
		return matches_label(t, c);
	case KEY_EXITED:
		return st->state == CONTAINER_EXITED && st->exit_code == t->number;
	case KEY_STATUS:
		return matches_status(t->value, st->state);
	case KEY_ANCESTOR:
		return t->image_id ? text_eq(c->image_id, t->image_id)
				   : c->image_name && strstr(c->image_name, t->value);
	case KEY_BEFORE:
	case KEY_UNTIL:
		return c->created_nsec < t->number;
	case KEY_SINCE:
		return c->created_nsec > t->number;
	case KEY_VOLUME:
		return matches_volume(t->value, c);
	case KEY_NETWORK:
		return matches_network(t->value, c);
	case KEY_RESTART:
		return text_eq(c->restart, t->value);
	case KEY_COMMAND:
		return c->args.n && strcmp(c->args.v[0], t->value) == 0;
	case KEYS:
		break;
	}
	return false;
}

bool container_filter_matches(const struct container_filter *f, const struct container *c,
			      const struct container_status *st)
{
	bool any[KEYS] = { false }, one[KEYS] = { false };

	for (size_t i = 0; i < f->n; i++) {
		const struct term *t = &f->terms[i];
		bool yes = matches(t, c, st);

		if (t->key == KEY_LABEL && !yes)
			return false;
		any[t->key] = true;
		one[t->key] = one[t->key] || yes;
	}
	for (int k = 0; k < KEYS; k++)
		if (any[k] && !one[k])
			return false;
	return true;
}

bool container_filter_wants_all(const struct container_filter *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->terms[i].key == KEY_STATUS || f->terms[i].key == KEY_EXITED)
			return true;
	return false;
}
