/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Changes to what an image starts with, as instructions of a Containerfile: `import --change`,
 * `commit --change`.
 */
#pragma once

#include "spec/image.h"

/* CMD ENTRYPOINT ENV EXPOSE LABEL ONBUILD STOPSIGNAL USER VOLUME WORKDIR, followed by a blank or
 * "=" and their value.  Anything else is ERR_INVALID. */
int change_apply(struct arena *a, struct image_process *to, const char *change, struct err *e);
