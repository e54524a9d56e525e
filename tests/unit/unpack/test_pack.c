/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/pack.h"
#include "world.h"

/* Packs w.dir into w.tar. */
static int pack(void)
{
	auto_buf empty = BUF(1);
	auto_close int fd = tar_fd(&empty);
	AUTO(outlet) o = outlet_new(fd, &w.request, NULL, &w.e);
	int r;

	/* As main does. */
	setlocale(LC_CTYPE, "C.UTF-8");
	r = pack_run(w.dir, &w.request, o, &w.result, &w.e);
	setlocale(LC_CTYPE, "C");
	buf_clear(&w.tar);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	while (buf_read(&w.tar, fd) > 0)
		;
	return r;
}

/* The names of w.tar's members, a blank behind each; hard links as "name=target". */
static const char *members(void)
{
	static char all[4096];
	auto_close int fd = tar_fd(&w.tar);
	AUTO(source) s = source_new(&(struct source_new){ .fd = fd, .limits = &w.request.limits });
	AUTO(reader) r = reader_new(s, &w.request.limits, NULL);
	auto_free struct member *m = malloc(sizeof(*m));

	all[0] = '\0';
	while (reader_next(r, m, &w.e) == 1) {
		strcat(all, m->path);
		if (m->type == MEMBER_HARDLINK)
			strcat(strcat(all, "="), m->target);
		strcat(all, " ");
	}
	return all;
}

static int make(const char *name, mode_t mode, const char *text)
{
	int fd = openat(w.dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, mode);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		abort();
	return close(fd);
}

static void make_tree(void)
{
	umask(0);
	assert_int_equal(mkdirat(w.dir, "d", 0750), 0);
	make("d/b", 04755, "contents");
	make("d/a", 0600, "");
	assert_int_equal(linkat(w.dir, "d/b", w.dir, "e", 0), 0);
	assert_int_equal(symlinkat("../nowhere", w.dir, "d/s"), 0);
	assert_int_equal(mknodat(w.dir, "fifo", S_IFIFO | 0600, 0), 0);
	make("u\xcc\x88", 0644, "x");
	make("\xff\xfe", 0644, "x");
}

static void a_tree_comes_in_the_order_of_its_names(void **state)
{
	make_tree();
	assert_int_equal(pack(), 0);
	assert_string_equal(members(), "d d/a d/b d/s e=d/b fifo u\xcc\x88 \xff\xfe ");
	assert_int_equal(w.result.entries, 8);
}

static void what_was_packed_unpacks_to_the_same(void **state)
{
	const struct timespec times[2] = { { 5, 6 }, { 1700000000, 987654321 } };
	char value[8];

	need_root();
	make_tree();
	w.request.mode = UNPACK_EXTRACT;
	w.request.ids = UNPACK_IDS_KEEP;
	assert_int_equal(mknodat(w.dir, "null", S_IFCHR | 0666, makedev(1, 3)), 0);
	assert_int_equal(fchownat(w.dir, "d/a", 4000000, 70000, 0), 0);
	assert_int_equal(utimensat(w.dir, "d", times, 0), 0);
	assert_int_equal(fchdir(w.dir), 0);
	assert_int_equal(setxattr("d/a", "user.x", "a\0b", 3, 0), 0);
	assert_int_equal(pack(), 0);
	assert_int_equal(file_remove_tree_at(w.dir, "d", &w.e), 0);
	assert_int_equal(unlinkat(w.dir, "null", 0), 0);

	assert_int_equal(unpack_with(NULL), 0);
	assert_text("d/b", "contents");
	assert_int_equal(look("d/b").st_mode, S_IFREG | 04755);
	assert_int_equal(look("d/b").st_ino, look("e").st_ino);
	assert_int_equal(look("d/a").st_uid, 4000000);
	assert_int_equal(look("d/a").st_gid, 70000);
	assert_int_equal(look("d").st_mtim.tv_nsec, 987654321);
	assert_int_equal(look("null").st_rdev, makedev(1, 3));
	assert_int_equal(fchdir(w.dir), 0);
	assert_int_equal(getxattr("d/a", "user.x", value, sizeof(value)), 3);
}

static void the_same_tree_makes_the_same_tar(void **state)
{
	char first[UNPACK_DIGEST_MAX];

	make_tree();
	assert_int_equal(pack(), 0);
	strcpy(first, w.result.diff_id);
	assert_int_equal(pack(), 0);
	assert_string_equal(w.result.diff_id, first);
}

static void a_part_of_a_tree_takes_the_name_that_is_asked_for(void **state)
{
	make_tree();
	strcpy(w.request.subdir, "/d");
	assert_int_equal(pack(), 0);
	assert_string_equal(members(), "a b s ");
	strcpy(w.request.as, "new");
	assert_int_equal(pack(), 0);
	assert_string_equal(members(), "new new/a new/b new/s ");
}

static void a_single_file_is_packed_alone(void **state)
{
	make_tree();
	strcpy(w.request.subdir, "d/b");
	assert_int_equal(pack(), 0);
	assert_string_equal(members(), "b ");
	strcpy(w.request.subdir, "d/s");
	strcpy(w.request.as, "link");
	assert_int_equal(pack(), 0);
	assert_string_equal(members(), "link ");
	strcpy(w.request.subdir, "d/none");
	assert_int_equal(pack(), -ENOENT);
}

static void whiteouts_of_an_upper_layer_become_members(void **state)
{
	w.request.user_xattr = w.request.whiteouts = true;
	assert_int_equal(mkdirat(w.dir, "d", 0755), 0);
	assert_int_equal(mknodat(w.dir, "d/gone", S_IFCHR, 0), 0);
	make("d/new", 0644, "x");
	assert_int_equal(fchdir(w.dir), 0);
	if (setxattr("d", "user.overlay.opaque", "y", 1, 0) < 0)
		skip();
	assert_int_equal(pack(), 0);
	assert_string_equal(members(), "d d/.wh..wh..opq d/.wh.gone d/new ");
}

static void links_lead_nowhere_outside(void **state)
{
	make_tree();
	assert_int_equal(symlinkat("/etc", w.dir, "out"), 0);
	strcpy(w.request.subdir, "out/passwd");
	assert_int_equal(pack(), -ENOENT);
	strcpy(w.request.subdir, "../../etc/passwd");
	assert_int_equal(pack(), -ENOENT);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_tree_comes_in_the_order_of_its_names),
		TEST(what_was_packed_unpacks_to_the_same),
		TEST(the_same_tree_makes_the_same_tar),
		TEST(a_part_of_a_tree_takes_the_name_that_is_asked_for),
		TEST(a_single_file_is_packed_alone),
		TEST(whiteouts_of_an_upper_layer_become_members),
		TEST(links_lead_nowhere_outside),
	};

	return cmocka_run_group_tests_name("unpack/pack", tests, NULL, NULL);
}
