/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/caller.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/kernel.h"

/* Not for the container: our children's, those that can't be caught, those of the window and of the
 * input's readiness, those of our own faults, and those by which the terminal stops us when we are
 * in its background. */
static const int not_proxied[] = { SIGCHLD, SIGURG, SIGSTOP, SIGKILL, SIGSEGV, SIGBUS,
				   SIGFPE,  SIGILL, SIGTRAP, SIGSYS,  SIGTTIN, SIGTTOU };

static void sink_start(struct sink *s, int fd)
{
	struct stat st;

	*s = (struct sink){ .fd = fd };
	s->plain = fd >= 0 && fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode));
}

void sink_put(struct sink *s, const char *data, size_t len)
{
	if (s->fd < 0 || s->gone)
		return;
	s->data = data;
	s->len = len;
	sink_flush(s, false);
}

/* A pipe that poll() finds writable takes PIPE_BUF bytes without waiting, on any kernel; newer ones
 * can be asked for as much as goes without waiting. */
static ssize_t sink_write(const struct sink *s, bool ready)
{
	ssize_t n;

	if (s->plain) {
		n = write(s->fd, s->data, s->len);
		return n < 0 ? -errno : n;
	}
	n = kernel_write_nowait(s->fd, s->data, s->len);
	if (n >= 0 || n == -EINTR || n == -EPIPE)
		return n;
	if (!ready)
		return -EAGAIN;
	n = write(s->fd, s->data, s->len < PIPE_BUF ? s->len : PIPE_BUF);
	return n < 0 ? -errno : n;
}

void sink_flush(struct sink *s, bool ready)
{
	while (s->len > 0) {
		ssize_t n = sink_write(s, ready);

		ready = false;
		if (n == -EINTR)
			continue;
		if (n == -EAGAIN)
			return;
		if (n < 0) {
			/* Also a full disk: what can't be written is of no use to anyone. */
			s->gone = true;
			s->len = 0;
			return;
		}
		s->data += n;
		s->len -= (size_t)n;
	}
}

static int take_signals(struct caller *c, struct err *e)
{
	sigset_t mask;

	sigemptyset(&mask);
	if (c->how->proxy_signals) {
		sigfillset(&mask);
		for (size_t i = 0; i < ARRAY_LEN(not_proxied); i++)
			sigdelset(&mask, not_proxied[i]);
	}
	sigaddset(&mask, SIGPIPE);
	sigaddset(&mask, SIGWINCH);
	sigaddset(&mask, SIGCONT);
	c->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	if (c->signals < 0)
		return err_sys(e, "watch signals");
	sigprocmask(SIG_BLOCK, &mask, &c->mask_before);
	return 0;
}

int caller_start(struct caller *c, const struct attach_how *how, struct err *e)
{
	int r;

	c->how = how;
	c->signals = c->window = -1;
	c->raw = false;
	c->in_open = how->in >= 0;
	c->keys = (struct detach_keys){ .len = 0 };
	sink_start(&c->out, how->out);
	sink_start(&c->err, how->err);
	if (how->terminal) {
		r = detach_keys_parse(how->detach_keys ? how->detach_keys : DETACH_KEYS_DEFAULT,
				      &c->keys, e);
		if (r < 0)
			return r;
		c->window = isatty(how->in) ? how->in : isatty(how->out) ? how->out : -1;
	}
	if (how->terminal && isatty(how->in)) {
		r = pty_raw(how->in, e);
		if (r < 0)
			return r;
		c->raw = true;
	}
	r = take_signals(c, e);
	if (r < 0)
		caller_end(c);
	return r;
}

void caller_end(struct caller *c)
{
	struct signalfd_siginfo info;

	if (c->raw)
		pty_restore();
	if (c->signals < 0)
		return;
	/* One that came too late to be passed on would end us instead. */
	while (read(c->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		;
	close_p(&c->signals);
	sigprocmask(SIG_SETMASK, &c->mask_before, NULL);
}

bool caller_signals(struct caller *c)
{
	struct signalfd_siginfo info;
	bool resized = false;

	while (read(c->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int number = (int)info.ssi_signo;

		if (number == SIGCONT && c->raw)
			pty_raw(c->how->in, NULL); /* the shell changed it while we were stopped */
		if (number == SIGWINCH || number == SIGCONT)
			resized = true;
		if (number == SIGWINCH || number == SIGPIPE)
			continue;
		if (c->how->proxy_signals && c->how->send_signal)
			c->how->send_signal(c->how->arg, number);
	}
	return resized && c->window >= 0;
}

size_t caller_read(struct caller *c, bool *ret_detach)
{
	char typed[CALLER_READ_MAX];
	ssize_t n = read(c->how->in, typed, sizeof(typed));

	*ret_detach = false;
	if (n > 0)
		return detach_keys_filter(&c->keys, typed, (size_t)n, c->in, ret_detach);
	if (n == 0 || (errno != EINTR && errno != EAGAIN))
		c->in_open = false;
	return 0;
}
