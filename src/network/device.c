/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Interfaces of the host that move into a container and come back.
 *
 * Before one moves, attachments/ID/network.json has all that is to be so again.  The move itself is
 * one request to the kernel: namespace, name and mark (its alias, DEVICE_MARK and its name on the
 * host) change together, so that whoever comes after a kill finds the interface here or there.
 *
 * A virtual interface dies with its namespace, and a physical one falls back to the first namespace
 * of the machine, if need be under another name.  So the namespace is pinned: a bind mount on
 * attachments/ID/netns keeps it, with the interface in it, when all processes are gone, until the
 * monitor's end path, or the next command's sweep, has brought the interface home.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "kernel/open.h"
#include "network/op.h"

#define PIN "netns"

/* How it is now */

struct look {
	struct arena *a;
	struct network_device *d;
	int index;
};

static int look_at_address(void *arg, const struct netlink_address *a)
{
	struct look *l = arg;
	struct network_addresses *all = &l->d->addresses;
	struct network_address *more;
	char text[ADDRESS_TEXT];

	/* What was lent for a time, or follows from the MAC address, is made anew. */
	if (a->index != l->index || !a->permanent ||
	    (a->link_local && a->address.family == AF_INET6))
		return 0;
	more = arena_array(l->a, all->n + 1, sizeof(*more));
	if (all->n)
		memcpy(more, all->v, all->n * sizeof(*more));
	more[all->n++].ipnet = arena_strdup(l->a, address_print_net(&a->address, text));
	all->v = more;
	return 0;
}

static int look_at_route(void *arg, const struct netlink_route *r)
{
	struct look *l = arg;
	struct network_routes *all = &l->d->routes;
	struct network_route *more;
	char text[ADDRESS_TEXT];
	uint64_t *metric;

	if (r->index != l->index || r->table != RT_TABLE_MAIN || r->protocol == RTPROT_KERNEL ||
	    r->protocol == RTPROT_RA || r->protocol == RTPROT_DHCP)
		return 0;
	more = arena_array(l->a, all->n + 1, sizeof(*more));
	if (all->n)
		memcpy(more, all->v, all->n * sizeof(*more));
	more[all->n].destination = arena_strdup(l->a, address_print_net(&r->destination, text));
	if (r->gateway.family)
		more[all->n].gateway = arena_strdup(l->a, address_print(&r->gateway, text));
	if (r->metric) {
		metric = ARENA_NEW(l->a, uint64_t);
		*metric = r->metric;
		more[all->n].metric = metric;
	}
	all->n++;
	all->v = more;
	return 0;
}

static int not_there(const struct state *s, struct arena *a, const char *name, struct err *e)
{
	struct network_statuses l;

	if (network_status_list(s, a, &l, NULL) < 0)
		l.n = 0;
	for (size_t i = 0; i < l.n; i++)
		for (size_t k = 0; k < l.v[i].endpoints.n; k++) {
			const struct network_device *d = l.v[i].endpoints.v[k].device;

			if (d && text_eq(d->name, name))
				return err_set(e, ERR_CONFLICT,
					       "interface %s is in use by container %s (%.12s)",
					       name, l.v[i].name, l.v[i].id);
		}
	return err_set(e, ERR_NOT_FOUND, "interface %s does not exist on the host", name);
}

static int check_device(struct netlink *host, const struct netlink_info *info, struct err *e)
{
	struct netlink_info master;

	if (info->flags & IFF_LOOPBACK)
		return err_set(e, ERR_INVALID, "interface %s is the loopback of the host",
			       info->name);
	if (!info->master)
		return 0;
	if (netlink_link_find(host, NULL, info->master, &master, NULL) < 0)
		strcpy(master.name, "another one");
	return err_set(e, ERR_CONFLICT, "interface %s belongs to %s: take it out of that first",
		       info->name, master.name);
}

int network_device_look(const struct state *s, struct arena *a, struct netlink *host,
			const char *name, struct network_device **ret, struct err *e)
{
	struct network_device *d = ARENA_NEW(a, struct network_device);
	struct look look = { .a = a, .d = d };
	struct netlink_info info;
	char text[MAC_TEXT];
	int r = netlink_link_find(host, name, 0, &info, NULL);

	if (r < 0) {
		/* It may be with one that is dead. */
		network_sweep(s, true);
		r = netlink_link_find(host, name, 0, &info, NULL);
	}
	if (r < 0)
		return not_there(s, a, name, e);
	r = check_device(host, &info, e);
	if (r < 0)
		return r;
	look.index = info.index;
	d->name = arena_strdup(a, info.name);
	d->alias = text_after(info.alias, DEVICE_MARK) ? NULL : arena_strdup(a, info.alias);
	d->mac = info.has_mac ? arena_strdup(a, mac_print(info.mac, text)) : NULL;
	d->index = info.index;
	d->mtu = info.mtu;
	d->up = info.flags & IFF_UP;
	r = netlink_addresses(host, look_at_address, &look, e);
	if (r == 0)
		r = netlink_routes(host, look_at_route, &look, e);
	if (r == 0)
		*ret = d;
	return r;
}

struct best_route {
	int index[2];
	uint32_t metric[2];
};

static int look_for_default(void *arg, const struct netlink_route *r)
{
	struct best_route *best = arg;
	int which = r->destination.family == AF_INET ? 0 : 1;

	if (r->destination.prefix || !r->index || r->table != RT_TABLE_MAIN)
		return 0;
	if (best->index[which] && best->metric[which] <= r->metric)
		return 0;
	best->index[which] = r->index;
	best->metric[which] = r->metric;
	return 0;
}

