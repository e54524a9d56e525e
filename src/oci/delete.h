/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "oci/record.h"

/* Ends a created container, or any with force, and removes what there is of it. at is locked. A
 * failing poststop hook is told in e, after everything was removed. */
int delete_container(struct record_at *at, bool force, struct err *e);
