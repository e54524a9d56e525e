/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one error convention.  A function that can fail returns a negative errno; where the reason
 * deserves words it takes `struct err *e` last, the first to see the failure fills it once, and
 * callers put what they were doing in front with err_wrap().  The struct is flat and smaller than
 * PIPE_BUF, so that a child reports with one atomic write.
 */
#pragma once

#include <stdbool.h>

#include "base/scope.h"

enum err_kind {
	ERR_SYSTEM,      /* a system call failed; code says which way */
	ERR_INVALID,     /* the request makes no sense (EINVAL) */
	ERR_NOT_FOUND,   /* it names something that isn't there (ENOENT) */
	ERR_CONFLICT,    /* it clashes with what is there (EEXIST) */
	ERR_DENIED,      /* policy says no (EACCES) */
	ERR_UNSUPPORTED, /* this kernel or build can't (EOPNOTSUPP) */
	ERR_REMOTE,      /* a peer misbehaved or is away (EREMOTEIO) */
	ERR_KINDS
};

struct err {
	enum err_kind kind;
	int code;  /* positive errno */
	int where; /* what failed, for front ends that map it to an exit code: an enum of theirs, or
		      0 */
	char msg[480];
};

/* Fills e from errno as "text: strerror"; returns -errno. */
int err_sys(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* As err_sys(), from a negative errno that a call returned. */
int err_from(struct err *e, int r, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Fills e with words alone; returns the negative errno of its kind. */
int err_set(struct err *e, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Puts "text: " in front of what e says; returns -e->code. */
int err_wrap(struct err *e, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Compilers and analyzers cannot see that the above never return 0 or more, and would warn of what
 * callers then leave unset. */
static inline int err_negative(int r)
{
	if (r >= 0)
		__builtin_unreachable();
	return r;
}
#define err_sys(...)  err_negative(err_sys(__VA_ARGS__))
#define err_from(...) err_negative(err_from(__VA_ARGS__))
#define err_set(...)  err_negative(err_set(__VA_ARGS__))
#define err_wrap(...) err_negative(err_wrap(__VA_ARGS__))

/* From a child about to _exit(): one write; allocates nothing. */
int err_send(int fd, const struct err *e);
/* At its parent: 0 at end of file (no error was sent), else -e->code with e filled. */
int err_recv(int fd, struct err *e);
