/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The caller's side of a relay, for attach.c and stdio.c: streams, terminal and signals of the
 * process that runs berth.  Its streams belong to others too, so they are never made non-blocking;
 * nevertheless nothing here blocks, because signals must get through while a pager stands still.
 */
#pragma once

#include <signal.h>

#include "engine/attach.h"
#include "engine/pty.h"

#define CALLER_READ_MAX 16000

/* A stream of ours that is written to.  What sink_put() gets must stay until it is taken. */
struct sink {
	int fd;     /* -1: goes nowhere */
	bool plain; /* a file: writing never waits */
	bool gone;  /* its reader is: EPIPE */
	const char *data;
	size_t len;
};
void sink_put(struct sink *s, const char *data, size_t len);
/* Writes what goes now; `ready`: poll() said so. */
void sink_flush(struct sink *s, bool ready);
static inline bool sink_busy(const struct sink *s)
{
	return s->len > 0;
}

struct caller {
	const struct attach_how *how;
	struct sink out, err;
	int signals; /* readable when there is a signal to pass on */
	sigset_t mask_before;
	bool raw;
	int window; /* a descriptor of the terminal whose window counts, or -1 */
	struct detach_keys keys;
	bool in_open;
	char in[CALLER_READ_MAX + DETACH_KEYS_MAX];
};

int caller_start(struct caller *c, const struct attach_how *how, struct err *e);
void caller_end(struct caller *c);
/* Passes signals on. Returns true when the window has another size. */
bool caller_signals(struct caller *c);
/* Reads what is there into c->in: its length; 0: nothing to pass on, look at in_open. */
size_t caller_read(struct caller *c, bool *ret_detach);
