/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Growing bytes with a maximum given at birth.  Appending beyond it, once, marks the buffer as
 * failed: appends may then go on unchecked and buf_failed() is asked at the end.  data is always
 * terminated by a NUL that len does not count.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

#include "base/err.h"

struct buf {
	char *data;
	size_t len, room, max;
	bool failed;
};

#define BUF(max_bytes) ((struct buf){ .max = (max_bytes) })
#define auto_buf       __attribute__((cleanup(buf_free))) struct buf

void buf_free(struct buf *b);
void buf_clear(struct buf *b);
int buf_add(struct buf *b, const void *data, size_t len); /* -EMSGSIZE over the maximum */
int buf_adds(struct buf *b, const char *s);
int buf_addc(struct buf *b, char c);
int buf_addf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);
int buf_vaddf(struct buf *b, const char *fmt, va_list args);
/* Removes the first n bytes. */
void buf_drop(struct buf *b, size_t n);
/* Reads what is there, once; returns the bytes read, 0 at the end, or a negative errno. */
ssize_t buf_read(struct buf *b, int fd);
/* The text, "" when empty; never NULL. */
const char *buf_text(const struct buf *b);
/* 0, or ERR_INVALID "NAME is larger than N bytes". */
int buf_check(const struct buf *b, const char *name, struct err *e);
