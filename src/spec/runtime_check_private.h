/* SPDX-License-Identifier: BSD-2-Clause */
/* What runtime_check.c and process_check.c share; nobody else includes it. */
#pragma once

#include "spec/runtime.h"

#define ID_MAX       (UINT32_MAX - 1) /* the last is "no ID" */
#define INVALID(...) err_set(e, ERR_INVALID, __VA_ARGS__)

static inline bool is_absolute(const char *path)
{
	return path && path[0] == '/';
}
