/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/choose.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "engine/pty.h"

#define SHOWN_MAX  10 /* items at once */
#define COLUMNS    80
#define OUTPUT_MAX ((size_t)1 << 20)
#define ESCAPE_MAX 8

enum key { KEY_NONE, KEY_UP, KEY_DOWN, KEY_CHOOSE, KEY_LEAVE };

static const struct {
	const char *bytes;
	enum key key;
} keys[] = {
	{ "\r", KEY_CHOOSE }, { "\n", KEY_CHOOSE }, { "\x03", KEY_LEAVE },  { "\x04", KEY_LEAVE },
	{ "k", KEY_UP },      { "\x10", KEY_UP },   { "\x1b[A", KEY_UP },   { "\x1bOA", KEY_UP },
	{ "j", KEY_DOWN },    { "\x0e", KEY_DOWN }, { "\x1b[B", KEY_DOWN }, { "\x1bOB", KEY_DOWN },
};

/* One byte at a time: what is typed ahead is for whoever reads next. */
static enum key read_key(void)
{
	char typed[ESCAPE_MAX + 1] = "";

	for (size_t n = 0; n < ESCAPE_MAX;) {
		ssize_t got = read(STDIN_FILENO, typed + n, 1);
		bool begun = false;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return KEY_LEAVE;
		typed[++n] = '\0';
		for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
			if (strcmp(keys[i].bytes, typed) == 0)
				return keys[i].key;
			begun = begun || strncmp(keys[i].bytes, typed, n) == 0;
		}
		if (!begun)
			return KEY_NONE;
	}
	return KEY_NONE;
}

static unsigned columns(void)
{
	struct winsize size;

	return pty_size(STDOUT_FILENO, &size) == 0 && size.ws_col > 10 ? size.ws_col : COLUMNS;
}

/* The lines below the question, with the cursor left behind them. */
static void draw(const struct texts *items, size_t at, bool again)
{
	size_t shown = items->n < SHOWN_MAX ? items->n : SHOWN_MAX;
	size_t first = at < shown ? 0 : at - shown + 1;
	auto_buf out = BUF(OUTPUT_MAX);

	if (again)
		buf_addf(&out, "\x1b[%zuA\r\x1b[J", shown);
	for (size_t i = first; i < first + shown; i++)
		buf_addf(&out, "  %s %.*s\r\n", i == at ? "▸" : " ", (int)columns() - 5,
			 items->v[i]);
	/* Nobody to tell if the terminal is gone: reading fails then. */
	(void)!file_write_all(STDOUT_FILENO, buf_text(&out), out.len);
}

/* Takes the list away and leaves what was chosen. */
static void draw_chosen(const struct texts *items, const char *chosen)
{
	size_t shown = items->n < SHOWN_MAX ? items->n : SHOWN_MAX;
	auto_buf out = BUF(OUTPUT_MAX);

	buf_addf(&out, "\x1b[%zuA\r\x1b[J", shown + 1);
	if (chosen)
		buf_addf(&out, "✔ %s\r\n", chosen);
	(void)!file_write_all(STDOUT_FILENO, buf_text(&out), out.len);
}

int choose(const char *question, const struct texts *items, size_t *ret, struct err *e)
{
	enum key key = KEY_NONE;
	size_t at = 0;
	int r = pty_raw(STDIN_FILENO, e);

	if (r < 0)
		return r;
	printf("? %s:\r\n", question);
	fflush(stdout);
	draw(items, at, false);
	while (key != KEY_CHOOSE && key != KEY_LEAVE) {
		key = read_key();
		if (key == KEY_UP && at > 0)
			at--;
		if (key == KEY_DOWN && at + 1 < items->n)
			at++;
		draw(items, at, true);
	}
	draw_chosen(items, key == KEY_CHOOSE ? items->v[at] : NULL);
	pty_restore();
	if (key == KEY_LEAVE)
		return err_set(e, ERR_INVALID, "^C");
	*ret = at;
	return 0;
}
