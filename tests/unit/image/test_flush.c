/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/flush.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "unit.h"

static void it_runs_until_it_is_stopped(void **state)
{
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pid_t pid = flush_start(dir);

	assert_true(pid > 0);
	assert_int_equal(kill(pid, 0), 0);
	flush_stop(pid);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(errno, ESRCH);
	close(dir);
}

static void it_keeps_no_pipe_open(void **state)
{
	int dir = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC), ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = flush_start(dir);
	close(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	assert_int_equal(kill(pid, 0), 0);
	flush_stop(pid);
	close(ends[0]);
	close(dir);
}

static void what_never_began_is_stopped_too(void **state)
{
	flush_stop(0);
	flush_stop(-EAGAIN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_runs_until_it_is_stopped),
		cmocka_unit_test(it_keeps_no_pipe_open),
		cmocka_unit_test(what_never_began_is_stopped_too),
	};

	return cmocka_run_group_tests_name("image/flush", tests, NULL, NULL);
}
