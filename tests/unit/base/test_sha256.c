/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/scope.h"
#include "base/text.h"

static void the_examples_of_fips_180_hold(void **state)
{
	char digest[SHA256_TEXT];

	sha256_text(digest, "", 0);
	assert_string_equal(
		digest, "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_text(digest, "abc", 3);
	assert_string_equal(
		digest, "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void pieces_hash_as_the_whole_at_every_length(void **state)
{
	static const size_t lengths[] = { 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1000 };
	unsigned char bytes[1000];

	memset(bytes, 'a', sizeof(bytes));
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		char whole[SHA256_TEXT], hex[65];
		uint8_t digest[SHA256_BYTES];
		struct sha256 h;

		sha256_text(whole, bytes, lengths[i]);
		sha256_begin(&h);
		for (size_t n = 0; n < lengths[i]; n++)
			sha256_add(&h, bytes + n, 1);
		sha256_end(&h, digest);
		text_hex(hex, digest, sizeof(digest));
		assert_string_equal(whole + 7, hex);
		if (lengths[i] == 1000)
			assert_string_equal(
				hex,
				"41edece42d63e8d9bf515a9ba6932e1c20cbc9f5a5d134645adb5db1b9737ea3");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_examples_of_fips_180_hold),
		cmocka_unit_test(pieces_hash_as_the_whole_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
