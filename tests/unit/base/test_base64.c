/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/base64.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* RFC 4648 section 10 */
static const struct {
	const char *plain, *encoded;
} pairs[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

static void the_examples_of_the_rfc_go_both_ways(void **state)
{
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		struct err e = { 0 };
		char *text;
		size_t len;

		assert_string_equal(base64_encode(a, pairs[i].plain, strlen(pairs[i].plain)),
				    pairs[i].encoded);
		assert_int_equal(base64_decode(a, pairs[i].encoded, &text, &len, &e), 0);
		assert_int_equal(len, strlen(pairs[i].plain));
		assert_string_equal(text, pairs[i].plain);
	}
}

static void what_is_not_base64_is_refused(void **state)
{
	static const char *const bad[] = { "Z",    "Zg",       "Zg=",  "Z===",
					   "====", "Zm9v!mFy", "Zm=v", "Zg==\n" };
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err e = { 0 };
		char *text;

		if (base64_decode(a, bad[i], &text, NULL, &e) != -EINVAL)
			fail_msg("%s was accepted", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_the_rfc_go_both_ways),
		cmocka_unit_test(what_is_not_base64_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
