/* SPDX-License-Identifier: BSD-2-Clause */
#include "world.h"

static void files_have_their_contents_modes_and_times(void **state)
{
	TAR(&w.tar, .name = "a/", .mode = 0750, .mtime = 1000);
	TAR(&w.tar, .name = "a/b", .mode = 0640, .mtime = 2000, .data = "hello");
	assert_int_equal(unpack(), 0);
	assert_text("a/b", "hello");
	assert_int_equal(look("a/b").st_mode, S_IFREG | 0640);
	assert_int_equal(look("a/b").st_mtim.tv_sec, 2000);
	assert_int_equal(look("a").st_mode, S_IFDIR | 0750);
	assert_int_equal(look("a").st_mtim.tv_sec, 1000);
	assert_int_equal(w.result.entries, 2);
	assert_int_equal(w.result.file_bytes, 5);
}

static void set_user_id_and_sticky_bits_stay(void **state)
{
	TAR(&w.tar, .name = "su", .mode = 06755, .data = "x");
	TAR(&w.tar, .name = "tmp/", .mode = 01777);
	TAR(&w.tar, .name = "shared/", .mode = 02775);
	TAR(&w.tar, .name = "shared/file", .mode = 0644, .data = "x");
	TAR(&w.tar, .name = "shared/dir/", .mode = 0755);
	assert_int_equal(unpack(), 0);
	assert_int_equal(look("su").st_mode & 07777, 06755);
	assert_int_equal(look("tmp").st_mode & 07777, 01777);
	assert_int_equal(look("shared").st_mode & 07777, 02775);
	assert_int_equal(look("shared/dir").st_mode & 07777, 0755);
}

static void owners_are_kept(void **state)
{
	need_root();
	w.request.ids = UNPACK_IDS_KEEP;
	TAR(&w.tar, .name = "g/", .mode = 02775, .uid = 5, .gid = 6);
	TAR(&w.tar, .name = "g/su", .mode = 04755, .uid = 1000, .gid = 3000000, .data = "x");
	TAR(&w.tar, .name = "g/root", .mode = 0755);
	TAR(&w.tar, .name = "g/link", .type = '2', .link = "x", .uid = 7, .gid = 8);
	assert_int_equal(unpack(), 0);
	assert_int_equal(look("g/su").st_uid, 1000);
	assert_int_equal(look("g/su").st_gid, 3000000);
	assert_int_equal(look("g/su").st_mode & 07777, 04755);
	/* The directory's group must not stick to it. */
	assert_int_equal(look("g/root").st_gid, 0);
	assert_int_equal(look("g/link").st_uid, 7);
}

static void all_can_be_given_to_one_owner(void **state)
{
	need_root();
	w.request.ids = UNPACK_IDS_SET;
	w.request.uid = 12;
	w.request.gid = 13;
	TAR(&w.tar, .name = "file", .uid = 1000, .data = "x");
	assert_int_equal(unpack(), 0);
	assert_int_equal(look("file").st_uid, 12);
	assert_int_equal(look("file").st_gid, 13);
}

static void times_have_nanoseconds_and_may_precede_1970(void **state)
{
	tar_pax(&w.tar, "mtime", "1700000000.123456789", 20);
	TAR(&w.tar, .name = "new", .data = "x");
	tar_pax(&w.tar, "mtime", "-86400.5", 8);
	TAR(&w.tar, .name = "old", .data = "x");
	assert_int_equal(unpack(), 0);
	assert_int_equal(look("new").st_mtim.tv_sec, 1700000000);
	assert_int_equal(look("new").st_mtim.tv_nsec, 123456789);
	assert_true(look("old").st_mtim.tv_sec < 0);
}

static void missing_parents_are_made(void **state)
{
	TAR(&w.tar, .name = "a/b/c/file", .data = "x");
	assert_int_equal(unpack(), 0);
	assert_int_equal(look("a/b").st_mode, S_IFDIR | 0755);
	assert_text("a/b/c/file", "x");
}

