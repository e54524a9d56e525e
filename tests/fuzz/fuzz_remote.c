/* SPDX-License-Identifier: BSD-2-Clause */
/* Any packet of the control socket, at both of its ends. */
#include <stdint.h>

#include "remote/remote.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	struct remote_request q;
	struct remote_event v;
	struct err e = { 0 };

	if (remote_read_request(a, (const char *)data, len, &q, &e) == 0 &&
	    (q.op < 0 || q.op >= REMOTE_OPS || q.plain < 0 || q.plain >= REMOTE_PLAINS))
		abort();
	if (remote_read_event(a, (const char *)data, len, &v, &e) == 0 &&
	    (v.event < 0 || v.event >= REMOTE_EVENT_KINDS || v.kind < 0 || v.kind >= ERR_KINDS))
		abort();
	return 0;
}
