/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>

#include "engine/pty.h"

static void detach_keys_are_podman_s(void **state)
{
	struct detach_keys k;
	struct err e;

	assert_int_equal(detach_keys_parse(DETACH_KEYS_DEFAULT, &k, &e), 0);
	assert_int_equal(k.len, 2);
	assert_memory_equal(k.key, "\020\021", 2);
	assert_int_equal(detach_keys_parse("ctrl-a,x,ctrl-@,ctrl-_,ctrl-[", &k, &e), 0);
	assert_int_equal(k.len, 5);
	assert_memory_equal(k.key, "\001x\000\037\033", 5);
	assert_int_equal(detach_keys_parse("", &k, &e), 0);
	assert_int_equal(k.len, 0);
}

static void bad_detach_keys_are_refused(void **state)
{
	static const char *const bad[] = {
		"ctrl-", "ctrl-A", "ctrl-aa",        "ab",       ",",
		"a,",    "a,,b",   "ctrl-p,ctrl-q,", "\303\251", "ctrl-1"
	};
	struct detach_keys k;
	struct err e;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_true(detach_keys_parse(bad[i], &k, &e) < 0);
		assert_int_equal(e.kind, ERR_INVALID);
	}
}

/* Types the keys one read at a time; what is passed on. */
static const char *typed(const char *keys, const char *text, bool *ret_detach)
{
	static char out[256];
	struct detach_keys k;
	struct err e;
	size_t n = 0;

	assert_int_equal(detach_keys_parse(keys, &k, &e), 0);
	*ret_detach = false;
	for (; *text && !*ret_detach; text++)
		n += detach_keys_filter(&k, text, 1, out + n, ret_detach);
	out[n] = '\0';
	return out;
}

static void the_sequence_detaches_and_is_not_passed_on(void **state)
{
	bool detach;

	assert_string_equal(typed("ctrl-p,ctrl-q", "ls\020\021x", &detach), "ls");
	assert_true(detach);
	assert_string_equal(typed("a,a,b", "xaaab", &detach), "xa");
	assert_true(detach);
	assert_string_equal(typed("a,b,a,c", "ababac", &detach), "ab");
	assert_true(detach);
}

static void a_part_of_the_sequence_is_passed_on(void **state)
{
	bool detach;

	assert_string_equal(typed("ctrl-p,ctrl-q", "\020\020x\021", &detach), "\020\020x\021");
	assert_false(detach);
	assert_string_equal(typed("", "\020\021", &detach), "\020\021");
	assert_false(detach);
}

static bool is_raw(int fd)
{
	struct termios t;

	return tcgetattr(fd, &t) == 0 && !(t.c_lflag & ICANON);
}

static int open_terminal(int *ret_slave)
{
	int master = posix_openpt(O_RDWR | O_NOCTTY);

	grantpt(master);
	unlockpt(master);
	*ret_slave = open(ptsname(master), O_RDWR | O_NOCTTY);
	return master;
}

static void a_raw_terminal_is_restored(void **state)
{
	int slave, master = open_terminal(&slave);
	struct err e;

	assert_int_equal(pty_raw(slave, &e), 0);
	assert_true(is_raw(slave));
	pty_restore();
	assert_false(is_raw(slave));
	close(slave);
	close(master);
}

static void a_signal_or_exit_restores_it_too(void **state)
{
	static const int ways[] = { SIGTERM, SIGHUP, SIGINT, 0 };

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		int slave, master = open_terminal(&slave), status;
		pid_t pid = fork();

		if (pid == 0) {
			if (pty_raw(slave, NULL) < 0 || !is_raw(slave))
				_exit(9);
			if (ways[i])
				raise(ways[i]);
			exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(ways[i] ? WTERMSIG(status) : status, ways[i]);
		assert_false(is_raw(slave));
		close(slave);
		close(master);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(detach_keys_are_podman_s),
		cmocka_unit_test(bad_detach_keys_are_refused),
		cmocka_unit_test(the_sequence_detaches_and_is_not_passed_on),
		cmocka_unit_test(a_part_of_the_sequence_is_passed_on),
		cmocka_unit_test(a_raw_terminal_is_restored),
		cmocka_unit_test(a_signal_or_exit_restores_it_too),
	};

	/* Who called may have ignored them: nohup(1), a shell in the background. */
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
