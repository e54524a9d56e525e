/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "monitor/starter.h"

static struct monitor_exit exit_of(struct world *w)
{
	static struct arena *kept; /* for the texts, until the next */
	struct monitor_exit x = { 0 };
	struct err e;

	arena_free(kept);
	kept = arena_new();
	assert_int_equal(monitor_exit_read(w->run, kept, &x, &e), 0);
	return x;
}

static bool is_gone(pid_t pid)
{
	char path[32], state = 'Z';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "r");
	if (f) {
		if (fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
			state = 'Z';
		fclose(f);
	}
	return state == 'Z';
}

static void the_exit_code_is_recorded(void **state)
{
	struct world *w = *state;
	struct monitor_exit x;
	auto_free char *run = NULL, *lib = NULL;

	w->h.started_nsec = 1000000000LL * 86400;
	world_start(w, "exit 7");
	assert_int_equal(world_wait(w), 0);
	x = exit_of(w);
	assert_int_equal(x.exit_code, 7);
	assert_int_equal(x.signal, 0);
	assert_int_equal(x.pid, w->child);
	assert_false(x.oom_killed || x.timed_out || x.stopped || x.restarting);
	assert_string_equal(x.started_at, "1970-01-02T00:00:00.000000000Z");
	run = world_read(w, "run/" MONITOR_EXIT);
	lib = world_read(w, "lib/" MONITOR_EXIT);
	assert_string_equal(run, lib);
}

static void no_record_is_not_found(void **state)
{
	struct world *w = *state;
	struct monitor_exit x;
	struct err e;

	assert_int_equal(monitor_exit_read(w->run, NULL, &x, &e), -ENOENT);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
}

static void a_signal_is_recorded(void **state)
{
	struct world *w = *state;

	world_start(w, "kill -KILL $$");
	world_wait(w);
	assert_int_equal(exit_of(w).exit_code, 137);
	assert_int_equal(exit_of(w).signal, SIGKILL);
}

static void an_oom_kill_is_recorded(void **state)
{
	struct world *w = *state;
	static const char events[] = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 1\noom_group_kill 0\n";
	int fd = openat(w->dir, "memory.events", O_RDWR | O_CREAT, 0600);

	assert_int_equal(write(fd, events, strlen(events)), strlen(events));
	w->h.oom = fd;
	world_start(w, "kill -KILL $$");
	close(fd);
	world_wait(w);
	assert_true(exit_of(w).oom_killed);
}

/* A file of the folder with such a count, open for the monitor. */
static int oom_file(const struct world *w, const char *name, int kills)
{
	int fd = openat(w->dir, name, O_RDWR | O_CREAT | O_TRUNC, 0600);

	assert_true(dprintf(fd, "low 0\noom %d\noom_kill %d\n", kills, kills) > 0);
	return fd;
}

/* Its own group is gone when it has ended, as systemd has it; then the parent's count tells. */
static void check_oom_above(struct world *w, const char *kill, int kills_then, bool expected)
{
	char text[512];

	w->h.oom = oom_file(w, "memory.events", 1);
	w->h.oom_above = oom_file(w, "above", 4);
	snprintf(text, sizeof(text),
		 "sleep 0.2; : >%1$s/memory.events; echo oom_kill %2$d >%1$s/above; kill -%3$s $$",
		 w->path, kills_then, kill);
	world_start(w, text);
	close(w->h.oom);
	close(w->h.oom_above);
	world_wait(w);
	assert_int_equal(exit_of(w).oom_killed, expected);
}

static void the_parents_count_tells_of_a_group_that_is_gone(void **state)
{
	check_oom_above(*state, "KILL", 4, true);
}

static void what_others_were_killed_of_is_not_its_own(void **state)
{
	check_oom_above(*state, "KILL", 3, false);
}

static void who_was_not_killed_was_not_oom_killed(void **state)
{
	check_oom_above(*state, "TERM", 4, false);
}

static void a_container_is_killed_at_its_timeout(void **state)
{
	struct world *w = *state;

	w->h.timeout_sec = 1;
	world_start(w, "trap '' TERM; sleep 30");
	world_wait(w);
	assert_int_equal(exit_of(w).exit_code, 255);
	assert_true(exit_of(w).timed_out);
}

static void the_record_is_there_before_a_client_hears_of_it(void **state)
{
	struct world *w = *state;
	struct attach_exit end;

	world_client(w, 0);
	world_start(w, "exit 9");
	free(client_hear_all(w->client, ATTACH_STDOUT, NULL, &end));
	assert_int_equal(exit_of(w).exit_code, 9);
	assert_int_equal(end.code, 9);
}

static void of_one_that_is_removed_there_is_no_durable_record(void **state)
{
	struct world *w = *state;

	w->h.temporary = 1;
	world_start(w, "exit 9");
	world_wait(w);
	assert_true(world_has(w, "run/exit.json"));
	assert_false(world_has(w, "lib/exit.json"));
}

