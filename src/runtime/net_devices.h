/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * linux.netDevices: interfaces that move into the container's network namespace with their
 * permanent global addresses, and come back only if the start fails.  Private to this module.
 */
#pragma once

#include "spec/runtime.h"

struct net_devices; /* what was moved, and from where */

/* Into the namespace `netns`. On failure all are back. */
int net_devices_move(const struct oci_net_devices *l, int netns, struct arena *a,
		     struct net_devices **ret, struct err *e);
/* Moves them back, as far as that can be done; the namespace is let go. n may be NULL. */
void net_devices_return(struct net_devices *n);
/* They stay; the namespace is let go. n may be NULL. */
void net_devices_keep(struct net_devices *n);
