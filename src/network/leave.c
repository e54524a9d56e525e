/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything goes back, in an order in which a kill at any point leaves what is needed to go on:
 * the record goes last.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "kernel/process.h"
#include "network/firewall.h"
#include "network/forward.h"
#include "network/names.h"
#include "network/op.h"
#include "network/pasta.h"
#include "network/resolver.h"
#include "network/slirp.h"
#include "network/usernet.h"

static void keep_first(int r, const struct err *said, int *first, struct err *e)
{
	if (r >= 0 || *first < 0)
		return;
	*first = r;
	if (e)
		*e = *said;
}

static int leave_bridge(const struct network_status *st, const struct network_endpoint *p,
			int host_netns, struct network_behind *b, struct err *e)
{
	struct netlink_info port = { 0 };
	int r;

	if (host_netns == USERNET_NONE)
		return 0;
	r = network_behind_open(b, host_netns, e);
	if (r < 0)
		return r;
	/* Where its name was another's it has none. */
	if (p->host_interface &&
	    netlink_link_find(b->host, p->host_interface, 0, &port, NULL) == 0 &&
	    !network_is_port(&port, st->id))
		port.index = 0;
	if (port.index) {
		r = netlink_link_set(b->host, port.index, &(struct netlink_link){ .down = true },
				     e);
		/* Its other end's namespace was faster. */
		if (r == -ENODEV)
			r = 0;
	}
	network_behind_port(b, port.index, p);
	return r;
}

/* Of a container that lives on, what the kernel does not take away with the namespace. */
static void leave_inside(const struct network_status *st, const struct network_endpoint *p)
{
	AUTO(netlink) inside = NULL;
	struct netlink_info info;
	auto_close int netns = -1;
	char path[64];

	if (st->pid <= 0 || !kernel_is_alive((pid_t)st->pid, st->start_time))
		return;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)st->pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns >= 0 && netlink_open(netns, &inside, NULL) == 0 &&
	    netlink_link_find(inside, p->interface, 0, &info, NULL) == 0)
		netlink_link_remove(inside, info.index, NULL);
}

static void resolver_leave(const struct state *s, const char *id, int dir)
{
	AUTO(arena) a = arena_new();

	resolver_stop(a, dir, arena_printf(a, "%s/" ATTACHMENTS "/%s", s->run_path, id));
}

static void pasta_leave(const struct state *s, const char *id, int dir)
{
	AUTO(arena) a = arena_new();

	pasta_stop(a, dir, arena_printf(a, "%s/" ATTACHMENTS "/%s", s->run_path, id));
}

/* When it is written down that the container is not there any more. */
static void forget_names(const struct state *s, const struct network_endpoints *l, int host_netns)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].dns_enabled)
			names_update(s, l->v[i].network, host_netns, NULL);
}

static int leave_one(const struct state *s, const struct network_status *st,
		     const struct network_endpoint *p, int dir, int host_netns,
		     struct network_behind *b, struct err *e)
{
	int r = 0;

	if (text_eq(p->driver, NETWORK_PASTA)) {
		pasta_leave(s, st->id, dir);
		return 0;
	}
	if (text_eq(p->driver, NETWORK_SLIRP)) {
		AUTO(arena) a = arena_new();

		slirp_stop(a, dir, st->id);
		return 0;
	}
	if (p->device)
		r = device_give_back(st, p->device, dir, host_netns, e);
	else if (text_eq(p->driver, "bridge"))
		r = leave_bridge(st, p, host_netns, b, e);
	else if (p->driver && p->interface)
		leave_inside(st, p);
	if (p->network)
		network_lease_drop(s, p->network, st->id);
	return r;
}

/* A device that is on the host, where its name is another's, gets a record of its own: the
 * container may go, and each command looks whether the name is free.  That is what sweeps do
 * anyway, as it looks like a container's that is dead. */
static int set_aside(const struct state *s, const struct network_status *st,
		     struct network_endpoint *p, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct network_status alone = { .state = s, .name = st->name, .endpoints = { p, 1 } };
	auto_close int mark = -1, dir = -1;

	for (unsigned i = 0;; i++) {
		auto_close int other = -1;

		alone.id = arena_printf(a, NETWORK_ASIDE "%s.%u", p->device->name, i);
		other = state_run_dir(s, ATTACHMENTS, alone.id, false, NULL);
		if (other < 0)
			break;
	}
	dir = network_record_lock(s, alone.id, true, e);
	if (dir < 0)
		return dir;
	mark = state_run_dir(s, NETWORK_UNSETTLED, alone.id, true, e);
	return mark < 0 ? mark : network_record_save(dir, &alone, e);
}

