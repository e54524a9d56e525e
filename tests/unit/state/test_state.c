/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "state/state.h"

struct world {
	char root[32];
	struct arena *arena;
	struct state s;
};

static int setup(void **state)
{
	struct world *w = calloc(1, sizeof(*w));
	struct err e;

	strcpy(w->root, "/tmp/berth-state-XXXXXX");
	assert_non_null(mkdtemp(w->root));
	w->arena = arena_new();
	assert_int_equal(state_open(w->arena,
				    &(struct state_open){
					    .root = arena_printf(w->arena, "%s/lib", w->root),
					    .runroot = arena_printf(w->arena, "%s/run", w->root),
				    },
				    &w->s, &e),
			 0);
	*state = w;
	return 0;
}

static int teardown(void **state)
{
	struct world *w = *state;

	state_close(&w->s);
	file_remove_tree_at(AT_FDCWD, w->root, NULL);
	arena_free(w->arena);
	free(w);
	return 0;
}

static void an_object_is_absent_until_it_is_committed(void **state)
{
	struct world *w = *state;
	struct err e;
	auto_close int dir = state_begin(&w->s, "things", "one", &e);

	assert_true(dir >= 0);
	assert_false(state_exists(&w->s, "things", "one"));
	assert_int_equal(state_commit(&w->s, "things", "one", dir, true, &e), 0);
	assert_true(state_exists(&w->s, "things", "one"));
}

static void a_second_object_of_the_same_id_is_a_conflict(void **state)
{
	struct world *w = *state;
	struct err e;
	auto_close int dir = state_begin(&w->s, "things", "one", &e);
	auto_close int again = -1;

	assert_int_equal(state_commit(&w->s, "things", "one", dir, false, &e), 0);
	again = state_begin(&w->s, "things", "one", &e);
	assert_true(state_commit(&w->s, "things", "one", again, false, &e) < 0);
	assert_int_equal(e.kind, ERR_CONFLICT);
}

static void a_taken_name_names_its_owner(void **state)
{
	struct world *w = *state;
	const char *owner = NULL;
	struct err e;
	auto_close int dir = state_begin(&w->s, "things", "one", &e);

	assert_int_equal(state_name_take(&w->s, "things", "web", "one", w->arena, NULL, &e), 0);
	assert_int_equal(state_commit(&w->s, "things", "one", dir, false, &e), 0);
	assert_true(state_name_take(&w->s, "things", "web", "two", w->arena, &owner, &e) < 0);
	assert_int_equal(e.kind, ERR_CONFLICT);
	assert_string_equal(owner, "one");
	assert_string_equal(state_name_find(&w->s, "things", "web", w->arena), "one");
}

static void a_name_is_taken_while_its_object_is_being_made(void **state)
{
	struct world *w = *state;
	struct err e;
	auto_close int dir = state_begin(&w->s, "things", "one", &e);

	assert_int_equal(state_name_take(&w->s, "things", "web", "one", w->arena, NULL, &e), 0);
	assert_true(state_name_take(&w->s, "things", "web", "two", w->arena, NULL, &e) < 0);
	assert_int_equal(e.kind, ERR_CONFLICT);
}

static void the_name_of_a_maker_that_died_is_free(void **state)
{
	struct world *w = *state;
	struct err e;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		int dir = state_begin(&w->s, "things", "dead", &e);
		int r = state_name_take(&w->s, "things", "web", "dead", w->arena, NULL, &e);

		_exit(dir < 0 || r < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(state_name_take(&w->s, "things", "web", "two", w->arena, NULL, &e), 0);
	assert_string_equal(state_name_find(&w->s, "things", "web", w->arena), "two");
}

static void a_file_that_was_being_replaced_is_swept_from_under_both_roots(void **state)
{
	struct world *w = *state;
	int roots[] = { w->s.lib, w->s.run };

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		const struct file_write how = { .fill_root = roots[i] };
		auto_close int living = -1;
		auto_close int dead = -1;
		struct stat st;
		struct err e;

		assert_int_equal(file_replace_at(roots[i], "there", "x", 1, &how, &e), 0);
		assert_int_equal(fstatat(roots[i], "there", &st, 0), 0);
		dead = openat(roots[i], ".new/half-dead", O_WRONLY | O_CREAT, 0600);
		living = openat(roots[i], ".new/half-living", O_WRONLY | O_CREAT, 0600);
		assert_int_equal(flock(living, LOCK_EX), 0);
		state_sweep(&w->s);
		assert_int_equal(fstatat(roots[i], ".new/half-dead", &st, 0), -1);
		assert_int_equal(fstatat(roots[i], ".new/half-living", &st, 0), 0);
	}
}

