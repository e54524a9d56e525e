/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/firewall.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "base/file.h"
#include "base/log.h"
#include "firewall/firewall.h"
#include "kernel/netfilter.h"
#include "kernel/process.h"
#include "network/firewall_private.h"
#include "network/usernet.h"

#define TABLE  "berth" /* of family inet */
#define LOCK   "firewall.lock"
#define MENDED "firewall.mended" /* after which change of the kernel's */

int firewall_socket(int *netfilter, int host_netns, struct err *e)
{
	if (*netfilter < 0)
		*netfilter = netfilter_open(host_netns, e);
	return *netfilter < 0 ? *netfilter : 0;
}

/* One change at a time, so that what is put back is what there is. */
static int lock(const struct state *s, struct err *e)
{
	auto_close int fd = openat(s->run, LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || flock(fd, LOCK_EX) < 0)
		return err_sys(e, "lock the firewall");
	return take_fd(fd);
}

/* What is being started counts: its own turn adds what is there already. */
static bool is_wanted(const struct network_status *st)
{
	return st->pid == 0 || kernel_is_alive((pid_t)st->pid, st->start_time);
}

static const struct network *find_network(const struct networks *all, const char *name)
{
	for (size_t i = 0; i < all->n; i++)
		if (text_eq(all->v[i]->name, name))
			return all->v[i];
	return NULL;
}

static bool is_on_bridge(const struct network_endpoint *p)
{
	return text_eq(p->driver, "bridge") && p->bridge;
}

/* Everything: the rules, and the elements of all that are on networks now but the one that leaves.
 */
static int print_all(const struct state *s, struct arena *a, const char *without, struct buf *out,
		     struct err *e)
{
	struct network_statuses all = { 0 };
	struct networks networks = { 0 };
	int r = network_status_list(s, a, &all, e);

	if (r == 0)
		r = network_list(s, a, &networks, e);
	if (r < 0)
		return r;
	firewall_print_rules(out);
	firewall_print_flush(out);
	for (size_t i = 0; i < all.n; i++) {
		const struct network_status *st = &all.v[i];

		if (text_eq(st->id, without) || !is_wanted(st))
			continue;
		for (size_t k = 0; k < st->endpoints.n; k++) {
			const struct network *n =
				find_network(&networks, st->endpoints.v[k].network);

			if (n)
				firewall_print_network(out, "add", n);
		}
		firewall_print_ports(out, "add", st);
	}
	return 0;
}

static int replace_all(const struct state *s, struct arena *a, const char *without, int host_netns,
		       struct err *e)
{
	auto_buf out = BUF(FIREWALL_INPUT_MAX);
	int r = print_all(s, a, without, &out, e);

	return r < 0 ? r : firewall_run(a, &out, host_netns, NULL, e);
}

/* Without the program; -ENOTSUP: too many for that. */
static int change_ports(const struct network_status *st, bool add, int socket)
{
	auto_free struct netfilter_element *v = calloc(NETFILTER_ELEMENTS_MAX, sizeof(*v));
	size_t n = v ? firewall_port_elements(v, NETFILTER_ELEMENTS_MAX, st) : SIZE_MAX;

	if (n > NETFILTER_ELEMENTS_MAX)
		return -ENOTSUP;
	return n ? netfilter_change(socket, TABLE, add, v, n, NULL) : 0;
}

/* The elements of its bridges that are not there. */
static int print_bridges(const struct state *s, struct arena *a, const struct network_status *st,
			 int socket, struct buf *out, struct err *e)
{
	for (size_t i = 0; i < st->endpoints.n; i++) {
		const struct network_endpoint *p = &st->endpoints.v[i];
		struct network *n;
		int r;

		if (!is_on_bridge(p))
			continue;
		r = netfilter_has_interface(socket, TABLE, "bridges", p->bridge, e);
		if (r < 0)
			return r;
		if (r == 1)
			continue;
		r = p->about ? 0 : network_find(s, a, p->network, &n, e);
		if (r < 0)
			return r;
		firewall_print_network(out, "add", p->about ? p->about : n);
	}
	return 0;
}

static int open_locked(const struct state *s, struct arena *a, const struct network_status *st,
		       int host_netns, int socket, struct err *e)
{
	auto_buf out = BUF(FIREWALL_INPUT_MAX);
	int r = netfilter_has_rules(socket, TABLE, FIREWALL_VERSION, e);

	if (r < 0)
		return r;
	if (r == 0)
		return replace_all(s, a, NULL, host_netns, e);
	r = print_bridges(s, a, st, socket, &out, e);
	if (r < 0 || (out.len == 0 && change_ports(st, true, socket) == 0))
		return r;
	firewall_print_ports(&out, "add", st);
	/* Something is there that should not be, such as a port of a container that ended unseen.
	 */
	if (firewall_run(a, &out, host_netns, NULL, e) < 0)
		return replace_all(s, a, NULL, host_netns, e);
	return 0;
}

