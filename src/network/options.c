/* SPDX-License-Identifier: BSD-2-Clause */
/* --opt KEY=VALUE of networks: a table of which driver knows what. */
#include <string.h>

#include "network/network_private.h"

enum { BRIDGE = 1, MACVLAN = 2, IPVLAN = 4, DEVICE = 8 };

const char *const network_driver_name[NETWORK_DRIVERS] = {
	[NETWORK_BRIDGE] = "bridge",
	[NETWORK_MACVLAN] = "macvlan",
	[NETWORK_IPVLAN] = "ipvlan",
	[NETWORK_HOST_DEVICE] = "host-device",
};

/* The numbers of linux/if_link.h. */
static const struct network_mode macvlan_modes[] = {
	{ "bridge", 4 }, { "private", 1 }, { "vepa", 2 }, { "passthru", 8 }, { 0 },
};
static const struct network_mode ipvlan_modes[] = {
	{ "l2", 0 },
	{ "l3", 1 },
	{ "l3s", 2 },
	{ 0 },
};
static const struct network_mode bridge_modes[] = {
	{ "managed", 0 },
	{ "unmanaged", 1 },
	{ 0 },
};

static const struct network_mode *modes(const struct network *n)
{
	switch (network_driver(n)) {
	case NETWORK_MACVLAN:
		return macvlan_modes;
	case NETWORK_IPVLAN:
		return ipvlan_modes;
	default:
		return bridge_modes;
	}
}

int network_mode(const struct network *n)
{
	const char *name = text_map_get(&n->options, "mode");
	const struct network_mode *m = modes(n);

	if (!name)
		return m->number;
	for (; m->name; m++)
		if (strcmp(m->name, name) == 0)
			return m->number;
	return -1;
}

enum network_driver network_driver(const struct network *n)
{
	int i = text_index(n->driver, network_driver_name, NETWORK_DRIVERS);

	return i < 0 ? NETWORK_DRIVERS : (enum network_driver)i;
}

bool network_option_is(const struct network *n, const char *key)
{
	const char *value = text_map_get(&n->options, key);

	return value && text_truth(value) == 1;
}

/* Checks; *value may be brought into the one form that is stored. */
typedef int check_option(struct arena *a, const struct network *n, const char **value,
			 struct err *e);

static int check_mtu(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	int64_t mtu;
	int r = text_to_int(*value, INT32_MIN, INT32_MAX, &mtu, "mtu", e);

	if (r < 0)
		return r;
	if (mtu < 0)
		return err_set(e, ERR_INVALID, "mtu %s is less than zero", *value);
	if (mtu > 0 && (mtu < 68 || mtu > 65535))
		return err_set(e, ERR_INVALID, "mtu %s must be between 68 and 65535", *value);
	return 0;
}

static int check_vlan(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	int64_t vlan;
	int r = text_to_int(*value, INT32_MIN, INT32_MAX, &vlan, "vlan", e);

	if (r == 0 && (vlan < 0 || vlan > 4094))
		return err_set(e, ERR_INVALID, "vlan ID %s must be between 0 and 4094", *value);
	return r;
}

static int check_bool(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	int is = text_truth(*value);

	if (is < 0)
		return err_set(e, ERR_INVALID, "\"%s\" is neither true nor false", *value);
	*value = is ? "true" : "false";
	return 0;
}

static int check_isolate(struct arena *a, const struct network *n, const char **value,
			 struct err *e)
{
	return strcmp(*value, "strict") == 0 ? 0 : check_bool(a, n, value, e);
}

static int check_metric(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	uint64_t metric;

	return text_to_uint(*value, UINT32_MAX, &metric, "metric", e);
}

static int check_limit(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	int64_t limit;

	return text_to_int(*value, INT32_MIN, INT32_MAX, &limit, "bclim", e);
}

static int check_vrf(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	return network_check_interface(*value, "vrf", e);
}

static int check_mode(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	if (network_mode(n) >= 0)
		return 0;
	return err_set(e, ERR_INVALID, "unknown %s mode \"%s\"", n->driver, *value);
}

static int check_mac(struct arena *a, const struct network *n, const char **value, struct err *e)
{
	return network_check_mac(a, value, e);
}

