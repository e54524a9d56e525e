/* SPDX-License-Identifier: BSD-2-Clause */
/* What mount.c and overlay.c share; nobody else includes it. */
#pragma once

#include <stdint.h>

#include "base/err.h"

/* fsconfig(2)'s commands. */
enum {
	CONFIG_FLAG = 0,
	CONFIG_STRING = 1,
	CONFIG_FD = 5,
	CONFIG_CREATE = 6,
	CONFIG_RECONFIGURE = 7
};

int config_open(const char *type);
int config_set(int config, unsigned command, const char *key, const char *value, int aux);
int config_error(int config, struct err *e, const char *what);
int config_mount(int config, uint64_t attr, const char *what, struct err *e);
int mount_call(const char *source, const char *target, const char *type, unsigned long flags,
	       const void *data);
