/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Any packets from a client, to the monitor's own code: input is a list of length (two bytes, big
 * end first) and packet.  The container is a pair of pipes.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/supervisor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int64_t now_monotonic_ms(void)
{
	return 1;
}

void watch_set(struct supervisor *s, struct watch *w, uint32_t events)
{
	w->events = events;
}

void watch_close(struct supervisor *s, struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

void oom_restore(const struct supervisor *s)
{
}

static void start(struct supervisor *s, int out, int in)
{
	memset(s, 0, sizeof(*s));
	s->now_ms = 1;
	s->listener.fd = -1;
	for (int i = 0; i < CLIENTS_MAX; i++)
		s->clients[i].watch.fd = -1;
	for (int i = 0; i < STREAMS; i++) {
		s->streams[i].watch.fd = -1;
		s->streams[i].left = -1;
	}
	s->streams[STREAM_OUT].watch.fd = out;
	s->input.watch.fd = in;
	fcntl(out, F_SETFL, O_NONBLOCK);
	fcntl(in, F_SETFL, O_NONBLOCK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct supervisor s;
	int out[2], in[2], pair[2];

	signal(SIGPIPE, SIG_IGN);

	if (pipe(out) < 0 || pipe(in) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair) < 0)
		abort();
	start(&s, out[0], in[1]);
	client_add(&s, pair[1], len & 1);

	while (len >= 2) {
		size_t n = (size_t)data[0] << 8 | data[1];

		data += 2;
		len -= 2;
		if (n > len)
			n = len;
		(void)!send(pair[0], data, n, MSG_NOSIGNAL);
		(void)!write(out[1], data, n < 4096 ? n : 4096);
		data += n;
		len -= n;
		client_ready(&s, &s.clients[0], EPOLLIN | EPOLLOUT);
		stream_read(&s, &s.streams[STREAM_OUT]);
		input_write(&s);
		supervisor_settle(&s);
		if (s.input.from > s.input.to || s.input.to > sizeof(s.input.text) ||
		    s.streams[STREAM_OUT].len > sizeof(s.streams[STREAM_OUT].text))
			abort();
	}
	s.state = WAITING;
	supervisor_settle(&s);

	close(pair[0]);
	for (int i = 0; i < CLIENTS_MAX; i++)
		watch_close(&s, &s.clients[i].watch);
	watch_close(&s, &s.streams[STREAM_OUT].watch);
	watch_close(&s, &s.input.watch);
	close(out[1]);
	close(in[0]);
	return 0;
}
