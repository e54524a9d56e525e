/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * memcpy(3) and memmove(3) in place of musl's, which begin a string instruction for every copy,
 * however small: that takes a virtual machine's processor longer than a hundred copies of a few
 * bytes, of which a start makes thousands.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* No loop here may become a call of what it is the body of. */
#ifndef __clang__ /* which compiles it for its test alone */
#pragma GCC optimize("O2", "no-tree-loop-distribute-patterns")
#endif

#define WORD sizeof(struct word)

struct word {
	uint64_t bits;
} __attribute__((packed, may_alias));

struct half {
	uint32_t bits;
} __attribute__((packed, may_alias));

static inline struct word *word_at(void *at)
{
	return at;
}

static inline struct word read_word(const void *at)
{
	return *(const struct word *)at;
}

/* Forwards, so that memmove() may use it when the target lies before the source. All that is read
 * of the last word is read before it could have been written over. */
static void copy_words(char *to, const char *from, size_t n)
{
	struct word last = read_word(from + n - WORD);
	char *end = to + n;

	for (; n > WORD; n -= WORD, to += WORD, from += WORD)
		*word_at(to) = read_word(from);
	*word_at(end - WORD) = last;
}

static void copy_few(char *to, const char *from, size_t n)
{
	if (n >= sizeof(struct half)) {
		struct half first = *(const struct half *)(const void *)from;
		struct half last =
			*(const struct half *)(const void *)(from + n - sizeof(struct half));

		*(struct half *)(void *)to = first;
		*(struct half *)(void *)(to + n - sizeof(struct half)) = last;
	} else if (n > 0) {
		char first = from[0], middle = from[n / 2], last = from[n - 1];

		to[0] = first;
		to[n / 2] = middle;
		to[n - 1] = last;
	}
}

void *memcpy(void *restrict to, const void *restrict from, size_t n)
{
	if (n < WORD)
		copy_few(to, from, n);
	else
		copy_words(to, from, n);
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	const char *source = from;
	char *target = to;

	if ((uintptr_t)target - (uintptr_t)source >= n) {
		if (n < WORD)
			copy_few(target, source, n);
		else
			copy_words(target, source, n);
		return to;
	}
	for (; n >= WORD; n -= WORD)
		*word_at(target + n - WORD) = read_word(source + n - WORD);
	while (n > 0) {
		n--;
		target[n] = source[n];
	}
	return to;
}