static int check_addresses(struct arena *a, const struct network *n, const char **value,
			   struct err *e)
{
	struct texts l = texts_split(a, *value, ',');
	struct address address;

	for (size_t i = 0; i < l.n; i++)
		if (!address_parse_net(l.v[i], &address))
			return err_set(e, ERR_INVALID, "invalid CIDR address: %s", l.v[i]);
	return 0;
}

static const struct {
	const char *name;
	unsigned drivers;
	check_option *check;
} known[] = {
	{ "mtu", BRIDGE | MACVLAN | IPVLAN | DEVICE, check_mtu },
	{ "vlan", BRIDGE, check_vlan },
	{ "isolate", BRIDGE, check_isolate },
	{ "vrf", BRIDGE, check_vrf },
	{ "metric", BRIDGE | MACVLAN | IPVLAN | DEVICE, check_metric },
	{ "no_default_route", BRIDGE | MACVLAN | IPVLAN | DEVICE, check_bool },
	{ "mode", BRIDGE | MACVLAN | IPVLAN, check_mode },
	{ "bclim", MACVLAN, check_limit },
	{ "address", DEVICE, check_addresses },
	{ "mac", DEVICE, check_mac },
};

static int check_one(struct arena *a, const struct network *n, struct text_pair *p, struct err *e)
{
	unsigned driver = 1U << network_driver(n);
	int r;

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (strcmp(known[i].name, p->key) != 0 || !(known[i].drivers & driver))
			continue;
		r = known[i].check(a, n, &p->value, e);
		return r < 0 ? err_wrap(e, "%s network option %s", n->driver, p->key) : 0;
	}
	return err_set(e, ERR_INVALID, "unsupported %s network option %s", n->driver, p->key);
}

/* Docker's names of what podman calls otherwise. */
static void translate(struct arena *a, struct network *n)
{
	static const struct text_pair others[] = {
		{ "com.docker.network.driver.mtu", "mtu" },
		{ "com.docker.network.bridge.name", NULL },
		{ "macvlan_mode", "mode" },
		{ "ipvlan_mode", "mode" },
		{ "parent", NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		const char *value = text_map_get(&n->options, others[i].key);

		if (!value ||
		    (strcmp(others[i].key, "parent") == 0 && network_driver(n) == NETWORK_BRIDGE))
			continue;
		if (others[i].value)
			text_map_set(a, &n->options, others[i].value, value);
		else
			n->network_interface = value;
		text_map_remove(&n->options, others[i].key);
	}
}

int network_complete_options(struct arena *a, struct network *n, struct err *e)
{
	int r = 0;

	translate(a, n);
	for (size_t i = 0; r == 0 && i < n->options.n; i++)
		r = check_one(a, n, &n->options.v[i], e);
	return r;
}

int network_attachment_check(struct arena *a, struct network_attachment *n, struct err *e)
{
	static const struct network bridge = { .driver = "bridge" };
	int r = n->mac ? network_check_mac(a, &n->mac, e) : 0;

	if (r == 0 && n->interface)
		r = network_check_interface(n->interface, "interface", e);
	if (r == 0 && text_eq(n->interface, "lo"))
		r = err_set(e, ERR_INVALID, "interface name lo is the loopback's");
	/* They are in a file that all of the network share. */
	for (size_t i = 0; r == 0 && i < n->aliases.n; i++)
		if (!text_is_word(n->aliases.v[i]) || strchr(n->aliases.v[i], '#'))
			r = err_set(e, ERR_INVALID, "alias \"%s\" is no name", n->aliases.v[i]);
	if (r == 0 && n->host_interface)
		r = network_check_interface(n->host_interface, "host interface", e);
	for (size_t i = 0; r == 0 && i < n->options.n; i++) {
		struct text_pair *p = &n->options.v[i];

		for (size_t k = 0; r == 0 && k < ARRAY_LEN(known); k++)
			if (strcmp(known[k].name, p->key) == 0)
				r = known[k].check(a, &bridge, &p->value, e);
	}
	return r < 0 ? err_wrap(e, "invalid option for network %s", n->network) : 0;
}
