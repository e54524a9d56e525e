/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * As much of D-Bus (dbus.freedesktop.org, "D-Bus Specification") as calling a service takes: method
 * calls and signals, on the service's own socket (systemd's) or through the system's bus.  Nothing
 * is loaded for it, and everything that is read has a maximum.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define DBUS_MESSAGE_MAX (1 << 20)

enum dbus_type { DBUS_CALL = 1, DBUS_RETURN = 2, DBUS_ERROR = 3, DBUS_SIGNAL = 4 };

/* Writing: each value aligned as its type wants. A body starts in an empty buffer. */
void dbus_byte(struct buf *b, uint8_t v);
void dbus_u16(struct buf *b, uint16_t v);
void dbus_u32(struct buf *b, uint32_t v); /* also "b" */
void dbus_u64(struct buf *b, uint64_t v);
void dbus_text(struct buf *b, const char *s); /* "s", "o" */
void dbus_signature(struct buf *b, const char *s);
void dbus_struct(struct buf *b);
/* An array of elements with that alignment; what is written until the end is in it. */
struct dbus_array {
	size_t length_at, start;
};
struct dbus_array dbus_array_begin(struct buf *b, size_t alignment);
void dbus_array_end(struct buf *b, struct dbus_array a);

struct dbus_call {
	const char *path, *interface, *member, *signature;
	const struct buf *body;
	const char *destination; /* on a bus: who is called; NULL: who is at the other end */
};
void dbus_write_call(struct buf *out, const struct dbus_call *call, uint32_t serial);

/* Reading. The texts point into the message. */
struct dbus_message {
	enum dbus_type type;
	uint32_t reply_serial;
	const char *member, *error, *signature; /* "" when absent */
	const uint8_t *body;
	size_t body_len;
};
/* The length of the message that starts here: 0 while its first 16 bytes are not all there,
 * negative for what is none. */
int64_t dbus_length(const uint8_t *data, size_t len);
/* A whole message. -EBADMSG. */
int dbus_parse(const uint8_t *data, size_t len, struct dbus_message *ret);

struct dbus_reader {
	const uint8_t *data;
	size_t len, at;
	bool failed; /* once, for good; values are then 0 and "" */
};
uint32_t dbus_read_u32(struct dbus_reader *r);
const char *dbus_read_text(struct dbus_reader *r);

/* A connection. */
struct dbus {
	int fd;
	const char *peer; /* who is there, for errors */
	uint32_t serial;
	struct buf in;
	size_t handled; /* bytes of `in` that the last message took */
};
#define auto_dbus __attribute__((cleanup(dbus_close))) struct dbus
/* peer lives as long as the connection. */
int dbus_connect(struct dbus *d, const char *socket, const char *peer, struct err *e);
void dbus_close(struct dbus *d);
/* Returns the call's serial in *ret_serial. */
int dbus_send(struct dbus *d, const struct dbus_call *call, uint32_t *ret_serial, struct err *e);
/* The next message, until the deadline (monotonic microseconds); it is valid until the next. */
int dbus_next(struct dbus *d, int64_t deadline_usec, struct dbus_message *ret, struct err *e);
/* The answer to a call; what comes before it is dropped. */
int dbus_wait(struct dbus *d, uint32_t serial, int64_t deadline_usec, struct dbus_message *ret,
	      struct err *e);
