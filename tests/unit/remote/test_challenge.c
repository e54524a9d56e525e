/* SPDX-License-Identifier: BSD-2-Clause */
#include "remote/challenge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void the_challenge_of_a_token_server_is_understood(void **state)
{
	AUTO(arena) a = arena_new();
	struct challenges c = { 0 };

	challenge_parse(
		a,
		"Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
		"scope=\"repository:library/nginx:pull\",error=\"invalid_token\"",
		&c);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.v[0].scheme, CHALLENGE_BEARER);
	assert_string_equal(c.v[0].realm, "https://auth.docker.io/token");
	assert_string_equal(c.v[0].service, "registry.docker.io");
	assert_string_equal(c.v[0].scope, "repository:library/nginx:pull");
	assert_string_equal(c.v[0].error, "invalid_token");
	assert_ptr_equal(challenge_pick(&c), &c.v[0]);
}

static void several_challenges_in_one_header_are_told_apart(void **state)
{
	AUTO(arena) a = arena_new();
	struct challenges c = { 0 };

	challenge_parse(
		a,
		"Negotiate, NTLM abc/def==, Digest realm=\"a, b\" , nonce=x,Basic realm=\"s\\\"x\", "
		"charset=\"UTF-8\"",
		&c);
	assert_int_equal(c.n, 4);
	assert_int_equal(c.v[2].scheme, CHALLENGE_OTHER);
	assert_string_equal(c.v[2].realm, "a, b");
	assert_int_equal(c.v[3].scheme, CHALLENGE_BASIC);
	assert_string_equal(c.v[3].realm, "s\"x");
	assert_ptr_equal(challenge_pick(&c), &c.v[3]);
}

static void names_have_no_case_and_blanks_no_meaning(void **state)
{
	AUTO(arena) a = arena_new();
	struct challenges c = { 0 };

	challenge_parse(a, " ,, BEARER  REALM = \"r\" ,\tService=s , ", &c);
	assert_int_equal(c.n, 1);
	assert_int_equal(c.v[0].scheme, CHALLENGE_BEARER);
	assert_string_equal(c.v[0].realm, "r");
	assert_string_equal(c.v[0].service, "s");
}

static void several_headers_add_up(void **state)
{
	AUTO(arena) a = arena_new();
	struct challenges c = { 0 };

	challenge_parse(a, "Bearer service=x", &c);
	challenge_parse(a, "Basic realm=y", &c);
	assert_int_equal(c.n, 2);
	/* Bearer without a realm can't be answered. */
	assert_ptr_equal(challenge_pick(&c), &c.v[1]);
}

static void what_is_broken_ends_the_list(void **state)
{
	static const char *const broken[] = {
		"", ",", "=", "Bearer realm=\"x", "Bearer realm=", "\"x\"", "Bearer realm=\"x\" y=z"
	};
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(broken); i++) {
		struct challenges c = { 0 };

		challenge_parse(a, broken[i], &c);
		if (c.n != 0)
			fail_msg("%s was accepted", broken[i]);
		assert_null(challenge_pick(&c));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_challenge_of_a_token_server_is_understood),
		cmocka_unit_test(several_challenges_in_one_header_are_told_apart),
		cmocka_unit_test(names_have_no_case_and_blanks_no_meaning),
		cmocka_unit_test(several_headers_add_up),
		cmocka_unit_test(what_is_broken_ends_the_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
