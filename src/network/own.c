/* SPDX-License-Identifier: BSD-2-Clause */
/* What tells berth's interfaces from those that only have the same name: a bridge's alias, and
 * hardware addresses, which are there from the first instant on. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

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

void network_bridge_mark(const struct state *s, const char *network, char ret[BRIDGE_MARK_TEXT])
{
	struct stat st = { 0 };

	/* Its path may be given in several ways. */
	if (fstat(s->run, &st) < 0)
		st.st_ino = 0;
	snprintf(ret, BRIDGE_MARK_TEXT, BRIDGE_MARK "%s@%llx:%llx", network,
		 (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
}
