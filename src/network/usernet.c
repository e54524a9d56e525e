/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/usernet.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/file.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "kernel/hold.h"
#include "kernel/link.h"
#include "kernel/netns.h"
#include "network/firewall_private.h"
#include "network/forward.h"
#include "network/names.h"
#include "network/network_private.h"
#include "network/pasta.h"

#define HOLD_FILE "hold.json"
#define TABLE     "inet berth_forward"

/* What pasta calls itself in there: not the host's own address, which is to be reached from there
 * as from anywhere. */
#define OUTSIDE         "outside"
#define OUTSIDE_ADDRESS "169.254.2.2"
#define OUTSIDE_PREFIX  "24"
#define OUTSIDE_GATEWAY "169.254.2.1"

bool usernet_is_needed(const struct state *s)
{
	return s->rootless && !kernel_netns_is_own();
}

static int open_folder(const struct state *s, bool make, struct err *e)
{
	int r = make ? file_mkdir_path(s->run, USERNET, 0700, e) : 0;

	return r < 0 ? r : file_open_dir_at(s->run, USERNET, e);
}

static int lock_folder(const struct state *s, bool make, struct err *e)
{
	auto_close int dir = open_folder(s, make, e);

	if (dir < 0)
		return dir;
	while (flock(dir, LOCK_EX) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock %s/" USERNET, s->run_path);
	return take_fd(dir);
}

int usernet_find(const struct state *s)
{
	AUTO(arena) a = NULL;
	auto_close int dir = -1;
	int netns;

	if (!usernet_is_needed(s))
		return -1;
	a = arena_new();
	dir = open_folder(s, false, NULL);
	netns = dir < 0 ? -1 : hold_open(a, dir, HOLD_FILE, "net");
	return netns < 0 ? USERNET_NONE : netns;
}

/* The outside */

static int look_for_way_out(void *arg, const struct netlink_route *r)
{
	bool *ways = arg;

	if (r->destination.prefix == 0 && (!r->table || r->table == RT_TABLE_MAIN))
		ways[r->destination.family == AF_INET6] = true;
	return 0;
}

/* ret: of IPv4, of IPv6. */
static int find_ways_out(bool ret[2], struct err *e)
{
	AUTO(netlink) host = NULL;
	int r = netlink_open(-1, &host, e);

	return r < 0 ? r : netlink_routes(host, look_for_way_out, ret, e);
}

static void describe_pasta(const struct state *s, struct arena *a, int dir, int netns,
			   const bool ways[2], struct pasta *ret)
{
	static const struct network_ports none;
	struct texts *options = ARENA_NEW(a, struct texts);

	texts_add(a, options, "--ns-ifname");
	texts_add(a, options, OUTSIDE);
	if (ways[0]) {
		texts_add(a, options, "--address");
		texts_add(a, options, OUTSIDE_ADDRESS);
		texts_add(a, options, "--netmask");
		texts_add(a, options, OUTSIDE_PREFIX);
		texts_add(a, options, "--gateway");
		texts_add(a, options, OUTSIDE_GATEWAY);
	}
	*ret = (struct pasta){
		.dir = dir,
		.path = arena_printf(a, "%s/" USERNET, s->run_path),
		.netns = netns,
		.ports = &none,
		.options = options,
	};
}

/* One that runs is left alone. */
static int connect_outside(const struct state *s, struct arena *a, int dir, int netns,
			   struct err *e)
{
	bool ways[2] = { false, false };
	struct pasta how;
	int r;

	if (pasta_runs(a, dir, arena_printf(a, "%s/" USERNET, s->run_path)))
		return 0;
	r = find_ways_out(ways, e);
	if (r < 0)
		return r;
	if (!ways[0] && !ways[1]) {
		log_at(LOG_WARN, "this host has no default route: containers on bridges reach each "
				 "other and nobody else, until `network reload`");
		return 0;
	}
	describe_pasta(s, a, dir, netns, ways, &how);
	return pasta_start(a, &how, e);
}

/* The namespace */

static int make_namespace(void *arg, struct err *e)
{
	(void)arg;
	if (unshare(CLONE_NEWNET) < 0)
		return err_sys(e, "make a network namespace");
	return kernel_loopback_up(e);
}

/* What the forwarder of ports sends carries the client's address: answers are to come back to it,
 * and so what belongs to such a flow is led to this host whatever its address. */
static int lead_answers(struct arena *a, int netns, struct err *e)
{
	static const int families[] = { AF_INET, AF_INET6 };
	auto_buf text = BUF(4096);
	AUTO(netlink) n = NULL;
	struct netlink_info lo;
	int r = netlink_open(netns, &n, e);

	if (r == 0)
		r = netlink_link_find(n, "lo", 0, &lo, e);
	for (size_t i = 0; r == 0 && i < ARRAY_LEN(families); i++) {
		struct netlink_route local = {
			.destination = { .family = families[i] },
			.index = lo.index,
			.table = USERNET_MARK_ANSWER,
			.type = RTN_LOCAL,
			.scope = RT_SCOPE_HOST,
		};

		r = netlink_rule_add(n, families[i], USERNET_MARK_ANSWER, USERNET_MARK_ANSWER, e);
		if (r == 0)
			r = netlink_route_add(n, &local, e);
		/* A kernel without IPv6. */
		if (families[i] == AF_INET6 && (r == -EAFNOSUPPORT || r == -EOPNOTSUPP))
			r = 0;
	}
	if (r < 0)
		return r;
	buf_addf(&text,
		 "add table " TABLE "\n"
		 "add chain " TABLE " out { type filter hook output priority mangle; }\n"
		 "add rule " TABLE " out meta mark %u ct mark set meta mark\n"
		 "add chain " TABLE " in { type filter hook prerouting priority mangle; }\n"
		 "add rule " TABLE " in ct direction reply ct mark %u meta mark set %u\n",
		 USERNET_MARK, USERNET_MARK, USERNET_MARK_ANSWER);
	return firewall_run(a, &text, netns, NULL, e);
}

/* What served the one before has nothing to serve any more. */
static void end_servers(const struct state *s, struct arena *a, int dir)
{
	struct texts names = { 0 };

	pasta_stop(a, dir, arena_printf(a, "%s/" USERNET, s->run_path));
	state_list_run(s, NAMES, a, &names, NULL);
	for (size_t i = 0; i < names.n; i++)
		names_update(s, names.v[i], USERNET_NONE, NULL);
}

/* A namespace whose holder was killed lives on while somebody serves in it. */
static int find_server(const struct state *s, struct arena *a)
{
	struct texts names = { 0 }, ids = { 0 };
	int found = -1;

	state_list_run(s, NAMES, a, &names, NULL);
	for (size_t i = 0; i < names.n && found < 0; i++)
		found = names_netns(s, a, names.v[i]);
	state_list_run(s, ATTACHMENTS, a, &ids, NULL);
	for (size_t i = 0; i < ids.n && found < 0; i++)
		found = forward_netns(s, a, ids.v[i]);
	return found;
}

static int enter_namespace(void *arg, struct err *e)
{
	const int *netns = arg;

	return setns(*netns, CLONE_NEWNET) < 0 ? err_sys(e, "enter the network namespace") : 0;
}

static int start_holder(const struct state *s, struct arena *a, int dir,
			int (*make)(void *arg, struct err *e), void *arg, struct err *e)
{
	char *program;
	int netns, r = path_libexec(a, "init", &program, e);

	if (r == 0)
		r = hold_start(dir,
			       &(struct hold_start){ .file = HOLD_FILE,
						     .fill_root = s->run,
						     .program = program,
						     .make = make,
						     .make_arg = arg },
			       e);
	if (r < 0)
		return r;
	netns = hold_open(a, dir, HOLD_FILE, "net");
	return netns < 0 ? err_set(e, ERR_SYSTEM, "the process that holds it ended at once")
			 : netns;
}

/* -ENOENT: there is none. */
static int find_or_rescue(const struct state *s, struct arena *a, int dir, struct err *e)
{
	auto_close int found = hold_open(a, dir, HOLD_FILE, "net");

	if (found >= 0)
		return take_fd(found);
	found = find_server(s, a);
	return found < 0 ? -ENOENT : start_holder(s, a, dir, enter_namespace, &found, e);
}

static int make(const struct state *s, struct arena *a, int dir, struct err *e)
{
	auto_close int netns = -1;
	int r;

	end_servers(s, a, dir);
	netns = start_holder(s, a, dir, make_namespace, NULL, e);
	if (netns < 0)
		return netns;
	r = lead_answers(a, netns, e);
	if (r < 0) {
		hold_end(a, dir, HOLD_FILE);
		return r;
	}
	return take_fd(netns);
}

static int wants_bridge(const struct state *s, struct arena *a,
			const struct network_attachments *asked, bool *ret_outside, struct err *e)
{
	bool found = false;

	*ret_outside = false;
	for (size_t i = 0; i < asked->n; i++) {
		struct network *n;
		int r;

		if (network_is_user_mode(asked->v[i].network))
			continue;
		r = network_find(s, a, asked->v[i].network, &n, e);
		if (r < 0)
			return r;
		if (network_driver(n) != NETWORK_BRIDGE)
			return err_set(
				e, ERR_UNSUPPORTED,
				"network %s: driver %s needs root: a plain user has no power "
				"over the host's interfaces",
				n->name, n->driver);
		found = true;
		*ret_outside = *ret_outside || !n->internal;
	}
	return found;
}

int usernet_begin(const struct state *s, struct arena *a, const struct network_attachments *asked,
		  struct usernet *ret, struct err *e)
{
	auto_close int lock = -1;
	auto_close int netns = -1;
	bool outside;
	int r = usernet_is_needed(s) ? wants_bridge(s, a, asked, &outside, e) : 0;

	if (r <= 0)
		return r;
	lock = lock_folder(s, true, e);
	if (lock < 0)
		return lock;
	netns = find_or_rescue(s, a, lock, e);
	if (netns == -ENOENT)
		netns = make(s, a, lock, e);
	r = netns < 0 ? netns : outside ? connect_outside(s, a, lock, netns, e) : 0;
	if (r < 0) {
		close_p(&lock);
		usernet_end(s);
		return err_wrap(e, "the network namespace of this user's bridges");
	}
	*ret = (struct usernet){ take_fd(netns), take_fd(lock) };
	return 0;
}

static int restore_forward(const struct state *s, struct arena *a, const char *id, int netns,
			   struct err *e)
{
	auto_close int dir = network_record_lock(s, id, false, e);
	struct network_status st;
	int r = dir < 0 ? dir : network_record_load(s, a, dir, id, &st, e);

	return r < 0 ? r : forward_restore(&st, dir, netns, e);
}

int usernet_restore(const struct state *s, const struct network_status *st, struct err *e)
{
	AUTO(arena) a = NULL;
	auto_close int lock = -1;
	auto_close int netns = -1;
	bool any = false, outside = false;
	int r;

	for (size_t i = 0; i < st->endpoints.n; i++) {
		bool bridge = text_eq(st->endpoints.v[i].driver, "bridge");

		any = any || bridge;
		outside = outside || (bridge && !st->endpoints.v[i].internal);
	}
	if (!any || !usernet_is_needed(s))
		return 0;
	a = arena_new();
	lock = lock_folder(s, true, e);
	netns = lock < 0 ? lock : find_or_rescue(s, a, lock, e);
	if (netns == -ENOENT)
		return err_set(e, ERR_CONFLICT,
			       "the process that held this user's bridges was killed: restart the "
			       "container");
	if (netns < 0)
		return netns;
	r = outside ? connect_outside(s, a, lock, netns, e) : 0;
	close_p(&lock);
	return r < 0 ? r : restore_forward(s, a, st->id, netns, e);
}

static bool is_on_bridge(const struct state *s, struct arena *a, const char *id)
{
	auto_close int dir = state_run_dir(s, ATTACHMENTS, id, false, NULL);
	struct network_status st;

	if (dir < 0 || network_is_dead(s, id))
		return false;
	/* Not written yet: it is just being started. */
	if (network_record_load(s, a, dir, id, &st, NULL) < 0)
		return true;
	for (size_t i = 0; i < st.endpoints.n; i++)
		if (text_eq(st.endpoints.v[i].driver, "bridge"))
			return true;
	return false;
}

void usernet_end(const struct state *s)
{
	AUTO(arena) a = NULL;
	auto_close int lock = -1;
	struct texts ids = { 0 };

	if (!s->rootless)
		return;
	lock = lock_folder(s, false, NULL);
	if (lock < 0)
		return;
	a = arena_new();
	if (state_list_run(s, ATTACHMENTS, a, &ids, NULL) < 0)
		return;
	for (size_t i = 0; i < ids.n; i++)
		if (is_on_bridge(s, a, ids.v[i]))
			return;
	hold_end(a, lock, HOLD_FILE);
	end_servers(s, a, lock);
}
