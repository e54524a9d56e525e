/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/userns.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "kernel/mount.h"

#define SUBID_MAX ((size_t)1 << 20)

uint64_t userns_outside(const struct oci_id_maps *maps, uint64_t id)
{
	for (size_t i = 0; i < maps->n; i++) {
		const struct oci_id_map *m = &maps->v[i];

		if (id >= m->container_id && id - m->container_id < m->size)
			return m->host_id + (id - m->container_id);
	}
	return maps->n ? UINT64_MAX : id;
}

bool userns_has(const struct oci_id_maps *maps, uint64_t id)
{
	return userns_outside(maps, id) != UINT64_MAX;
}

int userns_own(const struct container *c, int fd, struct err *e)
{
	if (c->uid_maps.n == 0)
		return 0;
	/* Without a root of its own nobody in there can ask for more. */
	if (fchown(fd, (uid_t)userns_outside(&c->uid_maps, 0),
		   (gid_t)userns_outside(&c->gid_maps, 0)) < 0)
		return err_sys(e, "give it to the container's root");
	return 0;
}

int userns_begin(const struct container *c, struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[2];

	if (c->uid_maps.n == 0)
		return 0;
	if (syscall(SYS_capget, &head, caps) < 0)
		return err_sys(e, "capget");
	setfsgid((gid_t)userns_outside(&c->gid_maps, 0));
	setfsuid((uid_t)userns_outside(&c->uid_maps, 0));
	/* That took away those that matter for files (capabilities(7)). */
	if (syscall(SYS_capset, &head, caps) == 0)
		return 0;
	err_sys(e, "capset");
	userns_end();
	return e ? -e->code : -EPERM;
}

void userns_end(void)
{
	setfsuid(geteuid());
	setfsgid(getegid());
}

static int enter(int userns, struct err *e)
{
	if (setns(userns, CLONE_NEWUSER) < 0)
		return err_sys(e, "enter the user namespace");
	if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
		return err_sys(e, "become root of the user namespace");
	return 0;
}

struct visit {
	int userns;
	int (*work)(void *arg, struct err *e);
	void *arg;
};

static int enter_and_work(void *arg, struct err *e)
{
	const struct visit *v = arg;
	int r = enter(v->userns, e);

	return r < 0 ? r : v->work(v->arg, e);
}

int userns_run(int userns, int (*work)(void *arg, struct err *e), void *arg, struct err *e)
{
	return child_do("the process in the user namespace", enter_and_work,
			&(struct visit){ userns, work, arg }, e);
}

int userns_map_dir(int dir, int userns, struct err *e)
{
	struct kernel_mount_set set = { .set = MOUNT_ATTR_IDMAP, .userns = userns };
	auto_close int mount = kernel_mount_copy(dir, "", false, e);
	int r;

	if (mount < 0)
		return mount;
	r = kernel_mount_set(mount, &set, e);
	if (r == 0)
		return take_fd(mount);
	if (r == -EINVAL)
		return err_set(e, ERR_UNSUPPORTED,
			       "a user namespace needs idmapped mounts, which the file system that "
			       "the store is on lacks, or this kernel (Linux 5.19 has them for "
			       "overlays)");
	return err_wrap(e, "map the IDs of a layer");
}

/* A range of IDs on the host. */
struct range {
	uint64_t first, count;
};
struct ranges {
	struct range *v;
	size_t n;
};

static int compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

/* "USER:FIRST:COUNT" lines (subuid(5)). */
static int read_ranges(struct arena *a, const char *path, const char *owner, struct ranges *ret,
		       struct err *e)
{
	auto_free char *text = NULL;
	struct texts lines;
	int r = file_read_at(AT_FDCWD, path, SUBID_MAX, &text, NULL, e);

	*ret = (struct ranges){ 0 };
	if (r < 0 && r != -ENOENT)
		return r;
	lines = texts_split(a, r < 0 ? "" : text, '\n');
	ret->v = arena_array(a, lines.n + 1, sizeof(*ret->v));
	for (size_t i = 0; i < lines.n; i++) {
		const char *rest = text_after(lines.v[i], owner);
		const char *numbers = rest && *rest == ':' ? rest + 1 : NULL;
		struct range *x = &ret->v[ret->n];

		if (numbers && sscanf(numbers, "%" SCNu64 ":%" SCNu64, &x->first, &x->count) == 2 &&
		    x->count > 0 && x->first <= UINT32_MAX && x->count <= UINT32_MAX)
			ret->n++;
	}
	if (ret->n == 0)
		return err_set(e, ERR_DENIED,
			       "the IDs are taken from those of the user \"%s\": %s has no line "
			       "%s:FIRST:COUNT",
			       owner, path, owner);
	return 0;
}

static void add_taken(struct ranges *taken, const struct oci_id_maps *maps)
{
	for (size_t i = 0; i < maps->n; i++)
		taken->v[taken->n++] = (struct range){ maps->v[i].host_id, maps->v[i].size };
}

/* The first gap of that size in a range that may be given out. */
static bool find_gap(const struct range *in, const struct ranges *taken, uint64_t size,
		     uint64_t *ret)
{
	uint64_t at = in->first, end = in->first + in->count;

	for (size_t i = 0; i < taken->n; i++) {
		const struct range *x = &taken->v[i];

		if (x->first + x->count <= at)
			continue;
		if (x->first >= at + size)
			break;
		at = x->first + x->count;
	}
	*ret = at;
	return at + size <= end;
}