static void a_client_that_comes_late_hears_the_exit(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	int late;

	/* An owner that hasn't cleaned up keeps the monitor. */
	world_client(w, ATTACH_OWNER);
	world_start(w, "exit 4");
	free(client_hear_all(w->client, ATTACH_STDOUT, NULL, &end));
	late = world_attach(w, 0);
	free(client_hear_all(late, ATTACH_STDOUT, NULL, &end));
	close(late);
	assert_int_equal(end.code, 4);
	client_say(w->client, ATTACH_CLEANED, NULL, 0);
	assert_int_equal(world_wait(w), 0);
}

static const char *const cleanup[] = { "sh", "-c", "echo cleaned >> \"$BERTH_TEST_FILE\"; exit 6",
				       NULL };

static void set_test_file(struct world *w)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/effect", w->path);
	setenv("BERTH_TEST_FILE", path, 1);
}

static void the_cleanup_program_runs_in_the_same_process(void **state)
{
	struct world *w = *state;
	auto_free char *effect = NULL;

	set_test_file(w);
	w->h.cleanup_argv = cleanup;
	world_start(w, "exit 0");
	assert_int_equal(WEXITSTATUS(world_wait(w)), 6);
	effect = world_read(w, "effect");
	assert_string_equal(effect, "cleaned\n");
}

static void an_owner_that_cleans_up_spares_the_cleanup_program(void **state)
{
	struct world *w = *state;
	struct attach_exit end;

	set_test_file(w);
	w->h.cleanup_argv = cleanup;
	world_client(w, ATTACH_OWNER);
	world_start(w, "exit 0");
	free(client_hear_all(w->client, ATTACH_STDOUT, NULL, &end));
	client_say(w->client, ATTACH_CLEANED, NULL, 0);
	assert_int_equal(world_wait(w), 0);
	assert_false(world_has(w, "effect"));
}

static void what_an_owner_put_into_the_trash_is_deleted(void **state)
{
	struct world *w = *state;
	struct attach_trash trash = { .lib = "gone-lib", .run = "other" };
	struct attach_exit end;

	set_test_file(w);
	w->h.cleanup_argv = cleanup;
	world_client(w, ATTACH_OWNER);
	world_start(w, "exit 0");
	free(client_hear_all(w->client, ATTACH_STDOUT, NULL, &end));
	assert_int_equal(mkdirat(w->lib, "deep", 0700) | mkdirat(w->dir, "other", 0700), 0);
	assert_int_equal(renameat(w->dir, "lib", w->dir, "gone-lib"), 0);
	client_say(w->client, ATTACH_CLEANED, &trash, sizeof(trash));
	assert_int_equal(world_wait(w), 0);
	assert_false(world_has(w, "gone-lib"));
	assert_false(world_has(w, "effect"));
	/* A name for something else than what it holds is not believed. */
	assert_true(world_has(w, "other"));
	assert_true(world_has(w, "run"));
}

static void an_owner_that_dies_leaves_it_to_the_cleanup_program(void **state)
{
	struct world *w = *state;
	struct attach_exit end;

	set_test_file(w);
	w->h.cleanup_argv = cleanup;
	world_client(w, ATTACH_OWNER);
	world_start(w, "exit 0");
	free(client_hear_all(w->client, ATTACH_STDOUT, NULL, &end));
	close(w->client);
	w->client = -1;
	assert_int_equal(WEXITSTATUS(world_wait(w)), 6);
	assert_true(world_has(w, "effect"));
}

static const char *const restart[] = {
	"sh", "-c",
	"echo $$ >> \"$BERTH_TEST_FILE\"; grep SigBlk /proc/self/status >> \"$BERTH_TEST_FILE\";"
	"ls /proc/self/fd | wc -l >> \"$BERTH_TEST_FILE\"; exit 8",
	NULL
};

static void always_restarts_in_the_same_process(void **state)
{
	struct world *w = *state;
	auto_free char *effect = NULL;
	char expected[128];
	pid_t pid;

	set_test_file(w);
	w->h.restart = MONITOR_RESTART_ALWAYS;
	w->h.restart_argv = restart;
	w->h.restarts = 2;
	w->h.restart_delay_ms = 200;
	world_start(w, "exit 0");
	pid = w->monitor;
	assert_int_equal(WEXITSTATUS(world_wait(w)), 8);
	effect = world_read(w, "effect");
	/* No signal is blocked; descriptors: the standard ones and that of ls's directory. */
	snprintf(expected, sizeof(expected), "%d\nSigBlk:\t0000000000000000\n4\n", pid);
	assert_string_equal(effect, expected);
	assert_true(exit_of(w).restarting);
	assert_int_equal(exit_of(w).restarts, 3);
	assert_int_equal(exit_of(w).next_delay_ms, 400);
}

static void on_failure_restarts_no_success(void **state)
{
	struct world *w = *state;

	w->h.restart = MONITOR_RESTART_ON_FAILURE;
	w->h.restart_argv = restart;
	world_start(w, "exit 0");
	assert_int_equal(world_wait(w), 0);
	assert_false(exit_of(w).restarting);
}

