/* SPDX-License-Identifier: BSD-2-Clause */
/* Done by the parent, from outside: the container's root need not own the interface. */
#include "runtime/net_devices.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/kernel.h"
#include "kernel/netlink.h"

#define ADDRESSES_MAX 256 /* of one interface */
#define LINKS_MAX     1024

struct moved {
	struct netlink_info was;
	int index; /* inside */
	struct address addresses[ADDRESSES_MAX];
	size_t addresses_len;
};

struct net_devices {
	int netns;
	struct moved *v;
	size_t n;
};

static int same_namespace(int netns)
{
	struct stat own, other;

	return stat("/proc/self/ns/net", &own) == 0 && fstat(netns, &other) == 0 &&
	       own.st_ino == other.st_ino;
}

static int keep_address(void *arg, const struct netlink_address *x)
{
	struct moved *m = arg;

	if (x->index != m->was.index || !x->permanent || !x->global)
		return 0;
	if (m->addresses_len == ADDRESSES_MAX)
		return -E2BIG;
	m->addresses[m->addresses_len++] = x->address;
	return 0;
}

static int dress(struct netlink *n, const struct moved *m, int index, bool up, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < m->addresses_len && r == 0; i++)
		r = netlink_address_add(n, index, &m->addresses[i], e);
	if (r == 0 && up)
		r = netlink_link_set(n, index, &(struct netlink_link){ .up = true }, e);
	return r;
}

struct indices {
	int v[LINKS_MAX];
	size_t n;
};

static int list_index(void *arg, const struct netlink_info *link)
{
	struct indices *all = arg;

	if (all->n == LINKS_MAX)
		return -E2BIG;
	all->v[all->n++] = link->index;
	return 0;
}

static bool has_index(const struct indices *all, int index)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i] == index)
			return true;
	return false;
}

/* What is there now and was not before. */
static int new_index(struct netlink *inside, const struct indices *before, int *ret, struct err *e)
{
	struct indices now = { .n = 0 };
	int r = netlink_links(inside, list_index, &now, e);

	for (size_t i = 0; i < now.n && r == 0; i++) {
		if (has_index(before, now.v[i]))
			continue;
		*ret = now.v[i];
		return 0;
	}
	return r < 0 ? r : err_set(e, ERR_SYSTEM, "it did not arrive");
}

/* The kernel moves first and renames then, and a name that is taken would leave it half-way. */
static int check_name(struct netlink *inside, const char *name, struct err *e)
{
	struct netlink_info other;
	int r;

	if (strlen(name) >= IF_NAMESIZE || !*name || strchr(name, '/') || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return err_set(e, ERR_INVALID, "\"%s\" is no name for an interface", name);
	if (strchr(name, '%'))
		return 0;
	r = netlink_link_find(inside, name, 0, &other, e);
	if (r == 0)
		return err_set(e, ERR_CONFLICT, "the container has an interface \"%s\" already",
			       name);
	return r == -ENODEV ? 0 : r;
}

static int move(struct netlink *host, struct netlink *inside, const struct oci_net_device *d,
		int netns, struct moved *m, struct err *e)
{
	const char *name = text_empty(d->name) ? d->key : d->name;
	struct netlink_link how = { .name = name, .netns = &netns };
	struct indices before = { .n = 0 };
	int r = netlink_link_find(host, d->key, 0, &m->was, e);

	if (r == -ENODEV)
		return err_set(e, ERR_NOT_FOUND, "there is no such interface");
	if (r == 0)
		r = check_name(inside, name, e);
	if (r == 0)
		r = netlink_addresses(host, keep_address, m, e);
	if (r == 0)
		r = netlink_links(inside, list_index, &before, e);
	if (r == 0)
		r = netlink_link_set(host, m->was.index, &how, e);
	return r < 0 ? r : new_index(inside, &before, &m->index, e);
}

static void move_back(struct netlink *inside, const struct moved *m)
{
	AUTO(netlink) host = NULL;
	auto_close int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	struct netlink_link how = { .name = m->was.name, .netns = &own };
	struct netlink_info back;

	if (own < 0 || netlink_open(-1, &host, NULL) < 0 ||
	    netlink_link_set(inside, m->index, &how, NULL) < 0 ||
	    netlink_link_find(host, m->was.name, 0, &back, NULL) < 0)
		return;
	dress(host, m, back.index, m->was.flags & IFF_UP, NULL);
}

void net_devices_keep(struct net_devices *n)
{
	if (n && n->netns >= 0)
		close(take_fd(n->netns));
}

void net_devices_return(struct net_devices *n)
{
	AUTO(netlink) inside = NULL;

	if (!n || n->netns < 0)
		return;
	if (n->n && netlink_open(n->netns, &inside, NULL) == 0)
		for (size_t i = n->n; i > 0; i--)
			move_back(inside, &n->v[i - 1]);
	net_devices_keep(n);
}

int net_devices_move(const struct oci_net_devices *l, int netns, struct arena *a,
		     struct net_devices **ret, struct err *e)
{
	struct net_devices *n = ARENA_NEW(a, struct net_devices);
	AUTO(netlink) host = NULL;
	AUTO(netlink) inside = NULL;
	int r;

	*n = (struct net_devices){ .netns = netns, .v = arena_array(a, l->n, sizeof(*n->v)) };
	if (same_namespace(netns))
		r = err_set(e, ERR_INVALID, "the network namespace is the host's");
	else
		r = netlink_open(-1, &host, e);
	if (r == 0)
		r = netlink_open(netns, &inside, e);
	if (r < 0)
		r = err_wrap(e, "linux.netDevices");
	for (size_t i = 0; i < l->n && r == 0; i++) {
		struct moved *m = &n->v[n->n];

		r = move(host, inside, &l->v[i], netns, m, e);
		n->n += m->index != 0;
		if (r == 0)
			r = dress(inside, m, m->index, true, e);
		if (r < 0)
			r = err_wrap(e, "linux.netDevices.%s", l->v[i].key);
	}
	if (r < 0)
		net_devices_return(n);
	else
		*ret = n;
	return r;
}
