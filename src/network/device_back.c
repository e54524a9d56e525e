/* SPDX-License-Identifier: BSD-2-Clause */
/* A host's interface comes home, from wherever it is now. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "kernel/netns.h"
#include "kernel/open.h"
#include "kernel/process.h"
#include "network/op.h"

#define NSFS_MAGIC 0x6e736673

struct search {
	const struct network_device *d;
	int index; /* 0: not known */
	struct netlink_info found;
	int score;
};

/* Its number, which nobody in there can change or give to another as long as it is there; else its
 * mark, and better with its MAC address. */
static int judge(void *arg, const struct netlink_info *info)
{
	struct search *x = arg;
	const char *marked = text_after(info->alias, DEVICE_MARK);
	char mac[MAC_TEXT];
	int score = 0;

	if (x->index && info->index == x->index)
		score += 4;
	if (marked && strcmp(marked, x->d->name) == 0)
		score += 2;
	if (score && info->has_mac && x->d->mac &&
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
	struct search x = { .d = d, .index = (int)d->inside };
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
	if (!x.score)
		return -ENODEV;
	*ret = x.found;
	if (strcmp(x.found.name, d->name) == 0)
		return 0;
	r = netlink_link_set(n, x.found.index, &name, e);
	if (r == -EEXIST)
		return err_set(e, ERR_CONFLICT,
			       "interface %s is back as %s: another one has its name by now",
			       d->name, x.found.name);
	return r < 0 ? err_wrap(e, "interface %s is back as %s", d->name, x.found.name) : 0;
}

/* What can't be as it was, as a route by a gateway that another interface led to, is left. */
static void leave(const struct network_device *d, int r, const struct err *why)
{
	if (r < 0 && r != -EEXIST)
		log_at(LOG_WARN, "interface %s is back, but: %s", d->name, why->msg);
}

static void restore_routes(struct netlink *n, struct arena *a, const struct network_device *d,
			   int index)
{
	for (size_t i = 0; i < d->routes.n; i++) {
		size_t len;
		const void *bytes = exact_bytes(a, d->routes.v[i].exact, &len);
		struct err e;

		if (bytes)
			leave(d, netlink_route_put(n, index, bytes, len, &e), &e);
	}
}

static void restore_addresses(struct netlink *n, struct arena *a, const struct network_device *d,
			      int index)
{
	for (size_t i = 0; i < d->addresses.n; i++) {
		size_t len;
		const void *bytes = exact_bytes(a, d->addresses.v[i].exact, &len);
		struct err e;

		if (bytes)
			leave(d, netlink_address_put(n, index, bytes, len, true, &e), &e);
	}
}

static int restore_settings(void *arg, struct err *e)
{
	const struct network_device *d = arg;
	AUTO(arena) a = arena_new();

	for (size_t i = 0; i < d->settings.n; i++) {
		const char *key = d->settings.v[i].key, *setting = strchr(key, '/');
		const char *path;
		struct err why;
		int r;

		if (!setting)
			continue;
		path = arena_printf(a, NETWORK_SETTINGS "%.*s/conf/%s%s", (int)(setting - key), key,
				    d->name, setting);
		r = file_poke_at(AT_FDCWD, path, d->settings.v[i].value, &why);
		leave(d, r, &why);
	}
	return 0;
}

/* As it was before; its mark goes last. */
static int restore(struct netlink *n, const struct network_device *d, int host,
		   const struct netlink_info *now, struct err *e)
{
	struct netlink_link change = { .mtu = d->mtu == now->mtu ? 0 : (uint32_t)d->mtu };
	AUTO(arena) a = arena_new();
	unsigned char mac[MAC_LEN];
	int r = 0;

	if (d->mac && mac_parse(d->mac, mac) &&
	    (!now->has_mac || memcmp(mac, now->mac, MAC_LEN) != 0))
		change.mac = mac;
	if (change.mac || change.mtu)
		r = netlink_link_set(n, now->index, &change, e);
	if (r == 0)
		r = kernel_netns_run(host, restore_settings, (void *)(uintptr_t)d, e);
	if (r == 0)
		r = netlink_link_set(n, now->index,
				     &(struct netlink_link){ .up = d->up, .down = !d->up }, e);
	if (r == 0) {
		restore_addresses(n, a, d, now->index);
		/* Of one that is down there are none. */
		restore_routes(n, a, d, now->index);
		r = netlink_link_set(n, now->index,
				     &(struct netlink_link){ .alias = d->alias ? d->alias : "" },
				     e);
	}
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
	return r < 0 ? r : restore(n, d, host_netns, &now, e);
}
