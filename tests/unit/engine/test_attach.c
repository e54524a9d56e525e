/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/buf.h"
#include "engine/attach.h"
#include "kernel/kernel.h"
#include "monitor/starter.h"

/* The process that runs berth: its streams' other ends. */
struct front {
	pid_t pid;
	int in, out, err;
};

static int pass_signal(void *arg, int number)
{
	const pid_t *pid = arg;

	return kill(*pid, number) < 0 ? -errno : 0;
}

static void front_run(struct world *w, struct attach_how how, int socket)
{
	struct attach_result end;
	pid_t child = (pid_t)w->child;
	struct err e;

	how.send_signal = pass_signal;
	how.arg = &child;
	if (attach_relay(socket, &how, &end, &e) < 0)
		_exit(99);
	_exit(end.end == ATTACH_ENDED ? end.exit_code : end.end == ATTACH_DETACHED ? 201 : 202);
}

/* A foreground run of the script, with pipes or a terminal. */
static struct front front_start(struct world *w, struct attach_how how, const char *script)
{
	struct front f = { .in = -1 };
	int pair[2], in[2], out[2], err[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
	w->h.client = pair[1];
	w->terminal = how.terminal;
	world_start(w, script);
	w->h.client = -1;
	if (how.terminal) {
		f.in = f.out = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		grantpt(f.in);
		unlockpt(f.in);
		ioctl(f.in, TIOCSWINSZ, &(struct winsize){ .ws_row = 20, .ws_col = 70 });
		in[0] = out[1] = err[1] = open(ptsname(f.in), O_RDWR | O_NOCTTY | O_CLOEXEC);
		in[1] = out[0] = err[0] = -1;
	} else {
		assert_int_equal(pipe2(in, O_CLOEXEC) | pipe2(out, O_CLOEXEC) |
					 pipe2(err, O_CLOEXEC),
				 0);
		f.in = in[1];
		f.out = out[0];
		f.err = err[0];
	}
	how.in = in[0];
	how.out = out[1];
	how.err = err[1];
	f.pid = fork();
	if (f.pid == 0) {
		close(f.in);
		close(f.out);
		front_run(w, how, pair[0]);
	}
	close(pair[0]);
	close(in[0]);
	if (!how.terminal) {
		close(out[1]);
		close(err[1]);
	}
	return f;
}

static int front_wait(struct front *f)
{
	int status;

	assert_int_equal(waitpid(f->pid, &status, 0), f->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static char *read_all(int fd)
{
	struct buf all = BUF(1 << 28);

	while (buf_read(&all, fd) > 0)
		;
	return all.data ? all.data : strdup("");
}

/* Reads until the text has come. */
static void expect(int fd, const char *text)
{
	auto_buf all = BUF(1 << 20);

	while (!strstr(buf_text(&all), text)) {
		struct pollfd p = { fd, POLLIN, 0 };

		assert_int_equal(poll(&p, 1, 10000), 1);
		assert_true(buf_read(&all, fd) > 0);
	}
}

static void streams_and_the_exit_code_come_through(void **state)
{
	struct world *w = *state;
	struct front f;
	auto_free char *out = NULL, *err = NULL;

	w->interactive = true;
	f = front_start(w, (struct attach_how){ 0 }, "cat; echo err >&2; exit 7");
	assert_int_equal(write(f.in, "hello\n", 6), 6);
	close(f.in);
	out = read_all(f.out);
	err = read_all(f.err);
	assert_string_equal(out, "hello\n");
	assert_string_equal(err, "err\n");
	assert_int_equal(front_wait(&f), 7);
}

static void nothing_is_lost_when_the_reader_is_slow(void **state)
{
	struct world *w = *state;
	struct front f;
	auto_free char *out = NULL;
	char *at;

	w->h.log = MONITOR_LOG_NONE;
	f = front_start(w, (struct attach_how){ 0 }, "seq 1 500000");
	close(f.in);
	usleep(200000);
	out = read_all(f.out);
	at = out;
	for (long i = 1; i <= 500000; i++)
		assert_int_equal(strtol(at, &at, 10), i);
	assert_int_equal(front_wait(&f), 0);
}

static void much_input_comes_through_unchanged(void **state)
{
	struct world *w = *state;
	struct front f;
	auto_free char *out = NULL;
	pid_t writer;

	w->h.log = MONITOR_LOG_NONE;
	w->interactive = true;
	f = front_start(w, (struct attach_how){ 0 }, "sleep 0.2; cksum");
	writer = fork();
	if (writer == 0) {
		dup2(f.in, 1);
		execl("/bin/sh", "sh", "-c", "seq 1 300000", NULL);
	}
	close(f.in);
	out = read_all(f.out);
	waitpid(writer, NULL, 0);
	assert_string_equal(out, "2732413854 1988895\n");
	assert_int_equal(front_wait(&f), 0);
}

static void signals_get_through_while_a_pager_stands_still(void **state)
{
	struct world *w = *state;
	struct front f =
		front_start(w, (struct attach_how){ .proxy_signals = true },
			    "trap 'exit 44' INT; while :; do echo yyyyyyyyyyyyyyyyyyy; done");

	usleep(200000);
	kill(f.pid, SIGINT);
	world_until(world_has(w, "run/" MONITOR_EXIT) ||
		    (usleep(10000), read(f.out, (char[65536]){ 0 }, 65536) == 0));
	free(read_all(f.out));
	assert_int_equal(front_wait(&f), 44);
	close(f.in);
}

static void a_writer_learns_that_nobody_reads(void **state)
{
	struct world *w = *state;
	struct front f = front_start(w, (struct attach_how){ 0 }, "yes; exit 31");
	char some[100];

	assert_true(read(f.out, some, sizeof(some)) > 0);
	close(f.out);
	assert_int_equal(front_wait(&f), 31);
	close(f.in);
}

static void a_terminal_is_raw_and_has_the_caller_s_size(void **state)
{
	struct world *w = *state;
	struct front f =
		front_start(w, (struct attach_how){ .terminal = true },
			    "sleep 0.3; stty size; read a; stty size; echo got $a; exit 3");

	expect(f.in, "20 70\r\n");
	ioctl(f.in, TIOCSWINSZ, &(struct winsize){ .ws_row = 21, .ws_col = 71 });
	kill(f.pid, SIGWINCH);
	usleep(100000);
	assert_int_equal(write(f.in, "word\r", 5), 5);
	expect(f.in, "21 71\r\ngot word\r\n");
	assert_int_equal(front_wait(&f), 3);
}

static void detach_keys_detach(void **state)
{
	struct world *w = *state;
	auto_close int run = dup(w->run);
	struct front f = front_start(w, (struct attach_how){ .terminal = true },
				     "read a; read b; echo got $b; read c");

	assert_int_equal(write(f.in, "x\r\020y\r", 5), 5);
	expect(f.in, "got \020y\r\n");
	assert_int_equal(write(f.in, "\020\021", 2), 2);
	assert_int_equal(front_wait(&f), 201);
	assert_false(world_has(w, "run/" MONITOR_EXIT));
}

static void a_monitor_that_is_killed_is_noticed(void **state)
{
	struct world *w = *state;
	struct front f = front_start(w, (struct attach_how){ 0 }, "echo ready; sleep 30");

	expect(f.out, "ready\n");
	kill(w->monitor, SIGKILL);
	assert_int_equal(front_wait(&f), 202);
	close(f.in);
}

static void waiting_tells_the_end(void **state)
{
	struct world *w = *state;
	struct attach_result end;
	struct err e;

	world_start(w, "sleep 0.3; exit 5");
	assert_int_equal(attach_wait(w->run, 10, &end, &e), -ETIMEDOUT);
	assert_int_equal(attach_wait(w->run, -1, &end, &e), 0);
	assert_int_equal(end.end, ATTACH_ENDED);
	assert_int_equal(end.exit_code, 5);
	world_wait(w);
	assert_int_equal(attach_wait(w->run, -1, &end, &e), -ENOENT);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(streams_and_the_exit_code_come_through),
		TEST(nothing_is_lost_when_the_reader_is_slow),
		TEST(much_input_comes_through_unchanged),
		TEST(signals_get_through_while_a_pager_stands_still),
		TEST(a_writer_learns_that_nobody_reads),
		TEST(a_terminal_is_raw_and_has_the_caller_s_size),
		TEST(detach_keys_detach),
		TEST(a_monitor_that_is_killed_is_noticed),
		TEST(waiting_tells_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
