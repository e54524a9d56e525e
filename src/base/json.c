/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reading: one scan of the text enforces what jansson can't (our depth, integers beyond int64_t),
 * jansson makes the tree, and the tables fill the struct.  How the tree is walked is known from a
 * chain of steps on the stack, which becomes words only when there is something to complain about.
 */
#include "base/json.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define DEPTH_MAX 64
/* jansson takes some 200 bytes for each, whatever little text it has. */
#define VALUES_MAX 500000
#define RAW_MAX    (64 << 20)
#define TWO_63     0x1p63
#define TWO_64     0x1p64

/*
 * jansson's integers are int64_t, but limits of 18446744073709551615 are common in the field
 * (RLIM_INFINITY).  Such an integer gets a ".0" behind it and so becomes a double; TWO_64 then
 * means UINT64_MAX.  What a double can't hold exactly is refused rather than rounded.
 */
struct scan {
	const char *text;
	size_t len, at;
	unsigned depth, values;
	int line;
	struct buf *wide; /* the text with its wide integers marked; empty if there are none */
	size_t copied;
};

static int out_of_range(const struct scan *s, size_t from, struct err *e)
{
	size_t len = s->at - from;

	return err_set(e, ERR_INVALID, "line %d: the number %.*s%s is out of range", s->line,
		       (int)(len > 40 ? 40 : len), s->text + from, len > 40 ? "..." : "");
}

/* The digits from first to where the scan is; a sign may stand at from. */
static int wide_integer(struct scan *s, size_t from, size_t first, struct err *e)
{
	bool negative = first > from;
	size_t len = s->at - first;
	char digits[24];
	uint64_t value;

	if (len < 19)
		return 0;
	if (len > 20)
		return out_of_range(s, from, e);
	memcpy(digits, s->text + first, len);
	digits[len] = '\0';
	errno = 0;
	value = strtoull(digits, NULL, 10);
	if (errno == ERANGE)
		return out_of_range(s, from, e);
	if (value <= (uint64_t)INT64_MAX + negative)
		return 0;
	if (negative || (value != UINT64_MAX && value % 2048 != 0))
		return out_of_range(s, from, e);
	buf_add(s->wide, s->text + s->copied, s->at - s->copied);
	buf_adds(s->wide, ".0");
	s->copied = s->at;
	return 0;
}

static int scan_number(struct scan *s, struct err *e)
{
	size_t from = s->at, first = from + (s->text[from] == '-');
	bool integer = true;

	for (s->at = first; s->at < s->len; s->at++) {
		char c = s->text[s->at];

		if (c == '.' || c == 'e' || c == 'E')
			integer = false;
		else if ((c < '0' || c > '9') && c != '+' && c != '-')
			break;
	}
	return integer ? wide_integer(s, from, first, e) : 0;
}

static void scan_string(struct scan *s)
{
	for (s->at++; s->at < s->len && s->text[s->at] != '"'; s->at++) {
		if (s->text[s->at] == '\\')
			s->at++;
		else if (s->text[s->at] == '\n')
			s->line++;
	}
	s->at++;
}

/* Values stand behind opening brackets and commas. */
static int count_values(struct scan *s, char c, struct err *e)
{
	if (c == '{' || c == '[')
		s->depth++;
	else if ((c == '}' || c == ']') && s->depth > 0)
		s->depth--;
	s->values += c == '{' || c == '[' || c == ',';
	if (s->depth > DEPTH_MAX)
		return err_set(e, ERR_INVALID, "line %d: nested deeper than %d", s->line,
			       DEPTH_MAX);
	if (s->values > VALUES_MAX)
		return err_set(e, ERR_INVALID, "line %d: more than %d values", s->line, VALUES_MAX);
	return 0;
}

static int scan_text(struct scan *s, struct err *e)
{
	int r;

	while (s->at < s->len) {
		char c = s->text[s->at];

		if (c == '"') {
			scan_string(s);
			continue;
		}
		if (c == '-' || (c >= '0' && c <= '9')) {
			r = scan_number(s, e);
			if (r < 0)
				return r;
			continue;
		}
		if (c == '\n')
			s->line++;
		r = count_values(s, c, e);
		if (r < 0)
			return r;
		s->at++;
	}
	if (s->copied > 0)
		buf_add(s->wide, s->text + s->copied, s->len - s->copied);
	return 0;
}

