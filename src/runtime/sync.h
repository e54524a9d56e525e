/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The socket between a new process and its parent.  The new process sends packets: that it failed,
 * the console's master, that it waits for its ID maps or at the gate.  The parent answers with one
 * byte.  End of file means that the program was executed: the socket closes on exec.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"
#include "runtime/launch/launch.h"

struct sync_message {
	union {
		uint32_t kind; /* enum sync_kind */
		struct {
			uint32_t kind;
			struct err e;
		} failed;
		struct launch_report launch;
	};
	int fd; /* received with it, or -1; not part of the packet */
};

int sync_open(int *ret_parent, int *ret_child, struct err *e);
/* In the new process; they allocate nothing. */
void sync_send_failure(int sync, const struct err *e);
int sync_send(int sync, enum sync_kind kind, int fd, struct err *e);
/* Waits for the parent's byte; its end is an error. */
int sync_wait(int sync, struct err *e);

/* In the parent: 1 with a message, 0 at the end of file, or a negative errno. */
int sync_receive(int sync, struct sync_message *ret, struct err *e);
int sync_answer(int sync, struct err *e);
