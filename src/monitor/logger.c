/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log.  k8s-file is the format of CRI: time, stream, F or P, and the line; P says that the line
 * was cut: it goes on in the next record of its stream.  A log that fails, say on a full disk, must
 * not hold up the container: its lines are counted as dropped, and a record says how many once
 * writing works again.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "monitor/supervisor.h"

#define BATCH 64 /* records in one write */

static const char *const stream_name[] = { [STREAM_OUT] = "stdout", [STREAM_ERR] = "stderr" };

struct batch {
	struct iovec v[BATCH * 3];
	int n;
	int64_t bytes, lines;
};

void logger_start(struct logger *l, const struct monitor_handover *h)
{
	l->kind = h->log;
	l->id = h->id;
	l->name = h->name ? h->name : h->id;
	l->tag = h->log_tag;
	l->socket = -1;
	l->file = (struct log_file){
		.dir = h->lib_dir,
		.fd = -1,
		.path = h->log_path ? h->log_path : "ctr.log",
		.max_bytes = h->log_max_bytes ? h->log_max_bytes : MONITOR_LOG_MAX_BYTES,
		.files = h->log_files >= 2 ? h->log_files : MONITOR_LOG_FILES,
	};
	if (l->kind == MONITOR_LOG_K8S_FILE || l->kind == MONITOR_LOG_JSON_FILE)
		log_file_open(&l->file);
	if (l->kind == MONITOR_LOG_JOURNALD)
		l->socket = log_journal_open();
}

static void logger_drop(struct logger *l, int64_t lines, int error)
{
	if (l->dropped == 0)
		l->error = error;
	l->dropped += lines;
	l->dropped_ever += lines;
}

static void batch_flush(struct logger *l, struct batch *b)
{
	int r = b->n ? log_file_write(&l->file, b->v, b->n) : 0;

	if (r == 0) {
		log_file_commit(&l->file);
	} else {
		log_file_abandon(&l->file);
		logger_drop(l, b->lines, -r);
	}
	b->n = 0;
	b->bytes = b->lines = 0;
}

static void batch_add(struct logger *l, struct batch *b, const struct iovec *v, int n)
{
	int64_t bytes = 0;
	int r;

	for (int i = 0; i < n; i++)
		bytes += (int64_t)v[i].iov_len;
	if (b->lines == BATCH || !log_file_fits(&l->file, b->bytes + bytes))
		batch_flush(l, b);
	r = log_file_room(&l->file, b->bytes + bytes);
	if (r < 0) {
		logger_drop(l, 1, -r);
		return;
	}
	memcpy(b->v + b->n, v, (size_t)n * sizeof(*v));
	b->n += n;
	b->bytes += bytes;
	b->lines++;
}

static size_t k8s_write(struct logger *l, int stream, const char *text, size_t len, bool flush)
{
	struct batch b;
	char whole[TIME_TEXT_MAX + 16], part[sizeof(whole)], when[TIME_TEXT_MAX];
	size_t prefix, done = 0;

	b.n = 0;
	b.bytes = b.lines = 0;
	time_text(when, now_nsec(), "+00:00");
	prefix = (size_t)snprintf(whole, sizeof(whole), "%s %s F ", when, stream_name[stream]);
	snprintf(part, sizeof(part), "%s %s P ", when, stream_name[stream]);

	while (done < len) {
		const char *line = text + done, *end = memchr(line, '\n', len - done);
		size_t n = end ? (size_t)(end + 1 - line) : len - done;
		struct iovec v[] = { { end ? whole : part, prefix },
				     { (char *)line, n },
				     { "\n", 1 } };

		if (!end && !flush)
			break;
		batch_add(l, &b, v, end ? 2 : 3);
		done += n;
	}
	batch_flush(l, &b);
	return done;
}

/* The drivers that take one line at a time. */
static size_t lines_write(struct logger *l, int stream, const char *text, size_t len, bool flush)
{
	int64_t now = now_nsec();
	size_t done = 0;

	while (done < len) {
		const char *line = text + done, *end = memchr(line, '\n', len - done);
		size_t n = end ? (size_t)(end - line) : len - done;
		int r;

		if (!end && !flush)
			break;
		r = l->kind == MONITOR_LOG_JOURNALD ? log_journal_line(l, stream, line, n, !end)
						    : log_json_line(l, stream, line, n, !end, now);
		if (r < 0)
			logger_drop(l, 1, -r);
		done += end ? n + 1 : n;
	}
	return done;
}

static size_t driver_write(struct logger *l, int stream, const char *text, size_t len, bool flush)
{
	switch (l->kind) {
	case MONITOR_LOG_K8S_FILE:
		return k8s_write(l, stream, text, len, flush);
	case MONITOR_LOG_JSON_FILE:
	case MONITOR_LOG_JOURNALD:
		return lines_write(l, stream, text, len, flush);
	default:
		return len;
	}
}

/* It counts itself as one dropped if it fails, which takes that back. */
static void logger_confess(struct logger *l)
{
	int64_t dropped = l->dropped, ever = l->dropped_ever;
	char note[160];
	int n = snprintf(note, sizeof(note), "berth: %lld lines were not logged: %s\n",
			 (long long)dropped, strerror(l->error));

	l->dropped = 0;
	driver_write(l, STREAM_ERR, note, (size_t)n, true);
	if (l->dropped)
		l->dropped = dropped;
	l->dropped_ever = ever;
}

size_t logger_write(struct logger *l, int stream, const char *text, size_t len, bool flush)
{
	if (l->dropped)
		logger_confess(l);
	return driver_write(l, stream, text, len, flush);
}
