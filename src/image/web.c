/* SPDX-License-Identifier: BSD-2-Clause */
#include "image/web.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "image/registry_remote.h"

enum { PIPE_BYTES = 1 << 20 };

struct web {
	struct arena *arena;
	struct registry_remote remote;
	struct registry_fetch fetch;
	bool started, fetching;
	int watch; /* the pipe's other end has gone when this one hangs up */
};

static const char *after_scheme(const char *url)
{
	const char *rest = text_after(url, "https://");

	return rest ? rest : text_after(url, "http://");
}

bool web_is_url(const char *path)
{
	return after_scheme(path);
}

void web_free(struct web *w)
{
	if (!w)
		return;
	if (w->started)
		registry_remote_stop(&w->remote);
	close_p(&w->watch);
	arena_free(w->arena);
	free(w);
}

static int start(struct web *w, const char *url, int to, struct err *e)
{
	const char *rest = after_scheme(url);
	struct remote_request q = { .url = url, .max = INT64_MAX };
	struct registry_server v = {
		.host = arena_strndup(w->arena, rest, strcspn(rest, "/?#")),
	};
	const char *shown = arena_strndup(w->arena, url, strcspn(url, "?"));
	int r;

	/* Neither a password nor, behind the question mark, what is as good as one is repeated. */
	if (strchr(v.host, '@'))
		return err_set(e, ERR_INVALID, "an address with a user in it");
	/* What went into the pipe can't be taken back, so there is one attempt. */
	r = registry_remote_start(w->arena, &(struct source_access){ .retries = -1 }, shown,
				  &w->remote, e);

	if (r < 0)
		return r;
	w->started = true;
	r = registry_remote_server(&w->remote, &v, e);
	if (r < 0)
		return r;
	q.server = (uint64_t)r;
	r = registry_remote_fetch(&w->remote, &q, to, &w->fetch,
				  arena_printf(w->arena, "downloading %s", shown), e);
	w->fetching = r == 0;
	return r;
}

int web_open(const char *url, struct web **ret, int *ret_fd, struct err *e)
{
	AUTO(web) w = calloc(1, sizeof(*w));
	int pair[2], r;

	if (!w)
		abort();
	w->arena = arena_new();
	w->watch = -1;
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	auto_close int from = pair[0];
	auto_close int to = pair[1];

	fcntl(to, F_SETPIPE_SZ, PIPE_BYTES);
	w->watch = fcntl(from, F_DUPFD_CLOEXEC, 3);
	if (w->watch < 0)
		return err_sys(e, "pipe");
	r = start(w, url, to, e);
	if (r < 0)
		return r;
	*ret_fd = take_fd(from);
	*ret = take_ptr(w);
	return 0;
}

int web_end(struct web *w, int r, struct err *e)
{
	struct pollfd p = { .fd = w->watch };
	struct err why;

	/* The reader had enough before the end: that is for it to judge. */
	if (!w->fetching || poll(&p, 1, 0) <= 0 || !(p.revents & (POLLHUP | POLLERR)))
		return r;
	w->fetching = false;
	if (registry_remote_wait(&w->remote, &w->fetch, &why) == 0)
		return r;
	*e = why;
	return -e->code;
}