/* jansson quotes the text it stopped at, which may hold anything. */
static int not_json(const json_error_t *error, struct err *e)
{
	char words[sizeof(error->text)];
	size_t i;

	for (i = 0; i + 1 < sizeof(words) && error->text[i]; i++) {
		unsigned char c = (unsigned char)error->text[i];

		words[i] = c < ' ' || c == 0x7f ? ' ' : error->text[i];
	}
	words[i] = '\0';
	return err_set(e, ERR_INVALID, "line %d: not valid JSON: %s", error->line, words);
}

int json_parse(const char *text, size_t len, json_t **ret, struct err *e)
{
	/* Each wide integer has 19 digits or more and grows by two bytes. */
	auto_buf wide = BUF(len + len / 8 + 64);
	struct scan s = { .text = text, .len = len, .line = 1, .wide = &wide };
	json_error_t error;
	json_t *tree;
	int r = scan_text(&s, e);

	if (r < 0)
		return r;
	if (wide.len > 0) {
		text = wide.data;
		len = wide.len;
	}
	tree = json_loadb(text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!tree)
		return not_json(&error, e);
	*ret = tree;
	return 0;
}

struct step {
	const struct step *up;
	const char *key; /* NULL: index */
	size_t index;
};

static void step_print(const struct step *at, struct buf *out)
{
	if (at->up)
		step_print(at->up, out);
	if (!at->key)
		buf_addf(out, "[%zu]", at->index);
	else
		buf_addf(out, "%s%.64s", out->len > 0 ? "." : "", at->key);
}

static int complain(const struct step *at, const char *words, struct err *e)
{
	auto_buf path = BUF(8192);

	if (!at)
		return err_set(e, ERR_INVALID, "%s", words);
	step_print(at, &path);
	return err_set(e, ERR_INVALID, "%s: %s", buf_text(&path), words);
}

typedef int read_fn(struct arena *a, const json_t *from, const struct json_field *f,
		    const struct step *at, void *to, struct err *e);

static int read_object(struct arena *a, const json_t *from, const struct json_type *t,
		       const struct step *at, void *obj, struct err *e);

static int read_bool(struct arena *a, const json_t *from, const struct json_field *f,
		     const struct step *at, void *to, struct err *e)
{
	if (!json_is_boolean(from))
		return complain(at, "expected true or false", e);
	*(bool *)to = json_is_true(from);
	return 0;
}

static int read_int(struct arena *a, const json_t *from, const struct json_field *f,
		    const struct step *at, void *to, struct err *e)
{
	double d = json_real_value(from);

	if (json_is_integer(from)) {
		*(int64_t *)to = json_integer_value(from);
		return 0;
	}
	if (!json_is_real(from) || (d > -TWO_63 && d < TWO_63 && d != (double)(int64_t)d))
		return complain(at, "expected an integer", e);
	if (d < -TWO_63 || d >= TWO_63)
		return complain(at, "the integer is out of range", e);
	*(int64_t *)to = (int64_t)d;
	return 0;
}

static int read_uint(struct arena *a, const json_t *from, const struct json_field *f,
		     const struct step *at, void *to, struct err *e)
{
	double d = json_real_value(from);

	if (json_is_integer(from) && json_integer_value(from) >= 0) {
		*(uint64_t *)to = (uint64_t)json_integer_value(from);
		return 0;
	}
	if (json_is_integer(from) || (json_is_real(from) && (d < 0 || d > TWO_64)))
		return complain(at, "the integer is out of range", e);
	if (!json_is_real(from) || (d < TWO_63 && d != (double)(uint64_t)d))
		return complain(at, "expected an integer", e);
	*(uint64_t *)to = d >= TWO_64 ? UINT64_MAX : (uint64_t)d;
	return 0;
}

static int read_double(struct arena *a, const json_t *from, const struct json_field *f,
		       const struct step *at, void *to, struct err *e)
{
	if (!json_is_number(from))
		return complain(at, "expected a number", e);
	*(double *)to = json_number_value(from);
	return 0;
}

