/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/value.h"

/* Go's %v of a float64: the shortest digits that read back, without an exponent from 1e-4 up to
 * 1e21. */
void value_print_real(struct buf *out, double real)
{
	char text[40];
	int digits, exponent;

	if (!isfinite(real)) {
		buf_adds(out, isnan(real) ? "NaN" : real > 0 ? "+Inf" : "-Inf");
		return;
	}
	for (digits = 0; digits < 17; digits++) {
		snprintf(text, sizeof(text), "%.*e", digits, real);
		if (strtod(text, NULL) == real)
			break;
	}
	exponent = atoi(strchr(text, 'e') + 1);
	if (real == 0 || (exponent >= -4 && exponent < 21))
		buf_addf(out, "%.*f", digits > exponent ? digits - exponent : 0, real);
	else
		buf_adds(out, text);
}

static void print_struct(struct buf *out, const struct value *v)
{
	AUTO(arena) a = arena_new();

	buf_addc(out, '{');
	for (const struct json_field *f = v->type->fields; f->name; f++) {
		struct value field = { 0 };

		if (f != v->type->fields)
			buf_addc(out, ' ');
		value_field(a, v, f->name, &field);
		value_print(out, &field);
	}
	buf_addc(out, '}');
}

static void print_items(struct buf *out, const struct value *v)
{
	bool record = v->kind == VALUE_RECORD;

	buf_adds(out, v->kind == VALUE_LIST ? "[" : record ? "{" : "map[");
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_addc(out, ' ');
		if (v->kind == VALUE_MAP)
			buf_addf(out, "%s:", v->keys[i]);
		value_print(out, &v->items[i]);
	}
	buf_addc(out, record ? '}' : ']');
}

void value_print(struct buf *out, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		buf_adds(out, "<nil>");
		break;
	case VALUE_BOOL:
		buf_adds(out, v->truth ? "true" : "false");
		break;
	case VALUE_INT:
		buf_addf(out, "%" PRId64, v->integer);
		break;
	case VALUE_UINT:
		buf_addf(out, "%" PRIu64, v->natural);
		break;
	case VALUE_REAL:
		value_print_real(out, v->real);
		break;
	case VALUE_TEXT:
		if (v->shown)
			buf_adds(out, v->shown);
		else
			buf_add(out, v->text, v->len);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_RECORD:
		print_items(out, v);
		break;
	default:
		print_struct(out, v);
	}
}

static void json_of_real(struct buf *out, double real)
{
	json_t *number = json_real(real);

	if (!number) {
		buf_adds(out, "null");
		return;
	}
	json_print(out, number, 0);
	json_decref(number);
}

static void json_items(struct buf *out, const struct value *v)
{
	bool list = v->kind == VALUE_LIST;

	buf_addc(out, list ? '[' : '{');
	for (size_t i = 0; i < v->n; i++) {
		if (i > 0)
			buf_addc(out, ',');
		if (!list) {
			json_quote(out, v->keys[i], strlen(v->keys[i]));
			buf_addc(out, ':');
		}
		value_json(out, &v->items[i]);
	}
	buf_addc(out, list ? ']' : '}');
}

void value_json(struct buf *out, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		buf_adds(out, "null");
		break;
	case VALUE_TEXT:
		json_quote(out, v->text, v->len);
		break;
	case VALUE_REAL:
		json_of_real(out, v->real);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
	case VALUE_RECORD:
		if (v->null)
			buf_adds(out, "null");
		else
			json_items(out, v);
		break;
	case VALUE_STRUCT:
		json_write(out, v->type, v->object, 0);
		break;
	default:
		value_print(out, v);
	}
}
