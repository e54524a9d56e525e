/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "monitor/starter.h"

#define ALL_STREAMS (ATTACH_WANT_STDIN | ATTACH_WANT_STDOUT | ATTACH_WANT_STDERR)

static void input_and_its_end_arrive(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	auto_free char *all = NULL;

	w->interactive = true;
	world_client(w, ALL_STREAMS);
	world_start(w, "read a; echo \"got $a\"; cat; echo eof");
	client_say(w->client, ATTACH_STDIN, "one\ntw", 6);
	client_say(w->client, ATTACH_STDIN, "o\n", 2);
	client_say(w->client, ATTACH_EOF, NULL, 0);
	all = client_hear_all(w->client, ATTACH_STDOUT, NULL, &end);
	assert_string_equal(all, "got one\ntwo\neof\n");
}

static void input_waits_for_a_container_that_does_not_read(void **state)
{
	struct world *w = *state;
	static char block[16000];
	struct attach_exit end;
	auto_free char *all = NULL;
	int late, sent = 0;
	char type = ATTACH_STDIN;
	struct iovec v[] = { { &type, 1 }, { block, sizeof(block) } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };

	memset(block, 'x', sizeof(block));
	w->interactive = true;
	world_client(w, ALL_STREAMS);
	world_start(w, "sleep 0.5; wc -c");
	for (int i = 0; i < 100; i++) {
		while (sendmsg(w->client, &m, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
			sent++;
		usleep(1000);
	}
	assert_in_range(sent, 5, 60);
	/* Meanwhile others are served. */
	late = world_attach(w, 0);
	client_say(w->client, ATTACH_EOF, NULL, 0);
	all = client_hear_all(w->client, ATTACH_STDOUT, NULL, &end);
	assert_int_equal(atoi(all), sent * 16000);
	free(client_hear_all(late, ATTACH_STDOUT, NULL, &end));
	close(late);
}

static void input_stays_open_until_the_first_that_had_it_leaves(void **state)
{
	struct world *w = *state;
	auto_free char *log = NULL;
	int watcher, typist;

	w->interactive = true;
	world_start(w, "cat; echo end");
	watcher = world_attach(w, ATTACH_WANT_STDOUT);
	close(watcher);
	typist = world_attach(w, ALL_STREAMS);
	client_say(typist, ATTACH_STDIN, "typed\n", 6);
	close(typist);
	world_wait(w);
	log = world_read(w, "lib/ctr.log");
	assert_non_null(strstr(log, "stdout F typed\n"));
	assert_non_null(strstr(log, "stdout F end\n"));
}

static void a_terminal_has_its_size_and_its_end_of_file(void **state)
{
	struct world *w = *state;
	const struct attach_size size = { 33, 101 };
	struct attach_exit end;
	auto_free char *all = NULL;

	w->terminal = true;
	world_client(w, ALL_STREAMS);
	client_say(w->client, ATTACH_RESIZE, &size, sizeof(size));
	world_start(w, "stty -echo; sleep 0.1; stty size; echo err >&2; cat; exit 11");
	client_say(w->client, ATTACH_STDIN, "line", 4);
	client_say(w->client, ATTACH_EOF, NULL, 0);
	all = client_hear_all(w->client, ATTACH_STDOUT, NULL, &end);
	assert_int_equal(end.code, 11);
	assert_non_null(strstr(all, "33 101\r\nerr\r\n"));
	assert_non_null(strstr(all, "line"));
}

static void a_terminal_may_be_closed_and_opened_again(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	auto_free char *all = NULL;

	w->terminal = true;
	world_client(w, ALL_STREAMS);
	world_start(w, "t=$(tty); echo one; exec </dev/null >/dev/null 2>&1; sleep 0.2; "
		       "exec >$t; echo two");
	all = client_hear_all(w->client, ATTACH_STDOUT, NULL, &end);
	assert_string_equal(all, "one\r\ntwo\r\n");
}

static void detaching_harms_nobody(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	auto_free char *all = NULL;
	int other;

	w->terminal = true;
	world_client(w, ALL_STREAMS);
	world_start(w, "read a; echo \"got $a\"");
	close(w->client);
	w->client = -1;
	other = world_attach(w, ALL_STREAMS);
	client_say(other, ATTACH_STDIN, "x\n", 2);
	all = client_hear_all(other, ATTACH_STDOUT, NULL, &end);
	assert_non_null(strstr(all, "got x\r\n"));
	close(other);
}

static void bad_packets_end_their_sender_only(void **state)
{
	struct world *w = *state;
	static char big[ATTACH_PACKET_MAX + 100];
	struct attach_exit end;
	auto_free char *all = NULL;
	char packet[ATTACH_PAYLOAD_MAX + 1];
	size_t len;
	const struct {
		char type;
		size_t len;
	} bad[] = { { 0, 0 },
		    { ATTACH_HELLO, 1 },
		    { ATTACH_RESIZE, 3 },
		    { ATTACH_CLEANED, 0 },
		    { 'z', 10 },
		    { ATTACH_STDIN, sizeof(big) } };

	w->interactive = true;
	world_client(w, ALL_STREAMS);
	world_start(w, "cat");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = world_attach(w, ATTACH_WANT_STDOUT);

		client_say(fd, bad[i].type, big, bad[i].len);
		assert_int_equal(client_hear(fd, packet, &len), 0);
		close(fd);
	}
	client_say(w->client, ATTACH_STDIN, "fine\n", 5);
	client_say(w->client, ATTACH_EOF, NULL, 0);
	all = client_hear_all(w->client, ATTACH_STDOUT, NULL, &end);
	assert_string_equal(all, "fine\n");
	assert_int_equal(world_wait(w), 0);
}

static void random_packets_do_no_harm(void **state)
{
	struct world *w = *state;
	static const char types[] = "hiewcorpx\0\377";
	unsigned seed = 1;
	char go[64];

	snprintf(go, sizeof(go), "%s/go", w->path);
	setenv("BERTH_TEST_FILE", go, 1);
	w->interactive = true;
	world_start(w, "cat; while [ ! -e $BERTH_TEST_FILE ]; do sleep 0.02; done; exit 21");
	for (int i = 0; i < 300; i++) {
		char hello[] = { ATTACH_HELLO, (char)rand_r(&seed) };
		int fd = world_connect(w);

		/* One that comes when there is no room is closed at once. */
		(void)!send(fd, hello, sizeof(hello), MSG_NOSIGNAL);
		for (int k = 0; k < 10; k++) {
			char packet[64];
			size_t len = (size_t)rand_r(&seed) % sizeof(packet);

			for (size_t n = 0; n < sizeof(packet); n++)
				packet[n] = (char)rand_r(&seed);
			packet[0] = types[(size_t)rand_r(&seed) % sizeof(types)];
			(void)!send(fd, packet, len, MSG_NOSIGNAL);
		}
		close(fd);
	}
	/* One of them was the first to leave that had the input. */
	close(openat(w->dir, "go", O_CREAT | O_WRONLY, 0600));
	assert_int_equal(world_wait(w), 0);
	assert_true(world_says(w, "run/" MONITOR_EXIT, "\"exitCode\":21,"));
}

static void more_clients_than_there_is_room_for_are_turned_away(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	int fd[100], heard = 0;
	char packet[ATTACH_PAYLOAD_MAX + 1];
	size_t len;

	w->interactive = true;
	world_client(w, ALL_STREAMS);
	world_start(w, "read a");
	for (int i = 0; i < 100; i++) {
		fd[i] = world_connect(w);
		(void)!send(fd[i], (char[]){ ATTACH_HELLO, 0 }, 2, MSG_NOSIGNAL);
	}
	client_say(w->client, ATTACH_STDIN, "\n", 1);
	free(client_hear_all(w->client, ATTACH_STDOUT, NULL, &end));
	for (int i = 0; i < 100; i++) {
		heard += client_hear(fd[i], packet, &len) == ATTACH_EXIT;
		close(fd[i]);
	}
	assert_in_range(heard, 60, 64);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(input_and_its_end_arrive),
		TEST(input_waits_for_a_container_that_does_not_read),
		TEST(input_stays_open_until_the_first_that_had_it_leaves),
		TEST(a_terminal_has_its_size_and_its_end_of_file),
		TEST(a_terminal_may_be_closed_and_opened_again),
		TEST(detaching_harms_nobody),
		TEST(bad_packets_end_their_sender_only),
		TEST(random_packets_do_no_harm),
		TEST(more_clients_than_there_is_room_for_are_turned_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
