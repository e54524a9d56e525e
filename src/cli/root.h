/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "cli/cli.h"

extern const struct command root_command;
