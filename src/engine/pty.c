/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/pty.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

/* What exit() and the signal handler need to find; nothing else in here changes after start. */
static struct {
	volatile sig_atomic_t fd; /* of the raw terminal, plus one; 0: there is none */
	struct termios before;
	bool prepared; /* exit() and signals restore it */
} raw;

static const int deadly[] = { SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGABRT,
			      SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGALRM };

void pty_restore(void)
{
	int fd = raw.fd - 1;

	if (fd < 0)
		return;
	raw.fd = 0;
	tcsetattr(fd, TCSADRAIN, &raw.before);
}

/* SA_RESETHAND: the second time it does what it would have done. */
static void restore_and_die(int signal)
{
	int fd = raw.fd - 1;

	raw.fd = 0;
	if (fd >= 0)
		tcsetattr(fd, TCSANOW, &raw.before);
	raise(signal);
}

static void watch_deadly_signals(void)
{
	struct sigaction ours = { .sa_handler = restore_and_die, .sa_flags = SA_RESETHAND }, now;

	for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
		if (sigaction(deadly[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			sigaction(deadly[i], &ours, NULL);
}

int pty_raw(int fd, struct err *e)
{
	struct termios t;

	if (raw.fd == 0 && tcgetattr(fd, &raw.before) < 0)
		return err_sys(e, "read the terminal's settings");
	if (!raw.prepared) {
		atexit(pty_restore);
		watch_deadly_signals();
		raw.prepared = true;
	}
	t = raw.before;
	cfmakeraw(&t);
	raw.fd = fd + 1;
	if (tcsetattr(fd, TCSADRAIN, &t) < 0)
		return err_sys(e, "make the terminal raw");
	return 0;
}

int pty_size(int fd, struct winsize *ret)
{
	return ioctl(fd, TIOCGWINSZ, ret) < 0 ? -errno : 0;
}

struct oci_console_size *pty_size_of_caller(struct arena *a)
{
	struct oci_console_size *size;
	struct winsize w;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (pty_size(fd, &w) < 0 || !w.ws_row || !w.ws_col)
			continue;
		size = ARENA_NEW(a, struct oci_console_size);
		size->height = w.ws_row;
		size->width = w.ws_col;
		return size;
	}
	return NULL;
}

/* One key up to the next comma; returns its length, 0 if there is no such key. */
static size_t key_parse(const char *s, char *ret)
{
	static const char with_ctrl[] = "abcdefghijklmnopqrstuvwxyz@[\\]^_";

	if (!strncmp(s, "ctrl-", 5) && s[5] && strchr(with_ctrl, s[5])) {
		*ret = s[5] & 037;
		return 6;
	}
	*ret = s[0];
	return s[0] && s[0] != ',' && (unsigned char)s[0] < 0x80 ? 1 : 0;
}

int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e)
{
	struct detach_keys k = { .len = 0 };
	const char *s = text;

	while (*s) {
		size_t n = k.len < DETACH_KEYS_MAX ? key_parse(s, &k.key[k.len]) : 0;

		if (n == 0 || (s[n] && s[n] != ',') || (s[n] == ',' && !s[n + 1]))
			return err_set(e, ERR_INVALID, "invalid detach keys: \"%s\"", text);
		k.len++;
		s += n + (s[n] == ',');
	}
	*ret = k;
	return 0;
}

/* The longest beginning of the sequence, shorter than what was matched, that what was matched ends
 * with. */
static size_t detach_keys_border(const struct detach_keys *k)
{
	size_t n = k->matched - 1;

	while (n > 0 && memcmp(k->key, k->key + k->matched - n, n) != 0)
		n--;
	return n;
}

size_t detach_keys_filter(struct detach_keys *k, const char *in, size_t len, char *out,
			  bool *ret_detach)
{
	size_t n = 0;

	*ret_detach = false;
	for (size_t i = 0; i < len; i++) {
		while (k->matched > 0 && in[i] != k->key[k->matched]) {
			size_t keep = detach_keys_border(k);

			memcpy(out + n, k->key, k->matched - keep);
			n += k->matched - keep;
			k->matched = keep;
		}
		if (k->len == 0 || in[i] != k->key[k->matched]) {
			out[n++] = in[i];
			continue;
		}
		if (++k->matched == k->len) {
			k->matched = 0;
			*ret_detach = true;
			break;
		}
	}
	return n;
}
