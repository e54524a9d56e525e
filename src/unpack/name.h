/* SPDX-License-Identifier: BSD-2-Clause */
/* Names inside archives. */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "base/err.h"

/* Makes "./usr//bin/" and "/usr/bin" into "usr/bin", "." into "". ".." anywhere, components longer
 * than 255 bytes and more than max bytes in all are ERR_INVALID. */
int name_clean(const char *name, uint64_t max, char ret[PATH_MAX], struct err *e);
/* The last component of a clean name; it begins there. */
const char *name_base(const char *clean);
