/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who the program is: its directory, user, groups, umask and capabilities.  The directory is
 * entered before the user changes or after, whichever works; and it must be inside the root, which
 * a descriptor left open to the host would not make it (CVE-2024-21626): it is opened inside the
 * root without magic links, and asked for its name afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "runtime/capability.h"
#include "runtime/step.h"

#define ADMIN (1ULL << 21) /* CAP_SYS_ADMIN */

struct directory {
	struct step s;
	const char *path;
	bool make, last_try;
};

static int enter_directory(void *arg, struct err *e)
{
	const struct directory *d = arg;
	char name[PATH_MAX];
	auto_close int root = -1, fd = -1;

	if (d->s.c->at_cwd)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "/");
	fd = kernel_open_in(root, d->path, O_PATH | O_DIRECTORY, e);
	if (fd == -ENOENT && d->make)
		fd = kernel_mkdir_in(root, d->path, 0755, e);
	if (fd < 0 || fchdir(fd) < 0) {
		int r = fd < 0 ? fd : -errno;

		if (r == -EACCES && !d->last_try)
			return 0;
		return err_from(e, r, "chdir to %s", d->path);
	}
	if (syscall(SYS_getcwd, name, sizeof(name)) < 0 || name[0] != '/')
		return err_set(e, ERR_DENIED, "working directory %s is outside the container",
			       d->path);
	d->s.c->at_cwd = true;
	return 0;
}

/* While the root can still be written to.  What fails is told when it is entered. */
static int make_directory(void *arg, struct err *e)
{
	const struct directory *d = arg;
	struct err ignored;
	auto_close int fd = kernel_mkdir_in(d->s.c->root, d->path, 0755, &ignored);

	return 0;
}

int directory_plan(struct build *b, struct err *e)
{
	struct directory *d = ARENA_NEW(b->a, struct directory);

	if (!b->process || strcmp(b->process->cwd, "/") == 0)
		return 0;
	*d = (struct directory){ .s = { b->c, b->process->cwd }, .path = b->process->cwd };
	step_add(&b->child, "directory", make_directory, d);
	return 0;
}

struct identity {
	struct step s;
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t groups_len;
	mode_t umask;
	struct capability_sets sets;
	bool keep_groups;
};

static int set_groups(const struct identity *t, struct err *e)
{
	if (t->keep_groups || setgroups(t->groups_len, t->groups) == 0)
		return 0;
	/* In a user namespace that a plain user made, nobody may. */
	return errno == EPERM && t->groups_len == 0
		       ? 0
		       : err_sys(e, "process.user.additionalGids: setgroups");
}

/* What is not in the bounding set can't become inheritable any more, so this comes first. */
static int inherit_admin(struct err *e)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data) < 0)
		return err_sys(e, "read capabilities");
	data[0].inheritable |= (uint32_t)ADMIN;
	return syscall(SYS_capset, &head, data) < 0 ? err_sys(e, "make CAP_SYS_ADMIN inheritable")
						    : 0;
}

static int take_identity(void *arg, struct err *e)
{
	const struct identity *t = arg;
	int r = t->sets.inheritable & ADMIN ? inherit_admin(e) : 0;

	if (r == 0)
		r = capability_bound(&t->sets, true, e);
	if (r < 0)
		return r;
	r = set_groups(t, e);
	if (r < 0)
		return r;
	if (setresgid(t->gid, t->gid, t->gid) < 0)
		return err_sys(e, "process.user.gid: set group %u", t->gid);
	if (setresuid(t->uid, t->uid, t->uid) < 0)
		return err_sys(e, "process.user.uid: set user %u", t->uid);
	umask(t->umask);
	return capability_apply(&t->sets, e);
}

/* Changing who we are made the kernel forget it, and the parent may be gone already. */
static int kill_with_parent(void *arg, struct err *e)
{
	char c;

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(e, "prctl PR_SET_PDEATHSIG");
	if (recv(((struct step *)arg)->c->sync, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
		return err_from(e, -EPIPE, "the parent process is gone");
	return 0;
}

static void read_capabilities(struct build *b, struct capability_sets *sets)
{
	const struct oci_capabilities *c = b->process->capabilities;

	if (!c)
		return;
	sets->bounding = capability_set(b->a, &c->bounding, NULL);
	sets->effective = capability_set(b->a, &c->effective, NULL);
	sets->permitted = capability_set(b->a, &c->permitted, NULL);
	sets->inheritable = capability_set(b->a, &c->inheritable, NULL);
	sets->ambient = capability_set(b->a, &c->ambient, NULL);
}

static const char *words(struct build *b, const struct identity *t)
{
	auto_buf out = BUF(65536);

	buf_addf(&out, "%u:%u", t->uid, t->gid);
	for (size_t i = 0; i < t->groups_len; i++)
		buf_addf(&out, "%s%u", i ? "," : " groups ", t->groups[i]);
	buf_addf(&out, " umask %03o capabilities %016" PRIx64, (unsigned)t->umask,
		 t->sets.bounding);
	return arena_strdup(b->a, buf_text(&out));
}

static void plan_directory(struct build *b, const char *verb, bool last_try)
{
	struct directory *d = ARENA_NEW(b->a, struct directory);

	*d = (struct directory){
		.s = { b->c, b->process->cwd },
		.path = b->process->cwd,
		.make = b->create,
		.last_try = last_try,
	};
	step_add(&b->child, verb, enter_directory, d);
}

int identity_plan(struct build *b, struct err *e)
{
	const struct oci_user *u = &b->process->user;
	struct identity *t = ARENA_NEW(b->a, struct identity);

	*t = (struct identity){
		.uid = (uid_t)u->uid,
		.gid = (gid_t)u->gid,
		.groups_len = u->additional_gids.n,
		.keep_groups = step_keeps_groups(b),
		.umask = u->umask ? (mode_t)*u->umask : 022,
	};
	t->groups = arena_array(b->a, t->groups_len, sizeof(*t->groups));
	for (size_t i = 0; i < t->groups_len; i++)
		t->groups[i] = (gid_t)u->additional_gids.v[i];
	read_capabilities(b, &t->sets);
	t->s = (struct step){ b->c, words(b, t) };
	/* The launcher loads the filter with it, and gives it up. */
	if (program_needs_admin(b)) {
		t->sets.permitted |= ADMIN;
		t->sets.effective |= ADMIN;
		t->sets.inheritable |= ADMIN;
		if (t->uid != 0)
			t->sets.ambient |= ADMIN;
	}
	plan_directory(b, "chdir", t->uid == 0);
	step_add(&b->child, "user", take_identity, t);
	if (t->uid != 0)
		plan_directory(b, "chdir", true);
	if (b->die_with_parent)
		step_add_plain(b, "prctl", kill_with_parent, "die with parent");
	return 0;
}