int network_take_back(const struct state *s, const struct network_status *st, int dir, size_t first,
		      int host_netns, struct err *e)
{
	struct network_behind behind = NETWORK_BEHIND;
	bool device_is_away = false;
	struct err said;
	int r = 0;

	if (first == 0) {
		forward_stop(s, st->id, dir);
		resolver_leave(s, st->id, dir);
	}
	if (first == 0 && st->ports.n && host_netns != USERNET_NONE)
		keep_first(firewall_close(s, st, host_netns, &behind.netfilter, &said), &said, &r,
			   e);
	for (size_t i = st->endpoints.n; i > first; i--) {
		struct network_endpoint *p = &st->endpoints.v[i - 1];
		int one = leave_one(s, st, p, dir, host_netns, &behind, &said);

		if (one == -EEXIST && p->device && !text_after(st->id, NETWORK_ASIDE) &&
		    set_aside(s, st, p, NULL) == 0) {
			log_debug("%s", said.msg);
			one = 0;
		}
		keep_first(one, &said, &r, e);
		device_is_away = device_is_away || (one < 0 && p->device);
	}
	network_behind_do(s, &behind);
	if (first)
		return r;
	name_remove(st);
	/* Its namespace must not go while a device is still in there. */
	if (!device_is_away)
		pin_remove(dir);
	return r;
}

