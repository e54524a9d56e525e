/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The file of the running program, out of reach of who may open /proc/PID/exe (CVE-2019-5736): a
 * container's process that is ours still, and waits, must not lead its guests to the host's file.
 */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* What /proc/self/exe is cannot be written to: it is on a read-only mount, or a sealed memfd. */
bool kernel_is_sealed(void);
/* Executes this very program once more, from a read-only mount of its file that nobody else can
 * change, or from a sealed copy in memory, with the same arguments.  Returns 0 if it is so already,
 * and does not return if it succeeds.  The new one finds BERTH_LIBEXEC set. */
int kernel_seal_self(struct err *e);
