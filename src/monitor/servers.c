/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What serves the container from the background, dnsmasq first of all (network/serve.h): when one
 * of them is gone berth is run, which starts it again.
 *
 * They are processes of their own, which write their numbers into files.  One may be replaced by
 * another while the container runs, by whoever updates its network; so before berth is run the file
 * is looked at once more.  A server whose file leads nowhere even after berth was run is one that
 * nobody wants any more.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "monitor/supervisor.h"

static int open_process(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	char text[16];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long pid;

	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return -1;
	text[n] = '\0';
	pid = strtol(text, NULL, 10);
	return pid > 0 ? (int)syscall(SYS_pidfd_open, (pid_t)pid, 0) : -1;
}

/* Whether all of them are there. */
static bool look(struct supervisor *s)
{
	bool all = true;

	for (uint32_t i = 0; i < SERVERS_MAX && s->h.servers[i]; i++) {
		struct watch *w = &s->servers.watch[i];

		if (w->fd >= 0)
			continue;
		w->fd = open_process(s->h.servers[i]);
		w->source = SOURCE_SERVER | i << SOURCE_BITS;
		watch_set(s, w, EPOLLIN);
		all = all && w->fd >= 0;
	}
	return all;
}

static bool are_watched(const struct supervisor *s)
{
	return s->h.servers && s->h.mend_argv && s->h.program;
}

void servers_start(struct supervisor *s)
{
	for (int i = 0; i < SERVERS_MAX; i++)
		s->servers.watch[i].fd = -1;
	if (are_watched(s) && !look(s))
		mend_plan(s, &s->servers.mend);
}

void server_ended(struct supervisor *s, unsigned i)
{
	watch_close(s, &s->servers.watch[i]);
	mend_plan(s, &s->servers.mend);
}

void servers_settle(struct supervisor *s)
{
	struct mend *m = &s->servers.mend;

	if (!mend_is_due(s, m))
		return;
	if (look(s))
		m->at_ms = 0;
	else
		mend_run(s, m);
}

void servers_reap(struct supervisor *s)
{
	if (mend_reap(s, &s->servers.mend))
		look(s);
}
