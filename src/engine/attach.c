/* SPDX-License-Identifier: BSD-2-Clause */
/* A client of the monitor: monitor/protocol.h. */
#include "engine/attach.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/units.h"
#include "engine/caller.h"
#include "kernel/kernel.h"
#include "monitor/protocol.h"

#define USEC_PER_MSEC 1000

int attach_connect(int run_dir, struct err *e)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	auto_close int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return err_sys(e, "make a socket");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/" ATTACH_SOCKET,
		 kernel_fd_path(run_dir).path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return err_set(e, ERR_NOT_FOUND, "the container has no monitor");
		return err_sys(e, "connect to the container's monitor");
	}
	return take_fd(fd);
}

struct attached {
	struct caller caller;
	int socket;
	size_t in_len; /* of caller.in, that the monitor has yet to take */
	bool end_owed, size_owed, detached, ended;
	bool told_gone[2]; /* that out, err is */
	char packet[ATTACH_PACKET_MAX];
	struct attach_result result;
};

/* False when the monitor can't take it now. One that is gone takes anything: recv() tells. */
static bool say(int socket, char type, const void *data, size_t len, int flags)
{
	struct iovec v[] = { { &type, 1 }, { (void *)data, len } };
	struct msghdr m = { .msg_iov = v, .msg_iovlen = 2 };
	ssize_t n;

	do
		n = sendmsg(socket, &m, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n >= 0 || (errno != EAGAIN && errno != ENOBUFS);
}

static bool owes(const struct attached *a)
{
	return a->in_len > 0 || a->end_owed || a->size_owed;
}

static bool say_size(struct attached *a)
{
	struct winsize w;
	struct attach_size size;

	if (pty_size(a->caller.window, &w) < 0)
		return true;
	size = (struct attach_size){ .rows = w.ws_row, .columns = w.ws_col };
	return say(a->socket, ATTACH_RESIZE, &size, sizeof(size), MSG_DONTWAIT);
}

/* In the order in which it came about: the size may go before what was typed. */
static void say_what_is_owed(struct attached *a)
{
	if (a->size_owed && say_size(a))
		a->size_owed = false;
	if (a->in_len > 0 && say(a->socket, ATTACH_STDIN, a->caller.in, a->in_len, MSG_DONTWAIT))
		a->in_len = 0;
	if (a->in_len == 0 && a->end_owed && say(a->socket, ATTACH_EOF, NULL, 0, MSG_DONTWAIT))
		a->end_owed = false;
}

static void read_input(struct attached *a)
{
	a->in_len = caller_read(&a->caller, &a->detached);
	if (!a->caller.in_open)
		a->end_owed = true;
	say_what_is_owed(a);
}

static void end(struct attached *a)
{
	a->ended = true;
	a->caller.in_open = a->end_owed = a->size_owed = false;
	a->in_len = 0;
}

static void hear_exit(struct attached *a, size_t len)
{
	struct attach_exit x;

	if (len != sizeof(x))
		return;
	memcpy(&x, a->packet + 1, sizeof(x));
	a->result = (struct attach_result){
		.end = ATTACH_ENDED,
		.exit_code = x.code,
		.signal = x.signal,
		.oom_killed = x.oom_killed,
		.restarting = x.restarting,
	};
}

/* One packet. After ECONNRESET there may be more: see protocol.h. */
static void hear(struct attached *a)
{
	ssize_t n = recv(a->socket, a->packet, sizeof(a->packet), MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == ECONNRESET || errno == EAGAIN))
		return;
	if (n <= 0) {
		end(a);
		return;
	}
	switch (a->packet[0]) {
	case ATTACH_STDOUT:
		sink_put(&a->caller.out, a->packet + 1, (size_t)n - 1);
		break;
	case ATTACH_STDERR:
		sink_put(&a->caller.err, a->packet + 1, (size_t)n - 1);
		break;
	case ATTACH_EXIT:
		hear_exit(a, (size_t)n - 1);
		end(a);
		break;
	}
}

static void tell_gone(struct attached *a, const struct sink *s, int stream, bool *told)
{
	uint8_t which = (uint8_t)stream;

	if (s->gone && !*told)
		*told = say(a->socket, ATTACH_CLOSED, &which, 1, MSG_DONTWAIT);
}

enum { AT_SOCKET, AT_SIGNAL, AT_IN, AT_OUT, AT_ERR, AT_ALL };

