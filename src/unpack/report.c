/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One write is one message: the socket keeps their borders. */
static int send_message(struct report *r, uint32_t kind, const void *body, size_t len)
{
	char message[UNPACK_MESSAGE_MAX];
	struct unpack_message head = { .kind = kind, .len = (uint32_t)len };
	ssize_t n;

	if (r->fd < 0)
		return 0;
	if (len > sizeof(message) - sizeof(head))
		return -EMSGSIZE;
	memcpy(message, &head, sizeof(head));
	memcpy(message + sizeof(head), body, len);
	do
		n = write(r->fd, message, sizeof(head) + len);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

void report_progress(struct report *r, uint64_t bytes)
{
	send_message(r, UNPACK_PROGRESS, &bytes, sizeof(bytes));
}

int report_opaque(struct report *r, const char *path, struct err *e)
{
	int n = send_message(r, UNPACK_OPAQUE, path, strlen(path) + 1);

	return n < 0 ? err_from(e, n, "report") : 0;
}

int report_members_end(struct report *r, struct err *e)
{
	int n;

	if (r->members.len == 0)
		return 0;
	n = send_message(r, UNPACK_MEMBERS, r->members.data, r->members.len);
	buf_clear(&r->members);
	return n < 0 ? err_from(e, n, "report") : 0;
}

int report_member(struct report *r, const struct unpack_member_message *m, const char *name,
		  const char *link, struct err *e)
{
	int n;

	r->members.max = UNPACK_MESSAGE_MAX - sizeof(struct unpack_message);
	if (r->members.len + sizeof(*m) + m->name_len + m->link_len > r->members.max) {
		n = report_members_end(r, e);
		if (n < 0)
			return n;
	}
	buf_add(&r->members, m, sizeof(*m));
	buf_add(&r->members, name, m->name_len);
	buf_add(&r->members, link, m->link_len);
	return buf_check(&r->members, "a member's name", e);
}

int report_result(struct report *r, const struct unpack_result *result)
{
	return send_message(r, UNPACK_RESULT, result, sizeof(*result));
}

void report_error(struct report *r, const struct err *e)
{
	send_message(r, UNPACK_ERROR, e, sizeof(*e));
}

/* The length of the UTF-8 sequence at s, 0 if there is none; C1 controls count as none. */
static size_t utf8_len(const unsigned char *s)
{
	size_t len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0xc3 || s[0] > 0xf4)
		return s[0] == 0xc2 && s[1] >= 0xa0 && s[1] <= 0xbf ? 2 : 0;
	for (size_t i = 1; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

struct quoted quoted(const char *name)
{
	struct quoted q;
	const unsigned char *s = (const unsigned char *)name;
	size_t n = 0, len;

	for (; *s && n + 8 < sizeof(q.text); s += len) {
		len = *s >= 0x80 ? utf8_len(s) : *s >= ' ' && *s != 0x7f;
		memcpy(q.text + n, s, len);
		n += len;
		if (len == 0) {
			n += (size_t)sprintf(q.text + n, "\\x%02x", *s);
			len = 1;
		}
	}
	strcpy(q.text + n, *s ? "..." : "");
	return q;
}
