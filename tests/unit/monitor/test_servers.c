/* SPDX-License-Identifier: BSD-2-Clause */
/* What the monitor does when one of the processes ends that serve its container. */
#include "unit.h"
#include <setjmp.h>
#include <signal.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/supervisor.h"

/* main.c's, which is not among the parts. */
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

int64_t now_monotonic_ms(void)
{
	return 0;
}

struct bench {
	struct supervisor s;
	char file[64];
	const char *servers[2];
	pid_t server;
};

static pid_t start_server(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		pause();
		_exit(0);
	}
	return pid;
}

static void end_server(struct bench *b)
{
	kill(b->server, SIGKILL);
	waitpid(b->server, NULL, 0);
}

static void write_number(const struct bench *b, pid_t pid)
{
	FILE *f = fopen(b->file, "w");

	assert_non_null(f);
	fprintf(f, "%d\n", (int)pid);
	fclose(f);
}

static int set_up(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct bench *b = calloc(1, sizeof(*b));
	int fd;

	strcpy(b->file, "/tmp/berth-test-XXXXXX");
	fd = mkstemp(b->file);
	assert_true(fd >= 0);
	close(fd);
	b->servers[0] = b->file;
	b->server = start_server();
	write_number(b, b->server);
	b->s.now_ms = 1000000;
	b->s.h.servers = b->servers;
	b->s.h.program = "/bin/true";
	b->s.h.mend_argv = argv;
	servers_start(&b->s);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	end_server(b);
	watch_close(&b->s, &b->s.servers.watch[0]);
	unlink(b->file);
	free(b);
	return 0;
}

static void come_to_it(struct bench *b)
{
	b->s.now_ms = b->s.servers.mend.at_ms;
	servers_settle(&b->s);
}

static void await_run(struct bench *b)
{
	siginfo_t info;

	assert_true(b->s.servers.mend.child > 0);
	assert_int_equal(waitid(P_PID, (id_t)b->s.servers.mend.child, &info, WEXITED | WNOWAIT), 0);
	servers_reap(&b->s);
	assert_int_equal(b->s.servers.mend.child, 0);
}

static void one_that_serves_is_only_watched(void **state)
{
	struct bench *b = *state;

	assert_true(b->s.servers.watch[0].fd >= 0);
	assert_int_equal(mend_deadline(&b->s, &b->s.servers.mend, 0), 0);
}

static void one_that_ends_is_started_again(void **state)
{
	struct bench *b = *state;
	struct mend *m = &b->s.servers.mend;

	end_server(b);
	server_ended(&b->s, 0);
	assert_in_range(m->at_ms, b->s.now_ms + 1, b->s.now_ms + 1000);
	come_to_it(b);
	/* What berth does. */
	b->server = start_server();
	write_number(b, b->server);
	await_run(b);
	assert_true(b->s.servers.watch[0].fd >= 0);
	assert_int_equal(m->at_ms, 0);
}

static void one_that_was_replaced_is_watched_and_no_more(void **state)
{
	struct bench *b = *state;

	end_server(b);
	server_ended(&b->s, 0);
	b->server = start_server();
	write_number(b, b->server);
	come_to_it(b);
	assert_int_equal(b->s.servers.mend.child, 0);
	assert_int_equal(b->s.servers.mend.at_ms, 0);
	assert_true(b->s.servers.watch[0].fd >= 0);
}

static void one_that_nobody_wants_any_more_is_forgotten(void **state)
{
	struct bench *b = *state;

	end_server(b);
	unlink(b->file);
	server_ended(&b->s, 0);
	come_to_it(b);
	await_run(b);
	assert_int_equal(b->s.servers.watch[0].fd, -1);
	assert_int_equal(mend_deadline(&b->s, &b->s.servers.mend, 0), 0);
}

static void one_that_ends_on_and_on_is_waited_for_longer(void **state)
{
	struct bench *b = *state;
	int64_t waited = 0;

	end_server(b);
	for (int i = 0; i < 4; i++) {
		int64_t before = waited;

		server_ended(&b->s, 0);
		waited = b->s.servers.mend.at_ms - b->s.now_ms;
		assert_true(waited > before);
		come_to_it(b);
		await_run(b);
	}
}

static void nothing_is_started_for_a_container_that_has_ended(void **state)
{
	struct bench *b = *state;

	end_server(b);
	b->s.state = DRAINING;
	server_ended(&b->s, 0);
	assert_int_equal(mend_deadline(&b->s, &b->s.servers.mend, 0), 0);
	come_to_it(b);
	assert_int_equal(b->s.servers.mend.child, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		TEST(one_that_serves_is_only_watched),
		TEST(one_that_ends_is_started_again),
		TEST(one_that_was_replaced_is_watched_and_no_more),
		TEST(one_that_nobody_wants_any_more_is_forgotten),
		TEST(one_that_ends_on_and_on_is_waited_for_longer),
		TEST(nothing_is_started_for_a_container_that_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
