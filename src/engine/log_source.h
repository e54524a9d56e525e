/* SPDX-License-Identifier: BSD-2-Clause */
/* The log of a container, whatever its driver. */
#pragma once

#include "engine/logs.h"
#include "engine/status.h"

int container_logs(const struct state *s, struct arena *a, const struct container *c,
		   const struct logs_read *what, logs_fn *fn, void *arg, struct err *e);
