/* SPDX-License-Identifier: BSD-2-Clause */
/* Signals by the names and numbers that people write. */
#pragma once

#include "engine/container.h"

/* "KILL", "SIGKILL", "kill", "9", "RTMIN+3". ERR_INVALID "invalid signal: x", "valid signals are 1
 * through 64". */
int signal_parse(const char *s, int *ret, struct err *e);
/* "SIGTERM"; in a static buffer for real-time ones' sake: the caller gives it. */
const char *signal_name(int number, char buf[16]);
/* The container's own, else SIGTERM. */
int container_stop_signal(const struct container *c);
