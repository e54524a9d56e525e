/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/start.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/log.h"
#include "base/path.h"
#include "base/units.h"
#include "cgroup/cgroup.h"
#include "engine/depend.h"
#include "engine/facts.h"
#include "engine/pty.h"
#include "engine/signals.h"
#include "engine/specify_private.h"
#include "engine/volumes.h"
#include "engine/wiring.h"
#include "kernel/netns.h"
#include "kernel/process.h"
#include "monitor/monitor.h"
#include "runtime/runtime.h"

#define CGROUP_WAIT_MS 5000

/* Everything between the decision to start and the monitor's taking over. Descriptors are closed by
 * whoever dies last: the starter by its exec or exit, the caller by launch_close(). */
struct launch {
	const struct state *state;
	const struct container *c;
	const struct container_start *how;
	struct arena *arena;
	struct oci_config *config;
	int run_dir, lib_dir, root, listener, client;
	int *mount_fds, *volume_fds; /* beside c->mounts */
	int volumes_lock;
	struct kernel_netns_ahead ahead;
	int network; /* what it made, or -1 */
	struct wiring wiring;
	int64_t restarts, restart_delay_ms; /* in place: as the last end said */
	int64_t step_usec;                  /* when the step being done began; monotonic */
};

/* For --log-level debug: what was done, and how long it took. */
static void step_done(struct launch *l, const char *what)
{
	int64_t now = log_wants(LOG_DEBUG) ? clock_monotonic_usec() : 0;

	log_debug("start %.12s: %s: %lld us", l->c->id, what, (long long)(now - l->step_usec));
	l->step_usec = now;
}

/* The longest part of a start is begun before all others. One of the container's own user namespace
 * is for that to make. */
static void begin_network(struct launch *l)
{
	const struct container_namespaces *n = &l->c->namespaces;

	if (l->c->uid_maps.n == 0 && !text_after(n->user ? n->user : "", "ns:") &&
	    !text_after(n->user ? n->user : "", "container:") && specify_is_private(n->network))
		kernel_netns_begin(&l->ahead);
}

static void end_network(struct launch *l)
{
	if (l->ahead.maker > 0)
		l->network = kernel_netns_end(&l->ahead);
}

static void launch_close(struct launch *l)
{
	end_network(l);
	close_p(&l->network);
	close_p(&l->run_dir);
	close_p(&l->lib_dir);
	close_p(&l->root);
	close_p(&l->listener);
	close_p(&l->client);
	close_p(&l->volumes_lock);
	wiring_close(&l->wiring);
	for (size_t i = 0; l->mount_fds && i < l->c->mounts.n; i++) {
		close_p(&l->mount_fds[i]);
		close_p(&l->volume_fds[i]);
	}
}

static struct texts again(struct launch *l, const char *command)
{
	return container_again(l->arena, l->state, l->how, command, l->c->id);
}

/* The ends of pipes that the container and the monitor get. */
struct streams {
	int in[2], out[2], err[2];
};

