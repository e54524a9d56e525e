/* SPDX-License-Identifier: BSD-2-Clause */
/* Published ports as `ps` and `port` show them. */
#pragma once

#include <jansson.h>

#include "engine/container.h"

/* "0.0.0.0:8080->80/tcp, 0.0.0.0:9000-9002->90-92/udp, 443/tcp": also those that are exposed only.
 */
const char *ports_show(struct arena *a, const struct container *c);
/* podman's objects, null when there are none. */
json_t *ports_json(const struct container *c);
