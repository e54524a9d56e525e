/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/auth_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/child.h"
#include "base/file.h"
#include "base/json.h"
#include "base/path.h"
#include "base/units.h"

/* A helper may ask a person, so it may take long. */
enum { ANSWER_MAX = 64 << 10, TIMEOUT_S = 120 };

static bool name_valid(const char *s)
{
	return !text_empty(s) && strlen(s) < 128 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") ==
		       strlen(s);
}

static int find_program(struct arena *a, const char *helper, char **ret, struct err *e)
{
	const char *name = arena_printf(a, "docker-credential-%s", helper);

	if (!name_valid(helper))
		return err_set(e, ERR_INVALID,
			       "\"%.100s\" can't be the name of a credential helper", helper);
	if (path_program(a, name, ret, NULL) == 0)
		return 0;
	return err_set(e, ERR_NOT_FOUND, "credential helper %s not found in $PATH", name);
}

/* Everything it says, until it closes its output or the time is over. */
static int read_answer(int fd, struct buf *out, struct err *e)
{
	int64_t end = clock_monotonic_usec() + TIMEOUT_S * USEC_PER_SEC;
	ssize_t n;

	do {
		int64_t left_ms = (end - clock_monotonic_usec()) / 1000;
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (left_ms <= 0 || poll(&p, 1, left_ms) == 0)
			return err_set(e, ERR_REMOTE, "no answer within %d seconds", TIMEOUT_S);
		n = buf_read(out, fd);
	} while (n > 0 || n == -EINTR);
	if (n < 0 && !out->failed)
		return err_from(e, n, "read its answer");
	return buf_check(out, "its answer", e);
}

/* The input is smaller than a pipe, so that writing it waits for nobody. */
static int say(int fd, const char *text, struct err *e)
{
	size_t len = strlen(text);

	if (len > 4096)
		return err_set(e, ERR_INVALID, "more than 4096 bytes for it");
	int r = file_write_all(fd, text, len);
	return r < 0 && r != -EPIPE ? err_from(e, r, "write to it") : 0;
}

static int start(struct arena *a, const char *helper, const char *verb, int in, int out,
		 struct child *ret, struct err *e)
{
	char *program;
	int r = find_program(a, helper, &program, e);

	if (r < 0)
		return r;
	return child_spawn(&(struct child_spawn){ .path = program,
						  .argv = (char *[]){ program, (char *)verb, NULL },
						  .in = in,
						  .out = out,
						  .err = STDERR_FILENO,
						  .die_with_parent = true },
			   ret, e);
}

static int converse(struct arena *a, const char *helper, const char *verb, const char *input,
		    struct buf *out, int *ret_status, struct err *e)
{
	int to[2], from[2], r;
	struct child child;

	if (pipe2(to, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	auto_close int to_read = to[0];
	auto_close int to_write = to[1];
	if (pipe2(from, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	auto_close int from_read = from[0];
	auto_close int from_write = from[1];

	r = start(a, helper, verb, to_read, from_write, &child, e);
	if (r < 0)
		return r;
	close(take_fd(from_write));
	r = say(to_write, input, e);
	close(take_fd(to_write));
	if (r == 0)
		r = read_answer(from_read, out, e);
	if (r < 0) {
		child_kill(&child);
		return r;
	}
	return child_wait(&child, ret_status, e);
}

static int ask(struct arena *a, const char *helper, const char *verb, const char *input,
	       struct buf *out, int *ret_status, struct err *e)
{
	/* It may end without reading what we say. */
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	int r = converse(a, helper, verb, input, out, ret_status, e);

	signal(SIGPIPE, before);
	return r < 0 ? err_wrap(e, "credential helper %s", helper) : 0;
}

static int failed(const char *helper, const struct buf *said, struct err *e)
{
	return err_set(e, ERR_REMOTE, "credential helper %s: %.*s", helper,
		       (int)strcspn(buf_text(said), "\r\n"), buf_text(said));
}

int auth_helper_get(struct arena *a, const char *helper, const char *server, struct auth *ret,
		    struct err *e)
{
	auto_buf out = BUF(ANSWER_MAX);
	json_t *tree;
	int status, r = ask(a, helper, "get", server, &out, &status, e);

	if (r < 0)
		return r;
	if (child_exit_code(status) != 0) {
		if (strstr(buf_text(&out), "credentials not found"))
			return 0;
		return failed(helper, &out, e);
	}
	r = json_parse(buf_text(&out), out.len, &tree, e);
	if (r < 0)
		return err_wrap(e, "credential helper %s", helper);

	const char *user = json_string_value(json_object_get(tree, "Username"));
	const char *secret = json_string_value(json_object_get(tree, "Secret"));
	if (!text_empty(secret)) {
		bool token = text_eq(user, "<token>");

		*ret = (struct auth){
			.user = token ? NULL : arena_strdup(a, user ? user : ""),
			.password = token ? NULL : arena_strdup(a, secret),
			.token = token ? arena_strdup(a, secret) : NULL,
			.from = arena_printf(a, "docker-credential-%s", helper),
		};
	}
	json_decref(tree);
	return 0;
}

int auth_helper_store(struct arena *a, const char *helper, const char *server, const char *user,
		      const char *password, struct err *e)
{
	auto_buf in = BUF(ANSWER_MAX);
	auto_buf out = BUF(ANSWER_MAX);
	int status, r;

	buf_adds(&in, "{\"ServerURL\":");
	json_quote(&in, server, strlen(server));
	buf_adds(&in, ",\"Username\":");
	json_quote(&in, user, strlen(user));
	buf_adds(&in, ",\"Secret\":");
	json_quote(&in, password, strlen(password));
	buf_adds(&in, "}");
	r = ask(a, helper, "store", buf_text(&in), &out, &status, e);
	if (r < 0)
		return r;
	return child_exit_code(status) == 0 ? 0 : failed(helper, &out, e);
}

int auth_helper_erase(struct arena *a, const char *helper, const char *server, struct err *e)
{
	auto_buf out = BUF(ANSWER_MAX);
	int status, r = ask(a, helper, "erase", server, &out, &status, e);

	if (r < 0)
		return r;
	return child_exit_code(status) == 0 ? 0 : failed(helper, &out, e);
}
