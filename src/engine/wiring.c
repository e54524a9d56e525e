/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/wiring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "engine/files.h"
#include "engine/keeper.h"
#include "engine/specify_private.h"
#include "engine/status.h"
#include "network/firewall.h"
#include "network/forward.h"
#include "network/serve.h"
#include "network/usernet.h"

static struct texts resolvers_of(const struct container *c)
{
	return texts_has(&c->dns, "none") ? (struct texts){ 0 } : c->dns;
}

/* more: beside those that it is on. */
static int join(const struct state *s, struct arena *a, const struct container *c,
		const struct network_attachments *asked, bool more, struct wiring *w, struct err *e)
{
	struct usernet host = USERNET_INIT;
	int r = usernet_begin(s, a, asked, &host, e);

	if (r < 0)
		return r;
	if (host.netns >= 0)
		r = forward_check(&c->ports, e);
	if (r == 0)
		r = network_join(s, a,
				 &(struct network_join){
					 .id = c->id,
					 .name = c->name,
					 .asked = asked,
					 .ports = c->ports,
					 .resolvers = resolvers_of(c),
					 .host_netns = host.netns,
					 .more = more,
				 },
				 &w->status, &w->lock, e);
	close_p(&host.lock);
	w->host = host.netns;
	if (r < 0)
		usernet_end(s);
	return r;
}

int wiring_join(const struct state *s, struct arena *a, const struct container *c,
		struct wiring *ret, struct err *e)
{
	struct wiring w = WIRING;
	int r;

	if (c->networks.n == 0)
		return 0;
	r = join(s, a, c, &c->networks, false, &w, e);
	if (r < 0) {
		wiring_close(&w);
		return r;
	}
	w.joined = true;
	*ret = w;
	return 0;
}

/* An interface of the host is among them, or, if not all, among those that are new. */
static bool has_device(const struct network_status *st, size_t first)
{
	for (size_t i = first; i < st->endpoints.n; i++)
		if (st->endpoints.v[i].device)
			return true;
	return false;
}

static int apply(const struct state *s, struct arena *a, struct wiring *w,
		 struct network_target *target, uint64_t start_time, struct err *e)
{
	struct plan p;
	int r = has_device(&w->status, w->status.first)
			? keeper_start(s, w->status.id, w->monitor, &w->end, e)
			: 0;

	if (r < 0)
		return r;
	plan_init(&p, a);
	network_plan(&p, s, &w->status, target);
	r = plan_apply(&p, e);
	if (r == 0)
		r = network_started(&w->status, w->lock, target->pid, start_time, e);
	return r;
}

int wiring_apply(const struct state *s, struct arena *a, struct wiring *w, pid_t pid,
		 uint64_t start_time, int netns, struct err *e)
{
	struct network_target target = {
		.netns = netns,
		.host_netns = w->host,
		.lock = w->lock,
		.pid = pid,
		.netfilter = &w->netfilter,
	};
	auto_close int opened = -1;
	char path[64];
	int r;

	/* Heard from now on, so that nothing is missed between the rules and the monitor. */
	w->watch = firewall_watch(&w->status, w->host);
	/* Bound before anything leads there, so that nobody else's port is taken away. */
	r = port_hold(s, a, &w->status, &w->holds, e);
	if (r < 0)
		return r;
	target.holds = &w->holds;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid);
	if (netns < 0) {
		target.netns = opened = open(path, O_RDONLY | O_CLOEXEC);
		if (opened < 0)
			return err_sys(e, "look at the network namespace");
	}
	r = apply(s, a, w, &target, start_time, e);
	network_target_close(&target);
	/* The forwarder's, then, and nobody else's: with it they are gone. */
	if (w->host >= 0)
		port_release(&w->holds);
	return r;
}

struct texts wiring_servers(const struct state *s, struct arena *a, const struct wiring *w)
{
	return w->joined ? network_servers(s, a, &w->status) : (struct texts){ 0 };
}

int wiring_serve(const struct state *s, struct arena *a, const struct container *c, struct err *e)
{
	struct texts resolvers = resolvers_of(c);

	return network_serve(s, a, c->id, &resolvers, e);
}

void wiring_undo(const struct state *s, const struct container *c, struct wiring *w)
{
	wiring_close(w);
	if (w->joined)
		wiring_leave(s, c, 0, NULL);
}

