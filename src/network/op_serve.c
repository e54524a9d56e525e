/* SPDX-License-Identifier: BSD-2-Clause */
/* What serves a container from the background. */
#include "network/forward.h"
#include "network/names.h"
#include "network/op.h"
#include "network/pasta.h"
#include "network/port.h"
#include "network/resolver.h"
#include "network/slirp.h"

static int apply_names(void *arg, struct err *e)
{
	const struct op_about *about = arg;

	return names_update(about->s, about->endpoint->network, about->target->host_netns, e);
}

static void print_names(const void *arg, struct buf *out)
{
	const struct op_about *about = arg;
	const struct network *n = about->endpoint->about;

	buf_addf(out, "host %s", n->name);
	for (size_t i = 0; i < n->subnets.n; i++)
		if (n->subnets.v[i].gateway)
			buf_addf(out, " %s", n->subnets.v[i].gateway);
}

void op_names(struct plan *p, const struct op_about *about)
{
	/* To undo is network_leave()'s, which knows when the container is not on the list any more.
	 */
	plan_add(p, &(struct plan_op){ .verb = "names",
				       .apply = apply_names,
				       .print = print_names,
				       .arg = arena_copy(p->arena, about, sizeof(*about)) });
}

struct connect {
	struct op_about about;
	struct arena *arena;
};

static void fill(const struct connect *c, struct pasta *ret)
{
	*ret = (struct pasta){
		.dir = c->about.target->lock,
		.path = arena_printf(c->arena, "%s/" ATTACHMENTS "/%s", c->about.s->run_path,
				     c->about.st->id),
		.netns = c->about.target->netns,
		.ports = &c->about.st->ports,
		.options = &c->about.endpoint->asked->arguments,
	};
}

static int apply_pasta(void *arg, struct err *e)
{
	const struct connect *c = arg;
	struct pasta how;
	int r = port_check_free(c->about.s, c->arena, c->about.st, e);

	if (r < 0)
		return r;
	fill(c, &how);
	return pasta_start(c->arena, &how, e);
}

static void undo_pasta(void *arg)
{
	const struct connect *c = arg;
	struct pasta how;

	fill(c, &how);
	pasta_stop(c->arena, how.dir, how.path);
}

static void print_pasta(const void *arg, struct buf *out)
{
	const struct connect *c = arg;
	struct texts argv = { 0 };
	struct pasta how;

	fill(c, &how);
	if (pasta_arguments(c->arena, &how, "pasta", &argv, NULL) == 0)
		buf_adds(out, texts_join(c->arena, &argv, " "));
}

void op_pasta(struct plan *p, const struct op_about *about)
{
	struct connect *c = ARENA_NEW(p->arena, struct connect);

	*c = (struct connect){ *about, p->arena };
	plan_add(p, &(struct plan_op){ .verb = "run",
				       .apply = apply_pasta,
				       .undo = undo_pasta,
				       .print = print_pasta,
				       .arg = c });
}

static void fill_slirp(const struct connect *c, struct slirp *ret)
{
	*ret = (struct slirp){
		.dir = c->about.target->lock,
		.id = c->about.st->id,
		.netns = c->about.target->netns,
		.ports = &c->about.st->ports,
		.options = &c->about.endpoint->asked->arguments,
	};
}

static int apply_slirp(void *arg, struct err *e)
{
	const struct connect *c = arg;
	struct slirp how;
	int r = port_check_free(c->about.s, c->arena, c->about.st, e);

	if (r < 0)
		return r;
	fill_slirp(c, &how);
	return slirp_start(c->arena, &how, e);
}

static void undo_slirp(void *arg)
{
	const struct connect *c = arg;

	slirp_stop(c->arena, c->about.target->lock, c->about.st->id);
}

static void print_slirp(const void *arg, struct buf *out)
{
	const struct connect *c = arg;
	struct texts argv = { 0 };
	struct slirp how;

	fill_slirp(c, &how);
	if (slirp_arguments(c->arena, &how, NETWORK_SLIRP, &argv, NULL) == 0)
		buf_adds(out, texts_join(c->arena, &argv, " "));
}

void op_slirp(struct plan *p, const struct op_about *about)
{
	struct connect *c = ARENA_NEW(p->arena, struct connect);

	*c = (struct connect){ *about, p->arena };
	plan_add(p, &(struct plan_op){ .verb = "run",
				       .apply = apply_slirp,
				       .undo = undo_slirp,
				       .print = print_slirp,
				       .arg = c });
}

static int apply_forward(void *arg, struct err *e)
{
	const struct op_about *about = arg;
	const struct network_target *t = about->target;

	/* One that runs already, and is on one more network now. */
	if (!t->holds)
		return forward_restore(about->st, t->lock, t->host_netns, e);
	return forward_start(about->st, t->lock, t->host_netns, t->pid, t->holds, e);
}

static void undo_forward(void *arg)
{
	const struct op_about *about = arg;

	if (about->target->holds)
		forward_stop(about->s, about->st->id, about->target->lock);
}

static void print_forward(const void *arg, struct buf *out)
{
	const struct network_ports *ports = &((const struct op_about *)arg)->st->ports;

	for (size_t i = 0; i < ports->n; i++) {
		const struct network_port *p = &ports->v[i];

		buf_addf(out, "%s%s%s%lld", i ? ", " : "", p->host_ip ? p->host_ip : "",
			 text_empty(p->host_ip) ? "" : " ", (long long)p->host_port);
		if (p->range > 1)
			buf_addf(out, "-%lld", (long long)(p->host_port + p->range - 1));
		buf_addf(out, "/%s to %lld", p->protocol, (long long)p->container_port);
	}
}

void op_forward(struct plan *p, const struct op_about *about)
{
	plan_add(p, &(struct plan_op){ .verb = "forward",
				       .apply = apply_forward,
				       .undo = undo_forward,
				       .print = print_forward,
				       .arg = arena_copy(p->arena, about, sizeof(*about)) });
}

static struct resolver resolver_of(const struct connect *c)
{
	return (struct resolver){
		.dir = c->about.target->lock,
		.path = arena_printf(c->arena, "%s/" ATTACHMENTS "/%s", c->about.s->run_path,
				     c->about.st->id),
		.netns = c->about.target->netns,
		.single_id = c->about.s->single_id,
	};
}

static int apply_resolver(void *arg, struct err *e)
{
	struct connect *c = arg;
	struct resolver how = resolver_of(c);

	return resolver_start(c->arena, &how, c->about.st, e);
}

static void undo_resolver(void *arg)
{
	struct connect *c = arg;
	struct resolver how = resolver_of(c);

	resolver_stop(c->arena, how.dir, how.path);
}

static void print_resolver(const void *arg, struct buf *out)
{
	const struct connect *c = arg;

	buf_addf(out, NETWORK_RESOLVER " %s", texts_join(c->arena, &c->about.st->resolvers, " "));
}

void op_resolver(struct plan *p, const struct op_about *about)
{
	struct connect *c = ARENA_NEW(p->arena, struct connect);

	*c = (struct connect){ *about, p->arena };
	plan_add(p, &(struct plan_op){ .verb = "resolver",
				       .apply = apply_resolver,
				       .undo = undo_resolver,
				       .print = print_resolver,
				       .arg = c });
}
