/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "monitor/starter.h"

/* The texts of the log's records, without their times: "stdout F line". */
static char *records(struct world *w, const char *name)
{
	struct buf out = BUF(1 << 28);
	auto_free char *log = world_read(w, name);
	char *save = NULL;

	for (char *l = strtok_r(log, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int year, end = 0;

		assert_int_equal(sscanf(l, "%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*9d+00:00 %n", &year,
					&end),
				 1);
		assert_int_equal(end, 36);
		buf_addf(&out, "%s\n", l + end);
	}
	return out.data ? out.data : strdup("");
}

static void output_is_logged_as_cri_records(void **state)
{
	struct world *w = *state;
	auto_free char *log = NULL;

	world_start(w, "echo one; echo two >&2; sleep 0.1; echo; printf three");
	assert_int_equal(world_wait(w), 0);
	log = records(w, "lib/ctr.log");
	assert_string_equal(log, "stdout F one\nstderr F two\nstdout F \nstdout P three\n");
}

static void an_unfinished_line_is_logged_when_nothing_follows(void **state)
{
	struct world *w = *state;
	auto_free char *log = NULL;

	world_start(w, "printf 'password: '; read line < /dev/zero");
	world_until(world_says(w, "lib/ctr.log", "\n"));
	log = records(w, "lib/ctr.log");
	assert_string_equal(log, "stdout P password: \n");
}

static void a_line_longer_than_the_buffer_is_logged_in_pieces(void **state)
{
	struct world *w = *state;
	auto_free char *log = NULL;
	char *at;
	size_t total = 0, pieces = 0;

	world_start(w, "head -c 40000 /dev/zero | tr '\\0' x; echo; echo next");
	world_wait(w);
	log = records(w, "lib/ctr.log");
	for (at = log; !strncmp(at, "stdout P ", 9); at = strchr(at, '\n') + 1) {
		pieces++;
		total += strcspn(at + 9, "\n");
	}
	assert_false(strncmp(at, "stdout F ", 9));
	total += strcspn(at + 9, "\n");
	assert_int_equal(total, 40000);
	assert_in_range(pieces, 2, 8);
	assert_string_equal(strchr(at, '\n') + 1, "stdout F next\n");
}

static void a_foreground_client_loses_nothing(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	size_t len;
	auto_free char *all = NULL;
	char *at;

	w->h.log = MONITOR_LOG_NONE;
	world_client(w, ATTACH_WANT_STDOUT);
	world_start(w, "seq 1 2000000; exit 3");
	usleep(300000); /* all buffers are full by now */
	all = client_hear_all(w->client, ATTACH_STDOUT, &len, &end);
	world_wait(w);
	assert_int_equal(end.code, 3);
	at = all;
	for (long i = 1; i <= 2000000; i++)
		assert_int_equal(strtol(at, &at, 10), i);
	assert_string_equal(at, "\n");
}

static void streams_are_told_apart(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	auto_free char *all = NULL;

	world_client(w, ATTACH_WANT_STDERR);
	world_start(w, "echo out; echo err >&2");
	all = client_hear_all(w->client, ATTACH_STDERR, NULL, &end);
	assert_string_equal(all, "err\n");
}

static void an_ended_container_is_not_held_up_by_those_it_left_behind(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	auto_free char *all = NULL, *pid = NULL;

	world_client(w, ATTACH_WANT_STDOUT);
	world_start(w, "trap '' HUP; sleep 30 & echo $! >&2; echo done");
	all = client_hear_all(w->client, ATTACH_STDOUT, NULL, &end);
	assert_string_equal(all, "done\n");
	world_wait(w);
	pid = records(w, "lib/ctr.log");
	kill(atoi(strstr(pid, "stderr F ") + 9), SIGKILL);
}

static void the_log_is_rotated_between_records(void **state)
{
	struct world *w = *state;
	long next = 1;

	w->h.log_max_bytes = 100000;
	w->h.log_files = 40;
	world_start(w, "seq 1 40000");
	world_wait(w);
	for (int i = 39; i >= 0; i--) {
		char name[32];
		struct stat st;
		auto_free char *log = NULL;

		snprintf(name, sizeof(name), i ? "lib/ctr.log.%d" : "lib/ctr.log", i);
		if (fstatat(w->dir, name, &st, 0) < 0)
			continue;
		assert_in_range(st.st_size, 1, 100000);
		log = records(w, name);
		for (char *l = log; *l; l = strchr(l, '\n') + 1, next++)
			assert_int_equal(atol(l + strlen("stdout F ")), next);
	}
	assert_int_equal(next, 40001);
}

static void only_so_many_log_files_are_kept(void **state)
{
	struct world *w = *state;
	auto_free char *log = NULL;

	w->h.log_max_bytes = 10000;
	w->h.log_files = 2;
	world_start(w, "seq 1 10000");
	world_wait(w);
	assert_true(world_has(w, "lib/ctr.log.1"));
	assert_false(world_has(w, "lib/ctr.log.2"));
	assert_false(world_has(w, "lib/ctr.log.0"));
	log = records(w, "lib/ctr.log");
	assert_non_null(strstr(log, "stdout F 10000\n"));
}

static void a_log_without_a_limit_is_one_file(void **state)
{
	struct world *w = *state;
	struct stat st;

	w->h.log_max_bytes = -1;
	world_start(w, "seq 1 400000");
	world_wait(w);
	assert_false(world_has(w, "lib/ctr.log.1"));
	assert_int_equal(fstatat(w->dir, "lib/ctr.log", &st, 0), 0);
	assert_true(st.st_size > MONITOR_LOG_MAX_BYTES);
}

static long count(const char *text, const char *what)
{
	long n = 0;

	for (const char *at = text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

static void a_log_that_fails_drops_lines_and_says_so_later(void **state)
{
	struct world *w = *state;
	struct attach_exit end;
	struct monitor_exit x;
	struct err e;
	AUTO(arena) a = arena_new();
	auto_free char *before = NULL, *log = NULL, *all = NULL;

	w->file_size_max = 20000;
	w->h.log_max_bytes = -1;
	w->interactive = true;
	world_client(w, ATTACH_WANT_STDIN | ATTACH_WANT_STDOUT);
	world_start(w, "seq 1 5000; read a; echo better; exit 5");
	world_until(world_says(w, "lib/ctr.log", " lines were not logged: File too"));
	usleep(100000);
	before = records(w, "lib/ctr.log");
	close(openat(w->dir, "lib/ctr.log", O_WRONLY | O_TRUNC));

	client_say(w->client, ATTACH_STDIN, "\n", 1);
	all = client_hear_all(w->client, ATTACH_STDOUT, NULL, &end);
	assert_int_equal(end.code, 5);
	log = records(w, "lib/ctr.log");
	assert_non_null(strstr(log, "stdout F better\n"));
	assert_int_equal(monitor_exit_read(w->run, a, &x, &e), 0);
	assert_int_equal(count(before, "stdout F "), 5000 - x.dropped_lines);
}

static void json_file_is_docker_s(void **state)
{
	struct world *w = *state;
	auto_free char *log = NULL;

	w->h.log = MONITOR_LOG_JSON_FILE;
	world_start(w,
		    "printf 'a \"b\"\\\\<\\t\\001\\377\\303\\251\\n'; sleep 0.1; printf cut >&2");
	world_wait(w);
	log = world_read(w, "lib/ctr.log");
	assert_int_equal(strncmp(log,
				 "{\"log\":\"a \\\"b\\\"\\\\\\u003c\\t\\u0001\\ufffd\303\251\\n\","
				 "\"stream\":\"stdout\",\"time\":\"20",
				 69),
			 0);
	assert_non_null(strstr(log, "Z\"}\n{\"log\":\"cut\",\"stream\":\"stderr\",\"time\":\""));
}

static void an_idle_monitor_is_small(void **state)
{
	struct world *w = *state;
	char path[64], line[128];
	long dirty = -1;
	FILE *f;

	world_start(w, "echo hello; sleep 30");
	world_until(world_says(w, "lib/ctr.log", "\n"));
	usleep(50000);
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", w->monitor);
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Private_Dirty: %ld kB", &dirty);
	fclose(f);
	print_message("private dirty: %ld kB\n", dirty);
#ifndef __SANITIZE_ADDRESS__
	assert_in_range(dirty, 1, 120);
#endif
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(output_is_logged_as_cri_records),
		TEST(an_unfinished_line_is_logged_when_nothing_follows),
		TEST(a_line_longer_than_the_buffer_is_logged_in_pieces),
		TEST(a_foreground_client_loses_nothing),
		TEST(streams_are_told_apart),
		TEST(an_ended_container_is_not_held_up_by_those_it_left_behind),
		TEST(the_log_is_rotated_between_records),
		TEST(only_so_many_log_files_are_kept),
		TEST(a_log_without_a_limit_is_one_file),
		TEST(a_log_that_fails_drops_lines_and_says_so_later),
		TEST(json_file_is_docker_s),
		TEST(an_idle_monitor_is_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
