/* SPDX-License-Identifier: BSD-2-Clause */
/* The monitor's parts without its loop, where a test would have to wait for the clock. */
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "monitor/supervisor.h"

int64_t now_monotonic_ms(void)
{
	return 1;
}

void watch_set(struct supervisor *s, struct watch *w, uint32_t events)
{
	if (w->fd >= 0)
		w->events = events;
}

void watch_close(struct supervisor *s, struct watch *w)
{
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
	w->events = 0;
}

void oom_restore(const struct supervisor *s)
{
}

struct bench {
	struct supervisor s;
	int pipe[2], client;
};

/* A container that has written more than a client's socket takes, and that client. */
static int setup_client(void **state, bool first)
{
	struct bench *b = calloc(1, sizeof(*b));
	static const char hello[] = { ATTACH_HELLO, ATTACH_WANT_STDOUT };
	static char block[65536];
	int pair[2];

	b->s.now_ms = 1;
	b->s.listener.fd = b->s.input.watch.fd = -1;
	for (int i = 0; i < CLIENTS_MAX; i++)
		b->s.clients[i].watch.fd = -1;
	for (int i = 0; i < STREAMS; i++) {
		b->s.streams[i].watch.fd = -1;
		b->s.streams[i].left = -1;
	}
	assert_int_equal(pipe2(b->pipe, O_NONBLOCK), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
	b->client = pair[0];
	b->s.streams[STREAM_OUT].watch.fd = b->pipe[0];
	client_add(&b->s, pair[1], first);
	assert_int_equal(send(b->client, hello, sizeof(hello), 0), sizeof(hello));
	client_ready(&b->s, &b->s.clients[0], EPOLLIN);
	for (int i = 0; i < 100; i++) {
		(void)!write(b->pipe[1], block, sizeof(block));
		stream_read(&b->s, &b->s.streams[STREAM_OUT]);
		supervisor_settle(&b->s);
	}
	assert_int_equal(b->s.streams[STREAM_OUT].waiting, 1);
	*state = b;
	return 0;
}

static int setup_late(void **state)
{
	return setup_client(state, false);
}

static int setup_first(void **state)
{
	return setup_client(state, true);
}

static int teardown(void **state)
{
	struct bench *b = *state;

	watch_close(&b->s, &b->s.clients[0].watch);
	watch_close(&b->s, &b->s.streams[STREAM_OUT].watch);
	close(b->client);
	close(b->pipe[1]);
	free(b);
	return 0;
}

static void nothing_is_read_while_a_client_waits(void **state)
{
	struct bench *b = *state;

	assert_int_equal(b->s.streams[STREAM_OUT].watch.events, 0);
	assert_int_equal(b->s.clients[0].watch.events, EPOLLIN | EPOLLOUT);
}

static void a_client_that_takes_nothing_is_dropped_and_holds_up_nobody(void **state)
{
	struct bench *b = *state;

	assert_int_equal(clients_deadline(&b->s, 0), 1 + STUCK_CLIENT_MS);
	b->s.now_ms += STUCK_CLIENT_MS;
	supervisor_settle(&b->s);
	assert_int_equal(b->s.clients[0].watch.fd, -1);
	assert_int_equal(b->s.streams[STREAM_OUT].waiting, 0);
	assert_int_equal(b->s.streams[STREAM_OUT].watch.events, EPOLLIN);
}

static void the_foreground_client_is_never_dropped(void **state)
{
	struct bench *b = *state;

	assert_int_equal(clients_deadline(&b->s, 0), 0);
	b->s.now_ms += 1000LL * STUCK_CLIENT_MS;
	supervisor_settle(&b->s);
	assert_int_equal(b->s.streams[STREAM_OUT].waiting, 1);
}

static void a_client_goes_on_where_it_stopped(void **state)
{
	struct bench *b = *state;
	char packet[ATTACH_PACKET_MAX];

	while (recv(b->client, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		assert_int_equal(packet[0], ATTACH_STDOUT);
	client_ready(&b->s, &b->s.clients[0], EPOLLOUT);
	supervisor_settle(&b->s);
	assert_int_equal(b->s.streams[STREAM_OUT].waiting, 0);
	assert_int_equal(b->s.streams[STREAM_OUT].watch.events, EPOLLIN);
	assert_int_equal(b->s.clients[0].stuck_at_ms, 0);
	assert_true(recv(b->client, packet, sizeof(packet), MSG_DONTWAIT) > 1);
}

static void an_exit_that_had_to_wait_ends_the_delivery(void **state)
{
	struct bench *b = *state;
	char packet[ATTACH_PACKET_MAX];

	b->s.state = ENDING;
	b->s.streams[STREAM_OUT].waiting = 0;
	supervisor_settle(&b->s);
	assert_int_equal(b->s.state, ENDING);
	while (recv(b->client, packet, sizeof(packet), MSG_DONTWAIT) > 0)
		;
	client_ready(&b->s, &b->s.clients[0], EPOLLOUT);
	supervisor_settle(&b->s);
	assert_int_equal(b->s.state, OVER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing_is_read_while_a_client_waits, setup_late,
						teardown),
		cmocka_unit_test_setup_teardown(
			a_client_that_takes_nothing_is_dropped_and_holds_up_nobody, setup_late,
			teardown),
		cmocka_unit_test_setup_teardown(the_foreground_client_is_never_dropped, setup_first,
						teardown),
		cmocka_unit_test_setup_teardown(a_client_goes_on_where_it_stopped, setup_late,
						teardown),
		cmocka_unit_test_setup_teardown(an_exit_that_had_to_wait_ends_the_delivery,
						setup_first, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
