/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/criu.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/child.h"
#include "base/file.h"
#include "base/path.h"

static const char *const modes[] = { "soft", "full", "strict", "ignore", NULL };

const struct option criu_options[] = {
	OPTION_TEXT(criu_args, image_path, "image-path", 0, "DIR", "Folder of images (checkpoint)",
		    .completes = "file"),
	OPTION_TEXT(criu_args, work_path, "work-path", 0, "DIR",
		    "Folder of logs (that of the images)", .completes = "file"),
	OPTION_FLAG(criu_args, tcp_established, "tcp-established", 0, "Allow open TCP connections"),
	OPTION_FLAG(criu_args, ext_unix_sk, "ext-unix-sk", 0,
		    "Allow unix sockets whose other end is outside"),
	OPTION_FLAG(criu_args, shell_job, "shell-job", 0, "Allow jobs of a shell"),
	OPTION_FLAG(criu_args, file_locks, "file-locks", 0, "Keep file locks"),
	OPTION_CHOICE(criu_args, manage_cgroups, "manage-cgroups-mode", 0, "MODE",
		      "What becomes of control groups: soft, full, strict or ignore (soft)", modes),
	OPTION_TEXT(criu_args, network_lock, "network-lock", 0, "METHOD",
		    "How CRIU locks the network: iptables, nftables or skip"),
	OPTION_FLAG(criu_args, lazy_pages, "lazy-pages", 0, "Copy memory when it is used"),
	OPTION_FLAG(criu_args, auto_dedup, "auto-dedup", 0,
		    "Remove memory from parent images that later ones have"),
	OPTION_LIST(criu_args, empty_ns, "empty-ns", 0, "NAMESPACE",
		    "Restore this namespace empty"),
	{ 0 },
};

static const char *absolute(struct arena *a, const char *path)
{
	char here[4096];

	return *path == '/' || !getcwd(here, sizeof(here)) ? path : path_join(a, here, path);
}

void criu_external(struct criu *c, const char *name, const char *value)
{
	criu_put_text(&c->options, CRIU_EXTERNAL,
		      arena_printf(c->g->arena, "mnt[%s]:%s", name, value));
}

/* What is mounted from the host isn't in the images. */
static void add_mounts(struct criu *c)
{
	const struct oci_config *config = c->config;
	bool restore = c->request == CRIU_RESTORE;

	for (size_t i = 0; i < config->mounts.n; i++) {
		const struct oci_mount *m = &config->mounts.v[i];

		if (!texts_has(&m->options, "bind") && !texts_has(&m->options, "rbind") &&
		    !text_eq(m->type, "bind"))
			continue;
		criu_external(c, m->destination,
			      restore ? absolute(c->g->arena, m->source) : m->destination);
	}
}

static void add_flags(struct criu *c, const struct criu_args *args)
{
	const struct {
		bool on;
		enum criu_option option;
	} flags[] = {
		{ args->tcp_established, CRIU_TCP_ESTABLISHED },
		{ args->ext_unix_sk, CRIU_EXT_UNIX_SK },
		{ args->shell_job, CRIU_SHELL_JOB },
		{ args->file_locks, CRIU_FILE_LOCKS },
		{ args->lazy_pages, CRIU_LAZY_PAGES },
		{ args->auto_dedup, CRIU_AUTO_DEDUP },
		{ true, CRIU_EVASIVE_DEVICES },
		{ true, CRIU_MANAGE_CGROUPS },
		{ true, CRIU_NOTIFY_SCRIPTS },
		{ true, CRIU_ORPHAN_PTS_MASTER },
	};

	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (flags[i].on)
			criu_put(&c->options, flags[i].option, 1);
}

