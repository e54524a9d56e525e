/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TCP.  Bytes go from one socket to the other through a pipe for each direction, and stay in the
 * kernel (splice(2)).  An end of one side is passed on to the other when all before it has gone;
 * a failure of either is a reset of both.
 *
 * Events come once for each change, so each is worked off until there is no more to do; what would
 * keep others waiting for long goes to the end of a queue instead.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "forward/forwarder.h"

enum { CHUNK = 1 << 16, ROUNDS = 16, ACCEPTS = 64 };

/* From side i to the other. */
struct direction {
	int pipe[2];
	size_t inside; /* bytes in the pipe */
	bool ended, told;
};

struct stream {
	struct source source;
	int fd[2]; /* the client's, the target's */
	struct direction from[2];
	bool connected, queued, dead;
	struct stream *next;
};

static struct stream *queue, *dead;
static bool paused; /* there are no descriptors for more */

static void set(int fd, int level, int option, int value)
{
	setsockopt(fd, level, option, &value, sizeof(value));
}

static void watch_entries(bool on)
{
	paused = !on;
	for (size_t i = 0; i < forwarder.entries_len; i++) {
		struct entry *e = &forwarder.entries[i];

		if (!e->listens)
			continue;
		if (on)
			watch(e->fd, EPOLLIN, &e->source);
		else
			epoll_ctl(forwarder.epoll, EPOLL_CTL_DEL, e->fd, NULL);
	}
}

/* Its memory stays until events that are at hand have been looked at. */
static void end(struct stream *s, bool failed)
{
	struct linger now = { .l_onoff = 1 };

	if (s->dead)
		return;
	for (int i = 0; i < 2; i++) {
		if (failed)
			setsockopt(s->fd[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(s->fd[i]);
		close(s->from[i].pipe[0]);
		close(s->from[i].pipe[1]);
	}
	s->dead = true;
	if (!s->queued) {
		s->next = dead;
		dead = s;
	}
	if (paused)
		watch_entries(true);
}

/* True if bytes have moved. */
static bool fill(struct stream *s, int i)
{
	struct direction *d = &s->from[i];
	ssize_t n;

	if (d->ended || d->inside >= CHUNK)
		return false;
	n = splice(s->fd[i], NULL, d->pipe[1], NULL, CHUNK, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0)
		d->inside += (size_t)n;
	else if (n == 0)
		d->ended = true;
	else if (errno != EAGAIN && errno != EINTR)
		end(s, true);
	return n > 0;
}

static bool drain(struct stream *s, int i)
{
	struct direction *d = &s->from[i];
	ssize_t n;

	if (s->dead || d->inside == 0)
		return false;
	n = splice(d->pipe[0], NULL, s->fd[!i], NULL, d->inside, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	if (n > 0)
		d->inside -= (size_t)n;
	else if (n < 0 && errno != EAGAIN && errno != EINTR)
		end(s, true);
	return n > 0;
}

static void pass_end(struct stream *s, int i)
{
	struct direction *d = &s->from[i];

	if (s->dead || !d->ended || d->inside || d->told)
		return;
	d->told = true;
	shutdown(s->fd[!i], SHUT_WR);
}

static void pump(struct stream *s)
{
	bool moved = true;

	for (int round = 0; moved && round < ROUNDS && !s->dead; round++) {
		moved = false;
		for (int i = 0; i < 2 && !s->dead; i++) {
			moved |= fill(s, i);
			moved |= drain(s, i);
			pass_end(s, i);
		}
	}
	if (s->dead)
		return;
	if (s->from[0].told && s->from[1].told) {
		end(s, false);
	} else if (moved && !s->queued) {
		s->queued = true;
		s->next = queue;
		queue = s;
	}
}

static void stream_ready(struct source *source)
{
	struct stream *s = (struct stream *)source;
	struct tcp_info info;
	socklen_t size = sizeof(info);
	int code = 0;

	if (s->dead)
		return;
	if (!s->connected) {
		socklen_t code_size = sizeof(code);

		if (getsockopt(s->fd[1], SOL_SOCKET, SO_ERROR, &code, &code_size) < 0 || code) {
			end(s, true);
			return;
		}
		if (getsockopt(s->fd[1], IPPROTO_TCP, TCP_INFO, &info, &size) < 0 ||
		    info.tcpi_state == TCP_SYN_SENT)
			return;
		s->connected = true;
	}
	pump(s);
}

static bool make_pipes(struct stream *s)
{
	if (pipe2(s->from[0].pipe, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	if (pipe2(s->from[1].pipe, O_CLOEXEC | O_NONBLOCK) == 0)
		return true;
	close(s->from[0].pipe[0]);
	close(s->from[0].pipe[1]);
	return false;
}

static void begin_one(const struct entry *e, int fd, const union socket_address *client)
{
	struct stream *s = calloc(1, sizeof(*s));
	union socket_address to;

	if (!s || !make_pipes(s)) {
		free(s);
		close(fd);
		return;
	}
	s->source.ready = stream_ready;
	s->fd[0] = fd;
	s->fd[1] = open_target(e, client, SOCK_STREAM, &to);
	for (int i = 0; i < 2 && s->fd[i] >= 0; i++) {
		set(s->fd[i], IPPROTO_TCP, TCP_NODELAY, 1);
		/* Who went away without a word is noticed. */
		set(s->fd[i], SOL_SOCKET, SO_KEEPALIVE, 1);
	}
	if (s->fd[1] < 0 ||
	    (connect(s->fd[1], &to.any, address_size(&to)) < 0 && errno != EINPROGRESS) ||
	    watch(s->fd[0], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &s->source) < 0 ||
	    watch(s->fd[1], EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, &s->source) < 0)
		end(s, true);
}

void stream_begin(struct source *source)
{
	const struct entry *e = (const struct entry *)source;

	for (int i = 0; i < ACCEPTS; i++) {
		union socket_address client;
		socklen_t size = sizeof(client);
		int fd = accept4(e->fd, &client.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			begin_one(e, fd, &client);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			watch_entries(false);
		return;
	}
}

bool stream_go_on(void)
{
	struct stream *s;

	while ((s = dead)) {
		dead = s->next;
		free(s);
	}
	s = queue;
	queue = NULL;
	while (s) {
		struct stream *next = s->next;

		s->queued = false;
		if (s->dead)
			free(s);
		else
			pump(s);
		s = next;
	}
	return queue != NULL;
}
