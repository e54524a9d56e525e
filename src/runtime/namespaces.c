/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * New namespaces come with clone, but for two: the cgroup namespace's root is where the process
 * that makes it is, so the child makes it once it is in its group; and offsets of a time namespace
 * can be written only while nobody is in it.  Namespaces that have a path are opened by the parent
 * and joined by the child, or by who makes it where the child can't (clone.c).
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "base/file.h"
#include "runtime/step.h"
#include "runtime/sync.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

static const uint64_t clone_flag[OCI_NS_TYPES] = {
	[OCI_NS_PID] = CLONE_NEWPID,   [OCI_NS_NETWORK] = CLONE_NEWNET,
	[OCI_NS_MOUNT] = CLONE_NEWNS,  [OCI_NS_IPC] = CLONE_NEWIPC,
	[OCI_NS_UTS] = CLONE_NEWUTS,   [OCI_NS_USER] = CLONE_NEWUSER,
	[OCI_NS_TIME] = CLONE_NEWTIME, [OCI_NS_CGROUP] = CLONE_NEWCGROUP,
};

/* In /proc/PID/ns. */
static const char *const file_name[OCI_NS_TYPES] = {
	[OCI_NS_PID] = "pid",   [OCI_NS_NETWORK] = "net",   [OCI_NS_MOUNT] = "mnt",
	[OCI_NS_IPC] = "ipc",   [OCI_NS_UTS] = "uts",       [OCI_NS_USER] = "user",
	[OCI_NS_TIME] = "time", [OCI_NS_CGROUP] = "cgroup",
};

struct join {
	struct step s;
	const char *path;
	int fd, type;
	bool through; /* entered before the child is there */
};

/* A process is told that its own user namespace can't be joined (setns(2), EINVAL): there is
 * nothing to do. */
static bool is_own_user(const struct join *j)
{
	struct stat own, st;

	return j->type == OCI_NS_USER && stat("/proc/self/ns/user", &own) == 0 &&
	       fstat(j->fd, &st) == 0 && own.st_dev == st.st_dev && own.st_ino == st.st_ino;
}

static int open_namespace(void *arg, struct err *e)
{
	struct join *j = arg;

	j->fd = open(j->path, O_RDONLY | O_CLOEXEC);
	if (j->fd < 0)
		return err_sys(e, "linux.namespaces: %s namespace %s", oci_namespace_name[j->type],
			       j->path);
	if (j->through && !is_own_user(j))
		j->s.c->through[j->s.c->through_len++] =
			(struct through){ j->fd, (int)clone_flag[j->type],
					  oci_namespace_name[j->type], file_name[j->type] };
	return 0;
}

static void close_namespace(void *arg)
{
	struct join *j = arg;

	if (j->fd >= 0)
		close(take_fd(j->fd));
}

static int join_namespace(void *arg, struct err *e)
{
	struct join *j = arg;

	if (setns(j->fd, (int)clone_flag[j->type]) == 0)
		return 0;
	if (errno == EINVAL)
		return err_set(e, ERR_INVALID, "%s is no %s namespace that can be joined", j->path,
			       oci_namespace_name[j->type]);
	return err_sys(e, "join %s namespace %s", oci_namespace_name[j->type], j->path);
}

static void plan_join(struct build *b, const struct oci_namespace *n)
{
	struct join *j = ARENA_NEW(b->a, struct join);

	*j = (struct join){ .fd = -1, .type = n->type, .path = n->path };
	j->through = n->type == OCI_NS_PID || b->new_user || b->between;
	j->s = (struct step){ b->c,
			      arena_printf(b->a, "%s %s", oci_namespace_name[n->type], n->path) };
	plan_add(&b->before, &(struct plan_op){ .verb = "open",
						.apply = open_namespace,
						.undo = close_namespace,
						.print = step_print,
						.arg = j });
	step_hold(b, &j->fd);
	if (!j->through)
		step_add(&b->child, "join", join_namespace, j);
}

/* Waits until the parent has written our ID maps, or told systemd of us. */
static int await_parent(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	int r;

	if (!((struct step *)arg)->words && !cgroup_adopts(c->cgroup))
		return 0;
	r = sync_send(c->sync, SYNC_MAPS, -1, e);
	return r < 0 ? r : sync_wait(c->sync, e);
}

/* What we make in a new user namespace belongs to its root, not to whoever we are outside. */
static int become_root(void *arg, struct err *e)
{
	if (!((struct step *)arg)->c->keep_groups && setgroups(0, NULL) < 0 && errno != EPERM)
		return err_sys(e, "setgroups");
	if ((setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) && errno != EINVAL)
		return err_sys(e, "become root of the user namespace");
	return 0;
}

/* The change made us undumpable, and the files in /proc/self somebody else's. */
static int show(void *arg, struct err *e)
{
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? err_sys(e, "prctl PR_SET_DUMPABLE") : 0;
}

static int kill_with_parent(void *arg, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(e, "prctl PR_SET_PDEATHSIG");
	return 0;
}

static int hide(void *arg, struct err *e)
{
	return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? err_sys(e, "prctl PR_SET_DUMPABLE") : 0;
}

static bool is_joined(const struct oci_namespace *n)
{
	return n && !text_empty(n->path);
}

/* Others in a pid namespace that is not ours alone could look into us. */
static bool is_seen(const struct build *b)
{
	const struct oci_namespace *pid = oci_namespace_find(b->config, OCI_NS_PID);

	return !pid || is_joined(pid);
}

/* A plain user can write the ID maps only of a process that is his to look into.  Those who see it
 * meanwhile are his own, in his own pid namespace. */
