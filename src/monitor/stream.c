/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container's output: read once, given to all clients, then to the log line by line.  What is
 * left in the buffer between rounds is the beginning of a line, or what some client has yet to
 * take.
 */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "monitor/supervisor.h"

/* What a terminal may hold beyond what FIONREAD tells. */
#define TERMINAL_SLACK 65536

static int stream_index(const struct supervisor *s, const struct stream *o)
{
	return (int)(o - s->streams);
}

static void stream_log(struct supervisor *s, struct stream *o, bool flush)
{
	size_t n = logger_write(&s->log, stream_index(s, o), o->text + o->logged,
				o->len - o->logged, flush);

	o->logged += n;
	if (o->logged == o->len)
		o->flush_at_ms = 0;
	else if (n > 0 || !o->flush_at_ms)
		o->flush_at_ms = s->now_ms + PARTIAL_LINE_MS;
}

/* Makes room behind what is still to be logged; a line as long as the buffer goes in pieces. */
static void stream_compact(struct supervisor *s, struct stream *o)
{
	if (o->waiting)
		return;

	o->sent = o->len;
	if (o->logged == 0 && o->len == sizeof(o->text))
		stream_log(s, o, true);
	if (o->logged == 0)
		return;
	memmove(o->text, o->text + o->logged, o->len - o->logged);
	o->len -= o->logged;
	o->sent = o->len;
	o->logged = 0;
}

static void stream_give(struct supervisor *s, struct stream *o)
{
	bool is_stderr = stream_index(s, o) == STREAM_ERR;
	int want = is_stderr ? ATTACH_WANT_STDERR : ATTACH_WANT_STDOUT;
	char type = is_stderr ? ATTACH_STDERR : ATTACH_STDOUT;

	for (int i = 0; i < CLIENTS_MAX; i++) {
		struct client *c = &s->clients[i];

		if (c->watch.fd >= 0 && c->greeted && (c->wants & want) &&
		    client_send(s, c, type, o->text + o->sent, o->len - o->sent) == 0)
			o->waiting |= 1ULL << i;
	}
}

void stream_end(struct supervisor *s, struct stream *o)
{
	stream_log(s, o, true);
	stream_compact(s, o);
	watch_close(s, &o->watch);
}

void stream_read(struct supervisor *s, struct stream *o)
{
	size_t room = sizeof(o->text) - o->len;
	ssize_t n;

	if (o->watch.fd < 0 || o->waiting || clients_undecided(s))
		return;

	if (o->left >= 0 && room > (size_t)o->left)
		room = (size_t)o->left;
	n = room ? read(o->watch.fd, o->text + o->len, room) : 0;
	if (n < 0 && (errno == EINTR || (errno == EAGAIN && o->left < 0)))
		return;
	if (n <= 0) {
		stream_end(s, o);
		return;
	}

	o->len += (size_t)n;
	if (o->left >= 0)
		o->left -= n;
	stream_give(s, o);
	stream_log(s, o, false);
	stream_compact(s, o);
}

/* A client that had to wait can take more. */
void stream_written(struct supervisor *s, struct stream *o, int client)
{
	char type = stream_index(s, o) == STREAM_ERR ? ATTACH_STDERR : ATTACH_STDOUT;

	if (!(o->waiting & (1ULL << client)))
		return;
	if (client_send(s, &s->clients[client], type, o->text + o->sent, o->len - o->sent) != 0)
		o->waiting &= ~(1ULL << client);
}

/* The container ended: what it left in the pipes is read, and no more, because processes that it
 * left behind may go on writing. */
void streams_drain(struct supervisor *s)
{
	for (int i = 0; i < STREAMS; i++) {
		struct stream *o = &s->streams[i];
		int there = 0;

		if (o->watch.fd < 0)
			continue;
		ioctl(o->watch.fd, FIONREAD, &there);
		o->left = there + (s->input.terminal ? TERMINAL_SLACK : 0);
	}
}

bool streams_done(const struct supervisor *s)
{
	for (int i = 0; i < STREAMS; i++)
		if (s->streams[i].watch.fd >= 0 || s->streams[i].waiting)
			return false;
	return true;
}

void streams_settle(struct supervisor *s)
{
	for (int i = 0; i < STREAMS; i++) {
		struct stream *o = &s->streams[i];

		if (o->flush_at_ms && o->flush_at_ms <= s->now_ms)
			stream_log(s, o, true);
		stream_compact(s, o);
		while (o->left >= 0 && o->watch.fd >= 0 && !o->waiting && !clients_undecided(s))
			stream_read(s, o);
		watch_set(s, &o->watch,
			  o->watch.fd < 0 || o->waiting || clients_undecided(s) ? 0 : EPOLLIN);
	}
}

int64_t streams_deadline(const struct supervisor *s, int64_t soonest)
{
	for (int i = 0; i < STREAMS; i++) {
		int64_t at = s->streams[i].flush_at_ms;

		if (at && (!soonest || at < soonest))
			soonest = at;
	}
	return soonest;
}
