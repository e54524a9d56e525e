/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The journal is read by journalctl(1), whose JSON is an interface (systemd's doc "Journal Export
 * Formats"): a line an entry, a text as a string, or as numbers when it is no UTF-8.  To follow,
 * one runs with --follow until the container has ended; then what came to the journal after that is
 * read from where it stopped.
 */
#include "engine/logs_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/child.h"
#include "base/json.h"
#include "base/units.h"
#include "engine/logs_life.h"

#define ENTRY_MAX  ((size_t)4 << 20) /* the monitor's lines are shorter by far, in numbers too */
#define CURSOR_MAX 512

struct journal {
	const struct logs_source *from;
	const struct logs_read *what;
	logs_fn *fn;
	void *arg;
	char cursor[CURSOR_MAX]; /* of the last entry; "": none */
	bool continues[2];       /* the stream's next entry goes on with its last */
	bool over;               /* until_nsec was reached */
	char *text;              /* what was read of an entry, ENTRY_MAX of room */
	size_t len;
};

static const char *find_program(void)
{
	static const char *const paths[] = { "/usr/bin/journalctl", "/bin/journalctl" };

	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (access(paths[i], X_OK) == 0)
			return paths[i];
	return NULL;
}

static int start(const struct journal *j, bool follow, struct child *ret, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct texts argv = { 0 };
	const char *program = find_program();
	int to[2], r;

	if (!program)
		return err_set(e, ERR_UNSUPPORTED,
			       "this container logs to the journal, and journalctl, which reads "
			       "it, is not installed");
	texts_add(a, &argv, "journalctl");
	texts_add(a, &argv, "--quiet");
	texts_add(a, &argv, "--no-pager");
	texts_add(a, &argv, "--all");
	texts_add(a, &argv, "--output=json");
	texts_addf(a, &argv, "CONTAINER_ID_FULL=%s", j->from->id);
	if (follow)
		texts_add(a, &argv, "--follow");
	if (*j->cursor)
		texts_addf(a, &argv, "--after-cursor=%s", j->cursor);
	else if (j->what->tail >= 0)
		texts_addf(a, &argv, "--lines=%" PRId64, j->what->tail);
	if (follow && (*j->cursor || j->what->tail < 0))
		texts_add(a, &argv, "--no-tail");
	if (pipe2(to, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	r = child_spawn(
		&(struct child_spawn){
			.path = program,
			.argv = (char *const *)(uintptr_t)argv.v,
			.in = -1,
			.out = to[1],
			.err = STDERR_FILENO,
			.die_with_parent = true,
		},
		ret, e);
	close(to[1]);
	if (r < 0)
		close(to[0]);
	return r < 0 ? r : to[0];
}

static int64_t number(const json_t *entry, const char *key)
{
	const char *text = json_string_value(json_object_get(entry, key));

	return text ? strtoll(text, NULL, 10) : 0;
}

/* A message of any bytes. Its length; it replaces what was read of the entry. */
static size_t take_message(struct journal *j, const json_t *message)
{
	size_t n = 0, i;
	json_t *byte;

	if (json_is_string(message)) {
		n = json_string_length(message);
		memcpy(j->text, json_string_value(message), n);
	}
	json_array_foreach (message, i, byte)
		j->text[n++] = (char)json_integer_value(byte);
	return n;
}

static int take_entry(struct journal *j, const json_t *entry)
{
	const char *cursor = json_string_value(json_object_get(entry, "__CURSOR"));
	struct logs_line line = {
		.time_nsec = number(entry, "__REALTIME_TIMESTAMP") * 1000,
		.is_stderr = number(entry, "PRIORITY") == 3,
		.partial = json_object_get(entry, "CONTAINER_PARTIAL_MESSAGE") != NULL,
	};

	if (cursor && strlen(cursor) < CURSOR_MAX)
		strcpy(j->cursor, cursor);
	if (j->what->until_nsec && line.time_nsec > j->what->until_nsec) {
		j->over = true;
		return 0;
	}
	line.continues = j->continues[line.is_stderr];
	j->continues[line.is_stderr] = line.partial;
	if (line.time_nsec < j->what->since_nsec)
		return 0;
	line.len = take_message(j, json_object_get(entry, "MESSAGE"));
	line.text = j->text;
	return j->fn(j->arg, &line);
}

static int take_line(struct journal *j, struct err *e)
{
	json_t *entry;
	int r = json_parse(j->text, j->len, &entry, e);

	if (r < 0)
		return err_wrap(e, "what journalctl says");
	r = take_entry(j, entry);
	json_decref(entry);
	return r;
}

/* 1: its end. What is behind a line waits for the next round. */
static int read_lines(struct journal *j, int fd, struct err *e)
{
	char *rest = j->text + ENTRY_MAX; /* a second room: the message overwrites the first */
	ssize_t n = read(fd, rest, 65536);
	int r = 0;

	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 0 : err_sys(e, "read the journal");
	for (ssize_t i = 0; r == 0 && !j->over && i < n; i++) {
		if (rest[i] == '\n') {
			r = take_line(j, e);
			j->len = 0;
		} else if (j->len < ENTRY_MAX) {
			j->text[j->len++] = rest[i];
		} else {
			return err_set(e, ERR_INVALID, "an entry of the journal is larger than %zu",
				       ENTRY_MAX);
		}
	}
	return r == 0 && (n == 0 || j->over) ? 1 : r;
}

/* All that is there. */
static int read_all(struct journal *j, struct err *e)
{
	struct child child;
	int fd = start(j, false, &child, e), r = 0, status;

	if (fd < 0)
		return fd;
	j->len = 0;
	while (r == 0)
		r = read_lines(j, fd, e);
	close(fd);
	if (r == 1 && !j->over)
		return child_wait(&child, &status, e);
	child_kill(&child);
	return r == 1 ? 0 : r;
}

static int time_left(const struct journal *j, const struct life *l)
{
	int64_t left;

	if (l->watch < 0)
		return LIFE_RECONNECT_MS;
	if (!j->what->until_nsec)
		return -1;
	left = (j->what->until_nsec - clock_nsec()) / 1000000 + 1;
	return left < 0 ? 0 : left > 60000 ? 60000 : (int)left;
}

static int follow(struct journal *j, struct err *e)
{
	struct life life = { .run_dir = j->from->run_dir, .watch = -1 };
	struct child child;
	int fd = start(j, true, &child, e), r = 0;

	if (fd < 0)
		return fd;
	while (r == 0) {
		struct pollfd p[2];

		life_look(&life);
		if (j->what->until_nsec && clock_nsec() > j->what->until_nsec)
			j->over = true;
		if (life.over || j->over)
			break;
		p[0] = (struct pollfd){ fd, POLLIN, 0 };
		p[1] = (struct pollfd){ life.watch, POLLIN, 0 };
		if (poll(p, 2, time_left(j, &life)) < 0 && errno != EINTR)
			r = err_sys(e, "poll");
		else if (p[0].revents)
			r = read_lines(j, fd, e);
	}
	child_kill(&child);
	close(fd);
	close_p(&life.watch);
	return r == 1 ? 0 : r;
}

/* What the monitor sent may still be on its way into the files. Only root may ask. */
static void synchronise(void)
{
	const char *program = find_program();
	char *const argv[] = { "journalctl", "--sync", NULL };
	struct child child;
	int status;

	if (program && geteuid() == 0 &&
	    child_spawn(&(struct child_spawn){ .path = program,
					       .argv = argv,
					       .in = -1,
					       .out = -1,
					       .err = -1,
					       .die_with_parent = true },
			&child, NULL) == 0)
		child_wait(&child, &status, NULL);
}

int logs_journal_read(const struct logs_source *from, const struct logs_read *what, logs_fn *fn,
		      void *arg, struct err *e)
{
	struct journal j = { .from = from, .what = what, .fn = fn, .arg = arg };
	int r = 0;

	j.text = malloc(ENTRY_MAX + 65536);
	if (!j.text)
		return err_from(e, -ENOMEM, "read the journal");
	if (what->follow && from->run_dir >= 0)
		r = follow(&j, e);
	if (r == 0 && !j.over) {
		synchronise();
		r = read_all(&j, e);
	}
	free(j.text);
	return r;
}
