/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "remote/remote.h"

struct ends {
	int v[2];
};

static int make_ends(void **state)
{
	static struct ends ends;

	*state = &ends;
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.v);
}

static int close_ends(void **state)
{
	struct ends *ends = *state;

	close(ends->v[0]);
	close(ends->v[1]);
	return 0;
}

static void a_request_arrives_with_its_descriptors(void **state)
{
	const struct ends *ends = *state;
	AUTO(arena) a = arena_new();
	struct remote_request q = {
		.op = REMOTE_FETCH, .id = 7, .path = "x/blobs/y", .resume = true, .size = 5
	};
	struct remote_request got;
	struct remote_fds fds;
	struct err e = { 0 };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);

	texts_add(a, &q.accept, "a/b");
	assert_int_equal(remote_send_request(ends->v[0], &q, (int[]){ null, null }, 2, &e), 0);
	assert_int_equal(remote_receive_request(ends->v[1], a, &got, &fds, &e), 1);
	assert_int_equal(got.op, REMOTE_FETCH);
	assert_int_equal(got.id, 7);
	assert_string_equal(got.path, "x/blobs/y");
	assert_true(got.resume);
	assert_false(got.head);
	assert_int_equal(got.size, 5);
	assert_int_equal(got.accept.n, 1);
	assert_int_equal(fds.n, 2);
	for (size_t i = 0; i < fds.n; i++) {
		assert_int_equal(fcntl(fds.v[i], F_GETFD), FD_CLOEXEC);
		close(fds.v[i]);
	}
	close(null);
}

static void an_event_arrives_as_it_was_sent(void **state)
{
	const struct ends *ends = *state;
	AUTO(arena) a = arena_new();
	struct remote_event v = { .event = REMOTE_ERROR,
				  .id = 3,
				  .text = "why \"so\"",
				  .kind = ERR_DENIED,
				  .code = 13,
				  .step = REMOTE_STEP_LOGIN,
				  .status = 401 };
	struct remote_event got;
	struct err e = { 0 };

	assert_int_equal(remote_send_event(ends->v[1], &v, &e), 0);
	assert_int_equal(remote_receive_event(ends->v[0], a, &got, &e), 1);
	assert_int_equal(got.event, REMOTE_ERROR);
	assert_int_equal(got.kind, ERR_DENIED);
	assert_int_equal(got.step, REMOTE_STEP_LOGIN);
	assert_int_equal(got.status, 401);
	assert_string_equal(got.text, "why \"so\"");
}

static void the_end_of_the_other_side_is_told(void **state)
{
	struct ends *ends = *state;
	AUTO(arena) a = arena_new();
	struct remote_event got;
	struct err e = { 0 };

	close(ends->v[1]);
	ends->v[1] = -1;
	assert_int_equal(remote_receive_event(ends->v[0], a, &got, &e), 0);
}

static void what_is_too_large_is_not_sent(void **state)
{
	const struct ends *ends = *state;
	AUTO(arena) a = arena_new();
	char *long_text = arena_alloc(a, REMOTE_PACKET_MAX + 1);
	struct err e = { 0 };

	memset(long_text, 'x', REMOTE_PACKET_MAX);
	assert_int_equal(remote_send_event(ends->v[1],
					   &(struct remote_event){ .event = REMOTE_DONE,
								   .text = long_text },
					   &e),
			 -EINVAL);
}

static void nonsense_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "[]",
					   "{}",
					   "{\"op\":\"fetch\"}",
					   "{\"op\":\"fly\",\"id\":1}",
					   "{\"op\":\"fetch\",\"id\":-1}",
					   "{\"op\":\"fetch\",\"id\":1,\"path\":1}" };
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct remote_request q;
		struct err e = { 0 };

		if (remote_read_request(a, bad[i], strlen(bad[i]), &q, &e) != -EINVAL)
			fail_msg("%s was accepted", bad[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_request_arrives_with_its_descriptors, make_ends,
						close_ends),
		cmocka_unit_test_setup_teardown(an_event_arrives_as_it_was_sent, make_ends,
						close_ends),
		cmocka_unit_test_setup_teardown(the_end_of_the_other_side_is_told, make_ends,
						close_ends),
		cmocka_unit_test_setup_teardown(what_is_too_large_is_not_sent, make_ends,
						close_ends),
		cmocka_unit_test(nonsense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
