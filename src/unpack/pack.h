/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory tree as a tar, in an order that is the same each time. */
#pragma once

#include "unpack/outlet.h"

int pack_run(int root, const struct unpack_request *how, struct outlet *out,
	     struct unpack_result *ret, struct err *e);
