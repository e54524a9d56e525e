/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/criu_rpc.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/file.h"

/* How a value is written: protobuf's wire types. */
enum { WIRE_NUMBER = 0, WIRE_8_BYTES = 1, WIRE_BYTES = 2, WIRE_4_BYTES = 5 };

static void put_number(struct buf *m, uint64_t value)
{
	for (; value >= 128; value >>= 7)
		buf_addc(m, (char)(value | 128));
	buf_addc(m, (char)value);
}

static void put_bytes(struct buf *m, unsigned field, const char *bytes, size_t len)
{
	put_number(m, field << 3 | WIRE_BYTES);
	put_number(m, len);
	buf_add(m, bytes, len);
}

void criu_put(struct buf *m, unsigned field, uint64_t value)
{
	put_number(m, field << 3 | WIRE_NUMBER);
	put_number(m, value);
}

void criu_put_text(struct buf *m, unsigned field, const char *text)
{
	put_bytes(m, field, text, strlen(text));
}

static void put_message(struct buf *m, unsigned field, const struct buf *inner)
{
	put_bytes(m, field, buf_text(inner), inner->len);
	m->failed |= inner->failed;
}

void criu_put_number_of(struct buf *m, unsigned field, const char *name, uint64_t number)
{
	auto_buf inner = BUF(CRIU_MESSAGE_MAX);

	criu_put_text(&inner, 1, name);
	criu_put(&inner, 2, number);
	put_message(m, field, &inner);
}

void criu_put_pair(struct buf *m, unsigned field, const char *name, const char *value)
{
	auto_buf inner = BUF(CRIU_MESSAGE_MAX);

	if (name)
		criu_put_text(&inner, 1, name);
	criu_put_text(&inner, 2, value);
	put_message(m, field, &inner);
}

static int send_message(int socket, const struct buf *m, struct err *e)
{
	ssize_t n;
	int r = buf_check(m, "the request to criu", e);

	if (r < 0)
		return r;
	do
		n = send(socket, m->data, m->len, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "tell criu") : 0;
}

int criu_ask(int socket, enum criu_request request, const struct buf *options, struct err *e)
{
	auto_buf m = BUF(CRIU_MESSAGE_MAX);

	criu_put(&m, 1, request);
	put_message(&m, 2, options);
	return send_message(socket, &m, e);
}

int criu_reply(int socket, bool success, struct err *e)
{
	auto_buf m = BUF(CRIU_MESSAGE_MAX);

	criu_put(&m, 1, CRIU_NOTIFY);
	criu_put(&m, 3, success);
	return send_message(socket, &m, e);
}

struct reader {
	const unsigned char *at, *end;
};

struct field {
	unsigned number, wire;
	uint64_t value; /* a number, or the bytes' length */
	const unsigned char *bytes;
};

static bool read_number(struct reader *r, uint64_t *ret)
{
	uint64_t value = 0;

	for (unsigned shift = 0; r->at < r->end && shift < 64; shift += 7) {
		value |= (uint64_t)(*r->at & 127) << shift;
		if (!(*r->at++ & 128)) {
			*ret = value;
			return true;
		}
	}
	return false;
}

static bool skip(struct reader *r, uint64_t len)
{
	if (len > (uint64_t)(r->end - r->at))
		return false;
	r->at += len;
	return true;
}

static bool read_field(struct reader *r, struct field *ret)
{
	uint64_t key;

	if (!read_number(r, &key))
		return false;
	*ret = (struct field){ .number = (unsigned)(key >> 3), .wire = key & 7 };
	switch (ret->wire) {
	case WIRE_NUMBER:
		return read_number(r, &ret->value);
	case WIRE_BYTES:
		if (!read_number(r, &ret->value))
			return false;
		ret->bytes = r->at;
		return skip(r, ret->value);
	case WIRE_8_BYTES:
		return skip(r, 8);
	case WIRE_4_BYTES:
		return skip(r, 4);
	default:
		return false;
	}
}

static void take_text(const struct field *f, char *ret, size_t size)
{
	size_t len = f->value < size ? (size_t)f->value : size - 1;

	if (f->wire != WIRE_BYTES)
		return;
	memcpy(ret, f->bytes, len);
	ret[len] = '\0';
}

/* criu_restore_resp (the pid is 1) and criu_notify (a script 1, a pid 2). */
static bool read_inner(const struct field *outer, unsigned pid, struct criu_answer *ret)
{
	struct reader r;
	struct field f;

	if (outer->wire != WIRE_BYTES)
		return false;
	r = (struct reader){ outer->bytes, outer->bytes + outer->value };
	while (r.at < r.end) {
		if (!read_field(&r, &f))
			return false;
		if (f.number == pid)
			ret->pid = (pid_t)f.value;
		else if (f.number == 1)
			take_text(&f, ret->stage, sizeof(ret->stage));
	}
	return true;
}

int criu_parse(const char *bytes, size_t len, struct criu_answer *ret, struct err *e)
{
	struct reader r = { (const unsigned char *)bytes, (const unsigned char *)bytes + len };
	struct field f;
	bool ok = true;

	*ret = (struct criu_answer){ .fd = -1 };
	while (ok && r.at < r.end) {
		ok = read_field(&r, &f);
		if (!ok)
			break;
		switch (f.number) {
		case 1:
			ret->request = (enum criu_request)f.value;
			break;
		case 2:
			ret->success = f.value;
			break;
		case 4:
			ok = read_inner(&f, 1, ret);
			break;
		case 5:
			ok = read_inner(&f, 2, ret);
			break;
		case 7:
			ret->code = (int)f.value;
			break;
		case 9:
			take_text(&f, ret->words, sizeof(ret->words));
			break;
		}
	}
	return ok ? 0 : err_set(e, ERR_REMOTE, "criu sent what is no message of it");
}

/* The first descriptor that came, if any; there is room for two. */
static int take_descriptor(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int fds[2] = { -1, -1 };

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return -1;
	if (c->cmsg_len >= CMSG_LEN(sizeof(int)) && c->cmsg_len <= CMSG_LEN(sizeof(fds)))
		memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	close_p(&fds[1]);
	return fds[0];
}

int criu_hear(int socket, struct criu_answer *ret, struct err *e)
{
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	char bytes[8192];
	struct iovec v = { bytes, sizeof(bytes) };
	struct msghdr m = { .msg_iov = &v,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	auto_close int fd = -1;
	ssize_t n;
	int r;

	do
		n = recvmsg(socket, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "listen to criu");
	if (n == 0)
		return err_set(e, ERR_REMOTE, "criu ended without an answer");
	fd = take_descriptor(&m);
	r = criu_parse(bytes, (size_t)n, ret, e);
	if (r == 0)
		ret->fd = take_fd(fd);
	return r;
}
