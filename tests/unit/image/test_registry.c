/* SPDX-License-Identifier: BSD-2-Clause */
/* The registry transport, engine and `remote` together, against a registry that misbehaves as it is
 * told (tests/fixtures/faulty-registry). */
#include "image/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/child.h"
#include "base/file.h"
#include "base/sha256.h"

enum { BLOB_BYTES = 3 << 20 };

/* One registry, with one image x:latest of one layer. */
struct fixture {
	struct arena *arena;
	char folder[64];
	struct child server;
	bool running;
	const char *address, *other, *log;
	struct image_descriptor blob;
	char *bytes;
	const char *digest; /* of the manifest */
	struct texts notices;
};

static const char *fixture_program(struct arena *a, const char *name)
{
	const char *tests = getenv("BERTH_TESTS");

	return arena_printf(a, "%s/../fixtures/%s", tests ? tests : "tests/unit", name);
}

static void put(struct fixture *f, const char *name, const void *data, size_t len)
{
	const char *slash = strrchr(name, '/');
	const char *folder =
		arena_printf(f->arena, "%s/%.*s", f->folder, (int)(slash ? slash - name : 0), name);
	auto_close int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err e = { 0 };

	if (file_replace_at(dir, slash ? slash + 1 : name, data, len,
			    &(struct file_write){ .mode = 0644 }, &e) < 0)
		fail_msg("%s", e.msg);
}

static const char *put_blob(struct fixture *f, const void *data, size_t len)
{
	char digest[SHA256_TEXT];

	sha256_text(digest, data, len);
	put(f, arena_printf(f->arena, "blobs/sha256/%s", strchr(digest, ':') + 1), data, len);
	return arena_strdup(f->arena, digest);
}

static void put_image(struct fixture *f)
{
	const char *config = put_blob(f, "{}", 2), *manifest, *index;
	struct arena *a = f->arena;

	f->bytes = arena_alloc(a, BLOB_BYTES);
	for (uint32_t i = 0, x = 1; i < BLOB_BYTES; i++, x = x * 1664525 + 1013904223)
		f->bytes[i] = x >> 24;
	f->blob = (struct image_descriptor){ .digest = put_blob(f, f->bytes, BLOB_BYTES),
					     .size = BLOB_BYTES };
	manifest = arena_printf(
		a,
		"{\"schemaVersion\":2,\"mediaType\":\"%s\",\"config\":{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":2},"
		"\"layers\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}]}",
		IMAGE_TYPE_OCI_MANIFEST, IMAGE_TYPE_OCI_CONFIG, config, IMAGE_TYPE_OCI_LAYER,
		f->blob.digest, BLOB_BYTES);
	f->digest = put_blob(f, manifest, strlen(manifest));
	index = arena_printf(
		a,
		"{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}]}",
		IMAGE_TYPE_OCI_MANIFEST, f->digest, strlen(manifest));
	put(f, "index.json", index, strlen(index));
}

static char *read_line(struct fixture *f, const char *name)
{
	const char *path = arena_printf(f->arena, "%s/%s", f->folder, name);
	auto_free char *text = NULL;
	struct err e;

	for (int i = 0; i < 200; i++) {
		if (file_read_at(AT_FDCWD, path, 4096, &text, NULL, &e) == 0)
			return arena_strndup(f->arena, text, strcspn(text, "\n"));
		usleep(50000);
	}
	fail_msg("the registry doesn't start");
	return NULL;
}

static void start(struct fixture *f, const char *option, const char *value, const char *second)
{
	struct err e = { 0 };
	const char *argv[] = { "python3", fixture_program(f->arena, "faulty-registry"),
			       f->folder, f->folder,
			       option,    value,
			       second,    NULL };

	if (child_spawn(&(struct child_spawn){ .path = "/usr/bin/python3",
					       .argv = (char *const *)argv,
					       .in = -1,
					       .out = -1,
					       .err = 2,
					       .die_with_parent = true },
			&f->server, &e) < 0) {
		print_message("%s\n", e.msg);
		skip();
	}
	f->running = true;
	f->address = read_line(f, "address");
	f->other = read_line(f, "other");
}

static void rules(struct fixture *f, const char *text)
{
	put(f, "rules", text, strlen(text));
}

