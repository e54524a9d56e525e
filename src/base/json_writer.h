/* SPDX-License-Identifier: BSD-2-Clause */
/* How JSON is laid out; shared by the writers of trees and of structs only. */
#pragma once

#include "base/json.h"

/* The blanks and commas between members; depth counts open brackets. */
struct writer {
	struct buf *out;
	unsigned indent, depth;
	bool first; /* nothing stands after the last opening bracket */
};

void writer_open(struct writer *w, char bracket);
void writer_close(struct writer *w, char bracket);
/* What follows is the next item of an array, or the value of the next key. */
void writer_item(struct writer *w);
void writer_key(struct writer *w, const char *key, size_t len);
void writer_real(struct writer *w, double real);
void writer_tree(struct writer *w, const json_t *tree);
