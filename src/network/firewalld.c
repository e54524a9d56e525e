/* SPDX-License-Identifier: BSD-2-Clause */
/* firewalld, by D-Bus (firewalld.dbus(5)). It forgets what is said to it here when it restarts. */
#include <stdlib.h>
#include <string.h>

#include "base/dbus.h"
#include "base/units.h"
#include "network/firewall_private.h"

#define BUS            "/run/dbus/system_bus_socket"
#define BUS_VARIABLE   "DBUS_SYSTEM_BUS_ADDRESS" /* as for all clients of D-Bus */
#define ZONE           "trusted"
#define ANSWER_SECONDS 25 /* it is busy for a while when it reloads */

static int call(struct dbus *d, const struct dbus_call *c, struct err *e)
{
	struct dbus_message m = { 0 };
	struct dbus_reader body;
	uint32_t serial;
	const char *words;
	int r = dbus_send(d, c, &serial, e);

	if (r == 0)
		r = dbus_wait(d, serial, clock_monotonic_usec() + ANSWER_SECONDS * USEC_PER_SEC, &m,
			      e);
	if (r < 0 || m.type != DBUS_ERROR)
		return r;
	body = (struct dbus_reader){ .data = m.body, .len = m.body_len };
	words = *m.signature == 's' ? dbus_read_text(&body) : m.error;
	/* It is so already, or the administrator wants it in a zone that he has chosen. */
	if (strstr(words, "ALREADY_ENABLED") || strstr(words, "ZONE_ALREADY_SET") ||
	    strstr(words, "ZONE_CONFLICT"))
		return 0;
	return err_set(e, ERR_REMOTE, "firewalld says: %s", words);
}

static const char *bus(void)
{
	const char *path = text_after(getenv(BUS_VARIABLE), "unix:path=");

	return text_empty(path) ? BUS : path;
}

int firewalld_trust(const char *interface, bool trust, struct err *e)
{
	auto_dbus d = { .fd = -1 };
	auto_buf nothing = BUF(16);
	auto_buf body = BUF(256);
	int r = dbus_connect(&d, bus(), "the system's bus", e);

	dbus_text(&body, ZONE);
	dbus_text(&body, interface);
	if (r == 0)
		r = call(&d,
			 &(struct dbus_call){
				 .destination = "org.freedesktop.DBus",
				 .path = "/org/freedesktop/DBus",
				 .interface = "org.freedesktop.DBus",
				 .member = "Hello",
				 .signature = "",
				 .body = &nothing,
			 },
			 e);
	if (r == 0)
		r = call(&d,
			 &(struct dbus_call){
				 .destination = "org.fedoraproject.FirewallD1",
				 .path = "/org/fedoraproject/FirewallD1",
				 .interface = "org.fedoraproject.FirewallD1.zone",
				 .member = trust ? "addInterface" : "removeInterface",
				 .signature = "ss",
				 .body = &body,
			 },
			 e);
	return r < 0 && e ? err_wrap(e, "zone " ZONE ", interface %s", interface) : r;
}
