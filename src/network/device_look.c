/* SPDX-License-Identifier: BSD-2-Clause */
/* An interface of the host as it is now, and is to be again. */
#include <dirent.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "kernel/netns.h"
#include "network/network_private.h"

#define SETTING_MAX 4096

struct look {
	struct arena *a;
	struct network_device *d;
	int index;
};

static const char *exact(struct arena *a, const void *bytes, size_t len)
{
	char *text = arena_alloc(a, 2 * len + 1);

	text_hex(text, bytes, len);
	return text;
}

/* A fresh array of n + 1, with room for one at that place. */
static void *make_room(struct arena *a, const void *v, size_t n, size_t at, size_t size)
{
	char *more = arena_array(a, n + 1, size);

	if (at)
		memcpy(more, v, at * size);
	if (at < n)
		memcpy(more + (at + 1) * size, (const char *)v + at * size, (n - at) * size);
	return more;
}

static int look_at_address(void *arg, const struct netlink_address *a)
{
	struct look *l = arg;
	struct network_addresses *all = &l->d->addresses;
	char text[ADDRESS_TEXT];
	size_t at = all->n;

	/* What was lent for a time, or follows from the MAC address, is made anew. */
	if (a->index != l->index || !a->permanent ||
	    (a->link_local && a->address.family == AF_INET6))
		return 0;
	/* The kernel puts a new IPv6 address before those that are there. */
	while (a->address.family == AF_INET6 && at > 0 && strchr(all->v[at - 1].ipnet, ':'))
		at--;
	all->v = make_room(l->a, all->v, all->n++, at, sizeof(*all->v));
	all->v[at] = (struct network_address){
		.ipnet = arena_strdup(l->a, address_print_net(&a->address, text)),
		.exact = exact(l->a, a->exact, a->exact_len),
	};
	return 0;
}

static bool is_kept(const struct netlink_route *r)
{
	return r->table != RT_TABLE_LOCAL && r->protocol != RTPROT_KERNEL &&
	       r->protocol != RTPROT_RA && r->protocol != RTPROT_DHCP;
}

static int look_at_route(void *arg, const struct netlink_route *r)
{
	struct look *l = arg;
	struct network_device_routes *all = &l->d->routes;
	struct network_device_route *new;
	char text[ADDRESS_TEXT];
	uint64_t *metric;
	size_t at = all->n;

	if (r->index != l->index || !is_kept(r))
		return 0;
	/* Those by no gateway first: they may lead to the gateways of the others. */
	while (!r->gateway.family && at > 0 && all->v[at - 1].gateway)
		at--;
	all->v = make_room(l->a, all->v, all->n++, at, sizeof(*all->v));
	new = &all->v[at];
	*new = (struct network_device_route){
		.destination = arena_strdup(l->a, address_print_net(&r->destination, text)),
		.table = r->table == RT_TABLE_MAIN ? 0 : r->table,
		.exact = exact(l->a, r->exact, r->exact_len),
	};
	if (r->gateway.family)
		new->gateway = arena_strdup(l->a, address_print(&r->gateway, text));
	if (r->metric) {
		metric = ARENA_NEW(l->a, uint64_t);
		*metric = r->metric;
		new->metric = metric;
	}
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

/* Settings: a namespace's interfaces begin with its default ones, whatever they had elsewhere. */

struct settings {
	struct arena *a;
	struct network_device *d;
	const char *family;
	int now, normal; /* directories: the interface's, and that of new ones */
};

static void look_at_setting(struct settings *l, const char *name)
{
	auto_free char *now = NULL, *normal = NULL;
	struct stat st;

	/* The kernel's own business; and an IPv6 MTU is the interface's, or advertised. */
	if (fstatat(l->now, name, &st, 0) < 0 || !(st.st_mode & 0200) || strcmp(name, "mtu") == 0)
		return;
	if (file_read_at(l->now, name, SETTING_MAX, &now, NULL, NULL) < 0 ||
	    file_read_at(l->normal, name, SETTING_MAX, &normal, NULL, NULL) < 0 ||
	    strcmp(now, normal) == 0)
		return;
	now[strcspn(now, "\n")] = 0;
	text_map_set(l->a, &l->d->settings, arena_printf(l->a, "%s/%s", l->family, name),
		     arena_strdup(l->a, now));
}

static void look_at_settings(struct arena *a, struct network_device *d, const char *family)
{
	auto_close int all = openat(AT_FDCWD, arena_printf(a, NETWORK_SETTINGS "%s/conf", family),
				    O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int normal = openat(all, "default", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int now = openat(all, d->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct settings l = { a, d, family, now, normal };
	DIR *dir = now < 0 ? NULL : fdopendir(now);
	const struct dirent *entry;

	/* No IPv6 in this kernel. */
	if (!dir)
		return;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			look_at_setting(&l, entry->d_name);
	closedir(dir);
}

struct all_settings {
	struct arena *a;
	struct network_device *d;
};

static int look_at_all_settings(void *arg, struct err *e)
{
	const struct all_settings *l = arg;

	look_at_settings(l->a, l->d, "ipv4");
	look_at_settings(l->a, l->d, "ipv6");
	return 0;
}

/* Where another process has to go and look nothing comes back, and no device moves either: who has
 * no power over the namespace can't take it from there. */
int network_device_settings(struct arena *a, struct network_device *d, int host_netns,
			    struct err *e)
{
	return kernel_netns_run(host_netns, look_at_all_settings, &(struct all_settings){ a, d },
				e);
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
