/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * --format, as podman's commands take it: "json" and "{{json .}}" are the caller's (see
 * format_is_json()), anything else is a template of one row; "table " in front of it aligns the
 * columns below headings, each blank between fields being the end of a column.  Outside of {{ }},
 * \t and \n stand for a tab and a new line.
 *
 *	static const struct json_field image_row_fields[] = {
 *		JSON_TEXT(image_row, repository, "Repository", 0),
 *		JSON_TEXT(image_row, id, "ID", 0),
 *		{ 0 },
 *	};
 *	static const struct json_type image_row_json = JSON_TYPE(image_row, image_row_fields);
 *	static const struct format images_format = {
 *		.name = "images",
 *		.row = &image_row_json,
 *		.headings = (const char *const[]){ "ID", "IMAGE ID", NULL },
 *	};
 *	r = format_rows(&out, &images_format, "table {{.Repository}} {{.ID}}", rows, n, e);
 */
#pragma once

#include "cli/value.h"

struct format {
	const char *name; /* of the command, for errors: "ps" */
	const struct json_type *row;
	/* Pairs of a field and its heading, NULL behind the last; NULL: none.  The others are made
	 * from the names: CreatedAt gives CREATED AT. */
	const char *const *headings;
	bool no_heading; /* --noheading */
};

/* "json", "{{json .}}" and what differs from them by blanks only. */
bool format_is_json(const char *format);
bool format_is_table(const char *format); /* begins with "table " */

/* n structs of f->row, one after the other in memory, each through the template. */
int format_rows(struct buf *out, const struct format *f, const char *format, const void *rows,
		size_t n, struct err *e);
/* One value through the template, as info and version do; no tables. */
int format_value(struct buf *out, const char *name, const char *format, const struct value *v,
		 struct err *e);
/* The objects that inspect found, each through the template: its unknown fields are errors, but
 * labels, options, networks and so on are maps. */
int format_inspected(struct buf *out, const char *format, const json_t *list, struct err *e);
