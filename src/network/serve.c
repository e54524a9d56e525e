/* SPDX-License-Identifier: BSD-2-Clause */
#include "network/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "network/forward.h"
#include "network/names.h"
#include "network/network_private.h"
#include "network/pasta.h"
#include "network/resolver.h"
#include "network/slirp.h"
#include "network/usernet.h"

static const char *folder(const struct state *s, struct arena *a, const char *id)
{
	return arena_printf(a, "%s/" ATTACHMENTS "/%s", s->run_path, id);
}

struct texts network_servers(const struct state *s, struct arena *a,
			     const struct network_status *st)
{
	struct texts l = { 0 };

	for (size_t i = 0; i < st->endpoints.n; i++)
		if (st->endpoints.v[i].dns_enabled)
			texts_add(a, &l, names_pid_path(s, a, st->endpoints.v[i].network));
	if (resolver_is_needed(st))
		texts_add(a, &l, resolver_pid_path(a, folder(s, a, st->id)));
	if (usernet_is_needed(s) && st->ports.n)
		texts_add(a, &l, forward_pid_path(s, a, st->id));
	return l;
}

static int serve_own(const struct state *s, struct arena *a, struct network_status *st, int dir,
		     struct err *e)
{
	struct resolver how = {
		.dir = dir, .path = folder(s, a, st->id), .netns = -1, .single_id = s->single_id
	};
	auto_close int netns = -1;
	char path[64];

	if (!resolver_is_needed(st) || resolver_runs(a, dir, how.path))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)st->pid);
	how.netns = netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return err_sys(e, "look at the network namespace");
	return resolver_start(a, &how, st, e);
}

int network_check_connected(const struct state *s, struct arena *a, const struct network_status *st,
			    struct err *e)
{
	auto_close int dir = state_run_dir(s, ATTACHMENTS, st->id, false, e);

	if (dir < 0)
		return dir;
	for (size_t i = 0; i < st->endpoints.n; i++) {
		const char *driver = st->endpoints.v[i].driver;

		if ((text_eq(driver, NETWORK_PASTA) && !pasta_runs(a, dir, folder(s, a, st->id))) ||
		    (text_eq(driver, NETWORK_SLIRP) && !slirp_runs(a, dir, st->id)))
			return err_set(e, ERR_CONFLICT,
				       "%s, which connected container %s, was killed: restart the "
				       "container",
				       driver, st->name ? st->name : st->id);
	}
	return 0;
}

int network_serve(const struct state *s, struct arena *a, const char *id,
		  const struct texts *resolvers, struct err *e)
{
	auto_close int dir = network_record_lock(s, id, false, e);
	struct network_status st = { 0 };
	int r = dir < 0 ? dir : network_record_load(s, a, dir, id, &st, e);

	/* It has ended: then all of this goes. */
	if (r < 0 || !network_record_lives(&st))
		return r == -ENOENT ? 0 : r;
	st.resolvers = *resolvers;
	r = serve_own(s, a, &st, dir, e);
	/* Others look at it from here on, and lock it. */
	close_p(&dir);
	if (r == 0)
		r = usernet_restore(s, &st, e);
	for (size_t i = 0; r == 0 && i < st.endpoints.n; i++)
		if (st.endpoints.v[i].dns_enabled)
			r = names_update(s, st.endpoints.v[i].network, -1, e);
	return r;
}