static int add_choices(struct criu *c, const struct criu_args *args, struct err *e)
{
	static const struct {
		const char *name;
		unsigned value;
	} groups[] = { { "soft", 3 }, { "full", 4 }, { "strict", 5 }, { "ignore", 0 } },
	  locks[] = { { "iptables", 1 }, { "nftables", 2 }, { "skip", 3 } };
	const char *mode = args->manage_cgroups ? args->manage_cgroups : "soft";
	const char *lock = args->network_lock;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (strcmp(mode, groups[i].name) == 0)
			criu_put(&c->options, CRIU_MANAGE_CGROUPS_MODE, groups[i].value);
	for (size_t i = 0; lock && i < ARRAY_LEN(locks); i++)
		if (strcmp(lock, locks[i].name) == 0)
			criu_put(&c->options, CRIU_NETWORK_LOCK, locks[i].value);
	for (size_t i = 0; i < args->empty_ns.n; i++)
		if (strcmp(args->empty_ns.v[i], "network") != 0)
			return err_set(e, ERR_UNSUPPORTED,
				       "--empty-ns: criu can only have network");
	if (args->empty_ns.n)
		criu_put(&c->options, CRIU_EMPTY_NS, CLONE_NEWNET);
	return 0;
}

/* As runc: whoever runs it may say more in a file, which an annotation names. */
static void add_file(struct criu *c)
{
	const char *file = text_map_get(&c->config->annotations, "org.criu.config");

	if (!file)
		file = "/etc/criu/runc.conf";
	if (*file)
		criu_put_text(&c->options, CRIU_CONFIG_FILE, file);
}

static int open_folders(struct criu *c, struct err *e)
{
	int r = c->request == CRIU_RESTORE ? 0 : file_mkdir_path(AT_FDCWD, c->images, 0700, e);

	if (r == 0)
		r = file_mkdir_path(AT_FDCWD, c->work, 0700, e);
	if (r < 0)
		return r;
	c->images_dir = file_open_dir_at(AT_FDCWD, c->images, e);
	if (c->images_dir < 0)
		return c->images_dir;
	c->work_dir = file_open_dir_at(AT_FDCWD, c->work, e);
	return c->work_dir < 0 ? c->work_dir : 0;
}

int criu_begin(struct criu *c, const struct oci_globals *g, const struct criu_args *args,
	       const struct oci_config *config, enum criu_request request, struct err *e)
{
	int r;

	*c = (struct criu){ .g = g,
			    .config = config,
			    .request = request,
			    .images_dir = -1,
			    .work_dir = -1,
			    .options = BUF(CRIU_MESSAGE_MAX) };
	c->images =
		absolute(g->arena, text_empty(args->image_path) ? "checkpoint" : args->image_path);
	c->work = text_empty(args->work_path) ? c->images : absolute(g->arena, args->work_path);
	c->log = request == CRIU_RESTORE ? "restore.log" : "dump.log";
	r = open_folders(c, e);
	if (r == 0)
		r = add_choices(c, args, e);
	if (r < 0)
		return r;
	/* CRIU takes these two from the process that asks. */
	criu_put(&c->options, CRIU_IMAGES_DIR_FD, (uint64_t)c->images_dir);
	criu_put(&c->options, CRIU_WORK_DIR_FD, (uint64_t)c->work_dir);
	criu_put_text(&c->options, CRIU_LOG_FILE, c->log);
	criu_put(&c->options, CRIU_LOG_LEVEL, 4);
	add_flags(c, args);
	add_file(c);
	if (request != CRIU_PRE_DUMP)
		add_mounts(c);
	return 0;
}

void criu_end(struct criu *c)
{
	for (size_t i = 0; i < c->fds_len; i++)
		if (c->fds[i] > STDERR_FILENO)
			close(c->fds[i]);
	c->fds_len = 0;
	close_p(&c->images_dir);
	close_p(&c->work_dir);
	buf_free(&c->options);
}

int criu_inherit(struct criu *c, const char *name, int fd, struct err *e)
{
	if (c->fds_len == CRIU_FDS_MAX)
		return err_set(e, ERR_INVALID, "too many descriptors for criu");
	/* After its standard streams and the socket. */
	criu_put_number_of(&c->options, CRIU_INHERIT_FD, name, 4 + c->fds_len);
	c->fds[c->fds_len++] = fd;
	return 0;
}