/* Sweepers run all the while; every writer must get there. */
static void a_file_that_the_sweeper_took_is_filled_again(void **state)
{
	struct world *w = *state;
	const struct file_write how = { .fill_root = w->s.run };
	struct err e;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		for (;;)
			state_sweep(&w->s);
	for (int i = 0; i < 300; i++)
		if (file_replace_at(w->s.run, "there", "x", 1, &how, &e) < 0)
			fail_msg("number %d: %s", i, e.msg);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}

static void the_sweeper_removes_what_the_dead_left_and_spares_the_living(void **state)
{
	struct world *w = *state;
	struct stat st;
	struct err e;
	auto_close int dir = -1;
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(state_begin(&w->s, "things", "dead", &e) < 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	dir = state_begin(&w->s, "things", "alive", &e);
	assert_int_equal(fstatat(w->s.lib, ".new/things-dead", &st, 0), 0);
	state_sweep(&w->s);
	assert_int_equal(fstatat(w->s.lib, ".new/things-dead", &st, 0), -1);
	assert_int_equal(fstatat(w->s.lib, ".new/things-alive", &st, 0), 0);
}

static void a_removed_object_is_gone_and_removing_it_again_is_fine(void **state)
{
	struct world *w = *state;
	struct err e;
	auto_close int dir = state_begin(&w->s, "things", "one", &e);
	auto_close int run = -1;

	assert_int_equal(mkdirat(dir, "deep", 0700), 0);
	assert_int_equal(state_commit(&w->s, "things", "one", dir, false, &e), 0);
	run = state_run_dir(&w->s, "things", "one", true, &e);
	assert_true(run >= 0);
	assert_int_equal(state_remove(&w->s, "things", "one", &e), 0);
	assert_false(state_exists(&w->s, "things", "one"));
	assert_true(state_run_dir(&w->s, "things", "one", false, &e) < 0);
	assert_int_equal(e.kind, ERR_NOT_FOUND);
	assert_int_equal(state_remove(&w->s, "things", "one", &e), 0);
}

static void a_run_directory_is_made_though_another_removes_it_again_and_again(void **state)
{
	struct world *w = *state;
	struct err e;
	auto_close int first = state_run_dir(&w->s, "things", "one", true, &e);
	pid_t sweeper = fork();
	bool made = first >= 0;

	if (sweeper == 0)
		for (;;)
			unlinkat(w->s.run, "things/one", AT_REMOVEDIR);
	for (int i = 0; i < 3000 && made; i++) {
		auto_close int dir = state_run_dir(&w->s, "things", "one", true, &e);

		made = dir >= 0;
	}
	kill(sweeper, SIGKILL);
	assert_int_equal(waitpid(sweeper, NULL, 0), sweeper);
	assert_true(made);
}

static void a_names_link_is_short_enough_for_an_inode(void **state)
{
	struct world *w = *state;
	char id[STATE_ID_LEN + 1], text[128];
	const char *other = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	struct err e;

	state_new_id(id);
	assert_int_equal(strlen(id), STATE_ID_LEN);
	assert_int_equal(state_name_take(&w->s, "things", "web", id, w->arena, NULL, &e), 0);
	assert_true(readlinkat(w->s.lib, "names/things/web", text, sizeof(text)) < 60);
	assert_string_equal(state_name_find(&w->s, "things", "web", w->arena), id);
	/* One that comes from elsewhere is kept whole. */
	assert_int_equal(state_name_set(&w->s, "things", "web", other, &e), 0);
	assert_string_equal(state_name_find(&w->s, "things", "web", w->arena), other);
	assert_int_equal(state_name_set(&w->s, "things", "web", id, &e), 0);
	assert_string_equal(state_name_find(&w->s, "things", "web", w->arena), id);
}

static void what_was_discarded_is_in_the_trash_and_stays_while_it_is_locked(void **state)
{
	struct world *w = *state;
	struct err e;
	struct state_trash t;
	struct stat st;
	char path[PATH_MAX];
	int dir = state_begin(&w->s, "things", "one", &e);

	assert_int_equal(state_commit(&w->s, "things", "one", dir, false, &e), 0);
	assert_int_equal(state_discard(&w->s, "things", "one", &t, &e), 0);
	assert_false(state_exists(&w->s, "things", "one"));
	assert_string_equal(t.run, "");
	snprintf(path, sizeof(path), ".trash/%s", t.lib);
	state_sweep(&w->s);
	assert_int_equal(fstatat(w->s.lib, path, &st, 0), 0);
	close(dir);
	state_sweep(&w->s);
	assert_int_equal(fstatat(w->s.lib, path, &st, 0), -1);
	state_delete(&w->s, &t);
}

static void names_with_slashes_or_dots_are_refused(void **state)
{
	struct world *w = *state;
	struct err e;

	assert_true(state_name_take(&w->s, "things", "a/b", "one", w->arena, NULL, &e) < 0);
	assert_true(state_name_take(&w->s, "things", "..", "one", w->arena, NULL, &e) < 0);
	assert_true(state_name_take(&w->s, "things", "", "one", w->arena, NULL, &e) < 0);
	assert_int_equal(e.kind, ERR_INVALID);
}

static void what_another_boot_left_in_the_volatile_root_is_emptied(void **state)
{
	struct world *w = *state;
	struct state again;
	struct err e;
	auto_close int run = state_run_dir(&w->s, "things", "one", true, &e);

	assert_true(run >= 0);
	assert_int_equal(file_replace_at(w->s.run, "boot-id", "another", 7, NULL, &e), 0);
	assert_int_equal(state_open(w->arena,
				    &(struct state_open){ .root = w->s.lib_path,
							  .runroot = w->s.run_path },
				    &again, &e),
			 0);
	assert_true(state_run_dir(&again, "things", "one", false, &e) < 0);
	state_close(&again);
}

static void objects_are_listed_sorted_and_without_the_unfinished(void **state)
{
	struct world *w = *state;
	struct texts l;
	struct err e;
	auto_close int b = state_begin(&w->s, "things", "b", &e);
	auto_close int a = state_begin(&w->s, "things", "a", &e);
	auto_close int c = state_begin(&w->s, "things", "c", &e);

	assert_true(c >= 0);
	assert_int_equal(state_commit(&w->s, "things", "b", b, false, &e), 0);
	assert_int_equal(state_commit(&w->s, "things", "a", a, false, &e), 0);
	assert_int_equal(state_list(&w->s, "things", w->arena, &l, &e), 0);
	assert_int_equal(l.n, 2);
	assert_string_equal(l.v[0], "a");
	assert_string_equal(l.v[1], "b");
}

static void what_a_dead_process_began_makes_room(void **state)
{
	struct world *w = *state;
	struct stat st;
	struct err e;
	auto_close int dir = state_begin(&w->s, "things", "one", &e);

	assert_int_equal(file_replace_at(dir, "half", "x", 1, NULL, &e), 0);
	/* Alive: its lock is held. */
	assert_int_equal(state_begin(&w->s, "things", "one", &e), -EEXIST);
	assert_string_equal(e.msg, "one is being made by another process");
	/* Dead: the kernel let go of it. */
	close(take_fd(dir));
	dir = state_begin(&w->s, "things", "one", &e);
	assert_true(dir >= 0);
	assert_int_equal(fstatat(dir, "half", &st, 0), -1);
	assert_int_equal(state_commit(&w->s, "things", "one", dir, false, &e), 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_object_is_absent_until_it_is_committed),
		TEST(a_second_object_of_the_same_id_is_a_conflict),
		TEST(a_taken_name_names_its_owner),
		TEST(a_name_is_taken_while_its_object_is_being_made),
		TEST(the_name_of_a_maker_that_died_is_free),
		TEST(the_sweeper_removes_what_the_dead_left_and_spares_the_living),
		TEST(a_file_that_was_being_replaced_is_swept_from_under_both_roots),
		TEST(a_file_that_the_sweeper_took_is_filled_again),
		TEST(a_removed_object_is_gone_and_removing_it_again_is_fine),
		TEST(a_run_directory_is_made_though_another_removes_it_again_and_again),
		TEST(a_names_link_is_short_enough_for_an_inode),
		TEST(what_was_discarded_is_in_the_trash_and_stays_while_it_is_locked),
		TEST(names_with_slashes_or_dots_are_refused),
		TEST(what_another_boot_left_in_the_volatile_root_is_emptied),
		TEST(objects_are_listed_sorted_and_without_the_unfinished),
		TEST(what_a_dead_process_began_makes_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
