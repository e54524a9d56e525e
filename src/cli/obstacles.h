/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "cli/cli.h"

/* Warns of other people's firewalls that stand in the way of a network. */
void obstacles_warn(struct session *s, const char *network);
