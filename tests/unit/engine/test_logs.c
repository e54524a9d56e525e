/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "engine/logs.h"
#include "engine/logs_parse.h"
#include "monitor/starter.h"

/* What was read, as the command line would show it: "o:line|e:line|". */
struct seen {
	struct buf text;
	int64_t last; /* of numbered lines */
	bool gap, bad;
	int to_skip; /* lines after a gap that may lack their beginning */
	bool after_gap;
};

static int see(void *arg, const struct logs_line *l)
{
	struct seen *s = arg;

	if (!l->continues)
		buf_adds(&s->text, l->is_stderr ? "e:" : "o:");
	buf_add(&s->text, l->text, l->len);
	if (!l->partial)
		buf_addc(&s->text, '|');
	return 0;
}

static void check_read(struct world *w, const struct logs_read *what, const char *expected)
{
	struct seen s = { .text = BUF(1 << 20) };
	struct logs_source from = {
		.log = w->h.log, .lib_dir = w->lib, .path = "ctr.log", .run_dir = w->run, .id = "x"
	};
	struct err e = { 0 };

	assert_int_equal(logs_read(&from, what, see, &s, &e), 0);
	assert_string_equal(buf_text(&s.text), expected);
	buf_free(&s.text);
}

static void put_file(struct world *w, const char *name, const char *text)
{
	int fd = openat(w->dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
}

#define T(second)  "2026-11-22T10:39:" second ".5+00:00 "
#define AT(second) (1795343940000000000LL + (second)*1000000000LL)

static void put_rotated(struct world *w)
{
	put_file(w, "lib/ctr.log.2", T("01") "stdout F one\n" T("02") "stderr F two\n");
	put_file(w, "lib/ctr.log.1", T("03") "stdout P thr\n" T("04") "stderr F err\n");
	put_file(w, "lib/ctr.log",
		 T("05") "stdout F ee\n" T("06") "stdout F four\n" T("07") "stdo");
}

static void rotated_files_are_read_in_order_and_lines_joined(void **state)
{
	put_rotated(*state);
	check_read(*state, &(struct logs_read){ .tail = -1 }, "o:one|e:two|o:thre:err|ee|o:four|");
}

static void the_tail_goes_back_over_rotations(void **state)
{
	put_rotated(*state);
	check_read(*state, &(struct logs_read){ .tail = 0 }, "");
	check_read(*state, &(struct logs_read){ .tail = 1 }, "o:four|");
	check_read(*state, &(struct logs_read){ .tail = 2 }, "o:ee|o:four|");
	check_read(*state, &(struct logs_read){ .tail = 4 }, "e:two|o:thre:err|ee|o:four|");
	check_read(*state, &(struct logs_read){ .tail = 5 }, "o:one|e:two|o:thre:err|ee|o:four|");
	check_read(*state, &(struct logs_read){ .tail = 99 }, "o:one|e:two|o:thre:err|ee|o:four|");
}

static void since_and_until_limit_the_times(void **state)
{
	put_rotated(*state);
	check_read(*state, &(struct logs_read){ .tail = -1, .since_nsec = AT(4) },
		   "e:err|ee|o:four|");
	check_read(*state, &(struct logs_read){ .tail = -1, .until_nsec = AT(3) }, "o:one|e:two|");
	check_read(*state,
		   &(struct logs_read){ .tail = -1, .since_nsec = AT(2), .until_nsec = AT(3) },
		   "e:two|");
}

static void an_unfinished_last_line_counts(void **state)
{
	put_file(*state, "lib/ctr.log",
		 T("01") "stdout F one\n" T("02") "stdout P tw\n" T("03") "stdout P o\n");
	check_read(*state, &(struct logs_read){ .tail = 1 }, "o:two");
	check_read(*state, &(struct logs_read){ .tail = 2 }, "o:one|o:two");
}

static void json_files_are_read_too(void **state)
{
	struct world *w = *state;

	w->h.log = MONITOR_LOG_JSON_FILE;
	put_file(w, "lib/ctr.log.1",
		 "{\"log\":\"a \\\"b\\\" \\u003c\\ud83d\\ude00\\t\\n\",\"stream\":\"stdout\","
		 "\"time\":\"2026-11-22T10:39:01.123Z\"}\n");
	put_file(
		w, "lib/ctr.log",
		"{\"log\":\"x\\n\",\"stream\":\"stderr\",\"attrs\":{},\"time\":\"2026-11-22T10:39:02Z\"}\n"
		"broken\n"
		"{\"log\":\"y\",\"stream\":\"stdout\",\"time\":\"2026-11-22T10:39:03Z\"}\n");
	check_read(w, &(struct logs_read){ .tail = -1 }, "o:a \"b\" <\360\237\230\200\t|e:x|o:y");
	check_read(w, &(struct logs_read){ .tail = 1 }, "o:y");
}

static void a_log_that_is_not_there_is_empty(void **state)
{
	check_read(*state, &(struct logs_read){ .tail = -1, .follow = true }, "");
}

static void drivers_without_a_file_say_so(void **state)
{
	struct world *w = *state;
	struct logs_source from = {
		.log = MONITOR_LOG_NONE, .lib_dir = w->lib, .path = "x", .id = "y"
	};
	struct err e;

	assert_true(logs_read(&from, &(struct logs_read){ .tail = -1 }, see, NULL, &e) < 0);
	assert_string_equal(e.msg, "this container is using the 'none' log driver, cannot read "
				   "logs: this container is not logging output");
	from.log = MONITOR_LOG_PASSTHROUGH;
	assert_true(logs_read(&from, &(struct logs_read){ .tail = -1 }, see, NULL, &e) < 0);
	assert_non_null(strstr(e.msg, "this container is using the 'passthrough' log driver"));
}

static void times_are_read_with_their_zone(void **state)
{
	int64_t at;

	assert_int_equal(logs_parse_time("1970-01-01T00:00:00Z", 20, &at), 20);
	assert_int_equal(at, 0);
	assert_int_equal(logs_parse_time("2026-11-22T12:39:23.781444036+02:00 x", 37, &at), 35);
	assert_int_equal(at, AT(23) + 781444036);
	assert_int_equal(logs_parse_time("2024-02-29T23:59:59.1-00:30", 27, &at), 27);
	assert_int_equal(at, 1709252999100000000LL);
	assert_int_equal(logs_parse_time("2024-02-29T23:59:59", 19, &at), 0);
	assert_int_equal(logs_parse_time("9999-02-29T23:59:59Z", 20, &at), 0);
}

/* Lines may come in pieces. */
static int see_number(void *arg, const struct logs_line *l)
{
	struct seen *s = arg;

	if (!l->continues)
		buf_clear(&s->text);
	buf_add(&s->text, l->text, l->len);
	s->gap |= l->gap;
	if (l->partial)
		return 0;
	if (l->is_stderr || atol(buf_text(&s->text)) != s->last + 1) {
		if (!s->bad)
			print_message("after %ld: %s\n", (long)s->last, buf_text(&s->text));
		s->bad = true;
	}
	s->last = atol(buf_text(&s->text));
	return 0;
}

static void check_follow(struct world *w, long lines)
{
	struct seen s = { .text = BUF(1 << 20) };
	struct logs_source from = {
		.log = w->h.log, .lib_dir = w->lib, .path = "ctr.log", .run_dir = w->run
	};
	struct err e;

	assert_int_equal(logs_read(&from, &(struct logs_read){ .tail = -1, .follow = true },
				   see_number, &s, &e),
			 0);
	buf_free(&s.text);
	assert_false(s.gap);
	assert_false(s.bad);
	assert_int_equal(s.last, lines);
}

/* Numbered lines from 1 on, 1,000 at a time. */
#define FLOOD(thousands)                                                               \
	"for i in $(seq 1 " #thousands "); do seq $((i * 1000 - 999)) $((i * 1000)); " \
	"sleep 0.015; done"

static void following_loses_and_repeats_nothing_at_rotations(void **state)
{
	struct world *w = *state;

	/* Some 50,000 lines a second, in files of 1 MB: whoever falls several files behind is told
	 * of the gap, and on a busy machine with sanitizers an endless flood makes anyone fall. */
	w->h.log_max_bytes = 1 << 20;
	w->h.log_files = 4;
	world_start(w, FLOOD(200));
	check_follow(w, 200000);
}

/* What a gap cut the beginning off may be the first line after it. */
static int see_number_or_gap(void *arg, const struct logs_line *l)
{
	struct seen *s = arg;
	int64_t number;

	if (!l->continues)
		buf_clear(&s->text);
	buf_add(&s->text, l->text, l->len);
	if (l->gap) {
		s->gap = true;
		s->to_skip = 1;
	}
	if (l->partial)
		return 0;
	number = atol(buf_text(&s->text));
	if (s->to_skip > 0) {
		s->to_skip--;
		s->after_gap = true;
		return 0;
	}
	if (s->after_gap ? number <= s->last : number != s->last + 1) {
		if (!s->bad)
			print_message("after %ld: %s\n", (long)s->last, buf_text(&s->text));
		s->bad = true;
	}
	s->after_gap = false;
	s->last = number;
	return 0;
}

/* As fast as it goes: whoever cannot follow is told what he misses, and misses nothing else. */
static void following_a_flood_loses_nothing_untold_and_keeps_the_order(void **state)
{
	struct world *w = *state;
	struct seen s = { .text = BUF(1 << 20) };
	struct logs_source from = {
		.log = w->h.log, .lib_dir = w->lib, .path = "ctr.log", .run_dir = w->run
	};
	struct err e;

	w->h.log_max_bytes = 1 << 20;
	w->h.log_files = 4;
	world_start(w, "seq 1 700000");
	assert_int_equal(logs_read(&from, &(struct logs_read){ .tail = -1, .follow = true },
				   see_number_or_gap, &s, &e),
			 0);
	buf_free(&s.text);
	assert_false(s.bad);
	assert_int_equal(s.last, 700000);
}

static void following_small_files_loses_nothing_either(void **state)
{
	struct world *w = *state;

	w->h.log_max_bytes = 10000;
	w->h.log_files = 20;
	world_start(
		w,
		"for i in $(seq 1 300); do seq $((i * 100 - 99)) $((i * 100)); sleep 0.001; done");
	check_follow(w, 30000);
}

static void following_json_files_works_too(void **state)
{
	struct world *w = *state;

	w->h.log = MONITOR_LOG_JSON_FILE;
	w->h.log_max_bytes = 1 << 20;
	world_start(w, FLOOD(60));
	check_follow(w, 60000);
}

static void following_ends_when_the_monitor_is_killed(void **state)
{
	struct world *w = *state;

	world_start(w, "echo 1; sleep 30");
	world_until(world_says(w, "lib/ctr.log", "\n"));
	if (fork() == 0) {
		usleep(100000);
		kill(w->monitor, SIGKILL);
		_exit(0);
	}
	check_follow(w, 1);
}

static void following_ends_at_until(void **state)
{
	struct world *w = *state;
	struct timespec now;

	world_start(w, "echo 1; sleep 30");
	world_until(world_says(w, "lib/ctr.log", "\n"));
	clock_gettime(CLOCK_REALTIME, &now);
	check_read(w,
		   &(struct logs_read){ .tail = -1,
					.follow = true,
					.until_nsec = now.tv_sec * 1000000000LL + now.tv_nsec +
						      200000000 },
		   "o:1|");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(rotated_files_are_read_in_order_and_lines_joined),
		TEST(the_tail_goes_back_over_rotations),
		TEST(since_and_until_limit_the_times),
		TEST(an_unfinished_last_line_counts),
		TEST(json_files_are_read_too),
		TEST(a_log_that_is_not_there_is_empty),
		TEST(drivers_without_a_file_say_so),
		cmocka_unit_test(times_are_read_with_their_zone),
		TEST(following_loses_and_repeats_nothing_at_rotations),
		TEST(following_a_flood_loses_nothing_untold_and_keeps_the_order),
		TEST(following_small_files_loses_nothing_either),
		TEST(following_json_files_works_too),
		TEST(following_ends_when_the_monitor_is_killed),
		TEST(following_ends_at_until),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
