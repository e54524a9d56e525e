/* SPDX-License-Identifier: BSD-2-Clause */
/* RFC 4648 section 4, with padding. */
#pragma once

#include "base/arena.h"
#include "base/err.h"

char *base64_encode(struct arena *a, const void *data, size_t len);
/* ERR_INVALID "not base64". The result has a NUL behind it that ret_len (may be NULL) leaves out.
 */
int base64_decode(struct arena *a, const char *text, char **ret, size_t *ret_len, struct err *e);
