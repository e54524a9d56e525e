/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caller's terminal while a container has the keyboard: raw, and given back on every way out,
 * signals included.  One terminal at a time, because the signal handlers must find it.
 */
#pragma once

#include <stdbool.h>
#include <sys/ioctl.h>

#include "base/err.h"
#include "spec/runtime.h"

/* Makes the terminal fd raw; until pty_restore() also exit() and signals that end the process put
 * it back. */
int pty_raw(int fd, struct err *e);
void pty_restore(void);
/* The window's size of a terminal; -errno. */
int pty_size(int fd, struct winsize *ret);
/* Of the terminal that this process has as a standard stream, for a new terminal to begin with;
 * NULL if there is none or it has no size. */
struct oci_console_size *pty_size_of_caller(struct arena *a);

/* The detach sequence. */
#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"
#define DETACH_KEYS_MAX     32

struct detach_keys {
	char key[DETACH_KEYS_MAX];
	size_t len;     /* 0: there is none */
	size_t matched; /* keys of it that were typed and held back */
};
/* "ctrl-X" with X of a-z @ [ \ ] ^ _, or single characters, between commas; "" is none. */
int detach_keys_parse(const char *text, struct detach_keys *ret, struct err *e);
/* Filters typed bytes: out, with room for len + DETACH_KEYS_MAX, gets those that are no part of the
 * sequence, now or when it turns out so. Returns their number; *ret_detach: the sequence is there,
 * and what was typed behind it is dropped. */
size_t detach_keys_filter(struct detach_keys *k, const char *in, size_t len, char *out,
			  bool *ret_detach);