/* Whether a line of the registry's log has both texts. */
static bool saw(struct fixture *f, const char *one, const char *two)
{
	auto_free char *text = NULL;
	struct err e;

	if (file_read_at(AT_FDCWD, arena_printf(f->arena, "%s/log", f->folder), 1 << 20, &text,
			 NULL, &e) < 0)
		return false;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (strstr(line, one) && strstr(line, two))
			return true;
	return false;
}

static int make_fixture(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err e;

	f->arena = arena_new();
	strcpy(f->folder, "/tmp/berth-registry-XXXXXX");
	if (!mkdtemp(f->folder))
		return -1;
	chmod(f->folder, 0755);
	setenv("HOME", f->folder, 1);
	setenv("XDG_RUNTIME_DIR", f->folder, 1);
	setenv("CONTAINERS_REGISTRIES_CONF",
	       arena_printf(f->arena, "%s/registries.conf", f->folder), 1);
	if (file_mkdir_path(AT_FDCWD, arena_printf(f->arena, "%s/blobs/sha256", f->folder), 0755,
			    &e) < 0)
		return -1;
	put_image(f);
	*state = f;
	return 0;
}

static int remove_fixture(void **state)
{
	struct fixture *f = *state;
	struct err e;

	if (f->running)
		child_kill(&f->server);
	file_remove_tree_at(AT_FDCWD, f->folder, &e);
	arena_free(f->arena);
	free(f);
	return 0;
}

static void on_notice(void *arg, const char *line)
{
	struct fixture *f = arg;

	texts_add(f->arena, &f->notices, arena_strdup(f->arena, line));
}

static struct source_access access_of(struct fixture *f)
{
	return (struct source_access){ .tls = SOURCE_TLS_SKIP,
				       .retries = -1,
				       .retry_delay_nsec = 20000000,
				       .notice = on_notice,
				       .notice_arg = f };
}

static struct source *open_at(struct fixture *f, const char *host,
			      const struct source_access *access)
{
	struct reference r;
	struct source *s = NULL;
	struct err e = { 0 };

	if (reference_parse(f->arena, arena_printf(f->arena, "%s/x:latest", host), &r, &e) < 0 ||
	    registry_source_open(f->arena, &r, access, &s, &e) < 0)
		fail_msg("%s", e.msg);
	return s;
}

static int get_manifest(struct fixture *f, struct source *s, const char *digest, struct err *e)
{
	auto_buf text = BUF(IMAGE_MANIFEST_MAX);
	const char *type;
	int r = s->ops->manifest(s, f->arena, digest, &text, &type, e);

	if (r == 0)
		assert_string_equal(type, IMAGE_TYPE_OCI_MANIFEST);
	return r;
}

/* What went wrong, or NULL. */
static const char *manifest_error(struct fixture *f, const struct source_access *access)
{
	AUTO(source) s = open_at(f, f->address, access);
	struct err e = { 0 };

	return get_manifest(f, s, NULL, &e) < 0 ? arena_strdup(f->arena, e.msg) : NULL;
}

/* The whole blob, and whether it is what it should be; else the feeder's error. */
static const char *blob_error(struct fixture *f, struct source *s)
{
	auto_buf got = BUF(BLOB_BYTES + 1);
	struct source_blob b;
	struct err e = { 0 };

	if (source_blob(s, &f->blob, &b, &e) < 0)
		return arena_strdup(f->arena, e.msg);
	while (buf_read(&got, b.fd) > 0)
		;
	if (source_blob_end(&b, &e) < 0)
		return arena_strdup(f->arena, e.msg);
	assert_int_equal(got.len, BLOB_BYTES);
	assert_memory_equal(got.data, f->bytes, BLOB_BYTES);
	return NULL;
}

static const char *pull_error(struct fixture *f, const struct source_access *access)
{
	AUTO(source) s = open_at(f, f->address, access);
	struct err e = { 0 };

	return get_manifest(f, s, NULL, &e) < 0 ? arena_strdup(f->arena, e.msg) : blob_error(f, s);
}

static void has(const char *text, const char *part)
{
	if (!text || !strstr(text, part))
		fail_msg("\"%s\" isn't in \"%s\"", part, text ? text : "(no error)");
}

