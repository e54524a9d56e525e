/* SPDX-License-Identifier: BSD-2-Clause */
/* The exit record; exit.c reads it. */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "monitor/supervisor.h"

#define NSEC_PER_SEC 1000000000LL
#define RECORD_MAX   1024

int64_t now_nsec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

size_t time_text(char ret[TIME_TEXT_MAX], int64_t nsec, const char *zone)
{
	time_t seconds = (time_t)(nsec / NSEC_PER_SEC);
	struct tm t;
	int n;

	gmtime_r(&seconds, &t);
	n = snprintf(ret, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%09d%s",
		     (t.tm_year + 1900) % 10000, t.tm_mon + 1, t.tm_mday, t.tm_hour, t.tm_min,
		     t.tm_sec, (int)(nsec % NSEC_PER_SEC), zone);
	return (size_t)n;
}

static const char *truth(bool b)
{
	return b ? "true" : "false";
}

static void record_put(int dir, const char *text, size_t len)
{
	static const char fresh[] = "." MONITOR_EXIT ".new";
	int fd = openat(dir, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	ssize_t n;

	if (fd < 0)
		return;
	n = write(fd, text, len);
	close(fd);
	if (n == (ssize_t)len)
		renameat(dir, fresh, dir, MONITOR_EXIT);
	else
		unlinkat(dir, fresh, 0);
}

/* The durable copy first: who finds the one in the run directory finds both.  It is a convenience
 * for later and not synced; a full disk costs that copy alone. */
void record_write(const struct supervisor *s)
{
	const struct monitor_exit *x = &s->exit;
	char text[RECORD_MAX], started[TIME_TEXT_MAX], finished[TIME_TEXT_MAX];
	int n;

	time_text(started, s->h.started_nsec, "Z");
	time_text(finished, s->finished_nsec, "Z");
	n = snprintf(text, sizeof(text),
		     "{\"version\":1,\"pid\":%" PRId64 ",\"exitCode\":%" PRId64
		     ",\"signal\":%" PRId64
		     ",\"oomKilled\":%s,\"timedOut\":%s,\"stopped\":%s,\"restarting\":%s"
		     ",\"restarts\":%" PRId64 ",\"nextDelayMs\":%" PRId64
		     ",\"droppedLines\":%" PRId64 ",\"startedAt\":\"%s\",\"finishedAt\":\"%s\"}\n",
		     x->pid, x->exit_code, x->signal, truth(x->oom_killed), truth(x->timed_out),
		     truth(x->stopped), truth(x->restarting), x->restarts, x->next_delay_ms,
		     x->dropped_lines, started, finished);
	if (!s->h.temporary)
		record_put(s->h.lib_dir, text, (size_t)n);
	record_put(s->h.run_dir, text, (size_t)n);
}