const char *criu_program(const struct oci_globals *g)
{
	const char *path = getenv("PATH");
	struct texts dirs;

	if (!text_empty(g->criu) && strchr(g->criu, '/'))
		return g->criu;
	dirs = texts_split(g->arena, text_empty(path) ? "/usr/sbin:/usr/bin:/sbin:/bin" : path,
			   ':');
	for (size_t i = 0; i < dirs.n; i++) {
		const char *name =
			path_join(g->arena, dirs.v[i], text_empty(g->criu) ? "criu" : g->criu);

		if (*name == '/' && access(name, X_OK) == 0)
			return name;
	}
	return NULL;
}

/* What masks are bound from, as the runtime's own are: an empty file and an empty directory. */
static int mount_masks(const char *place, struct err *e)
{
	auto_close int dir = -1;

	if (mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NOEXEC | MS_NODEV, "size=4k,mode=555") <
	    0)
		return err_sys(e, "mount masks");
	dir = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0 || mkdirat(dir, CRIU_MASK_DIRECTORY, 0555) < 0 ||
	    mknodat(dir, CRIU_MASK_FILE, S_IFREG | 0444, 0) < 0)
		return err_sys(e, "make masks");
	if (mount(NULL, place, NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NOEXEC | MS_NODEV,
		  NULL) < 0)
		return err_sys(e, "make masks read-only");
	return 0;
}

/* The same number is a folder of this namespace: what is mounted below must be of it, too. */
static int open_again(int fd, const char *path, struct err *e)
{
	auto_close int again = file_open_dir_at(AT_FDCWD, path, e);

	if (again < 0)
		return again;
	return dup3(again, fd, O_CLOEXEC) < 0 ? err_sys(e, "open %s again", path) : 0;
}

/* CRIU wants a root that is a mount; here it is one where nobody else sees it. */
static int enter_namespace(const struct criu *c, struct err *e)
{
	int r;

	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(e, "make a mount namespace for criu");
	if (mount(c->root, c->root, NULL, MS_BIND | MS_REC, NULL) < 0)
		return err_sys(e, "mount %s on itself", c->root);
	r = open_again(c->images_dir, c->images, e);
	if (r == 0)
		r = open_again(c->work_dir, c->work, e);
	return r < 0 ? r : mount_masks(c->masks, e);
}

struct home {
	int namespace, root, here;
};

static int leave_home(struct home *ret, struct err *e)
{
	*ret = (struct home){
		open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC),
		open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
		open(".", O_PATH | O_DIRECTORY | O_CLOEXEC),
	};
	return ret->namespace < 0 || ret->root < 0 || ret->here < 0
		       ? err_sys(e, "remember this mount namespace")
		       : 0;
}

static int return_home(const struct home *h, struct err *e)
{
	if (setns(h->namespace, CLONE_NEWNS) < 0 || fchdir(h->root) < 0 || chroot(".") < 0 ||
	    fchdir(h->here) < 0)
		return err_sys(e, "return from criu's mount namespace");
	return 0;
}

static int spawn(struct criu *c, const char *program, int socket, struct child *ret, struct err *e)
{
	char *argv[] = { "criu", "swrk", "3", NULL };
	int fds[1 + CRIU_FDS_MAX] = { socket };

	memcpy(fds + 1, c->fds, c->fds_len * sizeof(*c->fds));
	return child_spawn(&(struct child_spawn){ .path = program,
						  .argv = argv,
						  .in = -1,
						  .out = STDERR_FILENO,
						  .err = STDERR_FILENO,
						  .fds = fds,
						  .fds_len = 1 + c->fds_len },
			   ret, e);
}

/* In a mount namespace of its own. This process goes there and comes back, as CRIU takes folders
 * from it, and hooks are to run where we are. */
static int spawn_apart(struct criu *c, const char *program, int socket, struct child *ret,
		       struct err *e)
{
	struct err second;
	struct home h;
	bool spawned;
	int r = leave_home(&h, e);

