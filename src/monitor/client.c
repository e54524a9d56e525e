/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Those who are attached (protocol.h).  A client's mistake, or its end, closes it and changes
 * nothing else.  The first client, of a foreground run, may hold up the container's output as long
 * as it likes, as a pipe would; any other is dropped when it takes nothing for STUCK_CLIENT_MS.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/supervisor.h"

/* Packets read and thrown away before closing; see protocol.h about ECONNRESET. */
#define UNREAD_MAX 64

static int client_index(const struct supervisor *s, const struct client *c)
{
	return (int)(c - s->clients);
}

static bool client_has_input(const struct client *c)
{
	return c->greeted && (c->wants & ATTACH_WANT_STDIN);
}

static bool client_waits(const struct supervisor *s, const struct client *c)
{
	uint64_t bit = 1ULL << client_index(s, c);

	return (s->streams[STREAM_OUT].waiting | s->streams[STREAM_ERR].waiting) & bit;
}

static void client_close(struct supervisor *s, struct client *c)
{
	uint64_t bit = 1ULL << client_index(s, c);
	char packet[64];

	for (int i = 0; i < UNREAD_MAX; i++)
		if (recv(c->watch.fd, packet, sizeof(packet), MSG_DONTWAIT) <= 0)
			break;
	watch_close(s, &c->watch);
	for (int i = 0; i < STREAMS; i++)
		s->streams[i].waiting &= ~bit;
	if (client_has_input(c) && !s->input.terminal)
		input_end(s);
}

void client_add(struct supervisor *s, int fd, bool first)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];

		if (c->watch.fd >= 0)
			continue;
		fcntl(fd, F_SETFL, O_NONBLOCK);
		*c = (struct client){
			.watch = { .fd = fd, .source = SOURCE_CLIENT | (uint32_t)i << SOURCE_BITS },
			.first = first,
			.stuck_at_ms = first ? 0 : s->now_ms,
		};
		watch_set(s, &c->watch, EPOLLIN);
		return;
	}
	close(fd);
}

void clients_accept(struct supervisor *s)
{
	for (;;) {
		int fd = accept4(s->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		client_add(s, fd, false);
	}
}

int client_send(struct supervisor *s, struct client *c, char type, const void *data, size_t len)
{
	struct iovec v[] = { { &type, 1 }, { (void *)data, len } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(c->watch.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n >= 0) {
		c->stuck_at_ms = 0;
		return 1;
	}
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) {
		if (!c->stuck_at_ms && !c->first)
			c->stuck_at_ms = s->now_ms;
		return 0;
	}
	client_close(s, c);
	return -1;
}

/* Where the foreground client's reader is gone, the container's writer shall know. */
static void client_leave_stream(struct supervisor *s, struct client *c, uint8_t stream)
{
	static const uint8_t wants[] = {
		[STREAM_OUT] = ATTACH_WANT_STDOUT, [STREAM_ERR] = ATTACH_WANT_STDERR
	};

	for (int i = 0; i < STREAMS; i++) {
		if (!(stream & wants[i] & c->wants))
			continue;
		c->wants &= (uint8_t)~wants[i];
		s->streams[i].waiting &= ~(1ULL << client_index(s, c));
		if (c->first && !s->input.terminal)
			stream_end(s, &s->streams[i]);
	}
}

bool client_packet(struct supervisor *s, struct client *c, const char *packet, size_t len)
{
	struct attach_size size;

	if (len < 1 || (packet[0] == ATTACH_HELLO) == c->greeted)
		return false;

	switch (packet[0]) {
	case ATTACH_HELLO:
		if (len != 2)
			return false;
		c->greeted = true;
		c->wants = (uint8_t)packet[1];
		c->stuck_at_ms = 0;
		return true;
	case ATTACH_STDIN:
		if (client_has_input(c) && len > 1 && packet == s->input.text)
			input_take(s, 1, len);
		return true;
	case ATTACH_EOF:
		if (client_has_input(c))
			input_end(s);
		return true;
	case ATTACH_RESIZE:
		if (len != 1 + sizeof(size))
			return false;
		memcpy(&size, packet + 1, sizeof(size));
		input_resize(s, &size);
		return true;
	case ATTACH_CLOSED:
		if (len != 2)
			return false;
		client_leave_stream(s, c, (uint8_t)packet[1]);
		return true;
	case ATTACH_CLEANED:
		if (!(c->wants & ATTACH_OWNER) || !c->told)
			return false;
		if (len == 1 + sizeof(s->trash))
			memcpy(&s->trash, packet + 1, sizeof(s->trash));
		else if (len != 1)
			return false;
		s->cleaned = true;
		return true;
	default:
		return false;
	}
}

/* While input is waiting to be written, only those who may send none are read, and what they have
 * to say fits a little room of its own. */
static void client_receive(struct supervisor *s, struct client *c)
{
	struct input *in = &s->input;
	char *packet = in->text, small[1 + sizeof(struct attach_trash)];
	size_t room = sizeof(in->text);
	ssize_t n;
	bool fine;

	if (input_busy(s)) {
		if (client_has_input(c))
			return;
		packet = small;
		room = sizeof(small);
	}
	n = recv(c->watch.fd, packet, room, MSG_DONTWAIT | MSG_TRUNC);
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNRESET))
		return;
	if (n <= 0 || (size_t)n > room) {
		client_close(s, c);
		return;
	}

	fine = client_packet(s, c, packet, (size_t)n);
	if (!fine || (c->told && s->cleaned && (c->wants & ATTACH_OWNER)))
		client_close(s, c);
}

