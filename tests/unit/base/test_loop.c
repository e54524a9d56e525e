/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/epoll.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/loop.h"

struct seen {
	struct loop_watch *watch, *other;
	int times, pipe;
	uint32_t events;
	struct err e;
};

static int set_up(void **state)
{
	struct loop *l = NULL;
	struct err e;

	if (loop_new(&l, &e) < 0)
		return -1;
	*state = l;
	return 0;
}

static int tear_down(void **state)
{
	loop_free(*state);
	return 0;
}

static void stop_at_third(struct loop *l, void *arg, uint32_t events)
{
	struct seen *s = arg;

	s->events = events;
	if (++s->times == 3)
		loop_stop(l, 42);
	else
		loop_set_timer(l, s->watch, 1000, &s->e);
}

static void a_timer_fires_once_and_can_be_set_again(void **state)
{
	struct seen s = { 0 };

	assert_int_equal(loop_add_timer(*state, 0, stop_at_third, &s, &s.watch, &s.e), 0);
	assert_int_equal(loop_run(*state, &s.e), 42);
	assert_int_equal(s.times, 3);
}

static void read_and_stop(struct loop *l, void *arg, uint32_t events)
{
	struct seen *s = arg;
	char c;

	s->events = events;
	s->times += (int)read(s->pipe, &c, 1);
	loop_stop(l, 0);
}

static void fail_late(struct loop *l, void *arg, uint32_t events)
{
	loop_stop(l, -1);
}

static void a_disarmed_timer_is_silent(void **state)
{
	struct seen s = { 0 };
	struct loop_watch *late;

	assert_int_equal(loop_add_timer(*state, 1, fail_late, NULL, &late, &s.e), 0);
	assert_int_equal(loop_set_timer(*state, late, -1, &s.e), 0);
	s.times = 2;
	assert_int_equal(loop_add_timer(*state, 20000, stop_at_third, &s, &s.watch, &s.e), 0);
	assert_int_equal(loop_run(*state, &s.e), 42);
}

static void a_readable_descriptor_calls_back(void **state)
{
	struct seen s = { 0 };
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	s.pipe = pipes[0];
	assert_int_equal(loop_add_fd(*state, pipes[0], EPOLLIN, read_and_stop, &s, &s.watch, &s.e),
			 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(loop_run(*state, &s.e), 0);
	assert_int_equal(s.times, 1);
	assert_int_equal(s.events, EPOLLIN);
	close(pipes[1]);
	assert_int_equal(loop_run(*state, &s.e), 0);
	assert_int_equal(s.events, EPOLLHUP);
	loop_remove(*state, s.watch);
	close(pipes[0]);
}

static void events_can_be_changed(void **state)
{
	struct seen s = { 0 };
	struct loop_watch *timer;
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	s.pipe = pipes[0];
	assert_int_equal(loop_add_fd(*state, pipes[0], EPOLLIN, read_and_stop, &s, &s.watch, &s.e),
			 0);
	assert_int_equal(loop_change_fd(*state, s.watch, 0, &s.e), 0);
	assert_int_equal(loop_add_timer(*state, 10000, fail_late, NULL, &timer, &s.e), 0);
	assert_int_equal(loop_run(*state, &s.e), -1);
	assert_int_equal(s.times, 0);
	close(pipes[0]);
	close(pipes[1]);
}

static void a_file_that_cannot_be_watched_is_an_error(void **state)
{
	struct seen s = { 0 };

	assert_int_equal(loop_add_fd(*state, -1, EPOLLIN, read_and_stop, &s, &s.watch, &s.e),
			 -EBADF);
	assert_null(s.watch);
	assert_int_equal(loop_run(*state, &s.e), -EINVAL);
	assert_string_equal(s.e.msg, "event loop: nothing is watched any more");
}

static void note_signal(struct loop *l, void *arg, uint32_t events)
{
	struct seen *s = arg;

	s->events = events;
	s->times++;
	loop_stop(l, 0);
}

static bool is_blocked(int signal)
{
	sigset_t set;

	sigprocmask(SIG_BLOCK, NULL, &set);
	return sigismember(&set, signal);
}

static void a_signal_is_an_event_until_it_is_let_go(void **state)
{
	struct seen s = { 0 };

	assert_int_equal(loop_add_signal(*state, SIGUSR1, note_signal, &s, &s.watch, &s.e), 0);
	assert_true(is_blocked(SIGUSR1));
	kill(getpid(), SIGUSR1);
	assert_int_equal(loop_run(*state, &s.e), 0);
	assert_int_equal(s.events, SIGUSR1);
	loop_remove(*state, s.watch);
	assert_false(is_blocked(SIGUSR1));
	assert_int_equal(loop_add_signal(*state, 1000, note_signal, &s, &s.watch, &s.e), -EINVAL);
}

static void the_end_of_a_child_is_an_event(void **state)
{
	const char *const argv[] = { "true", NULL };
	struct child c;
	struct seen s = { 0 };
	int status;

	assert_int_equal(child_spawn(&(struct child_spawn){ .path = "/bin/true",
							    .argv = (char *const *)argv,
							    .in = -1,
							    .out = -1,
							    .err = -1 },
				     &c, &s.e),
			 0);
	assert_int_equal(loop_add_fd(*state, c.pidfd, EPOLLIN, note_signal, &s, &s.watch, &s.e), 0);
	assert_int_equal(loop_run(*state, &s.e), 0);
	loop_remove(*state, s.watch);
	assert_int_equal(child_wait(&c, &status, &s.e), 0);
	assert_int_equal(child_exit_code(status), 0);
}

static void remove_both(struct loop *l, void *arg, uint32_t events)
{
	struct seen *s = arg;

	s->times++;
	loop_remove(l, s->watch);
	loop_remove(l, s->other);
	loop_remove(l, s->other);
	loop_add_timer(l, 1000, fail_late, NULL, &s->watch, &s->e);
}

/* Both are ready in the same batch: whichever comes first removes the other. */
static void a_callback_may_remove_itself_and_what_is_ready_too(void **state)
{
	struct seen s = { 0 };
	int pipes[2];

	assert_int_equal(pipe(pipes), 0);
	assert_int_equal(write(pipes[1], "x", 1), 1);
	assert_int_equal(loop_add_fd(*state, pipes[0], EPOLLIN, remove_both, &s, &s.watch, &s.e),
			 0);
	assert_int_equal(loop_add_fd(*state, pipes[1], EPOLLOUT, remove_both, &s, &s.other, &s.e),
			 0);
	assert_int_equal(loop_run(*state, &s.e), -1);
	assert_int_equal(s.times, 1);
	close(pipes[0]);
	close(pipes[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_timer_fires_once_and_can_be_set_again, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_disarmed_timer_is_silent, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_readable_descriptor_calls_back, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(events_can_be_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_file_that_cannot_be_watched_is_an_error, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_signal_is_an_event_until_it_is_let_go, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(the_end_of_a_child_is_an_event, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_callback_may_remove_itself_and_what_is_ready_too,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
