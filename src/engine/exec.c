/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The container's configuration is made again from what was asked for, as a start makes it, so that
 * the program gets the same capabilities, filter and limits; what exec says goes over it.  A
 * detached one is a grandchild.  The file exec/ID of the run directory says which process it is.
 *
 * A program with a terminal may be detached from, and then outlives the caller; so its parent is
 * not the caller but a keeper between them, which reads the terminal from then on.  Else the keeper
 * only waits, and when the caller dies it kills the program.
 */
#include "engine/exec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "base/child.h"
#include "base/file.h"
#include "base/path.h"
#include "engine/facts.h"
#include "engine/pty.h"
#include "engine/start.h"
#include "kernel/open.h"
#include "kernel/process.h"
#include "runtime/capability.h"
#include "runtime/runtime.h"
#include "runtime/seccomp.h"
#include "runtime/user.h"

#define FDS_MAX 64

struct session {
	const struct state *state;
	const struct container *c;
	const struct container_exec *how;
	struct arena *arena;
	struct container_status st;
	struct oci_config *config;
	int pidfd;
};

static int open_root(const struct session *x, struct err *e)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%lld/root", (long long)x->st.run.pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(e, "open the root of container %s", x->c->name) : fd;
}

/* The same facts as at the start, but for what cannot matter to a further process. */
static int find_facts(struct session *x, const struct container *as, struct specify_facts *f,
		      struct err *e)
{
	struct facts_about about = { .state = x->state, .container = as };
	auto_close int root = open_root(x, e);

	if (root < 0)
		return root;
	/* The process may have ended and its number be another's by now. */
	if (kernel_pidfd_send_signal(x->pidfd, 0) < 0)
		return err_set(e, ERR_NOT_FOUND, "the container has ended");
	return container_exec_facts(x->arena, &about, root, f, e);
}

static int make_config(struct session *x, struct err *e)
{
	const struct container_exec *how = x->how;
	struct container as = *x->c;
	struct specify_facts f;
	int r;

	as.args = how->args;
	as.init = false;
	as.tty = how->tty;
	as.timezone = NULL;
	as.privileged = x->c->privileged || how->privileged;
	if (how->user)
		as.user = how->user;
	if (how->working_dir)
		as.working_dir = how->working_dir;
	as.working_dir_asked = false;
	as.env = (struct texts){ 0 };
	for (size_t i = 0; i < x->c->env.n; i++)
		texts_add(x->arena, &as.env, x->c->env.v[i]);
	for (size_t i = 0; i < how->env.n; i++)
		texts_set_env(x->arena, &as.env, how->env.v[i]);
	r = find_facts(x, &as, &f, e);
	if (r == 0)
		r = container_specify(x->arena, &as, &f, &x->config, e);
	/* From its first instruction on: a size that follows may come after it has looked. */
	if (r == 0 && how->tty && !how->detach)
		x->config->process->console_size = pty_size_of_caller(x->arena);
	return r;
}

struct pipes {
	int in[2], out[2], err[2];
};

static void close_pipes(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close_p(&p->in[i]);
		close_p(&p->out[i]);
		close_p(&p->err[i]);
	}
}

/* Never the caller's own descriptors: what is behind them (a terminal, a file of root's) is more
 * than the bytes that go through. */
