/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void bytes_in_hex_go_both_ways(void **state)
{
	static const unsigned char bytes[] = { 0, 1, 0x9a, 0xbc, 0xff };
	unsigned char again[sizeof(bytes)];
	char text[2 * sizeof(bytes) + 1];

	text_hex(text, bytes, sizeof(bytes));
	assert_string_equal(text, "00019abcff");
	assert_true(text_unhex(again, text));
	assert_memory_equal(again, bytes, sizeof(bytes));
}

static void half_a_byte_and_other_letters_are_no_hex(void **state)
{
	unsigned char bytes[4];

	assert_true(text_unhex(bytes, ""));
	assert_false(text_unhex(bytes, "0"));
	assert_false(text_unhex(bytes, "00a"));
	assert_false(text_unhex(bytes, "0g"));
	assert_false(text_unhex(bytes, "AB"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_in_hex_go_both_ways),
		cmocka_unit_test(half_a_byte_and_other_letters_are_no_hex),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
