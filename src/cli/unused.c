/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/unused.h"

#include "engine/stop.h"

#define TRIES 10

int unused_remove(struct session *s, const struct unused *u, struct texts *ret_users, struct err *e)
{
	auto_close int store = state_lock_store(&s->state, true, e);
	struct containers all;
	int r = store < 0 ? store : container_list(&s->state, s->arena, &all, NULL, NULL, e);

	if (r < 0)
		return r;
	*ret_users = u->users(s, &all, u->what);
	return ret_users->n ? 1 : u->remove(s, u->what, e);
}

int unused_remove_forced(struct session *s, const struct unused *u, int64_t timeout_sec,
			 struct texts *ret_users, struct err *e)
{
	const struct container_remove how = {
		.force = true,
		.depend = true,
		.timeout_sec = timeout_sec,
	};
	int r = unused_remove(s, u, ret_users, e);

	/* Others may make new ones meanwhile, but not for ever. */
	for (int i = 0; r == 1 && i < TRIES; i++) {
		r = container_remove_all(&s->state, s->arena, ret_users, &how, e);
		if (r == 0)
			r = unused_remove(s, u, ret_users, e);
	}
	return r;
}
