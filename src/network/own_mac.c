/* SPDX-License-Identifier: BSD-2-Clause */
/* Hardware addresses of what berth makes on the host.  They are there from the first instant on,
 * and so tell what is berth's from what has the same name. */
#include <string.h>

#include "base/sha256.h"
#include "network/network_private.h"

static void hash(const char *of, const char *name, unsigned char ret[MAC_LEN])
{
	uint8_t all[SHA256_BYTES];
	struct sha256 h;

	sha256_begin(&h);
	sha256_add(&h, of, strlen(of));
	sha256_add(&h, name, strlen(name));
	sha256_end(&h, all);
	memcpy(ret, all, MAC_LEN);
	/* Locally administered, and nobody's group. */
	ret[0] = (unsigned char)((ret[0] & 0xfc) | 2);
}

void network_bridge_mac(const char *network_id, const char *name, unsigned char ret[MAC_LEN])
{
	hash(network_id, name, ret);
}

void network_port_mac(const char *id, const char *name, unsigned char ret[MAC_LEN])
{
	hash(id, name, ret);
}

bool network_is_port(const struct netlink_info *i, const char *id)
{
	unsigned char mac[MAC_LEN];

	network_port_mac(id, i->name, mac);
	return i->has_mac && memcmp(i->mac, mac, MAC_LEN) == 0;
}
