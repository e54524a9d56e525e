/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parent's side of a start.  After clone it has nothing to do but to answer: it reads the
 * child's packets until the socket closes, which is when the program was executed, or until the
 * child waits at the gate.
 */
#include "runtime/start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "base/file.h"
#include "base/json.h"
#include "runtime/hooks.h"
#include "runtime/id_map.h"
#include "runtime/net_devices.h"
#include "runtime/sync.h"

#define STATE_MAX (1U << 20)
#define REMOVE_MS 2000

static const struct oci_linux no_linux;

struct build *build_new(struct arena *a, const struct oci_config *config,
			const struct oci_process *process)
{
	struct build *b = ARENA_NEW(a, struct build);

	b->a = a;
	b->config = config;
	b->process = process;
	b->os = config->linux_part ? config->linux_part : &no_linux;
	b->c = ARENA_NEW(a, struct child);
	*b->c = (struct child){ .sync = -1,
				.root = -1,
				.slave = -1,
				.mask = -1,
				.network = -1,
				.proc = -1,
				.nodes = -1,
				.launcher = -1 };
	plan_init(&b->before, a);
	plan_init(&b->child, a);
	return b;
}

void limits_raise(const struct oci_rlimits *l, pid_t pid)
{
	struct rlimit now;

	for (size_t i = 0; i < l->n; i++) {
		const struct oci_rlimit *x = &l->v[i];

		if (prlimit(pid, x->type, NULL, &now) < 0 || x->hard <= now.rlim_max)
			continue;
		now.rlim_max = x->hard;
		prlimit(pid, x->type, &now, NULL); /* if it fails the child will say it */
	}
}

static int answer_maps(struct runtime_gate *g, struct err *e)
{
	const struct build *b = g->b;
	int r = 0;

	if (b->new_user) {
		r = id_map_process(g->pid, &b->os->uid_maps, &b->os->gid_maps, e);
		if (b->process)
			limits_raise(&b->process->rlimits, g->pid);
	}
	if (r == 0 && b->c->cgroup && cgroup_adopts(b->c->cgroup))
		r = cgroup_adopt(b->c->cgroup, g->pid, e);
	return r;
}

static int run_runtime_hooks(struct runtime_gate *g, struct err *e)
{
	const struct oci_hooks *h = g->b->config->hooks;
	const struct build *b = g->b;
	int r = runtime_hooks(&h->prestart, "prestart", b->config, b->id, b->bundle, "creating",
			      g->pid, e);

	return r < 0 ? r
		     : runtime_hooks(&h->create_runtime, "createRuntime", b->config, b->id,
				     b->bundle, "creating", g->pid, e);
}

static int move_devices(struct runtime_gate *g, struct err *e)
{
	char path[64];
	int netns;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)g->pid);
	netns = open(path, O_RDONLY | O_CLOEXEC);
	if (netns < 0)
		return err_sys(e, "%s", path);
	return net_devices_move(&g->b->os->net_devices, netns, g->b->a, &g->devices, e);
}

/* config-linux.md, "containerProcessState". */
static void print_process_state(const struct runtime_gate *g, struct buf *out)
{
	const struct build *b = g->b;
	const char *metadata = b->os->seccomp->listener_metadata;

	buf_adds(out, "{\"ociVersion\":");
	json_quote(out, b->config->version, strlen(b->config->version));
	buf_addf(out, ",\"fds\":[\"seccompFd\"],\"pid\":%d", (int)g->pid);
	if (!text_empty(metadata)) {
		buf_adds(out, ",\"metadata\":");
		json_quote(out, metadata, strlen(metadata));
	}
	buf_adds(out, ",\"state\":");
	runtime_state(out, b->config, b->id, b->bundle, b->create ? "creating" : "running", g->pid);
	buf_addc(out, '}');
}

/* The filter's listener is taken out of the process and handed to its agent. */
static int pass_listener(struct runtime_gate *g, int number, struct err *e)
{
	const char *path = g->b->os->seccomp->listener_path;
	auto_buf state = BUF(STATE_MAX);
	auto_close int fd = (int)syscall(SYS_pidfd_getfd, g->pidfd, number, 0);
	int r;

	if (fd < 0)
		return err_sys(e, "take over the seccomp listener");
	if (text_empty(path))
		return err_set(e, ERR_INVALID, "linux.seccomp.listenerPath: is missing");
	print_process_state(g, &state);
	r = buf_check(&state, "the container's state", e);
	return r < 0 ? r : seccomp_send_listener(path, fd, state.data, state.len, e);
}