static int attach_round(struct attached *a, struct err *e)
{
	struct caller *c = &a->caller;
	bool busy = sink_busy(&c->out) || sink_busy(&c->err);
	bool reads = c->in_open && a->in_len == 0;
	struct pollfd p[AT_ALL] = {
		[AT_SOCKET] = { a->socket, (short)((busy ? 0 : POLLIN) | (owes(a) ? POLLOUT : 0)),
				0 },
		[AT_SIGNAL] = { c->signals, POLLIN, 0 },
		[AT_IN] = { reads ? c->how->in : -1, POLLIN, 0 },
		[AT_OUT] = { sink_busy(&c->out) ? c->out.fd : -1, POLLOUT, 0 },
		[AT_ERR] = { sink_busy(&c->err) ? c->err.fd : -1, POLLOUT, 0 },
	};

	/* A socket whose other end is closed is always ready: it must not spin while we write. */
	if (!p[AT_SOCKET].events)
		p[AT_SOCKET].fd = -1;
	if (poll(p, AT_ALL, -1) < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll");

	if (p[AT_SIGNAL].revents && caller_signals(c))
		a->size_owed = true;
	if (p[AT_OUT].revents)
		sink_flush(&c->out, true);
	if (p[AT_ERR].revents)
		sink_flush(&c->err, true);
	tell_gone(a, &c->out, ATTACH_WANT_STDOUT, &a->told_gone[0]);
	tell_gone(a, &c->err, ATTACH_WANT_STDERR, &a->told_gone[1]);
	if (owes(a))
		say_what_is_owed(a);
	if (p[AT_IN].revents)
		read_input(a);
	if (!busy && (p[AT_SOCKET].revents & (POLLIN | POLLHUP | POLLERR)))
		hear(a);
	return 0;
}

static uint8_t wants(const struct attach_how *how)
{
	return (uint8_t)((how->in >= 0 ? ATTACH_WANT_STDIN : 0) |
			 (how->out >= 0 ? ATTACH_WANT_STDOUT : 0) |
			 (how->err >= 0 ? ATTACH_WANT_STDERR : 0) |
			 (how->owner ? ATTACH_OWNER : 0));
}

int attach_relay(int socket, const struct attach_how *how, struct attach_result *ret, struct err *e)
{
	struct attached a = { .socket = socket, .result.end = ATTACH_LOST };
	uint8_t hello = wants(how);
	int r = caller_start(&a.caller, how, e);

	if (r < 0)
		return r;
	say(socket, ATTACH_HELLO, &hello, 1, 0);
	if (a.caller.window >= 0)
		a.size_owed = !say_size(&a);

	while (r == 0 && !a.ended && !(a.detached && !owes(&a)))
		r = attach_round(&a, e);
	while (r == 0 && (sink_busy(&a.caller.out) || sink_busy(&a.caller.err)))
		r = attach_round(&a, e);
	caller_end(&a.caller);
	if (r < 0)
		return r;

	if (a.detached && !a.ended)
		a.result.end = ATTACH_DETACHED;
	*ret = a.result;
	return 0;
}

bool attach_cleaned(int socket, const char *lib, const char *run)
{
	struct {
		char type;
		struct attach_trash trash;
	} packet = { .type = ATTACH_CLEANED };

	snprintf(packet.trash.lib, sizeof(packet.trash.lib), "%s", lib);
	snprintf(packet.trash.run, sizeof(packet.trash.run), "%s", run);
	return send(socket, &packet, *lib || *run ? sizeof(packet) : 1, MSG_NOSIGNAL) > 0;
}

int attach_watch(int run_dir, struct err *e)
{
	uint8_t hello = 0;
	int fd = attach_connect(run_dir, e);

	if (fd >= 0)
		say(fd, ATTACH_HELLO, &hello, 1, 0);
	return fd;
}

int attach_told(int watch, struct attach_result *ret)
{
	struct attached a = { .socket = watch, .result.end = ATTACH_LOST };

	a.caller.out.fd = a.caller.err.fd = -1;
	hear(&a);
	if (!a.ended)
		return 0;
	*ret = a.result;
	return 1;
}

int attach_wait(int run_dir, int timeout_ms, struct attach_result *ret, struct err *e)
{
	int64_t until = clock_monotonic_usec() + (int64_t)timeout_ms * USEC_PER_MSEC;
	auto_close int fd = attach_watch(run_dir, e);

	if (fd < 0)
		return fd;
	for (;;) {
		struct pollfd p = { fd, POLLIN, 0 };
		int64_t left = (until - clock_monotonic_usec()) / USEC_PER_MSEC;
		int n = poll(&p, 1, timeout_ms < 0 ? -1 : left > 0 ? (int)left : 0);

		if (n < 0 && errno != EINTR)
			return err_sys(e, "poll");
		if (n == 0)
			return err_from(e, -ETIMEDOUT, "wait for the container's end");
		if (n > 0 && attach_told(fd, ret))
			return 0;
	}
}
