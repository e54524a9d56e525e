/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <sys/wait.h>

#include "kernel/process.h"

static void a_process_is_known_by_its_start(void **state)
{
	uint64_t start = 0;

	assert_int_equal(kernel_start_time(getpid(), &start), 0);
	assert_true(kernel_is_alive(getpid(), start));
	assert_false(kernel_is_alive(getpid(), start + 1));
	assert_false(kernel_is_alive(0, start));
	assert_false(kernel_is_alive(-1, start));
}

static void one_that_nobody_waited_for_has_ended(void **state)
{
	uint64_t start = 0;
	siginfo_t info;
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(kernel_start_time(pid, &start), 0);
	assert_false(kernel_is_alive(pid, start));
	waitpid(pid, NULL, 0);
	assert_true(kernel_start_time(pid, &start) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_is_known_by_its_start),
		cmocka_unit_test(one_that_nobody_waited_for_has_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
