/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <time.h>

#include "base/buf.h"
#include "engine/attach.h"
#include "kernel/kernel.h"

/* Runs a script as exec would, its input from a file, its output to files. */
struct run {
	const char *in;
	bool terminal;
	char out[1 << 16], err[1 << 16];
	int code;
	struct attach_result end;
};

static int scratch(const char *text)
{
	char path[] = "/tmp/berth-stdio-XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	if (text) {
		assert_int_equal(write(fd, text, strlen(text)), strlen(text));
		lseek(fd, 0, SEEK_SET);
	}
	return fd;
}

static void take_text(int fd, char *to, size_t room)
{
	ssize_t n = pread(fd, to, room - 1, 0);

	assert_true(n >= 0);
	to[n] = '\0';
	close(fd);
}

static void run(struct run *r, const char *script)
{
	int in[2], out[2], err[2], master = -1, status;
	struct attach_how how = {
		.in = r->in ? scratch(r->in) : -1,
		.out = scratch(NULL),
		.err = scratch(NULL),
		.terminal = r->terminal,
	};
	struct stdio_child child;
	struct err e;
	pid_t pid;

	if (r->terminal) {
		master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		grantpt(master);
		unlockpt(master);
		in[0] = out[1] = err[1] = open(ptsname(master), O_RDWR | O_NOCTTY);
	} else {
		assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) |
					 pipe2(err, O_CLOEXEC),
				 0);
	}
	pid = fork();
	if (pid == 0) {
		setsid();
		dup2(in[0], 0);
		dup2(out[1], 1);
		dup2(err[1], 2);
		kernel_close_from(3);
		execl("/bin/sh", "sh", "-c", script, NULL);
		_exit(127);
	}
	close(in[0]);
	if (!r->terminal) {
		close(out[1]);
		close(err[1]);
	}
	child = (struct stdio_child){ .pidfd = kernel_pidfd_open(pid),
				      .terminal = master,
				      .in = r->terminal ? -1 : in[1],
				      .out = r->terminal ? -1 : out[0],
				      .err = r->terminal ? -1 : err[0] };
	assert_int_equal(stdio_relay(&child, &how, &r->end, &e), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	r->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	close(child.pidfd);
	if (how.in >= 0)
		close(how.in);
	if (master >= 0)
		close(master);
	take_text(how.out, r->out, sizeof(r->out));
	take_text(how.err, r->err, sizeof(r->err));
}

static void the_streams_of_a_child_come_through(void **state)
{
	struct run r = { .in = "one\ntwo\n" };

	run(&r, "cat; echo err >&2; exit 9");
	assert_string_equal(r.out, "one\ntwo\n");
	assert_string_equal(r.err, "err\n");
	assert_int_equal(r.code, 9);
	assert_int_equal(r.end.end, ATTACH_ENDED);
}

static void without_input_it_has_ended(void **state)
{
	struct run r = { .in = NULL };

	run(&r, "cat; echo end");
	assert_string_equal(r.out, "end\n");
}

static void a_child_that_does_not_read_its_input_is_no_error(void **state)
{
	static char much[200001];
	struct run r = { .in = much };

	memset(much, 'x', sizeof(much) - 1);
	run(&r, "exec <&-; echo end; exit 4");
	assert_string_equal(r.out, "end\n");
	assert_int_equal(r.code, 4);
}

static void what_it_left_behind_is_not_waited_for(void **state)
{
	struct run r = { .in = NULL };
	time_t before = time(NULL);

	run(&r, "sleep 20 & echo $!; exit 2");
	assert_in_range(time(NULL) - before, 0, 10);
	assert_int_equal(r.code, 2);
	kill(atoi(r.out), SIGKILL);
}

static void what_it_wrote_last_is_not_lost(void **state)
{
	static struct run r;

	run(&r, "head -c 60000 /dev/zero | tr '\\0' x");
	assert_int_equal(strlen(r.out), 60000);
}

static void a_terminal_gets_its_end_of_file(void **state)
{
	struct run r = { .in = "typed\n", .terminal = true };

	run(&r, "stty -echo; sleep 0.2; cat; echo end; exit 6");
	assert_non_null(strstr(r.out, "typed\r\n"));
	assert_non_null(strstr(r.out, "end\r\n"));
	assert_int_equal(r.code, 6);
}

static void a_terminal_without_input_stays(void **state)
{
	struct run r = { .in = NULL, .terminal = true };

	run(&r, "sleep 0.1; echo fine");
	assert_string_equal(r.out, "fine\r\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_streams_of_a_child_come_through),
		cmocka_unit_test(without_input_it_has_ended),
		cmocka_unit_test(a_child_that_does_not_read_its_input_is_no_error),
		cmocka_unit_test(what_it_left_behind_is_not_waited_for),
		cmocka_unit_test(what_it_wrote_last_is_not_lost),
		cmocka_unit_test(a_terminal_gets_its_end_of_file),
		cmocka_unit_test(a_terminal_without_input_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
