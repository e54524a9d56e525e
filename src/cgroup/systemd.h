/* SPDX-License-Identifier: BSD-2-Clause */
/* The manager that leaves the tree to systemd: v2's, with a scope around the processes. */
#pragma once

#include "cgroup/manager.h"

const struct cgroup_manager *systemd_manager(struct arena *a);
/* Whether this user has one to talk to. */
bool systemd_is_there(void);

/* Pure parts. */
int systemd_place(struct arena *a, const struct cgroup_create *how, struct systemd_unit *ret,
		  struct err *e);
int systemd_properties(struct buf *b, const struct oci_linux_resources *r, struct err *e);
int systemd_bits(const char *list, uint8_t *bits, size_t room, size_t *ret_len, struct err *e);
const char *systemd_socket(struct arena *a);
