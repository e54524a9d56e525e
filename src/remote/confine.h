/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the program gives up before it talks to anybody.
 */
#pragma once

#include "base/err.h"

/* For good, and for all that it may start. */
int confine(struct err *e);
