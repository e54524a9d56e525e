/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Memory for documents: everything made from one arena goes at once, so documents need no free
 * functions.  Memory is zeroed.  When the system has none left the process ends with one line,
 * which is safe: no role holds state that is not on disk.
 */
#pragma once

#include <stdarg.h>

#include "base/scope.h"

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *a);
DEFINE_AUTO(arena);

void *arena_alloc(struct arena *a, size_t bytes);
/* count * bytes, checked for overflow. */
void *arena_array(struct arena *a, size_t count, size_t bytes);
void *arena_copy(struct arena *a, const void *from, size_t bytes);
char *arena_strdup(struct arena *a, const char *s); /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list args);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
