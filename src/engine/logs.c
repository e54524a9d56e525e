/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Theory of operation.  A file that isn't PATH any more gets no more records.  So: read the current
 * one to its end; look whether there is one behind it; if so, read it to its end once more, and go
 * on to that.  Looking is done after each block too, so that those that follow are held open before
 * they are deleted, as long as whoever takes the lines isn't too slow.
 *
 * While following, the monitor tells the container's end over its attach socket, after it has
 * logged everything: then what is there is read once more.
 */
#include "engine/logs.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "base/units.h"
#include "engine/attach.h"
#include "engine/logs_files.h"
#include "engine/logs_journal.h"
#include "engine/logs_life.h"
#include "engine/logs_parse.h"
#include "kernel/kernel.h"

#define BLOCK_MAX     (256 << 10) /* more than a record: 16 KiB, each byte of it six in json-file */
#define NSEC_PER_MSEC 1000000

struct reader {
	const struct logs_source *from;
	const struct logs_read *what;
	logs_fn *fn;
	void *arg;
	struct logs_files files;
	size_t len;        /* bytes of `text` that are no whole record yet */
	bool open_line[2]; /* stdout's, stderr's last record was partial */
	bool gap, over;
	char text[BLOCK_MAX];
};

static int give(struct reader *r, char *record, size_t len)
{
	struct logs_line line;

	if (!logs_parse(r->from->log, record, len, &line))
		return 0;
	if (r->what->until_nsec && line.time_nsec > r->what->until_nsec) {
		r->over = true;
		return 0;
	}
	line.continues = r->open_line[line.is_stderr];
	r->open_line[line.is_stderr] = line.partial;
	if (r->what->since_nsec && line.time_nsec < r->what->since_nsec)
		return 0;
	line.gap = r->gap;
	r->gap = false;
	return r->fn(r->arg, &line);
}

/* Gives the whole records among what was read, and keeps the rest. One that doesn't fit is none. */
static int give_records(struct reader *r)
{
	size_t at = 0;
	char *end;
	int result = 0;

	while (result == 0 && !r->over && (end = memchr(r->text + at, '\n', r->len - at))) {
		size_t len = (size_t)(end - (r->text + at));

		result = give(r, r->text + at, len);
		at += len + 1;
	}
	if (at == 0 && r->len == sizeof(r->text))
		at = r->len;
	memmove(r->text, r->text + at, r->len - at);
	r->len -= at;
	return result;
}

