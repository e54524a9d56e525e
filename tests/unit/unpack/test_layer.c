/* SPDX-License-Identifier: BSD-2-Clause */
#include <poll.h>
#include <sys/socket.h>

#include "world.h"

static bool is_whiteout(const char *name)
{
	struct stat st = look(name);

	return S_ISCHR(st.st_mode) && st.st_rdev == 0;
}

/* The paths that are reported as opaque, each with a comma behind it. */
static const char *opaques(void)
{
	static char all[256];
	static int pair[2];
	char message[UNPACK_MESSAGE_MAX];
	ssize_t n;

	if (w.report.fd < 0) {
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
		w.report.fd = pair[0];
		return "";
	}
	all[0] = '\0';
	while ((n = read(pair[1], message, sizeof(message))) > 0) {
		struct unpack_message *head = (struct unpack_message *)message;

		assert_int_equal(head->kind, UNPACK_OPAQUE);
		strcat(strcat(all, message + sizeof(*head)), ",");
	}
	close(pair[0]);
	close(pair[1]);
	return all;
}

static void a_whiteout_hides_the_file_below(void **state)
{
	TAR(&w.tar, .name = "etc/.wh.passwd");
	TAR(&w.tar, .name = ".wh.bin");
	assert_int_equal(unpack(), 0);
	assert_true(is_whiteout("etc/passwd"));
	assert_true(is_whiteout("bin"));
	assert_int_equal(look("etc/.wh.passwd").st_mode, 0);
	assert_int_equal(w.result.whiteouts, 2);
}

static void an_opaque_directory_is_reported(void **state)
{
	opaques();
	TAR(&w.tar, .name = "etc/");
	TAR(&w.tar, .name = "etc/.wh..wh..opq");
	TAR(&w.tar, .name = "etc/new", .data = "x");
	TAR(&w.tar, .name = ".wh..wh..opq");
	assert_int_equal(unpack(), 0);
	assert_string_equal(opaques(), "etc,,");
	assert_text("etc/new", "x");
	assert_int_equal(look("etc/.wh..wh..opq").st_mode, 0);
}

static void a_directory_in_its_own_whiteouts_place_is_opaque(void **state)
{
	opaques();
	TAR(&w.tar, .name = ".wh.d");
	TAR(&w.tar, .name = "d/");
	TAR(&w.tar, .name = "d/x", .data = "x");
	TAR(&w.tar, .name = "e/");
	TAR(&w.tar, .name = "e/x", .data = "x");
	TAR(&w.tar, .name = ".wh.e");
	assert_int_equal(unpack(), 0);
	assert_string_equal(opaques(), "d,e,");
	assert_text("d/x", "x");
	assert_text("e/x", "x");
}

static void a_file_outlives_its_own_whiteout(void **state)
{
	TAR(&w.tar, .name = ".wh.before");
	TAR(&w.tar, .name = "before", .data = "1");
	TAR(&w.tar, .name = "after", .data = "2");
	TAR(&w.tar, .name = ".wh.after");
	assert_int_equal(unpack(), 0);
	assert_text("before", "1");
	assert_text("after", "2");
}

static void what_aufs_kept_for_itself_is_left_out(void **state)
{
	TAR(&w.tar, .name = ".wh..wh.plnk/");
	TAR(&w.tar, .name = ".wh..wh.aufs", .data = "x");
	assert_int_equal(unpack(), 0);
	assert_int_equal(look(".wh..wh.plnk").st_mode, 0);
	assert_int_equal(look(".wh..wh.aufs").st_mode, 0);
}

static void a_whiteout_of_nothing_or_of_dots_is_refused(void **state)
{
	TAR(&w.tar, .name = "a/.wh.");
	assert_refused("a/.wh.: a whiteout of nothing");
	buf_clear(&w.tar);
	TAR(&w.tar, .name = "a/.wh...");
	assert_refused("a whiteout of nothing");
}

static void overlays_own_whiteouts_are_taken_as_such(void **state)
{
	TAR(&w.tar, .name = "gone", .type = '3');
	assert_int_equal(unpack(), 0);
	assert_true(is_whiteout("gone"));
	assert_int_equal(w.result.whiteouts, 1);
}

static void a_hard_link_to_a_whiteout_finds_no_file(void **state)
{
	TAR(&w.tar, .name = ".wh.x");
	TAR(&w.tar, .name = "y", .type = '1', .link = "x");
	assert_refused("which this layer lacks");
}