	if (r == 0) {
		r = enter_namespace(c, e);
		if (r == 0)
			r = spawn(c, program, socket, ret, e);
		spawned = r == 0;
		if (return_home(&h, r < 0 ? &second : e) < 0) {
			if (spawned)
				child_kill(ret);
			r = r < 0 ? r : -EIO;
		}
	}
	close_p(&h.namespace);
	close_p(&h.root);
	close_p(&h.here);
	return r;
}

/* What was the container's control group is another one now. */
static int put_roots(struct criu *c, struct err *e)
{
	struct cgroup_host host;
	int r = cgroup_host_read(c->g->arena, &host, e);

	for (size_t i = 0; r == 0 && i < host.hierarchies_len; i++) {
		const char *names = host.hierarchies[i].controllers;
		const char *path = cgroup_path_in(c->cgroup, names);
		const char *first = arena_strndup(c->g->arena, names, strcspn(names, ","));

		if (*path)
			criu_put_pair(&c->options, CRIU_CG_ROOT, *first ? first : NULL, path);
	}
	return r;
}

/* What it restores is born where it is itself. */
static int place(struct criu *c, pid_t pid, struct err *e)
{
	int r;

	if (!c->cgroup)
		return 0;
	r = cgroup_adopts(c->cgroup) ? cgroup_adopt(c->cgroup, pid, e)
				     : cgroup_add(c->cgroup, pid, e);
	return r < 0 ? r : put_roots(c, e);
}

static const char *verb(const struct criu *c)
{
	return c->request == CRIU_RESTORE ? "restore"
	       : c->request == CRIU_DUMP  ? "dump"
					  : "pre-dump";
}

static int failed(const struct criu *c, const struct criu_answer *a, struct err *e)
{
	const char *why = *a->words ? a->words : a->code > 0 ? strerror(a->code) : "";

	return err_set(e, ERR_SYSTEM, "criu %s failed%s%.*s; see %s/%s", verb(c), *why ? ": " : "",
		       (int)strcspn(why, "\n"), why, c->work, c->log);
}

/* Until the last answer. What a stage failed with is said, and not what CRIU says of that. */
static int converse(struct criu *c, int socket, struct err *e)
{
	struct err after, *say = e;
	struct criu_answer a;
	int r, stage = 0;

	for (;;) {
		r = criu_hear(socket, &a, say);
		if (r < 0 || a.request != CRIU_NOTIFY)
			break;
		if (stage == 0 && c->stage)
			stage = c->stage(c->arg, &a, e);
		say = stage < 0 ? &after : e;
		close_p(&a.fd);
		r = criu_reply(socket, stage == 0, say);
		if (r < 0)
			break;
	}
	if (stage < 0)
		return stage;
	if (r < 0)
		return err_wrap(e, "criu %s (see %s/%s)", verb(c), c->work, c->log);
	close_p(&a.fd);
	if (!a.success)
		return failed(c, &a, e);
	c->pid = a.pid;
	return 0;
}

/* A pre-dump may be followed by more from the same program, which this is not for. */
static void finish(const struct criu *c, struct child *child)
{
	int status;

	if (c->request == CRIU_PRE_DUMP)
		child_kill(child);
	else
		child_wait(child, &status, NULL);
}

int criu_run(struct criu *c, struct err *e)
{
	const char *program = criu_program(c->g);
	auto_close int ours = -1;
	struct child child;
	int pair[2], r;

	if (!program)
		return err_set(e, ERR_UNSUPPORTED,
			       "%s: it takes the program criu, which is not installed (or named "
			       "by --criu)",
			       c->request == CRIU_RESTORE ? "restore" : "checkpoint");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "socketpair");
	ours = pair[0];
	r = c->root ? spawn_apart(c, program, pair[1], &child, e)
		    : spawn(c, program, pair[1], &child, e);
	close(pair[1]);
	if (r < 0)
		return r;
	r = place(c, child.pid, e);
	if (r == 0)
		r = criu_ask(ours, c->request, &c->options, e);
	if (r == 0)
		r = converse(c, ours, e);
	if (r < 0)
		child_kill(&child);
	shutdown(ours, SHUT_RDWR);
	finish(c, &child);
	return r;
}
