/* SPDX-License-Identifier: BSD-2-Clause */
/* A relay without a monitor: the process is our own child, as exec's is. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "engine/caller.h"

#define BLOCK_MAX      65536
#define TERMINAL_SLACK 65536 /* what a terminal may hold beyond what FIONREAD tells */

/* The terminal's end-of-file character, as users know it. */
#define END_OF_FILE ('D' & 037)

/* One of the child's outputs, on its way to a sink. */
struct flow {
	int fd; /* -1: ended */
	struct sink *to;
	int64_t left; /* to read after the child's end; negative: it runs */
	char block[BLOCK_MAX];
};

struct relay {
	struct caller caller;
	const struct stdio_child *child;
	struct flow out, err;
	int in; /* where input goes, or -1 */
	int pidfd, peer;
	size_t in_from, in_to; /* of caller.in, that the child has yet to take */
	bool end_owed, mid_line, detached;
};

static void nonblocking(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void flow_close(const struct relay *r, struct flow *f)
{
	if (f->fd >= 0 && r->child->terminal < 0)
		close(f->fd);
	f->fd = -1;
}

static void flow_read(const struct relay *r, struct flow *f)
{
	size_t room = sizeof(f->block);
	ssize_t n;

	if (f->left >= 0 && room > (size_t)f->left)
		room = (size_t)f->left;
	n = room ? read(f->fd, f->block, room) : 0;
	if (n < 0 && (errno == EINTR || (errno == EAGAIN && f->left < 0)))
		return;
	if (n <= 0) {
		flow_close(r, f);
		return;
	}
	if (f->left >= 0)
		f->left -= n;
	sink_put(f->to, f->block, (size_t)n);
}

static void flow_drain(const struct relay *r, struct flow *f)
{
	int there = 0;

	if (f->fd < 0)
		return;
	ioctl(f->fd, FIONREAD, &there);
	f->left = there + (r->child->terminal >= 0 ? TERMINAL_SLACK : 0);
}

/* Its reader is gone: so is the child's. A terminal has other uses. */
static void flow_abandon(const struct relay *r, struct flow *f)
{
	if (f->to->gone && r->child->terminal < 0)
		flow_close(r, f);
}

static void close_input(struct relay *r)
{
	if (r->child->terminal < 0 && r->in >= 0)
		close(r->in);
	r->in = -1;
	r->in_from = r->in_to = 0;
	r->end_owed = r->caller.in_open = false;
}

static void give_end(struct relay *r)
{
	r->end_owed = false;
	if (r->child->terminal < 0) {
		close_input(r);
		return;
	}
	/* One passes on a begun line, and it takes another to end an empty one. */
	r->in_from = r->in_to = 0;
	if (r->mid_line)
		r->caller.in[r->in_to++] = END_OF_FILE;
	r->caller.in[r->in_to++] = END_OF_FILE;
}

static void give_input(struct relay *r)
{
	while (r->in >= 0 && (r->in_from < r->in_to || r->end_owed)) {
		ssize_t n;

		if (r->in_from == r->in_to) {
			give_end(r);
			continue;
		}
		n = write(r->in, r->caller.in + r->in_from, r->in_to - r->in_from);
		if (n > 0) {
			r->in_from += (size_t)n;
			r->mid_line = r->caller.in[r->in_from - 1] != '\n';
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != EINTR) {
			close_input(r);
		}
	}
}

static void read_input(struct relay *r)
{
	r->in_from = 0;
	r->in_to = caller_read(&r->caller, &r->detached);
	if (!r->caller.in_open)
		r->end_owed = true;
	give_input(r);
}

static void resize(const struct relay *r)
{
	struct winsize w;

	if (r->child->terminal >= 0 && r->caller.window >= 0 && pty_size(r->caller.window, &w) == 0)
		ioctl(r->child->terminal, TIOCSWINSZ, &w);
}

enum { AT_CHILD, AT_SIGNAL, AT_IN, AT_GIVE, AT_OUT, AT_ERR, AT_SINK_OUT, AT_SINK_ERR, AT_ALL };

static int from_if(int fd, bool wanted)
{
	return wanted ? fd : -1;
}

static int relay_round(struct relay *r, struct err *e)
{
	struct caller *c = &r->caller;
	bool given = r->in_from == r->in_to && !r->end_owed;
	struct pollfd p[AT_ALL] = {
		[AT_CHILD] = { r->pidfd, POLLIN, 0 },
		[AT_SIGNAL] = { c->signals, POLLIN, 0 },
		[AT_IN] = { from_if(c->how->in, c->in_open && given && r->in >= 0), POLLIN, 0 },
		[AT_GIVE] = { from_if(r->in, !given), POLLOUT, 0 },
		[AT_OUT] = { from_if(r->out.fd, !sink_busy(&c->out)), POLLIN, 0 },
		[AT_ERR] = { from_if(r->err.fd, !sink_busy(&c->err)), POLLIN, 0 },
		[AT_SINK_OUT] = { from_if(c->out.fd, sink_busy(&c->out)), POLLOUT, 0 },
		[AT_SINK_ERR] = { from_if(c->err.fd, sink_busy(&c->err)), POLLOUT, 0 },
	};

	/* What is left after the child's end is there already. */
	if (poll(p, AT_ALL, r->pidfd < 0 && (p[AT_OUT].fd >= 0 || p[AT_ERR].fd >= 0) ? 0 : -1) < 0)
		return errno == EINTR ? 0 : err_sys(e, "poll");

	if (p[AT_SIGNAL].revents && caller_signals(c))
		resize(r);
	if (p[AT_SINK_OUT].revents)
		sink_flush(&c->out, true);
	if (p[AT_SINK_ERR].revents)
		sink_flush(&c->err, true);
	if (p[AT_GIVE].revents)
		give_input(r);
	if (p[AT_IN].revents)
		read_input(r);
	if (p[AT_OUT].fd >= 0 && (p[AT_OUT].revents || r->out.left >= 0))
		flow_read(r, &r->out);
	if (p[AT_ERR].fd >= 0 && (p[AT_ERR].revents || r->err.left >= 0))
		flow_read(r, &r->err);
	flow_abandon(r, &r->out);
	flow_abandon(r, &r->err);
	if (p[AT_CHILD].revents) {
		r->pidfd = -1;
		c->in_open = false;
		r->in_from = r->in_to = 0;
		r->end_owed = false;
		flow_drain(r, &r->out);
		flow_drain(r, &r->err);
	}
	return 0;
}

static void relay_init(struct relay *r, const struct stdio_child *child)
{
	bool terminal = child->terminal >= 0;

	r->child = child;
	r->pidfd = child->pidfd;
	r->out.fd = terminal ? child->terminal : child->out;
	r->err.fd = terminal ? -1 : child->err;
	r->in = terminal ? child->terminal : child->in;
	r->out.to = &r->caller.out;
	r->err.to = &r->caller.err;
	r->out.left = r->err.left = -1;
	r->in_from = r->in_to = 0;
	r->end_owed = r->mid_line = r->detached = false;
	nonblocking(r->out.fd);
	nonblocking(r->err.fd);
	nonblocking(r->in);
	/* A terminal that nobody has open for a while is no end. */
	r->peer =
		terminal ? ioctl(child->terminal, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
}

static bool relay_done(const struct relay *r)
{
	return (r->detached && r->in_from == r->in_to) ||
	       (r->pidfd < 0 && r->out.fd < 0 && r->err.fd < 0 && !sink_busy(&r->caller.out) &&
		!sink_busy(&r->caller.err));
}

int stdio_relay(const struct stdio_child *child, const struct attach_how *how,
		struct attach_result *ret, struct err *e)
{
	auto_free struct relay *r = malloc(sizeof(*r));
	int result;

	if (!r)
		return err_from(e, -ENOMEM, "relay");
	result = caller_start(&r->caller, how, e);
	if (result < 0)
		return result;
	relay_init(r, child);
	/* Without a stream of ours to read the child's input has ended. */
	if (how->in < 0)
		r->end_owed = child->terminal < 0;
	give_input(r);
	resize(r);

	while (result == 0 && !relay_done(r))
		result = relay_round(r, e);
	caller_end(&r->caller);
	flow_close(r, &r->out);
	flow_close(r, &r->err);
	close_input(r);
	close_p(&r->peer);
	if (result < 0)
		return result;
	*ret = (struct attach_result){ .end = r->pidfd >= 0 ? ATTACH_DETACHED : ATTACH_ENDED };
	return 0;
}
