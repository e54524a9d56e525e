/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/dbus.h"
#include "base/file.h"
#include "base/units.h"
#include "cgroup/systemd.h"
#include "cgroup/variant.h"
#include "unit.h"

static struct arena *arena;

static void expect_place(struct cgroup_create how, const char *slice, const char *name,
			 const char *path)
{
	AUTO(arena) a = arena_new();
	struct systemd_unit u;
	struct err e;

	how.id = "x1";
	if (systemd_place(a, &how, &u, &e) < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(u.slice, slice);
	assert_string_equal(u.name, name);
	assert_string_equal(u.path, path);
}

static void a_scope_is_placed_in_its_slice(void **state)
{
	expect_place((struct cgroup_create){ 0 }, "machine.slice", "berth-x1.scope",
		     "/machine.slice/berth-x1.scope");
	expect_place((struct cgroup_create){ .rootless = true }, "user.slice", "berth-x1.scope",
		     "/user.slice/berth-x1.scope");
	expect_place((struct cgroup_create){ .parent = "a-b-c.slice" }, "a-b-c.slice",
		     "berth-x1.scope", "/a.slice/a-b.slice/a-b-c.slice/berth-x1.scope");
	expect_place((struct cgroup_create){ .path = "k8s-pod.slice:cri:77" }, "k8s-pod.slice",
		     "cri-77.scope", "/k8s.slice/k8s-pod.slice/cri-77.scope");
	expect_place((struct cgroup_create){ .path = "::77" }, "system.slice", "77.scope",
		     "/system.slice/77.scope");
	expect_place((struct cgroup_create){ .path = "-.slice:a:b" }, "-.slice", "a-b.scope",
		     "/a-b.scope");
}

static void what_is_no_unit_is_refused(void **state)
{
	static const struct {
		const char *path, *parent, *msg;
	} bad[] = {
		{ "/a/b", NULL,
		  "linux.cgroupsPath: \"/a/b\" is not of systemd's form SLICE:PREFIX:NAME" },
		{ NULL, "/machine",
		  "with systemd the parent of a cgroup is a slice, like \"machine.slice\": "
		  "\"/machine\" is none" },
		{ "s.slice:a:b/../c", NULL, "\"a-b/../c.scope\" is no name of a systemd unit" },
		{ "../x.slice:a:b", NULL, "\"../x.slice\" is no name of a systemd unit" },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(arena) a = arena_new();
		struct systemd_unit u;
		struct err e;

		assert_int_equal(systemd_place(a,
					       &(struct cgroup_create){ .path = bad[i].path,
									.parent = bad[i].parent,
									.id = "x" },
					       &u, &e),
				 -EINVAL);
		assert_string_equal(e.msg, bad[i].msg);
	}
}

static void a_list_becomes_bits(void **state)
{
	uint8_t bits[4];
	size_t len;
	struct err e;

	assert_int_equal(systemd_bits("0-3,9", bits, sizeof(bits), &len, &e), 0);
	assert_int_equal(len, 2);
	assert_int_equal(bits[0], 0x0f);
	assert_int_equal(bits[1], 0x02);
	assert_int_equal(systemd_bits("3-1", bits, sizeof(bits), &len, &e), -EINVAL);
	assert_int_equal(systemd_bits("32", bits, sizeof(bits), &len, &e), -EINVAL);
	assert_int_equal(systemd_bits("1,,2", bits, sizeof(bits), &len, &e), -EINVAL);
	assert_int_equal(systemd_bits("a", bits, sizeof(bits), &len, &e), -EINVAL);
}

/* "NAME TYPE VALUE" a line, of an array a(sv) of texts and numbers. */
static void print_properties(struct buf *out, const struct buf *from)
{
	struct dbus_reader r = { .data = (const uint8_t *)from->data, .len = from->len };

	while (r.at < r.len && !r.failed) {
		const char *type;
		uint64_t number;

		r.at = (r.at + 7) & ~(size_t)7;
		buf_addf(out, "%s", dbus_read_text(&r));
		type = (const char *)r.data + r.at + 1;
		r.at += 2 + r.data[r.at];
		if (*type == 't') {
			r.at = (r.at + 7) & ~(size_t)7;
			memcpy(&number, r.data + r.at, sizeof(number));
			r.at += sizeof(number);
			buf_addf(out, " %lld\n", (long long)number);
		} else {
			uint32_t len = dbus_read_u32(&r);

			buf_addf(out, " %s %u %x\n", type, len, (unsigned)r.data[r.at]);
			r.at += len;
		}
	}
	assert_false(r.failed);
}

static void limits_are_told_to_systemd_in_its_words(void **state)
{
	const char *json = "{\"memory\":{\"limit\":100,\"swap\":150,\"reservation\":-1},"
			   "\"cpu\":{\"shares\":1024,\"quota\":50500,\"period\":50000,"
			   "\"cpus\":\"0-1\"},\"pids\":{\"limit\":0}}";
	AUTO(arena) a = arena_new();
	struct oci_linux_resources r = { 0 };
	auto_buf body = BUF(4096), out = BUF(4096);
	struct err e;

	assert_int_equal(json_read(a, json, strlen(json), &oci_linux_resources_json, &r, &e), 0);
	assert_int_equal(systemd_properties(&body, &r, &e), 0);
	print_properties(&out, &body);
	assert_string_equal(buf_text(&out), "MemoryMax 100\nMemoryLow -1\nMemorySwapMax 50\n"
					    "CPUWeight 100\nCPUQuotaPeriodUSec 50000\n"
					    "CPUQuotaPerSecUSec 1010000\nTasksMax 1\n"
					    "AllowedCPUs ay 1 3\n");
}

static void files_that_systemd_knows_are_told_to_it_too(void **state)
{
	const char *json = "{\"cpu\":{\"period\":5000},\"unified\":{\"memory.high\":\"1000\","
			   "\"pids.max\":\"max\",\"cpu.max\":\"20000 50000\",\"cpu.weight\":\"x\","
			   "\"io.max\":\"8:0 rbps=1\",\"cpuset.cpus\":\"1\"}}";
	AUTO(arena) a = arena_new();
	struct oci_linux_resources r = { 0 };
	auto_buf body = BUF(4096), out = BUF(4096);
	struct err e;

	assert_int_equal(json_read(a, json, strlen(json), &oci_linux_resources_json, &r, &e), 0);
	assert_int_equal(systemd_properties(&body, &r, &e), 0);
	print_properties(&out, &body);
	assert_string_equal(buf_text(&out), "CPUQuotaPeriodUSec 5000\nMemoryHigh 1000\n"
					    "TasksMax -1\nCPUQuotaPeriodUSec 50000\n"
					    "CPUQuotaPerSecUSec 400000\nAllowedCPUs ay 1 2\n");
}

static void expect_property(const char *name, const char *text, const char *bytes, size_t len)
{
	struct text_pair pair = { arena_printf(arena, VARIANT_PREFIX "%s", name), text };
	struct text_map map = { .v = &pair, .n = 1 };
	auto_buf body = BUF(4096);
	struct err e;

	if (variant_properties(&body, &map, &e) < 0)
		fail_msg("%s", e.msg);
	assert_int_equal(body.len, len);
	assert_memory_equal(body.data, bytes, len);
}

static void annotations_become_properties(void **state)
{
#define EXPECT(name, text, bytes) expect_property(name, text, bytes, sizeof(bytes) - 1)
	arena = arena_new();
	EXPECT("Abc", "true", "\3\0\0\0Abc\0\1b\0\0\1\0\0\0");
	EXPECT("Abc", "false", "\3\0\0\0Abc\0\1b\0\0\0\0\0\0");
	EXPECT("Abc", "5", "\3\0\0\0Abc\0\1i\0\0\5\0\0\0");
	EXPECT("Abc", " -1 ", "\3\0\0\0Abc\0\1i\0\0\377\377\377\377");
	EXPECT("Abc", "uint64 6", "\3\0\0\0Abc\0\1t\0\0\0\0\0\0\6\0\0\0\0\0\0\0");
	EXPECT("Abc", "@q 7", "\3\0\0\0Abc\0\1q\0\0\7\0");
	EXPECT("Abc", "byte 0x10", "\3\0\0\0Abc\0\1y\0\020");
	EXPECT("Abc", "'it\\'s'", "\3\0\0\0Abc\0\1s\0\0\4\0\0\0it's\0");
	EXPECT("Abc", "['a', \"b\"]", "\3\0\0\0Abc\0\2as\0\016\0\0\0\1\0\0\0a\0\0\0\1\0\0\0b\0");
	EXPECT("Abc", "@as []", "\3\0\0\0Abc\0\2as\0\0\0\0\0");
	/* Seconds are microseconds to systemd. */
	EXPECT("XSec", "2", "\5\0\0\0XUSec\0\1t\0\0\0\0\x80\x84\x1e\0\0\0\0\0");
	EXPECT("XSec", "0.5", "\5\0\0\0XUSec\0\1t\0\0\0\0\x20\xa1\7\0\0\0\0\0");
	EXPECT("XUSec", "uint64 2", "\5\0\0\0XUSec\0\1t\0\0\0\0\2\0\0\0\0\0\0\0");
#undef EXPECT
	arena_free(arena);
}

static void what_is_no_property_is_refused_by_its_annotation(void **state)
{
	static const char *const bad[][2] = {
		{ "Abc", "" },         { "Abc", "truer" },
		{ "Abc", "'open" },    { "Abc", "[1, 'a']" },
		{ "Abc", "[]" },       { "Abc", "uint32 -1" },
		{ "Abc", "byte 256" }, { "Abc", "5 6" },
		{ "Abc", "@z 1" },     { "Abc", "@as 'a'" },
		{ "Abc", "(1, 2)" },   { "A-b", "1" },
		{ "Ab", "1" },         { "TimeSec", "'x'" },
		{ "TimeSec", "-1" },   { "Abc", "uint64 99999999999999999999" },
		{ "Abc", "[1" },
	};

	arena = arena_new();
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct text_pair pair = { arena_printf(arena, VARIANT_PREFIX "%s", bad[i][0]),
					  bad[i][1] };
		struct text_map map = { .v = &pair, .n = 1 };
		auto_buf body = BUF(4096);
		struct err e;

		if (variant_properties(&body, &map, &e) != -EINVAL)
			fail_msg("%s is taken", bad[i][1]);
		assert_non_null(strstr(e.msg, "annotations[\"org.systemd.property."));
	}
	arena_free(arena);
}

