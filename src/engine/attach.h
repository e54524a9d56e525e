/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the caller's terminal and a container: run, start -a and attach talk to the container's
 * monitor (monitor/protocol.h); exec has the other process's pipes or terminal itself.  Either way
 * input, output, window size, detach keys and signals go through, and nothing that was written is
 * lost.  These calls block until the end.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

enum attach_end {
	ATTACH_ENDED,    /* the process ended: exit_code tells how */
	ATTACH_DETACHED, /* the user typed the detach keys */
	ATTACH_LOST,     /* the monitor is gone without having told the end */
};

struct attach_result {
	enum attach_end end;
	int exit_code; /* ATTACH_ENDED: 0 to 255, 128 + signal */
	int signal;
	bool oom_killed, restarting;
};

/* How the caller's side behaves. */
struct attach_how {
	int in, out, err; /* the caller's streams; -1: not attached */
	/* The container has a terminal: then `in`, if it is one too, is made raw and its window's
	 * size passed on, also later. */
	bool terminal;
	const char *detach_keys; /* NULL: the default, "" for none. Used with a terminal only. */
	/* Signals that the caller gets are passed on, except CHLD URG STOP KILL WINCH, and those of
	 * faults. */
	bool proxy_signals;
	/* Who gets them: return -errno; -ESRCH is ignored. */
	int (*send_signal)(void *arg, int signal);
	void *arg;
	bool owner; /* attach_relay(): ATTACH_OWNER; attach_cleaned() must follow */
};

/* A connection to a container's monitor. ERR_NOT_FOUND when none listens. */
int attach_connect(int run_dir, struct err *e);
/* Relays until the end. The socket stays open for attach_cleaned(). */
int attach_relay(int socket, const struct attach_how *how, struct attach_result *ret,
		 struct err *e);
/* An owner has cleaned up: the monitor may go, and delete what `lib` and `run` name in the trash on
 * its way ("": nothing). False: there is no monitor to do it. */
bool attach_cleaned(int socket, const char *lib, const char *run);
/* Waits for the exit, wanting no stream; timeout_ms negative: for ever, else -ETIMEDOUT. */
int attach_wait(int run_dir, int timeout_ms, struct attach_result *ret, struct err *e);

/* The same for those who wait for other things too: a connection that is readable when there is
 * something to tell. */
int attach_watch(int run_dir, struct err *e);
/* 1: the end is told in *ret, or that the monitor is gone; 0: not yet. */
int attach_told(int watch, struct attach_result *ret);

/* A process that is the caller's own child: exec. */
struct stdio_child {
	int pidfd;
	int terminal;     /* the master, or -1 */
	int in, out, err; /* else the ends of pipes, -1 if not there; the relay closes them */
};
/* Relays until the child has ended and what it wrote until then is delivered; processes it left
 * behind that hold the pipes are not waited for. ret->end is ATTACH_ENDED or ATTACH_DETACHED; the
 * exit code is the caller's to find (kernel_pidfd_wait). */
int stdio_relay(const struct stdio_child *child, const struct attach_how *how,
		struct attach_result *ret, struct err *e);