static const char *tried_path(const struct build *b, unsigned index, char *text, size_t size)
{
	const char *name = b->process->args.v[0], *env, *path = NULL;

	if (strchr(name, '/'))
		return name;
	for (size_t i = 0; i < b->process->env.n; i++) {
		env = text_after(b->process->env.v[i], "PATH=");
		path = env ? env : path;
	}
	for (; path && index; index--)
		path = strchr(path, ':') ? strchr(path, ':') + 1 : NULL;
	if (!path)
		return name;
	snprintf(text, size, "%.*s/%s", (int)strcspn(path, ":"), path, name);
	return text;
}

static int explain(const struct build *b, const struct launch_report *m, struct err *e)
{
	static const char *const doing[LAUNCH_STEPS] = {
		[LAUNCH_READ] = "read what to execute",
		[LAUNCH_CLONE] = "make a process in the container",
		[LAUNCH_TERMINAL] = "make the terminal the controlling one",
		[LAUNCH_PRIVILEGES] = "set no_new_privs",
		[LAUNCH_SECCOMP] = "load the seccomp filter",
		[LAUNCH_CAPABILITIES] = "set capabilities",
	};
	const char *name = b->process->args.v[0];
	int code = m->code > 0 && m->code < 4096 ? m->code : EIO;
	char path[256];
	int r;

	if (m->step == LAUNCH_LABEL)
		return text_empty(b->process->selinux_label)
			       ? err_from(e, -code, "process.apparmorProfile: apply profile %s",
					  b->process->apparmor_profile)
			       : err_from(e, -code, "process.selinuxLabel: apply label %s",
					  b->process->selinux_label);
	if (m->step != LAUNCH_EXEC)
		return err_from(e, -code, "%s",
				m->step < LAUNCH_STEPS && doing[m->step] ? doing[m->step]
									 : "start");
	if (code == ENOENT && !strchr(name, '/'))
		r = err_from(e, -code, "executable file `%s` not found in $PATH", name);
	else
		r = err_from(e, -code, "exec %s", tried_path(b, m->path, path, sizeof(path)));
	if (e) {
		e->where = code == ENOENT || code == ENOTDIR ? RUNTIME_NOT_FOUND
							     : RUNTIME_NOT_EXECUTABLE;
	}
	return r;
}

/* From now on the child of the launcher is what was started.  It has been in the container for a
 * moment, so that the pid is believed only of a child of ours. */
static int take_born(struct runtime_gate *g, pid_t pid, struct runtime_container *ret,
		     struct err *e)
{
	auto_close int pidfd = pid > 0 ? kernel_pidfd_open(pid) : -1;
	siginfo_t info;

	if (pidfd < 0 || pid == g->pid ||
	    waitid((idtype_t)3, (id_t)pidfd, &info, WEXITED | WNOWAIT | WNOHANG) < 0)
		return err_set(e, ERR_SYSTEM, "the container's first process sent garbage");
	kernel_pidfd_wait(g->pidfd, NULL);
	close(g->pidfd);
	g->pid = ret->pid = pid;
	g->pidfd = ret->pidfd = take_fd(pidfd);
	kernel_start_time(pid, &ret->start_time);
	return 0;
}

static int connect_once(struct runtime_gate *g, const struct runtime_container *c, struct err *e)
{
	const struct runtime_create *how = g->b->create;

	if (!how || !how->connect || g->connected)
		return 0;
	g->connected = true;
	return how->connect(how->connect_arg, c, e);
}

static bool waits_for_maps(const struct build *b)
{
	return b->new_user || (b->c->cgroup && cgroup_adopts(b->c->cgroup));
}

/* Others in the container may have taken over the process since: it can ask for what its plan has,
 * once. */
static bool is_expected(struct runtime_gate *g, uint32_t kind)
{
	const struct build *b = g->b;
	bool planned[] = {
		[SYNC_FAILED] = true,
		[SYNC_LAUNCH] = true,
		[SYNC_LISTENER] = program_is_filtered(b),
		[SYNC_CONSOLE] = b->process && b->process->terminal,
		[SYNC_MAPS] = waits_for_maps(b),
		[SYNC_HOOKS] = b->create && b->config->hooks,
		[SYNC_DEVICES] = b->create && b->os->net_devices.n,
		[SYNC_NETWORK] = b->create && b->create->connect,
		[SYNC_READY] = b->gate,
		[SYNC_BORN] = b->born_late,
	};

	if (kind >= ARRAY_LEN(planned) || !planned[kind] || (g->heard & 1U << kind))
		return false;
	g->heard |= 1U << kind;
	return true;
}