void wiring_close(struct wiring *w)
{
	/* What it is on is in the record: that can be taken back all the same. */
	bool joined = w->joined;

	close_p(&w->lock);
	close_p(&w->host);
	close_p(&w->watch);
	close_p(&w->netfilter);
	port_release(&w->holds);
	*w = WIRING;
	w->joined = joined;
}

/* A network namespace of its own, with nothing in it but what others put there. */
static bool has_bare_namespace(const struct state *s, const struct container *c)
{
	return !s->rootless && c->networks.n == 0 && c->name &&
	       specify_is_private(c->namespaces.network);
}

void wiring_name(const struct state *s, const struct container *c, pid_t pid)
{
	if (has_bare_namespace(s, c))
		network_name(c->name, pid);
}

void wiring_rename(const struct state *s, const struct container *c, pid_t pid, const char *name)
{
	struct err e;

	if (pid > 0 && has_bare_namespace(s, c)) {
		network_unname(c->name, pid);
		network_name(name, pid);
	} else if (pid > 0 && c->networks.n && network_rename(s, c->id, name, &e) < 0) {
		log_at(LOG_WARN, "networks know container %s as %s still: %s", name, c->name,
		       e.msg);
	}
}

/* It lives on; with its last interface of the host the keeper has nothing to wait for. */
static void keep_only_for_devices(const struct state *s, struct arena *a, const struct container *c)
{
	struct network_status st = { 0 };
	int r = network_status(s, a, c->id, &st, NULL);

	if (r == -ENOENT || (r == 0 && !has_device(&st, 0)))
		keeper_stop(s, c->id);
}

int wiring_leave(const struct state *s, const struct container *c, pid_t pid, struct err *e)
{
	int r;

	if (pid > 0 && has_bare_namespace(s, c))
		network_unname(c->name, pid);
	r = network_leave(s, c->id, -1, e);
	/* Else it tries again when the monitor is gone. */
	if (r == 0)
		keeper_stop(s, c->id);
	return r;
}

int wiring_plan(const struct state *s, struct arena *a, const struct container *c, struct buf *out,
		struct err *e)
{
	struct network_target target = { .host_netns = -1 };
	struct network_status st;
	struct plan p;
	int lock = -1, r;

	if (c->networks.n == 0)
		return 0;
	r = network_join(s, a,
			 &(struct network_join){
				 .id = c->id ? c->id : "ID",
				 .name = c->name ? c->name : "NAME",
				 .asked = &c->networks,
				 .ports = c->ports,
				 .resolvers = resolvers_of(c),
				 .host_netns = -1,
				 .peek = true,
			 },
			 &st, &lock, e);
	if (r < 0)
		return r;
	plan_init(&p, a);
	network_plan(&p, s, &st, &target);
	plan_print(&p, out);
	return 0;
}

static const struct network_attachment *find(const struct container *c, const char *network,
					     size_t *ret_at)
{
	for (*ret_at = 0; *ret_at < c->networks.n; (*ret_at)++)
		if (text_eq(c->networks.v[*ret_at].network, network))
			return &c->networks.v[*ret_at];
	return NULL;
}

static int open_netns(const struct container_status *st, struct err *e)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%lld/ns/net", (long long)st->run.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "look at the network namespace") : fd;
}

/* The files inside say what is so now. */
static int update_files(const struct state *s, struct arena *a, const struct container *c,
			struct err *e)
{
	auto_close int run = state_run_dir(s, CONTAINERS, c->id, false, e);
	struct network_status st = { 0 };

	if (run < 0)
		return run;
	network_status(s, a, c->id, &st, NULL);
	return container_network_files(c, &st, run, e);
}

static int connect_live(const struct state *s, struct arena *a, const struct container *c,
			const struct network_attachment *n, const struct container_start *how,
			const struct container_status *now, struct err *e)
{
	struct network_attachments asked = { (struct network_attachment *)n, 1 };
	struct network_target target = { .pid = (pid_t)now->run.pid };
	struct wiring w = WIRING;
	auto_close int netns = open_netns(now, e);
	auto_close int monitor = container_monitor_pidfd(now);
	int r = netns < 0 ? netns : join(s, a, c, &asked, true, &w, e);

	if (r < 0) {
		wiring_close(&w);
		return r;
	}
	target.netns = netns;
	target.host_netns = w.host;
	target.lock = w.lock;
	if (monitor >= 0)
		w.monitor = (pid_t)now->run.monitor_pid;
	w.end = container_again(a, s, how, "__end", c->id);
	r = apply(s, a, &w, &target, now->run.start_time, e);
	network_target_close(&target);
	wiring_close(&w);
	if (r < 0) {
		network_leave_one(s, c->id, n->network, -1, NULL);
		keep_only_for_devices(s, a, c);
	}
	return r;
}