static void on_failure_gives_up_after_its_count(void **state)
{
	struct world *w = *state;

	set_test_file(w);
	w->h.restart = MONITOR_RESTART_ON_FAILURE;
	w->h.restart_argv = restart;
	w->h.restart_max = 2;
	w->h.restarts = 1;
	world_start(w, "exit 1");
	assert_int_equal(WEXITSTATUS(world_wait(w)), 8);
	w->h.restarts = 2;
	world_start(w, "exit 1");
	assert_int_equal(world_wait(w), 0);
	assert_int_equal(exit_of(w).restarts, 2);
}

static void one_that_a_user_stopped_is_not_restarted(void **state)
{
	struct world *w = *state;
	int mark;

	w->h.restart = MONITOR_RESTART_ALWAYS;
	w->h.restart_argv = restart;
	world_start(w, "sleep 30");
	mark = openat(w->run, MONITOR_STOP_MARK, O_CREAT | O_WRONLY, 0600);
	close(mark);
	kill((pid_t)w->child, SIGKILL);
	assert_int_equal(world_wait(w), 0);
	assert_true(exit_of(w).stopped);
	assert_false(exit_of(w).restarting);
}

static void a_stop_during_the_delay_ends_it(void **state)
{
	struct world *w = *state;

	w->h.restart = MONITOR_RESTART_ALWAYS;
	w->h.restart_argv = restart;
	w->h.restart_delay_ms = 30000;
	world_start(w, "exit 3");
	world_until(world_has(w, "run/" MONITOR_EXIT));
	assert_true(exit_of(w).restarting);
	kill(w->monitor, SIGTERM);
	assert_int_equal(world_wait(w), 0);
	assert_false(exit_of(w).restarting);
	assert_true(exit_of(w).stopped);
	assert_int_equal(exit_of(w).restarts, 0);
	assert_int_equal(exit_of(w).exit_code, 3);
}

static void sigterm_asks_the_container_and_then_kills_it(void **state)
{
	struct world *w = *state;

	w->h.stop_signal = SIGUSR1;
	w->h.stop_timeout_ms = 300;
	world_start(w, "trap 'echo asked' USR1; echo ready; while :; do sleep 0.05; done");
	world_until(world_says(w, "lib/ctr.log", "ready"));
	kill(w->monitor, SIGTERM);
	assert_int_equal(world_wait(w), 0);
	assert_int_equal(exit_of(w).signal, SIGKILL);
	assert_true(exit_of(w).stopped);
	assert_true(world_says(w, "lib/ctr.log", "asked"));
}

static void signals_of_a_terminal_do_not_end_the_monitor(void **state)
{
	struct world *w = *state;
	static const int signals[] = {
		SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGUSR1, SIGALRM, SIGTSTP
	};

	world_start(w, "echo ready; sleep 0.3; exit 2");
	world_until(world_says(w, "lib/ctr.log", "ready"));
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		kill(w->monitor, signals[i]);
	assert_int_equal(world_wait(w), 0);
	assert_int_equal(exit_of(w).exit_code, 2);
}

static void a_killed_monitor_takes_its_container_along(void **state)
{
	struct world *w = *state;

	world_start(w, "echo ready; sleep 30");
	world_until(world_says(w, "lib/ctr.log", "ready"));
	kill(w->monitor, SIGKILL);
	world_wait(w);
	world_until(is_gone((pid_t)w->child));
	assert_false(world_has(w, "run/" MONITOR_EXIT));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_exit_code_is_recorded),
		TEST(no_record_is_not_found),
		TEST(a_signal_is_recorded),
		TEST(an_oom_kill_is_recorded),
		TEST(the_parents_count_tells_of_a_group_that_is_gone),
		TEST(what_others_were_killed_of_is_not_its_own),
		TEST(who_was_not_killed_was_not_oom_killed),
		TEST(a_container_is_killed_at_its_timeout),
		TEST(the_record_is_there_before_a_client_hears_of_it),
		TEST(of_one_that_is_removed_there_is_no_durable_record),
		TEST(a_client_that_comes_late_hears_the_exit),
		TEST(the_cleanup_program_runs_in_the_same_process),
		TEST(an_owner_that_cleans_up_spares_the_cleanup_program),
		TEST(what_an_owner_put_into_the_trash_is_deleted),
		TEST(an_owner_that_dies_leaves_it_to_the_cleanup_program),
		TEST(always_restarts_in_the_same_process),
		TEST(on_failure_restarts_no_success),
		TEST(on_failure_gives_up_after_its_count),
		TEST(one_that_a_user_stopped_is_not_restarted),
		TEST(a_stop_during_the_delay_ends_it),
		TEST(sigterm_asks_the_container_and_then_kills_it),
		TEST(signals_of_a_terminal_do_not_end_the_monitor),
		TEST(a_killed_monitor_takes_its_container_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
