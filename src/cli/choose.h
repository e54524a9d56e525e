/* SPDX-License-Identifier: BSD-2-Clause */
/* One of several, chosen with the arrow keys on the terminal that is stdin and stdout. */
#pragma once

#include "base/err.h"
#include "base/text.h"

/* *ret: its index. ERR_INVALID "^C" when the user leaves without choosing. */
int choose(const char *question, const struct texts *items, size_t *ret, struct err *e);