static void manifests_and_blobs_come_as_they_are(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	struct err e = { 0 };

	access.tls = SOURCE_TLS_DEFAULT; /* local: plain HTTP will do */
	start(f, NULL, NULL, NULL);
	AUTO(source) s = open_at(f, f->address, &access);
	assert_int_equal(get_manifest(f, s, NULL, &e), 0);
	assert_int_equal(get_manifest(f, s, f->digest, &e), 0);
	assert_null(blob_error(f, s));
	assert_null(blob_error(f, s));
	assert_string_equal(s->shown, arena_printf(f->arena, "docker://%s/x:latest", f->address));
}

static void several_blobs_come_at_once(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	struct source_blob b[6];
	struct err e = { 0 };

	start(f, NULL, NULL, NULL);
	AUTO(source) s = open_at(f, f->address, &access);
	for (size_t i = 0; i < ARRAY_LEN(b); i++)
		assert_int_equal(source_blob(s, &f->blob, &b[i], &e), 0);
	/* The last first: those that nobody reads hold nobody up. */
	for (size_t i = ARRAY_LEN(b); i-- > 0;) {
		auto_buf got = BUF(BLOB_BYTES + 1);

		while (buf_read(&got, b[i].fd) > 0)
			;
		assert_int_equal(got.len, BLOB_BYTES);
		assert_memory_equal(got.data, f->bytes, BLOB_BYTES);
		assert_int_equal(source_blob_end(&b[i], &e), 0);
	}
}

static void a_reader_that_goes_away_is_no_harm(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	struct source_blob b;
	struct err e = { 0 };

	start(f, NULL, NULL, NULL);
	AUTO(source) s = open_at(f, f->address, &access);
	assert_int_equal(source_blob(s, &f->blob, &b, &e), 0);
	assert_int_equal(source_blob_end(&b, &e), -EPIPE);
	assert_int_equal(e.code, EPIPE);
	assert_null(blob_error(f, s));
}

static void a_broken_connection_goes_on_where_it_stopped(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	access.retries = 2;
	start(f, NULL, NULL, NULL);
	rules(f, "GET /v2/x/blobs/.* times 1 truncate 1000000\n");
	assert_null(pull_error(f, &access));
	assert_true(saw(f, "bytes=1000000-", "blobs"));
	assert_int_equal(f->notices.n, 1);
	has(f->notices.v[0],
	    "Failed, retrying in 20ms ... (1/2). Error: initializing source docker://");
	has(f->notices.v[0], "reading blob sha256:");
	has(f->notices.v[0], "unexpected EOF");
}

static void progress_makes_up_for_breaks(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	access.retries = 1;
	start(f, NULL, NULL, NULL);
	rules(f, "GET /v2/x/blobs/.* times 2 truncate 1100000\n");
	assert_null(pull_error(f, &access));
	assert_int_equal(f->notices.n, 2);
}

static void without_range_what_came_already_is_skipped(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	access.retries = 2;
	start(f, NULL, NULL, NULL);
	rules(f, "GET /v2/x/blobs/.* times 1 truncate 1000000\nGET /v2/x/blobs/.* no-range\n");
	assert_null(pull_error(f, &access));
}

static void a_blob_that_always_breaks_fails(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	access.retries = 2;
	start(f, NULL, NULL, NULL);
	rules(f, "GET /v2/x/blobs/.* truncate 0\n");
	has(pull_error(f, &access), "unexpected EOF");
	assert_int_equal(f->notices.n, 2);
	rules(f, "GET /v2/x/blobs/.* drop\n");
	has(pull_error(f, &access), "EOF");
}

static void more_bytes_than_promised_are_refused(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	start(f, NULL, NULL, NULL);
	rules(f, "GET /v2/x/blobs/.* large 4000000\n");
	has(pull_error(f, &access), "the answer is larger than 3145728 bytes");
	rules(f, "GET /v2/x/manifests/.* large 9000000\n");
	has(manifest_error(f, &access), "the answer is larger than 4194304 bytes");
}

