/* SPDX-License-Identifier: BSD-2-Clause */
/* The functions of templates: Go's own, and those that podman and Docker add. */
#include <ctype.h>
#include <string.h>

#include "cli/template_node.h"

/* What a function works on. */
struct call {
	struct run *run;
	const char *name;
	const struct value *args;
	size_t n;
};

static int fail(const struct call *c, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);

static int fail(const struct call *c, struct err *e, const char *fmt, ...)
{
	auto_buf words = BUF(200);
	va_list args;

	va_start(args, fmt);
	buf_vaddf(&words, fmt, args);
	va_end(args);
	return err_set(e, ERR_INVALID, "error calling %s: %s", c->name, buf_text(&words));
}

static int wrong_type(const struct value *v, const char *expected, struct err *e)
{
	return err_set(e, ERR_INVALID, "wrong type for value; expected %s; got %.80s", expected,
		       value_type(v));
}

static int need_text(const struct value *v, struct err *e)
{
	return v->kind == VALUE_TEXT ? 0 : wrong_type(v, "string", e);
}

static int need_int(const struct value *v, int64_t *ret, struct err *e)
{
	if (v->kind == VALUE_REAL && v->real > -1e15 && v->real < 1e15 &&
	    v->real == (double)(int64_t)v->real)
		*ret = (int64_t)v->real;
	else if (v->kind == VALUE_INT || (v->kind == VALUE_UINT && v->natural <= INT64_MAX))
		*ret = v->integer;
	else
		return wrong_type(v, "int", e);
	return 0;
}

/* The text that was made, if it is not too long; it then belongs to the run. */
static int return_text(const struct call *c, struct buf *made, struct value *ret, struct err *e)
{
	int r = buf_check(made, "a text of the template", e);

	if (r == 0)
		r = run_spend(c->run, made->len / 64, e);
	if (r < 0)
		return r;
	*ret = (struct value){ .kind = VALUE_TEXT,
			       .text = arena_strndup(c->run->a, buf_text(made), made->len),
			       .len = made->len };
	return 0;
}

static int call_json(const struct call *c, struct value *ret, struct err *e)
{
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);

	value_json(&made, &c->args[0]);
	return return_text(c, &made, ret, e);
}

static int map_letters(const struct call *c, int (*change)(int), struct value *ret, struct err *e)
{
	const struct value *v = &c->args[0];
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);
	int r = need_text(v, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < v->len; i++) {
		unsigned char letter = (unsigned char)v->text[i];

		buf_addc(&made, (char)(letter < 0x80 ? change(letter) : letter));
	}
	return return_text(c, &made, ret, e);
}

static int call_upper(const struct call *c, struct value *ret, struct err *e)
{
	return map_letters(c, toupper, ret, e);
}

static int call_lower(const struct call *c, struct value *ret, struct err *e)
{
	return map_letters(c, tolower, ret, e);
}

/* The first letter of each word. */
static int call_title(const struct call *c, struct value *ret, struct err *e)
{
	const struct value *v = &c->args[0];
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);
	unsigned char before = ' ';
	int r = need_text(v, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < v->len; i++) {
		unsigned char letter = (unsigned char)v->text[i];
		bool inside = isalnum(before) || before == '_' || before == '\'' || before >= 0x80;

		buf_addc(&made, (char)(inside || letter >= 0x80 ? letter : toupper(letter)));
		before = letter;
	}
	return return_text(c, &made, ret, e);
}

static int call_join(const struct call *c, struct value *ret, struct err *e)
{
	const struct value *list = &c->args[0], *between = &c->args[1];
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);
	int r = need_text(between, e);

	if (r < 0)
		return r;
	if (list->heading) {
		*ret = *list;
		return 0;
	}
	if (list->kind != VALUE_LIST && list->kind != VALUE_NONE)
		return wrong_type(list, "[]string", e);
	for (size_t i = 0; i < list->n; i++) {
		if (i > 0)
			buf_add(&made, between->text, between->len);
		value_print(&made, &list->items[i]);
	}
	return return_text(c, &made, ret, e);
}