static void add(struct arena *a, struct container *c, const struct network_attachment *n)
{
	struct network_attachment *more = arena_array(a, c->networks.n + 1, sizeof(*more));

	if (c->networks.n)
		memcpy(more, c->networks.v, c->networks.n * sizeof(*more));
	more[c->networks.n++] = *n;
	c->networks.v = more;
}

int container_connect(const struct state *s, struct arena *a, struct container *c,
		      const struct network_attachment *n, const struct container_start *how,
		      struct err *e)
{
	auto_close int lock = state_lock(s, CONTAINERS, c->id, e);
	struct container_status now;
	size_t at;
	int r = lock < 0 ? lock : container_load(s, a, c->id, &c, e);

	if (r == 0)
		r = container_status(s, a, c, &now, e);
	if (r < 0)
		return r;
	if (!text_eq(c->namespaces.network, "bridge"))
		return err_set(e, ERR_INVALID, "\"%s\" is not supported: invalid network mode",
			       c->namespaces.network);
	if (find(c, n->network, &at))
		return err_set(e, ERR_CONFLICT,
			       "container %s is already connected to network \"%s\": network is "
			       "already connected",
			       c->id, n->network);
	if (container_is_alive(&now)) {
		/* What somebody was killed at before it was written down. */
		network_leave_one(s, c->id, n->network, -1, NULL);
		r = connect_live(s, a, c, n, how, &now, e);
	}
	if (r < 0)
		return r;
	add(a, c, n);
	r = container_save(s, lock, c, true, e);
	return r == 0 && container_is_alive(&now) ? update_files(s, a, c, e) : r;
}

static int restore_routes(const struct state *s, struct arena *a, const struct container *c,
			  const struct container_status *now, struct err *e)
{
	struct network_target target = { .netns = -1, .host_netns = -1, .lock = -1 };
	auto_close int netns = open_netns(now, e);
	struct network_status st;
	struct plan p;
	int r = netns < 0 ? netns : network_status(s, a, c->id, &st, e);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	target.netns = netns;
	plan_init(&p, a);
	r = network_plan_routes(&p, s, &st, &c->networks, &target, e);
	if (r == 0)
		r = plan_apply(&p, e);
	network_target_close(&target);
	return r;
}

int container_disconnect(const struct state *s, struct arena *a, struct container *c,
			 const char *network, struct err *e)
{
	auto_close int lock = state_lock(s, CONTAINERS, c->id, e);
	struct container_status now;
	size_t at;
	int r = lock < 0 ? lock : container_load(s, a, c->id, &c, e);

	if (r == 0)
		r = container_status(s, a, c, &now, e);
	if (r < 0)
		return r;
	if (!find(c, network, &at))
		return err_set(e, ERR_NOT_FOUND,
			       "container %s is not connected to network \"%s\": network is not "
			       "connected",
			       c->id, network);
	if (container_is_alive(&now))
		r = network_leave_one(s, c->id, network, -1, e);
	/* Somebody was killed before it was written down. */
	if (r < 0 && r != -ENOENT)
		return r;
	keep_only_for_devices(s, a, c);
	memmove(&c->networks.v[at], &c->networks.v[at + 1],
		(--c->networks.n - at) * sizeof(*c->networks.v));
	r = container_save(s, lock, c, true, e);
	if (r == 0 && container_is_alive(&now))
		r = restore_routes(s, a, c, &now, e);
	return r == 0 && container_is_alive(&now) ? update_files(s, a, c, e) : r;
}

int container_users_of_network(const struct state *s, struct arena *a, const char *network,
			       struct containers *ret, struct err *e)
{
	struct containers all, users = { 0 };
	size_t at;
	int r = container_list(s, a, &all, NULL, NULL, e);

	if (r < 0)
		return r;
	users.v = arena_array(a, all.n, sizeof(*users.v));
	for (size_t i = 0; i < all.n; i++)
		if (find(all.v[i], network, &at))
			users.v[users.n++] = all.v[i];
	*ret = users;
	return 0;
}
