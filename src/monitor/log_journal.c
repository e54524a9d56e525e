/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal's native protocol (systemd's doc "Native Journal Protocol"): a datagram of fields,
 * KEY=value or, for values with any byte, KEY, newline, 64-bit little-endian length, value,
 * newline. Our lines fit a datagram.
 */
#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "monitor/supervisor.h"

#define JOURNAL_PATH    "/run/systemd/journal/socket"
#define JOURNAL_WAIT_MS 1000

int log_journal_open(void)
{
	static const struct sockaddr_un address = { .sun_family = AF_UNIX,
						    .sun_path = JOURNAL_PATH };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The journal gets a moment when it is busy, but once it used that up no more until it is back. */
static int journal_send(struct logger *l, struct msghdr *m)
{
	struct pollfd p = { .fd = l->socket, .events = POLLOUT };

	for (;;) {
		if (sendmsg(l->socket, m, MSG_NOSIGNAL) >= 0) {
			l->journal_stuck = false;
			return 0;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN || l->journal_stuck)
			return -errno;
		l->journal_stuck = poll(&p, 1, JOURNAL_WAIT_MS) <= 0;
	}
}

int log_journal_line(struct logger *l, int stream, const char *text, size_t len, bool partial)
{
	char *fields = l->text;
	const char *tag = l->tag ? l->tag : l->name;
	uint64_t size = htole64(len);
	int r, n = snprintf(fields, sizeof(l->text),
			    "PRIORITY=%d\nCONTAINER_ID=%.12s\nCONTAINER_ID_FULL=%s\n"
			    "CONTAINER_NAME=%s\nCONTAINER_TAG=%.256s\nSYSLOG_IDENTIFIER=%.256s\n"
			    "%sMESSAGE\n",
			    stream == STREAM_ERR ? 3 : 6, l->id, l->id, l->name, tag, tag,
			    partial ? "CONTAINER_PARTIAL_MESSAGE=true\n" : "");
	struct iovec v[] = {
		{ fields, (size_t)n }, { &size, sizeof(size) }, { (char *)text, len }, { "\n", 1 }
	};
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 4 };

	if (n < 0 || (size_t)n >= sizeof(l->text))
		return -ENAMETOOLONG;
	if (l->socket < 0)
		l->socket = log_journal_open();
	if (l->socket < 0)
		return -ENOTCONN;
	r = journal_send(l, &m);
	if (r == -ECONNREFUSED || r == -ENOTCONN) {
		close(l->socket);
		l->socket = -1;
	}
	return r;
}