static void a_call_reads_back(void **state)
{
	auto_buf body = BUF(4096), out = BUF(4096);
	struct dbus_message m;
	struct dbus_reader r;

	dbus_text(&body, "a.scope");
	dbus_u32(&body, 7);
	dbus_write_call(&out, &(struct dbus_call){ "/o", "i.f", "Do", "su", &body }, 9);
	assert_int_equal(dbus_length((uint8_t *)out.data, out.len), out.len);
	assert_int_equal(dbus_parse((uint8_t *)out.data, out.len, &m), 0);
	assert_int_equal(m.type, DBUS_CALL);
	assert_string_equal(m.member, "Do");
	assert_string_equal(m.signature, "su");
	r = (struct dbus_reader){ .data = m.body, .len = m.body_len };
	assert_string_equal(dbus_read_text(&r), "a.scope");
	assert_int_equal(dbus_read_u32(&r), 7);
	assert_int_equal(dbus_read_u32(&r), 0);
	assert_true(r.failed);
}

static void a_cut_or_changed_message_does_no_harm(void **state)
{
	auto_buf body = BUF(4096), out = BUF(4096);

	dbus_text(&body, "a.scope");
	dbus_write_call(&out, &(struct dbus_call){ "/o", "i.f", "Do", "s", &body }, 9);
	for (size_t i = 0; i < out.len; i++) {
		struct dbus_message m;
		char *copy = malloc(out.len);

		memcpy(copy, out.data, out.len);
		copy[i] ^= 0x41;
		dbus_parse((uint8_t *)copy, out.len, &m);
		free(copy);
		copy = malloc(i + 1);
		memcpy(copy, out.data, i);
		assert_true(dbus_parse((uint8_t *)copy, i, &m) < 0);
		free(copy);
	}
}

