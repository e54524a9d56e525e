/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both ends of the control socket: one JSON object a packet.
 */
#include "remote/remote.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

static const char *const op_name[] = {
	[REMOTE_SERVER] = "server",
	[REMOTE_FETCH] = "fetch",
	[REMOTE_CANCEL] = "cancel",
};
_Static_assert(ARRAY_LEN(op_name) == REMOTE_OPS, "every operation has a name");

static const char *const plain_name[] = {
	[REMOTE_PLAIN_NEVER] = "never",
	[REMOTE_PLAIN_LOCAL] = "local",
	[REMOTE_PLAIN_OK] = "ok",
};
_Static_assert(ARRAY_LEN(plain_name) == REMOTE_PLAINS, "every policy has a name");

static const char *const event_name[] = {
	[REMOTE_RETRY] = "retry",
	[REMOTE_DONE] = "done",
	[REMOTE_ERROR] = "error",
};
_Static_assert(ARRAY_LEN(event_name) == REMOTE_EVENT_KINDS, "every event has a name");

static const char *const step_name[] = {
	[REMOTE_STEP_PING] = "ping",
	[REMOTE_STEP_LOGIN] = "login",
	[REMOTE_STEP_REQUEST] = "request",
	[REMOTE_STEP_BODY] = "body",
};
_Static_assert(ARRAY_LEN(step_name) == REMOTE_STEPS, "every step has a name");

static const char *const kind_name[] = {
	[ERR_SYSTEM] = "system",     [ERR_INVALID] = "invalid", [ERR_NOT_FOUND] = "not-found",
	[ERR_CONFLICT] = "conflict", [ERR_DENIED] = "denied",   [ERR_UNSUPPORTED] = "unsupported",
	[ERR_REMOTE] = "remote",
};
_Static_assert(ARRAY_LEN(kind_name) == ERR_KINDS, "every kind of error has a name");

static const struct json_field request_fields[] = {
	JSON_NAME(remote_request, op, "op", JSON_REQUIRED | JSON_ALWAYS, op_name),
	JSON_UINT(remote_request, id, "id", JSON_REQUIRED | JSON_ALWAYS),
	JSON_TEXT(remote_request, host, "host", 0),
	JSON_TEXT(remote_request, user, "user", 0),
	JSON_TEXT(remote_request, password, "password", 0),
	JSON_TEXT(remote_request, token, "token", 0),
	JSON_NAME(remote_request, plain, "plain", 0, plain_name),
	JSON_BOOL(remote_request, unverified, "unverified", 0),
	JSON_UINT(remote_request, authorities, "authorities", 0),
	JSON_UINT(remote_request, clients, "clients", 0),
	JSON_UINT(remote_request, server, "server", 0),
	JSON_TEXT(remote_request, path, "path", 0),
	JSON_TEXT(remote_request, url, "url", 0),
	JSON_TEXT(remote_request, scope, "scope", 0),
	JSON_TEXTS(remote_request, accept, "accept", 0),
	JSON_BOOL(remote_request, head, "head", 0),
	JSON_BOOL(remote_request, resume, "resume", 0),
	JSON_UINT(remote_request, size, "size", 0),
	JSON_UINT(remote_request, max, "max", 0),
	JSON_UINT(remote_request, retries, "retries", 0),
	JSON_UINT(remote_request, delay_ms, "delay_ms", 0),
	{ 0 },
};
static const struct json_type request_json = JSON_TYPE(remote_request, request_fields);

static const struct json_field event_fields[] = {
	JSON_NAME(remote_event, event, "event", JSON_REQUIRED | JSON_ALWAYS, event_name),
	JSON_UINT(remote_event, id, "id", JSON_REQUIRED | JSON_ALWAYS),
	JSON_UINT(remote_event, bytes, "bytes", 0),
	JSON_UINT(remote_event, status, "status", 0),
	JSON_TEXT(remote_event, type, "type", 0),
	JSON_TEXT(remote_event, digest, "digest", 0),
	JSON_TEXT(remote_event, next, "next", 0),
	JSON_TEXT(remote_event, text, "text", 0),
	JSON_NAME(remote_event, kind, "kind", 0, kind_name),
	JSON_INT(remote_event, code, "code", 0),
	JSON_NAME(remote_event, step, "step", 0, step_name),
	JSON_UINT(remote_event, attempt, "attempt", 0),
	JSON_UINT(remote_event, attempts, "attempts", 0),
	JSON_UINT(remote_event, delay_ms, "delay_ms", 0),
	{ 0 },
};
static const struct json_type event_json = JSON_TYPE(remote_event, event_fields);

