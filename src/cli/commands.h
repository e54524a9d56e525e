/* SPDX-License-Identifier: BSD-2-Clause */
/* Every command, in its own file of the same name. */
#pragma once

#include "base/option.h"

extern const struct command create_command, run_command, version_command;

/* Run by berth itself, not by people. */
extern const struct command cleanup_internal_command, start_internal_command;
