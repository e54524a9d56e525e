/* SPDX-License-Identifier: BSD-2-Clause */
/* Where in an uncompressed archive file its members' contents are. */
#pragma once

#include "unpack/report.h"

/* A compressed one is ERR_UNSUPPORTED, and ret->compression tells which. */
int index_run(int fd, const struct unpack_request *how, struct report *report,
	      struct unpack_result *ret, struct err *e);