static int read_text(struct arena *a, const json_t *from, const struct json_field *f,
		     const struct step *at, void *to, struct err *e)
{
	if (!json_is_string(from))
		return complain(at, "expected a string", e);
	*(const char **)to = arena_strndup(a, json_string_value(from), json_string_length(from));
	return 0;
}

static int read_name(struct arena *a, const json_t *from, const struct json_field *f,
		     const struct step *at, void *to, struct err *e)
{
	const char *s = json_string_value(from);
	auto_buf words = BUF(400);

	if (!s)
		return complain(at, "expected a string", e);
	for (size_t i = 0; i < f->names_len; i++) {
		if (f->names[i] && strcmp(f->names[i], s) == 0) {
			*(int *)to = (int)i;
			return 0;
		}
	}
	buf_addf(&words, "unknown value ");
	json_quote(&words, s, strnlen(s, 64));
	return complain(at, buf_text(&words), e);
}

static int read_texts(struct arena *a, const json_t *from, const struct json_field *f,
		      const struct step *at, void *to, struct err *e)
{
	size_t n = json_array_size(from);
	struct texts list = { .n = n };

	if (!json_is_array(from))
		return complain(at, "expected an array", e);
	list.v = arena_array(a, n + 1, sizeof(*list.v));
	for (size_t i = 0; i < n; i++) {
		struct step here = { .up = at, .index = i };
		int r = read_text(a, json_array_get(from, i), f, &here, &list.v[i], e);

		if (r < 0)
			return r;
	}
	*(struct texts *)to = list;
	return 0;
}

static int read_uints(struct arena *a, const json_t *from, const struct json_field *f,
		      const struct step *at, void *to, struct err *e)
{
	size_t n = json_array_size(from);
	struct json_uints list = { .n = n };

	if (!json_is_array(from))
		return complain(at, "expected an array", e);
	list.v = arena_array(a, n, sizeof(*list.v));
	for (size_t i = 0; i < n; i++) {
		struct step here = { .up = at, .index = i };
		int r = read_uint(a, json_array_get(from, i), f, &here, &list.v[i], e);

		if (r < 0)
			return r;
	}
	*(struct json_uints *)to = list;
	return 0;
}

static int read_text_map(struct arena *a, const json_t *from, const struct json_field *f,
			 const struct step *at, void *to, struct err *e)
{
	struct text_map map = { .n = json_object_size(from) };
	struct text_pair *pair;
	const char *key;
	json_t *value;

	if (!json_is_object(from))
		return complain(at, "expected an object", e);
	pair = map.v = arena_array(a, map.n, sizeof(*map.v));
	json_object_foreach ((json_t *)from, key, value) {
		struct step here = { .up = at, .key = key };
		int r = read_text(a, value, f, &here, &pair->value, e);

		if (r < 0)
			return r;
		pair->key = arena_strdup(a, key);
		pair++;
	}
	*(struct text_map *)to = map;
	return 0;
}

static int read_object_field(struct arena *a, const json_t *from, const struct json_field *f,
			     const struct step *at, void *to, struct err *e)
{
	return read_object(a, from, f->type, at, to, e);
}

static int read_object_ptr(struct arena *a, const json_t *from, const struct json_field *f,
			   const struct step *at, void *to, struct err *e)
{
	void *obj = arena_alloc(a, f->type->size);
	int r = read_object(a, from, f->type, at, obj, e);

	if (r == 0)
		*(void **)to = obj;
	return r;
}

/* How an array or map of structs of any type looks. */
struct items {
	char *v;
	size_t n;
};

static int read_array(struct arena *a, const json_t *from, const struct json_field *f,
		      const struct step *at, void *to, struct err *e)
{
	struct items items = { .n = json_array_size(from) };

	if (!json_is_array(from))
		return complain(at, "expected an array", e);
	items.v = arena_array(a, items.n, f->type->size);
	for (size_t i = 0; i < items.n; i++) {
		struct step here = { .up = at, .index = i };
		int r = read_object(a, json_array_get(from, i), f->type, &here,
				    items.v + i * f->type->size, e);

		if (r < 0)
			return r;
	}
	*(struct items *)to = items;
	return 0;
}

