/* SPDX-License-Identifier: BSD-2-Clause */
/* A host's interface comes home, from wherever it is now. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "kernel/open.h"
#include "kernel/process.h"
#include "network/op.h"

#define NSFS_MAGIC 0x6e736673

struct search {
	const struct network_device *d;
	struct netlink_info found;
	int score;
};

/* Its mark and its number: a container that may rename and mark interfaces does not get another one
 * taken for it as long as the right one is there. */
static int judge(void *arg, const struct netlink_info *info)
{
	struct search *x = arg;
	const char *marked = text_after(info->alias, DEVICE_MARK);
	char mac[MAC_TEXT];
	int score = 0;

	if (marked && strcmp(marked, x->d->name) == 0)
		score += 2;
	if (info->index == x->d->index && info->has_mac && x->d->mac &&
	    strcmp(mac_print(info->mac, mac), x->d->mac) == 0)
		score += 1;
	if (score > x->score) {
		x->score = score;
		x->found = *info;
	}
	return 0;
}

/* The namespace that it is in: kept, or still its process's. */
static int open_namespace(const struct network_status *st, int dir)
{
	auto_close int fd = openat(dir, "netns", O_RDONLY | O_CLOEXEC);
	char path[64];

	if (fd >= 0 && kernel_is_on(fd, NSFS_MAGIC) == 1)
		return take_fd(fd);
	if (st->pid <= 0 || !kernel_is_alive((pid_t)st->pid, st->start_time))
		return -1;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)st->pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

static int open_host(int host_netns)
{
	return host_netns >= 0 ? fcntl(host_netns, F_DUPFD_CLOEXEC, 3)
			       : open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

/* If it is there, moves it to the host, marked until all else is as it was.  First under a name
 * that the kernel chooses, as somebody may have its own: home under another is better than lost. */
static int bring(const struct network_device *d, int netns, int host, struct err *e)
{
	struct search x = { .d = d };
	AUTO(netlink) inside = NULL;
	char alias[sizeof(DEVICE_MARK) + IF_NAMESIZE];
	struct netlink_link back = { .name = "dev%d", .netns = &host, .alias = alias };
	int r = netlink_open(netns, &inside, e);

	if (r == 0)
		r = netlink_links(inside, judge, &x, e);
	if (r < 0 || !x.score)
		return r;
	snprintf(alias, sizeof(alias), DEVICE_MARK "%s", d->name);
	r = netlink_link_set(inside, x.found.index, &back, e);
	return r < 0 ? err_wrap(e, "bring interface %s back", d->name) : 0;
}

/* Brought just now, or by the kernel, which may have called it otherwise; its marks tell. */
static int find_home(struct netlink *n, const struct network_device *d, struct netlink_info *ret,
		     struct err *e)
{
	struct search x = { .d = d };
	struct netlink_link name = { .name = d->name, .down = true };
	int r = netlink_links(n, judge, &x, e);

	if (r < 0)
		return r;
	if (x.score < 2)
		return -ENODEV;
	*ret = x.found;
	if (strcmp(x.found.name, d->name) == 0)
		return 0;
	r = netlink_link_set(n, x.found.index, &name, e);
	return r < 0 ? err_wrap(e, "interface %s is back as %s", d->name, x.found.name) : 0;
}

static int restore_routes(struct netlink *n, const struct network_device *d, int index,
			  struct err *e)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < d->routes.n; i++) {
		const struct network_route *from = &d->routes.v[i];
		struct netlink_route route = { .index = index,
					       .metric =
						       from->metric ? (uint32_t)*from->metric : 0 };

		if (!address_parse_net(from->destination, &route.destination) ||
		    (from->gateway && !address_parse(from->gateway, &route.gateway)))
			continue;
		r = netlink_route_add(n, &route, e);
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

static int restore_addresses(struct netlink *n, const struct network_device *d, int index,
			     struct err *e)
{
	struct address a;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < d->addresses.n; i++) {
		if (!address_parse_net(d->addresses.v[i].ipnet, &a))
			continue;
		r = netlink_address_add(n, index, &a, e);
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

/* As it was before; its mark goes last. */
static int restore(struct netlink *n, const struct network_device *d,
		   const struct netlink_info *now, struct err *e)
{
	struct netlink_link change = { .mtu = d->mtu == now->mtu ? 0 : (uint32_t)d->mtu };
	unsigned char mac[MAC_LEN];
	int r = 0;

	if (d->mac && mac_parse(d->mac, mac) &&
	    (!now->has_mac || memcmp(mac, now->mac, MAC_LEN) != 0))
		change.mac = mac;
	if (change.mac || change.mtu)
		r = netlink_link_set(n, now->index, &change, e);
	if (r == 0)
		r = netlink_link_set(n, now->index,
				     &(struct netlink_link){ .up = d->up, .down = !d->up }, e);
	if (r == 0)
		r = restore_addresses(n, d, now->index, e);
	if (r == 0 && d->up)
		r = restore_routes(n, d, now->index, e);
	if (r == 0)
		r = netlink_link_set(n, now->index,
				     &(struct netlink_link){ .alias = d->alias ? d->alias : "" },
				     e);
	return r < 0 ? err_wrap(e, "interface %s", d->name) : 0;
}

int device_give_back(const struct network_status *st, const struct network_device *d, int dir,
		     int host_netns, struct err *e)
{
	auto_close int netns = open_namespace(st, dir);
	auto_close int host = open_host(host_netns);
	AUTO(netlink) n = NULL;
	struct netlink_info now;
	int r;

	if (host < 0)
		return err_sys(e, "open the host's network namespace");
	r = netns < 0 ? 0 : bring(d, netns, host, e);
	if (r == 0)
		r = netlink_open(host_netns, &n, e);
	if (r == 0)
		r = find_home(n, d, &now, e);
	/* It never left, or is home, or the container deleted it. */
	if (r == -ENODEV)
		return 0;
	return r < 0 ? r : restore(n, d, &now, e);
}
