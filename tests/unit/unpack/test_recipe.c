/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/assemble.h"
#include "world.h"

static int recipe;

static int setup(void **state)
{
	recipe = memfd_create("recipe", MFD_CLOEXEC);
	return recipe < 0 ? -1 : world_setup(state);
}

static int teardown(void **state)
{
	close(recipe);
	return world_teardown(state);
}

static void unpack_and_write_recipe(void)
{
	AUTO(recipe_writer) writer = recipe_writer_new(recipe);

	assert_int_equal(unpack_with(writer), 0);
	assert_int_equal(lseek(recipe, 0, SEEK_SET), 0);
}

static int assemble_to(int fd)
{
	AUTO(outlet) o = outlet_new(fd, &(struct unpack_request){ 0 }, NULL, &w.e);

	return assemble_run(recipe, w.dir, o, &w.result, &w.e);
}

static void assert_same_again(void)
{
	auto_buf empty = BUF(1), again = BUF(TAR_MAX);
	auto_close int fd = -1;
	char diff_id[UNPACK_DIGEST_MAX];

	unpack_and_write_recipe();
	strcpy(diff_id, w.result.diff_id);
	fd = tar_fd(&empty);
	assert_int_equal(assemble_to(fd), 0);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while (buf_read(&again, fd) > 0)
		;
	assert_int_equal(again.len, w.tar.len);
	assert_memory_equal(again.data, w.tar.data, again.len);
	assert_string_equal(w.result.diff_id, diff_id);
}

static void the_very_tar_comes_out_again(void **state)
{
	static char big[1 << 20];

	memset(big, 'b', sizeof(big) - 1);
	TAR(&w.tar, .name = "d/");
	TAR(&w.tar, .name = "d/small", .data = "small");
	TAR(&w.tar, .name = "d/big", .data = big);
	TAR(&w.tar, .name = "d/empty");
	TAR(&w.tar, .name = "d/link", .type = '1', .link = "d/big");
	TAR(&w.tar, .name = "d/.wh.gone");
	TAR(&w.tar, .name = ".wh..wh.plnk", .data = "what isn't in the tree");
	tar_pax(&w.tar, "comment", "kept", 4);
	TAR(&w.tar, .name = "last", .data = "x");
	tar_end(&w.tar);
	assert_same_again();
}

static void what_follows_the_end_is_kept(void **state)
{
	TAR(&w.tar, .name = "x", .data = "x");
	tar_end(&w.tar);
	for (int i = 0; i < 100000; i++)
		buf_adds(&w.tar, "rubbish ");
	assert_same_again();
}

static void headers_may_cross_the_chunks_that_are_read(void **state)
{
	static char name[600], comment[5000];

	memset(comment, 'c', sizeof(comment) - 1);
	for (int i = 0; i < 700; i++) {
		snprintf(name, sizeof(name), "dir-%d/%0200d", i % 7, i);
		tar_pax(&w.tar, "path", name, strlen(name));
		TAR(&w.tar, .name = "short", .data = i % 3 ? name : comment + i);
		tar_pax(&w.tar, "comment", comment, sizeof(comment) - 1 - (size_t)i);
		TAR(&w.tar, .name = name + 180);
	}
	w.request.limits.max_entries = 10000;
	tar_end(&w.tar);
	assert_same_again();
}

static void sparse_files_too(void **state)
{
	auto_buf records = BUF(TAR_MAX), data = BUF(TAR_MAX);
	char block[512] = "2\n4096\n4\n8388608\n3\n";

	pax_record(&records, "GNU.sparse.major", "1", 1);
	pax_record(&records, "GNU.sparse.minor", "0", 1);
	pax_record(&records, "GNU.sparse.name", "sparse", 6);
	pax_record(&records, "GNU.sparse.realsize", "16777216", 8);
	tar_bytes(&w.tar, (struct tar_member){ .name = "p", .type = 'x' }, records.data,
		  records.len);
	buf_add(&data, block, sizeof(block));
	buf_adds(&data, "onetwo!");
	tar_bytes(&w.tar, (struct tar_member){ .name = "s", .mode = 0644 }, data.data, data.len);
	TAR(&w.tar, .name = "x", .data = "x");
	tar_end(&w.tar);
	assert_same_again();
}

