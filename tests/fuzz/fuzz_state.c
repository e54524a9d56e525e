/* SPDX-License-Identifier: BSD-2-Clause */
/* Any bytes as berth-oci's state.json; what is accepted is accepted again after it was written. */
#include "oci/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	AUTO(arena) a = arena_new();
	auto_buf out = BUF(16 << 20);
	struct record r = { 0 }, again = { 0 };
	struct err e;

	if (json_read(a, (const char *)data, len, &record_json, &r, &e) < 0)
		return 0;
	record_check_id(r.id, &e);
	json_write(&out, &record_json, &r, 0);
	if (!out.failed && json_read(a, out.data, out.len, &record_json, &again, &e) < 0)
		__builtin_trap();
	return 0;
}
