/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include "base/err.h"

/* From here on this process can talk to the kernel's nftables, and to its pipes. */
int confine(struct err *e);