/* A systemd of one answer, in a child. */
static pid_t serve(const char *path, const char *greeting, const struct buf *answer)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t pid;

	strcpy(at.sun_path, path);
	if (bind(server, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(server, 1) < 0)
		fail_msg("%s: %s", path, strerror(errno));
	pid = fork();
	if (pid == 0) {
		char byte;
		int fd = accept(server, NULL, NULL);

		file_write_all(fd, greeting, strlen(greeting));
		/* In pieces, as a stream may come. */
		for (size_t i = 0; i < answer->len; i += 7)
			file_write_all(fd, answer->data + i,
				       answer->len - i < 7 ? answer->len - i : 7);
		while (read(fd, &byte, 1) > 0)
			;
		_exit(0);
	}
	close(server);
	return pid;
}

static int talk(const char *greeting, const struct buf *answer, struct dbus_message *m,
		struct dbus *d, struct err *e)
{
	char folder[] = "/tmp/berth-dbus-XXXXXX", path[64];
	struct err ignored;
	int r;
	pid_t pid;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/s", folder);
	pid = serve(path, greeting, answer);
	r = dbus_connect(d, path, "systemd", e);
	if (r == 0)
		r = dbus_next(d, clock_monotonic_usec() + 300000, m, e);
	if (r < 0)
		dbus_close(d);
	else
		shutdown(d->fd, SHUT_RDWR);
	waitpid(pid, NULL, 0);
	assert_int_equal(file_remove_tree_at(AT_FDCWD, folder, &ignored), 0);
	return r;
}

