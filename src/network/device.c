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
 * monitor's end path has brought the interface home, or, if that was killed, the engine's keeper,
 * or the next command's sweep.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "kernel/open.h"
#include "network/op.h"

#define PIN "netns"

/* The pin */

static int apply_pin(void *arg, struct err *e)
{
	const struct op_about *about = arg;
	struct kernel_fd_path from = kernel_fd_path(about->target->netns);
	struct kernel_fd_path dir = kernel_fd_path(about->target->lock);
	auto_close int mark = -1, file = -1;
	char to[sizeof(dir.path) + sizeof("/" PIN)];

	mark = state_run_dir(about->s, NETWORK_UNSETTLED, about->st->id, true, e);
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

void pin_remove(int dir)
{
	struct kernel_fd_path path = kernel_fd_path(dir);
	char pin[sizeof(path.path) + sizeof("/" PIN)];

	snprintf(pin, sizeof(pin), "%s/" PIN, path.path);
	/* One more than there should be, if a start was killed and its undoing too. */
	while (umount2(pin, MNT_DETACH) == 0)
		;
	unlinkat(dir, PIN, 0);
}

static void undo_pin(void *arg)
{
	const struct op_about *about = arg;

	pin_remove(about->target->lock);
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
	/* A bridge, a bond, a tunnel of the host's: the kernel keeps such where they are. */
	if (r == -EINVAL || r == -EOPNOTSUPP)
		return err_wrap(e, "interface %s can't leave the host", d->name);
	if (r < 0)
		return err_wrap(e, "move interface %s", d->name);
	r = netlink_link_find(inside, x->about.endpoint->interface, 0, &info, NULL);
	if (r < 0)
		return err_from(e, r, "interface %s in the container", d->name);
	d->inside = info.index;
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