static void dots_and_slashes_mean_nothing(void **state)
{
	TAR(&w.tar, .name = "./", .mode = 0711, .mtime = 77);
	TAR(&w.tar, .name = "/absolute", .data = "1");
	TAR(&w.tar, .name = ".//d/./x", .data = "2");
	assert_int_equal(unpack(), 0);
	assert_text("absolute", "1");
	assert_text("d/x", "2");
	assert_int_equal(look(".").st_mode & 07777, 0711);
	assert_int_equal(look(".").st_mtim.tv_sec, 77);
}

static void dot_dot_is_refused(void **state)
{
	TAR(&w.tar, .name = "a/../../escaped", .data = "x");
	assert_refused("a/../../escaped: a name with \"..\" is refused");
}

static void names_may_have_any_byte_and_any_length(void **state)
{
	char long_name[1024], *at = long_name;

	for (int i = 0; i < 4; i++, at += 201) {
		memset(at, 'a' + i, 200);
		at[200] = '/';
	}
	strcpy(at, "end");
	TAR(&w.tar, .name = "\xff\xfe\n\x1b[31m", .data = "1");
	tar_bytes(&w.tar, (struct tar_member){ .name = "././@LongLink", .type = 'L' }, long_name,
		  strlen(long_name) + 1);
	TAR(&w.tar, .name = "short", .data = "2");
	tar_pax(&w.tar, "path", "pax-\xff", 5);
	TAR(&w.tar, .name = "short", .data = "3");
	tar_pax(&w.tar, "path", "\xc3\xa9", 2);
	TAR(&w.tar, .name = "short", .data = "4");
	/* The same letter, decomposed, is another name. */
	tar_pax(&w.tar, "path", "e\xcc\x81", 3);
	TAR(&w.tar, .name = "short", .data = "5");
	tar_pax(&w.tar, "linkpath", "e\xcc\x81", 3);
	TAR(&w.tar, .name = "link", .type = '1', .link = "short");
	tar_pax(&w.tar, "linkpath", "e\xcc\x81", 3);
	TAR(&w.tar, .name = "symlink", .type = '2', .link = "short");
	assert_int_equal(unpack(), 0);
	assert_text("\xff\xfe\n\x1b[31m", "1");
	assert_text(long_name, "2");
	assert_text("pax-\xff", "3");
	assert_text("\xc3\xa9", "4");
	assert_text("e\xcc\x81", "5");
	assert_text("link", "5");
	assert_text("symlink", "5");
	assert_int_equal(look("short").st_mode, 0);
}

static void a_name_of_256_bytes_is_refused(void **state)
{
	char name[257] = { 0 };

	memset(name, 'n', 256);
	tar_pax(&w.tar, "path", name, 256);
	TAR(&w.tar, .name = "short", .data = "x");
	assert_refused("a part of the name is longer than 255 bytes");
}

static void the_words_of_errors_are_fit_for_a_terminal(void **state)
{
	TAR(&w.tar, .name = "../\x1b[2J\xff", .data = "x");
	assert_refused("../\\x1b[2J\\xff: a name");
}

static void deep_paths_leave_the_cache_of_parents_behind(void **state)
{
	char name[1000] = { 0 };

	for (int i = 0; i < 150; i++)
		strcat(name, "d/");
	strcat(name, "x1");
	tar_pax(&w.tar, "path", name, strlen(name));
	TAR(&w.tar, .name = "short", .data = "1");
	name[strlen(name) - 1] = '2';
	tar_pax(&w.tar, "path", name, strlen(name));
	TAR(&w.tar, .name = "short", .data = "2");
	TAR(&w.tar, .name = "d/d/x", .data = "3");
	assert_int_equal(unpack(), 0);
	assert_text(name, "2");
	assert_text("d/d/x", "3");
}

static void the_last_of_several_with_one_name_wins(void **state)
{
	TAR(&w.tar, .name = "x", .data = "first, and longer");
	TAR(&w.tar, .name = "x", .data = "second", .mode = 0600);
	assert_int_equal(unpack(), 0);
	assert_text("x", "second");
	assert_int_equal(look("x").st_mode & 0777, 0600);
}

