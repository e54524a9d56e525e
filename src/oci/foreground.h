/* SPDX-License-Identifier: BSD-2-Clause */
/* A process of the container that this one waits for, as its parent. */
#pragma once

#include "base/err.h"
#include "runtime/runtime.h"

/* Before it is made: without a terminal of its own to give, the container has this process's. Makes
 * this process the reaper of what the container leaves behind. */
void foreground_reap_orphans(void);
/* Passes signals on, and with a terminal (c->console) what is typed and written, until it ends;
 * *ret_code is its exit code, 128 and the signal's number if one ended it. */
int foreground_wait(struct runtime_container *c, int *ret_code, struct err *e);