static void errors_of_the_registry_are_told(void **state)
{
	static const struct {
		const char *rule, *error;
	} cases[] = {
		{ "GET /v2/x/manifests/.* status 404\n", "manifest unknown" },
		{ "GET /v2/x/manifests/.* status 429\n", "too many requests to registry: 429" },
		{ "GET /v2/x/manifests/.* status 500\n",
		  "received unexpected HTTP status: 500 Internal Server Error" },
		{ "GET /v2/x/manifests/.* status 403\n", "fault: as the script says" },
		{ "GET /v2/ status 404\n", "pinging container registry " },
		{ "GET /v2/x/manifests/.* redirect {path}\n", "stopped after 10 redirects" },
		{ "GET /v2/x/manifests/.* redirect file:///etc/passwd\n", "not http or https" },
	};
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	start(f, NULL, NULL, NULL);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		rules(f, cases[i].rule);
		has(manifest_error(f, &access), cases[i].error);
	}
	assert_int_equal(f->notices.n, 0);
}

static void what_may_pass_is_waited_for(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	access.retries = 1;
	start(f, NULL, NULL, NULL);
	rules(f, "GET /v2/x/manifests/.* times 1 status 429 Retry-After: 1\n"
		 "GET /v2/x/blobs/.* times 1 status 503\n");
	assert_null(pull_error(f, &access));
	assert_int_equal(f->notices.n, 2);
	has(f->notices.v[0], "retrying in 1s");
}

static void a_registry_that_is_away_is_named(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	const char *error;

	start(f, NULL, NULL, NULL);
	child_kill(&f->server);
	f->running = false;
	access.tls = SOURCE_TLS_DEFAULT;
	error = manifest_error(f, &access);
	has(error,
	    arena_printf(
		    f->arena,
		    "pinging container registry %s: Get \"https://%s/v2/\": dial tcp %s: connect: connection refused",
		    f->address, f->address, f->address));
}

static void credentials_are_asked_for_and_checked(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	start(f, "--auth", "basic:joe:secret", NULL);
	has(manifest_error(f, &access), "unauthorized: authentication required");
	access.user = "joe";
	access.password = "wrong";
	has(manifest_error(f, &access), "unauthorized: authentication required");
	access.password = "secret";
	assert_null(pull_error(f, &access));
}

static void a_token_is_fetched_once(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	start(f, "--auth", "token:joe:secret", NULL);
	has(manifest_error(f, &access), "unable to retrieve auth token: invalid username/password");
	access.user = "joe";
	access.password = "secret";
	put(f, "log", "", 0);
	assert_null(pull_error(f, &access));
	assert_true(
		saw(f, "/token?account=joe&scope=repository%3Ax%3Apull&service=faulty", "Basic "));
	assert_true(saw(f, "/v2/x/blobs", "Bearer a-token"));
	assert_false(saw(f, "/v2/x/", "Basic "));
}

static void credentials_stay_at_home_on_redirects(void **state)
{
	static const char *const kinds[] = { "basic:joe:secret", "token:joe:secret" };
	struct fixture *f = *state;
	struct source_access access = access_of(f);

	access.user = "joe";
	access.password = "secret";
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		unlink(arena_printf(f->arena, "%s/address", f->folder));
		start(f, "--auth", kinds[i], NULL);
		rules(f, "GET /v2/x/blobs/.* times 1 redirect {other}{path}\n");
		assert_null(pull_error(f, &access));
		assert_true(saw(f, "\"other\": true", "blobs"));
		assert_false(saw(f, "\"other\": true", "joe"));
		assert_false(saw(f, "\"other\": true", "Bearer"));
		assert_false(saw(f, "\"other\": true", "Basic"));
		child_kill(&f->server);
		f->running = false;
	}
}

static void mirrors_are_tried_first(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	const char *conf;
	struct err e = { 0 };

	start(f, NULL, NULL, NULL);
	conf = arena_printf(
		f->arena,
		"[[registry]]\nlocation='no-such-host.invalid'\n"
		"[[registry.mirror]]\nlocation='127.0.0.1:1'\n[[registry.mirror]]\nlocation='%s'\n",
		f->address);
	put(f, "registries.conf", conf, strlen(conf));
	AUTO(source) s = open_at(f, "no-such-host.invalid", &access);
	assert_int_equal(get_manifest(f, s, NULL, &e), 0);
	assert_null(blob_error(f, s));

	rules(f, "GET /v2/x/manifests/.* status 404\n");
	AUTO(source) again = open_at(f, "no-such-host.invalid", &access);
	assert_true(get_manifest(f, again, NULL, &e) < 0);
	has(e.msg,
	    "(Mirrors also failed: [127.0.0.1:1/x:latest: pinging container registry 127.0.0.1:1");
	has(e.msg, "manifest unknown]): pinging container registry no-such-host.invalid");
	has(e.msg, "no such host");
}

