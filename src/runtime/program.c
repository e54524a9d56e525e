/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The last step: the launcher is executed, from a sealed copy in memory, and it executes the
 * program.  doc/decisions/launcher.md says why there are two.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "runtime/capability.h"
#include "runtime/label.h"
#include "runtime/launch/launch.h"
#include "runtime/launch_bytes.h"
#include "runtime/seccomp_arch.h"
#include "runtime/step.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x10U
#endif
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_Static_assert(sizeof(launch_bytes) <= LAUNCH_AT, "the launcher ends before what it is told");

struct program {
	struct step s;
	struct build *b;
	const char **argv;
	struct launch launch;
	char *paths;
	size_t paths_len;
	struct label label;
};

bool program_is_filtered(const struct build *b)
{
	return b->os->seccomp && !b->unconfined;
}

bool program_needs_admin(const struct build *b)
{
	return program_is_filtered(b) && !b->process->no_new_privileges;
}

static int make_memfd(struct err *e)
{
	int fd = memfd_create("launch", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC);

	/* The flag is of 6.3. */
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("launch", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 && errno == EACCES)
		return err_set(e, ERR_UNSUPPORTED,
			       "sysctl vm.memfd_noexec=2 keeps containers from being started; 1 "
			       "and 0 do not");
	return fd < 0 ? err_sys(e, "memfd_create") : fd;
}

static int fill_memfd(int fd, const struct program *t, struct err *e)
{
	const struct seccomp_filter *f = &t->s.c->filter;
	struct iovec told[] = {
		{ (void *)&t->launch, sizeof(t->launch) },
		{ (void *)f->program, f->len * 8 },
		{ t->paths, t->paths_len },
		{ (void *)t->label.text, t->launch.label_len },
		{ (void *)t->label.file, t->label.file ? strlen(t->label.file) + 1 : 0 },
	};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		len += told[i].iov_len;

	if (len > LAUNCH_MAX)
		return err_set(e, ERR_INVALID, "process: too much to start with");
	if (write(fd, launch_bytes, sizeof(launch_bytes)) != (ssize_t)sizeof(launch_bytes) ||
	    pwritev(fd, told, ARRAY_LEN(told), LAUNCH_AT) != (ssize_t)len)
		return err_sys(e, "write the launcher");
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
		return err_sys(e, "seal the launcher");
	return 0;
}

/* crun's way to have names refused that are passed over otherwise. */
static int check_calls(const struct build *b, struct err *e)
{
	const char *strict =
		text_map_get(&b->config->annotations, "run.oci.seccomp_fail_unknown_syscall");
	const char *unknown = text_eq(strict, "1") ? seccomp_unknown_call(b->os->seccomp) : NULL;

	return unknown ? err_set(e, ERR_INVALID, "linux.seccomp.syscalls: unknown system call %s",
				 unknown)
		       : 0;
}

static int prepare_filter(struct program *t, struct err *e)
{
	struct build *b = t->b;
	struct seccomp_filter *f = &t->s.c->filter;
	int r;

	if (!program_is_filtered(b))
		return 0;
	r = check_calls(b, e);
	if (r < 0)
		return r;
	r = seccomp_prepare(b->a, b->os->seccomp, b->seccomp_cache, f, e);
	if (r < 0)
		return r;
	if (f->len > LAUNCH_FILTER)
		return err_set(e, ERR_UNSUPPORTED,
			       "the seccomp filter has %zu instructions; the "
			       "kernel takes %d",
			       f->len, LAUNCH_FILTER);
	return 0;
}

/* In the parent.  Numbers of descriptors are final here: above those that the program gets. */
static int prepare_launcher(void *arg, struct err *e)
{
	struct program *t = arg;
	struct child *c = t->s.c;
	const struct seccomp_filter *f = &c->filter;
	auto_close int fd = -1;
	int r = prepare_filter(t, e);

	if (r < 0)
		return r;
	t->launch.report = c->sync;
	t->launch.filter_len = (uint32_t)f->len;
	t->launch.filter_flags = f->flags;
	t->launch.notifies = f->notifies;
	label_find(t->b, &t->label);
	t->launch.label_len = t->label.text ? (uint32_t)strlen(t->label.text) : 0;
	fd = make_memfd(e);
	if (fd < 0)
		return fd;
	r = fill_memfd(fd, t, e);
	if (r < 0)
		return r;
	c->launcher = fd >= streams_end(t->b) ? take_fd(fd)
					      : fcntl(fd, F_DUPFD_CLOEXEC, streams_end(t->b));
	if (c->launcher < 0)
		return err_sys(e, "duplicate a descriptor");
	snprintf(c->launcher_name, sizeof(c->launcher_name), "%d", c->launcher);
	return 0;
}

static void close_launcher(void *arg)
{
	struct child *c = ((struct step *)arg)->c;

	if (c->launcher >= 0)
		close(take_fd(c->launcher));
}

static int execute(void *arg, struct err *e)
{
	struct program *t = arg;
	struct child *c = t->s.c;

	/* All others are closed or close themselves. */
	if (fcntl(c->sync, F_SETFD, 0) < 0 || fcntl(c->launcher, F_SETFD, 0) < 0)
		return err_sys(e, "keep descriptors");
	t->argv[0] = c->launcher_name;
	syscall(SYS_execveat, c->launcher, "", t->argv, t->b->env, AT_EMPTY_PATH);
	return err_sys(e, "execute the launcher");
}

