/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

static char *(*const their_strerror)(int) = strerror;

#define memcpy   our_memcpy
#define memmove  our_memmove
#define strerror our_strerror
void *our_memcpy(void *restrict to, const void *restrict from, size_t n);
void *our_memmove(void *to, const void *from, size_t n);
char *our_strerror(int code);
#include "libc/memory.c"
#include "libc/words.c"
#undef memcpy
#undef memmove
#undef strerror

#include "unit.h"

#define ROOM 96

static void fill(unsigned char *room)
{
	for (size_t i = 0; i < ROOM; i++)
		room[i] = (unsigned char)(i * 7 + 1);
}

static void a_copy_is_of_so_many_bytes_and_no_more(void **state)
{
	unsigned char from[ROOM], to[ROOM], expected[ROOM];

	fill(from);
	for (size_t n = 0; n <= 64; n++)
		for (size_t at = 0; at < 9; at++) {
			memset(to, 0xee, ROOM);
			memset(expected, 0xee, ROOM);
			for (size_t i = 0; i < n; i++)
				expected[at + i] = from[16 - at + i];
			assert_ptr_equal(our_memcpy(to + at, from + 16 - at, n), to + at);
			assert_memory_equal(to, expected, ROOM);
		}
}

static void what_overlaps_is_moved_whole_in_either_direction(void **state)
{
	unsigned char room[ROOM], was[ROOM];

	fill(was);
	for (size_t n = 0; n <= 48; n++)
		for (size_t from = 0; from < 24; from++)
			for (size_t to = 0; to < 24; to++) {
				fill(room);
				assert_ptr_equal(our_memmove(room + to, room + from, n), room + to);
				for (size_t i = 0; i < ROOM; i++)
					assert_int_equal(room[i], i >= to && i < to + n
									  ? was[from + i - to]
									  : was[i]);
			}
}

static void an_error_has_the_words_that_people_know(void **state)
{
	for (int code = 0; code <= EHWPOISON; code++)
		if (strncmp(their_strerror(code), "Unknown error", 13) != 0)
			assert_string_equal(our_strerror(code), their_strerror(code));
	assert_string_equal(our_strerror(-1), "Unknown error");
	assert_string_equal(our_strerror(100000), "Unknown error");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_is_of_so_many_bytes_and_no_more),
		cmocka_unit_test(what_overlaps_is_moved_whole_in_either_direction),
		cmocka_unit_test(an_error_has_the_words_that_people_know),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
