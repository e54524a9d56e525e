/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of container_specify(), a file each. */
#pragma once

#include "engine/specify.h"

int specify_process(struct arena *a, const struct container *c, const struct specify_facts *f,
		    struct oci_config *o, struct err *e);
int specify_mounts(struct arena *a, const struct container *c, const struct specify_facts *f,
		   struct oci_config *o, struct err *e);
int specify_linux(struct arena *a, const struct container *c, const struct specify_facts *f,
		  struct oci_config *o, struct err *e);

/* How a namespace is had. */
bool specify_is_private(const char *mode); /* of its own: NULL, "private", "none", "shareable" */
bool specify_is_host(const char *mode);
