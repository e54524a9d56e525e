/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Hooks (config.md, "POSIX-platform Hooks").  prestart and createRuntime are run by the parent
 * while the child waits; createContainer and startContainer by the child itself, one before and one
 * after it entered its root, which is why nothing here allocates.
 */
#include "runtime/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/json.h"
#include "runtime/sync.h"

#define STATE_MAX (1U << 20)

/* The state as a file: a pipe would hold no more than 64 kB of annotations.  The text comes without
 * a pid, which is added before its last brace. */
static int state_file(const char *state, size_t len, pid_t pid, struct err *e)
{
	auto_close int fd = memfd_create("state", MFD_CLOEXEC);
	char tail[32];
	int n = pid > 0 ? snprintf(tail, sizeof(tail), ",\"pid\":%d}", (int)pid)
			: snprintf(tail, sizeof(tail), "}");

	if (fd < 0 || pwrite(fd, state, len - 1, 0) != (ssize_t)len - 1 ||
	    pwrite(fd, tail, (size_t)n, (off_t)len - 1) != n)
		return err_sys(e, "the hooks' state");
	return take_fd(fd);
}

/* A filter that asks somebody is the program's alone: his listener is not there yet. */
static int confine(const struct seccomp_filter *f)
{
	int listener;

	return !f || !f->program || f->notifies ? 0 : seccomp_install(f, &listener, NULL);
}

static int place(const struct hooks_with *with, int in)
{
	if (dup2(in, 0) < 0 || (with->out > 0 && dup2(with->out, 1) < 0) ||
	    (with->err > 0 && dup2(with->err, 2) < 0))
		return -errno;
	if (with->dir_fd > 0 ? fchdir(with->dir_fd) < 0 : with->dir && chdir(with->dir) < 0)
		return -errno;
	return kernel_cloexec_from(3);
}

