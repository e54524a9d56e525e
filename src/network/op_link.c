/* SPDX-License-Identifier: BSD-2-Clause */
/* Bridges, their ports, and children of the host's interfaces. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "network/op.h"

static int open_once(struct netlink **n, int netns, struct err *e)
{
	return *n ? 0 : netlink_open(netns, n, e);
}

int target_inside(struct network_target *t, struct netlink **ret, struct err *e)
{
	int r = open_once(&t->inside, t->netns, e);

	*ret = t->inside;
	return r < 0 ? err_wrap(e, "the container's network namespace") : 0;
}

int target_host(struct network_target *t, struct netlink **ret, struct err *e)
{
	int r = open_once(&t->host, t->host_netns, e);

	*ret = t->host;
	return r;
}

void network_target_close(struct network_target *t)
{
	netlink_free(take_ptr(t->inside));
	netlink_free(take_ptr(t->host));
}

static void print_mac(struct buf *out, bool has_mac, const unsigned char *mac)
{
	char text[MAC_TEXT];

	if (has_mac)
		buf_addf(out, " mac=%s", mac_print(mac, text));
}

static void print_mtu(struct buf *out, uint32_t mtu)
{
	if (mtu)
		buf_addf(out, " mtu=%u", mtu);
}

/* Bridges */

static int find_vrf(struct netlink *n, const struct op_bridge *b, int *ret, struct err *e)
{
	struct netlink_info info;

	*ret = 0;
	if (!b->vrf)
		return 0;
	if (netlink_link_find(n, b->vrf, 0, &info, NULL) < 0)
		return err_set(e, ERR_NOT_FOUND, "vrf %s does not exist", b->vrf);
	*ret = info.index;
	return 0;
}

static int make_bridge(struct netlink *n, const struct op_bridge *b, struct netlink_info *ret,
		       struct err *e)
{
	struct netlink_link link = {
		.name = b->name, .kind = "bridge", .mtu = b->mtu, .vlan = b->vlan
	};
	unsigned char mac[MAC_LEN];
	char alias[BRIDGE_MARK_TEXT];
	int r = find_vrf(n, b, &link.master, e);

	if (r < 0)
		return r;
	network_bridge_mac(b->about.endpoint->network_id, b->name, mac);
	link.mac = mac;
	r = netlink_link_add(n, &link, e);
	if (r == -EOPNOTSUPP && b->vlan)
		return err_set(e, ERR_UNSUPPORTED,
			       "bridge %s: this kernel's bridges can't filter VLANs", b->name);
	if (r < 0 && r != -EEXIST)
		return r;
	if (netlink_link_find(n, b->name, 0, ret, NULL) < 0)
		return err_set(e, ERR_SYSTEM, "bridge %s went away", b->name);
	if (r == -EEXIST)
		return 0;
	network_bridge_mark(b->about.s, b->about.endpoint->network, alias);
	return netlink_link_set(n, ret->index, &(struct netlink_link){ .alias = alias, .up = true },
				e);
}

static int furnish_bridge(struct netlink *n, const struct op_bridge *b,
			  const struct netlink_info *info, struct err *e)
{
	int r;

	for (size_t i = 0; i < b->addresses_len; i++) {
		r = netlink_address_add(n, info->index, &b->addresses[i], e);
		if (r < 0 && r != -EEXIST)
			return err_wrap(e, "bridge %s", b->name);
	}
	if (b->unmanaged || info->flags & IFF_UP)
		return 0;
	return netlink_link_set(n, info->index, &(struct netlink_link){ .up = true }, e);
}

/* One that is berth's, but not ours: of another volatile root, which gives the same addresses, or
 * has been emptied. Without ports it is ours from now on; so is one whose maker was killed before
 * it had its mark. */
static int claim_bridge(struct netlink *n, const struct op_bridge *b,
			const struct netlink_info *info, struct err *e)
{
	unsigned char mac[MAC_LEN];
	char own[BRIDGE_MARK_TEXT];

	network_bridge_mark(b->about.s, b->about.endpoint->network, own);
	network_bridge_mac(b->about.endpoint->network_id, b->name, mac);
	if (b->unmanaged || text_eq(info->alias, own) ||
	    (*info->alias ? !text_after(info->alias, BRIDGE_MARK)
			  : memcmp(info->mac, mac, MAC_LEN) != 0))
		return 0;
	if (*info->alias && network_bridge_has_ports(n, info->index))
		return err_set(e, ERR_CONFLICT,
			       "bridge %s has containers on it that are not of %s, and may have "
			       "the same addresses",
			       b->name, b->about.s->run_path);
	return netlink_link_set(n, info->index, &(struct netlink_link){ .alias = own }, e);
}

static int have_bridge(struct netlink *n, const struct op_bridge *b, struct netlink_info *ret,
		       struct err *e)
{
	int r = netlink_link_find(n, b->name, 0, ret, NULL);

