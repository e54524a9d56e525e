/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The progress of pull, load and save on standard error: on a terminal a bar for each layer that is
 * on its way, below the lines of what is done; elsewhere a line a step, as podman has them.
 */
#pragma once

#include "image/image.h"

struct progress;
/* fd is a terminal: bars; columns 0: ask it. */
struct progress *progress_new(int fd, bool terminal, unsigned columns);
void progress_free(struct progress *p);
DEFINE_AUTO(progress);

/* An image_pull.progress; arg is the struct progress. */
void progress_show(void *arg, const struct image_progress *step);