/* Between characters if the separator is empty. */
static const char *next_part(const char *from, const char *separator, size_t *len)
{
	const char *end;

	if (*separator) {
		end = strstr(from, separator);
		*len = end ? (size_t)(end - from) : strlen(from);
		return end ? end + strlen(separator) : NULL;
	}
	for (*len = 1; (from[*len] & 0xc0) == 0x80; ++*len)
		;
	return from[*len] ? from + *len : NULL;
}

static int call_split(const struct call *c, struct value *ret, struct err *e)
{
	struct texts parts = { 0 };
	struct value *items;
	const char *from;
	int r = need_text(&c->args[0], e);

	if (r == 0)
		r = need_text(&c->args[1], e);
	if (r == 0)
		r = run_spend(c->run, c->args[0].len, e);
	if (r < 0)
		return r;
	from = c->args[0].len > 0 || c->args[1].len > 0 ? c->args[0].text : NULL;
	while (from) {
		size_t len;
		const char *next = next_part(from, c->args[1].text, &len);

		texts_add(c->run->a, &parts, arena_strndup(c->run->a, from, len));
		from = next;
	}
	items = arena_array(c->run->a, parts.n, sizeof(*items));
	for (size_t i = 0; i < parts.n; i++)
		items[i] = value_text(parts.v[i]);
	*ret = (struct value){ .kind = VALUE_LIST, .items = items, .n = parts.n };
	return 0;
}

static int call_truncate(const struct call *c, struct value *ret, struct err *e)
{
	int64_t len;
	int r = need_text(&c->args[0], e);

	if (r == 0)
		r = need_int(&c->args[1], &len, e);
	if (r < 0)
		return r;
	*ret = c->args[0];
	if (ret->heading || len < 0 || (uint64_t)len >= ret->len)
		return 0;
	ret->text = arena_strndup(c->run->a, ret->text, (size_t)len);
	ret->len = (size_t)len;
	ret->shown = NULL;
	return 0;
}

static int call_pad(const struct call *c, struct value *ret, struct err *e)
{
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);
	int64_t before, behind;
	int r = need_text(&c->args[0], e);

	if (r == 0)
		r = need_int(&c->args[1], &before, e);
	if (r == 0)
		r = need_int(&c->args[2], &behind, e);
	if (r < 0)
		return r;
	if (before < 0 || before > TEMPLATE_VALUE_MAX || behind < 0 || behind > TEMPLATE_VALUE_MAX)
		return fail(c, e, "no such number of blanks");
	if (c->args[0].len > 0)
		buf_addf(&made, "%*s%s%*s", (int)before, "", c->args[0].text, (int)behind, "");
	return return_text(c, &made, ret, e);
}

static int call_len(const struct call *c, struct value *ret, struct err *e)
{
	int64_t len = value_len(&c->args[0]);

	if (c->args[0].kind == VALUE_NONE)
		return fail(c, e, "len of nil pointer");
	if (len < 0)
		return fail(c, e, "len of type %.80s", value_type(&c->args[0]));
	*ret = value_int(len);
	return 0;
}

static int index_once(const struct call *c, const struct value *v, const struct value *key,
		      struct value *ret, struct err *e)
{
	int64_t i;

	if (v->kind == VALUE_NONE)
		return fail(c, e, "index of untyped nil");
	if (v->kind == VALUE_MAP || v->kind == VALUE_RECORD) {
		if (key->kind != VALUE_TEXT)
			return fail(c, e, "value has type %.80s; should be string",
				    value_type(key));
		*ret = (struct value){ 0 };
		value_field(c->run->a, v, key->text, ret);
		if (ret->kind == VALUE_NONE && v->texts)
			*ret = value_text("");
		return 0;
	}
	if (v->kind != VALUE_LIST && v->kind != VALUE_TEXT)
		return fail(c, e, "can't index item of type %.80s", value_type(v));
	if (need_int(key, &i, e) < 0)
		return fail(c, e, "cannot index slice/array with type %.80s", value_type(key));
	if (i < 0 || i >= value_len(v))
		return fail(c, e, "index out of range: %lld", (long long)i);
	*ret = v->kind == VALUE_LIST ? v->items[i] : value_int((unsigned char)v->text[i]);
	return 0;
}

