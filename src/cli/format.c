/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/format.h"

#include <string.h>

#include "cli/table.h"
#include "cli/template.h"

#define TABLE "table "

static const char *skip_blanks(const char *s)
{
	return s + strspn(s, " \t\n");
}

bool format_is_json(const char *format)
{
	const char *s = skip_blanks(format), *after;

	after = text_after(s, "{{");
	if (!after) {
		after = text_after(s, "json");
		return after && !*skip_blanks(after);
	}
	after = text_after(skip_blanks(after), "json");
	if (!after)
		return false;
	after = skip_blanks(after);
	if (*after == '.')
		after = skip_blanks(after + 1);
	after = text_after(after, "}}");
	return after && !*skip_blanks(after);
}

bool format_is_table(const char *format)
{
	return text_after(format, TABLE);
}

/* From "{{" to behind "}}", which doesn't end an action within a string. */
static size_t action_len(const char *s)
{
	size_t len = 2;
	char quote = 0;

	for (; s[len]; len++) {
		if (quote) {
			if (s[len] == '\\' && quote != '`' && s[len + 1])
				len++;
			else if (s[len] == quote)
				quote = 0;
		} else if (s[len] == '"' || s[len] == '`') {
			quote = s[len];
		} else if (s[len] == '}' && s[len + 1] == '}') {
			return len + 2;
		}
	}
	return len;
}

/* The template that a format means. Blanks end cells in a table. */
static void add_body(struct buf *body, const char *format, bool table)
{
	while (*format) {
		if (strncmp(format, "{{", 2) == 0) {
			size_t len = action_len(format);

			buf_add(body, format, len);
			format += len;
		} else if (format[0] == '\\' && (format[1] == 't' || format[1] == 'n')) {
			buf_addc(body, format[1] == 't' ? '\t' : '\n');
			format += 2;
		} else {
			buf_addc(body, table && *format == ' ' ? '\t' : *format);
			format++;
		}
	}
	if (body->len == 0 || body->data[body->len - 1] != '\n')
		buf_addc(body, '\n');
}

/* "{{range .}}" in front means that the template wants all rows at once. */
static bool takes_all_rows(const char *body)
{
	const char *s = text_after(body, "{{");

	s = s ? text_after(skip_blanks(s), "range") : NULL;
	if (!s || s == skip_blanks(s))
		return false;
	s = text_after(skip_blanks(s), ".");
	return s && text_after(skip_blanks(s), "}}");
}

static const char *heading(struct arena *a, const struct format *f, const char *field)
{
	for (const char *const *h = f->headings; h && *h; h += 2) {
		if (strcmp(h[0], field) == 0)
			return h[1];
	}
	return value_heading(a, field);
}

/* A row whose fields are the headings of their columns. */
static struct value heading_row(struct arena *a, const struct format *f)
{
	const struct json_field *field = f->row->fields;
	struct value *items, row = { .kind = VALUE_RECORD, .name = f->row->name };
	const char **keys;

	while (field[row.n].name)
		row.n++;
	row.items = items = arena_array(a, row.n, sizeof(*items));
	row.keys = keys = arena_array(a, row.n, sizeof(*keys));
	for (size_t i = 0; i < row.n; i++) {
		keys[i] = field[i].name;
		items[i] = value_text(heading(a, f, field[i].name));
		items[i].heading = true;
	}
	return row;
}

/* The rows through the template, one by one or all at once. */
static int run_rows(const struct template *t, const struct value *rows, bool at_once,
		    struct buf *out, struct err *e)
{
	int r = 0;

	if (at_once)
		return template_run(t, rows, out, e);
	for (size_t i = 0; i < rows->n && r == 0; i++)
		r = template_run(t, &rows->items[i], out, e);
	return r;
}

int format_rows(struct buf *out, const struct format *f, const char *format, const void *rows,
		size_t n, struct err *e)
{
	bool table = format_is_table(format), at_once;
	auto_buf body = BUF(TEMPLATE_TEXT_MAX), text = BUF(out->max);
	AUTO(arena) a = arena_new();
	struct template *t = NULL;
	struct value all;
	int r;

	add_body(&body, table ? format + strlen(TABLE) : format, table);
	r = buf_check(&body, "the format", e);
	if (r == 0)
		r = template_parse(a, f->name, buf_text(&body), &t, e);
	if (r < 0)
		return r;
	at_once = takes_all_rows(buf_text(&body));
	if (table && !f->no_heading) {
		struct value row = heading_row(a, f);

		all = (struct value){ .kind = VALUE_LIST, .items = &row, .n = 1 };
		r = run_rows(t, &all, at_once, &text, e);
	}
	all = value_structs(a, f->row, rows, n);
	if (r == 0)
		r = run_rows(t, &all, at_once, &text, e);
	if (r < 0)
		return r;
	if (table)
		table_print(out, buf_text(&text), text.len);
	else
		buf_add(out, buf_text(&text), text.len);
	return buf_check(out, "the output", e);
}

int format_value(struct buf *out, const char *name, const char *format, const struct value *v,
		 struct err *e)
{
	const char *rest = text_after(format, TABLE);
	auto_buf body = BUF(TEMPLATE_TEXT_MAX);
	AUTO(arena) a = arena_new();
	struct template *t = NULL;
	int r;

	add_body(&body, rest ? rest : format, rest);
	r = buf_check(&body, "the format", e);
	if (r == 0)
		r = template_parse(a, name, buf_text(&body), &t, e);
	return r < 0 ? r : template_run(t, v, out, e);
}

/* Members of what inspect prints that are maps in podman too. */
static const char *const inspect_maps[] = {
	"Annotations", "Data",         "DriverOpts",   "ExposedPorts", "Labels",  "Networks",
	"Options",     "PortBindings", "Ports",        "StorageOpt",   "Sysctls", "Tmpfs",
	"Volumes",     "containers",   "ipam_options", "labels",       "options", NULL
};

int format_inspected(struct buf *out, const char *format, const json_t *list, struct err *e)
{
	const json_t *object;
	size_t i;
	int r = 0;

	json_array_foreach (list, i, object) {
		AUTO(arena) a = arena_new();
		struct value v = value_tree(a, object, inspect_maps);

		r = format_value(out, "inspect", format, &v, e);
		if (r < 0)
			break;
	}
	return r;
}