static void files_and_directories_take_each_others_place(void **state)
{
	TAR(&w.tar, .name = "a/", .mtime = 5);
	TAR(&w.tar, .name = "a/b/c", .data = "x");
	TAR(&w.tar, .name = "a", .data = "now a file", .mtime = 6);
	TAR(&w.tar, .name = "d", .data = "file");
	TAR(&w.tar, .name = "d/", .mode = 0700);
	TAR(&w.tar, .name = "d/x", .data = "y");
	TAR(&w.tar, .name = "l", .type = '2', .link = "d");
	TAR(&w.tar, .name = "l/");
	TAR(&w.tar, .name = "l/z", .data = "z");
	assert_int_equal(unpack(), 0);
	assert_text("a", "now a file");
	assert_int_equal(look("a").st_mtim.tv_sec, 6);
	assert_text("d/x", "y");
	assert_true(S_ISDIR(look("l").st_mode));
	assert_int_equal(look("d/z").st_mode, 0);
}

static void a_directory_again_keeps_what_is_in_it(void **state)
{
	TAR(&w.tar, .name = "a/", .mode = 0700);
	TAR(&w.tar, .name = "a/x", .data = "x");
	TAR(&w.tar, .name = "a/", .mode = 0755, .mtime = 9);
	assert_int_equal(unpack(), 0);
	assert_text("a/x", "x");
	assert_int_equal(look("a").st_mode & 0777, 0755);
	assert_int_equal(look("a").st_mtim.tv_sec, 9);
}

static void a_link_on_the_way_leads_inside_the_root(void **state)
{
	TAR(&w.tar, .name = "usr/lib/");
	TAR(&w.tar, .name = "lib", .type = '2', .link = "/usr/lib");
	TAR(&w.tar, .name = "out", .type = '2', .link = "../../../../../usr");
	TAR(&w.tar, .name = "lib/x", .data = "1");
	TAR(&w.tar, .name = "out/y", .data = "2");
	assert_int_equal(unpack(), 0);
	assert_true(S_ISLNK(look("lib").st_mode));
	assert_text("usr/lib/x", "1");
	assert_text("usr/y", "2");
	assert_int_equal(access("/usr/lib/x", F_OK), -1);
}

static void a_link_that_leads_nowhere_is_refused_as_a_folder(void **state)
{
	TAR(&w.tar, .name = "bad", .type = '2', .link = "/nowhere");
	TAR(&w.tar, .name = "bad/x", .data = "1");
	assert_refused("bad: a symbolic link on the way leads nowhere");
}

static void a_file_is_refused_as_a_folder(void **state)
{
	TAR(&w.tar, .name = "f", .data = "1");
	TAR(&w.tar, .name = "f/x", .data = "1");
	assert_refused("f isn't a directory");
}

static void a_links_target_is_replaced_and_not_written_through(void **state)
{
	TAR(&w.tar, .name = "target", .data = "untouched");
	TAR(&w.tar, .name = "l", .type = '2', .link = "target");
	TAR(&w.tar, .name = "l", .data = "new");
	assert_int_equal(unpack(), 0);
	assert_text("target", "untouched");
	assert_text("l", "new");
	assert_true(S_ISREG(look("l").st_mode));
}

static void hard_links_share_their_file(void **state)
{
	TAR(&w.tar, .name = "a", .data = "x");
	TAR(&w.tar, .name = "d/b", .type = '1', .link = "a");
	TAR(&w.tar, .name = "d/b", .type = '1', .link = "./a");
	TAR(&w.tar, .name = "s", .type = '2', .link = "nowhere");
	TAR(&w.tar, .name = "s2", .type = '1', .link = "s");
	assert_int_equal(unpack(), 0);
	assert_int_equal(look("a").st_ino, look("d/b").st_ino);
	assert_int_equal(look("a").st_nlink, 2);
	assert_int_equal(look("s").st_ino, look("s2").st_ino);
}

static void hard_links_to_outside_are_refused(void **state)
{
	TAR(&w.tar, .name = "l", .type = '2', .link = "/etc");
	TAR(&w.tar, .name = "x", .type = '1', .link = "l/passwd");
	assert_refused("x is a hard link to l/passwd, which this layer lacks");
	assert_true(w.result.needs_lower);
	assert_int_equal(look("x").st_mode, 0);
}

static void hard_links_with_dot_dot_are_refused(void **state)
{
	TAR(&w.tar, .name = "x", .type = '1', .link = "../../etc/passwd");
	assert_refused("a name with \"..\" is refused");
}