	if (r < 0 && b->unmanaged)
		return err_set(e, ERR_NOT_FOUND, "bridge %s does not exist", b->name);
	if (r < 0)
		r = make_bridge(n, b, ret, e);
	if (r < 0)
		return r;
	if (strcmp(ret->kind, "bridge") != 0)
		return err_set(e, ERR_CONFLICT, "interface %s exists, and is no bridge", b->name);
	r = claim_bridge(n, b, ret, e);
	return r < 0 ? r : furnish_bridge(n, b, ret, e);
}

static void unlock(struct op_bridge *b)
{
	close_p(&b->lock);
}

static int apply_bridge(void *arg, struct err *e)
{
	struct op_bridge *b = arg;
	struct netlink_info info;
	struct netlink *n;
	int r = target_host(b->about.target, &n, e);

	if (r == 0)
		b->lock = r = network_lock(b->about.s, b->about.endpoint->network, LOCK_SH, e);
	if (r >= 0)
		r = have_bridge(n, b, &info, e);
	if (r < 0)
		unlock(b);
	return r < 0 ? r : 0;
}

static void undo_bridge(void *arg)
{
	unlock(arg);
}

static void print_bridge(const void *arg, struct buf *out)
{
	const struct op_bridge *b = arg;
	char text[ADDRESS_TEXT];

	buf_adds(out, b->name);
	for (size_t i = 0; i < b->addresses_len; i++)
		buf_addf(out, " %s", address_print_net(&b->addresses[i], text));
	print_mtu(out, b->mtu);
	if (b->vlan)
		buf_addf(out, " vlan=%u", b->vlan);
	if (b->vrf)
		buf_addf(out, " vrf=%s", b->vrf);
	if (b->unmanaged)
		buf_adds(out, " unmanaged");
}

struct op_bridge *op_bridge(struct plan *p, const struct op_bridge *how)
{
	struct op_bridge *b = arena_copy(p->arena, how, sizeof(*how));

	b->lock = -1;
	plan_add(p, &(struct plan_op){ .verb = "bridge",
				       .apply = apply_bridge,
				       .undo = undo_bridge,
				       .print = print_bridge,
				       .arg = b });
	return b;
}

/* Ports */

static int add_port(struct netlink *n, const struct op_veth *v, struct netlink_info *bridge,
		    struct err *e)
{
	const struct network_endpoint *p = v->about.endpoint;
	struct netlink_link inside = {
		.name = p->interface,
		.mac = v->has_mac ? v->mac : NULL,
		.mtu = v->mtu,
		.netns = &v->about.target->netns,
	};
	struct netlink_link link = {
		.name = p->host_interface,
		.kind = "veth",
		.mtu = v->mtu,
		.master = bridge->index,
		.up = true,
		.peer = &inside,
	};
	unsigned char mac[MAC_LEN];
	struct netlink_info old;
	int r;

	network_port_mac(v->about.st->id, p->host_interface, mac);
	link.mac = mac;
	r = netlink_link_add(n, &link, e);
	/* An earlier one of this container's, whose end the kernel has not got to yet. */
	if (r == -EEXIST && netlink_link_find(n, p->host_interface, 0, &old, NULL) == 0 &&
	    network_is_port(&old, v->about.st->id) && netlink_link_remove(n, old.index, NULL) == 0)
		r = netlink_link_add(n, &link, e);
	return r;
}

static int set_port(struct netlink *n, const struct op_veth *v, struct err *e)
{
	struct netlink_info info;

	if (netlink_link_find(n, v->about.endpoint->host_interface, 0, &info, NULL) < 0)
		return err_set(e, ERR_SYSTEM, "interface %s went away",
			       v->about.endpoint->host_interface);
	return netlink_port_set(n, info.index,
				&(struct netlink_port){ .hairpin = true, .vlan = v->vlan }, e);
}

static void remove_port(const struct op_veth *v)
{
	struct netlink_info info;
	struct netlink *n;

	if (target_host(v->about.target, &n, NULL) == 0 &&
	    netlink_link_find(n, v->about.endpoint->host_interface, 0, &info, NULL) == 0)
		netlink_link_remove(n, info.index, NULL);
}

static int apply_veth(void *arg, struct err *e)
{
	struct op_veth *v = arg;
	struct netlink_info bridge;
	struct netlink *n;
	int r = target_host(v->about.target, &n, e);

	if (r == 0)
		r = have_bridge(n, v->bridge, &bridge, e);
	if (r == 0)
		r = add_port(n, v, &bridge, e);
	if (r == 0) {
		r = set_port(n, v, e);
		if (r < 0)
			remove_port(v);
	}
	unlock(v->bridge);
	return r;
}

static void undo_veth(void *arg)
{
	remove_port(arg);
}

static void print_veth(const void *arg, struct buf *out)
{
	const struct op_veth *v = arg;

	buf_addf(out, "%s -> %s bridge=%s", v->about.endpoint->host_interface,
		 v->about.endpoint->interface, v->bridge->name);
	print_mac(out, v->has_mac, v->mac);
	print_mtu(out, v->mtu);
	if (v->vlan)
		buf_addf(out, " vlan=%u", v->vlan);
	buf_adds(out, " hairpin");
}