static int choose(struct arena *a, const char *path, struct ranges *taken, uint64_t size,
		  struct oci_id_maps *ret, struct err *e)
{
	struct ranges from;
	uint64_t first;
	int r = read_ranges(a, path, USERNS_OWNER, &from, e);

	if (r < 0)
		return err_wrap(e, "--userns=auto");
	if (taken->n)
		qsort(taken->v, taken->n, sizeof(*taken->v), compare);
	for (size_t i = 0; i < from.n; i++) {
		struct oci_id_map map = { 0 };

		if (!find_gap(&from.v[i], taken, size, &first))
			continue;
		map.host_id = first;
		map.size = size;
		ret->v = arena_copy(a, &map, sizeof(map));
		ret->n = 1;
		return 0;
	}
	return err_set(e, ERR_CONFLICT,
		       "--userns=auto: %s has no %" PRIu64 " IDs of the user \"%s\" that no other "
		       "container has",
		       path, size, USERNS_OWNER);
}

int userns_choose(const struct state *s, struct arena *a, uint64_t size, struct container *c,
		  struct err *e)
{
	struct ranges uids = { 0 }, gids = { 0 };
	size_t n_uids = 1, n_gids = 1;
	struct containers all;
	int r = container_list(s, a, &all, NULL, NULL, e);

	if (r < 0)
		return r;
	for (size_t i = 0; i < all.n; i++) {
		n_uids += all.v[i]->uid_maps.n;
		n_gids += all.v[i]->gid_maps.n;
	}
	uids.v = arena_array(a, n_uids, sizeof(*uids.v));
	gids.v = arena_array(a, n_gids, sizeof(*gids.v));
	for (size_t i = 0; i < all.n; i++) {
		add_taken(&uids, &all.v[i]->uid_maps);
		add_taken(&gids, &all.v[i]->gid_maps);
	}
	r = choose(a, "/etc/subuid", &uids, size, &c->uid_maps, e);
	return r < 0 ? r : choose(a, "/etc/subgid", &gids, size, &c->gid_maps, e);
}

static int take_ranges(struct arena *a, const char *path, const char *owner,
		       struct oci_id_maps *ret, struct err *e)
{
	struct ranges from;
	uint64_t inside = 0;
	int r = read_ranges(a, path, owner, &from, e);

	if (r < 0)
		return r;
	ret->v = arena_array(a, from.n, sizeof(*ret->v));
	for (ret->n = 0; ret->n < from.n; ret->n++) {
		const struct range *x = &from.v[ret->n];

		ret->v[ret->n] = (struct oci_id_map){ inside, x->first, x->count };
		inside += x->count;
	}
	return 0;
}

int userns_of_names(struct arena *a, const char *uid_name, const char *gid_name,
		    struct container *c, struct err *e)
{
	int r = take_ranges(a, "/etc/subuid", uid_name, &c->uid_maps, e);

	return r < 0 ? r : take_ranges(a, "/etc/subgid", gid_name, &c->gid_maps, e);
}

static int read_map(struct arena *a, pid_t pid, const char *file, struct oci_id_maps *ret,
		    struct err *e)
{
	auto_free char *text = NULL;
	struct texts lines;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	r = file_read_at(AT_FDCWD, path, 65536, &text, NULL, e);
	if (r < 0)
		return r;
	lines = texts_split(a, text, '\n');
	*ret = (struct oci_id_maps){ .v = arena_array(a, lines.n, sizeof(*ret->v)) };
	for (size_t i = 0; i < lines.n; i++) {
		struct oci_id_map *m = &ret->v[ret->n];

		if (sscanf(lines.v[i], "%" SCNu64 " %" SCNu64 " %" SCNu64, &m->container_id,
			   &m->host_id, &m->size) == 3)
			ret->n++;
	}
	return ret->n ? 0 : err_set(e, ERR_INVALID, "its IDs are not mapped");
}

int userns_of_path(struct arena *a, const char *path, struct container *c, struct err *e)
{
	auto_close int ns = open(path, O_RDONLY | O_CLOEXEC);
	int ready[2], hold[2], r;
	pid_t pid;

	if (ns < 0)
		return err_sys(e, "user namespace %s", path);
	if (pipe2(ready, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	if (pipe2(hold, O_CLOEXEC) < 0) {
		r = err_sys(e, "make a pipe");
		close(ready[0]);
		close(ready[1]);
		return r;
	}
	pid = fork();
	if (pid == 0) {
		struct err why = { 0 };

		close(hold[1]);
		if (setns(ns, CLONE_NEWUSER) < 0) {
			err_sys(&why, "enter it");
			err_send(ready[1], &why);
			_exit(1);
		}
		close(ready[1]);
		_exit(read(hold[0], &(char){ 0 }, 1) < 0);
	}
	close(ready[1]);
	close(hold[0]);
	r = pid < 0 ? err_sys(e, "fork") : err_recv(ready[0], e);
	if (r == 0)
		r = read_map(a, pid, "uid_map", &c->uid_maps, e);
	if (r == 0)
		r = read_map(a, pid, "gid_map", &c->gid_maps, e);
	close(ready[0]);
	close(hold[1]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return r < 0 ? err_wrap(e, "user namespace %s", path) : 0;
}
