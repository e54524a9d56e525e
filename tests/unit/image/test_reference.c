/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/reference.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/err.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void each_spelling_of_a_name_has_one_normal_form(void **state)
{
	static const struct {
		const char *said, *normal;
	} cases[] = {
		{ "nginx", "docker.io/library/nginx:latest" },
		{ "nginx:alpine", "docker.io/library/nginx:alpine" },
		{ "docker.io/library/nginx", "docker.io/library/nginx:latest" },
		{ "docker.io/nginx", "docker.io/library/nginx:latest" },
		{ "index.docker.io/nginx", "docker.io/library/nginx:latest" },
		{ "docker://nginx", "docker.io/library/nginx:latest" },
		{ "grafana/grafana:9", "docker.io/grafana/grafana:9" },
		{ "localhost/x", "localhost/x:latest" },
		{ "localhost:5000/a/b:c", "localhost:5000/a/b:c" },
		{ "[::1]:5000/a", "[::1]:5000/a:latest" },
		{ "quay.io/a/b@sha256:" HEX, "quay.io/a/b@sha256:" HEX },
		{ "a:b@sha256:" HEX, "docker.io/library/a:b@sha256:" HEX },
		{ "a__b-c/d.e---f:_x.Y-1", "docker.io/a__b-c/d.e---f:_x.Y-1" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(arena) a = arena_new();
		struct reference ref;
		struct err e = { 0 };

		assert_int_equal(reference_parse(a, cases[i].said, &ref, &e), 0);
		reference_normalise(a, &ref);
		assert_string_equal(reference_print(a, &ref), cases[i].normal);
	}
}

static void a_short_name_has_no_domain_until_it_gets_one(void **state)
{
	AUTO(arena) a = arena_new();
	struct reference ref;
	struct err e = { 0 };

	assert_int_equal(reference_parse(a, "team/app:1", &ref, &e), 0);
	assert_null(ref.domain);
	reference_qualify(a, &ref, "localhost");
	assert_string_equal(reference_print(a, &ref), "localhost/team/app:1");
}

static void files_and_folders_are_references_too(void **state)
{
	AUTO(arena) a = arena_new();
	struct reference ref;
	struct err e = { 0 };

	assert_int_equal(reference_parse(a, "oci:/tmp/dir:a/b:c", &ref, &e), 0);
	assert_int_equal(ref.transport, REFERENCE_OCI);
	assert_string_equal(ref.file, "/tmp/dir");
	assert_string_equal(ref.selector, "a/b:c");
	assert_int_equal(reference_parse(a, "docker-archive:x.tar", &ref, &e), 0);
	assert_int_equal(ref.transport, REFERENCE_DOCKER_ARCHIVE);
	assert_null(ref.selector);
	assert_string_equal(reference_print(a, &ref), "docker-archive:x.tar");
	assert_int_equal(reference_parse(a, "dir:/a:b", &ref, &e), 0);
	assert_string_equal(ref.file, "/a:b");
}

static void what_breaks_the_grammar_is_refused_with_a_reason(void **state)
{
	static const char *const bad[] = {
		"",       "Nginx",      "a/B",   "a//b",          "/a",           "a/",
		"a:",     "a:-b",       "a:b c", "a@sha256:12",   ("a@md5:" HEX), "-a",
		"a.",     "a..b",       "a___b", "localhost:x/a", "a b",          "h:123456/a",
		"a:b:c",  "dockah://x", "oci:",  "../../etc",     "a\nb",         "h_.x/a",
		"[::1/a", "docker://",
	};
	char longest[400];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena) a = arena_new();
		struct reference ref = { .repository = "untouched" };
		struct err e = { 0 };

		assert_int_equal(reference_parse(a, bad[i], &ref, &e), -EINVAL);
		assert_non_null(strstr(e.msg, "invalid reference format"));
		assert_string_equal(ref.repository, "untouched");
	}
	memset(longest, 'a', sizeof(longest));
	longest[REFERENCE_MAX + 1] = 0;
	AUTO(arena) a = arena_new();
	struct reference ref;
	struct err e = { 0 };
	assert_int_equal(reference_parse(a, longest, &ref, &e), -EINVAL);
	longest[REFERENCE_MAX] = 0;
	assert_int_equal(reference_parse(a, longest, &ref, &e), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_spelling_of_a_name_has_one_normal_form),
		cmocka_unit_test(a_short_name_has_no_domain_until_it_gets_one),
		cmocka_unit_test(files_and_folders_are_references_too),
		cmocka_unit_test(what_breaks_the_grammar_is_refused_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