static int make_streams(const struct container *c, struct streams *p, struct err *e)
{
	*p = (struct streams){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (c->tty)
		return 0;
	if (c->interactive && pipe2(p->in, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	if (pipe2(p->out, O_CLOEXEC) < 0 || pipe2(p->err, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	return 0;
}

static int64_t log_index(const char *name, const char *const *names, size_t n)
{
	int i = name ? text_index(name, names, n) : 0;

	return i < 0 ? 0 : i;
}

/* The file that counts the kernel's kills for want of memory; the monitor reads it at the end. */
static void open_oom_files(const struct runtime_container *rc, struct monitor_handover *h)
{
	AUTO(cgroup) group = NULL;

	if (text_empty(rc->cgroup_path) ||
	    cgroup_open(rc->cgroup_manager, rc->cgroup_path, &group, NULL) < 0)
		return;
	/* Nobody counts, or nobody may look: then nothing is said of it. */
	h->oom = open(cgroup_oom_file(group), O_RDONLY | O_CLOEXEC);
	h->oom_above = open(cgroup_oom_file_above(group), O_RDONLY | O_CLOEXEC);
}

/* What it has no use for but to have it. */
static void hold(const struct launch *l, struct monitor_handover *h)
{
	const struct port_holds *ports = &l->wiring.holds;
	int *all = arena_array(l->arena, ports->n + 1, sizeof(*all));

	if (ports->n)
		memcpy(all, ports->v, ports->n * sizeof(*all));
	h->held = all;
	h->held_len = ports->n;
	if (l->wiring.netfilter >= 0)
		all[h->held_len++] = l->wiring.netfilter;
}

static void fill_handover(struct launch *l, const struct runtime_container *rc,
			  const struct streams *p, struct monitor_handover *h)
{
	const struct container *c = l->c;
	struct texts servers = wiring_servers(l->state, l->arena, &l->wiring);
	*h = MONITOR_HANDOVER;
	h->id = c->id;
	h->name = c->name;
	h->pid = rc->pid;
	h->pidfd = rc->pidfd;
	h->started_nsec = clock_nsec();
	h->run_dir = l->run_dir;
	h->lib_dir = l->lib_dir;
	h->listener = l->listener;
	h->client = l->client;
	h->terminal = rc->console;
	h->in = p->in[1];
	h->out = p->out[0];
	h->err = p->err[0];
	h->log = (enum monitor_log)log_index(c->log.driver, monitor_log_name, MONITOR_LOGS);
	h->log_path = c->log.path;
	h->log_max_bytes = c->log.max_bytes;
	h->log_tag = c->log.tag;
	h->restart =
		(enum monitor_restart)log_index(c->restart, monitor_restart_name, MONITOR_RESTARTS);
	h->restart_max = (int)c->restart_max;
	h->restarts = (int)l->restarts;
	h->restart_delay_ms = (int)l->restart_delay_ms;
	h->restart_argv = again(l, "__start").v;
	h->cleanup_argv = again(l, "__cleanup").v;
	h->firewall = l->wiring.watch;
	h->servers = servers.n ? servers.v : NULL;
	h->mend_argv = l->wiring.watch < 0 && !servers.n ? NULL : again(l, "__mend").v;
	h->program = l->how->program;
	open_oom_files(rc, h);
	h->temporary = c->auto_remove;
	hold(l, h);
	h->timeout_sec = (int)c->timeout_sec;
	h->stop_signal = container_stop_signal(c);
	h->stop_timeout_ms = c->stop_timeout_sec < 0 ? -1 : (int)c->stop_timeout_sec * 1000;
}

static int write_pid_file(const char *path, pid_t pid, struct err *e)
{
	auto_close int fd = -1;
	char text[32];
	int r;

	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_sys(e, "write the PID to %s", path);
	snprintf(text, sizeof(text), "%d", pid);
	r = file_write_all(fd, text, strlen(text));
	return r < 0 ? err_from(e, r, "write the PID to %s", path) : 0;
}

/* Where systemd put it, which depends on whose manager it is; else where it was made. */
static const char *find_cgroup(struct launch *l, const struct runtime_container *rc)
{
	auto_free char *text = NULL;
	const char *path;
	char file[64];

	snprintf(file, sizeof(file), "/proc/%d/cgroup", rc->pid);
	if (!text_eq(rc->cgroup_manager, "systemd") ||
	    file_read_at(AT_FDCWD, file, 65536, &text, NULL, NULL) < 0)
		return rc->cgroup_path;
	path = strncmp(text, "0::", 3) == 0 ? text + 3 : strstr(text, "\n0::");
	if (!path)
		return rc->cgroup_path;
	path += *path == '\n' ? 4 : 0;
	return arena_strndup(l->arena, path, strcspn(path, "\n"));
}

/* The container runs: say so to everybody else. */
static int record(struct launch *l, const struct runtime_container *rc, struct err *e)
{
	auto_buf started = BUF(64);
	struct run_state st = {
		.pid = rc->pid,
		.start_time = rc->start_time,
		.monitor_pid = getpid(),
		.started_nsec = clock_nsec(),
		.cgroup = find_cgroup(l, rc),
		.cgroup_manager = rc->cgroup_manager,
		.restarts = l->restarts,
		.restart_delay_ms = l->restart_delay_ms,
	};
	int r = kernel_start_time(getpid(), &st.monitor_start_time);

	if (r < 0)
		return err_from(e, r, "look at this process");
	r = run_state_save(l->state, l->run_dir, &st, e);
	if (r == 0)
		r = write_pid_file(l->c->pid_file, rc->pid, e);
	if (r == 0)
		r = write_pid_file(l->c->monitor_pid_file, getpid(), e);
	if (r < 0 || l->c->auto_remove)
		return r;
	/* Not synced: a power cut right now may as well have come before the start. */
	unlinkat(l->lib_dir, MONITOR_EXIT, 0);
	time_print_rfc3339(&started, st.started_nsec, true);
	return file_replace_at(l->lib_dir, STARTED_FILE, buf_text(&started), started.len,
			       &(struct file_write){ .fill_root = l->state->lib }, e);
}

static bool passthrough(const struct container *c)
{
	return text_eq(c->log.driver, "passthrough");
}

/* Networks are set up while the first process sets up the rest. */
static int connect_it(void *arg, const struct runtime_container *rc, struct err *e)
{
	struct launch *l = arg;
	int r;

	l->wiring.monitor = getpid();
	l->wiring.end = again(l, "__end");
	r = wiring_apply(l->state, l->arena, &l->wiring, rc->pid, rc->start_time, l->network, e);
	if (r == 0)
		step_done(l, "make its interfaces, publish its ports");
	return r;
}

static int start_process(struct launch *l, const struct streams *p, struct runtime_container *rc,
			 struct err *e)
{
	struct runtime_create how;
	bool through = passthrough(l->c);
	auto_close int cache = -1;
	int r;

	file_mkdir_path(l->state->run, "seccomp", 0700, NULL);
	cache = file_open_dir_at(l->state->run, "seccomp", NULL);
	how = (struct runtime_create){
			.config = l->config,
			.id = l->c->id,
			.root = l->root,
			.streams = {
				.in = through ? STDIN_FILENO : p->in[0],
				.out = through ? STDOUT_FILENO : p->out[1],
				.err = through ? STDERR_FILENO : p->err[1],
			},
			.network = l->network < 0 ? NULL : &l->network,
			.cgroup_manager = l->c->cgroups_disabled ? "disabled"
								 : l->how->cgroup_manager,
			.cgroup_parent = l->c->cgroup_parent,
			.seccomp_cache = cache,
			.rootless = l->state->rootless,
			.die_with_parent = true,
			.connect = l->wiring.joined ? connect_it : NULL,
			.connect_arg = l,
		};
	if (!l->wiring.joined)
		return runtime_start(&how, l->arena, rc, e);
	r = runtime_create(&how, l->arena, rc, e);
	return r < 0 ? r : runtime_go(rc, e);
}

/* The monitor has no business with what the caller had open as standard streams: whoever waits for
 * their end would wait for the container's. */
static void leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
}

void container_not_executed(struct err *e)
{
	size_t len = strlen(e->msg);

	if (e->where && (e->code == ENOENT || e->code == ENOTDIR))
		snprintf(e->msg + len, sizeof(e->msg) - len,
			 ": OCI runtime attempted to invoke a command that was not found");
	else if (e->where && (e->code == EACCES || e->code == EPERM))
		snprintf(e->msg + len, sizeof(e->msg) - len, ": OCI permission denied");
	/* The request made sense; it is this host that can't have it. */
	if (!e->where)
		e->where = RUNTIME_NOT_EXECUTABLE;
}

static void undo_start(struct launch *l, const struct runtime_container *rc)
{
	AUTO(cgroup) group = NULL;

	kill(rc->pid, SIGKILL);
	waitpid(rc->pid, NULL, 0);
	if (rc->cgroup_path && cgroup_open(rc->cgroup_manager, rc->cgroup_path, &group, NULL) == 0)
		cgroup_remove(group, CGROUP_WAIT_MS, NULL);
	unlinkat(l->run_dir, RUN_STATE_FILE, 0);
}

/* Returns only on failure, with nothing left running. */
static int run_starter(struct launch *l, struct err *e)
{
	struct runtime_container rc;
	struct monitor_handover h;
	struct streams p;
	char *monitor;
	int r = path_libexec(l->arena, "monitor", &monitor, e);

	if (r == 0)
		r = make_streams(l->c, &p, e);
	if (r < 0)
		return r;
	r = start_process(l, &p, &rc, e);
	if (r < 0) {
		if (e)
			container_not_executed(e);
		return r;
	}
	step_done(l, "make its cgroup and namespaces, furnish its root, execute the program");
	r = record(l, &rc, e);
	if (r == 0) {
		wiring_name(l->state, l->c, rc.pid);
		if (l->wiring.joined)
			network_settled(&l->wiring.status);
		step_done(l, "record it");
		fill_handover(l, &rc, &p, &h);
		if (!passthrough(l->c))
			leave_streams();
		r = monitor_exec(monitor, &h, e);
	}
	undo_start(l, &rc);
	return r;
}

/* In a child of its own session, whose report ends when the monitor is executed. */
static int fork_starter(struct launch *l, struct err *e)
{
	int report[2], status, r;
	pid_t pid;

	if (pipe2(report, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	pid = fork();
	if (pid < 0) {
		close(report[0]);
		close(report[1]);
		return err_sys(e, "fork");
	}
	if (pid == 0) {
		struct err why = { 0 };

		setsid();
		run_starter(l, &why);
		err_send(report[1], &why);
		_exit(EXIT_FAILURE);
	}
	close(report[1]);
	/* The root among them: the last to let go of it waits for its end, and that shall be the
	 * container. */
	launch_close(l);
	r = err_recv(report[0], e);
	close(report[0]);
	if (r < 0)
		waitpid(pid, &status, 0);
	return r;
}

static void read_last_end(struct launch *l)
{
	struct monitor_exit x = { 0 };

	if (!l->how->in_place || monitor_exit_read(l->run_dir, l->arena, &x, NULL) < 0)
		return;
	l->restarts = x.restarts;
	l->restart_delay_ms = x.next_delay_ms;
}

static void remove_marks(int run_dir)
{
	unlinkat(run_dir, MONITOR_STOP_MARK, 0);
	unlinkat(run_dir, RUN_PAUSED_MARK, 0);
}

static void make_mount_fds(struct launch *l)
{
	size_t n = l->c->mounts.n;

	l->mount_fds = arena_array(l->arena, n, sizeof(*l->mount_fds));
	l->volume_fds = arena_array(l->arena, n, sizeof(*l->volume_fds));
	for (size_t i = 0; i < n; i++)
		l->mount_fds[i] = l->volume_fds[i] = -1;
}

/* Decides everything that can be decided before there is a process. */
static int prepare(struct launch *l, struct err *e)
{
	struct facts_about about = { .state = l->state, .container = l->c };
	struct specify_facts facts;
	int r;

	l->run_dir = r = state_run_dir(l->state, CONTAINERS, l->c->id, true, e);
	/* Not the locked descriptor: the monitor keeps this one as long as it lives. */
	if (r >= 0)
		l->lib_dir = r = state_dir(l->state, CONTAINERS, l->c->id, e);
	if (r >= 0)
		l->root = r = container_root(l->state, l->arena, l->c, e);
	if (r < 0)
		return r;
	step_done(l, "mount the layers as its root");
	if (l->how->in_place && faccessat(l->run_dir, MONITOR_STOP_MARK, F_OK, 0) == 0)
		return err_set(e, ERR_CONFLICT, "it was stopped before it could be restarted");
	read_last_end(l);
	remove_marks(l->run_dir);
	about.run_dir = l->run_dir;
	about.lib_dir = l->lib_dir;
	make_mount_fds(l);
	about.mount_fds = l->mount_fds;
	about.volume_fds = l->volume_fds;
	r = wiring_join(l->state, l->arena, l->c, &l->wiring, e);
	if (r < 0) {
		/* The request made sense; it is this host that can't have it. */
		if (e && !e->where)
			e->where = RUNTIME_NOT_EXECUTABLE;
		return r;
	}
	if (l->wiring.joined && l->how->netfilter)
		l->wiring.netfilter = take_fd(*l->how->netfilter);
	about.network = l->wiring.joined ? &l->wiring.status : NULL;
	if (l->wiring.joined)
		step_done(l, "take its addresses");
	r = container_volumes_open(l->state, l->arena, l->c, l->volume_fds, &l->volumes_lock, e);
	if (r == 0)
		r = container_fill_volumes(&about, l->arena, l->root, e);
	if (r == 0)
		r = container_facts(l->arena, &about, l->root, &facts, e);
	step_done(l, "fill its volumes, find its user, devices, namespaces and files");
	if (r == 0)
		r = container_own_mounts(&about, &facts, e);
	if (r == 0)
		r = container_specify(l->arena, l->c, &facts, &l->config, e);
	if (r == 0)
		r = oci_config_check(l->config, e);
	if (r < 0)
		return r;
	if (l->c->tty && l->how->foreground)
		l->config->process->console_size = pty_size_of_caller(l->arena);
	step_done(l, "decide its configuration");
	/* How it ended last is known until there is something newer. */
	unlinkat(l->run_dir, MONITOR_EXIT, 0);
	l->listener = monitor_listen(l->run_dir, e);
	return l->listener < 0 ? l->listener : 0;
}

static int check_status(struct launch *l, struct err *e)
{
	struct container_status st;
	int r = container_status(l->state, l->arena, l->c, &st, e);

	if (r < 0)
		return r;
	/* The monitor that restarts it is this process: the end of the last run is its own. */
	if (l->how->in_place)
		return 0;
	return container_is_alive(&st);
}

static int launch(struct launch *l, int *ret_client, struct err *e)
{
	int pair[2] = { -1, -1 };
	/* A restart finds them as they are: who stopped one of them wanted that. */
	int r = l->how->in_place ? 0 : container_start_needs(l->state, l->c, l->how, e);

	if (r == 0)
		r = prepare(l, e);
	if (r < 0)
		return r;
	end_network(l);
	if (l->how->in_place)
		return run_starter(l, e);
	if (l->how->foreground && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "make a socket pair");
	l->client = pair[1];
	r = fork_starter(l, e);
	if (r < 0)
		close_p(&pair[0]);
	else if (l->how->foreground)
		*ret_client = pair[0];
	return r;
}

int container_start(const struct state *s, const struct container *c,
		    const struct container_start *how, int *ret_client, struct err *e)
{
	AUTO(arena) a = arena_new();
	auto_close int lock = -1;
	struct launch l = {
		.state = s,
		.c = c,
		.how = how,
		.arena = a,
		.run_dir = -1,
		.lib_dir = -1,
		.root = -1,
		.listener = -1,
		.client = -1,
		.volumes_lock = -1,
		.network = -1,
		.wiring = WIRING,
	};
	int r;

	lock = how->lock ? take_fd(*how->lock) : state_lock(s, CONTAINERS, c->id, e);
	if (lock < 0)
		return lock;
	if (log_wants(LOG_DEBUG))
		l.step_usec = clock_monotonic_usec();
	begin_network(&l);
	r = check_status(&l, e);
	if (r == 0)
		r = launch(&l, ret_client, e);
	if (r < 0)
		wiring_undo(s, c, &l.wiring);
	launch_close(&l);
	return r;
}

int container_plan(const struct state *s, struct arena *a, const struct container *c,
		   const struct container_start *how, struct buf *out, struct err *e)
{
	struct specify_facts facts = {
		.run_path =
			arena_printf(a, "%s/%s/%s", s->run_path, CONTAINERS, c->id ? c->id : "ID"),
		.volumes_path = path_join(a, s->lib_path, "volumes"),
		.rootless = s->rootless,
		.capabilities = ~0ULL,
		.may_raise_limits = true,
		.init_program = "init",
		.home = "/root",
	};
	struct oci_config *config;
	int r = container_specify(a, c, &facts, &config, e);

	if (r == 0)
		r = wiring_plan(s, a, c, out, e);
	if (r < 0)
		return r;
	return runtime_plan(
		&(struct runtime_create){
			.config = config,
			.id = c->id ? c->id : "ID",
			.root = -1,
			.cgroup_manager = c->cgroups_disabled ? "disabled" : how->cgroup_manager,
			.cgroup_parent = c->cgroup_parent,
			.seccomp_cache = -1,
			.rootless = s->rootless,
		},
		a, out, e);
}
