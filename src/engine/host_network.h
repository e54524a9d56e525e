/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <jansson.h>

#include "base/arena.h"

/* Adds to `info`'s host: what makes networks, and what they have set in the kernel. */
void host_network(struct arena *a, json_t *host);