void client_ready(struct supervisor *s, struct client *c, uint32_t events)
{
	if (c->watch.fd >= 0 && (events & EPOLLOUT))
		for (int i = 0; i < STREAMS && c->watch.fd >= 0; i++)
			stream_written(s, &s->streams[i], client_index(s, c));
	if (c->watch.fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		client_receive(s, c);
}

bool clients_undecided(const struct supervisor *s)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].watch.fd >= 0 && s->clients[i].first && !s->clients[i].greeted)
			return true;
	return false;
}

/* Those that have been told are done, but an owner, who has yet to clean up. */
void clients_tell_exit(struct supervisor *s)
{
	const struct attach_exit end = {
		.code = (int32_t)s->exit.exit_code,
		.signal = (int32_t)s->exit.signal,
		.oom_killed = s->exit.oom_killed,
		.restarting = s->exit.restarting,
	};

	clients_accept(s);
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];

		if (c->watch.fd < 0 || c->told ||
		    client_send(s, c, ATTACH_EXIT, &end, sizeof(end)) <= 0)
			continue;
		c->told = true;
		if (s->exit.restarting || !(c->wants & ATTACH_OWNER))
			client_close(s, c);
	}
}

bool clients_done(const struct supervisor *s)
{
	for (int i = 0; i < CLIENTS_MAX; i++)
		if (s->clients[i].watch.fd >= 0)
			return false;
	return true;
}

void clients_expire(struct supervisor *s)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];

		if (c->watch.fd >= 0 && c->stuck_at_ms &&
		    s->now_ms - c->stuck_at_ms >= STUCK_CLIENT_MS)
			client_close(s, c);
	}
}

void clients_settle(struct supervisor *s)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];
		uint32_t events = 0;

		if (c->watch.fd < 0)
			continue;
		if (!client_has_input(c) || !input_busy(s))
			events |= EPOLLIN;
		if (client_waits(s, c) || (supervisor_ended(s) && !c->told))
			events |= EPOLLOUT;
		watch_set(s, &c->watch, events);
	}
}

int64_t clients_deadline(const struct supervisor *s, int64_t soonest)
{
	for (int i = 0; i < CLIENTS_MAX; i++) {
		const struct client *c = &s->clients[i];
		int64_t at = c->stuck_at_ms + STUCK_CLIENT_MS;

		if (c->watch.fd >= 0 && c->stuck_at_ms && (!soonest || at < soonest))
			soonest = at;
	}
	return soonest;
}
