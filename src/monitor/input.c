/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container's standard input: one packet at a time, so that a container that doesn't read makes
 * the client wait.  It stays open without any client, until the first client that had it sends the
 * end or goes away; a terminal then gets its end-of-file character instead, and stays.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "monitor/supervisor.h"

bool input_busy(const struct supervisor *s)
{
	return s->input.from < s->input.to || s->input.end;
}

static void input_close(struct supervisor *s)
{
	s->input.from = s->input.to = 0;
	s->input.end = false;
	watch_close(s, &s->input.watch);
}

/* One end-of-file character passes on the begun line, and it takes another to end an empty one. */
static void input_end_terminal(struct supervisor *s)
{
	struct input *in = &s->input;
	struct termios t;
	char end = 'D' & 037;

	if (tcgetattr(in->watch.fd, &t) == 0 && t.c_cc[VEOF] != _POSIX_VDISABLE)
		end = (char)t.c_cc[VEOF];
	in->from = in->to = 0;
	if (in->mid_line)
		in->text[in->to++] = end;
	in->text[in->to++] = end;
	in->end = in->mid_line = false;
}

static bool input_ends_line(char c)
{
	return c == '\n' || c == '\r' || c == ('D' & 037);
}

void input_write(struct supervisor *s)
{
	struct input *in = &s->input;

	while (in->watch.fd >= 0 && input_busy(s)) {
		ssize_t n;

		if (in->from == in->to && in->terminal) {
			input_end_terminal(s);
			continue;
		}
		if (in->from == in->to) {
			input_close(s);
			return;
		}
		n = write(in->watch.fd, in->text + in->from, in->to - in->from);
		if (n > 0) {
			in->from += (size_t)n;
			in->mid_line = !input_ends_line(in->text[in->from - 1]);
		} else if (errno == EIO && in->terminal) {
			in->from = in->to = 0; /* nobody has the other side open */
			in->end = false;
		} else if (errno != EINTR) {
			if (errno != EAGAIN)
				input_close(s);
			break;
		}
	}
	watch_set(s, &in->watch, in->watch.fd >= 0 && input_busy(s) ? EPOLLOUT : 0);
}

void input_take(struct supervisor *s, size_t from, size_t to)
{
	if (s->input.watch.fd < 0 || s->input.end)
		return;
	s->input.from = from;
	s->input.to = to;
	input_write(s);
}

void input_end(struct supervisor *s)
{
	if (s->input.watch.fd < 0)
		return;
	s->input.end = true;
	input_write(s);
}

void input_resize(struct supervisor *s, const struct attach_size *size)
{
	struct winsize w = { .ws_row = size->rows, .ws_col = size->columns };

	if (s->input.terminal && s->input.watch.fd >= 0)
		ioctl(s->input.watch.fd, TIOCSWINSZ, &w);
}
