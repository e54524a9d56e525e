/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define READ_FIRST ((size_t)4095) /* and a NUL */
#define READ_BYTES ((size_t)64 * 1024)

void buf_free(struct buf *b)
{
	free(b->data);
	b->data = NULL;
	b->len = b->room = 0;
}

void buf_clear(struct buf *b)
{
	b->len = 0;
	b->failed = false;
	if (b->data)
		b->data[0] = '\0';
}

/* Room for len more bytes and a NUL. */
static int make_room(struct buf *b, size_t len)
{
	size_t want = b->len + len + 1, room = b->room ? b->room : 256;
	char *data;

	if (len > b->max || b->len > b->max - len) {
		b->failed = true;
		return -EMSGSIZE;
	}
	if (want <= b->room)
		return 0;
	while (room < want)
		room *= 2;
	data = realloc(b->data, room);
	if (!data) {
		b->failed = true;
		return -ENOMEM;
	}
	b->data = data;
	b->room = room;
	return 0;
}

int buf_add(struct buf *b, const void *data, size_t len)
{
	int r = make_room(b, len);

	if (r < 0)
		return r;
	if (len)
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
	return 0;
}

int buf_adds(struct buf *b, const char *s)
{
	return buf_add(b, s, strlen(s));
}

int buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

int buf_vaddf(struct buf *b, const char *fmt, va_list args)
{
	va_list again;
	int n, r;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (n < 0)
		return -EINVAL;
	r = make_room(b, (size_t)n);
	if (r < 0)
		return r;
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, args);
	b->len += (size_t)n;
	return 0;
}

int buf_addf(struct buf *b, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = buf_vaddf(b, fmt, args);
	va_end(args);
	return r;
}

void buf_drop(struct buf *b, size_t n)
{
	if (n > b->len)
		n = b->len;
	if (!n)
		return;
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
	b->data[b->len] = '\0';
}

/* Most files are small: there is room for a page, and for as much again whenever it is full. */
static size_t read_size(const struct buf *b)
{
	size_t want = b->len ? b->len : READ_FIRST;

	if (b->room > b->len + 1)
		want = b->room - b->len - 1;
	if (want > READ_BYTES)
		want = READ_BYTES;
	return want < b->max - b->len ? want : b->max - b->len;
}

ssize_t buf_read(struct buf *b, int fd)
{
	size_t want = read_size(b);
	char one;
	ssize_t n;
	int r;

	if (want == 0) {
		/* Full: only the end is welcome. */
		do
			n = read(fd, &one, 1);
		while (n < 0 && errno == EINTR);
		if (n > 0)
			b->failed = true;
		return n > 0 ? -EMSGSIZE : n < 0 ? -errno : 0;
	}
	r = make_room(b, want);
	if (r < 0)
		return r;
	do
		n = read(fd, b->data + b->len, want);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	b->len += (size_t)n;
	b->data[b->len] = '\0';
	return n;
}

const char *buf_text(const struct buf *b)
{
	return b->data ? b->data : "";
}

int buf_check(const struct buf *b, const char *name, struct err *e)
{
	if (!b->failed)
		return 0;
	return err_set(e, ERR_INVALID, "%s is larger than %zu bytes", name, b->max);
}
