/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * attachments/ID/network.json: what a container has of networks.  The directory is locked by
 * whoever starts or ends the container; between, nobody holds it, and the process it names is alive
 * or not.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/file.h"
#include "kernel/process.h"
#include "network/network_private.h"

#define RECORD         "network.json"
#define RECORD_MAX     (4U << 20)
#define RECORD_VERSION 1

int network_record_save(int dir, const struct network_status *st, struct err *e)
{
	struct network_status saved = *st;

	saved.version = RECORD_VERSION;
	return json_replace_at(dir, RECORD, RECORD_MAX, &network_status_json, &saved,
			       &(struct file_write){ .fill_root = st->state->run }, e);
}

int network_record_load(const struct state *s, struct arena *a, int dir, const char *id,
			struct network_status *ret, struct err *e)
{
	struct network_status st = { .state = s };
	int r = json_read_at(a, dir, RECORD, RECORD_MAX, &network_status_json, &st, e);

	if (r == 0 && st.version != RECORD_VERSION)
		r = err_set(e, ERR_INVALID, "another version's format");
	if (r < 0)
		return err_wrap(e, "networks of container %s", id);
	*ret = st;
	return 0;
}

const char *network_endpoint_mac(const struct network_endpoint *p)
{
	const char *mac = p->mac || !p->device ? p->mac : p->device->mac;

	return mac ? mac : "";
}

int network_record_lock(const struct state *s, const char *id, bool make, struct err *e)
{
	for (;;) {
		auto_close int dir = state_run_dir(s, ATTACHMENTS, id, make, e);
		auto_close int again = -1;
		struct stat locked, there;

		if (dir < 0)
			return dir;
		while (flock(dir, LOCK_EX) < 0)
			if (errno != EINTR)
				return err_sys(e, "lock the networks of %s", id);
		/* While we waited it may have been removed, and even made again. */
		again = state_run_dir(s, ATTACHMENTS, id, false, NULL);
		if (again >= 0 && fstat(dir, &locked) == 0 && fstat(again, &there) == 0 &&
		    locked.st_ino == there.st_ino && locked.st_dev == there.st_dev)
			return take_fd(dir);
	}
}

bool network_record_lives(const struct network_status *st)
{
	return st->pid > 0 && kernel_is_alive((pid_t)st->pid, st->start_time);
}

bool network_is_dead(const struct state *s, const char *id)
{
	auto_close int dir = state_run_dir(s, ATTACHMENTS, id, false, NULL);
	AUTO(arena) a = arena_new();
	struct network_status st;

	if (dir < 0)
		return dir == -ENOENT;
	/* Being started, or taken back, right now. */
	if (flock(dir, LOCK_EX | LOCK_NB) < 0)
		return false;
	return network_record_load(s, a, dir, id, &st, NULL) < 0 || !network_record_lives(&st);
}

static int find_status(const struct state *s, struct arena *a, const char *id, bool started_only,
		       struct network_status *ret, struct err *e)
{
	auto_close int dir = state_run_dir(s, ATTACHMENTS, id, false, e);
	struct network_status st;
	int r = dir < 0 ? dir : network_record_load(s, a, dir, id, &st, e);

	if (r == 0 && !network_record_lives(&st) && (started_only || st.pid))
		r = -ENOENT;
	if (r == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "container %s is on no network", id);
	if (r == 0)
		*ret = st;
	return r;
}

int network_status(const struct state *s, struct arena *a, const char *id,
		   struct network_status *ret, struct err *e)
{
	return find_status(s, a, id, true, ret, e);
}

int network_status_list(const struct state *s, struct arena *a, struct network_statuses *ret,
			struct err *e)
{
	struct network_statuses l = { 0 };
	struct texts ids;
	int r = state_list_run(s, ATTACHMENTS, a, &ids, e);

	if (r < 0)
		return r;
	l.v = arena_array(a, ids.n, sizeof(*l.v));
	for (size_t i = 0; i < ids.n; i++)
		if (!text_after(ids.v[i], NETWORK_ASIDE) &&
		    find_status(s, a, ids.v[i], false, &l.v[l.n], NULL) == 0)
			l.n++;
	*ret = l;
	return 0;
}