static void hard_links_to_themselves_and_to_directories_are_refused(void **state)
{
	TAR(&w.tar, .name = "x", .data = "x");
	TAR(&w.tar, .name = "x", .type = '1', .link = "./x");
	assert_refused("x is a hard link to itself");
	buf_clear(&w.tar);
	TAR(&w.tar, .name = "d/");
	TAR(&w.tar, .name = "y", .type = '1', .link = "d");
	assert_refused("y is a hard link to a directory, d");
}

static void hard_links_find_their_file_in_the_layers_below(void **state)
{
	int fd;

	assert_int_equal(mkdirat(w.dir, "lower", 0755), 0);
	assert_int_equal(mkdirat(w.dir, "tree", 0755), 0);
	w.lower = openat(w.dir, "lower", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fd = openat(w.lower, "old", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "from below", 10), 10);
	close(fd);
	TAR(&w.tar, .name = "tree/new", .type = '1', .link = "old", .mode = 0640, .mtime = 3);
	assert_int_equal(unpack(), 0);
	assert_text("tree/new", "from below");
	assert_int_equal(look("tree/new").st_mode & 0777, 0640);
	assert_true(w.result.needs_lower);
	close(w.lower);
}

static void devices_and_fifos_are_made(void **state)
{
	need_root();
	TAR(&w.tar, .name = "null", .type = '3', .major = 1, .minor = 3, .mode = 0666);
	TAR(&w.tar, .name = "loop", .type = '4', .major = 7, .minor = 300, .mode = 0660);
	TAR(&w.tar, .name = "fifo", .type = '6', .mode = 0600);
	assert_int_equal(unpack(), 0);
	assert_true(S_ISCHR(look("null").st_mode));
	assert_int_equal(look("null").st_rdev, makedev(1, 3));
	assert_int_equal(look("loop").st_rdev, makedev(7, 300));
	assert_int_equal(look("fifo").st_mode, S_IFIFO | 0600);
}

static void a_device_takes_a_directorys_place(void **state)
{
	need_root();
	TAR(&w.tar, .name = "d/");
	TAR(&w.tar, .name = "d/x", .data = "x");
	TAR(&w.tar, .name = "d", .type = '3', .major = 1, .minor = 3);
	assert_int_equal(unpack(), 0);
	assert_true(S_ISCHR(look("d").st_mode));
}

static void attributes_are_set_and_those_of_the_machine_skipped(void **state)
{
	static const unsigned char capability[20] = { 1, 0, 0, 2, 0, 4 };
	char value[32];

	need_root();
	tar_pax(&w.tar, "SCHILY.xattr.user.binary", "a\0b", 3);
	TAR(&w.tar, .name = "u", .data = "x");
	tar_pax(&w.tar, "SCHILY.xattr.security.capability", capability, sizeof(capability));
	TAR(&w.tar, .name = "c", .data = "x", .uid = 0);
	tar_pax(&w.tar, "SCHILY.xattr.trusted.overlay.opaque", "y", 1);
	TAR(&w.tar, .name = "t/");
	tar_pax(&w.tar, "SCHILY.xattr.user.overlay.opaque", "y", 1);
	TAR(&w.tar, .name = "o/");
	tar_pax(&w.tar, "SCHILY.xattr.user.dir", "d", 1);
	TAR(&w.tar, .name = "d/");
	/* The kernel allows none of user.* on a link. */
	tar_pax(&w.tar, "SCHILY.xattr.user.link", "l", 1);
	TAR(&w.tar, .name = "l", .type = '2', .link = "d");
	assert_int_equal(unpack(), 0);
	assert_int_equal(fchdir(w.dir), 0);
	assert_int_equal(getxattr("u", "user.binary", value, sizeof(value)), 3);
	assert_memory_equal(value, "a\0b", 3);
	assert_int_equal(getxattr("c", "security.capability", value, sizeof(value)), 20);
	assert_int_equal(getxattr("d", "user.dir", value, sizeof(value)), 1);
	assert_int_equal(getxattr("t", "trusted.overlay.opaque", value, sizeof(value)), -1);
	assert_int_equal(getxattr("o", "user.overlay.opaque", value, sizeof(value)), -1);
	assert_int_equal(w.result.skipped_xattrs, 3);
}