/* The record can't be read: the leases at least are known by their owner. */
static void drop_everywhere(const struct state *s, struct arena *a, const char *id)
{
	struct texts names;

	if (state_list_run(s, NETWORKS, a, &names, NULL) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		network_lease_drop(s, names.v[i], id);
}

/* The record, also where there is but the mark: without the lock it could be taken away from
 * somebody who begins just now. -ENOENT: neither is there. */
static int lock_all(const struct state *s, const char *id, struct err *e)
{
	int dir = network_record_lock(s, id, false, e);
	auto_close int mark =
		dir == -ENOENT ? state_run_dir(s, NETWORK_UNSETTLED, id, false, NULL) : -1;

	return mark < 0 ? dir : network_record_lock(s, id, true, e);
}

static int leave(const struct state *s, const char *id, int host_netns, bool if_dead, struct err *e)
{
	AUTO(arena) a = arena_new();
	struct network_status st = { 0 };
	auto_close int dir = lock_all(s, id, e);
	int r;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return dir;
	r = network_record_load(s, a, dir, id, &st, NULL);
	/* It was started again since. */
	if (r == 0 && if_dead && network_record_lives(&st))
		return 0;
	if (r < 0) {
		drop_everywhere(s, a, id);
		pin_remove(dir);
		r = 0;
	} else {
		r = network_take_back(s, &st, dir, 0, host_netns, e);
	}
	if (r == 0)
		r = state_remove_run(s, ATTACHMENTS, id, e);
	/* Last: it leads whoever comes after a kill to what is left. */
	if (r == 0)
		r = state_remove_run(s, NETWORK_UNSETTLED, id, e);
	if (r == 0)
		forget_names(s, &st.endpoints, host_netns);
	if (r < 0 && text_after(id, NETWORK_ASIDE))
		return r;
	return r < 0 ? err_wrap(e, "take back the networks of %.12s", id) : 0;
}

static int leave_here(const struct state *s, const char *id, int host_netns, bool if_dead,
		      struct err *e)
{
	auto_close int own = host_netns == -1 ? usernet_find(s) : -1;
	int r = leave(s, id, host_netns == -1 ? own : host_netns, if_dead, e);

	usernet_end(s);
	return r;
}

int network_leave(const struct state *s, const char *id, int host_netns, struct err *e)
{
	return leave_here(s, id, host_netns, false, e);
}

static int leave_dead(const struct state *s, const char *id, struct err *e)
{
	auto_close int dir = state_run_dir(s, ATTACHMENTS, id, false, NULL);
	auto_close int mark = dir < 0 ? state_run_dir(s, NETWORK_UNSETTLED, id, false, NULL) : -1;

	if (dir < 0 && mark < 0)
		return 0;
	return network_is_dead(s, id) ? leave_here(s, id, -1, true, e) : 0;
}

void network_leave_dead(const struct state *s, const char *id)
{
	leave_dead(s, id, NULL);
}

static struct network_status without(struct arena *a, const struct network_status *st, size_t at)
{
	struct network_status left = *st;

	left.endpoints.v = arena_array(a, st->endpoints.n, sizeof(*left.endpoints.v));
	left.endpoints.n = 0;
	for (size_t i = 0; i < st->endpoints.n; i++)
		if (i != at)
			left.endpoints.v[left.endpoints.n++] = st->endpoints.v[i];
	return left;
}

/* Whether published ports led to where it is no more. */
static bool ports_move(struct arena *a, const struct network_status *before,
		       const struct network_status *after)
{
	return before->ports.n && (!text_eq(firewall_port_target(a, before, false),
					    firewall_port_target(a, after, false)) ||
				   !text_eq(firewall_port_target(a, before, true),
					    firewall_port_target(a, after, true)));
}

static int leave_network(const struct state *s, const char *id, const char *network, int host_netns,
			 struct err *e)
{
	AUTO(arena) a = arena_new();
	struct network_status st, left;
	struct network_endpoint gone;
	struct network_behind behind = NETWORK_BEHIND;
	bool moves;
	auto_close int dir = network_record_lock(s, id, false, e);
	size_t at = 0;
	int r = dir < 0 ? dir : network_record_load(s, a, dir, id, &st, e);

	if (r < 0)
		return r;
	while (at < st.endpoints.n && !text_eq(st.endpoints.v[at].network, network))
		at++;
	if (at == st.endpoints.n) {
		/* What somebody took who was killed before he wrote it down. */
		network_lease_drop(s, network, id);
		return err_set(e, ERR_NOT_FOUND,
			       "container %.12s is not connected to network %s: network is not "
			       "connected",
			       id, network);
	}
	gone = st.endpoints.v[at];
	left = without(a, &st, at);
	moves = host_netns != USERNET_NONE && ports_move(a, &st, &left);
	/* Before its address can be somebody else's. */
	r = moves ? firewall_close(s, &st, host_netns, NULL, e) : 0;
	if (r == 0)
		r = leave_one(s, &st, &gone, dir, host_netns, &behind, e);
	network_behind_do(s, &behind);
	if (r < 0)
		return r;
	st = left;
	r = network_record_save(dir, &st, e);
	if (r == 0 && moves)
		r = firewall_open(s, &st, host_netns, NULL, e);
	if (r == 0)
		r = forward_restore(&st, dir, host_netns, e);
	if (r == 0)
		forget_names(s, &(struct network_endpoints){ &gone, 1 }, host_netns);
	return r;
}

int network_rename(const struct state *s, const char *id, const char *name, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_close int dir = network_record_lock(s, id, false, e);
	auto_close int host = usernet_find(s);
	struct network_status st;
	int r = dir < 0 ? dir : network_record_load(s, a, dir, id, &st, e);

	if (r == 0) {
		name_remove(&st);
		st.name = name;
		st.named = !s->rootless && network_name(name, (pid_t)st.pid);
		r = network_record_save(dir, &st, e);
	}
	if (r == 0)
		forget_names(s, &st.endpoints, host);
	return r;
}

int network_leave_one(const struct state *s, const char *id, const char *network, int host_netns,
		      struct err *e)
{
	auto_close int own = host_netns == -1 ? usernet_find(s) : -1;
	int r = leave_network(s, id, network, host_netns == -1 ? own : host_netns, e);

	usernet_end(s);
	return r;
}

void network_sweep(const struct state *s, bool unsettled_only)
{
	AUTO(arena) a = arena_new();
	struct texts ids;
	struct err e;

	if (state_list_run(s, unsettled_only ? NETWORK_UNSETTLED : ATTACHMENTS, a, &ids, NULL) < 0)
		return;
	for (size_t i = 0; i < ids.n; i++)
		if (leave_dead(s, ids.v[i], &e) < 0 && text_after(ids.v[i], NETWORK_ASIDE))
			log_at(unsettled_only ? LOG_DEBUG : LOG_WARN, "%s", e.msg);
	if (state_list_run(s, NAMES, a, &ids, NULL) < 0 || unsettled_only)
		return;
	for (size_t i = 0; i < ids.n; i++)
		names_update(s, ids.v[i], -1, NULL);
}
