/* SPDX-License-Identifier: BSD-2-Clause */
#include "oci/making.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/units.h"
#include "engine/pty.h"
#include "oci/handover.h"
#include "oci/notify.h"

#define FDS_MAX 1024

const struct option making_options[] = {
	OPTION_TEXT(making_args, bundle, "bundle", 'b', "DIR",
		    "Folder of config.json and of what it names (.)", .completes = "file"),
	OPTION_TEXT(making_args, config, "config", 'f', "FILE",
		    "The configuration, if it isn't config.json", .completes = "file"),
	OPTION_TEXT(making_args, console_socket, "console-socket", 0, "SOCKET",
		    "Send the terminal's master to this unix socket", .completes = "file"),
	OPTION_TEXT(making_args, pidfd_socket, "pidfd-socket", 0, "SOCKET",
		    "Send a pidfd of the first process to this unix socket", .completes = "file"),
	OPTION_TEXT(making_args, pid_file, "pid-file", 0, "FILE",
		    "Write the first process's ID to this file", .completes = "file"),
	OPTION_INT(making_args, preserve_fds, "preserve-fds", 0, "N",
		   "Pass N descriptors after standard error on"),
	OPTION_FLAG(making_args, no_pivot, "no-pivot", 0,
		    "Enter the root without pivot_root, for a root on a ramdisk"),
	OPTION_FLAG(making_args, no_new_keyring, "no-new-keyring", 0,
		    "Let the container have the caller's session keyring"),
	OPTION_FLAG(making_args, no_subreaper, "no-subreaper", 0,
		    "Don't become the reaper of the container's orphans"),
	{ 0 },
};

/* What the caller named is relative to where the caller is, not to the bundle. */
static int enter_bundle(struct making *m, struct err *e)
{
	struct making_args *args = &m->args;
	const char **paths[] = { &args->console_socket, &args->pidfd_socket, &args->pid_file };
	char here[PATH_MAX];

	if (!getcwd(here, sizeof(here)))
		return err_sys(e, "the working directory");
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		if (*paths[i] && **paths[i] != '/')
			*paths[i] = path_join(m->g->arena, here, *paths[i]);
	if (!text_empty(args->bundle) && chdir(args->bundle) < 0)
		return err_sys(e, "chdir %s", args->bundle);
	return 0;
}

static int load(struct making *m, char **ret_text, size_t *ret_len, struct err *e)
{
	const char *name = text_empty(m->args.config) ? "config.json" : m->args.config;
	int r = file_read_at(AT_FDCWD, name, OCI_CONFIG_MAX, ret_text, ret_len, e);

	if (r == -ENOENT)
		return err_set(e, ERR_NOT_FOUND, "JSON specification file %s not found", name);
	if (r == 0)
		r = oci_config_read(m->g->arena, *ret_text, *ret_len, &m->config, e);
	return r < 0 ? err_wrap(e, "%s", name) : 0;
}

int making_check_terminal(const struct making *m, struct err *e)
{
	bool terminal = m->config.process && m->config.process->terminal;
	bool socket = !text_empty(m->args.console_socket);

	if (terminal && !m->stays && !socket)
		return err_set(e, ERR_INVALID,
			       "cannot allocate tty if %s will detach without setting console "
			       "socket: use --console-socket",
			       m->g->program);
	if (socket && (!terminal || m->stays))
		return err_set(e, ERR_INVALID,
			       "cannot use console socket if %s will not detach or allocate tty",
			       m->g->program);
	return 0;
}

/* Sockets that systemd passed to us are the container's: sd_listen_fds(3). */
static int64_t passed_sockets(struct making *m)
{
	const char *count = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");
	int64_t n, owner;

	if (!count || text_to_int(count, 1, FDS_MAX, &n, "LISTEN_FDS", NULL) < 0)
		return 0;
	if (pid && text_to_int(pid, 1, INT32_MAX, &owner, "LISTEN_PID", NULL) == 0 &&
	    owner != getpid())
		return 0;
	if (m->config.process) {
		struct texts *env = &m->config.process->env;

		texts_set_env(m->g->arena, env, arena_printf(m->g->arena, "LISTEN_FDS=%d", (int)n));
		texts_set_env(m->g->arena, env, "LISTEN_PID=1");
	}
	return n;
}

static int choose_streams(struct making *m, struct runtime_streams *ret, struct err *e)
{
	int64_t n = passed_sockets(m);

	if (m->args.preserve_fds < 0 || m->args.preserve_fds > FDS_MAX)
		return err_set(e, ERR_INVALID, "--preserve-fds: 0 to %d", FDS_MAX);
	return handover_streams(m->g, n, m->args.preserve_fds, ret, e);
}

static const char *absolute_root(const struct making *m, const char *bundle)
{
	const char *path = m->config.root ? m->config.root->path : "";

	return *path == '/' ? path_clean(m->g->arena, path)
			    : path_clean(m->g->arena, path_join(m->g->arena, bundle, path));
}

static int describe(const struct making *m, struct record *ret, struct err *e)
{
	const struct oci_namespace *pids = oci_namespace_find(&m->config, OCI_NS_PID);
	auto_buf now = BUF(64);
	char bundle[PATH_MAX];

	if (!getcwd(bundle, sizeof(bundle)))
		return err_sys(e, "the bundle");
	time_print_rfc3339(&now, clock_nsec(), true);
	*ret = (struct record){
		.oci_version = m->config.version,
		.id = m->id,
		.bundle = arena_strdup(m->g->arena, bundle),
		.rootfs = absolute_root(m, bundle),
		.created = arena_strdup(m->g->arena, buf_text(&now)),
		.owner = geteuid(),
		.shared_pids = !pids || !text_empty(pids->path),
		.systemd = text_eq(oci_cgroup_manager(m->g), "systemd"),
		.annotations = m->config.annotations,
	};
	return 0;
}

