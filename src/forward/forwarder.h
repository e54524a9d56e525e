/* SPDX-License-Identifier: BSD-2-Clause */
/* What the files of this program share. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <time.h>

#include "forward/forward.h"

/* What an event of epoll(7) is of: the first member of whatever its pointer leads to. */
struct source {
	void (*ready)(struct source *s);
};

/* A bound socket, and where what comes to it goes. */
struct entry {
	struct source source;
	int fd;
	bool listens; /* TCP */
	struct forward_port to;
};

union socket_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};
socklen_t address_size(const union socket_address *a);

struct forwarder {
	int epoll;
	struct entry *entries;
	size_t entries_len;
};
extern struct forwarder forwarder;

int watch(int fd, unsigned events, struct source *source);
/* A socket that has not connected yet to where the entry leads, in the client's name if answers
 * would come back; or -1. type: SOCK_STREAM or SOCK_DGRAM. */
int open_target(const struct entry *e, const union socket_address *client, int type,
		union socket_address *ret_target);

/* TCP: accepts, and goes on with what there was too much of at once; false: there is no more. */
void stream_begin(struct source *s);
bool stream_go_on(void);

/* UDP: takes what has come; ends what nobody has used lately, and says for how many milliseconds
 * it may be left alone (-1: there is none). */
int datagram_prepare(struct entry *e);
void datagram_take(struct source *s);
int datagram_age(void);
