/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registries as sources of images, through the program libexec/berth/remote (remote/remote.h): one
 * process for each source.  OCI distribution specification 1.1 and what came before it.
 */
#pragma once

#include "image/source.h"

/* r is fully qualified.  Its mirrors, and whether it is blocked, are looked up in registries.conf;
 * the first place that has the manifest serves the blobs too.  Nothing is asked of the network
 * before the first manifest or blob. */
int registry_source_open(struct arena *a, const struct reference *r,
			 const struct source_access *access, struct source **ret, struct err *e);

/* The tags of r's repository, in the registry's order. */
int registry_tags(struct arena *a, const struct reference *r, const struct source_access *access,
		  struct texts *ret, struct err *e);

/* Whether the registry takes this user: ERR_DENIED when it doesn't.  host may have a path of a
 * repository behind it, as login's argument. */
int registry_login(struct arena *a, const char *host, const struct source_access *access,
		   struct err *e);
