/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The process that waits for the end of a container's monitor, if the container has something of
 * the host that has to come back whatever was killed: the program `keeper`,
 * doc/decisions/keeper.md.
 */
#pragma once

#include "engine/container.h"

/* Before the container has any of it.  The monitor is a process that is there, this one perhaps.
 * (0: it is gone, which is an error). argv: executed when it is gone.  One that waits for another
 * monitor is ended. */
int keeper_start(const struct state *s, const char *id, pid_t monitor, const struct texts *argv,
		 struct err *e);
/* All is back, or nothing is to come back any more; nothing if there is none. */
void keeper_stop(const struct state *s, const char *id);