static void a_conversation_begins_with_who_we_are(void **state)
{
	auto_buf body = BUF(64), answer = BUF(4096);
	auto_dbus d = { .fd = -1 };
	struct dbus_message m;
	struct err e;

	dbus_write_call(&answer, &(struct dbus_call){ "/o", "i.f", "Hello", "", &body }, 1);
	assert_int_equal(talk("OK 0123456789abcdef\r\n", &answer, &m, &d, &e), 0);
	assert_string_equal(m.member, "Hello");
}

static void a_refusal_garbage_and_silence_are_told_apart(void **state)
{
	auto_buf nothing = BUF(64), garbage = BUF(64);
	struct dbus d;
	struct dbus_message m;
	struct err e;

	assert_int_equal(talk("REJECTED EXTERNAL\r\n", &nothing, &m, &d, &e), -EACCES);
	assert_string_equal(e.msg, "systemd refuses this user: REJECTED EXTERNAL");
	buf_adds(&garbage, "this is sixteen bytes and more");
	assert_int_equal(talk("OK 1\r\n", &garbage, &m, &d, &e), -EREMOTEIO);
	assert_string_equal(e.msg, "systemd sends what is no D-Bus message");
	assert_int_equal(talk("OK 1\r\n", &nothing, &m, &d, &e), -ETIMEDOUT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_scope_is_placed_in_its_slice),
		cmocka_unit_test(what_is_no_unit_is_refused),
		cmocka_unit_test(a_list_becomes_bits),
		cmocka_unit_test(limits_are_told_to_systemd_in_its_words),
		cmocka_unit_test(files_that_systemd_knows_are_told_to_it_too),
		cmocka_unit_test(annotations_become_properties),
		cmocka_unit_test(what_is_no_property_is_refused_by_its_annotation),
		cmocka_unit_test(a_call_reads_back),
		cmocka_unit_test(a_cut_or_changed_message_does_no_harm),
		cmocka_unit_test(a_conversation_begins_with_who_we_are),
		cmocka_unit_test(a_refusal_garbage_and_silence_are_told_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
