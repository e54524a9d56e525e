/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The program `remote`: what remote.h says, for the engine at the other end of its control socket.
 */
#include "remote/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "remote/confine.h"

struct server *session_server(struct session *s, uint64_t id)
{
	for (size_t i = 0; i < s->servers_len; i++)
		if (s->servers[i]->id == id)
			return s->servers[i];
	return NULL;
}

void session_tell(struct session *s, const struct remote_event *v)
{
	struct err e;

	/* The engine has gone: nobody waits for what we do. */
	if (remote_send_event(s->control, v, &e) < 0)
		s->over = true;
}

void session_wake(struct session *s, const struct server *v, bool ready)
{
	for (size_t i = 0; i < REMOTE_FETCHES_MAX; i++)
		if (s->fetches[i].state == FETCH_WAITING && s->fetches[i].server == v)
			fetch_woken(&s->fetches[i], ready);
}

static void cancel(struct session *s, uint64_t id)
{
	for (size_t i = 0; i < REMOTE_FETCHES_MAX; i++)
		if (s->fetches[i].state != FETCH_FREE && s->fetches[i].asked.id == id)
			fetch_cancel(&s->fetches[i]);
}

static void tell_error(struct session *s, uint64_t id, const struct err *why)
{
	struct remote_event v = {
		.event = REMOTE_ERROR,
		.id = id,
		.text = why->msg,
		.kind = why->kind,
		.code = why->code,
		.step = REMOTE_STEP_REQUEST,
	};

	session_tell(s, &v);
}

static void obey(struct session *s, const struct remote_request *q, struct remote_fds *fds)
{
	struct err e = { 0 };
	int r = 0;

	switch ((enum remote_op)q->op) {
	case REMOTE_SERVER:
		r = server_new(s, q, fds, &e);
		break;
	case REMOTE_FETCH:
		r = fetch_new(s, q, fds, &e);
		break;
	case REMOTE_CANCEL:
		cancel(s, q->id);
		break;
	case REMOTE_OPS:
		break;
	}
	if (r < 0)
		tell_error(s, q->id, &e);
}

static void hear(struct session *s)
{
	AUTO(arena) a = arena_new();
	struct remote_request q;
	struct remote_fds fds;
	struct err e = { 0 };
	int r = remote_receive_request(s->control, a, &q, &fds, &e);

	if (r == 1)
		obey(s, &q, &fds);
	else if (r != -EAGAIN)
		s->over = true;
	for (size_t i = 0; i < fds.n; i++)
		if (fds.v[i] >= 0)
			close(fds.v[i]);
}

static void collect(struct session *s)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(s->multi, &left))) {
		struct exchange *x = NULL;
		CURLcode code = m->data.result;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, (char **)&x);
		exchange_ended(x, code);
	}
}

/* Wakes those whose time has come; milliseconds until the next. */
static int wake_due(struct session *s)
{
	int64_t now = clock_monotonic_usec(), next = now + 60 * USEC_PER_SEC;

	for (size_t i = 0; i < REMOTE_FETCHES_MAX; i++) {
		struct fetch *f = &s->fetches[i];

		if (f->state == FETCH_SLEEPING && f->wake_usec <= now)
			fetch_wake(f);
		if (f->state == FETCH_SLEEPING && f->wake_usec < next)
			next = f->wake_usec;
	}
	return (next - now) / 1000 + 1;
}

/* The descriptors of those whose pipe was full; how many. */
static unsigned find_blocked(struct session *s, struct curl_waitfd *wait, struct fetch **of)
{
	unsigned n = 0;

	for (size_t i = 0; i < REMOTE_FETCHES_MAX; i++) {
		struct fetch *f = &s->fetches[i];

		if (f->state == FETCH_FREE || f->pending.len == 0)
			continue;
		of[n] = f;
		wait[n++] = (struct curl_waitfd){ .fd = f->fd, .events = CURL_WAIT_POLLOUT };
	}
	return n;
}

static void turn(struct session *s)
{
	struct curl_waitfd wait[1 + REMOTE_FETCHES_MAX] = { { .fd = s->control,
							      .events = CURL_WAIT_POLLIN } };
	struct fetch *blocked[REMOTE_FETCHES_MAX];
	int running, timeout_ms;

	curl_multi_perform(s->multi, &running);
	collect(s);
	timeout_ms = wake_due(s);

	unsigned n = find_blocked(s, wait + 1, blocked);
	curl_multi_poll(s->multi, wait, n + 1, timeout_ms, NULL);
	for (unsigned i = 0; i < n; i++)
		if (blocked[i]->state != FETCH_FREE && blocked[i]->pending.len > 0)
			fetch_flush(blocked[i]);
	if (wait[0].revents)
		hear(s);
}

static int fail(const struct err *e)
{
	dprintf(STDERR_FILENO, "remote: %s\n", e->msg);
	return 1;
}

int main(void)
{
	struct session s = { .control = REMOTE_CONTROL };
	struct err e = { 0 };

	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < REMOTE_FETCHES_MAX; i++)
		s.fetches[i].fd = -1;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || !(s.multi = curl_multi_init())) {
		err_set(&e, ERR_SYSTEM, "libcurl doesn't start");
		return fail(&e);
	}
	if (confine(&e) < 0)
		return fail(&e);
	while (!s.over)
		turn(&s);

	for (size_t i = 0; i < REMOTE_FETCHES_MAX; i++)
		if (s.fetches[i].state != FETCH_FREE)
			fetch_cancel(&s.fetches[i]);
	for (size_t i = 0; i < s.servers_len; i++)
		server_free(s.servers[i]);
	curl_multi_cleanup(s.multi);
	curl_global_cleanup();
	return 0;
}
