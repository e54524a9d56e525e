/* SPDX-License-Identifier: BSD-2-Clause */
/* A network as it was asked for becomes one that can be: pure. Words are podman's. */
#include <string.h>

#include "network/network_private.h"

#define IPV6_MTU_MIN 1280

int network_check_interface(const char *name, const char *what, struct err *e)
{
	static const char more[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-@";

	if (!*name || strspn(name, more) != strlen(name) || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return err_set(e, ERR_INVALID,
			       "%s name %s invalid: names must match [a-zA-Z0-9_.@-]+: invalid "
			       "argument",
			       what, name);
	if (strlen(name) > INTERFACE_LEN)
		return err_set(e, ERR_INVALID,
			       "%s name %s is too long: an interface's name has at most %d "
			       "characters",
			       what, name, INTERFACE_LEN);
	return 0;
}

int network_check_mac(struct arena *a, const char **mac, struct err *e)
{
	unsigned char bytes[MAC_LEN];
	char text[MAC_TEXT];

	if (!mac_parse(*mac, bytes))
		return err_set(e, ERR_INVALID, "address %s: invalid MAC address", *mac);
	if (bytes[0] & 1)
		return err_set(e, ERR_INVALID,
			       "address %s: a multicast MAC address can't be an interface's", *mac);
	if (memcmp(bytes, "\0\0\0\0\0", MAC_LEN) == 0)
		return err_set(e, ERR_INVALID, "address %s: invalid MAC address", *mac);
	*mac = arena_strdup(a, mac_print(bytes, text));
	return 0;
}

static bool name_is_taken(const struct network_world *w, const char *name)
{
	for (size_t i = 0; i < w->networks.n; i++)
		if (text_eq(w->networks.v[i]->name, name) ||
		    text_eq(w->networks.v[i]->network_interface, name))
			return true;
	return texts_has(&w->interfaces, name);
}

/* "podman1", … */
static const char *free_name(struct arena *a, const struct network_world *w)
{
	for (unsigned i = 1;; i++) {
		const char *name = arena_printf(a, "podman%u", i);

		if (!name_is_taken(w, name))
			return name;
	}
}

static int complete_bridge(struct arena *a, struct network *n, const struct network_world *w,
			   struct err *e)
{
	bool unmanaged = network_mode(n) == NETWORK_UNMANAGED;

	if (!n->network_interface) {
		if (unmanaged)
			return err_set(e, ERR_INVALID,
				       "an unmanaged bridge has to be named by --interface-name");
		n->network_interface = free_name(a, w);
		return 0;
	}
	for (size_t i = 0; !unmanaged && i < w->networks.n; i++)
		if (network_driver(w->networks.v[i]) == NETWORK_BRIDGE &&
		    text_eq(w->networks.v[i]->network_interface, n->network_interface))
			return err_set(e, ERR_CONFLICT, "bridge name %s already in use",
				       n->network_interface);
	if (texts_has(&w->no_bridges, n->network_interface))
		return err_set(e, ERR_CONFLICT, "interface %s exists, and is no bridge",
			       n->network_interface);
	return network_check_interface(n->network_interface, "bridge", e);
}

static int complete_parent(struct network *n, const struct network_world *w, struct err *e)
{
	bool device = network_driver(n) == NETWORK_HOST_DEVICE;

	n->dns_enabled = false;
	if (!n->network_interface)
		return device ? err_set(e, ERR_INVALID,
					"the interface of the host is missing: -o parent=NAME")
			      : 0;
	if (device && text_eq(n->network_interface, "lo"))
		return err_set(e, ERR_INVALID, "interface lo is the loopback of the host");
	/* A device may well be plugged in later, or be in a container right now. */
	if (!device && !texts_has(&w->interfaces, n->network_interface))
		return err_set(e, ERR_NOT_FOUND, "parent interface %s does not exist",
			       n->network_interface);
	return network_check_interface(n->network_interface, "interface", e);
}

static const char *const ipam_drivers[] = { "host-local", "none", "keep" };

static int complete_ipam(struct arena *a, struct network *n, struct err *e)
{
	const char *driver = text_map_get(&n->ipam_options, "driver");
	bool device = network_driver(n) == NETWORK_HOST_DEVICE;

	if (!driver) {
		driver = network_driver(n) == NETWORK_BRIDGE || n->subnets.n || n->ipv6_enabled
				 ? "host-local"
			 : device ? "keep"
				  : "none";
		text_map_set(a, &n->ipam_options, "driver", driver);
	}
	if (strcmp(driver, "dhcp") == 0)
		return err_set(e, ERR_UNSUPPORTED,
			       "dhcp ipam driver is not supported: use none, and a DHCP client in "
			       "the container");
	if (text_index(driver, ipam_drivers, ARRAY_LEN(ipam_drivers)) < 0 ||
	    (strcmp(driver, "keep") == 0 && !device))
		return err_set(e, ERR_INVALID, "unsupported ipam driver \"%s\"", driver);
	if (strcmp(driver, "host-local") == 0)
		return 0;
	if (n->subnets.n)
		return err_set(e, ERR_INVALID, "%s ipam driver is set but subnets are given",
			       driver);
	n->dns_enabled = false;
	return 0;
}

static bool has_family(const struct network *n, int family)
{
	struct address a;

	for (size_t i = 0; i < n->subnets.n; i++)
		if (address_parse_net(n->subnets.v[i].subnet, &a) && a.family == family)
			return true;
	return false;
}

static int add_subnet(struct arena *a, struct network *n, const struct network_world *w, int family,
		      struct err *e)
{
	struct network_subnet *more = arena_array(a, n->subnets.n + 1, sizeof(*more));
	int r = network_free_subnet(a, w, n, family, &more[n->subnets.n].subnet, e);

	if (r < 0)
		return r;
	if (n->subnets.n)
		memcpy(more, n->subnets.v, n->subnets.n * sizeof(*more));
	n->subnets.v = more;
	n->subnets.n++;
	return 0;
}

static int add_subnets(struct arena *a, struct network *n, const struct network_world *w,
		       struct err *e)
{
	bool bridge = network_driver(n) == NETWORK_BRIDGE;
	int r = 0;

	if (!text_eq(text_map_get(&n->ipam_options, "driver"), "host-local"))
		return 0;
	if (!n->subnets.n && !bridge)
		return err_set(e, ERR_INVALID,
			       "%s driver needs at least one subnet specified when the host-local "
			       "ipam driver is set",
			       n->driver);
	/* IPv6 comes beside IPv4 when it is asked for, and not only as a subnet. */
	if (bridge && (!n->subnets.n || (n->ipv6_enabled && !has_family(n, AF_INET))))
		r = add_subnet(a, n, w, AF_INET, e);
	if (r == 0 && n->ipv6_enabled && !has_family(n, AF_INET6))
		r = add_subnet(a, n, w, AF_INET6, e);
	return r;
}

static int check_range(struct arena *a, const struct address *net, struct network_lease_range *l,
		       struct err *e)
{
	struct address start, end;
	char text[ADDRESS_TEXT];

	if (l->start_ip && (!address_parse(l->start_ip, &start) || !address_contains(net, &start)))
		return err_set(e, ERR_INVALID, "lease range start ip %s not in subnet %s",
			       l->start_ip, address_print_net(net, text));
	if (l->end_ip && (!address_parse(l->end_ip, &end) || !address_contains(net, &end)))
		return err_set(e, ERR_INVALID, "lease range end ip %s not in subnet %s", l->end_ip,
			       address_print_net(net, text));
	if (l->start_ip && l->end_ip && address_compare(&start, &end) > 0)
		return err_set(e, ERR_INVALID, "lease range end ip %s is before its start %s",
			       l->end_ip, l->start_ip);
	return 0;
}

static int check_gateway(struct arena *a, const struct address *net, struct network_subnet *s,
			 struct err *e)
{
	struct address gateway, first = address_first(net), last = address_last(net);
	char text[ADDRESS_TEXT];

	if (!s->gateway) {
		gateway = address_plus(&first, 1);
		s->gateway = arena_strdup(a, address_print(&gateway, text));
		return 0;
	}
	if (!address_parse(s->gateway, &gateway))
		return err_set(e, ERR_INVALID, "invalid gateway address %s", s->gateway);
	if (!address_contains(net, &gateway))
		return err_set(e, ERR_INVALID, "gateway %s not in subnet %s", s->gateway,
			       address_print_net(net, text));
	if (address_compare(&gateway, &first) == 0 ||
	    (net->family == AF_INET && address_compare(&gateway, &last) == 0))
		return err_set(e, ERR_INVALID, "gateway %s is the %s address of subnet %s",
			       s->gateway,
			       address_compare(&gateway, &first) ? "broadcast" : "first",
			       address_print_net(net, text));
	s->gateway = arena_strdup(a, address_print(&gateway, text));
	return 0;
}

/* On a host's own network (macvlan, ipvlan, a device) the subnet is one that is there already. */
static bool may_share(const struct network *n)
{
	return network_driver(n) != NETWORK_BRIDGE || network_mode(n) == NETWORK_UNMANAGED;
}

/* And what IPv4 has reserved above. */
static bool is_multicast(const struct address *net)
{
	return net->family == AF_INET ? net->bytes[0] >= 224 : net->bytes[0] == 0xff;
}

static int check_subnet(struct arena *a, struct network *n, struct network_subnet *s,
			const struct network_world *w, struct err *e)
{
	struct address net;
	char text[ADDRESS_TEXT];
	int r;

	if (!address_parse_net(s->subnet, &net))
		return err_set(e, ERR_INVALID, "invalid CIDR address: %s", s->subnet);
	net = address_first(&net);
	s->subnet = arena_strdup(a, address_print_net(&net, text));
	if (address_bits(&net) - net.prefix < 2)
		return err_set(e, ERR_INVALID,
			       "subnet %s is too small: beside the gateway there is no address for "
			       "a container",
			       s->subnet);
	if (is_multicast(&net))
		return err_set(e, ERR_INVALID, "subnet %s is no network of hosts: it is multicast",
			       s->subnet);
	if (!may_share(n) && network_subnet_is_used(w, n, s, &net))
		return err_set(e, ERR_CONFLICT,
			       "subnet %s is already used on the host or by another config",
			       s->subnet);
	r = check_gateway(a, &net, s, e);
	if (r == 0 && s->lease_range)
		r = check_range(a, &net, s->lease_range, e);
	if (net.family == AF_INET6)
		n->ipv6_enabled = true;
	return r;
}

/* A gateway is a neighbour; IPv6 ones may be known by their link's address. */
static bool is_reached(const struct network *n, const struct address *gateway)
{
	struct address net;

	if (gateway->family == AF_INET6 && gateway->bytes[0] == 0xfe &&
	    (gateway->bytes[1] & 0xc0) == 0x80)
		return true;
	for (size_t i = 0; i < n->subnets.n; i++)
		if (address_parse_net(n->subnets.v[i].subnet, &net) &&
		    address_contains(&net, gateway))
			return true;
	/* Who knows what addresses it will have. */
	return n->subnets.n == 0;
}

static bool is_same_route(const struct network_route *p, const struct network_route *q)
{
	return text_eq(p->destination, q->destination) && !p->metric == !q->metric &&
	       (!p->metric || *p->metric == *q->metric);
}

static int check_route(const struct network *n, const struct network_route *route, struct err *e)
{
	struct address to, first, by;
	char text[ADDRESS_TEXT];

	if (!address_parse_net(route->destination, &to))
		return err_set(e, ERR_INVALID, "invalid CIDR address: %s", route->destination);
	first = address_first(&to);
	if (address_compare(&to, &first) != 0)
		return err_set(e, ERR_INVALID, "route destination invalid: %s has host bits: %s",
			       route->destination, address_print_net(&first, text));
	if (!route->gateway)
		return 0;
	if (!address_parse(route->gateway, &by) || by.family != to.family)
		return err_set(e, ERR_INVALID, "route gateway invalid: %s", route->gateway);
	if (!is_reached(n, &by))
		return err_set(e, ERR_INVALID, "route gateway %s is in no subnet of the network",
			       route->gateway);
	for (const struct network_route *q = n->routes.v; q < route; q++)
		if (is_same_route(q, route))
			return err_set(e, ERR_INVALID,
				       "route to %s is given twice with the same metric",
				       route->destination);
	return 0;
}

/* Less than RFC 8200 asks of a link, and the kernel has no IPv6 there. */
static int check_mtu6(const struct network *n, const struct text_map *options, struct err *e)
{
	const char *text = text_map_get(options, "mtu");
	int64_t mtu;

	if (!n->ipv6_enabled || !text || text_to_int(text, 0, INT32_MAX, &mtu, "mtu", e) < 0 ||
	    mtu == 0 || mtu >= IPV6_MTU_MIN)
		return 0;
	return err_set(e, ERR_INVALID, "mtu %s is too small for IPv6, which needs %d", text,
		       IPV6_MTU_MIN);
}

int network_check_asked(const struct network *n, const struct network_attachment *asked,
			struct err *e)
{
	int r = network_check_addresses(n, asked, e);

	return r < 0 ? r : check_mtu6(n, &asked->options, e);
}

static int check_dns(const struct network *n, struct err *e)
{
	struct address a;

	if (n->dns_servers.n && !n->dns_enabled)
		return err_set(e, ERR_INVALID,
			       "cannot set NetworkDNSServers if DNS is not enabled "
			       "for the network: invalid argument");
	for (size_t i = 0; i < n->dns_servers.n; i++)
		if (!address_parse(n->dns_servers.v[i], &a))
			return err_set(e, ERR_INVALID, "unable to parse ip %s",
				       n->dns_servers.v[i]);
	return 0;
}

static int complete_interface(struct arena *a, struct network *n, const struct network_world *w,
			      struct err *e)
{
	return network_driver(n) == NETWORK_BRIDGE ? complete_bridge(a, n, w, e)
						   : complete_parent(n, w, e);
}

int network_complete(struct arena *a, struct network *n, const struct network_world *w,
		     struct err *e)
{
	int r;

	if (!n->driver)
		n->driver = "bridge";
	if (network_driver(n) == NETWORK_DRIVERS)
		return err_set(e, ERR_INVALID, "unsupported driver %s: invalid argument",
			       n->driver);
	if (!n->name)
		n->name = free_name(a, w);
	r = network_complete_options(a, n, e);
	if (r == 0)
		r = complete_interface(a, n, w, e);
	if (r == 0)
		r = complete_ipam(a, n, e);
	if (r == 0)
		r = add_subnets(a, n, w, e);
	for (size_t i = 0; r == 0 && i < n->subnets.n; i++)
		r = check_subnet(a, n, &n->subnets.v[i], w, e);
	for (size_t i = 0; r == 0 && i < n->routes.n; i++)
		r = check_route(n, &n->routes.v[i], e);
	if (r == 0)
		r = check_mtu6(n, &n->options, e);
	return r < 0 ? r : check_dns(n, e);
}
