/* SPDX-License-Identifier: BSD-2-Clause */
/* What the program tells the engine, and names as errors show them. */
#pragma once

#include "base/buf.h"
#include "unpack/unpack.h"

struct report {
	int fd;             /* -1: nobody listens */
	struct buf members; /* waiting to be sent together */
};

void report_progress(struct report *r, uint64_t bytes);
int report_opaque(struct report *r, const char *path, struct err *e);
int report_member(struct report *r, const struct unpack_member_message *m, const char *name,
		  const char *link, struct err *e);
int report_members_end(struct report *r, struct err *e);
int report_result(struct report *r, const struct unpack_result *result);
void report_error(struct report *r, const struct err *e);

/* A name from an archive, fit for a terminal: what isn't printable ASCII or UTF-8 as \xNN. */
struct quoted {
	char text[256];
};
struct quoted quoted(const char *name);
