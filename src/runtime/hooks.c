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

__attribute__((noreturn)) static void become_hook(const struct oci_hook *h, char *const *env,
						  int in, int failed)
{
	static char *const empty[] = { NULL };
	char *const own[] = { (char *)h->path, NULL };
	int code;

	if (dup2(in, 0) >= 0 && kernel_cloexec_from(3) == 0)
		execve(h->path, h->args.n ? (char *const *)h->args.v : own,
		       h->env.n ? (char *const *)h->env.v
		       : env    ? env
				: empty);
	code = errno;
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

static int run(const struct oci_hook *h, char *const *env, int state, struct err *e)
{
	struct kernel_clone how = { .cgroup_fd = -1 };
	int failed[2], pidfd = -1, status = 0, code = 0, r;
	ssize_t n;
	pid_t pid;

	if (lseek(state, 0, SEEK_SET) < 0 || pipe2(failed, O_CLOEXEC) < 0)
		return err_sys(e, "pipe");
	pid = kernel_clone(&how, &pidfd, NULL, e);
	if (pid == 0)
		become_hook(h, env, state, failed[1]);
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
		return err_set(e, ERR_SYSTEM, "signal: %s", strsignal(WTERMSIG(status)));
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
		int r = run(&l->v[i], with->env ? with->env : environ, file, to);

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

int runtime_hooks(const struct oci_hook_list *hooks, const char *kind, const struct oci_config *c,
		  const char *id, const char *bundle, const char *status, pid_t pid, struct err *e)
{
	auto_buf state = BUF(STATE_MAX);
	struct hooks_with with = { .kind = kind, .pid = pid };
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
	return hooks_run(hooks, &with, e);
}

struct hooks_step {
	struct step s;
	const struct oci_hook_list *list;
	struct hooks_with with;
};

static int run_inside(void *arg, struct err *e)
{
	struct hooks_step *t = arg;

	t->with.pid = t->s.c->host_pid;
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

static int plan_inside(struct build *b, const char *kind, const struct oci_hook_list *l,
		       const char *status, char *const *env, struct err *e)
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
		.list = l,
		.with = { .kind = kind,
			  .env = env,
			  .state = arena_copy(b->a, state.data, state.len),
			  .len = state.len },
	};
	step_add(&b->child, "hook", run_inside, t);
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
	return h->create_container.n ? plan_inside(b, "createContainer", &h->create_container,
						   "creating", NULL, e)
				     : 0;
}

int hooks_start_plan(struct build *b, struct err *e)
{
	const struct oci_hooks *h = b->config->hooks;
	const char **env;

	if (!h || !h->start_container.n)
		return 0;
	env = arena_array(b->a, b->process->env.n + 1, sizeof(*env));
	memcpy(env, b->process->env.v, b->process->env.n * sizeof(*env));
	return plan_inside(b, "startContainer", &h->start_container, "created", (char *const *)env,
			   e);
}
