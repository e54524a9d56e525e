/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of container_inspect(). */
#pragma once

#include "engine/inspect.h"

json_t *inspect_text(const char *s); /* NULL: "" */
json_t *inspect_texts(const struct texts *l);
json_t *inspect_map(const struct text_map *m);
json_t *inspect_capabilities(struct arena *a, uint64_t set);          /* by name */
json_t *inspect_time(int64_t nsec);                                   /* 0: Go's zero time */
json_t *inspect_bindings(struct arena *a, const struct container *c); /* published ports */
json_t *inspect_ports(struct arena *a, const struct container *c);    /* exposed ones as well */
json_t *inspect_network_settings(const struct state *s, struct arena *a, const struct container *c,
				 const struct container_status *status);
json_t *inspect_config(struct arena *a, const struct container *c);
json_t *inspect_host_config(const struct state *s, struct arena *a, const struct container *c);
