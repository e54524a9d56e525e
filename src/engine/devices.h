/* SPDX-License-Identifier: BSD-2-Clause */
/* The host's devices that a container was given. */
#pragma once

#include "engine/container.h"

/* Looks up --device paths (a folder gives all devices below it), or with --privileged all of /dev.
 * ERR_INVALID names a path that is no device. */
int container_devices(struct arena *a, const struct container *c, struct oci_devices *ret,
		      struct err *e);