/* Whoever finds this, should we be killed, knows where to look for processes. */
static int note_cgroup(void *arg, const char *cgroup, const char *manager, struct err *e)
{
	struct making *m = arg;

	m->at.r.cgroup = arena_strdup(m->g->arena, cgroup);
	m->at.r.cgroup_manager = arena_strdup(m->g->arena, manager);
	return record_write(&m->at, e);
}

static void warn(struct making *m)
{
	struct texts found;

	runtime_warnings(&m->config, m->g->arena, &found);
	for (size_t i = 0; i < found.n; i++)
		log_at(LOG_WARN, "%s", found.v[i]);
}

static int create(struct making *m, struct err *e)
{
	struct oci_config *c = &m->config;
	struct runtime_create how = {
		.config = c,
		.id = m->id,
		.bundle = m->at.r.bundle,
		.root = -1,
		.cgroup_manager = oci_cgroup_manager(m->g),
		.seccomp_cache = -1,
		.rootless = m->g->is_rootless,
		.no_pivot = m->args.no_pivot,
		.plain_lines = handover_plain_lines(m->g, m->stays),
		.hooks_in_bundle = m->g->as_crun,
		.no_new_keyring = m->args.no_new_keyring,
		.ahead = &m->ahead,
		.planned = note_cgroup,
		.planned_arg = m,
	};
	auto_close int listener = -1;
	int r = choose_streams(m, &how.streams, e);

	if (r == 0)
		r = notify_prepare(&m->at, m->g->root, c, e);

	if (r < 0)
		return r;
	warn(m);
	/* These are runc's words, by which people follow a start. */
	log_debug("nsexec container setup of %s", m->id);
	if (m->stays && c->process && c->process->terminal && !c->process->console_size)
		c->process->console_size = pty_size_of_caller(m->g->arena);
	if (!m->starts) {
		listener = record_listen(&m->at, e);
		if (listener < 0)
			return listener;
		how.starters = &listener;
	}
	if (c->linux_part && text_empty(c->linux_part->cgroups_path) && !m->g->is_rootless)
		c->linux_part->cgroups_path = m->id;
	return runtime_create(&how, m->g->arena, &m->c, e);
}

static int pass_pidfd(struct making *m, struct err *e)
{
	/* crun's name of the option, for engines that don't know it. */
	const char *other = text_map_get(&m->config.annotations, "run.oci.pidfd_receiver");
	int r = 0;

	if (!text_empty(m->args.pidfd_socket))
		r = handover_pidfd(m->c.pidfd, m->args.pidfd_socket, e);
	if (r == 0 && !text_empty(other))
		r = handover_pidfd(m->c.pidfd, other, e);
	return r;
}

/* What others are told of the container that is complete. */
static int tell(struct making *m, struct err *e)
{
	const struct making_args *args = &m->args;
	int r;

	m->at.r.pid = m->c.pid;
	m->at.r.start_time = m->c.start_time;
	if (m->c.cgroup_path) {
		m->at.r.cgroup = m->c.cgroup_path;
		m->at.r.cgroup_manager = m->c.cgroup_manager;
	}
	r = record_write(&m->at, e);
	if (r == 0 && m->c.console >= 0)
		r = handover_terminal(&m->c.console, args->console_socket, e);
	if (r == 0)
		r = pass_pidfd(m, e);
	if (r == 0 && !text_empty(args->pid_file))
		r = handover_pid(m->c.pid, args->pid_file, e);
	return r;
}

static int read_bundle(struct making *m, char **ret_text, size_t *ret_len, struct err *e)
{
	int r = record_check_id(m->id, e);

	if (r == 0)
		r = enter_bundle(m, e);
	return r < 0 ? r : load(m, ret_text, ret_len, e);
}

static int take_id(struct making *m, const char *text, size_t len, struct err *e)
{
	struct record about;
	int r = describe(m, &about, e);

	if (r == 0)
		r = record_new(m->g, &about, text, len, &m->at, e);
	if (r == 0)
		m->at.config = &m->config;
	return r;
}

int making_record(struct making *m, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r = read_bundle(m, &text, &len, e);

	return r < 0 ? r : take_id(m, text, len, e);
}

/* Without a start nobody has asked for the network. */
static void forget_network(struct making *m)
{
	int fd = kernel_netns_end(&m->ahead);

	close_p(&fd);
}

int making_begin(struct making *m, struct err *e)
{
	auto_free char *text = NULL;
	size_t len = 0;
	int r;

	m->c = (struct runtime_container){ .pidfd = -1, .console = -1 };
	r = read_bundle(m, &text, &len, e);
	if (r < 0)
		return r;
	runtime_begin_network(&m->config, &m->ahead);
	r = take_id(m, text, len, e);
	if (r < 0) {
		forget_network(m);
		return r;
	}
	r = making_check_terminal(m, e);
	if (r == 0)
		r = create(m, e);
	if (r < 0)
		forget_network(m);
	if (r == 0) {
		log_debug("child process in init(): %d waits", (int)m->c.pid);
		r = tell(m, e);
	}
	if (r < 0)
		making_abort(m);
	return r;
}

void making_abort(struct making *m)
{
	struct err ignored;

	runtime_abort(&m->c);
	record_remove(&m->at, &ignored);
	record_close(&m->at);
}
