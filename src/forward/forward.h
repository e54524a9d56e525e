/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `forward PIDFILE WORDS`: takes what comes to sockets of one network namespace to addresses in
 * another, as the client (src/network/forward.h).  WORDS are for whoever looks at it from outside.
 * It goes into the background when it is ready, with its number in PIDFILE, and ends when the
 * process that it was given ends.
 *
 * Descriptor 3 is a socket of packets with descriptors (unix(7), SCM_RIGHTS).  The first has one
 * byte, the network namespace where the targets are, and a pidfd; each of the others some struct
 * forward_port and as many bound sockets, UDP or TCP, of that family.  Then it ends.
 */
#pragma once

#include <stdint.h>

#define FORWARD_FD    3
#define FORWARD_BATCH 64 /* of one packet; the kernel takes 253 descriptors (SCM_MAX_FD) */

struct forward_port {
	uint8_t family, prefix; /* AF_INET or AF_INET6; of the target's subnet */
	uint16_t port;          /* in the host's order */
	uint8_t address[16];    /* of the target; the first 4 bytes of IPv4 */
	uint32_t mark;          /* of what is sent with the client's address (SO_MARK) */
};
