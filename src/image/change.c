/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/change.h"

#include <string.h>
#include <strings.h>

typedef int apply_fn(struct arena *a, struct image_process *to, const char *value, struct err *e);

/* ["a","b"] as it is, anything else through a shell. */
struct word_list {
	struct texts words;
};
static const struct json_field word_list_fields[] = {
	JSON_TEXTS(word_list, words, "words", 0),
	{ 0 },
};
static const struct json_type word_list_json = JSON_TYPE(word_list, word_list_fields);

static bool read_words(struct arena *a, const char *value, struct texts *ret)
{
	const char *object = arena_printf(a, "{\"words\":%s}", value);
	struct word_list l = { 0 };
	struct err e;

	if (*value != '[' || json_read(a, object, strlen(object), &word_list_json, &l, &e) < 0)
		return false;
	*ret = l.words;
	return true;
}

static struct texts command_of(struct arena *a, const char *value)
{
	struct texts words = { 0 };

	if (read_words(a, value, &words))
		return words;
	texts_add(a, &words, "/bin/sh");
	texts_add(a, &words, "-c");
	texts_add(a, &words, arena_strdup(a, value));
	return words;
}

static int apply_cmd(struct arena *a, struct image_process *to, const char *value, struct err *e)
{
	to->cmd = command_of(a, value);
	return 0;
}

static int apply_entrypoint(struct arena *a, struct image_process *to, const char *value,
			    struct err *e)
{
	to->entrypoint = command_of(a, value);
	return 0;
}

/* KEY=VALUE, or KEY VALUE as old Dockerfiles have it. */
static int split_pair(struct arena *a, const char *value, const char **ret_key,
		      const char **ret_value, struct err *e)
{
	size_t len = strcspn(value, "= \t");

	if (len == 0)
		return err_set(e, ERR_INVALID, "\"%.80s\": a name is missing", value);
	*ret_key = arena_strndup(a, value, len);
	value += len;
	if (*value == '=')
		value++;
	else
		value += strspn(value, " \t");
	*ret_value = arena_strdup(a, value);
	return 0;
}

static int apply_env(struct arena *a, struct image_process *to, const char *value, struct err *e)
{
	const char *key, *content, *whole;
	size_t len;
	int r = split_pair(a, value, &key, &content, e);

	if (r < 0)
		return r;
	whole = arena_printf(a, "%s=%s", key, content);
	len = strlen(key);
	for (size_t i = 0; i < to->env.n; i++) {
		if (strncmp(to->env.v[i], key, len) != 0 || to->env.v[i][len] != '=')
			continue;
		to->env.v[i] = whole;
		return 0;
	}
	texts_add(a, &to->env, whole);
	return 0;
}

static int apply_label(struct arena *a, struct image_process *to, const char *value, struct err *e)
{
	const char *key, *content;
	int r = split_pair(a, value, &key, &content, e);

	if (r == 0)
		text_map_set(a, &to->labels, key, content);
	return r;
}

static void set_add(struct arena *a, struct image_set *to, const char *key)
{
	struct image_key *v;

	for (size_t i = 0; i < to->n; i++)
		if (text_eq(to->v[i].key, key))
			return;
	v = arena_array(a, to->n + 1, sizeof(*v));
	if (to->n)
		memcpy(v, to->v, to->n * sizeof(*v));
	v[to->n].key = key;
	to->v = v;
	to->n++;
}

static int apply_expose(struct arena *a, struct image_process *to, const char *value, struct err *e)
{
	struct texts ports = texts_split(a, value, ' ');

	for (size_t i = 0; i < ports.n; i++) {
		const char *slash = strchr(ports.v[i], '/'), *number = ports.v[i];
		uint64_t port;
		int r;

		if (!*number)
			continue;
		if (slash)
			number = arena_strndup(a, number, (size_t)(slash - number));
		r = text_to_uint(number, 65535, &port, "port", e);
		if (r < 0)
			return r;
		if (slash && !text_eq(slash, "/tcp") && !text_eq(slash, "/udp") &&
		    !text_eq(slash, "/sctp"))
			return err_set(e, ERR_INVALID, "port %s: unknown protocol", ports.v[i]);
		set_add(a, &to->exposed_ports,
			arena_printf(a, "%s%s", ports.v[i], slash ? "" : "/tcp"));
	}
	return 0;
}

static int apply_volume(struct arena *a, struct image_process *to, const char *value, struct err *e)
{
	struct texts paths;

	if (!read_words(a, value, &paths))
		paths = texts_split(a, value, ' ');
	for (size_t i = 0; i < paths.n; i++)
		if (*paths.v[i])
			set_add(a, &to->volumes, paths.v[i]);
	return 0;
}

static int apply_on_build(struct arena *a, struct image_process *to, const char *value,
			  struct err *e)
{
	texts_add(a, &to->on_build, arena_strdup(a, value));
	return 0;
}

static int apply_stop_signal(struct arena *a, struct image_process *to, const char *value,
			     struct err *e)
{
	to->stop_signal = arena_strdup(a, value);
	return 0;
}

static int apply_user(struct arena *a, struct image_process *to, const char *value, struct err *e)
{
	to->user = arena_strdup(a, value);
	return 0;
}

static int apply_working_dir(struct arena *a, struct image_process *to, const char *value,
			     struct err *e)
{
	if (*value != '/')
		return err_set(e, ERR_INVALID, "WORKDIR \"%.80s\" is not an absolute path", value);
	to->working_dir = arena_strdup(a, value);
	return 0;
}

static const struct {
	const char *name;
	apply_fn *apply;
} instructions[] = {
	{ "CMD", apply_cmd },
	{ "ENTRYPOINT", apply_entrypoint },
	{ "ENV", apply_env },
	{ "EXPOSE", apply_expose },
	{ "LABEL", apply_label },
	{ "ONBUILD", apply_on_build },
	{ "STOPSIGNAL", apply_stop_signal },
	{ "USER", apply_user },
	{ "VOLUME", apply_volume },
	{ "WORKDIR", apply_working_dir },
};

int change_apply(struct arena *a, struct image_process *to, const char *change, struct err *e)
{
	size_t len = strcspn(change, "= \t");
	const char *value = change + len;

	value += *value == '=' ? 1 : strspn(value, " \t");
	for (size_t i = 0; i < ARRAY_LEN(instructions); i++)
		if (strlen(instructions[i].name) == len &&
		    !strncasecmp(instructions[i].name, change, len)) {
			if (!*value)
				return err_set(e, ERR_INVALID, "invalid change \"%.80s\": no value",
					       change);
			return instructions[i].apply(a, to, value, e);
		}
	return err_set(e, ERR_INVALID, "invalid change \"%.80s\": unknown instruction", change);
}
