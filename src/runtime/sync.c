/* SPDX-License-Identifier: BSD-2-Clause */
#include "runtime/sync.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(sizeof(int))];
};

int sync_open(int *ret_parent, int *ret_child, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return err_sys(e, "socketpair");
	*ret_parent = ends[0];
	*ret_child = ends[1];
	return 0;
}

static int send_packet(int sync, const void *data, size_t len, int fd)
{
	struct iovec v = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	union control c = { .bytes = { 0 } };
	ssize_t n;

	if (fd >= 0) {
		m.msg_control = &c;
		m.msg_controllen = sizeof(c);
		c.head.cmsg_level = SOL_SOCKET;
		c.head.cmsg_type = SCM_RIGHTS;
		c.head.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&c.head), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sync, &m, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

void sync_send_failure(int sync, const struct err *e)
{
	struct sync_message m = { .failed = { .kind = SYNC_FAILED, .e = *e } };

	send_packet(sync, &m.failed, sizeof(m.failed), -1);
}

int sync_send(int sync, enum sync_kind kind, int fd, struct err *e)
{
	uint32_t k = kind;
	int r = send_packet(sync, &k, sizeof(k), fd);

	return r < 0 ? err_from(e, r, "write to the parent process") : 0;
}

int sync_wait(int sync, struct err *e)
{
	char go;
	ssize_t n;

	do
		n = read(sync, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return err_sys(e, "read from the parent process");
	return n == 0 ? err_from(e, -EPIPE, "the parent process is gone") : 0;
}

/* What comes may have been written by whoever is in the container by then. */
static int check(struct sync_message *m, size_t len, struct err *e)
{
	size_t expected =
		m->kind == SYNC_FAILED ? sizeof(m->failed)
		: m->kind == SYNC_LAUNCH || m->kind == SYNC_LISTENER || m->kind == SYNC_BORN
			? sizeof(m->launch)
			: sizeof(m->kind);

	if (len < sizeof(m->kind) || len != expected ||
	    (m->kind == SYNC_FAILED &&
	     (m->failed.e.kind >= ERR_KINDS || m->failed.e.code <= 0 || m->failed.e.code > 4095)))
		return err_set(e, ERR_SYSTEM, "the container's first process sent garbage");
	if (m->kind == SYNC_FAILED) {
		char *msg = m->failed.e.msg;

		msg[sizeof(m->failed.e.msg) - 1] = '\0';
		for (; *msg; msg++)
			if ((unsigned char)*msg < ' ' || *msg == 0x7f)
				*msg = '?';
	}
	return 1;
}

int sync_receive(int sync, struct sync_message *ret, struct err *e)
{
	struct iovec v = { .iov_base = ret, .iov_len = offsetof(struct sync_message, fd) };
	union control c = { .bytes = { 0 } };
	struct msghdr m = {
		.msg_iov = &v, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof(c)
	};
	struct cmsghdr *head;
	ssize_t n;

	ret->fd = -1;
	do
		n = recvmsg(sync, &m, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	/* A process that died with unread data in its queue resets the connection. */
	if (n == 0 || (n < 0 && errno == ECONNRESET))
		return 0;
	if (n < 0)
		return err_sys(e, "read from the container's first process");
	head = CMSG_FIRSTHDR(&m);
	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&ret->fd, CMSG_DATA(head), sizeof(int));
	return check(ret, (size_t)n, e);
}

int sync_answer(int sync, struct err *e)
{
	ssize_t n;

	do
		n = send(sync, "", 1, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? err_sys(e, "write to the container's first process") : 0;
}