static void too_many_members_are_refused(void **state)
{
	w.request.limits.max_entries = 2;
	TAR(&w.tar, .name = "a", .data = "x");
	TAR(&w.tar, .name = "b", .data = "x");
	TAR(&w.tar, .name = "c", .data = "x");
	assert_refused("more than 2 members (max_entries)");
}

static void a_long_path_is_refused(void **state)
{
	char name[6000] = { 0 };

	for (int i = 0; i < 2500; i++)
		strcat(name, "d/");
	w.request.limits.max_name = 100000;
	tar_pax(&w.tar, "path", name, strlen(name));
	TAR(&w.tar, .name = "short");
	assert_refused("the name is longer than 4095 bytes (max_name)");
}

static void a_size_of_2_to_the_63_is_refused(void **state)
{
	TAR(&w.tar, .name = "huge", .size = INT64_MAX, .data = "x");
	assert_true(unpack() < 0);
	assert_int_equal(w.e.kind, ERR_INVALID);
	assert_int_equal(look("huge").st_mode, 0);
}

static void a_hole_of_petabytes_is_refused(void **state)
{
	auto_buf records = BUF(TAR_MAX), data = BUF(TAR_MAX);
	char block[512] = "0\n";

	pax_record(&records, "GNU.sparse.major", "1", 1);
	pax_record(&records, "GNU.sparse.minor", "0", 1);
	pax_record(&records, "GNU.sparse.name", "sparse", 6);
	pax_record(&records, "GNU.sparse.realsize", "9000000000000000", 16);
	tar_bytes(&w.tar, (struct tar_member){ .name = "p", .type = 'x' }, records.data,
		  records.len);
	buf_add(&data, block, sizeof(block));
	tar_bytes(&w.tar, (struct tar_member){ .name = "s", .mode = 0644 }, data.data, data.len);
	assert_refused("sparse: its size is more than 1073741824 bytes (max_bytes)");
}

static void an_endless_header_is_refused(void **state)
{
	static char name[3 << 20];

	memset(name, 'n', sizeof(name) - 1);
	tar_bytes(&w.tar, (struct tar_member){ .name = "././@LongLink", .type = 'L' }, name,
		  sizeof(name));
	TAR(&w.tar, .name = "short");
	assert_true(unpack() < 0);
	assert_int_equal(w.e.kind, ERR_INVALID);
}

static void a_tar_that_ends_early_is_refused(void **state)
{
	TAR(&w.tar, .name = "a", .data = "x");
	TAR(&w.tar, .name = "b", .size = 4096, .data = "only these");
	assert_true(unpack_with(NULL) < 0);
	assert_int_equal(w.e.kind, ERR_INVALID);
	assert_non_null(strstr(w.e.msg, "damaged"));
}

static void what_is_no_tar_is_refused(void **state)
{
	for (int i = 0; i < 100; i++)
		buf_adds(&w.tar, "this is no archive at all, and was never meant to be one. ");
	assert_true(unpack() < 0);
	assert_int_equal(w.e.kind, ERR_INVALID);
}

static void empty_archives_are_empty_trees(void **state)
{
	assert_int_equal(unpack_with(NULL), 0);
	assert_int_equal(w.result.entries, 0);
	assert_string_equal(
		w.result.diff_id,
		"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_int_equal(unpack(), 0);
	assert_int_equal(w.result.tar_bytes, 1024);
	assert_string_equal(
		w.result.diff_id,
		"sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef");
}

static void owners_beyond_32_bits_are_refused(void **state)
{
	tar_pax(&w.tar, "uid", "4294967296", 10);
	TAR(&w.tar, .name = "x");
	assert_refused("x: its owner 4294967296:0 is out of range");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_whiteout_hides_the_file_below),
		TEST(an_opaque_directory_is_reported),
		TEST(a_directory_in_its_own_whiteouts_place_is_opaque),
		TEST(a_file_outlives_its_own_whiteout),
		TEST(what_aufs_kept_for_itself_is_left_out),
		TEST(a_whiteout_of_nothing_or_of_dots_is_refused),
		TEST(overlays_own_whiteouts_are_taken_as_such),
		TEST(a_hard_link_to_a_whiteout_finds_no_file),
		TEST(too_many_members_are_refused),
		TEST(a_long_path_is_refused),
		TEST(a_size_of_2_to_the_63_is_refused),
		TEST(a_hole_of_petabytes_is_refused),
		TEST(an_endless_header_is_refused),
		TEST(a_tar_that_ends_early_is_refused),
		TEST(what_is_no_tar_is_refused),
		TEST(empty_archives_are_empty_trees),
		TEST(owners_beyond_32_bits_are_refused),
	};

	return cmocka_run_group_tests_name("unpack/layer", tests, NULL, NULL);
}
