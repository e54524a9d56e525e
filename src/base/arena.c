/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_BYTES ((size_t)16 * 1024)
#define ALIGNMENT   (_Alignof(max_align_t))

struct block {
	struct block *next;
	size_t size, used;
	_Alignas(max_align_t) char data[];
};

struct arena {
	struct block *blocks; /* the one being filled first */
};

static void out_of_memory(void)
{
	static const char line[] = "berth: out of memory\n";

	/* The process is about to end; nothing is left to do about a failing write. */
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		abort();
	abort();
}

static struct block *block_new(size_t size)
{
	struct block *b = calloc(1, sizeof(*b) + size);

	if (!b)
		out_of_memory();
	b->size = size;
	return b;
}

struct arena *arena_new(void)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (!a)
		out_of_memory();
	return a;
}

void arena_free(struct arena *a)
{
	if (!a)
		return;
	while (a->blocks) {
		struct block *b = a->blocks;

		a->blocks = b->next;
		free(b);
	}
	free(a);
}

void *arena_alloc(struct arena *a, size_t bytes)
{
	struct block *b = a->blocks;
	void *p;

	if (bytes > SIZE_MAX / 2)
		out_of_memory();
	bytes = (bytes + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (b && b->size - b->used >= bytes) {
		p = b->data + b->used;
		b->used += bytes;
		return p;
	}
	if (bytes > BLOCK_BYTES / 4) {
		/* A big one gets a block of its own, behind the one being filled. */
		struct block *own = block_new(bytes);

		own->used = bytes;
		if (b) {
			own->next = b->next;
			b->next = own;
		} else {
			a->blocks = own;
		}
		return own->data;
	}
	b = block_new(BLOCK_BYTES);
	b->next = a->blocks;
	a->blocks = b;
	b->used = bytes;
	return b->data;
}

void *arena_array(struct arena *a, size_t count, size_t bytes)
{
	size_t all;

	if (__builtin_mul_overflow(count, bytes, &all))
		out_of_memory();
	return arena_alloc(a, all);
}

void *arena_copy(struct arena *a, const void *from, size_t bytes)
{
	void *p = arena_alloc(a, bytes);

	if (bytes)
		memcpy(p, from, bytes);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	if (len)
		memcpy(p, s, len);
	return p;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list args)
{
	va_list again;
	char *p;
	int n;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		out_of_memory();
	p = arena_alloc(a, (size_t)n + 1);
	vsnprintf(p, (size_t)n + 1, fmt, args);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list args;
	char *p;

	va_start(args, fmt);
	p = arena_vprintf(a, fmt, args);
	va_end(args);
	return p;
}