static int call_index(const struct call *c, struct value *ret, struct err *e)
{
	struct value v = c->args[0];

	for (size_t i = 1; i < c->n && !v.heading; i++) {
		struct value item;
		int r = index_once(c, &v, &c->args[i], &item, e);

		if (r < 0)
			return r;
		v = item;
	}
	*ret = v;
	return 0;
}

static int call_slice(const struct call *c, struct value *ret, struct err *e)
{
	struct value v = c->args[0];
	int64_t at[3] = { 0, value_len(&v), value_len(&v) };

	if (v.kind == VALUE_NONE)
		return fail(c, e, "slice of untyped nil");
	if (v.kind != VALUE_LIST && v.kind != VALUE_TEXT)
		return fail(c, e, "can't slice item of type %.80s", value_type(&v));
	for (size_t i = 1; i < c->n; i++) {
		if (need_int(&c->args[i], &at[i - 1], e) < 0)
			return fail(c, e, "cannot index slice/array with type %.80s",
				    value_type(&c->args[i]));
		if (!v.heading && (at[i - 1] < 0 || at[i - 1] > value_len(&v)))
			return fail(c, e, "index out of range: %lld", (long long)at[i - 1]);
	}
	*ret = v;
	if (v.heading)
		return 0;
	if (at[0] > at[1])
		return fail(c, e, "invalid slice index: %lld > %lld", (long long)at[0],
			    (long long)at[1]);
	if (v.kind == VALUE_LIST) {
		ret->items += at[0];
		ret->n = (size_t)(at[1] - at[0]);
		return 0;
	}
	ret->len = (size_t)(at[1] - at[0]);
	ret->shown = NULL;
	ret->text = arena_strndup(c->run->a, v.text + at[0], ret->len);
	return 0;
}

static int call_not(const struct call *c, struct value *ret, struct err *e)
{
	*ret = value_bool(!value_is_true(&c->args[0]));
	return 0;
}

static int call_printf(const struct call *c, struct value *ret, struct err *e)
{
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);
	int r = need_text(&c->args[0], e);

	if (r < 0)
		return r;
	template_printf(&made, c->args, c->n);
	return return_text(c, &made, ret, e);
}

/* A blank stands between two when neither is a text. */
static int call_print(const struct call *c, struct value *ret, struct err *e)
{
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);

	for (size_t i = 0; i < c->n; i++) {
		if (i > 0 && c->args[i].kind != VALUE_TEXT && c->args[i - 1].kind != VALUE_TEXT)
			buf_addc(&made, ' ');
		value_print(&made, &c->args[i]);
	}
	return return_text(c, &made, ret, e);
}

static int call_println(const struct call *c, struct value *ret, struct err *e)
{
	auto_buf made = BUF(TEMPLATE_VALUE_MAX);

	for (size_t i = 0; i < c->n; i++) {
		if (i > 0)
			buf_addc(&made, ' ');
		value_print(&made, &c->args[i]);
	}
	buf_addc(&made, '\n');
	return return_text(c, &made, ret, e);
}

static bool is_number(const struct value *v)
{
	return v->kind == VALUE_INT || v->kind == VALUE_UINT || v->kind == VALUE_REAL;
}

static double as_real(const struct value *v)
{
	if (v->kind == VALUE_REAL)
		return v->real;
	return v->kind == VALUE_INT ? (double)v->integer : (double)v->natural;
}

static int compare_numbers(const struct value *a, const struct value *b)
{
	if (a->kind == VALUE_REAL || b->kind == VALUE_REAL)
		return (as_real(a) > as_real(b)) - (as_real(a) < as_real(b));
	/* A negative number is below every natural one. */
	if (a->kind == VALUE_INT && a->integer < 0 && !(b->kind == VALUE_INT && b->integer < 0))
		return -1;
	if (b->kind == VALUE_INT && b->integer < 0 && !(a->kind == VALUE_INT && a->integer < 0))
		return 1;
	return (a->natural > b->natural) - (a->natural < b->natural);
}