/* 1: go on reading; 2: it waits at the gate. */
static int handle(struct runtime_gate *g, struct sync_message *m, struct runtime_container *ret,
		  struct err *e)
{
	int r;

	if (!is_expected(g, m->kind))
		return err_set(e, ERR_SYSTEM, "the container's first process sent garbage");
	switch (m->kind) {
	case SYNC_FAILED:
		if (e)
			*e = m->failed.e;
		return -m->failed.e.code;
	case SYNC_LAUNCH:
		return explain(g->b, &m->launch, e);
	case SYNC_CONSOLE:
		if (m->fd >= 0 && ret->console < 0)
			ret->console = take_fd(m->fd);
		return 1;
	case SYNC_MAPS:
		r = answer_maps(g, e);
		break;
	case SYNC_DEVICES:
		r = move_devices(g, e);
		break;
	case SYNC_HOOKS:
		r = run_runtime_hooks(g, e);
		break;
	case SYNC_NETWORK:
		r = connect_once(g, ret, e);
		break;
	case SYNC_BORN:
		r = take_born(g, m->launch.code, ret, e);
		break;
	case SYNC_LISTENER:
		r = pass_listener(g, m->launch.code, e);
		break;
	default:
		r = connect_once(g, ret, e);
		return r < 0 ? r : 2;
	}
	if (r == 0)
		r = sync_answer(g->sync, e);
	/* From here on it does without us for a while. */
	if (r == 0 && m->kind == SYNC_MAPS && g->early)
		r = connect_once(g, ret, e);
	return r < 0 ? r : 1;
}

/* The socket closed: the program was executed, unless the process was killed before.  One that has
 * ended since by itself had been executed; one that a signal ended is asked for its name, which
 * exec changes. */
static int check_alive(const struct runtime_gate *g, struct err *e)
{
	struct pollfd p = { .fd = g->pidfd, .events = POLLIN };
	siginfo_t info = { 0 };
	char path[32], text[32] = "";
	ssize_t n;
	int fd;

	if (poll(&p, 1, 0) <= 0)
		return 0;
	if (waitid((idtype_t)3, (id_t)g->pidfd, &info, WEXITED | WNOWAIT | WNOHANG) == 0) {
		if (info.si_pid == 0 || info.si_code == CLD_EXITED)
			return 0;
	} else if (errno != ECHILD) {
		return 0;
	} else {
		info.si_status = SIGKILL; /* another's child: nothing else is that sure */
	}
	snprintf(path, sizeof(path), "/proc/%d/comm", (int)g->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0 || strcmp(text, START_NAME "\n") != 0)
		return 0;
	return err_set(e, ERR_SYSTEM,
		       "the container's first process was killed by signal %d while it was set "
		       "up%s",
		       info.si_status,
		       info.si_status == SIGKILL ? "; its memory limit may be too low" : "");
}

int start_follow(struct runtime_gate *g, struct runtime_container *ret, struct err *e)
{
	struct sync_message m;
	int r;

	for (;;) {
		r = sync_receive(g->sync, &m, e);
		if (r == 0)
			return check_alive(g, e);
		if (r > 0)
			r = handle(g, &m, ret, e);
		if (m.fd >= 0)
			close(m.fd);
		if (r < 0)
			return r;
		if (r == 2)
			return 1;
	}
}

static void end_child(struct runtime_gate *g)
{
	if (g->pidfd < 0)
		return;
	kernel_pidfd_send_signal(g->pidfd, SIGKILL);
	kernel_pidfd_wait(g->pidfd, NULL);
}

static void release(struct build *b)
{
	for (struct held *h = b->held; h; h = h->next)
		if (*h->fd >= 0)
			close(take_fd(*h->fd));
}

/* No process, no cgroup, no descriptors. */
void start_fail(struct runtime_gate *g, struct runtime_container *ret)
{
	net_devices_return(g->devices);
	end_child(g);
	plan_undo(&g->b->before);
	release(g->b);
	cgroup_free(g->b->c->cgroup);
	g->b->c->cgroup = NULL;
	close_p(&g->sync);
	runtime_close(ret);
}

void start_release(struct runtime_gate *g)
{
	net_devices_keep(g->devices);
	cgroup_free(g->b->c->cgroup);
	g->b->c->cgroup = NULL;
	close(take_fd(g->sync));
}

