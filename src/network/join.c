/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything that is to be known, and to be had, before there is a network namespace. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>

#include "network/network_private.h"

struct joining {
	const struct state *s;
	struct arena *a;
	const struct network_join *how;
	struct netlink *host; /* opened when it is needed */
	struct network_status *st;
};

static int open_host(struct joining *j, struct err *e)
{
	return j->host ? 0 : netlink_open(j->how->host_netns, &j->host, e);
}

/* Names inside */

static bool name_is_used(const struct joining *j, const char *name)
{
	for (size_t i = 0; i < j->st->endpoints.n; i++)
		if (text_eq(j->st->endpoints.v[i].interface, name))
			return true;
	for (size_t i = 0; i < j->how->asked->n; i++)
		if (text_eq(j->how->asked->v[i].interface, name))
			return true;
	return false;
}

static int name_inside(struct joining *j, struct network_endpoint *p, struct err *e)
{
	const char *asked = p->asked->interface;
	int r = asked ? network_check_interface(asked, "interface", e) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; asked && i < j->st->endpoints.n; i++)
		if (text_eq(j->st->endpoints.v[i].interface, asked))
			return err_set(e, ERR_CONFLICT, "interface name %s is given twice", asked);
	p->interface = asked;
	for (size_t i = 0; !p->interface; i++) {
		const char *name = arena_printf(j->a, "eth%zu", i);

		if (!name_is_used(j, name))
			p->interface = name;
	}
	return 0;
}

static bool host_name_is_used(const struct joining *j, const char *name)
{
	for (size_t i = 0; i < j->st->endpoints.n; i++)
		if (text_eq(j->st->endpoints.v[i].host_interface, name))
			return true;
	return false;
}

/* The container's, and one of its networks': known before it is there, and as long as it is. */
static int name_outside(struct joining *j, struct network_endpoint *p, struct err *e)
{
	static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

	p->host_interface = p->asked->host_interface;
	if (p->host_interface)
		return network_check_interface(p->host_interface, "host interface", e);
	for (const char *digit = digits; !p->host_interface; digit++) {
		const char *name = arena_printf(j->a, "veth%.10s%c", j->how->id, *digit);

		if (!host_name_is_used(j, name))
			p->host_interface = name;
	}
	return 0;
}

/* Locally administered, and nobody's group. */
static const char *random_mac(struct arena *a)
{
	unsigned char mac[MAC_LEN];
	char text[MAC_TEXT];

	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
		abort();
	mac[0] = (unsigned char)((mac[0] & 0xfc) | 2);
	return arena_strdup(a, mac_print(mac, text));
}

