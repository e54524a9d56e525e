/* SPDX-License-Identifier: BSD-2-Clause */
/* What a D-Bus socket may send. */
#include <stdint.h>
#include <string.h>

#include "base/dbus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct dbus_message m;
	struct dbus_reader r;

	if (dbus_parse(data, len, &m) < 0)
		return 0;
	r = (struct dbus_reader){ .data = m.body, .len = m.body_len };
	dbus_read_u32(&r);
	if (strlen(dbus_read_text(&r)) + strlen(m.member) + strlen(m.signature) > len)
		__builtin_trap();
	return 0;
}
