/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/image_filter.h"

#include <fnmatch.h>
#include <string.h>

#include "base/units.h"
#include "engine/container.h"

enum filter_key {
	FILTER_AFTER,
	FILTER_BEFORE,
	FILTER_CONTAINERS,
	FILTER_DANGLING,
	FILTER_DIGEST,
	FILTER_ID,
	FILTER_INTERMEDIATE,
	FILTER_LABEL,
	FILTER_LABEL_NOT,
	FILTER_MANIFEST,
	FILTER_READ_ONLY,
	FILTER_REFERENCE,
	FILTER_SINCE,
	FILTER_UNTIL,
	FILTER_KEYS
};

static const char *const key_name[FILTER_KEYS] = {
	[FILTER_AFTER] = "after",
	[FILTER_BEFORE] = "before",
	[FILTER_CONTAINERS] = "containers",
	[FILTER_DANGLING] = "dangling",
	[FILTER_DIGEST] = "digest",
	[FILTER_ID] = "id",
	[FILTER_INTERMEDIATE] = "intermediate",
	[FILTER_LABEL] = "label",
	[FILTER_LABEL_NOT] = "label!",
	[FILTER_MANIFEST] = "manifest",
	[FILTER_READ_ONLY] = "readonly",
	[FILTER_REFERENCE] = "reference",
	[FILTER_SINCE] = "since",
	[FILTER_UNTIL] = "until",
};

struct condition {
	enum filter_key key;
	const char *value;
	bool truth;        /* of yes-no keys */
	int64_t time_nsec; /* of before, since, until */
};

struct image_filter {
	struct session *session;
	struct condition *conditions;
	size_t n, room;
};

static void add(struct image_filter *f, const struct condition *c)
{
	if (f->n == f->room) {
		struct condition *more =
			arena_array(f->session->arena, f->room ? 2 * f->room : 8, sizeof(*more));

		if (f->n)
			memcpy(more, f->conditions, f->n * sizeof(*more));
		f->conditions = more;
		f->room = f->room ? 2 * f->room : 8;
	}
	f->conditions[f->n++] = *c;
}

static int read_truth(struct condition *c, struct err *e)
{
	int truth = text_truth(c->value);

	c->truth = truth == 1;
	if (truth >= 0)
		return 0;
	return err_set(e, ERR_INVALID, "non-boolean value \"%.80s\" for %s filter", c->value,
		       key_name[c->key]);
}

/* The time of the image that the filter names. */
static int read_image_time(struct session *s, struct condition *c, struct err *e)
{
	struct image *i;
	int r = image_find(&s->state, s->arena, c->value, &i, NULL, e);

	if (r < 0)
		return err_wrap(e, "could not find local image for filter %s=%s", key_name[c->key],
				c->value);
	c->time_nsec = i->created_nsec;
	return 0;
}

static int read_value(struct session *s, struct condition *c, struct err *e)
{
	switch (c->key) {
	case FILTER_DANGLING:
	case FILTER_INTERMEDIATE:
	case FILTER_MANIFEST:
	case FILTER_READ_ONLY:
		return read_truth(c, e);
	case FILTER_CONTAINERS:
		if (text_eq(c->value, "external"))
			c->value = "false";
		return read_truth(c, e);
	case FILTER_AFTER:
	case FILTER_BEFORE:
	case FILTER_SINCE:
		return read_image_time(s, c, e);
	case FILTER_UNTIL:
		return time_parse(c->value, clock_nsec(), &c->time_nsec, e);
	default:
		return 0;
	}
}

static int parse(struct session *s, const char *filter, struct condition *ret, struct err *e)
{
	const char *equals = strchr(filter, '=');
	struct condition c = { 0 };
	int key;

	if (!equals)
		return err_set(e, ERR_INVALID,
			       "invalid image filter \"%.100s\": must be in the format "
			       "\"filter=value or filter!=value\"",
			       filter);
	key = text_index(arena_strndup(s->arena, filter, (size_t)(equals - filter)), key_name,
			 FILTER_KEYS);
	if (key < 0)
		return err_set(e, ERR_INVALID, "unsupported image filter \"%.*s\"",
			       (int)(equals - filter < 100 ? equals - filter : 100), filter);
	c.key = (enum filter_key)key;
	c.value = equals + 1;
	*ret = c;
	return read_value(s, ret, e);
}

int image_filter_new(struct session *s, const struct texts *filters, struct image_filter **ret,
		     struct err *e)
{
	struct image_filter *f = ARENA_NEW(s->arena, struct image_filter);