/* Who sends UDP to a published port has to be led to this container now. */
static int forget_flows(struct arena *a, const struct network_status *st, int socket, struct err *e)
{
	int r = 0;

	for (size_t i = 0; i < st->ports.n && r == 0; i++) {
		const struct network_port *p = &st->ports.v[i];
		int64_t last = p->host_port + (p->range > 1 ? p->range - 1 : 0);

		if (!text_eq(p->protocol, "udp"))
			continue;
		if (firewall_port_target(a, st, false))
			r = netfilter_forget_flows(socket, AF_INET, IPPROTO_UDP,
						   (uint16_t)p->host_port, (uint16_t)last, e);
		if (r == 0 && firewall_port_target(a, st, true))
			r = netfilter_forget_flows(socket, AF_INET6, IPPROTO_UDP,
						   (uint16_t)p->host_port, (uint16_t)last, e);
	}
	return r;
}

static bool concerns(const struct network_status *st)
{
	for (size_t i = 0; i < st->endpoints.n; i++)
		if (is_on_bridge(&st->endpoints.v[i]))
			return true;
	return false;
}

/* No reason not to start: who asks from outside hears nothing, and the other firewall says why. */
static void admit(const struct state *s, struct arena *a, const struct network_status *st,
		  int host_netns, int socket)
{
	for (size_t i = 0; i < st->endpoints.n; i++) {
		const struct network_endpoint *p = &st->endpoints.v[i];
		struct err e;
		struct network *n;
		int r;

		if (!is_on_bridge(p))
			continue;
		r = p->about ? 0 : network_find(s, a, p->network, &n, &e);
		if (r == 0)
			r = firewall_admit(a, p->about ? p->about : n, host_netns, socket, &e);
		if (r < 0)
			log_debug("other firewalls: network %s: %s", p->network, e.msg);
	}
}

int firewall_open(const struct state *s, const struct network_status *st, int host_netns,
		  int *netfilter, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_close int held = -1;
	auto_close int own = -1;
	int *socket = netfilter ? netfilter : &own;
	int r;

	if (!concerns(st))
		return 0;
	held = r = lock(s, e);
	if (r >= 0)
		r = firewall_socket(socket, host_netns, e);
	if (r >= 0)
		r = open_locked(s, a, st, host_netns, *socket, e);
	if (r >= 0)
		r = forget_flows(a, st, *socket, e);
	if (r >= 0)
		admit(s, a, st, host_netns, *socket);
	return r < 0 ? r : firewall_let_loopback(st, host_netns, e);
}

int firewall_close(const struct state *s, const struct network_status *st, int host_netns,
		   int *netfilter, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_buf out = BUF(FIREWALL_INPUT_MAX);
	auto_close int held = -1;
	auto_close int own = -1;
	int *socket = netfilter ? netfilter : &own;
	int r;

	if (!concerns(st) || st->ports.n == 0)
		return 0;
	firewall_print_ports(&out, "delete", st);
	if (out.len == 0)
		return 0;
	held = r = lock(s, e);
	if (r >= 0)
		r = firewall_socket(socket, host_netns, e);
	if (r >= 0)
		r = netfilter_has_rules(*socket, TABLE, FIREWALL_VERSION, e);
	if (r <= 0 || change_ports(st, false, *socket) == 0)
		return r < 0 ? r : 0;
	/* Half of it is gone already: then it is quicker to say what there should be. */
	if (firewall_run(a, &out, host_netns, NULL, e) < 0)
		return replace_all(s, a, st->id, host_netns, e);
	return 0;
}

int firewall_forget(const struct state *s, const struct network *n, int host_netns, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_buf out = BUF(FIREWALL_INPUT_MAX);
	auto_close int held = -1;
	auto_close int socket = -1;
	auto_close int own = host_netns == -1 ? usernet_find(s) : -1;
	int r;

	host_netns = host_netns == -1 ? own : host_netns;
	if (!text_eq(n->driver, "bridge") || !n->network_interface || host_netns == USERNET_NONE)
		return 0;
	held = r = lock(s, e);
	if (r >= 0)
		socket = r = netfilter_open(host_netns, e);
	if (r >= 0)
		r = netfilter_has_interface(socket, TABLE, "bridges", n->network_interface, e);
	if (r >= 0)
		firewall_dismiss(a, n, host_netns, socket, NULL);
	if (r <= 0)
		return r;
	firewall_print_network(&out, "delete", n);
	if (firewall_run(a, &out, host_netns, NULL, e) < 0)
		return replace_all(s, a, NULL, host_netns, e);
	return 0;
}

