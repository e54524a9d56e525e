/* SPDX-License-Identifier: BSD-2-Clause */
/* Gives up everything but the work: confine.c says what, in which order and why. */
#pragma once

#include "unpack/unpack.h"

/* After all that needs the machine's files, before the first byte of the archive. The descriptors
 * of the trees are replaced by ones that lead nowhere else. */
int confine(const struct unpack_request *how, struct err *e);