union control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(int) * REMOTE_FDS_MAX)];
};

static int packet_send(int fd, const struct buf *text, const int *fds, size_t fds_len,
		       struct err *e)
{
	union control control = { 0 };
	struct iovec piece = { .iov_base = text->data, .iov_len = text->len };
	struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 };

	if (text->failed || fds_len > REMOTE_FDS_MAX)
		return err_set(e, ERR_INVALID,
			       "a message to or from remote is larger than %d bytes",
			       REMOTE_PACKET_MAX);
	if (fds_len > 0) {
		m.msg_control = control.space;
		m.msg_controllen = CMSG_SPACE(sizeof(int) * fds_len);
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);

		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * fds_len);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * fds_len);
	}

	ssize_t n;
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	return n < 0 ? err_sys(e, "send to or from remote") : 0;
}

int remote_send_request(int fd, const struct remote_request *q, const int *fds, size_t fds_len,
			struct err *e)
{
	auto_buf text = BUF(REMOTE_PACKET_MAX);

	json_write(&text, &request_json, q, 0);
	return packet_send(fd, &text, fds, fds_len, e);
}

int remote_send_event(int fd, const struct remote_event *v, struct err *e)
{
	auto_buf text = BUF(REMOTE_PACKET_MAX);

	json_write(&text, &event_json, v, 0);
	return packet_send(fd, &text, NULL, 0, e);
}

static void take_fds(struct msghdr *m, struct remote_fds *ret)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;

		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (ret->n < REMOTE_FDS_MAX)
				ret->v[ret->n++] = fd;
			else
				close(fd);
		}
	}
}

/* Returns the packet's length, 0 at the end of the connection. */
static ssize_t packet_receive(int fd, char *text, struct remote_fds *ret_fds, struct err *e)
{
	union control control = { 0 };
	struct iovec piece = { .iov_base = text, .iov_len = REMOTE_PACKET_MAX };
	struct msghdr m = { .msg_iov = &piece,
			    .msg_iovlen = 1,
			    .msg_control = control.space,
			    .msg_controllen = ret_fds ? sizeof(control.space) : 0 };
	ssize_t n;

	do
		n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return -EAGAIN;
	if (n < 0)
		return err_sys(e, "receive to or from remote");
	if (ret_fds)
		take_fds(&m, ret_fds);
	if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return err_set(e, ERR_INVALID,
			       "a message to or from remote is larger than %d bytes",
			       REMOTE_PACKET_MAX);
	return n;
}

int remote_receive_request(int fd, struct arena *a, struct remote_request *ret,
			   struct remote_fds *ret_fds, struct err *e)
{
	char *text = arena_alloc(a, REMOTE_PACKET_MAX);

	*ret_fds = (struct remote_fds){ 0 };
	ssize_t n = packet_receive(fd, text, ret_fds, e);
	if (n <= 0)
		return n;

	int r = remote_read_request(a, text, n, ret, e);
	return r < 0 ? r : 1;
}

int remote_receive_event(int fd, struct arena *a, struct remote_event *ret, struct err *e)
{
	char *text = arena_alloc(a, REMOTE_PACKET_MAX);
	ssize_t n = packet_receive(fd, text, NULL, e);

	if (n <= 0)
		return n;

	int r = remote_read_event(a, text, n, ret, e);
	return r < 0 ? r : 1;
}

int remote_read_request(struct arena *a, const char *text, size_t len, struct remote_request *ret,
			struct err *e)
{
	struct remote_request q = { 0 };
	int r = json_read(a, text, len, &request_json, &q, e);

	if (r < 0)
		return err_wrap(e, "request to remote");
	*ret = q;
	return 0;
}

int remote_read_event(struct arena *a, const char *text, size_t len, struct remote_event *ret,
		      struct err *e)
{
	struct remote_event v = { 0 };
	int r = json_read(a, text, len, &event_json, &v, e);

	if (r < 0)
		return err_wrap(e, "event of remote");
	*ret = v;
	return 0;
}
