/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/change.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void apply(struct arena *a, struct image_process *p, const char *change)
{
	struct err e;

	if (change_apply(a, p, change, &e) < 0)
		fail_msg("%s: %s", change, e.msg);
}

static void a_command_is_words_or_for_a_shell(void **state)
{
	AUTO(arena) a = arena_new();
	struct image_process p = { 0 };

	apply(a, &p, "CMD [\"echo\", \"a b\"]");
	assert_int_equal(p.cmd.n, 2);
	assert_string_equal(p.cmd.v[1], "a b");
	apply(a, &p, "cmd=echo a b");
	assert_int_equal(p.cmd.n, 3);
	assert_string_equal(p.cmd.v[0], "/bin/sh");
	assert_string_equal(p.cmd.v[2], "echo a b");
	apply(a, &p, "ENTRYPOINT [not json");
	assert_string_equal(p.entrypoint.v[2], "[not json");
}

static void the_last_of_a_variable_wins(void **state)
{
	AUTO(arena) a = arena_new();
	struct image_process p = { 0 };

	apply(a, &p, "ENV A=1");
	apply(a, &p, "ENV AB=2");
	apply(a, &p, "ENV A=x y=z");
	apply(a, &p, "ENV OLD form of it");
	assert_int_equal(p.env.n, 3);
	assert_string_equal(p.env.v[0], "A=x y=z");
	assert_string_equal(p.env.v[1], "AB=2");
	assert_string_equal(p.env.v[2], "OLD=form of it");
}

static void sets_have_each_once(void **state)
{
	AUTO(arena) a = arena_new();
	struct image_process p = { 0 };

	apply(a, &p, "EXPOSE 80 443/tcp 80/tcp");
	apply(a, &p, "VOLUME [\"/a\", \"/b\"]");
	apply(a, &p, "VOLUME /b /c");
	assert_int_equal(p.exposed_ports.n, 2);
	assert_string_equal(p.exposed_ports.v[0].key, "80/tcp");
	assert_int_equal(p.volumes.n, 3);
}

static void what_is_no_change_is_refused(void **state)
{
	static const char *const bad[] = {
		"",         "RUN x",        "CMD",           "ENV =x",
		"EXPOSE x", "EXPOSE 70000", "EXPOSE 80/xyz", "WORKDIR a/b"
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena) a = arena_new();
		struct image_process p = { 0 };
		struct err e;

		assert_int_equal(change_apply(a, &p, bad[i], &e), -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_is_words_or_for_a_shell),
		cmocka_unit_test(the_last_of_a_variable_wins),
		cmocka_unit_test(sets_have_each_once),
		cmocka_unit_test(what_is_no_change_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