static int make_pipes(const struct container_exec *how, struct pipes *p, struct err *e)
{
	*p = (struct pipes){ { -1, -1 }, { -1, -1 }, { -1, -1 } };
	if (how->tty || how->detach)
		return 0;
	if ((how->interactive && pipe2(p->in, O_CLOEXEC) < 0) || pipe2(p->out, O_CLOEXEC) < 0 ||
	    pipe2(p->err, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	return 0;
}

static int execute(struct session *x, const struct pipes *p, struct runtime_container *ret,
		   struct err *e)
{
	auto_close int cache = openat(x->state->run, "seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int fds[FDS_MAX], n = x->how->preserve_fds, r;

	if (n > FDS_MAX)
		return err_set(e, ERR_INVALID, "--preserve-fds %d: at most %d", n, FDS_MAX);
	for (int i = 0; i < n; i++) {
		fds[i] = 3 + i;
		/* What is closed on exec is none that we were given. */
		if (fcntl(fds[i], F_GETFD) != 0)
			return err_set(e, ERR_INVALID,
				       "--preserve-fds %d: file descriptor %d is not available", n,
				       fds[i]);
	}
	r = runtime_exec(
		&(struct runtime_exec){
			.config = x->config,
			.process = x->config->process,
			.pid = (pid_t)x->st.run.pid,
			.pidfd = x->pidfd,
			.streams = {
				.in = p->in[0],
				.out = p->out[1],
				.err = p->err[1],
				.fds = fds,
				.fds_len = (size_t)n,
			},
			.cgroup_path = x->st.run.cgroup,
			.cgroup_manager = x->st.run.cgroup_manager,
			.seccomp_cache = cache,
			.unconfined = x->how->privileged,
			.die_with_parent = !x->how->detach,
		},
		x->arena, ret, e);
	if (r < 0 && e)
		container_not_executed(e);
	return r;
}

static int send_signal(void *arg, int number)
{
	const struct runtime_container *rc = arg;

	return kernel_pidfd_send_signal(rc->pidfd, number);
}

/* Its end, or that it goes on without us. */
static int relay(struct session *x, const struct runtime_container *rc, struct pipes *p,
		 enum attach_end *ret, struct err *e)
{
	struct attach_result end = { 0 };
	int r;

	close_p(&p->in[0]);
	close_p(&p->out[1]);
	close_p(&p->err[1]);
	r = stdio_relay(&(struct stdio_child){ .pidfd = rc->pidfd,
					       .terminal = rc->console,
					       .in = take_fd(p->in[1]),
					       .out = take_fd(p->out[0]),
					       .err = take_fd(p->err[0]) },
			&(struct attach_how){
				.in = x->how->interactive ? STDIN_FILENO : -1,
				.out = STDOUT_FILENO,
				.err = STDERR_FILENO,
				.terminal = x->how->tty,
				.detach_keys = x->how->detach_keys,
				.proxy_signals = true,
				.send_signal = send_signal,
				.arg = (void *)(uintptr_t)rc,
			},
			&end, e);
	if (r == 0)
		*ret = end.end;
	return r;
}

static int note_session(const struct session *x, const struct runtime_container *rc, const char *id,
			struct err *e)
{
	auto_close int run = state_run_dir(x->state, CONTAINERS, x->c->id, false, e);
	auto_close int dir = -1;
	char text[64];

	if (x->how->no_session)
		return 0;
	if (run < 0)
		return run;
	if (mkdirat(run, "exec", 0700) < 0 && errno != EEXIST)
		return err_sys(e, "note the exec session");
	dir = file_open_dir_at(run, "exec", e);
	if (dir < 0)
		return dir;
	snprintf(text, sizeof(text), "%d %llu", rc->pid, (unsigned long long)rc->start_time);
	return file_replace_at(dir, id, text, strlen(text),
			       &(struct file_write){ .fill_root = x->state->run }, e);
}

static void forget_session(const struct session *x, const char *id)
{
	auto_close int run = state_run_dir(x->state, CONTAINERS, x->c->id, false, NULL);
	auto_close int dir = run < 0 ? -1 : file_open_dir_at(run, "exec", NULL);

	if (dir >= 0)
		unlinkat(dir, id, 0);
}

struct detached {
	struct session *x;
	char *id;
};

static int execute_detached(void *arg, struct err *e)
{
	struct detached *d = arg;
	struct pipes none = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct runtime_container rc;
	int r;

	setsid();
	r = execute(d->x, &none, &rc, e);
	return r < 0 ? r : note_session(d->x, &rc, d->id, e);
}

/* A child makes the program and ends, so that init reaps it, whoever the caller is. */
static int run_detached(struct session *x, char ret_id[STATE_ID_LEN + 1], struct err *e)
{
	state_new_id(ret_id);
	return child_do("the process that executes it", execute_detached,
			&(struct detached){ x, ret_id }, e);
}

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static int run_attached(struct session *x, int *ret_code, struct err *e)
{
	struct runtime_container rc = { .pidfd = -1, .console = -1 };
	char id[STATE_ID_LEN + 1];
	enum attach_end end;
	struct pipes p;
	int status = 0, r = make_pipes(x->how, &p, e);

	state_new_id(id);
	if (r == 0)
		r = execute(x, &p, &rc, e);
	if (r < 0) {
		close_pipes(&p);
		return r;
	}
	r = note_session(x, &rc, id, e);
	if (r == 0)
		r = relay(x, &rc, &p, &end, e);
	if (r < 0)
		kernel_pidfd_send_signal(rc.pidfd, SIGKILL);
	while (waitpid(rc.pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "wait for the process");
	forget_session(x, id);
	runtime_close(&rc);
	close_pipes(&p);
	*ret_code = exit_code(status);
	return r;
}

/* What the keeper says of the program: that it was executed, and how it ended. */
struct told {
	int r;
	struct err e;
	struct runtime_container rc; /* descriptors are the caller's too: the tables were one */
};

/* Nobody reads the terminal any more, and a program must not wait for that. */
static void drain(const struct runtime_container *rc)
{
	char block[4096];

	fcntl(rc->console, F_SETFL, fcntl(rc->console, F_GETFL) | O_NONBLOCK);
	for (;;) {
		struct pollfd p[] = { { rc->pidfd, POLLIN, 0 }, { rc->console, POLLIN, 0 } };

		if (poll(p, ARRAY_LEN(p), -1) < 0 && errno != EINTR)
			return;
		if (p[0].revents)
			return;
		/* Nobody has it open: the end of the program is near, or another will open it. */
		if (p[1].revents && read(rc->console, block, sizeof(block)) <= 0)
			nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
	}
}

static void leave_streams(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
}

/* Until the program's end. talk: to the caller; hold: a byte is "I am gone, let it go on". */
static void keep(const struct session *x, const struct runtime_container *rc, const char *id,
		 int talk, int hold)
{
	struct pollfd p[] = { { rc->pidfd, POLLIN, 0 }, { hold, POLLIN, 0 } };
	int status = 0;

	while (poll(p, ARRAY_LEN(p), -1) < 0 && errno == EINTR) {
	}
	if (p[1].revents && !p[0].revents) {
		if (read(hold, &(char){ 0 }, 1) == 1)
			drain(rc);
		else
			kernel_pidfd_send_signal(rc->pidfd, SIGKILL);
	}
	while (waitpid(rc->pid, &status, 0) < 0 && errno == EINTR) {
	}
	forget_session(x, id);
	(void)!write(talk, &status, sizeof(status));
}

static _Noreturn void run_keeper(struct session *x, const char *id, int talk[2], int hold[2])
{
	struct pipes none = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	struct told told = { .rc = { .pidfd = -1, .console = -1 } };

	setsid();
	told.r = execute(x, &none, &told.rc, &told.e);
	/* From here on what is closed in one of the two is open in the other. */
	if (told.r == 0 && unshare(CLONE_FILES) < 0)
		told.r = err_sys(&told.e, "unshare");
	if (told.r == 0) {
		leave_streams();
		close(hold[1]);
		told.r = note_session(x, &told.rc, id, &told.e);
	}
	if (told.r < 0 && told.rc.pidfd >= 0)
		kernel_pidfd_send_signal(told.rc.pidfd, SIGKILL);
	(void)!write(talk[1], &told, sizeof(told));
	if (told.r == 0)
		keep(x, &told.rc, id, talk[1], hold[0]);
	_exit(0);
}

/* The keeper shares this process's descriptors until the program is there. */
static int start_keeper(struct session *x, const char *id, int talk[2], int hold[2],
			struct runtime_container *ret, struct err *e)
{
	struct kernel_clone how = { .flags = CLONE_FILES, .cgroup_fd = -1 };
	struct told told;
	int keeper = -1, r;
	pid_t pid = kernel_clone(&how, &keeper, NULL, e);

	if (pid < 0)
		return pid;
	if (pid == 0)
		run_keeper(x, id, talk, hold);
	close_p(&keeper);
	r = read(talk[0], &told, sizeof(told)) == sizeof(told)
		    ? told.r
		    : err_set(&told.e, ERR_SYSTEM, "the process that starts it died");
	close_p(&talk[1]);
	if (r < 0) {
		*e = told.e;
		waitpid(pid, NULL, 0);
		return r;
	}
	*ret = told.rc;
	return 0;
}

static int run_kept(struct session *x, int *ret_code, struct err *e)
{
	struct runtime_container rc = { .pidfd = -1, .console = -1 };
	struct pipes none = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	auto_close int talk_in = -1, talk_out = -1, hold_in = -1, hold_out = -1;
	int talk[2], hold[2], status = SIGKILL, r;
	enum attach_end end = ATTACH_ENDED;
	char id[STATE_ID_LEN + 1];

	state_new_id(id);
	if (pipe2(talk, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	talk_in = talk[0];
	talk_out = talk[1];
	if (pipe2(hold, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	hold_in = hold[0];
	hold_out = hold[1];
	r = start_keeper(x, id, talk, hold, &rc, e);
	talk_out = talk[1];
	if (r < 0)
		return r;
	r = relay(x, &rc, &none, &end, e);
	if (r < 0)
		kernel_pidfd_send_signal(rc.pidfd, SIGKILL);
	if (r == 0 && end == ATTACH_DETACHED)
		(void)!write(hold_out, "", 1);
	else if (read(talk_in, &status, sizeof(status)) != sizeof(status))
		status = SIGKILL;
	runtime_close(&rc);
	*ret_code = end == ATTACH_DETACHED ? 0 : exit_code(status);
	return r;
}

int container_exec(const struct state *s, struct arena *a, const struct container *c,
		   const struct container_exec *how, int *ret_code, char ret_id[STATE_ID_LEN + 1],
		   struct err *e)
{
	struct session x = { .state = s, .c = c, .how = how, .arena = a, .pidfd = -1 };
	auto_close int pidfd = -1;
	int r;

	if (how->args.n == 0)
		return err_set(e, ERR_INVALID,
			       "must provide a non-empty command to start an exec "
			       "session: invalid argument");
	r = container_status(s, a, c, &x.st, e);
	if (r < 0)
		return r;
	pidfd = x.st.state == CONTAINER_RUNNING || x.st.state == CONTAINER_STOPPING
			? container_pidfd(&x.st, NULL)
			: -1;
	if (pidfd < 0) {
		r = err_set(e, ERR_CONFLICT,
			    "can only create exec sessions on running containers: "
			    "container state improper");
		if (e)
			e->where = CONTAINER_NOT_RUNNING;
		return r;
	}
	x.pidfd = pidfd;
	r = make_config(&x, e);
	if (r < 0)
		return r;
	*ret_code = 0;
	if (how->detach)
		return run_detached(&x, ret_id, e);
	return how->tty ? run_kept(&x, ret_code, e) : run_attached(&x, ret_code, e);
}

/* "PID START" of a session that still runs; others' files are removed on the way. */
static bool session_runs(int dir, const char *id)
{
	auto_free char *text = NULL;
	unsigned long long start;
	int pid;

	if (file_read_at(dir, id, 64, &text, NULL, NULL) == 0 &&
	    sscanf(text, "%d %llu", &pid, &start) == 2 && kernel_is_alive(pid, start))
		return true;
	unlinkat(dir, id, 0);
	return false;
}

int container_exec_ids(const struct state *s, struct arena *a, const struct container *c,
		       struct texts *ret, struct err *e)
{
	auto_close int run = state_run_dir(s, CONTAINERS, c->id, false, NULL);
	const struct dirent *entry;
	struct texts ids = { 0 };
	int fd = run < 0 ? -1 : file_open_dir_at(run, "exec", NULL);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);

	while (d && (entry = readdir(d)))
		if (entry->d_name[0] != '.' && session_runs(dirfd(d), entry->d_name))
			texts_add(a, &ids, arena_strdup(a, entry->d_name));
	if (d)
		closedir(d);
	*ret = ids;
	return 0;
}
