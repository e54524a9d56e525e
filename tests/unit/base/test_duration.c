/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "base/units.h"

static void durations_print_as_go_does(void **state)
{
	static const struct {
		int64_t nsec;
		const char *text;
	} known[] = {
		{ 0, "0s" },
		{ 1, "1ns" },
		{ 1500, "1.5\302\265s" },
		{ 2000000, "2ms" },
		{ 999999999, "999.999999ms" },
		{ 1000000000, "1s" },
		{ 61500000000, "1m1.5s" },
		{ 3600000000000, "1h0m0s" },
		{ -90000000001, "-1m30.000000001s" },
		{ INT64_MIN, "-2562047h47m16.854775808s" },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		auto_buf out = BUF(64);

		duration_print_go(&out, known[i].nsec);
		assert_string_equal(buf_text(&out), known[i].text);
	}
}

static void durations_read_back(void **state)
{
	static const int64_t some[] = { 1, 1500, 999999999, 61500000000, 86399999999999 };

	for (size_t i = 0; i < ARRAY_LEN(some); i++) {
		auto_buf out = BUF(64);
		int64_t back;
		struct err e;

		duration_print_go(&out, some[i]);
		assert_int_equal(duration_parse(buf_text(&out), 0, &back, &e), 0);
		assert_int_equal(back, some[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(durations_print_as_go_does),
		cmocka_unit_test(durations_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
