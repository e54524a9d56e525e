/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a client and the monitor of a container say to each other, over a SOCK_SEQPACKET socket: the
 * one named ATTACH_SOCKET in the container's run directory, or a socketpair that `run` made.  A
 * packet is one byte of type and its payload; both ends run on one machine, so numbers are in host
 * order.
 *
 * The client speaks first, with HELLO: which streams it wants and what it will do.  From then on it
 * gets output as it comes, and when the container has ended and all output is delivered, one EXIT;
 * nothing follows EXIT.  Closing the socket detaches.  A client that asks for no stream only waits
 * for the EXIT.
 *
 * A socket that was closed with packets unread makes the peer's next receive fail with ECONNRESET,
 * once, before it gives what was sent: clients must go on receiving after that error.
 */
#pragma once

#include <stdint.h>

#define ATTACH_SOCKET "attach"

/* The longest payload, in either direction.  A longer packet ends the connection. */
#define ATTACH_PAYLOAD_MAX 16384
#define ATTACH_PACKET_MAX  (ATTACH_PAYLOAD_MAX + 1)

enum attach_type {
	/* client to monitor */
	ATTACH_HELLO = 'h',  /* uint8_t: ATTACH_WANT_* */
	ATTACH_STDIN = 'i',  /* bytes */
	ATTACH_EOF = 'e',    /* of stdin: closes it; a terminal gets its end-of-file character */
	ATTACH_RESIZE = 'w', /* struct attach_size */
	/* uint8_t, ATTACH_WANT_STDOUT or _STDERR: nobody reads that stream any more.  From a
	 * foreground client this closes the container's stream, which then learns it as any writer
	 * does. */
	ATTACH_CLOSED = 'p',
	/* An owner has cleaned up after the EXIT; nothing, or struct attach_trash. */
	ATTACH_CLEANED = 'c',
	/* monitor to client */
	ATTACH_STDOUT = 'o', /* bytes; all output when the container has a terminal */
	ATTACH_STDERR = 'r', /* bytes */
	ATTACH_EXIT = 'x',   /* struct attach_exit */
};

enum {
	ATTACH_WANT_STDIN = 1,
	ATTACH_WANT_STDOUT = 2,
	ATTACH_WANT_STDERR = 4,
	/* After EXIT this client removes what the container leaves behind (cgroup; with --rm the
	 * container itself) and says CLEANED.  The monitor waits for that, and runs its own cleanup
	 * program only if the client goes away without it.  Not for containers that restart. */
	ATTACH_OWNER = 8,
};

struct attach_size {
	uint16_t rows, columns;
};

/* What the container's directories are called in the trash, where the owner put them: the monitor,
 * whom nobody waits for any more, deletes them. "": not there. */
struct attach_trash {
	char lib[256], run[256];
};

struct attach_exit {
	int32_t code;   /* as exit codes are told: 0 to 255, 128 + signal */
	int32_t signal; /* that ended it, or 0 */
	uint8_t oom_killed, restarting;
};
