/* SPDX-License-Identifier: BSD-2-Clause */
/* inspect, for the groups that have their own: image inspect, volume inspect. */
#pragma once

#include <jansson.h>

#include "cli/cli.h"

/* Prints the objects of those names as a list, or each through the template; the exit status.
 * type: "all", "container", "image", "volume", "network". */
int inspect_named(void *globals, const char *type, const char *format, bool size, bool latest,
		  int argc, const char **argv);

/* The document of a volume; ERR_NOT_FOUND. */
int inspect_volume(struct session *s, const char *name, json_t **ret, struct err *e);
/* The same of a network. */
int inspect_network(struct session *s, const char *name, json_t **ret, struct err *e);
/* Adds the members that a network's document leaves out when they are empty: templates know them.
 */
void inspect_network_fill(json_t *list);
