/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static size_t room_above(size_t n)
{
	return n < 4 ? 8 : n * 2;
}

void texts_add(struct arena *a, struct texts *l, const char *s)
{
	if (l->n >= l->room) {
		/* One more for the NULL behind the last. */
		const char **v = arena_array(a, room_above(l->n) + 1, sizeof(*v));

		if (l->n)
			memcpy(v, l->v, l->n * sizeof(*v));
		l->v = v;
		l->room = room_above(l->n);
	}
	l->v[l->n++] = s;
	l->v[l->n] = NULL;
}

void texts_addf(struct arena *a, struct texts *l, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	texts_add(a, l, arena_vprintf(a, fmt, args));
	va_end(args);
}

bool texts_has(const struct texts *l, const char *s)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], s) == 0)
			return true;
	return false;
}

struct texts texts_split(struct arena *a, const char *s, char at)
{
	struct texts l = { 0 };

	if (!s || !*s)
		return l;
	for (;;) {
		const char *end = strchr(s, at);

		if (!end)
			break;
		texts_add(a, &l, arena_strndup(a, s, (size_t)(end - s)));
		s = end + 1;
	}
	texts_add(a, &l, arena_strdup(a, s));
	return l;
}

/* ret is what stands behind its closing quote. */
static int quoted_field(const char *s, char *field, const char **ret, struct err *e)
{
	for (s++; *s; s++) {
		if (*s == '"' && s[1] == '"')
			s++;
		else if (*s == '"')
			break;
		*field++ = *s;
	}
	*field = '\0';
	if (*s != '"' || (s[1] && s[1] != ','))
		return err_set(e, ERR_INVALID, "extraneous or missing \" in quoted-field");
	*ret = s + 1;
	return 0;
}

int texts_add_csv(struct arena *a, struct texts *l, const char *line, struct err *e)
{
	const char *s = line;

	while (*s) {
		size_t len = strcspn(s, ",");
		char *field = arena_strdup(a, s);
		int r = 0;

		if (*s == '"') {
			r = quoted_field(s, field, &s, e);
		} else if (memchr(s, '"', len)) {
			r = err_set(e, ERR_INVALID, "bare \" in non-quoted-field");
		} else {
			field[len] = '\0';
			s += len;
		}
		if (r < 0)
			return r;
		texts_add(a, l, field);
		if (*s == ',' && !*++s)
			texts_add(a, l, "");
	}
	return 0;
}

void texts_set_env(struct arena *a, struct texts *env, const char *one)
{
	size_t n = strcspn(one, "=");

	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], one, n) == 0 && (env->v[i][n] == '=' || !env->v[i][n])) {
			env->v[i] = one;
			return;
		}
	texts_add(a, env, one);
}

char *texts_join(struct arena *a, const struct texts *l, const char *between)
{
	size_t len = 0;
	char *all, *p;

	for (size_t i = 0; i < l->n; i++)
		len += strlen(l->v[i]) + (i ? strlen(between) : 0);
	p = all = arena_alloc(a, len + 1);
	for (size_t i = 0; i < l->n; i++) {
		if (i)
			p = stpcpy(p, between);
		p = stpcpy(p, l->v[i]);
	}
	return all;
}

static struct text_pair *find(const struct text_map *m, const char *key)
{
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->v[i].key, key) == 0)
			return &m->v[i];
	return NULL;
}

void text_map_set(struct arena *a, struct text_map *m, const char *key, const char *value)
{
	struct text_pair *p = find(m, key);

	if (p) {
		p->value = value;
		return;
	}
	if (m->n >= m->room) {
		struct text_pair *v = arena_array(a, room_above(m->n), sizeof(*v));

		if (m->n)
			memcpy(v, m->v, m->n * sizeof(*v));
		m->v = v;
		m->room = room_above(m->n);
	}
	m->v[m->n++] = (struct text_pair){ key, value };
}

const char *text_map_get(const struct text_map *m, const char *key)
{
	const struct text_pair *p = find(m, key);

	return p ? p->value : NULL;
}

bool text_map_remove(struct text_map *m, const char *key)
{
	struct text_pair *p = find(m, key);

	if (!p)
		return false;
	memmove(p, p + 1, (size_t)(m->v + m->n - (p + 1)) * sizeof(*p));
	m->n--;
	return true;
}

bool text_eq(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

bool text_empty(const char *s)
{
	return !s || !*s;
}

const char *text_after(const char *s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s && strncmp(s, prefix, n) == 0 ? s + n : NULL;
}

bool text_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && strcmp(s + n - m, suffix) == 0;
}

static bool is_number(const char *s)
{
	if (*s == '-' || *s == '+')
		s++;
	if (!*s)
		return false;
	for (; *s; s++)
		if (*s < '0' || *s > '9')
			return false;
	return true;
}

int text_to_int(const char *s, int64_t min, int64_t max, int64_t *ret, const char *what,
		struct err *e)
{
	long long v;

	if (!is_number(s))
		return err_set(e, ERR_INVALID, "%s: \"%s\" is not a number", what, s);
	errno = 0;
	v = strtoll(s, NULL, 10);
	if (errno || v < min || v > max)
		return err_set(e, ERR_INVALID, "%s: %s is not between %lld and %lld", what, s,
			       (long long)min, (long long)max);
	*ret = v;
	return 0;
}

int text_to_uint(const char *s, uint64_t max, uint64_t *ret, const char *what, struct err *e)
{
	unsigned long long v;

	if (!is_number(s) || *s == '-')
		return err_set(e, ERR_INVALID, "%s: \"%s\" is not a number", what, s);
	errno = 0;
	v = strtoull(s, NULL, 10);
	if (errno || v > max)
		return err_set(e, ERR_INVALID, "%s: %s is not between 0 and %llu", what, s,
			       (unsigned long long)max);
	*ret = v;
	return 0;
}

int text_index(const char *s, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (names[i] && strcmp(names[i], s) == 0)
			return (int)i;
	return -1;
}

bool text_is_word(const char *s)
{
	for (const unsigned char *c = (const unsigned char *)s; *c; c++)
		if (*c <= ' ' || *c == 0x7f)
			return false;
	return true;
}

int text_truth(const char *s)
{
	static const char *const words[] = { "false", "true", "FALSE", "TRUE", "False", "True",
					     "0",     "1",    "f",     "t",    "F",     "T" };
	int i = text_index(s, words, ARRAY_LEN(words));

	return i < 0 ? -1 : i % 2;
}

void text_hex(char *ret, const void *bytes, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++) {
		*ret++ = digits[p[i] >> 4];
		*ret++ = digits[p[i] & 15];
	}
	*ret = '\0';
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool text_unhex(void *ret, const char *hex)
{
	unsigned char *p = ret;

	for (; *hex; hex += 2) {
		int high = digit_of(hex[0]), low = high < 0 ? -1 : digit_of(hex[1]);

		if (low < 0)
			return false;
		*p++ = (unsigned char)(high << 4 | low);
	}
	return true;
}
