/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote/url.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void an_address_is_taken_apart(void **state)
{
	AUTO(arena) a = arena_new();
	struct err e = { 0 };
	struct url u;

	assert_int_equal(url_parse(a, "https://Quay.io/v2/", &u, &e), 0);
	assert_true(u.https);
	assert_int_equal(u.port, 443);
	assert_int_equal(url_parse(a, "http://[::1]:5000/v2/", &u, &e), 0);
	assert_false(u.https);
	assert_string_equal(u.host, "::1");
	assert_int_equal(u.port, 5000);
}

static void other_schemes_and_users_are_refused(void **state)
{
	static const char *const bad[] = { "file:///etc/passwd", "ftp://x/", "https://u:p@x/", "",
					   "gopher://x",         "https://" };
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };
		struct url u;

		if (url_parse(a, bad[i], &u, &e) != -EREMOTEIO)
			fail_msg("%s was accepted", bad[i]);
	}
}

static void a_redirect_is_seen_from_where_it_came(void **state)
{
	static const struct {
		const char *location, *to; /* NULL: refused */
		bool same;
	} cases[] = {
		{ "/b?c=d", "https://r.example/b?c=d", true },
		{ "c", "https://r.example/v2/x/c", true },
		{ "//cdn.example/y", "https://cdn.example/y", false },
		{ "https://r.example:443/z", "https://r.example:443/z", true },
		{ "https://R.EXAMPLE/z", "https://R.EXAMPLE/z", true },
		{ "https://r.example:8443/z", "https://r.example:8443/z", false },
		{ "https://r.example.evil/z", "https://r.example.evil/z", false },
		{ "http://r.example/z", NULL, false },
		{ "file:///etc/passwd", NULL, false },
		{ "https://u:p@cdn.example/", NULL, false },
	};
	AUTO(arena) a = arena_new();
	struct err e = { 0 };
	struct url from, to;

	assert_int_equal(url_parse(a, "https://r.example/v2/x/y", &from, &e), 0);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int r = url_redirect(a, &from, cases[i].location, false, &to, &e);

		if (!cases[i].to) {
			assert_int_equal(r, -EREMOTEIO);
			continue;
		}
		assert_int_equal(r, 0);
		assert_string_equal(to.text, cases[i].to);
		assert_int_equal(url_same_origin(&from, &to), cases[i].same);
	}
	assert_int_equal(url_redirect(a, &from, "http://r.example/z", true, &to, &e), 0);
	assert_false(url_same_origin(&from, &to));
}

static void only_this_machine_is_local(void **state)
{
	assert_true(url_host_is_local("localhost"));
	assert_true(url_host_is_local("127.0.0.1"));
	assert_true(url_host_is_local("127.9.8.7"));
	assert_true(url_host_is_local("::1"));
	assert_false(url_host_is_local("localhost.example"));
	assert_false(url_host_is_local("127.0.0.1.example"));
	assert_false(url_host_is_local("128.0.0.1"));
	assert_false(url_host_is_local("::2"));
}

static void what_a_query_may_not_hold_is_escaped(void **state)
{
	auto_buf out = BUF(100);

	url_escape(&out, "repository:a/b:pull &x=\xc3\xa9~");
	assert_string_equal(buf_text(&out), "repository%3Aa%2Fb%3Apull%20%26x%3D%C3%A9~");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_address_is_taken_apart),
		cmocka_unit_test(other_schemes_and_users_are_refused),
		cmocka_unit_test(a_redirect_is_seen_from_where_it_came),
		cmocka_unit_test(only_this_machine_is_local),
		cmocka_unit_test(what_a_query_may_not_hold_is_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
