/* SPDX-License-Identifier: BSD-2-Clause */
/* Tars made by hand, as nasty as a test wants them. */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/buf.h"

#define TAR_MAX (64 << 20)

struct tar_member {
	const char *name, *link, *data;
	char type; /* 0: '0', or '5' if the name ends in a slash */
	unsigned mode, uid, gid;
	uint64_t mtime, size; /* size 0: data's */
	unsigned major, minor;
};

static inline void tar_field(char *at, size_t room, uint64_t value)
{
	char text[32];

	/* GNU's base-256 where octal digits don't suffice. */
	if (room < 12 ? value >= 1ULL << 21 : value >= 1ULL << 33) {
		at[0] = (char)0x80;
		for (size_t i = room - 1; i > 0; i--, value >>= 8)
			at[i] = (char)value;
		return;
	}
	snprintf(text, sizeof(text), "%0*llo", (int)room - 1, (unsigned long long)value);
	memcpy(at, text, room);
}

static inline void tar_pad(struct buf *t)
{
	static const char zeros[512];

	buf_add(t, zeros, (512 - t->len % 512) % 512);
}

static inline void tar_header(struct buf *t, const struct tar_member *m, uint64_t size)
{
	size_t len = strlen(m->name);
	char h[512] = { 0 };
	unsigned sum = 0;

	memcpy(h, m->name, len < 100 ? len : 100);
	tar_field(h + 100, 8, m->mode);
	tar_field(h + 108, 8, m->uid);
	tar_field(h + 116, 8, m->gid);
	tar_field(h + 124, 12, size);
	tar_field(h + 136, 12, m->mtime);
	h[156] = m->type ? m->type : len && m->name[len - 1] == '/' ? '5' : '0';
	if (m->link)
		memcpy(h + 157, m->link, strlen(m->link) < 100 ? strlen(m->link) : 100);
	memcpy(h + 257, "ustar\00000", 8);
	tar_field(h + 329, 8, m->major);
	tar_field(h + 337, 8, m->minor);
	memset(h + 148, ' ', 8);
	for (size_t i = 0; i < sizeof(h); i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum & 0777777);
	buf_add(t, h, sizeof(h));
}

static inline void tar_bytes(struct buf *t, struct tar_member m, const void *bytes, size_t len)
{
	tar_header(t, &m, len);
	buf_add(t, bytes, len);
	tar_pad(t);
}

static inline void tar_add(struct buf *t, struct tar_member m)
{
	if (!m.mode)
		m.mode = 0755;
	tar_header(t, &m, m.size ? m.size : m.data ? strlen(m.data) : 0);
	buf_adds(t, m.data ? m.data : "");
	tar_pad(t);
}
#define TAR(t, ...) tar_add(t, (struct tar_member){ __VA_ARGS__ })

/* A record of a PAX header: "LENGTH KEY=VALUE\n", where LENGTH counts itself. */
static inline void pax_record(struct buf *records, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;

	while (total != rest + (size_t)snprintf(NULL, 0, "%zu", total))
		total = rest + (size_t)snprintf(NULL, 0, "%zu", total);
	buf_addf(records, "%zu %s=", total, key);
	buf_add(records, value, len);
	buf_addc(records, '\n');
}

static inline void tar_pax(struct buf *t, const char *key, const void *value, size_t len)
{
	auto_buf records = BUF(TAR_MAX);

	pax_record(&records, key, value, len);
	tar_bytes(t, (struct tar_member){ .name = "pax", .type = 'x' }, records.data, records.len);
}

static inline void tar_end(struct buf *t)
{
	static const char zeros[1024];

	buf_add(t, zeros, sizeof(zeros));
}

/* An open file with these bytes, at its start. */
static inline int tar_fd(const struct buf *t)
{
	int fd = memfd_create("tar", MFD_CLOEXEC);

	if (fd < 0 || write(fd, t->data, t->len) != (ssize_t)t->len || lseek(fd, 0, SEEK_SET) != 0)
		abort();
	return fd;
}
