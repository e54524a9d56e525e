/* SPDX-License-Identifier: BSD-2-Clause */
/* Between toml.c and toml_value.c; private to them. */
#pragma once

#include <jansson.h>

#include "base/buf.h"
#include "base/text.h"

enum { TOML_DEPTH = 32, TOML_KEY_PARTS = 64 };

/* How a table or array came to be. */
enum {
	TOML_DEFINED = 1, /* by its header */
	TOML_DOTTED = 2,  /* by a dotted key */
	TOML_CLOSED = 4,  /* inline: complete */
	TOML_TABLES = 8,  /* an array of tables, which [[…]] adds to */
};

struct toml_mark;
struct toml {
	struct arena *arena; /* of the parser: keys, marks */
	const char *name, *p, *end;
	unsigned line, depth;
	json_t *root, *table; /* table: that of the last header */
	struct toml_mark *marks;
	size_t marks_len, marks_room;
};

int toml_error(const struct toml *t, struct err *e, const char *fmt, ...) PRINTF_LIKE(3, 4);
void toml_mark(struct toml *t, const json_t *of, unsigned flags);

void toml_blanks(struct toml *t);
bool toml_newline(struct toml *t);               /* takes one, if it is there */
int toml_comment(struct toml *t, struct err *e); /* takes one, if it is there */
/* The parts of a key, and the blanks around it. */
int toml_key(struct toml *t, struct texts *ret, struct err *e);
/* key = value into the table. */
int toml_pair(struct toml *t, json_t *table, struct err *e);
int toml_value(struct toml *t, json_t **ret, struct err *e);
