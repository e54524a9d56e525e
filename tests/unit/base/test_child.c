/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/child.h"

static int refuse(void *arg, struct err *e)
{
	return err_set(e, ERR_CONFLICT, "%s is taken", (const char *)arg);
}

static int die(void *arg, struct err *e)
{
	return kill(getpid(), SIGKILL);
}

static int remember(void *arg, struct err *e)
{
	pid_t *shared = arg;

	*shared = getpid();
	return 0;
}

static void the_work_is_another_process(void **unused)
{
	pid_t pid = 0;
	struct err e = { 0 };

	assert_int_equal(child_do("it", remember, &pid, &e), 0);
	assert_int_equal(pid, 0);
	/* And it was waited for. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void its_error_is_the_callers(void **unused)
{
	struct err e = { 0 };

	assert_true(child_do("it", refuse, "the name", &e) < 0);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_string_equal(e.msg, "the name is taken");
}

static void its_death_is_told_by_name(void **unused)
{
	struct err e = { 0 };

	assert_true(child_do("the process that does it", die, NULL, &e) < 0);
	assert_string_equal(e.msg, "the process that does it died");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_work_is_another_process),
		cmocka_unit_test(its_error_is_the_callers),
		cmocka_unit_test(its_death_is_told_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
