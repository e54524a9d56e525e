/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/log.h"

#include <stdio.h>

#include "base/file.h"
#include "base/json.h"
#include "base/units.h"

const char *const log_level_name[LOG_LEVELS] = {
	[LOG_ERROR] = "error",
	[LOG_WARN] = "warning",
	[LOG_INFO] = "info",
	[LOG_DEBUG] = "debug",
};

static struct {
	int fd;
	enum log_level most;
	bool json;
} sink = { .fd = STDERR_FILENO, .most = LOG_WARN };

void log_open(int fd, enum log_level most)
{
	sink.fd = fd;
	sink.most = most;
}

void log_as_json(void)
{
	sink.json = true;
}

bool log_wants(enum log_level level)
{
	return sink.fd >= 0 && level <= sink.most;
}

static void print_json(struct buf *line, enum log_level level, const struct buf *text)
{
	buf_addf(line, "{\"level\":\"%s\",\"msg\":", log_level_name[level]);
	json_quote(line, buf_text(text), text->len);
	buf_adds(line, ",\"time\":\"");
	time_print_rfc3339(line, clock_usec() / USEC_PER_SEC * 1000000000LL, true);
	buf_adds(line, "\"}\n");
}

static void print_text(struct buf *line, enum log_level level, const struct buf *text)
{
	buf_adds(line, "time=\"");
	time_print_rfc3339(line, clock_usec() / USEC_PER_SEC * 1000000000LL, false);
	buf_addf(line, "\" level=%s msg=", log_level_name[level]);
	json_quote(line, buf_text(text), text->len);
	buf_addc(line, '\n');
}

void log_at(enum log_level level, const char *fmt, ...)
{
	auto_buf line = BUF(16384), text = BUF(4096);
	va_list args;

	if (!log_wants(level))
		return;
	va_start(args, fmt);
	buf_vaddf(&text, fmt, args);
	va_end(args);
	if (sink.json)
		print_json(&line, level, &text);
	else
		print_text(&line, level, &text);
	/* A message that cannot be written has nobody to tell. */
	(void)!file_write_all(sink.fd, buf_text(&line), line.len);
}
