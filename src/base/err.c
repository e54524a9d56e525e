/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const int kind_code[] = {
	[ERR_SYSTEM] = EIO,       [ERR_INVALID] = EINVAL, [ERR_NOT_FOUND] = ENOENT,
	[ERR_CONFLICT] = EEXIST,  [ERR_DENIED] = EACCES,  [ERR_UNSUPPORTED] = EOPNOTSUPP,
	[ERR_REMOTE] = EREMOTEIO,
};
_Static_assert(ARRAY_LEN(kind_code) == ERR_KINDS, "every kind has an errno");

static int fill(struct err *e, enum err_kind kind, int code, bool with_reason, const char *fmt,
		va_list args)
{
	int n;

	if (!e)
		return -code;
	e->kind = kind;
	e->code = code;
	e->where = 0;
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, args);
	errno = code;
	if (with_reason && n >= 0 && (size_t)n < sizeof(e->msg))
		snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %m");
	return -code;
}

int(err_sys)(struct err *e, const char *fmt, ...)
{
	int code = errno ? errno : EIO;
	va_list args;
	int r;

	va_start(args, fmt);
	r = fill(e, ERR_SYSTEM, code, true, fmt, args);
	va_end(args);
	return r;
}

int(err_from)(struct err *e, int r, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	r = fill(e, ERR_SYSTEM, r < 0 ? -r : EIO, true, fmt, args);
	va_end(args);
	return r;
}

int(err_set)(struct err *e, enum err_kind kind, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = fill(e, kind, kind_code[kind], false, fmt, args);
	va_end(args);
	return r;
}

int(err_wrap)(struct err *e, const char *fmt, ...)
{
	char was[sizeof(e->msg)];
	va_list args;
	int n;

	if (!e)
		return -EIO;
	memcpy(was, e->msg, sizeof(was));
	va_start(args, fmt);
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n + 2 < sizeof(e->msg)) {
		memcpy(e->msg + n, ": ", 2);
		memcpy(e->msg + n + 2, was, sizeof(e->msg) - (size_t)n - 2);
		e->msg[sizeof(e->msg) - 1] = '\0';
	}
	return e->code > 0 ? -e->code : -EIO;
}

int err_send(int fd, const struct err *e)
{
	ssize_t n;

	do
		n = write(fd, e, sizeof(*e));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : 0;
}

int err_recv(int fd, struct err *e)
{
	struct err got;
	ssize_t n;

	do
		n = read(fd, &got, sizeof(got));
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return 0;
	if (n < 0)
		return err_sys(e, "read a child's report");
	if (n != sizeof(got) || got.kind >= ERR_KINDS || got.code <= 0)
		return err_set(e, ERR_SYSTEM, "a child's report is garbled");
	got.msg[sizeof(got.msg) - 1] = '\0';
	if (e)
		*e = got;
	return -got.code;
}
