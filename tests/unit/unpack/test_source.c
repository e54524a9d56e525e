/* SPDX-License-Identifier: BSD-2-Clause */
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "unpack/outlet.h"
#include "world.h"

#define TEXT_LEN (3 << 20)

static char text[TEXT_LEN];

static size_t pack_gzip(const void *from, size_t len, void *to, size_t room)
{
	z_stream z = { .next_in = (Bytef *)from,
		       .avail_in = (uInt)len,
		       .next_out = to,
		       .avail_out = (uInt)room };

	assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	deflateEnd(&z);
	return z.total_out;
}

static size_t pack_zstd(const void *from, size_t len, void *to, size_t room)
{
	size_t n = ZSTD_compress(to, room, from, len, 3);

	assert_false(ZSTD_isError(n));
	return n;
}

static size_t pack_xz(const void *from, size_t len, void *to, size_t room)
{
	size_t n = 0;

	assert_int_equal(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, NULL, from, len, to, &n,
						 room),
			 LZMA_OK);
	return n;
}

static const struct kind {
	enum unpack_compression compression;
	const char *name;
	size_t (*pack)(const void *from, size_t len, void *to, size_t room);
} kinds[] = {
	{ UNPACK_GZIP, "gzip", pack_gzip },
	{ UNPACK_ZSTD, "zstd", pack_zstd },
	{ UNPACK_XZ, "xz", pack_xz },
};

static void add_packed(const struct kind *k, const void *from, size_t len)
{
	auto_free void *to = malloc(len + (1 << 20));

	buf_add(&w.tar, to, k->pack(from, len, to, len + (1 << 20)));
}

/* Reads all of w.tar; the uncompressed length, or the error. */
static int64_t read_all(enum unpack_compression expected)
{
	auto_close int fd = tar_fd(&w.tar);
	AUTO(source)
	s = source_new(&(struct source_new){
		.fd = fd, .compression = expected, .limits = &w.request.limits });
	const void *bytes;
	size_t done = 0;
	ssize_t n;

	while ((n = source_read(s, &bytes, &w.e)) > 0) {
		if (text[0] && done + (size_t)n <= TEXT_LEN)
			assert_memory_equal(bytes, text + done, (size_t)n);
		done += (size_t)n;
	}
	if (n == 0)
		source_result(s, &w.result);
	return n < 0 ? n : (int64_t)done;
}

static int setup(void **state)
{
	unsigned seed = 1;

	/* Something that compresses, though not to nothing. */
	for (size_t i = 0; i < TEXT_LEN; i++) {
		seed = seed * 1103515245 + 12345;
		text[i] = (char)('a' + (seed >> 16) % 16);
	}
	return world_setup(state);
}

static void each_compression_is_recognized(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		buf_clear(&w.tar);
		add_packed(&kinds[i], text, TEXT_LEN);
		assert_int_equal(read_all(UNPACK_AUTO), TEXT_LEN);
		assert_int_equal(w.result.compression, kinds[i].compression);
		assert_int_equal(w.result.bytes, w.tar.len);
		assert_int_equal(w.result.tar_bytes, TEXT_LEN);
	}
	buf_clear(&w.tar);
	buf_add(&w.tar, text, TEXT_LEN);
	assert_int_equal(read_all(UNPACK_AUTO), TEXT_LEN);
	assert_int_equal(w.result.compression, UNPACK_PLAIN);
	assert_string_equal(w.result.digest, w.result.diff_id);
}

static void several_streams_in_a_row_are_one(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		buf_clear(&w.tar);
		add_packed(&kinds[i], text, 1);
		add_packed(&kinds[i], text + 1, 999999);
		add_packed(&kinds[i], text, 0);
		add_packed(&kinds[i], text + 1000000, TEXT_LEN - 1000000);
		assert_int_equal(read_all(kinds[i].compression), TEXT_LEN);
	}
}

static void truncation_is_noticed_wherever_it_is(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t whole;

		buf_clear(&w.tar);
		add_packed(&kinds[i], text, 100000);
		whole = w.tar.len;
		for (size_t cut = 1; cut < whole - 6; cut = cut * 3 + 7) {
			w.tar.len = whole - cut;
			assert_true(read_all(kinds[i].compression) < 0);
			assert_int_equal(w.e.kind, ERR_INVALID);
		}
	}
}