static void an_attribute_over_its_limit_is_refused(void **state)
{
	static char value[2000];

	w.request.limits.max_xattr = 1000;
	tar_pax(&w.tar, "SCHILY.xattr.user.big", value, sizeof(value));
	TAR(&w.tar, .name = "u", .data = "x");
	assert_refused("u: an extended attribute is larger than 1000 bytes (max_xattr)");
}

static void holes_stay_holes(void **state)
{
	/* GNU's sparse format 1.0: the map, in a block of its own, precedes the contents. */
	auto_buf records = BUF(TAR_MAX), data = BUF(TAR_MAX);
	char block[512] = "1\n8388608\n4\n";

	pax_record(&records, "GNU.sparse.major", "1", 1);
	pax_record(&records, "GNU.sparse.minor", "0", 1);
	pax_record(&records, "GNU.sparse.name", "spa\xcc\x88rse", 8);
	pax_record(&records, "GNU.sparse.realsize", "16777216", 8);
	tar_bytes(&w.tar, (struct tar_member){ .name = "p", .type = 'x' }, records.data,
		  records.len);
	buf_add(&data, block, sizeof(block));
	buf_adds(&data, "here");
	tar_bytes(&w.tar, (struct tar_member){ .name = "s", .mode = 0644 }, data.data, data.len);
	assert_int_equal(unpack(), 0);
	assert_int_equal(look("spa\xcc\x88rse").st_size, 16 << 20);
	assert_true(look("spa\xcc\x88rse").st_blocks < 100);
	assert_int_equal(w.result.file_bytes, 4);
}

static void in_an_extraction_a_file_keeps_out_of_a_directorys_place(void **state)
{
	w.request.mode = UNPACK_EXTRACT;
	w.request.no_overwrite_dir = true;
	assert_int_equal(mkdirat(w.dir, "d", 0755), 0);
	TAR(&w.tar, .name = "d", .data = "x");
	assert_refused("d: cannot overwrite directory with non-directory");
	assert_int_equal(w.e.kind, ERR_CONFLICT);
}

static void in_an_extraction_whiteouts_are_names(void **state)
{
	w.request.mode = UNPACK_EXTRACT;
	TAR(&w.tar, .name = ".wh.x", .data = "1");
	assert_int_equal(unpack(), 0);
	assert_text(".wh.x", "1");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(files_have_their_contents_modes_and_times),
		TEST(set_user_id_and_sticky_bits_stay),
		TEST(owners_are_kept),
		TEST(all_can_be_given_to_one_owner),
		TEST(times_have_nanoseconds_and_may_precede_1970),
		TEST(missing_parents_are_made),
		TEST(dots_and_slashes_mean_nothing),
		TEST(dot_dot_is_refused),
		TEST(names_may_have_any_byte_and_any_length),
		TEST(a_name_of_256_bytes_is_refused),
		TEST(the_words_of_errors_are_fit_for_a_terminal),
		TEST(deep_paths_leave_the_cache_of_parents_behind),
		TEST(the_last_of_several_with_one_name_wins),
		TEST(files_and_directories_take_each_others_place),
		TEST(a_directory_again_keeps_what_is_in_it),
		TEST(a_link_on_the_way_leads_inside_the_root),
		TEST(a_link_that_leads_nowhere_is_refused_as_a_folder),
		TEST(a_file_is_refused_as_a_folder),
		TEST(a_links_target_is_replaced_and_not_written_through),
		TEST(hard_links_share_their_file),
		TEST(hard_links_to_outside_are_refused),
		TEST(hard_links_with_dot_dot_are_refused),
		TEST(hard_links_to_themselves_and_to_directories_are_refused),
		TEST(hard_links_find_their_file_in_the_layers_below),
		TEST(devices_and_fifos_are_made),
		TEST(a_device_takes_a_directorys_place),
		TEST(attributes_are_set_and_those_of_the_machine_skipped),
		TEST(an_attribute_over_its_limit_is_refused),
		TEST(holes_stay_holes),
		TEST(in_an_extraction_a_file_keeps_out_of_a_directorys_place),
		TEST(in_an_extraction_whiteouts_are_names),
	};

	return cmocka_run_group_tests_name("unpack/tree", tests, NULL, NULL);
}