	f->session = s;
	for (size_t i = 0; i < filters->n; i++) {
		struct condition c;
		int r = parse(s, filters->v[i], &c, e);

		if (r < 0)
			return r;
		add(f, &c);
	}
	*ret = f;
	return 0;
}

void image_filter_reference(struct image_filter *f, const char *pattern)
{
	add(f, &(struct condition){ .key = FILTER_REFERENCE, .value = pattern });
}

static bool has_label(const struct image *i, const char *want)
{
	const struct text_map *labels = &i->config.config.labels;
	size_t len = strcspn(want, "=");

	for (size_t n = 0; n < labels->n; n++) {
		const struct text_pair *l = &labels->v[n];

		if (strlen(l->key) == len && !strncmp(l->key, want, len) &&
		    (!want[len] || text_eq(l->value, want + len + 1)))
			return true;
	}
	return false;
}

/* A pattern may leave the tag out, and anything in front up to a slash. */
static bool name_matches(struct arena *a, const char *pattern, const char *name)
{
	struct reference r;
	struct err ignored;
	const char *bare;

	if (reference_parse_name(a, name, &r, &ignored) < 0)
		return text_eq(pattern, name);
	bare = reference_print_name(a, &r);
	for (;;) {
		const char *slash;

		if (fnmatch(pattern, name, 0) == 0 || fnmatch(pattern, bare, 0) == 0)
			return true;
		slash = strchr(bare, '/');
		if (!slash)
			return false;
		name = strchr(name, '/') + 1;
		bare = slash + 1;
	}
}

bool image_filter_shows(const struct image_filter *f, const char *name)
{
	bool asked = false;

	for (size_t i = 0; i < f->n; i++) {
		if (f->conditions[i].key != FILTER_REFERENCE)
			continue;
		asked = true;
		if (name_matches(f->session->arena, f->conditions[i].value, name))
			return true;
	}
	return !asked;
}

static bool has_shown_name(const struct image_filter *f, const struct image *i)
{
	for (size_t n = 0; n < i->names.n; n++)
		if (image_filter_shows(f, i->names.v[n]))
			return true;
	return false;
}

static int is_used(const struct image_filter *f, const struct image *i, struct err *e)
{
	struct texts containers = { 0 };
	int r = container_users_of_image(&f->session->state, i->id, f->session->arena, &containers,
					 e);

	return r < 0 ? r : containers.n > 0;
}

static int holds(const struct image_filter *f, const struct condition *c, const struct image *i,
		 struct err *e)
{
	int r;

	switch (c->key) {
	case FILTER_AFTER:
	case FILTER_SINCE:
		return i->created_nsec > c->time_nsec;
	case FILTER_BEFORE:
	case FILTER_UNTIL:
		return i->created_nsec < c->time_nsec;
	case FILTER_CONTAINERS:
		r = is_used(f, i, e);
		return r < 0 ? r : (r > 0) == c->truth;
	case FILTER_DANGLING:
		return (i->names.n == 0) == c->truth;
	case FILTER_DIGEST:
		for (size_t n = 0; n < i->digests.n; n++)
			if (text_after(i->digests.v[n], c->value))
				return 1;
		return 0;
	case FILTER_ID:
		return text_after(i->id, c->value) != NULL;
	case FILTER_INTERMEDIATE:
	case FILTER_MANIFEST:
	case FILTER_READ_ONLY:
		return !c->truth;
	case FILTER_LABEL:
		return has_label(i, c->value);
	case FILTER_LABEL_NOT:
		return !has_label(i, c->value);
	case FILTER_REFERENCE:
		return has_shown_name(f, i);
	default:
		return 0;
	}
}

/* One of the values of this key holds; of labels, all. */
static int key_holds(const struct image_filter *f, enum filter_key key, const struct image *i,
		     struct err *e)
{
	bool all = key == FILTER_LABEL || key == FILTER_LABEL_NOT;
	int result = all;

	for (size_t n = 0; n < f->n; n++) {
		int r;

		if (f->conditions[n].key != key)
			continue;
		r = holds(f, &f->conditions[n], i, e);
		if (r < 0)
			return r;
		if ((r > 0) != all)
			return r;
		result = r;
	}
	return result;
}

int image_filter_matches(const struct image_filter *f, const struct image *i, struct err *e)
{
	for (size_t n = 0; n < f->n; n++) {
		int r = key_holds(f, f->conditions[n].key, i, e);

		if (r <= 0)
			return r;
	}
	return 1;
}
