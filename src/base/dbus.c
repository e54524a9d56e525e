/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/dbus.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/file.h"
#include "base/identity.h"
#include "base/units.h"

#define FIXED_HEADER 16
#define HEADER_MAX   4096

enum {
	FIELD_PATH = 1,
	FIELD_INTERFACE,
	FIELD_MEMBER,
	FIELD_ERROR,
	FIELD_REPLY_SERIAL,
	FIELD_DESTINATION,
	FIELD_SIGNATURE = 8
};

static const char byte_order = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 'l' : 'B';

/* writing */

static void align(struct buf *b, size_t to)
{
	while (b->len % to && !b->failed)
		buf_addc(b, '\0');
}

void dbus_byte(struct buf *b, uint8_t v)
{
	buf_add(b, &v, 1);
}

void dbus_u16(struct buf *b, uint16_t v)
{
	align(b, 2);
	buf_add(b, &v, sizeof(v));
}

void dbus_u32(struct buf *b, uint32_t v)
{
	align(b, 4);
	buf_add(b, &v, sizeof(v));
}

void dbus_u64(struct buf *b, uint64_t v)
{
	align(b, 8);
	buf_add(b, &v, sizeof(v));
}

void dbus_text(struct buf *b, const char *s)
{
	dbus_u32(b, (uint32_t)strlen(s));
	buf_add(b, s, strlen(s) + 1);
}

void dbus_signature(struct buf *b, const char *s)
{
	dbus_byte(b, (uint8_t)strlen(s));
	buf_add(b, s, strlen(s) + 1);
}

void dbus_struct(struct buf *b)
{
	align(b, 8);
}

struct dbus_array dbus_array_begin(struct buf *b, size_t alignment)
{
	struct dbus_array a;

	dbus_u32(b, 0);
	a.length_at = b->len - sizeof(uint32_t);
	align(b, alignment);
	a.start = b->len;
	return a;
}

void dbus_array_end(struct buf *b, struct dbus_array a)
{
	uint32_t len = (uint32_t)(b->len - a.start);

	if (!b->failed)
		memcpy(b->data + a.length_at, &len, sizeof(len));
}

static void write_field(struct buf *b, uint8_t field, const char *type, const char *text)
{
	dbus_struct(b);
	dbus_byte(b, field);
	dbus_signature(b, type);
	if (*type == 'g')
		dbus_signature(b, text);
	else
		dbus_text(b, text);
}

void dbus_write_call(struct buf *out, const struct dbus_call *call, uint32_t serial)
{
	struct dbus_array fields;

	dbus_byte(out, (uint8_t)byte_order);
	dbus_byte(out, DBUS_CALL);
	dbus_byte(out, 0);
	dbus_byte(out, 1); /* of the protocol */
	dbus_u32(out, (uint32_t)call->body->len);
	dbus_u32(out, serial);
	fields = dbus_array_begin(out, 8);
	write_field(out, FIELD_PATH, "o", call->path);
	write_field(out, FIELD_INTERFACE, "s", call->interface);
	write_field(out, FIELD_MEMBER, "s", call->member);
	if (call->destination)
		write_field(out, FIELD_DESTINATION, "s", call->destination);
	if (*call->signature)
		write_field(out, FIELD_SIGNATURE, "g", call->signature);
	dbus_array_end(out, fields);
	align(out, 8);
	buf_add(out, buf_text(call->body), call->body->len);
}

/* reading */