__attribute__((noreturn)) static void become_hook(const struct oci_hook *h,
						  const struct hooks_with *with, int in, int failed)
{
	static char *const empty[] = { NULL };
	char *const own[] = { (char *)h->path, NULL };
	char *const *env = with->env ? with->env : environ;
	int r = place(with, in), code;

	if (r == 0)
		r = confine(with->filter);
	if (r == 0) {
		execve(h->path, h->args.n ? (char *const *)h->args.v : own,
		       h->env.n ? (char *const *)h->env.v
		       : env    ? env
				: empty);
		r = -errno;
	}
	code = -r;
	if (write(failed, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

/* 0 when it ended in time, with its wait status. */
static int await(int pidfd, const int64_t *timeout, int *ret_status, struct err *e)
{
	struct pollfd p = { .fd = pidfd, .events = POLLIN };
	int ms = !timeout ? -1 : *timeout > INT32_MAX / 1000 ? INT32_MAX : (int)*timeout * 1000;
	int n;

	do
		n = poll(&p, 1, ms);
	while (n < 0 && errno == EINTR);
	if (n == 0) {
		kernel_pidfd_send_signal(pidfd, SIGKILL);
		kernel_pidfd_wait(pidfd, NULL);
		return err_set(e, ERR_SYSTEM, "hook ran past specified timeout of %.1fs",
			       (double)*timeout);
	}
	n = kernel_pidfd_wait(pidfd, ret_status);
	return n < 0 ? err_from(e, n, "wait") : 0;
}

/* As Go's programs name them, whose words callers know: "bad system call". */
static int say_signal(int signal, struct err *e)
{
	const char *name = strsignal(signal);

	return err_set(e, ERR_SYSTEM, "signal: %c%s", name[0] | 0x20, name + 1);
}

static int run(const struct oci_hook *h, const struct hooks_with *with, int state, struct err *e)
{
	struct kernel_clone how = { .cgroup_fd = -1 };
	int failed[2], pidfd = -1, status = 0, code = 0, r;
	ssize_t n;
	pid_t pid;

	if (lseek(state, 0, SEEK_SET) < 0 || pipe2(failed, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	pid = kernel_clone(&how, &pidfd, NULL, e);
	if (pid == 0)
		become_hook(h, with, state, failed[1]);
	close(failed[1]);
	if (pid < 0) {
		close(failed[0]);
		return pid;
	}
	n = read(failed[0], &code, sizeof(code));
	close(failed[0]);
	r = await(pidfd, h->timeout, &status, e);
	close(pidfd);
	if (r < 0)
		return r;
	if (n == sizeof(code))
		return err_from(e, -code, "exec %s", h->path);
	if (WIFSIGNALED(status))
		return say_signal(WTERMSIG(status), e);
	if (WEXITSTATUS(status) != 0)
		return err_set(e, ERR_SYSTEM, "exit status %d", WEXITSTATUS(status));
	return 0;
}

int hooks_run(const struct oci_hook_list *l, const struct hooks_with *with, struct err *e)
{
	auto_close int file = l->n ? state_file(with->state, with->len, with->pid, e) : -1;
	struct err later;
	int failed = 0;

	if (l->n && file < 0)
		return file;
	for (size_t i = 0; i < l->n; i++) {
		struct err *to = failed ? &later : e;
		int r = run(&l->v[i], with, file, to);

		if (r == 0)
			continue;
		r = err_wrap(to, "error running %s hook #%zu", with->kind, i);
		if (!with->all)
			return r;
		failed = failed ? failed : r;
	}
	return failed;
}

void runtime_state(struct buf *out, const struct oci_config *c, const char *id, const char *bundle,
		   const char *status, pid_t pid)
{
	buf_adds(out, "{\"ociVersion\":");
	json_quote(out, c->version, strlen(c->version));
	buf_adds(out, ",\"id\":");
	json_quote(out, id, strlen(id));
	buf_addf(out, ",\"status\":\"%s\"", status);
	if (pid > 0)
		buf_addf(out, ",\"pid\":%d", (int)pid);
	buf_adds(out, ",\"bundle\":");
	json_quote(out, bundle, strlen(bundle));
	if (c->annotations.n)
		buf_adds(out, ",\"annotations\":{");
	for (size_t i = 0; i < c->annotations.n; i++) {
		const struct text_pair *p = &c->annotations.v[i];

		if (i)
			buf_addc(out, ',');
		json_quote(out, p->key, strlen(p->key));
		buf_addc(out, ':');
		json_quote(out, p->value, strlen(p->value));
	}
	buf_adds(out, c->annotations.n ? "}}" : "}");
}

static const char *annotation(const struct oci_config *c, const char *name)
{
	const char *value = text_map_get(&c->annotations, name);

	return text_empty(value) ? NULL : value;
}

/* Above the standard ones, for 0 means none. */
static int open_output(const char *path, int *ret, struct err *e)
{
	auto_close int fd = -1;

	*ret = -1;
	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0700);
	if (fd >= 0)
		*ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *ret < 0 ? err_sys(e, "annotations: the hooks' output %s", path) : 0;
}

/* crun's way to have what hooks print. */
static int open_outputs(const struct oci_config *c, int *ret_out, int *ret_err, struct err *e)
{
	int r = open_output(annotation(c, "run.oci.hooks.stdout"), ret_out, e);

	return r < 0 ? r : open_output(annotation(c, "run.oci.hooks.stderr"), ret_err, e);
}

int runtime_hooks(const struct oci_hook_list *hooks, const char *kind, const struct oci_config *c,
		  const char *id, const char *bundle, const char *status, pid_t pid, struct err *e)
{
	auto_buf state = BUF(STATE_MAX);
	struct hooks_with with = { .kind = kind, .pid = pid };
	auto_close int out = -1, err = -1;
	int r;

	if (hooks->n == 0)
		return 0;
	runtime_state(&state, c, id, bundle, status, 0);
	r = buf_check(&state, "the hooks' state", e);
	if (r < 0)
		return r;
	with.state = state.data;
	with.len = state.len;
	/* What is to be cleaned up is, whatever became of the hook before. */
	with.all = strcmp(kind, "poststop") == 0;
	with.dir = access(bundle, X_OK) == 0 ? bundle : NULL;
	r = open_outputs(c, &out, &err, e);
	with.out = out;
	with.err = err;
	return r < 0 ? r : hooks_run(hooks, &with, e);
}

struct hooks_step {
	struct step s;
	const struct oci_config *config;
	const struct oci_hook_list *list;
	struct hooks_with with;
	int out, err;
	bool at_root; /* they work there */
};

static int open_for_inside(void *arg, struct err *e)
{
	struct hooks_step *t = arg;

	return open_outputs(t->config, &t->out, &t->err, e);
}

static int run_inside(void *arg, struct err *e)
{
	struct hooks_step *t = arg;

	t->with.pid = t->s.c->host_pid;
	t->with.out = t->out;
	t->with.err = t->err;
	if (t->at_root)
		t->with.dir_fd = t->s.c->root;
	return hooks_run(t->list, &t->with, e);
}

static int await_runtime_hooks(void *arg, struct err *e)
{
	const struct child *c = ((struct step *)arg)->c;
	int r = sync_send(c->sync, SYNC_HOOKS, -1, e);

	return r < 0 ? r : sync_wait(c->sync, e);
}

/* As the host sees us: its procfs is still there. */
static int learn_pid(void *arg, struct err *e)
{
	char text[16];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n < 0)
		return err_sys(e, "/proc/self");
	text[n] = '\0';
	((struct step *)arg)->c->host_pid = atoi(text);
	return 0;
}

static const char *words(struct build *b, const char *kind, const struct oci_hook_list *l)
{
	auto_buf out = BUF(65536);

	buf_adds(&out, kind);
	for (size_t i = 0; i < l->n; i++)
		buf_addf(&out, " %s", l->v[i].path);
	return arena_strdup(b->a, buf_text(&out));
}

static void print_outputs(const void *arg, struct buf *out)
{
	buf_addf(out, "output of %s hooks", ((const struct hooks_step *)arg)->with.kind);
}

static bool has_outputs(const struct oci_config *c)
{
	return annotation(c, "run.oci.hooks.stdout") || annotation(c, "run.oci.hooks.stderr");
}

static int plan_inside(struct build *b, const char *kind, const struct oci_hook_list *l,
		       const char *status, struct hooks_step **ret, struct err *e)
{
	struct hooks_step *t = ARENA_NEW(b->a, struct hooks_step);
	auto_buf state = BUF(STATE_MAX);
	int r;

	runtime_state(&state, b->config, b->id, b->bundle, status, 0);
	r = buf_check(&state, "the hooks' state", e);
	if (r < 0)
		return r;
	*t = (struct hooks_step){
		.s = { b->c, words(b, kind, l) },
		.config = b->config,
		.list = l,
		.out = -1,
		.err = -1,
		.with = { .kind = kind,
			  .state = arena_copy(b->a, state.data, state.len),
			  .len = state.len },
	};
	if (has_outputs(b->config)) {
		plan_add(&b->before, &(struct plan_op){ .verb = "open",
							.apply = open_for_inside,
							.print = print_outputs,
							.arg = t });
		step_hold(b, &t->out);
		step_hold(b, &t->err);
	}
	step_add(&b->child, "hook", run_inside, t);
	*ret = t;
	return 0;
}

static int plan_container_hooks(struct build *b, struct err *e)
{
	const struct oci_hooks *h = b->config->hooks;
	struct hooks_step *t;
	int r;

	if (h->create_container.n == 0)
		return 0;
	r = plan_inside(b, "createContainer", &h->create_container, "creating", &t, e);
	if (r < 0)
		return r;
	t->at_root = !b->create->hooks_in_bundle;
	t->with.dir = t->at_root ? NULL : b->bundle;
	return 0;
}

int hooks_plan(struct build *b, struct err *e)
{
	const struct oci_hooks *h = b->config->hooks;

	if (!h)
		return 0;
	if (h->prestart.n)
		step_add_plain(b, "hook", await_runtime_hooks, words(b, "prestart", &h->prestart));
	if (h->create_runtime.n)
		step_add_plain(b, "hook", h->prestart.n ? step_nothing : await_runtime_hooks,
			       words(b, "createRuntime", &h->create_runtime));
	if (h->create_container.n || h->start_container.n)
		step_add_plain(b, "look", learn_pid, "own pid");
	return plan_container_hooks(b, e);
}

int hooks_start_plan(struct build *b, struct err *e)
{
	const struct oci_hooks *h = b->config->hooks;
	struct hooks_step *t;
	int r;

	if (!h || !h->start_container.n)
		return 0;
	r = plan_inside(b, "startContainer", &h->start_container, "created", &t, e);
	if (r < 0)
		return r;
	t->with.env = (char *const *)b->env;
	t->with.filter = &b->c->filter;
	return 0;
}
