/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The engine's end of one `remote` process.  Private to registry*.c.
 */
#pragma once

#include "base/child.h"
#include "image/source.h"
#include "remote/remote.h"

/* A fetch that was started, until registry_remote_end(). */
struct registry_fetch {
	uint64_t id;
	const char *what; /* "reading manifest latest in quay.io/x", for messages */
	bool over;
	struct remote_event last; /* strings in the remote's arena */
	struct registry_fetch *next;
};

struct registry_remote {
	struct arena *arena;
	const char *shown; /* what the whole is about, for notices */
	struct source_access access;
	struct child child;
	int control;
	uint64_t ids, servers;
	struct registry_fetch *fetches;
};

int registry_remote_start(struct arena *a, const struct source_access *access, const char *shown,
			  struct registry_remote *ret, struct err *e);
void registry_remote_stop(struct registry_remote *m);

/* A registry with its certificates; returns its number. */
struct registry_server {
	const char *host;
	const char *user, *password, *token;
	enum remote_plain plain;
	bool unverified;
};
int registry_remote_server(struct registry_remote *m, const struct registry_server *v,
			   struct err *e);

/* Sends q, with id, retries and pauses filled in, and fd (stays the caller's; -1: none). */
int registry_remote_fetch(struct registry_remote *m, struct remote_request *q, int fd,
			  struct registry_fetch *f, const char *what, struct err *e);
/* Hears what has been said, without waiting. */
int registry_remote_hear(struct registry_remote *m, struct err *e);
/* Waits until f is over; its error if it failed. f is the caller's again. */
int registry_remote_wait(struct registry_remote *m, struct registry_fetch *f, struct err *e);
/* Forgets f. */
void registry_remote_cancel(struct registry_remote *m, struct registry_fetch *f);
/* A whole document into ret. event (may be NULL): what was said at its end. */
int registry_remote_read(struct registry_remote *m, struct remote_request *q, const char *what,
			 struct buf *ret, struct remote_event *event, struct err *e);
