/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* In a child that has given up all that it can; returns what `check` does, or 99. */
static int confined(int (*check)(void))
{
	struct err e = { 0 };
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (confine(&e) < 0) {
			dprintf(STDERR_FILENO, "%s\n", e.msg);
			_exit(99);
		}
		_exit(check());
	}
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

/* Not in a sanitizer's build. The filter forbids the very question. */
static bool filtered(void)
{
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) != 0;
}

static int is_nobody(void)
{
	return getuid() != 0 && geteuid() != 0 && getegid() != 0 && setuid(0) < 0;
}

static void it_is_nobody_and_stays_so(void **state)
{
	if (geteuid() != 0)
		skip();
	assert_int_equal(confined(is_nobody), 1);
}

static int reads_only_what_it_needs(void)
{
	int hosts = open("/etc/hosts", O_RDONLY), state = open("/var/lib", O_RDONLY | O_DIRECTORY);
	int new = open("/tmp/berth-confined", O_WRONLY | O_CREAT, 0600);

	return hosts >= 0 && state < 0 && new < 0;
}

static void it_reads_how_names_are_resolved_and_nothing_of_ours(void **state)
{
	assert_int_equal(confined(reads_only_what_it_needs), 1);
}

static int starts_nothing(void)
{
	pid_t pid;

	if (!filtered())
		return 1;
	pid = fork();
	if (pid == 0)
		_exit(0);
	return pid < 0 && execl("/bin/true", "true", NULL) < 0 && kill(1, 0) < 0 && errno == ENOSYS;
}

static void it_starts_and_signals_nothing(void **state)
{
	assert_int_equal(confined(starts_nothing), 1);
}

static int has_the_internet_only(void)
{
	int inet = socket(AF_INET, SOCK_STREAM, 0), packet = socket(AF_PACKET, SOCK_RAW, 0);
	int listener = listen(inet, 1);

	return inet >= 0 && packet < 0 && (!filtered() || listener < 0);
}

static void it_may_connect_and_not_listen(void **state)
{
	assert_int_equal(confined(has_the_internet_only), 1);
}

static int resolves(void)
{
	struct addrinfo *found = NULL;

	return getaddrinfo("localhost", "80", &(struct addrinfo){ .ai_socktype = SOCK_STREAM },
			   &found) == 0 &&
	       found;
}

static void names_are_resolved(void **state)
{
	assert_int_equal(confined(resolves), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_nobody_and_stays_so),
		cmocka_unit_test(it_reads_how_names_are_resolved_and_nothing_of_ours),
		cmocka_unit_test(it_starts_and_signals_nothing),
		cmocka_unit_test(it_may_connect_and_not_listen),
		cmocka_unit_test(names_are_resolved),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