static int read_map(struct arena *a, const json_t *from, const struct json_field *f,
		    const struct step *at, void *to, struct err *e)
{
	struct items items = { .n = json_object_size(from) };
	const char *key;
	json_t *value;
	char *item;

	if (!json_is_object(from))
		return complain(at, "expected an object", e);
	item = items.v = arena_array(a, items.n, f->type->size);
	json_object_foreach ((json_t *)from, key, value) {
		struct step here = { .up = at, .key = key };
		int r = read_object(a, value, f->type, &here, item, e);

		if (r < 0)
			return r;
		*(const char **)(void *)item = arena_strdup(a, key);
		item += f->type->size;
	}
	*(struct items *)to = items;
	return 0;
}

static int read_bool_ptr(struct arena *a, const json_t *from, const struct json_field *f,
			 const struct step *at, void *to, struct err *e)
{
	bool *value = ARENA_NEW(a, bool);
	int r = read_bool(a, from, f, at, value, e);

	if (r == 0)
		*(const bool **)to = value;
	return r;
}

static int read_int_ptr(struct arena *a, const json_t *from, const struct json_field *f,
			const struct step *at, void *to, struct err *e)
{
	int64_t *value = ARENA_NEW(a, int64_t);
	int r = read_int(a, from, f, at, value, e);

	if (r == 0)
		*(const int64_t **)to = value;
	return r;
}

static int read_uint_ptr(struct arena *a, const json_t *from, const struct json_field *f,
			 const struct step *at, void *to, struct err *e)
{
	uint64_t *value = ARENA_NEW(a, uint64_t);
	int r = read_uint(a, from, f, at, value, e);

	if (r == 0)
		*(const uint64_t **)to = value;
	return r;
}

static int read_raw(struct arena *a, const json_t *from, const struct json_field *f,
		    const struct step *at, void *to, struct err *e)
{
	auto_buf text = BUF(RAW_MAX);
	int r;

	json_print(&text, from, 0);
	r = buf_check(&text, f->name, e);
	if (r < 0)
		return r;
	*(const char **)to = arena_strndup(a, buf_text(&text), text.len);
	return 0;
}

static read_fn *const readers[] = {
	[JSON_KIND_BOOL] = read_bool,
	[JSON_KIND_INT] = read_int,
	[JSON_KIND_UINT] = read_uint,
	[JSON_KIND_DOUBLE] = read_double,
	[JSON_KIND_TEXT] = read_text,
	[JSON_KIND_NAME] = read_name,
	[JSON_KIND_TEXTS] = read_texts,
	[JSON_KIND_UINTS] = read_uints,
	[JSON_KIND_TEXT_MAP] = read_text_map,
	[JSON_KIND_OBJECT] = read_object_field,
	[JSON_KIND_OBJECT_PTR] = read_object_ptr,
	[JSON_KIND_ARRAY] = read_array,
	[JSON_KIND_MAP] = read_map,
	[JSON_KIND_BOOL_PTR] = read_bool_ptr,
	[JSON_KIND_INT_PTR] = read_int_ptr,
	[JSON_KIND_UINT_PTR] = read_uint_ptr,
	[JSON_KIND_RAW] = read_raw,
};
_Static_assert(ARRAY_LEN(readers) == JSON_KINDS, "every kind is read");

static int read_object(struct arena *a, const json_t *from, const struct json_type *t,
		       const struct step *at, void *obj, struct err *e)
{
	if (!json_is_object(from))
		return complain(at, "expected an object", e);
	for (const struct json_field *f = t->fields; f->name; f++) {
		const json_t *value = json_object_get(from, f->name);
		struct step here = { .up = at, .key = f->name };
		int r = 0;

		if (value && !json_is_null(value))
			r = readers[f->kind](a, value, f, &here, (char *)obj + f->offset, e);
		else if (f->flags & JSON_REQUIRED)
			r = complain(&here, "is missing", e);
		if (r < 0)
			return r;
	}
	return 0;
}

int json_into(struct arena *a, const json_t *from, const struct json_type *t, void *obj,
	      struct err *e)
{
	return read_object(a, from, t, NULL, obj, e);
}

int json_read(struct arena *a, const char *text, size_t len, const struct json_type *t, void *obj,
	      struct err *e)
{
	json_t *tree;
	int r = json_parse(text, len, &tree, e);

	if (r < 0)
		return r;
	r = json_into(a, tree, t, obj, e);
	json_decref(tree);
	return r;
}
