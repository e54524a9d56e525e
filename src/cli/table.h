/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Columns.  A cell ends at a tab; cells that stand above each other in consecutive lines make a
 * column as wide as its widest cell and two blanks, at least twelve.  What follows the last tab of
 * a line belongs to no column.  So do Go's text/tabwriter and with it podman's tables.
 */
#pragma once

#include "base/buf.h"

void table_print(struct buf *out, const char *text, size_t len);