/* All that are on networks are known to other firewalls. */
static int admit_all(const struct state *s, struct arena *a, int host_netns, int socket,
		     struct err *e)
{
	struct network_statuses all = { 0 };
	int r = network_status_list(s, a, &all, e);

	for (size_t i = 0; r == 0 && i < all.n; i++)
		if (is_wanted(&all.v[i]))
			admit(s, a, &all.v[i], host_netns, socket);
	return r;
}

int firewall_reload(const struct state *s, int host_netns, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_close int own = host_netns == -1 ? usernet_find(s) : -1;
	auto_close int socket = -1;
	auto_close int held = -1;
	int r;

	host_netns = host_netns == -1 ? own : host_netns;
	if (host_netns == USERNET_NONE)
		return 0;
	held = r = lock(s, e);
	if (r >= 0)
		r = replace_all(s, a, NULL, host_netns, e);
	if (r >= 0)
		socket = r = netfilter_open(host_netns, e);
	return r < 0 ? r : admit_all(s, a, host_netns, socket, e);
}

int firewall_watch(const struct network_status *st, int host_netns)
{
	struct err e;
	int fd = concerns(st) ? netfilter_watch(host_netns, &e) : -1;

	if (fd < 0 && concerns(st))
		log_debug("%s: it will not be put back by itself", e.msg);
	return fd < 0 ? -1 : fd;
}

/* The generation is the kernel's, of this boot, as is the volatile root. */
static bool is_mended(const struct state *s, uint32_t generation)
{
	auto_free char *text = NULL;
	char now[16];

	snprintf(now, sizeof(now), "%u", generation);
	return file_read_at(s->run, MENDED, sizeof(now), &text, NULL, NULL) == 0 &&
	       text_eq(text, now);
}

static int note_mended(const struct state *s, uint32_t generation, struct err *e)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", generation);
	return file_replace_at(s->run, MENDED, text, strlen(text),
			       &(struct file_write){ .fill_root = s->run }, e);
}

int firewall_mend(const struct state *s, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_close int host_netns = usernet_find(s);
	auto_close int held = -1;
	auto_close int socket = -1;
	uint32_t generation = 0, now = 0;
	int r;

	if (host_netns == USERNET_NONE)
		return 0;
	held = r = lock(s, e);
	if (r >= 0)
		socket = r = netfilter_open(host_netns, e);
	if (r >= 0)
		r = netfilter_generation(socket, &generation, e);
	if (r < 0 || is_mended(s, generation))
		return r;
	r = admit_all(s, a, host_netns, socket, e);
	if (r == 0)
		r = netfilter_generation(socket, &generation, e);
	if (r == 0)
		r = replace_all(s, a, NULL, host_netns, e);
	/* That tells the monitors that all is done, also what others changed since the first look:
	 * it is looked at once more. */
	if (r == 0)
		r = admit_all(s, a, host_netns, socket, e);
	if (r == 0)
		r = netfilter_generation(socket, &now, e);
	/* One change is ours; if there were more, somebody's may be among them. */
	return r < 0 || now != generation + 1 ? r : note_mended(s, now, e);
}

struct firewall_op {
	const struct state *state;
	const struct network_status *status;
	const struct network_target *target;
};

static int apply(void *arg, struct err *e)
{
	const struct firewall_op *op = arg;

	return firewall_open(op->state, op->status, op->target->host_netns, op->target->netfilter,
			     e);
}

static void undo(void *arg)
{
	const struct firewall_op *op = arg;

	firewall_close(op->state, op->status, op->target->host_netns, NULL, NULL);
}

static void print(const void *arg, struct buf *out)
{
	const struct firewall_op *op = arg;
	const char *between = "";

	for (size_t i = 0; i < op->status->endpoints.n; i++)
		if (is_on_bridge(&op->status->endpoints.v[i])) {
			buf_addf(out, "%s%s", between, op->status->endpoints.v[i].bridge);
			between = ", ";
		}
	for (size_t i = 0; i < op->status->ports.n; i++) {
		const struct network_port *p = &op->status->ports.v[i];

		buf_addf(out, "%s%s%s%lld", between, p->host_ip ? p->host_ip : "",
			 text_empty(p->host_ip) ? "" : " ", (long long)p->host_port);
		if (p->range > 1)
			buf_addf(out, "-%lld", (long long)(p->host_port + p->range - 1));
		buf_addf(out, "/%s to %lld", p->protocol, (long long)p->container_port);
	}
}

void firewall_plan(struct plan *p, const struct state *s, const struct network_status *st,
		   const struct network_target *target)
{
	struct firewall_op *op;

	if (!concerns(st))
		return;
	op = ARENA_NEW(p->arena, struct firewall_op);
	*op = (struct firewall_op){ s, st, target };
	plan_add(p, &(struct plan_op){
			    .verb = "firewall",
			    .apply = apply,
			    .undo = undo,
			    .print = print,
			    .arg = op,
		    });
}