static int read_to_end(struct reader *r, struct err *e)
{
	int result = 0;

	while (result == 0 && !r->over) {
		ssize_t n = read(logs_files_current(&r->files), r->text + r->len,
				 sizeof(r->text) - r->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read the log");
		if (n == 0)
			break;
		r->len += (size_t)n;
		result = give_records(r);
		if (n > (ssize_t)sizeof(r->text) / 2)
			logs_files_look(&r->files);
	}
	return result;
}

/* All that is there now. */
static int read_on(struct reader *r, struct err *e)
{
	if (r->files.n == 0) {
		int opened = logs_files_open(&r->files, r->from);

		if (opened < 0) /* its monitor, just started, has not made it yet */
			return opened == -ENOENT ? 0 : err_from(e, opened, "open the log");
	}
	for (;;) {
		int result = read_to_end(r, e);
		int more = result == 0 && !r->over ? logs_files_look(&r->files) : 0;

		if (more == 0)
			return result;
		result = read_to_end(r, e);
		if (result != 0 || r->over)
			return result;
		/* What a killed monitor had begun to write has no end. */
		r->len = 0;
		if (more > 0) {
			logs_files_next(&r->files);
			continue;
		}
		r->gap = true;
		more = logs_files_skip(&r->files);
		if (more < 0)
			return err_from(e, more, "open the log");
	}
}

/* The offset behind the last newline before `end`, or 0. Blocks are read into r->text; [*from, *to)
 * is what it holds. */
static off_t record_start(struct reader *r, int fd, off_t end, off_t *from, off_t *to)
{
	while (end > 0) {
		const char *newline;

		if (end <= *from || end > *to) {
			off_t start = end > BLOCK_MAX ? end - BLOCK_MAX : 0;
			ssize_t n = pread(fd, r->text, (size_t)(end - start), start);

			if (n != end - start)
				return 0;
			*from = start;
			*to = end;
		}
		newline = memrchr(r->text, '\n', (size_t)(end - *from));
		if (newline)
			return *from + (newline - r->text) + 1;
		end = *from;
	}
	return 0;
}

/* Does the record in [start, end) end a line? One that can't be read does. */
static bool ends_line(const struct logs_source *from, int fd, off_t start, off_t end)
{
	static const char json_tail[] = "\\n\",\"stream\":";
	bool json = from->log == MONITOR_LOG_JSON_FILE;
	char text[160];
	struct logs_line line;
	size_t len = end - start < (off_t)sizeof(text) ? (size_t)(end - start) : sizeof(text);
	ssize_t n = pread(fd, text, len, json ? end - (off_t)len : start);

	if (n <= 0)
		return true;
	if (json)
		return memmem(text, (size_t)n, json_tail, strlen(json_tail)) != NULL;
	return !logs_parse(from->log, text, (size_t)n, &line) || !line.partial;
}

/* Makes the current file and its offset those where the last `tail` lines begin. */
static void seek_tail(struct reader *r)
{
	struct logs_files *f = &r->files;
	int64_t lines = 0;

	for (size_t i = f->n; i-- > f->at;) {
		off_t from = 0, to = 0, end = lseek(f->fd[i], 0, SEEK_END);
		/* What is behind the last newline is still being written. */
		off_t start = record_start(r, f->fd[i], end, &from, &to);

		while (start > 0) {
			off_t last = start;
			bool ends;

			start = record_start(r, f->fd[i], last - 1, &from, &to);
			ends = ends_line(r->from, f->fd[i], start, last - 1);
			if (lines == r->what->tail && (ends || lines == 0)) {
				lseek(f->fd[i], last, SEEK_SET);
				while (f->at < i)
					logs_files_next(f);
				return;
			}
			/* At the very end, an unfinished line counts too. */
			lines += ends || lines == 0;
		}
		lseek(f->fd[i], 0, SEEK_SET);
	}
}

/* The log's directory: events of its files are those of the log, and rotations. */
static int watch_files(const struct logs_source *from, struct err *e)
{
	char path[PATH_MAX];
	const char *slash = strrchr(from->path, '/');
	int len = slash ? (int)(slash - from->path) + 1 : 0;
	auto_close int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	if (from->path[0] == '/')
		snprintf(path, sizeof(path), "%.*s", len, from->path);
	else
		snprintf(path, sizeof(path), "%s/%.*s", kernel_fd_path(from->lib_dir).path, len,
			 from->path);
	if (fd < 0 || inotify_add_watch(fd, path, IN_MODIFY | IN_MOVED_TO | IN_CREATE) < 0)
		return err_sys(e, "watch the log");
	return take_fd(fd);
}

static int follow_timeout(const struct reader *r, const struct life *l)
{
	int64_t left;

	if (l->watch < 0)
		return LIFE_RECONNECT_MS;
	if (!r->what->until_nsec)
		return -1;
	left = (r->what->until_nsec - clock_nsec()) / NSEC_PER_MSEC + 1;
	return left < 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

static int follow(struct reader *r, struct err *e)
{
	struct life life = { .run_dir = r->from->run_dir, .watch = -1 };
	auto_close int watch = watch_files(r->from, e);
	char events[4096];
	int result = watch < 0 ? watch : 0;

	while (result == 0) {
		struct pollfd p[2];

		life_look(&life);
		if (r->what->until_nsec && clock_nsec() > r->what->until_nsec)
			life.over = true;
		result = read_on(r, e);
		if (result != 0 || r->over || life.over)
			break;
		p[0] = (struct pollfd){ watch, POLLIN, 0 };
		p[1] = (struct pollfd){ life.watch, POLLIN, 0 };
		if (poll(p, 2, follow_timeout(r, &life)) < 0 && errno != EINTR)
			result = err_sys(e, "poll");
		while (read(watch, events, sizeof(events)) > 0)
			;
	}
	close_p(&life.watch);
	return result;
}

static int check_driver(const struct logs_source *from, struct err *e)
{
	switch (from->log) {
	case MONITOR_LOG_K8S_FILE:
	case MONITOR_LOG_JSON_FILE:
		return 0;
	default:
		return err_set(
			e, ERR_UNSUPPORTED,
			"this container is using the '%s' log driver, cannot read logs: this "
			"container is not logging output",
			monitor_log_name[from->log]);
	}
}

int logs_read(const struct logs_source *from, const struct logs_read *what, logs_fn *fn, void *arg,
	      struct err *e)
{
	auto_free struct reader *r = calloc(1, sizeof(*r));
	int result;

	if (from->log == MONITOR_LOG_JOURNALD)
		return logs_journal_read(from, what, fn, arg, e);
	result = check_driver(from, e);
	if (result < 0)
		return result;
	if (!r)
		return err_from(e, -ENOMEM, "read the log");
	r->from = from;
	r->what = what;
	r->fn = fn;
	r->arg = arg;
	result = logs_files_open(&r->files, from);
	if (result < 0 && result != -ENOENT)
		return err_from(e, result, "open the log");

	if (what->tail >= 0)
		seek_tail(r);
	r->len = 0;
	result = what->follow ? follow(r, e) : read_on(r, e);
	logs_files_close(&r->files);
	return result;
}