static void tls_is_verified(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	struct arena *a = f->arena;
	const char *certs = arena_printf(a, "%s/certs", f->folder);

	if (system(arena_printf(a, "%s %s", fixture_program(a, "make-certificates"), certs)) != 0)
		skip();
	start(f, "--tls", arena_printf(a, "%s/server.crt", certs),
	      arena_printf(a, "%s/server.key", certs));
	access.tls = SOURCE_TLS_DEFAULT;
	access.retries = 3; /* it makes no difference */
	has(manifest_error(f, &access),
	    "tls: failed to verify certificate: x509: certificate signed by unknown authority");
	assert_int_equal(f->notices.n, 0);
	access.tls = SOURCE_TLS_SKIP;
	assert_null(pull_error(f, &access));
	access.tls = SOURCE_TLS_VERIFY;
	access.cert_dir = certs;
	unlink(arena_printf(a, "%s/server.key", certs));
	has(pull_error(f, &access), "missing client certificate ca.cert for key ca.key in ");
	unlink(arena_printf(a, "%s/ca.key", certs));
	assert_null(pull_error(f, &access));
}

static void a_certificate_of_another_name_is_refused(void **state)
{
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	struct arena *a = f->arena;
	const char *certs = arena_printf(a, "%s/certs", f->folder);

	if (system(arena_printf(
		    a,
		    "mkdir %s && cd %s && openssl req -x509 -newkey ec -pkeyopt "
		    "ec_paramgen_curve:prime256v1 -nodes -subj /CN=x -keyout ../key -out a.crt "
		    "-addext subjectAltName=DNS:other.example,DNS:third.example 2>/dev/null",
		    certs, certs)) != 0)
		skip();
	start(f, "--tls", arena_printf(a, "%s/a.crt", certs), arena_printf(a, "%s/key", f->folder));
	access.tls = SOURCE_TLS_DEFAULT;
	access.cert_dir = certs;
	has(manifest_error(f, &access),
	    "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs");
	f->address = arena_printf(a, "localhost:%s", strchr(f->address, ':') + 1);
	has(manifest_error(f, &access),
	    "x509: certificate is valid for other.example, third.example, not localhost");
}

static void a_login_is_checked(void **state)
{
	static const char *const kinds[] = { "basic:joe:secret", "token:joe:secret" };
	struct fixture *f = *state;
	struct source_access access = access_of(f);
	struct err e = { 0 };

	access.user = "joe";
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		unlink(arena_printf(f->arena, "%s/address", f->folder));
		start(f, "--auth", kinds[i], NULL);
		access.password = "secret";
		assert_int_equal(registry_login(f->arena, f->address, &access, &e), 0);
		access.password = "wrong";
		assert_int_equal(registry_login(f->arena, f->address, &access, &e), -EACCES);
		assert_string_equal(e.msg,
				    arena_printf(f->arena,
						 "logging into \"%s\": invalid username/password",
						 f->address));
		child_kill(&f->server);
		f->running = false;
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_fixture, remove_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(manifests_and_blobs_come_as_they_are),
		TEST(several_blobs_come_at_once),
		TEST(a_reader_that_goes_away_is_no_harm),
		TEST(a_broken_connection_goes_on_where_it_stopped),
		TEST(progress_makes_up_for_breaks),
		TEST(without_range_what_came_already_is_skipped),
		TEST(a_blob_that_always_breaks_fails),
		TEST(more_bytes_than_promised_are_refused),
		TEST(errors_of_the_registry_are_told),
		TEST(what_may_pass_is_waited_for),
		TEST(a_registry_that_is_away_is_named),
		TEST(credentials_are_asked_for_and_checked),
		TEST(a_token_is_fetched_once),
		TEST(credentials_stay_at_home_on_redirects),
		TEST(mirrors_are_tried_first),
		TEST(tls_is_verified),
		TEST(a_certificate_of_another_name_is_refused),
		TEST(a_login_is_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
