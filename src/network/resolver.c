/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/resolver.h"

#include <sched.h>

#include "base/address.h"
#include "base/path.h"
#include "network/daemon.h"
#include "network/names.h"

#define PID_FILE "resolver.pid"

static bool has_names(const struct network_endpoint *p)
{
	for (size_t i = 0; p->dns_enabled && i < p->addresses.n; i++)
		if (p->addresses.v[i].gateway)
			return true;
	return false;
}

bool resolver_is_needed(const struct network_status *st)
{
	for (size_t i = 0; st->resolvers.n && i < st->endpoints.n; i++)
		if (has_names(&st->endpoints.v[i]))
			return true;
	return false;
}

const char *resolver_pid_path(struct arena *a, const char *path)
{
	return arena_printf(a, "%s/" PID_FILE, path);
}

static const char *own_argument(struct arena *a, const char *path)
{
	return arena_printf(a, "--pid-file=%s", resolver_pid_path(a, path));
}

/* Names of the network, those without a dot, and addresses of its subnets. */
static void add_network(struct arena *a, struct texts *argv, const struct network_endpoint *p)
{
	for (size_t i = 0; i < p->addresses.n; i++) {
		const char *by = p->addresses.v[i].gateway;
		char text[ADDRESS_TEXT];
		struct address net;

		if (!by || !address_parse_net(p->addresses.v[i].ipnet, &net))
			continue;
		net = address_first(&net);
		texts_addf(a, argv, "--server=/" NAMES_DOMAIN "/%s", by);
		texts_addf(a, argv, "--server=//%s", by);
		texts_addf(a, argv, "--rev-server=%s,%s", address_print_net(&net, text), by);
	}
}

struct texts resolver_arguments(struct arena *a, const struct resolver *how,
				const struct network_status *st, const char *program)
{
	struct texts argv = { 0 };

	texts_add(a, &argv, program);
	texts_add(a, &argv, "--conf-file=/dev/null");
	texts_add(a, &argv, own_argument(a, how->path));
	texts_add(a, &argv, how->single_id ? "--user=root" : "--user=nobody");
	if (how->single_id)
		texts_add(a, &argv, "--group=");
	texts_add(a, &argv, "--no-hosts");
	texts_add(a, &argv, "--no-resolv");
	texts_add(a, &argv, "--bind-interfaces");
	texts_add(a, &argv, "--listen-address=" NETWORK_RESOLVER);
	/* Names of containers come and go; their networks' servers know. */
	texts_add(a, &argv, "--cache-size=0");
	for (size_t i = 0; i < st->endpoints.n; i++)
		if (st->endpoints.v[i].dns_enabled)
			add_network(a, &argv, &st->endpoints.v[i]);
	for (size_t i = 0; i < st->resolvers.n; i++)
		texts_addf(a, &argv, "--server=%s", st->resolvers.v[i]);
	return argv;
}

static int enter(void *arg, struct err *e)
{
	if (setns(*(const int *)arg, CLONE_NEWNET) < 0)
		return err_sys(e, "enter the container's network namespace");
	return 0;
}

int resolver_start(struct arena *a, const struct resolver *how, const struct network_status *st,
		   struct err *e)
{
	struct texts argv;
	char *program;
	int netns = how->netns;
	int r = path_program(a, "dnsmasq", &program, e);

	if (r < 0)
		return err_wrap(e, "--dns on a network that has names for its containers needs "
				   "dnsmasq");
	resolver_stop(a, how->dir, how->path);
	argv = resolver_arguments(a, how, st, program);
	r = daemon_start(&(struct daemon_start){ .argv = &argv,
						 .fd = -1,
						 .prepare = enter,
						 .prepare_arg = &netns },
			 e);
	return r < 0 ? err_wrap(e, "serve names in the container") : 0;
}

bool resolver_runs(struct arena *a, int dir, const char *path)
{
	auto_close int running = daemon_find(a, dir, PID_FILE, own_argument(a, path), NULL);

	return running >= 0;
}

void resolver_stop(struct arena *a, int dir, const char *path)
{
	daemon_stop(a, dir, PID_FILE, own_argument(a, path));
}
