/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "network/network_private.h"

#define LEASES "leases"

int network_lock(const struct state *s, const char *network, int how, struct err *e)
{
	auto_close int dir = state_run_dir(s, NETWORKS, network, true, e);

	if (dir < 0)
		return dir;
	while (flock(dir, how) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock network %s", network);
	return take_fd(dir);
}

/* Where one subnet's addresses are to be had. */
struct range {
	struct address net, first, last, gateway;
	bool has_gateway;
	const struct strangers *strangers;
	char mark[ADDRESS_TEXT + 8]; /* the file that has the last one given */
};

static int find_range(const struct network_subnet *subnet, struct range *ret, struct err *e)
{
	const struct network_lease_range *l = subnet->lease_range;
	char text[ADDRESS_TEXT];
	struct range x;

	if (!address_parse_net(subnet->subnet, &x.net))
		return err_set(e, ERR_INVALID, "invalid CIDR address: %s", subnet->subnet);
	x.net = x.first = address_first(&x.net);
	x.last = address_last(&x.net);
	snprintf(x.mark, sizeof(x.mark), "last-%s", address_print(&x.net, text));
	x.has_gateway = subnet->gateway && address_parse(subnet->gateway, &x.gateway);
	if (l && l->start_ip && !address_parse(l->start_ip, &x.first))
		return err_set(e, ERR_INVALID, "invalid address %s", l->start_ip);
	if (l && l->end_ip && !address_parse(l->end_ip, &x.last))
		return err_set(e, ERR_INVALID, "invalid address %s", l->end_ip);
	*ret = x;
	return 0;
}

/* The network's own address, the broadcast address and the gateway are nobody's. */
static bool is_usable(const struct range *x, const struct address *a)
{
	struct address last = address_last(&x->net);

	if (address_compare(a, &x->net) == 0)
		return false;
	if (a->family == AF_INET && address_compare(a, &last) == 0)
		return false;
	return !x->has_gateway || address_compare(a, &x->gateway) != 0;
}

static struct address next(const struct range *x, const struct address *a)
{
	struct address n = address_plus(a, 1);

	return address_compare(a, &x->last) >= 0 || address_compare(&n, &x->first) < 0 ? x->first
										       : n;
}

static struct address last_given(int dir, const struct range *x)
{
	auto_free char *text = NULL;
	struct address a;

	if (file_read_at(dir, x->mark, ADDRESS_TEXT, &text, NULL, NULL) == 0 &&
	    address_parse(text, &a) && address_contains(&x->net, &a))
		return a;
	return x->last;
}

static void owner_of(int leases, const char *address, char *ret, size_t size)
{
	ssize_t n = readlinkat(leases, address, ret, size - 1);

	ret[n > 0 ? n : 0] = 0;
}

static int not_usable(const char *address, struct err *e)
{
	return err_set(e, ERR_INVALID,
		       "requested ip address %s can't be a container's: it is the network's own, "
		       "the broadcast or the gateway's address",
		       address);
}

static int check_address(const struct network *n, const char *asked, struct err *e)
{
	struct address a;
	struct range x;

	if (!address_parse(asked, &a))
		return err_set(e, ERR_INVALID, "\"%s\" is not an ip address", asked);
	for (size_t i = 0; i < n->subnets.n; i++) {
		int r = find_range(&n->subnets.v[i], &x, e);

		if (r < 0)
			return r;
		if (address_contains(&x.net, &a))
			return is_usable(&x, &a) ? 0 : not_usable(asked, e);
	}
	return err_set(e, ERR_INVALID, "requested static ip %s not in any subnet on network %s",
		       asked, n->name);
}

int network_check_addresses(const struct network *n, const struct network_attachment *asked,
			    struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < asked->addresses.n; i++)
		r = check_address(n, asked->addresses.v[i], e);
	return r;
}

static int take_asked(const struct network *n, int leases, const struct range *x, const char *asked,
		      const char *id, struct address *ret, struct err *e)
{
	char text[ADDRESS_TEXT], owner[STATE_ID_LEN + 1];
	struct address a;

	if (!address_parse(asked, &a))
		return err_set(e, ERR_INVALID, "\"%s\" is not an ip address", asked);
	address_print(&a, text);
	if (!is_usable(x, &a))
		return not_usable(text, e);
	if (strangers_have(x->strangers, &a))
		return err_set(
			e, ERR_CONFLICT,
			"IPAM error: requested ip address %s is in use on bridge %s, by none of "
			"berth's containers",
			text, n->network_interface);
	if (id && symlinkat(id, leases, text) < 0) {
		if (errno != EEXIST)
			return err_sys(e, "lease %s", text);
		owner_of(leases, text, owner, sizeof(owner));
		if (strcmp(owner, id) != 0)
			return err_set(e, ERR_CONFLICT,
				       "IPAM error: requested ip address %s is already allocated "
				       "to container ID %s",
				       text, owner);
	}
	*ret = a;
	return 0;
}

