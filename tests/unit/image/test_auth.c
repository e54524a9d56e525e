/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/file.h"

/* Each test has a home of its own, and helpers in its PATH. */
struct home {
	char path[64];
};

static void put(const char *dir, const char *name, const char *text, mode_t mode)
{
	struct err e = { 0 };
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	assert_int_equal(file_replace_at(fd, name, text, strlen(text),
					 &(struct file_write){ .mode = mode }, &e),
			 0);
	close(fd);
}

static int make_home(void **state)
{
	static struct home home;
	char sub[128];

	strcpy(home.path, "/tmp/berth-auth-XXXXXX");
	if (!mkdtemp(home.path))
		return -1;
	unsetenv("REGISTRY_AUTH_FILE");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("DOCKER_CONFIG");
	setenv("HOME", home.path, 1);
	snprintf(sub, sizeof(sub), "%s/run", home.path);
	setenv("XDG_RUNTIME_DIR", sub, 1);
	snprintf(sub, sizeof(sub), "%s:/usr/bin:/bin", home.path);
	setenv("PATH", sub, 1);
	snprintf(sub, sizeof(sub), "%s/.docker", home.path);
	mkdir(sub, 0755);
	*state = &home;
	return 0;
}

static int remove_home(void **state)
{
	struct home *home = *state;
	struct err e;

	return file_remove_tree_at(AT_FDCWD, home->path, &e);
}

static struct auth find(struct arena *a, const char *host, const char *repository)
{
	struct auth_query q = { .host = host, .repository = repository };
	struct auth found = { 0 };
	struct err e = { 0 };

	if (auth_find(a, &q, &found, &e) < 0)
		fail_msg("%s", e.msg);
	return found;
}

static void what_was_stored_is_found_and_private(void **state)
{
	const struct home *home = *state;
	AUTO(arena) a = arena_new();
	struct err e = { 0 };
	const char *file;
	struct stat st;

	assert_int_equal(auth_store(a, NULL, "quay.io", "joe", "a:b c", &file, &e), 0);
	assert_string_equal(file, arena_printf(a, "%s/run/containers/auth.json", home->path));
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_string_equal(find(a, "quay.io", "x/y").user, "joe");
	assert_string_equal(find(a, "quay.io", NULL).password, "a:b c");
	assert_null(find(a, "quay.example", NULL).user);
	assert_int_equal(auth_remove(a, NULL, "quay.io", &e), 0);
	assert_null(find(a, "quay.io", NULL).user);
	assert_int_equal(auth_remove(a, NULL, "quay.io", &e), -ENOENT);
	assert_string_equal(e.msg, "not logged into quay.io");
}

static void the_key_of_the_longest_path_wins(void **state)
{
	AUTO(arena) a = arena_new();
	struct err e = { 0 };
	const char *file;

	assert_int_equal(auth_store(a, NULL, "q.test", "host", "1", &file, &e), 0);
	assert_int_equal(auth_store(a, NULL, "q.test/team", "team", "2", &file, &e), 0);
	assert_int_equal(auth_store(a, NULL, "q.test/team/app", "app", "3", &file, &e), 0);
	assert_string_equal(find(a, "q.test", "team/app").user, "app");
	assert_string_equal(find(a, "q.test", "team/application").user, "team");
	assert_string_equal(find(a, "q.test", "other").user, "host");
	assert_int_equal(auth_remove_all(a, NULL, &e), 0);
	assert_null(find(a, "q.test", "team/app").user);
}

static void dockers_file_is_read_after_ours(void **state)
{
	const struct home *home = *state;
	AUTO(arena) a = arena_new();
	const char *docker = arena_printf(a, "%s/.docker", home->path), *file;
	struct err e = { 0 };

	put(docker, "config.json",
	    "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"am9lOnNlY3JldA==\"},"
	    "\"https://q.test\":{\"identitytoken\":\"tok\"}},\"detachKeys\":\"ctrl-x\"}",
	    0600);
	assert_string_equal(find(a, "docker.io", "library/nginx").user, "joe");
	assert_string_equal(find(a, "docker.io", NULL).password, "secret");
	assert_string_equal(find(a, "q.test", NULL).token, "tok");
	assert_int_equal(auth_remove(a, NULL, "docker.io", &e), -EEXIST);
	assert_non_null(strstr(e.msg, "established via docker login"));
	assert_int_equal(auth_store(a, NULL, "docker.io", "ours", "x", &file, &e), 0);
	assert_string_equal(find(a, "docker.io", NULL).user, "ours");
}

static void what_else_is_in_a_file_stays_there(void **state)
{
	const struct home *home = *state;
	AUTO(arena) a = arena_new();
	auto_free char *text = NULL;
	struct err e = { 0 };
	const char *file = arena_printf(a, "%s/f.json", home->path);

	put(home->path, "f.json",
	    "{\"auths\":{\"a.test\":{\"auth\":\"eDp5\"}},\"theme\":{\"x\":1}}", 0600);
	assert_int_equal(auth_store(a, file, "b.test", "u", "p", &file, &e), 0);
	assert_int_equal(auth_remove(a, file, "a.test", &e), 0);
	assert_int_equal(file_read_at(AT_FDCWD, file, 4096, &text, NULL, &e), 0);
	assert_non_null(strstr(text, "\"theme\""));
	assert_null(strstr(text, "a.test"));
	assert_non_null(strstr(text, "dTpw"));
}