const char *network_default_interface(struct arena *a, struct netlink *host)
{
	struct best_route best = { 0 };
	struct netlink_info info;
	int index;

	if (netlink_routes(host, look_for_default, &best, NULL) < 0)
		return NULL;
	index = best.index[0] ? best.index[0] : best.index[1];
	if (!index || netlink_link_find(host, NULL, index, &info, NULL) < 0)
		return NULL;
	return arena_strdup(a, info.name);
}

/* The pin */

static int apply_pin(void *arg, struct err *e)
{
	const struct op_about *about = arg;
	struct kernel_fd_path from = kernel_fd_path(about->target->netns);
	struct kernel_fd_path dir = kernel_fd_path(about->target->lock);
	auto_close int mark = -1, file = -1;
	char to[sizeof(dir.path) + sizeof("/" PIN)];

	mark = state_run_dir(about->s, NETWORK_PINNED, about->st->id, true, e);
	if (mark < 0)
		return mark;
	file = openat(about->target->lock, PIN, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
	if (file < 0)
		return err_sys(e, "create " PIN);
	snprintf(to, sizeof(to), "%s/" PIN, dir.path);
	if (mount(from.path, to, NULL, MS_BIND, NULL) < 0)
		return err_sys(e, "keep the network namespace");
	about->st->pinned = true;
	return network_record_save(about->target->lock, about->st, e);
}

void pin_remove(const struct state *s, const char *id, int dir)
{
	struct kernel_fd_path path = kernel_fd_path(dir);
	char pin[sizeof(path.path) + sizeof("/" PIN)];

	snprintf(pin, sizeof(pin), "%s/" PIN, path.path);
	/* One more than there should be, if a start was killed and its undoing too. */
	while (umount2(pin, MNT_DETACH) == 0)
		;
	unlinkat(dir, PIN, 0);
	state_remove_run(s, NETWORK_PINNED, id, NULL);
}

static void undo_pin(void *arg)
{
	const struct op_about *about = arg;

	pin_remove(about->s, about->st->id, about->target->lock);
	about->st->pinned = false;
}

static void print_pin(const void *arg, struct buf *out)
{
	const struct op_about *about = arg;

	buf_addf(out, "%s/" ATTACHMENTS "/%s/" PIN, about->s->run_path, about->st->id);
}

void op_pin(struct plan *p, const struct op_about *about)
{
	plan_add(p, &(struct plan_op){ .verb = "pin",
				       .apply = apply_pin,
				       .undo = undo_pin,
				       .print = print_pin,
				       .arg = arena_copy(p->arena, about, sizeof(*about)) });
}

/* In */

static int move_in(const struct op_device *x, struct netlink *host, struct netlink *inside,
		   struct err *e)
{
	struct network_device *d = x->about.endpoint->device;
	struct netlink_link change = { .mtu = x->mtu, .mac = x->has_mac ? x->mac : NULL };
	char alias[sizeof(DEVICE_MARK) + IF_NAMESIZE];
	struct netlink_info info;
	int r;

	snprintf(alias, sizeof(alias), DEVICE_MARK "%s", d->name);
	r = netlink_link_set(host, (int)d->index,
			     &(struct netlink_link){ .name = x->about.endpoint->interface,
						     .alias = alias,
						     .netns = &x->about.target->netns },
			     e);
	if (r < 0)
		return err_wrap(e, "move interface %s", d->name);
	r = netlink_link_find(inside, x->about.endpoint->interface, 0, &info, NULL);
	if (r < 0)
		return err_from(e, r, "interface %s in the container", d->name);
	d->index = info.index;
	r = network_record_save(x->about.target->lock, x->about.st, e);
	if (r == 0 && (change.mtu || change.mac))
		r = netlink_link_set(inside, info.index, &change, e);
	return r < 0 ? err_wrap(e, "interface %s", d->name) : 0;
}

static void undo_device(void *arg);

static int apply_device(void *arg, struct err *e)
{
	const struct op_device *x = arg;
	const struct network_device *d = x->about.endpoint->device;
	struct netlink *host, *inside;
	struct netlink_info info;
	int r = target_host(x->about.target, &host, e);

	if (r == 0)
		r = target_inside(x->about.target, &inside, e);
	if (r < 0)
		return r;
	if (netlink_link_find(host, d->name, 0, &info, NULL) < 0 || info.index != d->index)
		return err_set(e, ERR_NOT_FOUND, "interface %s is not on the host any more",
			       d->name);
	r = move_in(x, host, inside, e);
	/* It may have moved all the same. */
	if (r < 0)
		undo_device(arg);
	return r;
}

static void undo_device(void *arg)
{
	const struct op_device *x = arg;

	device_give_back(x->about.st, x->about.endpoint->device, x->about.target->lock,
			 x->about.target->host_netns, NULL);
}

static void print_device(const void *arg, struct buf *out)
{
	const struct op_device *x = arg;
	char text[MAC_TEXT];

	buf_addf(out, "%s -> %s", x->about.endpoint->device->name, x->about.endpoint->interface);
	if (x->has_mac)
		buf_addf(out, " mac=%s", mac_print(x->mac, text));
	if (x->mtu)
		buf_addf(out, " mtu=%u", x->mtu);
}

void op_device(struct plan *p, const struct op_device *how)
{
	plan_add(p, &(struct plan_op){ .verb = "device",
				       .apply = apply_device,
				       .undo = undo_device,
				       .print = print_device,
				       .arg = arena_copy(p->arena, how, sizeof(*how)) });
}