static bool hides_late(const struct build *b)
{
	return b->new_user && b->create->rootless &&
	       !is_joined(oci_namespace_find(b->config, OCI_NS_PID));
}

int namespaces_plan(struct build *b, struct err *e)
{
	const struct oci_namespaces *l = &b->os->namespaces;
	const struct oci_namespace *user = oci_namespace_find(b->config, OCI_NS_USER);
	const struct oci_namespace *mount = oci_namespace_find(b->config, OCI_NS_MOUNT);

	for (size_t i = 0; i < l->n; i++)
		if (text_empty(l->v[i].path))
			b->clone_flags |= clone_flag[l->v[i].type];
	b->clone_flags &= ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME);
	b->new_user = b->clone_flags & CLONE_NEWUSER;
	b->in_user = user;
	b->c->keep_groups = step_keeps_groups(b);
	b->own_mounts = mount;
	b->between = is_joined(user) ||
		     (b->new_user && (is_joined(mount) ||
				      is_joined(oci_namespace_find(b->config, OCI_NS_CGROUP))));
	if (b->die_with_parent)
		step_add_plain(b, "prctl", kill_with_parent, "die with parent");
	if (is_seen(b) && !hides_late(b))
		step_add_plain(b, "prctl", hide, "not dumpable");
	return 0;
}

static int join_cgroup(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;

	return c->joined_cgroup ? 0 : cgroup_join(c->cgroup, c->in_cgroup, e);
}

static int new_cgroup_namespace(void *arg, struct err *e)
{
	return unshare(CLONE_NEWCGROUP) < 0 ? err_sys(e, "unshare the cgroup namespace") : 0;
}

struct time_step {
	struct step s;
	const char *offsets;
};

static int enter_time_namespace(void *arg, struct err *e)
{
	const struct time_step *t = arg;
	auto_close int fd = -1;
	int r;

	if (unshare(CLONE_NEWTIME) < 0)
		return err_sys(e, "unshare the time namespace");
	r = *t->offsets ? file_poke_at(AT_FDCWD, "/proc/self/timens_offsets", t->offsets, e) : 0;
	if (r < 0)
		return r;
	fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
		return err_sys(e, "enter the time namespace");
	return 0;
}

static void plan_time(struct build *b)
{
	const struct oci_time_offsets *o = b->os->time_offsets;
	struct time_step *t = ARENA_NEW(b->a, struct time_step);
	const char *monotonic = "", *boot = "";

	if (o && o->monotonic)
		monotonic = arena_printf(b->a, "monotonic %" PRId64 " %" PRIu64 "\n",
					 o->monotonic->secs, o->monotonic->nanosecs);
	if (o && o->boottime)
		boot = arena_printf(b->a, "boottime %" PRId64 " %" PRIu64 "\n", o->boottime->secs,
				    o->boottime->nanosecs);
	t->s = (struct step){ b->c, "time" };
	if (*monotonic)
		t->s.words = arena_printf(b->a, "%s monotonic %+" PRId64, t->s.words,
					  o->monotonic->secs);
	if (*boot)
		t->s.words =
			arena_printf(b->a, "%s boottime %+" PRId64, t->s.words, o->boottime->secs);
	t->offsets = arena_printf(b->a, "%s%s", monotonic, boot);
	step_add(&b->child, "unshare", enter_time_namespace, t);
}

static int loopback_up(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;

	return c->network >= 0 ? 0 : kernel_loopback_up(e);
}

/* The mount namespace comes last, as it brings another /proc and another root. */
static void plan_joins(struct build *b, bool mount)
{
	const struct oci_namespaces *l = &b->os->namespaces;

	for (size_t i = 0; i < l->n; i++)
		if (!text_empty(l->v[i].path) && (l->v[i].type == OCI_NS_MOUNT) == mount)
			plan_join(b, &l->v[i]);
}

static int await_devices(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	int r = sync_send(c->sync, SYNC_DEVICES, -1, e);

	return r < 0 ? r : sync_wait(c->sync, e);
}

static void plan_devices(struct build *b)
{
	const struct oci_net_devices *l = &b->os->net_devices;
	struct texts words = { 0 };

	for (size_t i = 0; i < l->n; i++)
		texts_add(b->a, &words,
			  text_empty(l->v[i].name)
				  ? l->v[i].key
				  : arena_printf(b->a, "%s as %s", l->v[i].key, l->v[i].name));
	if (l->n)
		step_add_plain(b, "move", await_devices, texts_join(b->a, &words, ", "));
}

int namespaces_enter_plan(struct build *b, struct err *e)
{
	const struct oci_namespace *n;

	step_add_plain(b, b->new_user ? "map" : "wait", await_parent,
		       b->new_user ? "user and group IDs" : NULL);
	if (b->c->cgroup || b->create)
		step_add_plain(b, "join", join_cgroup, "cgroup");
	affinity_reset_plan(b);
	plan_joins(b, false);
	n = oci_namespace_find(b->config, OCI_NS_CGROUP);
	if (n && text_empty(n->path))
		step_add_plain(b, "unshare", new_cgroup_namespace, "cgroup");
	n = oci_namespace_find(b->config, OCI_NS_TIME);
	if (n && text_empty(n->path))
		plan_time(b);
	plan_joins(b, true);
	if (b->in_user)
		step_add_plain(b, "setuid", become_root, "0 of the user namespace");
	if (is_seen(b) && hides_late(b))
		step_add_plain(b, "prctl", hide, "not dumpable");
	else if (b->in_user && !is_seen(b))
		step_add_plain(b, "prctl", show, "dumpable");
	if (b->clone_flags & CLONE_NEWNET)
		step_add_plain(b, "up", loopback_up, "lo");
	plan_devices(b);
	return 0;
}
