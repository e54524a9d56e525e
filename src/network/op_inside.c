/* SPDX-License-Identifier: BSD-2-Clause */
/* What is done in the container's network namespace once its interfaces are there. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "kernel/netns.h"
#include "network/firewall_private.h"
#include "network/op.h"

struct sysctl {
	struct network_target *target;
	bool inside;
	const char *path, *value;
};

static int write_sysctl(void *arg, struct err *e)
{
	const struct sysctl *c = arg;
	auto_close int dir = open("/proc/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_free char *now = NULL;
	int r;

	if (dir < 0)
		return err_sys(e, "open /proc/sys");
	/* Where nothing has to change nobody has to be allowed to. */
	r = file_read_at(dir, c->path, 4096, &now, NULL, NULL);
	if (r == 0 && strncmp(now, c->value, strlen(c->value)) == 0 &&
	    (now[strlen(c->value)] == '\n' || !now[strlen(c->value)]))
		return 0;
	/* What this kernel doesn't have is off. */
	if (r == -ENOENT && text_eq(c->value, "0"))
		return 0;
	if (text_eq(c->path, "net/ipv6/conf/all/forwarding"))
		firewall_keep_advertisements();
	r = file_poke_at(dir, c->path, c->value, e);
	return r < 0 ? err_wrap(e, "set /proc/sys/%s of the %s", c->path,
				c->inside ? "container" : "host")
		     : 0;
}

static int apply_sysctl(void *arg, struct err *e)
{
	const struct sysctl *c = arg;

	return kernel_netns_run(c->inside ? c->target->netns : c->target->host_netns, write_sysctl,
				arg, e);
}

static void print_sysctl(const void *arg, struct buf *out)
{
	const struct sysctl *c = arg;

	buf_addf(out, "%s %s=%s", c->inside ? "inside" : "host", c->path, c->value);
}

void op_sysctl(struct plan *p, struct network_target *t, bool inside, const char *path,
	       const char *value)
{
	struct sysctl *c = ARENA_NEW(p->arena, struct sysctl);

	*c = (struct sysctl){ t, inside, path, value };
	plan_add(p, &(struct plan_op){ .verb = "sysctl",
				       .apply = apply_sysctl,
				       .print = print_sysctl,
				       .arg = c });
}

struct inside {
	struct op_about about;
	struct address address;
	struct netlink_route route;
	const void *exact; /* or NULL */
	size_t exact_len;
};

const void *exact_bytes(struct arena *a, const char *text, size_t *ret_len)
{
	void *bytes;

	if (!text)
		return NULL;
	*ret_len = strlen(text) / 2;
	bytes = arena_alloc(a, *ret_len + 1);
	return text_unhex(bytes, text) ? bytes : NULL;
}

static int find_inside(const struct op_about *about, struct netlink **ret_n, int *ret_index,
		       struct err *e)
{
	struct netlink_info info;
	int r = target_inside(about->target, ret_n, e);

	if (r < 0)
		return r;
	if (netlink_link_find(*ret_n, about->endpoint->interface, 0, &info, NULL) < 0)
		return err_set(e, ERR_NOT_FOUND, "interface %s is not in the container",
			       about->endpoint->interface);
	*ret_index = info.index;
	return 0;
}

static int apply_address(void *arg, struct err *e)
{
	const struct inside *x = arg;
	struct netlink *n;
	int index, r = find_inside(&x->about, &n, &index, e);

	if (r < 0)
		return r;
	return x->exact ? netlink_address_put(n, index, x->exact, x->exact_len, false, e)
			: netlink_address_add(n, index, &x->address, e);
}

static void print_address(const void *arg, struct buf *out)
{
	const struct inside *x = arg;
	char text[ADDRESS_TEXT];

	buf_addf(out, "%s %s", x->about.endpoint->interface, address_print_net(&x->address, text));
}

static int apply_up(void *arg, struct err *e)
{
	const struct inside *x = arg;
	struct netlink *n;
	int index, r = find_inside(&x->about, &n, &index, e);

	if (r < 0)
		return r;
	r = netlink_link_set(n, index, &(struct netlink_link){ .up = true }, e);
	return r < 0 ? err_wrap(e, "interface %s", x->about.endpoint->interface) : 0;
}

static void print_up(const void *arg, struct buf *out)
{
	buf_adds(out, ((const struct inside *)arg)->about.endpoint->interface);
}

static int apply_route(void *arg, struct err *e)
{
	const struct inside *x = arg;
	struct netlink_route route = x->route;
	struct netlink *n;
	int r = find_inside(&x->about, &n, &route.index, e);

	if (r < 0)
		return r;
	r = x->exact ? netlink_route_put(n, route.index, x->exact, x->exact_len, e)
		     : netlink_route_add(n, &route, e);
	/* Another network of the container leads there already. */
	return r == -EEXIST ? 0 : r;
}

static void print_route(const void *arg, struct buf *out)
{
	const struct inside *x = arg;
	char text[ADDRESS_TEXT];

	buf_adds(out, x->route.destination.prefix ? address_print_net(&x->route.destination, text)
						  : "default");
	if (x->route.gateway.family)
		buf_addf(out, " via %s", address_print(&x->route.gateway, text));
	buf_addf(out, " dev %s", x->about.endpoint->interface);
	if (x->route.metric)
		buf_addf(out, " metric %u", x->route.metric);
}

static struct inside *make(struct plan *p, const struct op_about *about)
{
	struct inside *x = ARENA_NEW(p->arena, struct inside);

	x->about = *about;
	return x;
}

void op_address(struct plan *p, const struct op_about *about, const struct address *a,
		const char *exact)
{
	struct inside *x = make(p, about);

	x->address = *a;
	x->exact = exact_bytes(p->arena, exact, &x->exact_len);
	plan_add(p, &(struct plan_op){ .verb = "address",
				       .apply = apply_address,
				       .print = print_address,
				       .arg = x });
}

void op_up(struct plan *p, const struct op_about *about)
{
	plan_add(p, &(struct plan_op){ .verb = "up",
				       .apply = apply_up,
				       .print = print_up,
				       .arg = make(p, about) });
}

void op_route(struct plan *p, const struct op_about *about, const struct netlink_route *route,
	      const char *exact)
{
	struct inside *x = make(p, about);

	x->route = *route;
	x->exact = exact_bytes(p->arena, exact, &x->exact_len);
	plan_add(p,
		 &(struct plan_op){
			 .verb = "route", .apply = apply_route, .print = print_route, .arg = x });
}