static void fill_group(const struct runtime_gate *g, struct runtime_container *ret)
{
	const struct child *c = g->b->c;

	if (!c->cgroup)
		return;
	ret->cgroup_path = arena_strdup(g->b->a, cgroup_path(c->cgroup));
	ret->cgroup_manager = arena_strdup(g->b->a, cgroup_manager(c->cgroup));
}

static int fill_result(const struct runtime_gate *g, struct runtime_container *ret)
{
	ret->pid = g->pid;
	ret->pidfd = g->pidfd;
	fill_group(g, ret);
	/* One that has already ended and was reaped by nobody still has it. */
	kernel_start_time(g->pid, &ret->start_time);
	return 0;
}

static int prepare(struct build *b, int *ret_parent_end, struct err *e)
{
	int end = streams_end(b), r;

	r = sync_open(ret_parent_end, &b->c->sync, e);
	if (r < 0)
		return r;
	if (b->c->sync < end) {
		int high = fcntl(b->c->sync, F_DUPFD_CLOEXEC, end);

		close(take_fd(b->c->sync));
		if (high < 0)
			return err_sys(e, "duplicate a descriptor");
		b->c->sync = high;
	}
	step_hold(b, &b->c->sync);
	return plan_apply(&b->before, e);
}

/* The new network namespace is made beside the rest of what there is to do before clone, unless
 * the container's own user namespace is to own it. */
void runtime_begin_network(const struct oci_config *c, struct kernel_netns_ahead *ret)
{
	const struct oci_namespace *n = oci_namespace_find(c, OCI_NS_NETWORK);

	if (n && text_empty(n->path) && !oci_namespace_find(c, OCI_NS_USER))
		kernel_netns_begin(ret);
}

static int prepare_all(struct build *b, int *ret_parent_end, struct err *e)
{
	const struct runtime_create *how = b->create;
	struct kernel_netns_ahead *ahead = how ? how->ahead : NULL;
	bool use = (b->clone_flags & CLONE_NEWNET) && !b->in_user;
	int r;

	if (!ahead) {
		ahead = ARENA_NEW(b->a, struct kernel_netns_ahead);
		if (use && !how->network)
			kernel_netns_begin(ahead);
	}
	r = prepare(b, ret_parent_end, e);
	b->c->network = kernel_netns_end(ahead);
	if (use && how->network && b->c->network < 0)
		b->c->network = fcntl(*how->network, F_DUPFD_CLOEXEC, 0);
	step_hold(b, &b->c->network);
	if (b->c->network >= 0)
		b->clone_flags &= ~(uint64_t)CLONE_NEWNET;
	return r;
}

int start_process(struct build *b, struct runtime_container *ret, struct err *e)
{
	struct runtime_gate *g = ARENA_NEW(b->a, struct runtime_gate);
	int r;

	*g = (struct runtime_gate){ .b = b, .sync = -1, .pidfd = -1 };
	*ret = (struct runtime_container){ .pidfd = -1, .console = -1 };
	r = prepare_all(b, &g->sync, e);
	if (r == 0) {
		g->pid = clone_child(b, g->sync, &g->pidfd, e);
		r = g->pid < 0 ? g->pid : 0;
	}
	if (r == 0) {
		g->early = b->c->network >= 0;
		fill_result(g, ret);
		release(b);
		if (g->early && !waits_for_maps(b))
			r = connect_once(g, ret, e);
	}
	if (r == 0)
		r = start_follow(g, ret, e);
	if (r < 0) {
		start_fail(g, ret);
		return r;
	}
	/* A user's systemd has put its scope below the user's own group. */
	fill_group(g, ret);
	if (r == 1)
		ret->gate = g;
	else
		start_release(g);
	return 0;
}

int runtime_go(struct runtime_container *c, struct err *e)
{
	struct runtime_gate *g = c->gate;
	int r = sync_answer(g->sync, e);

	c->gate = NULL;
	if (r == 0)
		r = start_follow(g, c, e);
	if (r < 0) {
		start_fail(g, c);
		return r;
	}
	start_release(g);
	return 0;
}

void runtime_abort(struct runtime_container *c)
{
	struct runtime_gate *g = c->gate;

	c->gate = NULL;
	if (g)
		start_fail(g, c);
	else
		runtime_close(c);
}

void runtime_close(struct runtime_container *c)
{
	close_p(&c->pidfd);
	close_p(&c->console);
}
