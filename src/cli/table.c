/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/table.h"

#include <string.h>

#include "base/arena.h"

#define CELL_MIN     12
#define CELL_PADDING 2

struct cell {
	const char *text;
	size_t len, width; /* in bytes, in characters */
	size_t column;     /* the width of its column, 0: not yet known */
};

struct line {
	struct cell *cells;
	size_t n; /* all but the last ended at a tab */
	bool ended;
};

static size_t count(const char *text, size_t len, char c)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += text[i] == c;
	return n;
}

static size_t characters(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += (text[i] & 0xc0) != 0x80;
	return n;
}

/* Returns what is behind the line. */
static const char *split_line(struct line *line, const char *text, const char *end,
			      struct cell *cells)
{
	line->cells = cells;
	for (;;) {
		const char *start = text;

		while (text < end && *text != '\t' && *text != '\n')
			text++;
		cells[line->n].text = start;
		cells[line->n].len = (size_t)(text - start);
		cells[line->n].width = characters(start, cells[line->n].len);
		line->n++;
		if (text == end)
			return text;
		if (*text++ == '\n') {
			line->ended = true;
			return text;
		}
	}
}

/* The column that this cell begins: all lines below that have such a cell, without a gap. */
static void measure_column(struct line *line, const struct line *end, size_t column)
{
	size_t width = CELL_MIN;
	struct line *l;

	for (l = line; l < end && l->n > column + 1; l++) {
		if (l->cells[column].width + CELL_PADDING > width)
			width = l->cells[column].width + CELL_PADDING;
	}
	for (l = line; l < end && l->n > column + 1; l++)
		l->cells[column].column = width;
}

static void print_line(struct buf *out, const struct line *line)
{
	for (size_t i = 0; i < line->n; i++) {
		const struct cell *c = &line->cells[i];

		buf_add(out, c->text, c->len);
		if (i + 1 < line->n)
			buf_addf(out, "%*s", (int)(c->column - c->width), "");
	}
	if (line->ended)
		buf_addc(out, '\n');
}

void table_print(struct buf *out, const char *text, size_t len)
{
	size_t lines_len = count(text, len, '\n') + 1, n = 0, used = 0;
	AUTO(arena) a = arena_new();
	struct line *lines = arena_array(a, lines_len, sizeof(*lines));
	struct cell *cells = arena_array(a, lines_len + count(text, len, '\t'), sizeof(*cells));
	const char *end = text + len;

	for (; text < end; n++) {
		text = split_line(&lines[n], text, end, cells + used);
		used += lines[n].n;
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t column = 0; column + 1 < lines[i].n; column++) {
			if (lines[i].cells[column].column == 0)
				measure_column(&lines[i], lines + n, column);
		}
		print_line(out, &lines[i]);
	}
}
