/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/network_filter.h"

#include <regex.h>
#include <string.h>

#include "base/units.h"

enum filter_key { KEY_DANGLING, KEY_DRIVER, KEY_ID, KEY_LABEL, KEY_NAME, KEY_UNTIL, FILTER_KEYS };
static const char *const key_name[FILTER_KEYS] = {
	[KEY_DANGLING] = "dangling", [KEY_DRIVER] = "driver", [KEY_ID] = "id",
	[KEY_LABEL] = "label",       [KEY_NAME] = "name",     [KEY_UNTIL] = "until",
};

struct term {
	enum filter_key key;
	const char *value;
	bool not_equal, truth;
	int64_t time_nsec;
	regex_t pattern;
};

struct texts network_users(struct session *s, const struct containers *all, const struct network *n)
{
	struct texts users = { 0 };

	for (size_t i = 0; i < all->n; i++)
		for (size_t k = 0; k < all->v[i]->networks.n; k++)
			if (text_eq(all->v[i]->networks.v[k].network, n->name)) {
				texts_add(s->arena, &users, all->v[i]->id);
				break;
			}
	return users;
}

static int read_value(struct term *t, struct err *e)
{
	int truth;

	switch (t->key) {
	case KEY_DANGLING:
		truth = text_truth(t->value);
		t->truth = truth == 1;
		return truth >= 0 ? 0
				  : err_set(e, ERR_INVALID, "invalid dangling filter value \"%s\"",
					    t->value);
	case KEY_ID:
	case KEY_NAME:
		return regcomp(&t->pattern, t->value, REG_EXTENDED | REG_NOSUB) == 0
			       ? 0
			       : err_set(e, ERR_INVALID, "invalid %s filter \"%s\"",
					 key_name[t->key], t->value);
	case KEY_UNTIL:
		return time_parse(t->value, clock_nsec(), &t->time_nsec, e);
	default:
		return 0;
	}
}

static int read_term(struct session *s, const char *text, bool for_prune, struct term *t,
		     struct err *e)
{
	size_t n = strcspn(text, "=");
	const char *name;
	int key;

	if (!text[n] || n == 0)
		return err_set(e, ERR_INVALID,
			       "invalid filter \"%s\": must be in the format \"filter=value\"",
			       text);
	t->value = text + n + 1;
	t->not_equal = text[n - 1] == '!';
	name = arena_strndup(s->arena, text, n - t->not_equal);
	key = text_index(name, key_name, FILTER_KEYS);
	if (key < 0 || (t->not_equal && key != KEY_LABEL) ||
	    (for_prune && key != KEY_LABEL && key != KEY_UNTIL))
		return err_set(e, ERR_INVALID, "invalid filter \"%.*s\"", (int)n, text);
	t->key = (enum filter_key)key;
	return read_value(t, e);
}

static bool has_label(struct arena *a, const struct network *n, const char *pair)
{
	size_t len = strcspn(pair, "=");
	const char *has = text_map_get(&n->labels, arena_strndup(a, pair, len));

	return has && (!pair[len] || strcmp(has, pair + len + 1) == 0);
}

static bool holds(struct session *s, const struct term *t, const struct network *n,
		  const struct containers *all)
{
	int64_t created;

	switch (t->key) {
	case KEY_DANGLING:
		/* The default one is never left over. */
		return (network_users(s, all, n).n == 0 && !network_is_default(n->name)) ==
		       t->truth;
	case KEY_DRIVER:
		return strcmp(n->driver, t->value) == 0;
	case KEY_ID:
		return regexec(&t->pattern, n->id, 0, NULL, 0) == 0;
	case KEY_LABEL:
		return has_label(s->arena, n, t->value) != t->not_equal;
	case KEY_NAME:
		return regexec(&t->pattern, n->name, 0, NULL, 0) == 0;
	default:
		return time_parse(n->created, clock_nsec(), &created, NULL) == 0 &&
		       created < t->time_nsec;
	}
}

/* Each label must hold; of the other keys one of their values. */
static bool matches(struct session *s, const struct term *terms, size_t len,
		    const struct network *n, const struct containers *all)
{
	bool asked[FILTER_KEYS] = { 0 }, met[FILTER_KEYS] = { 0 };

	for (size_t i = 0; i < len; i++) {
		bool yes = holds(s, &terms[i], n, all);

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

int network_filter(struct session *s, const struct texts *filters, bool for_prune,
		   struct networks *ret, struct err *e)
{
	struct term *terms = arena_array(s->arena, filters->n, sizeof(*terms));
	struct containers users = { 0 };
	struct networks all;
	size_t n = 0, kept = 0;
	int r = network_list(&s->state, s->arena, &all, e);

	if (r == 0 && filters->n)
		r = container_list(&s->state, s->arena, &users, NULL, NULL, e);
	for (; r == 0 && n < filters->n; n++)
		r = read_term(s, filters->v[n], for_prune, &terms[n], e);
	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (matches(s, terms, n, all.v[i], &users))
			all.v[kept++] = all.v[i];
	for (size_t i = 0; i < n; i++)
		if ((terms[i].key == KEY_NAME || terms[i].key == KEY_ID) && r == 0)
			regfree(&terms[i].pattern);
	all.n = kept;
	if (r == 0)
		*ret = all;
	return r;
}
