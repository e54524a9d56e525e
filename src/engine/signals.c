/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/signals.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* libc's own tables differ from libc to libc. */
static const char *const names[] = {
	[SIGHUP] = "HUP",   [SIGINT] = "INT",       [SIGQUIT] = "QUIT", [SIGILL] = "ILL",
	[SIGTRAP] = "TRAP", [SIGABRT] = "ABRT",     [SIGBUS] = "BUS",   [SIGFPE] = "FPE",
	[SIGKILL] = "KILL", [SIGUSR1] = "USR1",     [SIGSEGV] = "SEGV", [SIGUSR2] = "USR2",
	[SIGPIPE] = "PIPE", [SIGALRM] = "ALRM",     [SIGTERM] = "TERM", [SIGSTKFLT] = "STKFLT",
	[SIGCHLD] = "CHLD", [SIGCONT] = "CONT",     [SIGSTOP] = "STOP", [SIGTSTP] = "TSTP",
	[SIGTTIN] = "TTIN", [SIGTTOU] = "TTOU",     [SIGURG] = "URG",   [SIGXCPU] = "XCPU",
	[SIGXFSZ] = "XFSZ", [SIGVTALRM] = "VTALRM", [SIGPROF] = "PROF", [SIGWINCH] = "WINCH",
	[SIGIO] = "IO",     [SIGPWR] = "PWR",       [SIGSYS] = "SYS",
};

static int by_name(const char *s)
{
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		if (names[i] && strcasecmp(names[i], s) == 0)
			return (int)i;
	if (strcasecmp(s, "CLD") == 0)
		return SIGCHLD;
	if (strcasecmp(s, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(s, "POLL") == 0)
		return SIGIO;
	return 0;
}

/* The kernel's own first real-time signal is 32; glibc's, which is what people mean, is 34. */
#define REALTIME_MIN 34
#define REALTIME_MAX 64

static int by_realtime(const char *s)
{
	const char *rest;
	int64_t by = 0;

	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	if (strncasecmp(s, "RTMIN", 5) != 0 && strncasecmp(s, "RTMAX", 5) != 0)
		return 0;
	rest = s + 5;
	if (*rest && text_to_int(rest, -30, 30, &by, "signal", NULL) < 0)
		return 0;
	by += strncasecmp(s, "RTMIN", 5) == 0 ? REALTIME_MIN : REALTIME_MAX;
	return by >= REALTIME_MIN && by <= REALTIME_MAX ? (int)by : 0;
}

int signal_parse(const char *s, int *ret, struct err *e)
{
	int64_t number;
	int found;

	if (*s && strspn(s, "0123456789") == strlen(s)) {
		if (text_to_int(s, 1, 64, &number, "signal", NULL) < 0)
			return err_set(e, ERR_INVALID, "valid signals are 1 through 64");
		*ret = (int)number;
		return 0;
	}
	found = by_name(s);
	if (!found)
		found = by_realtime(s);
	if (!found)
		return err_set(e, ERR_INVALID, "invalid signal: %s", s);
	*ret = found;
	return 0;
}

const char *signal_name(int number, char buf[16])
{
	const char *name = number > 0 && number < (int)ARRAY_LEN(names) ? names[number] : NULL;

	if (name)
		snprintf(buf, 16, "SIG%s", name);
	else if (number == REALTIME_MIN)
		snprintf(buf, 16, "SIGRTMIN");
	else
		snprintf(buf, 16, "SIGRTMIN+%d", (number - REALTIME_MIN) & 63);
	return buf;
}

int container_stop_signal(const struct container *c)
{
	int number;

	return c->stop_signal && signal_parse(c->stop_signal, &number, NULL) == 0 ? number
										  : SIGTERM;
}
