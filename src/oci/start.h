/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "oci/record.h"

/* What follows the execution of the program: poststart hooks, one of which can end it all. */
int started(struct record_at *at, const struct oci_config *c, struct err *e);
