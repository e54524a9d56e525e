/* SPDX-License-Identifier: BSD-2-Clause */
#pragma once

#include <jansson.h>

#include "base/arena.h"

/* The members of `version`. */
json_t *version_document(struct arena *a);