static uint32_t u32_at(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

int64_t dbus_length(const uint8_t *data, size_t len)
{
	uint64_t fields, all;

	if (len < FIXED_HEADER)
		return 0;
	/* Whoever it is is on this machine, and writes as we do. */
	if (data[0] != (uint8_t)byte_order || data[3] != 1)
		return -EBADMSG;
	fields = u32_at(data + 12);
	all = FIXED_HEADER + ((fields + 7) & ~7ULL) + u32_at(data + 4);
	return fields > HEADER_MAX || all > DBUS_MESSAGE_MAX ? -EBADMSG : (int64_t)all;
}

static bool advance(struct dbus_reader *r, size_t alignment, size_t bytes, size_t *ret_at)
{
	size_t at = (r->at + alignment - 1) / alignment * alignment;

	if (r->failed || at > r->len || bytes > r->len - at) {
		r->failed = true;
		return false;
	}
	*ret_at = at;
	r->at = at + bytes;
	return true;
}

static uint8_t read_byte(struct dbus_reader *r)
{
	size_t at;

	return advance(r, 1, 1, &at) ? r->data[at] : 0;
}

uint32_t dbus_read_u32(struct dbus_reader *r)
{
	size_t at;

	return advance(r, 4, 4, &at) ? u32_at(r->data + at) : 0;
}

static const char *read_chars(struct dbus_reader *r, size_t len)
{
	size_t at;

	if (!advance(r, 1, len + 1, &at) || r->data[at + len] != '\0' ||
	    memchr(r->data + at, '\0', len)) {
		r->failed = true;
		return "";
	}
	return (const char *)r->data + at;
}

const char *dbus_read_text(struct dbus_reader *r)
{
	uint32_t len = dbus_read_u32(r);

	return read_chars(r, len);
}

static void read_field(struct dbus_reader *r, struct dbus_message *m)
{
	size_t at;
	uint8_t field;
	const char *type, *text = "";
	uint32_t number = 0;

	if (!advance(r, 8, 0, &at))
		return;
	field = read_byte(r);
	type = read_chars(r, read_byte(r));
	if (strcmp(type, "s") == 0 || strcmp(type, "o") == 0)
		text = dbus_read_text(r);
	else if (strcmp(type, "g") == 0)
		text = read_chars(r, read_byte(r));
	else if (strcmp(type, "u") == 0)
		number = dbus_read_u32(r);
	else
		r->failed = true; /* no header field has another type */
	if (r->failed)
		return;
	if (field == FIELD_MEMBER)
		m->member = text;
	else if (field == FIELD_ERROR)
		m->error = text;
	else if (field == FIELD_SIGNATURE)
		m->signature = text;
	else if (field == FIELD_REPLY_SERIAL)
		m->reply_serial = number;
}

int dbus_parse(const uint8_t *data, size_t len, struct dbus_message *ret)
{
	struct dbus_message m = { .member = "", .error = "", .signature = "" };
	struct dbus_reader r = { .data = data, .at = FIXED_HEADER };

	if (len < FIXED_HEADER || dbus_length(data, len) != (int64_t)len || data[1] < DBUS_CALL ||
	    data[1] > DBUS_SIGNAL)
		return -EBADMSG;
	m.type = (enum dbus_type)data[1];
	m.body_len = u32_at(data + 4);
	m.body = data + len - m.body_len;
	r.len = FIXED_HEADER + u32_at(data + 12);
	while (!r.failed && r.at < r.len)
		read_field(&r, &m);
	if (r.failed)
		return -EBADMSG;
	*ret = m;
	return 0;
}

/* the connection */

void dbus_close(struct dbus *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
	buf_free(&d->in);
}

static int wait_readable(struct dbus *d, int64_t deadline_usec, struct err *e)
{
	struct pollfd p = { .fd = d->fd, .events = POLLIN };
	int64_t left = deadline_usec - clock_monotonic_usec();
	int n;

	do
		n = poll(&p, 1, left > 0 ? (int)(left / 1000) + 1 : 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "wait for %s", d->peer);
	return n > 0 ? 0 : err_from(e, -ETIMEDOUT, "%s does not answer", d->peer);
}

static int read_more(struct dbus *d, int64_t deadline_usec, struct err *e)
{
	int r = wait_readable(d, deadline_usec, e);
	ssize_t n;

	if (r < 0)
		return r;
	n = buf_read(&d->in, d->fd);
	if (n < 0)
		return err_from(e, (int)n, "read from %s", d->peer);
	if (n == 0)
		return err_set(e, ERR_REMOTE, "%s closed the connection", d->peer);
	return 0;
}

/* The EXTERNAL mechanism: the kernel tells the other side who we are; both lines go at once. */
static int authenticate(struct dbus *d, struct err *e)
{
	int64_t deadline = clock_monotonic_usec() + 5 * USEC_PER_SEC;
	char uid[16], line[64] = { 0 };
	const char *end = NULL;
	int n, r;

	snprintf(uid, sizeof(uid), "%u", (unsigned)identity_uid());
	n = snprintf(line + 1, sizeof(line) - 1, "AUTH EXTERNAL ");
	for (const char *c = uid; *c; c++)
		n += snprintf(line + 1 + n, sizeof(line) - 1 - (size_t)n, "%02x", (unsigned)*c);
	n += snprintf(line + 1 + n, sizeof(line) - 1 - (size_t)n, "\r\nBEGIN\r\n");
	r = file_write_all(d->fd, line, (size_t)n + 1); /* a NUL comes first */
	if (r < 0)
		return err_from(e, r, "write to %s", d->peer);
	while (!(end = memmem(buf_text(&d->in), d->in.len, "\r\n", 2))) {
		r = read_more(d, deadline, e);
		if (r < 0)
			return r;
	}
	if (strncmp(d->in.data, "OK ", 3) != 0)
		return err_set(e, ERR_DENIED, "%s refuses this user: %.*s", d->peer,
			       (int)(end - d->in.data), d->in.data);
	buf_drop(&d->in, (size_t)(end + 2 - d->in.data));
	return 0;
}

int dbus_connect(struct dbus *d, const char *path, const char *peer, struct err *e)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	*d = (struct dbus){ .fd = -1, .peer = peer, .in = BUF(2 * DBUS_MESSAGE_MAX) };
	if (strlen(path) >= sizeof(to.sun_path))
		return err_set(e, ERR_INVALID, "%s is too long for a socket", path);
	memcpy(to.sun_path, path, strlen(path));
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (d->fd < 0)
		return err_sys(e, "socket");
	if (connect(d->fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return err_sys(e, "connect to %s at %s", peer, path);
	return authenticate(d, e);
}

int dbus_send(struct dbus *d, const struct dbus_call *call, uint32_t *ret_serial, struct err *e)
{
	auto_buf out = BUF(DBUS_MESSAGE_MAX);
	int r;

	dbus_write_call(&out, call, ++d->serial);
	r = buf_check(&out, "a D-Bus message", e);
	if (r < 0)
		return r;
	r = file_write_all(d->fd, out.data, out.len);
	if (r < 0)
		return err_from(e, r, "write to %s", d->peer);
	*ret_serial = d->serial;
	return 0;
}

int dbus_next(struct dbus *d, int64_t deadline_usec, struct dbus_message *ret, struct err *e)
{
	buf_drop(&d->in, d->handled);
	d->handled = 0;
	for (;;) {
		const uint8_t *data = (const uint8_t *)buf_text(&d->in);
		int64_t len = dbus_length(data, d->in.len);
		int r;

		if (len < 0 ||
		    (len > 0 && d->in.len >= (size_t)len && dbus_parse(data, (size_t)len, ret) < 0))
			return err_set(e, ERR_REMOTE, "%s sends what is no D-Bus message", d->peer);
		if (len > 0 && d->in.len >= (size_t)len) {
			d->handled = (size_t)len;
			return 0;
		}
		r = read_more(d, deadline_usec, e);
		if (r < 0)
			return r;
	}
}

int dbus_wait(struct dbus *d, uint32_t serial, int64_t deadline_usec, struct dbus_message *ret,
	      struct err *e)
{
	int r;

	do
		r = dbus_next(d, deadline_usec, ret, e);
	while (r == 0 && ret->reply_serial != serial);
	return r;
}