/* Two with one address on a link, and frames go to either. */
static int check_mac_is_free(struct joining *j, const struct network_endpoint *p, struct err *e)
{
	struct network_statuses all;
	int r = network_status_list(j->s, j->a, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		for (size_t k = 0; k < all.v[i].endpoints.n; k++) {
			const struct network_endpoint *other = &all.v[i].endpoints.v[k];

			if (text_eq(other->network, p->network) && text_eq(other->mac, p->mac) &&
			    !text_eq(all.v[i].id, j->how->id) &&
			    !network_is_dead(j->s, all.v[i].id))
				return err_set(e, ERR_CONFLICT,
					       "requested MAC address %s is container %s's", p->mac,
					       all.v[i].name ? all.v[i].name : all.v[i].id);
		}
	return r;
}

static int choose_mac(struct joining *j, struct network_endpoint *p, struct err *e)
{
	enum network_driver driver = network_driver(p->about);
	int r;

	p->mac = p->asked->mac;
	if (!p->mac && driver == NETWORK_HOST_DEVICE)
		p->mac = text_map_get(&p->about->options, "mac");
	if (!p->mac) {
		/* For --plan any other would be as good, and the next one is another. */
		if (driver != NETWORK_IPVLAN && driver != NETWORK_HOST_DEVICE && !j->how->peek)
			p->mac = random_mac(j->a);
		return 0;
	}
	if (driver == NETWORK_IPVLAN)
		return err_set(e, ERR_INVALID,
			       "an ipvlan interface has its parent's MAC address: it can't have "
			       "one of its own");
	r = network_check_mac(j->a, &p->mac, e);
	return r < 0 ? r : check_mac_is_free(j, p, e);
}

/* Addresses */

static void add_address(struct arena *a, struct network_addresses *l, const char *ipnet,
			const char *gateway)
{
	struct network_address *more = arena_array(a, l->n + 1, sizeof(*more));

	if (l->n)
		memcpy(more, l->v, l->n * sizeof(*more));
	more[l->n++] = (struct network_address){ .ipnet = ipnet, .gateway = gateway };
	l->v = more;
}

static bool is_in(const struct network_subnet *subnet, const char *ip)
{
	struct address net, a;

	return address_parse_net(subnet->subnet, &net) && address_parse(ip, &a) &&
	       address_contains(&net, &a);
}

static const char *asked_of(const struct network_attachment *asked,
			    const struct network_subnet *subnet)
{
	for (size_t i = 0; i < asked->addresses.n; i++)
		if (is_in(subnet, asked->addresses.v[i]))
			return asked->addresses.v[i];
	return NULL;
}

static int lease_all(struct joining *j, struct network_endpoint *p, struct err *e)
{
	const struct network *n = p->about;
	struct strangers strangers = { 0 };
	int r = network_check_addresses(n, p->asked, e);

	if (r == 0 && network_driver(n) == NETWORK_BRIDGE && open_host(j, NULL) == 0)
		strangers_find(j->a, j->host, n->network_interface, j->how->id, &strangers);
	for (size_t i = 0; r == 0 && i < n->subnets.n; i++) {
		const struct network_subnet *subnet = &n->subnets.v[i];
		const char *asked = asked_of(p->asked, subnet);
		char text[ADDRESS_TEXT];
		struct address a;

		r = j->how->peek
			    ? network_lease_peek(j->s, n, subnet, &strangers, asked, &a, e)
			    : network_lease(j->s, n, subnet, &strangers, asked, j->how->id, &a, e);
		if (r == 0)
			add_address(j->a, &p->addresses,
				    arena_strdup(j->a, address_print_net(&a, text)),
				    subnet->gateway);
	}
	return r;
}

/* What the option says, else what the interface has on the host. */
static void keep_addresses(struct joining *j, struct network_endpoint *p)
{
	const char *given = text_map_get(&p->about->options, "address");
	struct texts l;

	if (!given) {
		if (text_eq(text_map_get(&p->about->ipam_options, "driver"), "keep"))
			p->addresses = p->device->addresses;
		return;
	}
	l = texts_split(j->a, given, ',');
	for (size_t i = 0; i < l.n; i++)
		add_address(j->a, &p->addresses, l.v[i], NULL);
}

/* Endpoints */

static int find_device(struct joining *j, struct network_endpoint *p, struct err *e)
{
	int r;

	for (size_t i = 0; i < j->st->endpoints.n; i++) {
		const struct network_endpoint *other = &j->st->endpoints.v[i];

		if (other->device && text_eq(other->device->name, p->bridge))
			return err_set(e, ERR_CONFLICT,
				       "interface %s is the container's by network %s already",
				       p->bridge, other->network);
	}
	r = network_device_look(j->s, j->a, j->host, p->bridge, &p->device, e);
	return r < 0 ? r : network_device_settings(j->a, p->device, j->how->host_netns, e);
}

static int find_parent(struct joining *j, struct network_endpoint *p, struct err *e)
{
	const struct network *n = p->about;
	struct netlink_info info;
	int r;

	p->bridge = n->network_interface;
	if (network_driver(n) == NETWORK_BRIDGE)
		return 0;
	r = open_host(j, e);
	if (r == 0 && !p->bridge)
		p->bridge = network_default_interface(j->a, j->host);
	if (r < 0)
		return r;
	if (!p->bridge)
		return err_set(e, ERR_NOT_FOUND,
			       "network %s names no parent interface, and there is no default "
			       "route whose interface could be it",
			       n->name);
	if (network_driver(n) == NETWORK_HOST_DEVICE)
		return find_device(j, p, e);
	if (netlink_link_find(j->host, p->bridge, 0, &info, NULL) < 0)
		return err_set(e, ERR_NOT_FOUND, "parent interface %s does not exist", p->bridge);
	return 0;
}

static int make_endpoint(struct joining *j, struct network_endpoint *p, struct err *e)
{
	const struct network *n = p->about;
	int r = name_inside(j, p, e);

	if (r == 0 && network_driver(n) == NETWORK_BRIDGE)
		r = name_outside(j, p, e);
	if (r == 0)
		r = choose_mac(j, p, e);
	if (r == 0)
		r = find_parent(j, p, e);
	if (r < 0)
		return r;
	if (p->device && !text_eq(text_map_get(&n->ipam_options, "driver"), "host-local")) {
		r = network_check_addresses(n, p->asked, e);
		keep_addresses(j, p);
		return r;
	}
	return lease_all(j, p, e);
}

/* It is no network among others, and makes no object. */
static int add_user_mode(struct joining *j, const struct network_attachment *asked, struct err *e)
{
	static const struct network pasta = { .name = NETWORK_PASTA, .driver = NETWORK_PASTA };
	static const struct network slirp = { .name = NETWORK_SLIRP, .driver = NETWORK_SLIRP };
	const struct network *n = text_eq(asked->network, NETWORK_PASTA) ? &pasta : &slirp;

	if (j->st->endpoints.n || j->how->asked->n > 1)
		return err_set(e, ERR_INVALID,
			       "%s connects a container by itself: there can't be another "
			       "network beside it",
			       n->name);
	j->st->endpoints.v[j->st->endpoints.n++] = (struct network_endpoint){
		.network = n->name,
		.network_id = n->name,
		.driver = n->driver,
		.interface = "",
		.about = n,
		.asked = asked,
	};
	return 0;
}

static int add_endpoint(struct joining *j, const struct network_attachment *asked, struct err *e)
{
	struct network_endpoint *p = &j->st->endpoints.v[j->st->endpoints.n];
	struct network *n;
	int r;

	if (network_is_user_mode(asked->network))
		return add_user_mode(j, asked, e);
	r = network_find(j->s, j->a, asked->network, &n, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < j->st->endpoints.n; i++)
		if (text_eq(j->st->endpoints.v[i].network, n->name))
			return err_set(
				e, ERR_CONFLICT,
				"container %.12s is already connected to network %s: network "
				"is already connected",
				j->how->id, n->name);
	*p = (struct network_endpoint){
		.network = n->name,
		.network_id = n->id,
		.driver = n->driver,
		.aliases = asked->aliases,
		.dns_servers = n->dns_servers,
		.internal = n->internal,
		.dns_enabled = n->dns_enabled,
		.about = n,
		.asked = asked,
	};
	r = make_endpoint(j, p, e);
	/* Counted also when it failed half-way: what it has is to be taken back. */
	j->st->endpoints.n++;
	return r < 0 ? err_wrap(e, "network %s", n->name) : 0;
}

static int add_endpoints(struct joining *j, struct err *e)
{
	const struct network_attachments *asked = j->how->asked;
	struct network_endpoints *l = &j->st->endpoints;
	struct network_endpoint *all = arena_array(j->a, l->n + asked->n, sizeof(*all));
	int r = 0;

	if (l->n + asked->n > NETWORK_MAX)
		return err_set(e, ERR_INVALID, "a container can't be on more than %d networks",
			       NETWORK_MAX);
	if (l->n)
		memcpy(all, l->v, l->n * sizeof(*all));
	l->v = all;
	for (size_t i = 0; r == 0 && i < asked->n; i++)
		r = add_endpoint(j, &asked->v[i], e);
	return r;
}

/* What was there before: of the run before, which is over, or of this one. */
static int begin(struct joining *j, int dir, struct err *e)
{
	const struct network_join *how = j->how;
	struct network_status old;
	auto_close int mark = -1;

	if (how->more) {
		int r = network_record_load(j->s, j->a, dir, how->id, j->st, e);

		j->st->first = j->st->endpoints.n;
		return r;
	}
	if (network_record_load(j->s, j->a, dir, how->id, &old, NULL) == 0)
		network_take_back(j->s, &old, dir, 0, how->host_netns, NULL);
	mark = state_run_dir(j->s, NETWORK_UNSETTLED, how->id, true, e);
	return mark < 0 ? mark : 0;
}

static int join(struct joining *j, int dir, struct err *e)
{
	int r = begin(j, dir, e);

	if (r < 0)
		return r;
	j->st->resolvers = j->how->resolvers;
	r = add_endpoints(j, e);
	if (r == 0)
		r = network_record_save(dir, j->st, e);
	if (r < 0)
		network_take_back(j->s, j->st, dir, j->st->first, j->how->host_netns, NULL);
	if (r < 0 && !j->how->more) {
		state_remove_run(j->s, ATTACHMENTS, j->how->id, NULL);
		state_remove_run(j->s, NETWORK_UNSETTLED, j->how->id, NULL);
	}
	return r;
}

int network_join(const struct state *s, struct arena *a, const struct network_join *how,
		 struct network_status *ret, int *ret_lock, struct err *e)
{
	struct network_status st = {
		.state = s, .id = how->id, .name = how->name, .ports = how->ports
	};
	struct joining j = { .s = s, .a = a, .how = how, .st = &st };
	auto_close int dir = -1;
	int r;

	if (how->peek) {
		st.resolvers = how->resolvers;
		r = add_endpoints(&j, e);
	} else {
		/* Before there is anything; and again when no sweep can take it for a dead one's.
		 */
		auto_close int mark =
			how->more ? -1 : state_run_dir(s, NETWORK_UNSETTLED, how->id, true, NULL);

		dir = network_record_lock(s, how->id, !how->more, e);
		r = dir < 0 ? dir : join(&j, dir, e);
	}
	netlink_free(j.host);
	if (r < 0)
		return r;
	*ret = st;
	if (ret_lock)
		*ret_lock = take_fd(dir);
	return 0;
}

int network_started(struct network_status *st, int lock, pid_t pid, uint64_t start_time,
		    struct err *e)
{
	st->pid = pid;
	st->start_time = start_time;
	return network_record_save(lock, st, e);
}

void network_settled(const struct network_status *st)
{
	if (!st->pinned)
		state_remove_run(st->state, NETWORK_UNSETTLED, st->id, NULL);
}
