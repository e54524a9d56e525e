/* SPDX-License-Identifier: BSD-2-Clause */
/* The whole program, confined as it will be, by the API that the engine has. */
#include "image/unpack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "../unpack/tar.h"
#include "base/file.h"
#include "base/text.h"
#include "unit.h"

static char top[32];
static int dir;
static struct arena *a;
static struct err e;
static struct buf tar;
static struct unpack_start how;
static struct unpack_result result;

static int setup(void **state)
{
	strcpy(top, "/tmp/berth-image-XXXXXX");
	if (!mkdtemp(top))
		return -1;
	dir = open(top, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	a = arena_new();
	tar = BUF(TAR_MAX);
	how = (struct unpack_start){
		.program = arena_printf(a, "%s/unpack", getenv("BERTH_LIBEXEC")),
		.mode = UNPACK_LAYER,
		.in = -1,
		.dir = dir,
		.ids = geteuid() ? UNPACK_IDS_SQUASH : UNPACK_IDS_KEEP,
		.user_xattr = geteuid() != 0,
	};
	return dir < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	close(dir);
	buf_free(&tar);
	arena_free(a);
	return file_remove_tree_at(AT_FDCWD, top, &e);
}

static int run(void)
{
	auto_close int fd = tar_fd(&tar);

	how.in = fd;
	return unpack_run(&how, a, NULL, &result, &e);
}

static void a_layer_arrives(void **state)
{
	auto_free char *text = NULL;

	TAR(&tar, .name = "d/");
	TAR(&tar, .name = "d/file", .data = "hello", .mode = 04755);
	TAR(&tar, .name = "d/.wh.gone");
	tar_end(&tar);
	assert_int_equal(run(), 0);
	assert_int_equal(file_read_at(dir, "d/file", 100, &text, NULL, &e), 0);
	assert_string_equal(text, "hello");
	assert_int_equal(result.entries, 3);
	assert_int_equal(result.whiteouts, 1);
	assert_int_equal(result.bytes, tar.len);
	assert_string_equal(result.digest, result.diff_id);
}

static void opaque_directories_get_their_attribute(void **state)
{
	const char *name = geteuid() ? "user.overlay.opaque" : "trusted.overlay.opaque";
	char value[2];

	TAR(&tar, .name = "d/", .mtime = 1234);
	TAR(&tar, .name = "d/.wh..wh..opq");
	tar_end(&tar);
	if (run() < 0 && e.code == EOPNOTSUPP)
		skip();
	assert_int_equal(result.opaques, 1);
	assert_int_equal(fchdir(dir), 0);
	assert_int_equal(getxattr("d", name, value, sizeof(value)), 1);
	assert_int_equal(value[0], 'y');
}

static void an_error_arrives_with_its_words(void **state)
{
	TAR(&tar, .name = "x", .data = "x");
	TAR(&tar, .name = "../y", .data = "x");
	tar_end(&tar);
	assert_int_equal(run(), -EINVAL);
	assert_int_equal(e.kind, ERR_INVALID);
	assert_string_equal(e.msg, "../y: a name with \"..\" is refused");
}

static void a_link_to_a_lower_layer_says_so(void **state)
{
	TAR(&tar, .name = "x", .type = '1', .link = "y");
	tar_end(&tar);
	assert_true(run() < 0);
	assert_true(result.needs_lower);
}

static void a_limit_can_be_set(void **state)
{
	how.limits.max_entries = 1;
	TAR(&tar, .name = "x", .data = "x");
	TAR(&tar, .name = "y", .data = "x");
	tar_end(&tar);
	assert_true(run() < 0);
	assert_non_null(strstr(e.msg, "max_entries"));
}

static void several_run_at_once_and_one_that_is_dropped_ends(void **state)
{
	enum { N = 4 };
	struct unpack *u[N] = { 0 };
	int pipes[N][2];

	TAR(&tar, .name = "x", .data = "x");
	tar_end(&tar);
	for (int i = 0; i < N; i++) {
		auto_close int tree = -1;
		char name[8];

		snprintf(name, sizeof(name), "%d", i);
		assert_int_equal(mkdirat(dir, name, 0755), 0);
		tree = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(pipe2(pipes[i], O_CLOEXEC), 0);
		how.in = pipes[i][0];
		how.dir = tree;
		assert_int_equal(unpack_start(&how, &u[i], &e), 0);
		close(pipes[i][0]);
		assert_int_equal(unpack_step(u[i], &e), 0);
	}
	unpack_free(u[0]);
	close(pipes[0][1]);
	for (int i = N - 1; i > 0; i--) {
		assert_int_equal(write(pipes[i][1], tar.data, tar.len), tar.len);
		close(pipes[i][1]);
		assert_int_equal(unpack_finish(u[i], &result, &e), 0);
		assert_int_equal(result.entries, 1);
		unpack_free(u[i]);
	}
}

static void progress_is_told(void **state)
{
	static char big[4 << 20];
	AUTO(unpack) u = NULL;
	auto_close int fd = -1;

	memset(big, 'x', sizeof(big) - 1);
	TAR(&tar, .name = "x", .data = big);
	tar_end(&tar);
	fd = tar_fd(&tar);
	how.in = fd;
	assert_int_equal(unpack_start(&how, &u, &e), 0);
	assert_int_equal(unpack_finish(u, &result, &e), 0);
	assert_true(unpack_progress(u) >= 3 << 20);
}

static void an_archives_members_are_where_it_says(void **state)
{
	struct unpack_members m;
	auto_close int fd = -1;
	char text[6] = { 0 };

	TAR(&tar, .name = "./blobs/");
	TAR(&tar, .name = "./blobs/one", .data = "first");
	TAR(&tar, .name = "layer.tar", .type = '2', .link = "../x/layer.tar");
	tar_pax(&tar, "path", "a longer one", 12);
	TAR(&tar, .name = "two", .data = "second");
	TAR(&tar, .name = "empty");
	tar_end(&tar);
	fd = tar_fd(&tar);
	how.mode = UNPACK_INDEX;
	how.in = fd;
	assert_int_equal(unpack_run(&how, a, &m, &result, &e), 0);
	assert_int_equal(m.n, 4);
	assert_string_equal(m.v[0].name, "blobs/one");
	assert_int_equal(m.v[0].size, 5);
	assert_int_equal(pread(fd, text, 5, (off_t)m.v[0].offset), 5);
	assert_string_equal(text, "first");
	assert_string_equal(m.v[1].name, "layer.tar");
	assert_string_equal(m.v[1].link, "../x/layer.tar");
	assert_string_equal(m.v[2].name, "a longer one");
	assert_int_equal(pread(fd, text, 5, (off_t)m.v[2].offset), 5);
	assert_string_equal(text, "secon");
	assert_int_equal(m.v[3].size, 0);
}

static void a_compressed_archive_has_no_index(void **state)
{
	buf_add(&tar, "\x1f\x8b\x08 and so on", 12);
	how.mode = UNPACK_INDEX;
	assert_true(run() < 0);
	assert_int_equal(e.kind, ERR_UNSUPPORTED);
	assert_int_equal(result.compression, UNPACK_GZIP);
}

static void a_tree_is_packed_and_a_layer_assembled(void **state)
{
	auto_close int out = memfd_create("out", MFD_CLOEXEC);
	auto_close int again = memfd_create("again", MFD_CLOEXEC);
	auto_close int recipe = memfd_create("recipe", MFD_CLOEXEC);
	char diff_id[UNPACK_DIGEST_MAX];

	TAR(&tar, .name = "d/");
	TAR(&tar, .name = "d/file", .data = "hello");
	tar_end(&tar);
	how.recipe = recipe;
	assert_int_equal(run(), 0);
	strcpy(diff_id, result.diff_id);
	assert_int_equal(lseek(recipe, 0, SEEK_SET), 0);

	how.mode = UNPACK_ASSEMBLE;
	how.in = -1;
	how.out = again;
	how.compression = UNPACK_GZIP;
	assert_int_equal(unpack_run(&how, a, NULL, &result, &e), 0);
	assert_string_equal(result.diff_id, diff_id);
	assert_string_not_equal(result.digest, diff_id);
	assert_int_equal(lseek(again, 0, SEEK_END), result.bytes);

	how.mode = UNPACK_PACK;
	how.recipe = -1;
	how.out = out;
	how.compression = UNPACK_AUTO;
	assert_int_equal(unpack_run(&how, a, NULL, &result, &e), 0);
	assert_int_equal(result.entries, 2);
	assert_int_equal(lseek(out, 0, SEEK_END), result.bytes);
}

static void a_missing_program_is_an_error(void **state)
{
	how.program = "/nowhere/unpack";
	assert_int_equal(run(), -ENOENT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_layer_arrives),
		TEST(opaque_directories_get_their_attribute),
		TEST(an_error_arrives_with_its_words),
		TEST(a_link_to_a_lower_layer_says_so),
		TEST(a_limit_can_be_set),
		TEST(several_run_at_once_and_one_that_is_dropped_ends),
		TEST(progress_is_told),
		TEST(an_archives_members_are_where_it_says),
		TEST(a_compressed_archive_has_no_index),
		TEST(a_tree_is_packed_and_a_layer_assembled),
		TEST(a_missing_program_is_an_error),
	};

	return cmocka_run_group_tests_name("image/unpack", tests, NULL, NULL);
}
