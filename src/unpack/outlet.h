/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a tar goes: hashed, compressed if asked, hashed, written. */
#pragma once

#include <stddef.h>

#include "unpack/report.h"
#include "unpack/unpack.h"

struct outlet;

struct outlet *outlet_new(int fd, const struct unpack_request *how, struct report *report,
			  struct err *e);
void outlet_free(struct outlet *o);
DEFINE_AUTO(outlet);

int outlet_write(struct outlet *o, const void *bytes, size_t len, struct err *e);
/* Ends it and fills the digests and sizes. */
int outlet_end(struct outlet *o, struct unpack_result *ret, struct err *e);