/* -EEXIST, without words: all are taken. */
static int take_next(int dir, int leases, const struct range *x, const char *id,
		     struct address *ret, struct err *e)
{
	struct address from = last_given(dir, x), at = from;
	char text[ADDRESS_TEXT];
	struct stat st;

	do {
		at = next(x, &at);
		address_print(&at, text);
		if (!is_usable(x, &at) || strangers_have(x->strangers, &at))
			continue;
		if (id ? symlinkat(id, leases, text) == 0
		       : fstatat(leases, text, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			*ret = at;
			return 0;
		}
		if (errno != EEXIST && errno != 0 && id)
			return err_sys(e, "lease %s", text);
	} while (address_compare(&at, &from) != 0);
	return -EEXIST;
}

static int open_leases(int dir, struct err *e)
{
	int leases;

	if (mkdirat(dir, LEASES, 0700) < 0 && errno != EEXIST)
		return err_sys(e, "create %s", LEASES);
	leases = openat(dir, LEASES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return leases < 0 ? err_sys(e, "open %s", LEASES) : leases;
}

static int exhausted(const struct network *n, const struct range *x, struct err *e)
{
	char first[ADDRESS_TEXT], last[ADDRESS_TEXT];

	return err_set(e, ERR_CONFLICT,
		       "IPAM error: failed to find free IP in range: %s - %s of network %s",
		       address_print(&x->first, first), address_print(&x->last, last), n->name);
}

static int take(const struct state *s, const struct network *n, int dir, int leases,
		const struct range *x, const char *asked, const char *id, struct address *ret,
		struct err *e)
{
	char text[ADDRESS_TEXT];
	int r;

	if (asked)
		return take_asked(n, leases, x, asked, id, ret, e);
	r = take_next(dir, leases, x, id, ret, e);
	if (r < 0)
		return r == -EEXIST ? exhausted(n, x, e) : r;
	/* Where the next one goes on: a hint, and good enough if another is faster. */
	address_print(ret, text);
	if (id)
		file_replace_at(dir, x->mark, text, strlen(text),
				&(struct file_write){ .fill_root = s->run }, NULL);
	return 0;
}

int network_lease(const struct state *s, const struct network *n,
		  const struct network_subnet *subnet, const struct strangers *strangers,
		  const char *asked, const char *id, struct address *ret, struct err *e)
{
	auto_close int dir = state_run_dir(s, NETWORKS, n->name, true, e);
	auto_close int leases = dir < 0 ? dir : open_leases(dir, e);
	struct range x;
	int r;

	if (leases < 0)
		return leases;
	r = find_range(subnet, &x, e);
	x.strangers = strangers;
	if (r == 0)
		r = take(s, n, dir, leases, &x, asked, id, ret, e);
	if (r == -EEXIST) {
		/* Somebody may have died with one. */
		network_lease_sweep(s, n->name);
		r = take(s, n, dir, leases, &x, asked, id, ret, e);
	}
	if (r == 0)
		ret->prefix = x.net.prefix;
	return r;
}

int network_lease_peek(const struct state *s, const struct network *n,
		       const struct network_subnet *subnet, const struct strangers *strangers,
		       const char *asked, struct address *ret, struct err *e)
{
	auto_close int dir = state_run_dir(s, NETWORKS, n->name, false, NULL);
	auto_close int leases =
		dir < 0 ? -1 : openat(dir, LEASES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct range x;
	int r = find_range(subnet, &x, e);

	x.strangers = strangers;
	if (r == 0)
		r = take(s, n, dir, leases, &x, asked, NULL, ret, e);
	if (r == 0)
		ret->prefix = x.net.prefix;
	return r;
}

typedef bool is_to_go(const struct state *s, const char *owner, const char *id);

static void delete_leases(const struct state *s, const char *network, const char *id,
			  is_to_go *wanted)
{
	auto_close int lock = -1;
	char owner[STATE_ID_LEN + 1];
	const struct dirent *entry;
	int leases;
	DIR *d;

	lock = state_run_dir(s, NETWORKS, network, false, NULL);
	if (lock < 0 || flock(lock, LOCK_EX) < 0)
		return;
	leases = openat(lock, LEASES, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	d = leases < 0 ? NULL : fdopendir(leases);
	if (!d)
		return;
	while ((entry = readdir(d))) {
		if (entry->d_type != DT_LNK)
			continue;
		owner_of(leases, entry->d_name, owner, sizeof(owner));
		if (wanted(s, owner, id))
			unlinkat(leases, entry->d_name, 0);
	}
	closedir(d);
}

static bool is_own(const struct state *s, const char *owner, const char *id)
{
	return strcmp(owner, id) == 0;
}

static bool is_dead(const struct state *s, const char *owner, const char *id)
{
	return network_is_dead(s, owner);
}

void network_lease_drop(const struct state *s, const char *network, const char *id)
{
	delete_leases(s, network, id, is_own);
}

void network_lease_sweep(const struct state *s, const char *network)
{
	delete_leases(s, network, NULL, is_dead);
}