static const char *variable(const struct texts *env, const char *name)
{
	const char *value = NULL;

	for (size_t i = 0; i < env->n; i++) {
		const char *after = text_after(env->v[i], name);

		if (after && *after == '=')
			value = after + 1;
	}
	return value;
}

/* Where the program may be, each path with its NUL: as execvp(3) looks for it. */
static int list_paths(struct program *t, struct err *e)
{
	const struct oci_process *p = t->b->process;
	const char *name = p->args.v[0], *path = variable(&p->env, "PATH");
	auto_buf out = BUF(LAUNCH_PATHS);
	struct texts dirs;

	if (strchr(name, '/') || !*name) {
		buf_add(&out, name, strlen(name) + 1);
	} else {
		dirs = texts_split(t->b->a, text_empty(path) ? DEFAULT_PATH : path, ':');
		for (size_t i = 0; i < dirs.n; i++) {
			buf_addf(&out, "%s/%s", *dirs.v[i] ? dirs.v[i] : ".", name);
			buf_addc(&out, '\0');
		}
	}
	if (out.failed)
		return err_set(e, ERR_INVALID, "process.env: PATH is too long");
	t->paths = arena_copy(t->b->a, buf_text(&out), out.len);
	t->paths_len = out.len;
	t->launch.paths_len = (uint32_t)out.len;
	return 0;
}

/* What the program's exec makes of them is decided by ambient ones alone if it isn't root's, so
 * the launcher need not keep more. */
static void keep_capabilities(struct program *t)
{
	const struct oci_process *p = t->b->process;
	const struct oci_capabilities *c = p->capabilities;
	struct launch *l = &t->launch;
	uint64_t bounding, ambient;

	l->set_capabilities = program_needs_admin(t->b);
	if (!c)
		return;
	bounding = capability_set(t->b->a, &c->bounding, NULL);
	l->inheritable = capability_set(t->b->a, &c->inheritable, NULL);
	l->permitted = capability_set(t->b->a, &c->permitted, NULL);
	l->effective = capability_set(t->b->a, &c->effective, NULL);
	ambient = capability_set(t->b->a, &c->ambient, NULL) & l->inheritable & l->permitted;
	l->permitted &= p->user.uid == 0 ? bounding | l->inheritable : ambient;
	l->effective &= l->permitted;
}

/* Whether one could be executed, as far as its mode tells: 0, or what exec would say. */
static int look_at(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	return S_ISREG(st.st_mode) && st.st_mode & 0111 ? 0 : -EACCES;
}

/* Who creates a container wants to be told then, and not at its start, that there is nothing to be
 * started.  What cannot be told yet is left to exec. */
static int look(void *arg, struct err *e)
{
	const struct program *t = arg;
	struct launch_report report = { .kind = SYNC_LAUNCH, .step = LAUNCH_EXEC, .code = ENOENT };
	const char *path = t->paths;

	if (*path != '/' && strchr(path, '/') && chdir(t->b->process->cwd) < 0)
		return 0;
	for (unsigned i = 0; path < t->paths + t->paths_len; i++, path += strlen(path) + 1) {
		int r = look_at(path);

		if (r == 0 || (r != -ENOENT && r != -ENOTDIR && r != -EACCES))
			return chdir("/") < 0 ? err_sys(e, "/") : 0;
		if (r == -EACCES && report.code != EACCES) {
			report.code = EACCES;
			report.path = i;
		}
	}
	if (write(t->s.c->sync, &report, sizeof(report)) < 0)
		return err_sys(e, "write to the parent process");
	_exit(127);
}

int program_look_plan(struct build *b, struct err *e)
{
	struct program *t = ARENA_NEW(b->a, struct program);
	int r;

	*t = (struct program){ .s = { b->c, b->process->args.v[0] }, .b = b };
	r = list_paths(t, e);
	if (r == 0)
		step_add(&b->child, "look", look, t);
	return r;
}

int program_plan(struct build *b, struct err *e)
{
	const struct oci_process *p = b->process;
	struct program *t = ARENA_NEW(b->a, struct program);
	int r;

	*t = (struct program){ .s = { b->c, texts_join(b->a, &p->args, " ") }, .b = b };
	t->argv = arena_array(b->a, p->args.n + 2, sizeof(*t->argv));
	memcpy(t->argv + 1, p->args.v, p->args.n * sizeof(*t->argv));
	t->launch.no_new_privileges = p->no_new_privileges;
	t->launch.clones = b->born_late;
	t->launch.terminal = p->terminal;
	t->launch.die_with_parent = b->die_with_parent;
	r = list_paths(t, e);
	if (r < 0)
		return r;
	keep_capabilities(t);
	plan_add(&b->before, &(struct plan_op){
				     .verb = program_is_filtered(b) ? "filter" : "launcher",
				     .apply = prepare_launcher,
				     .undo = close_launcher,
				     .arg = t,
			     });
	step_hold(b, &b->c->launcher);
	step_add(&b->child, "exec", execute, t);
	return 0;
}