static void damage_is_noticed_wherever_it_is(void **state)
{
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		buf_clear(&w.tar);
		add_packed(&kinds[i], text, 100000);
		/* zstd's own default has no checksum: the digest of the blob finds that. */
		w.tar.data[kinds[i].compression == UNPACK_ZSTD ? 0 : w.tar.len / 2] ^= 0x10;
		assert_true(read_all(kinds[i].compression) < 0);
		assert_int_equal(w.e.kind, ERR_INVALID);
	}
}

static void rubbish_behind_gzip_is_refused(void **state)
{
	add_packed(&kinds[0], text, 1000);
	buf_adds(&w.tar, "rubbish that is no gzip header");
	assert_true(read_all(UNPACK_GZIP) < 0);
	assert_non_null(strstr(w.e.msg, "gzip data is damaged"));
}

static void another_compression_than_expected_is_refused(void **state)
{
	add_packed(&kinds[0], text, 1000);
	assert_true(read_all(UNPACK_ZSTD) < 0);
	assert_string_equal(w.e.msg, "the archive is gzip, but should be zstd");
}

static void a_bomb_is_refused_by_its_ratio(void **state)
{
	size_t len = 300 << 20;
	auto_free void *zeros = calloc(1, len);

	text[0] = 0;
	/* xz takes seconds to make one. */
	for (size_t i = 0; i < 2; i++) {
		buf_clear(&w.tar);
		add_packed(&kinds[i], zeros, len);
		assert_true(read_all(UNPACK_AUTO) < 0);
		assert_non_null(strstr(w.e.msg, "expands more than 100 times (max_ratio)"));
	}
}

static void a_flood_is_refused_by_its_size(void **state)
{
	w.request.limits.max_bytes = 1 << 20;
	add_packed(&kinds[1], text, TEXT_LEN);
	assert_true(read_all(UNPACK_AUTO) < 0);
	assert_non_null(strstr(w.e.msg, "more than 1048576 bytes (max_bytes)"));
}

static void the_digest_can_be_sha512(void **state)
{
	auto_close int fd = -1;
	struct source *s;

	buf_adds(&w.tar, "abc");
	fd = tar_fd(&w.tar);
	s = source_new(&(struct source_new){
		.fd = fd, .hash = UNPACK_SHA512, .limits = &w.request.limits });
	assert_int_equal(source_drain(s, &w.e), 0);
	source_result(s, &w.result);
	source_free(s);
	assert_string_equal(
		w.result.digest,
		"sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
	assert_string_equal(
		w.result.diff_id,
		"sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void what_an_outlet_compresses_reads_back(void **state)
{
	static const enum unpack_compression ways[] = { UNPACK_PLAIN, UNPACK_GZIP, UNPACK_ZSTD };

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		auto_buf empty = BUF(1);
		auto_close int fd = tar_fd(&empty);
		struct unpack_result written = { 0 };
		struct outlet *o;
		ssize_t n;

		w.request.compression = ways[i];
		o = outlet_new(fd, &w.request, NULL, &w.e);
		for (size_t at = 0; at < TEXT_LEN; at += TEXT_LEN / 4)
			assert_int_equal(outlet_write(o, text + at, TEXT_LEN / 4, &w.e), 0);
		assert_int_equal(outlet_end(o, &written, &w.e), 0);
		outlet_free(o);
		assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
		buf_clear(&w.tar);
		while ((n = buf_read(&w.tar, fd)) > 0)
			;
		assert_int_equal(read_all(ways[i]), TEXT_LEN);
		assert_string_equal(w.result.digest, written.digest);
		assert_string_equal(w.result.diff_id, written.diff_id);
		assert_int_equal(w.result.bytes, written.bytes);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_compression_is_recognized),
		TEST(several_streams_in_a_row_are_one),
		TEST(truncation_is_noticed_wherever_it_is),
		TEST(damage_is_noticed_wherever_it_is),
		TEST(rubbish_behind_gzip_is_refused),
		TEST(another_compression_than_expected_is_refused),
		TEST(a_bomb_is_refused_by_its_ratio),
		TEST(a_flood_is_refused_by_its_size),
		TEST(the_digest_can_be_sha512),
		TEST(what_an_outlet_compresses_reads_back),
	};

	return cmocka_run_group_tests_name("unpack/source", tests, NULL, NULL);
}