#define HELPER                                                                                     \
	"#!/bin/sh\nread -r server; echo \"$1 $server\" >>\"$HOME/said\"\n"                        \
	"case \"$1 $server\" in\n"                                                                 \
	"'get h.test') echo '{\"ServerURL\":\"h.test\",\"Username\":\"u\",\"Secret\":\"s\"}' ;;\n" \
	"'get t.test') echo '{\"Username\":\"<token>\",\"Secret\":\"tok\"}' ;;\n"                  \
	"get*bad.test) echo broken; exit 1 ;;\n"                                                   \
	"get*huge.test) head -c 100000 /dev/zero ;;\n"                                             \
	"get*) echo 'credentials not found in native keychain'; exit 1 ;;\nesac\n"

static void helpers_are_asked(void **state)
{
	const struct home *home = *state;
	AUTO(arena) a = arena_new();
	struct auth_query q = { .host = "bad.test" };
	auto_free char *said = NULL;
	struct err e = { 0 };
	struct auth found;
	const char *file;

	put(home->path, "docker-credential-mine", HELPER, 0755);
	put(arena_printf(a, "%s/.docker", home->path), "config.json",
	    "{\"credHelpers\":{\"h.test\":\"mine\",\"t.test\":\"mine\",\"bad.test\":\"mine\","
	    "\"huge.test\":\"mine\",\"no.test\":\"mine\",\"evil.test\":\"../mine\",\"gone.test\":\"gone\"}}",
	    0600);
	assert_string_equal(find(a, "h.test", "x").password, "s");
	assert_string_equal(find(a, "t.test", "x").token, "tok");
	assert_null(find(a, "no.test", "x").user);
	assert_null(find(a, "other.test", "x").user);
	assert_true(auth_find(a, &q, &found, &e) < 0);
	assert_string_equal(e.msg, "credential helper mine: broken");
	q.host = "huge.test";
	assert_true(auth_find(a, &q, &found, &e) < 0);
	assert_string_equal(e.msg, "credential helper mine: its answer is larger than 65536 bytes");
	q.host = "evil.test";
	assert_true(auth_find(a, &q, &found, &e) < 0);
	assert_non_null(strstr(e.msg, "can't be the name of a credential helper"));
	q.host = "gone.test";
	assert_true(auth_find(a, &q, &found, &e) < 0);
	assert_non_null(strstr(e.msg, "docker-credential-gone not found in $PATH"));

	setenv("REGISTRY_AUTH_FILE", arena_printf(a, "%s/.docker/config.json", home->path), 1);
	assert_int_equal(auth_store(a, NULL, "h.test", "joe", "pass", &file, &e), 0);
	assert_string_equal(file, "docker-credential-mine");
	assert_int_equal(auth_remove(a, NULL, "h.test", &e), 0);
	assert_int_equal(file_read_at(AT_FDCWD, arena_printf(a, "%s/said", home->path), 4096, &said,
				      NULL, &e),
			 0);
	assert_non_null(
		strstr(said,
		       "store {\"ServerURL\":\"h.test\",\"Username\":\"joe\",\"Secret\":\"pass\"}\n"
		       "erase h.test\n"));
}

static void dockers_store_knows_docker_by_its_old_address(void **state)
{
	AUTO(arena) a = arena_new();
	static const char text[] =
		"{\"auths\":{\"https://index.docker.io/v1/\":{}},\"credsStore\":\"desktop\"}";
	struct auth_query q = { .host = "docker.io" };
	struct auth_found found;
	struct err e = { 0 };

	assert_int_equal(auth_read(a, "f", text, strlen(text), &q, &found, &e), 0);
	assert_string_equal(found.helper, "desktop");
	assert_string_equal(found.server, "https://index.docker.io/v1/");
	q.host = "q.test";
	assert_int_equal(auth_read(a, "f", text, strlen(text), &q, &found, &e), 0);
	assert_string_equal(found.server, "q.test");
}

static void a_broken_file_is_named(void **state)
{
	static const char *const bad[] = { "x", "[]", "{\"auths\":{\"a.test\":{\"auth\":\"!\"}}}",
					   "{\"auths\":{\"a.test\":{\"auth\":\"eA==\"}}}" };
	AUTO(arena) a = arena_new();
	struct auth_query q = { .host = "a.test" };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct auth_found found;
		struct err e = { 0 };

		if (auth_read(a, "the-file", bad[i], strlen(bad[i]), &q, &found, &e) != -EINVAL)
			fail_msg("%s was accepted", bad[i]);
		assert_non_null(strstr(e.msg, "the-file"));
	}
}

static void a_named_file_must_be_there(void **state)
{
	struct err e = { 0 };

	assert_int_equal(auth_check_file(NULL, &e), 0);
	assert_int_equal(auth_check_file("/no/such", &e), -EINVAL);
	assert_string_equal(e.msg, "credential file is not accessible: faccessat /no/such: no such "
				   "file or directory");
}

static void registries_have_one_name(void **state)
{
	AUTO(arena) a = arena_new();

	assert_string_equal(auth_key(a, "https://quay.io/v1/"), "quay.io");
	assert_string_equal(auth_key(a, "quay.io/team/"), "quay.io/team");
	assert_string_equal(auth_key(a, "https://index.docker.io/v1/"), "docker.io");
	assert_string_equal(auth_key(a, "registry-1.docker.io"), "docker.io");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_home, remove_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_stored_is_found_and_private),
		TEST(the_key_of_the_longest_path_wins),
		TEST(dockers_file_is_read_after_ours),
		TEST(what_else_is_in_a_file_stays_there),
		TEST(helpers_are_asked),
		TEST(dockers_store_knows_docker_by_its_old_address),
		TEST(a_broken_file_is_named),
		TEST(a_named_file_must_be_there),
		TEST(registries_have_one_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