static void files_that_come_twice_too(void **state)
{
	TAR(&w.tar, .name = "d/a", .data = "first");
	TAR(&w.tar, .name = "d/b", .type = '1', .link = "d/a");
	TAR(&w.tar, .name = "d/a", .data = "second, and longer");
	TAR(&w.tar, .name = "d/c", .data = "between");
	TAR(&w.tar, .name = "d/a", .data = "third");
	TAR(&w.tar, .name = "d/b", .data = "no link any more");
	TAR(&w.tar, .name = "d/c", .type = '2', .link = "a");
	tar_end(&w.tar);
	assert_same_again();
	assert_false(w.result.recipe_lost);
}

static void what_a_replaced_directory_held_is_lost(void **state)
{
	TAR(&w.tar, .name = "d/a", .data = "first");
	TAR(&w.tar, .name = "d", .data = "second");
	tar_end(&w.tar);
	unpack_and_write_recipe();
	assert_true(w.result.recipe_lost);
}

static void a_changed_tree_is_noticed(void **state)
{
	auto_buf empty = BUF(1);
	auto_close int fd = tar_fd(&empty), file = -1;

	TAR(&w.tar, .name = "file", .data = "contents");
	tar_end(&w.tar);
	unpack_and_write_recipe();
	file = openat(w.dir, "file", O_WRONLY | O_CLOEXEC);
	assert_int_equal(pwrite(file, "C", 1, 0), 1);
	assert_true(assemble_to(fd) < 0);
	assert_non_null(strstr(w.e.msg, "the layer's tree has changed"));
	assert_int_equal(ftruncate(file, 3), 0);
	assert_int_equal(lseek(recipe, 0, SEEK_SET), 0);
	assert_true(assemble_to(fd) < 0);
	assert_string_equal(w.e.msg, "the layer's tree has changed: file is shorter");
}

static void a_damaged_recipe_never_makes_another_tar(void **state)
{
	auto_buf empty = BUF(1);
	auto_close int fd = tar_fd(&empty);
	char diff_id[UNPACK_DIGEST_MAX];
	struct stat st;

	TAR(&w.tar, .name = "file", .data = "contents");
	tar_end(&w.tar);
	unpack_and_write_recipe();
	strcpy(diff_id, w.result.diff_id);
	assert_int_equal(fstat(recipe, &st), 0);
	for (off_t at = 0; at < st.st_size; at++) {
		unsigned char was, now;

		assert_int_equal(pread(recipe, &was, 1, at), 1);
		now = was ^ 0x41;
		assert_int_equal(pwrite(recipe, &now, 1, at), 1);
		assert_int_equal(lseek(recipe, 0, SEEK_SET), 0);
		/* A few bits of zstd's headers mean nothing. */
		assert_true(assemble_to(fd) < 0 || strcmp(w.result.diff_id, diff_id) == 0);
		assert_int_equal(pwrite(recipe, &was, 1, at), 1);
	}
	for (off_t len = st.st_size - 5; len >= 0; len--) {
		assert_int_equal(ftruncate(recipe, len), 0);
		assert_int_equal(lseek(recipe, 0, SEEK_SET), 0);
		assert_true(assemble_to(fd) < 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_very_tar_comes_out_again),
		TEST(what_follows_the_end_is_kept),
		TEST(headers_may_cross_the_chunks_that_are_read),
		TEST(sparse_files_too),
		TEST(files_that_come_twice_too),
		TEST(what_a_replaced_directory_held_is_lost),
		TEST(a_changed_tree_is_noticed),
		TEST(a_damaged_recipe_never_makes_another_tar),
	};

	return cmocka_run_group_tests_name("unpack/recipe", tests, NULL, NULL);
}