void op_veth(struct plan *p, const struct op_veth *how)
{
	plan_add(p, &(struct plan_op){ .verb = "veth",
				       .apply = apply_veth,
				       .undo = undo_veth,
				       .print = print_veth,
				       .arg = arena_copy(p->arena, how, sizeof(*how)) });
}

static int apply_port(void *arg, struct err *e)
{
	struct op_veth *v = arg;
	const char *name = v->about.endpoint->host_interface;
	struct netlink_info bridge, port;
	struct netlink *n;
	int r = target_host(v->about.target, &n, e);

	if (r == 0)
		r = have_bridge(n, v->bridge, &bridge, e);
	if (r == 0 && (netlink_link_find(n, name, 0, &port, NULL) < 0 ||
		       !network_is_port(&port, v->about.st->id)))
		r = err_set(e, ERR_NOT_FOUND, "interface %s is not there", name);
	if (r == 0 && port.master != bridge.index)
		r = netlink_link_set(n, port.index,
				     &(struct netlink_link){ .master = bridge.index, .up = true },
				     e);
	if (r == 0)
		r = set_port(n, v, e);
	unlock(v->bridge);
	return r;
}

static void print_port(const void *arg, struct buf *out)
{
	const struct op_veth *v = arg;

	buf_addf(out, "%s bridge=%s hairpin", v->about.endpoint->host_interface, v->bridge->name);
}

void op_port(struct plan *p, const struct op_veth *how)
{
	plan_add(p, &(struct plan_op){ .verb = "port",
				       .apply = apply_port,
				       .print = print_port,
				       .arg = arena_copy(p->arena, how, sizeof(*how)) });
}

/* Children */

#define CHILD_TRIES   50
#define CHILD_WAIT_MS 20

/* One that does not go together with others is refused while those are there; of a container that
 * has just ended, this one's last run perhaps, they are until the kernel gets to its namespace. */
static int add_child(struct netlink *n, const struct netlink_link *link, struct err *e)
{
	const struct timespec wait = { .tv_nsec = CHILD_WAIT_MS * 1000000L };
	int r = netlink_link_add(n, link, e);

	for (int i = 1; i < CHILD_TRIES && (r == -EBUSY || r == -EINVAL); i++) {
		nanosleep(&wait, NULL);
		r = netlink_link_add(n, link, e);
	}
	return r;
}

static int apply_child(void *arg, struct err *e)
{
	const struct op_child *c = arg;
	const struct network_endpoint *p = c->about.endpoint;
	struct netlink_link link = {
		.name = p->interface,
		.kind = c->kind,
		.mac = c->has_mac ? c->mac : NULL,
		.mtu = c->mtu,
		.mode = c->mode,
		.netns = &c->about.target->netns,
		.broadcast_limit = c->has_limit ? &c->broadcast_limit : NULL,
	};
	struct netlink_info parent;
	struct netlink *n;
	int r = target_host(c->about.target, &n, e);

	if (r < 0)
		return r;
	if (netlink_link_find(n, p->bridge, 0, &parent, NULL) < 0)
		return err_set(e, ERR_NOT_FOUND, "parent interface %s does not exist", p->bridge);
	if (c->mtu > parent.mtu)
		return err_set(e, ERR_INVALID,
			       "mtu %u is more than the %u of the parent interface %s", c->mtu,
			       parent.mtu, p->bridge);
	link.parent = parent.index;
	r = add_child(n, &link, e);
	if (r == -EBUSY)
		return err_set(e, ERR_CONFLICT,
			       "parent interface %s is a port of something, or has children of "
			       "another kind than %s",
			       p->bridge, c->kind);
	if (r == -EINVAL && strcmp(c->kind, "macvlan") == 0)
		return err_wrap(e,
				"parent interface %s, which a macvlan of mode passthru has for "
				"itself, or would",
				p->bridge);
	return r < 0 ? err_wrap(e, "parent interface %s", p->bridge) : 0;
}

static void undo_child(void *arg)
{
	const struct op_child *c = arg;
	struct netlink_info info;
	struct netlink *n;

	if (target_inside(c->about.target, &n, NULL) == 0 &&
	    netlink_link_find(n, c->about.endpoint->interface, 0, &info, NULL) == 0)
		netlink_link_remove(n, info.index, NULL);
}

static void print_child(const void *arg, struct buf *out)
{
	const struct op_child *c = arg;

	buf_addf(out, "%s -> %s", c->about.endpoint->bridge, c->about.endpoint->interface);
	if (c->mode_name)
		buf_addf(out, " mode=%s", c->mode_name);
	print_mac(out, c->has_mac, c->mac);
	print_mtu(out, c->mtu);
	if (c->has_limit)
		buf_addf(out, " bclim=%d", c->broadcast_limit);
}

void op_child(struct plan *p, const struct op_child *how)
{
	plan_add(p, &(struct plan_op){ .verb = how->kind,
				       .apply = apply_child,
				       .undo = undo_child,
				       .print = print_child,
				       .arg = arena_copy(p->arena, how, sizeof(*how)) });
}
