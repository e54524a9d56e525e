/* SPDX-License-Identifier: BSD-2-Clause */
/* Network interfaces. */
#pragma once

#include "base/err.h"

/* Sets the loopback interface of this process's network namespace up. Allocates nothing. */
int kernel_loopback_up(struct err *e);
