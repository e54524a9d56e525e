/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings: lists and ordered maps of strings that live in an arena, and the few comparisons that
 * everybody needs.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* A list; v has a NULL behind the last, so that it serves as argv. */
struct texts {
	const char **v;
	size_t n, room; /* room 0: v is someone else's and copied before it grows */
};

void texts_add(struct arena *a, struct texts *l, const char *s); /* keeps the pointer */
void texts_addf(struct arena *a, struct texts *l, const char *fmt, ...) PRINTF_LIKE(3, 4);
bool texts_has(const struct texts *l, const char *s);
/* Splits at each `at`, copying; an empty string gives an empty list. */
struct texts texts_split(struct arena *a, const char *s, char at);
/* Adds the fields of a line of CSV: split at commas, unless they are in a field in quotes. */
int texts_add_csv(struct arena *a, struct texts *l, const char *line, struct err *e);
/* In a list of "K=V": takes the place of the one with its key, or is added. */
void texts_set_env(struct arena *a, struct texts *env, const char *one);
char *texts_join(struct arena *a, const struct texts *l, const char *between);

/* An ordered map. */
struct text_pair {
	const char *key, *value;
};
struct text_map {
	struct text_pair *v;
	size_t n, room;
};

void text_map_set(struct arena *a, struct text_map *m, const char *key, const char *value);
const char *text_map_get(const struct text_map *m, const char *key); /* NULL if absent */
bool text_map_remove(struct text_map *m, const char *key);

bool text_eq(const char *a, const char *b); /* NULL equals NULL only */
bool text_empty(const char *s);             /* NULL or "" */
/* What follows the prefix, or NULL. */
const char *text_after(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
/* Whole decimal numbers: ERR_INVALID naming `what` and the text otherwise. */
int text_to_int(const char *s, int64_t min, int64_t max, int64_t *ret, const char *what,
		struct err *e);
int text_to_uint(const char *s, uint64_t max, uint64_t *ret, const char *what, struct err *e);
/* The index of s in a table of names, or -1. */
int text_index(const char *s, const char *const *names, size_t n);
/* No blanks and no control characters: one word of a line of /etc/hosts and its like. */
bool text_is_word(const char *s);
/* 1 or 0 for the words and digits that Go takes for a truth (ParseBool), else -1. */
int text_truth(const char *s);
/* 2 * len lower-case hex digits and a NUL. */
void text_hex(char *ret, const void *bytes, size_t len);
/* The bytes again, strlen(hex) / 2 of them; false: they are no such digits. */
bool text_unhex(void *ret, const char *hex);