/* *ret is negative, 0 or positive. */
static int compare(const struct call *c, const struct value *a, const struct value *b, int *ret,
		   struct err *e)
{
	if (is_number(a) && is_number(b)) {
		*ret = compare_numbers(a, b);
	} else if (a->kind != b->kind || a->kind >= VALUE_LIST) {
		/* Headings stand for values of any type. */
		if (!a->heading && !b->heading)
			return fail(c, e, "incompatible types for comparison");
		*ret = 1;
	} else if (a->kind == VALUE_TEXT) {
		*ret = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);
		if (*ret == 0)
			*ret = (a->len > b->len) - (a->len < b->len);
	} else {
		*ret = a->kind == VALUE_BOOL ? a->truth - b->truth : 0;
	}
	return 0;
}

static int call_eq(const struct call *c, struct value *ret, struct err *e)
{
	for (size_t i = 1; i < c->n; i++) {
		int order = 0, r = compare(c, &c->args[0], &c->args[i], &order, e);

		if (r < 0)
			return r;
		*ret = value_bool(order == 0);
		if (order == 0)
			break;
	}
	return 0;
}

static int call_order(const struct call *c, struct value *ret, struct err *e)
{
	int order = 0, r = compare(c, &c->args[0], &c->args[1], &order, e);
	const char *name = c->name;

	if (r < 0)
		return r;
	if (name[0] == 'n')
		*ret = value_bool(order != 0);
	else if (c->args[0].kind == VALUE_BOOL || c->args[0].kind == VALUE_NONE)
		return fail(c, e, "invalid type for comparison");
	else if (name[0] == 'l')
		*ret = value_bool(order < 0 || (name[1] == 'e' && order == 0));
	else
		*ret = value_bool(order > 0 || (name[1] == 'e' && order == 0));
	return 0;
}

/* The evaluator knows better, since it need not look at all of their arguments. */
static int call_logic(const struct call *c, struct value *ret, struct err *e)
{
	*ret = c->args[c->n - 1];
	return 0;
}

static const struct function {
	const char *name;
	int (*call)(const struct call *c, struct value *ret, struct err *e);
	size_t least, most; /* arguments; 0: any */
} functions[] = {
	{ "and", call_logic, 1, 0 },     { "eq", call_eq, 2, 0 },
	{ "ge", call_order, 2, 2 },      { "gt", call_order, 2, 2 },
	{ "index", call_index, 1, 0 },   { "join", call_join, 2, 2 },
	{ "json", call_json, 1, 1 },     { "le", call_order, 2, 2 },
	{ "len", call_len, 1, 1 },       { "lower", call_lower, 1, 1 },
	{ "lt", call_order, 2, 2 },      { "ne", call_order, 2, 2 },
	{ "not", call_not, 1, 1 },       { "or", call_logic, 1, 0 },
	{ "pad", call_pad, 3, 3 },       { "print", call_print, 0, 0 },
	{ "printf", call_printf, 1, 0 }, { "println", call_println, 0, 0 },
	{ "slice", call_slice, 1, 4 },   { "split", call_split, 2, 2 },
	{ "title", call_title, 1, 1 },   { "truncate", call_truncate, 2, 2 },
	{ "upper", call_upper, 1, 1 },
};

static const struct function *function_named(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(functions); i++) {
		if (strcmp(functions[i].name, name) == 0)
			return &functions[i];
	}
	return NULL;
}

bool template_has_function(const char *name)
{
	return function_named(name);
}

int template_call(struct run *r, const char *name, const struct value *args, size_t n,
		  struct value *ret, struct err *e)
{
	const struct function *f = function_named(name);
	struct call c = { .run = r, .name = name, .args = args, .n = n };

	if (!f)
		return err_set(e, ERR_INVALID, "function \"%s\" not defined", name);
	if (n < f->least || (f->most && n > f->most))
		return err_set(e, ERR_INVALID, "wrong number of args for %s: want %s%zu got %zu",
			       name, f->most == f->least ? "" : "at least ", f->least, n);
	return f->call(&c, ret, e);
}
