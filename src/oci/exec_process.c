/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/file.h"
#include "kernel/kernel.h"
#include "oci/exec.h"

static int read_process(struct executing *x, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read_at(AT_FDCWD, x->args.process, OCI_CONFIG_MAX, &text, &len, e);

	x->process = ARENA_NEW(x->g->arena, struct oci_process);
	if (r == 0)
		r = json_read(x->g->arena, text, len, &oci_process_json, x->process, e);
	return r < 0 ? err_wrap(e, "--process %s", x->args.process) : 0;
}

static int parse_id(const char *s, uint64_t *ret, const char *what, struct err *e)
{
	return text_to_uint(s, UINT32_MAX - 1, ret, what, e);
}

static int set_user(struct executing *x, struct err *e)
{
	struct oci_user *u = &x->process->user;
	const char *colon = x->args.user ? strchr(x->args.user, ':') : NULL;
	struct arena *a = x->g->arena;
	int r = 0;

	if (x->args.user)
		r = parse_id(colon ? arena_strndup(a, x->args.user, (size_t)(colon - x->args.user))
				   : x->args.user,
			     &u->uid, "--user", e);
	if (r == 0 && colon)
		r = parse_id(colon + 1, &u->gid, "--user", e);
	if (x->args.groups.n) {
		u->additional_gids.n = x->args.groups.n;
		u->additional_gids.v = arena_array(a, x->args.groups.n, sizeof(uint64_t));
	}
	for (size_t i = 0; r == 0 && i < x->args.groups.n; i++)
		r = parse_id(x->args.groups.v[i], &u->additional_gids.v[i], "--additional-gids", e);
	return r;
}

static void copy_texts(struct arena *a, struct texts *l)
{
	struct texts copy = { 0 };

	for (size_t i = 0; i < l->n; i++)
		texts_add(a, &copy, l->v[i]);
	*l = copy;
}

/* To those that the program would lose without; ambient only where the configuration lets it
 * inherit. */
static void add_capabilities(struct executing *x)
{
	struct arena *a = x->g->arena;
	struct oci_capabilities *c = ARENA_NEW(a, struct oci_capabilities);
	struct texts *sets[] = { &c->bounding, &c->effective, &c->permitted, &c->ambient };

	if (x->args.caps.n == 0)
		return;
	if (x->process->capabilities)
		*c = *x->process->capabilities;
	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		copy_texts(a, sets[i]);
		if (sets[i] == &c->ambient && c->inheritable.n == 0)
			continue;
		for (size_t j = 0; j < x->args.caps.n; j++)
			if (!texts_has(sets[i], x->args.caps.v[j]))
				texts_add(a, sets[i], x->args.caps.v[j]);
	}
	x->process->capabilities = c;
}

static int build_process(struct executing *x, struct err *e)
{
	struct arena *a = x->g->arena;
	struct oci_process *p = ARENA_NEW(a, struct oci_process);

	if (x->argc == 0)
		return err_set(e, ERR_INVALID, "exec requires at least 1 argument: a command");
	if (x->config.process)
		*p = *x->config.process;
	p->args = (struct texts){ 0 };
	for (int i = 0; i < x->argc; i++)
		texts_add(a, &p->args, x->argv[i]);
	p->terminal = x->args.tty;
	if (!x->args.tty)
		p->console_size = NULL;
	if (!text_empty(x->args.cwd))
		p->cwd = x->args.cwd;
	copy_texts(a, &p->env);
	for (size_t i = 0; i < x->args.env.n; i++)
		texts_set_env(a, &p->env, x->args.env.v[i]);
	if (!text_empty(x->args.label))
		p->selinux_label = x->args.label;
	if (!text_empty(x->args.apparmor))
		p->apparmor_profile = x->args.apparmor;
	p->no_new_privileges |= x->args.no_new_privs;
	x->process = p;
	add_capabilities(x);
	return set_user(x, e);
}

int exec_process(struct executing *x, struct err *e)
{
	int r = record_config(&x->at, &x->config, e);

	if (r == 0)
		r = text_empty(x->args.process) ? build_process(x, e) : read_process(x, e);
	if (r == 0 && text_empty(x->process->cwd))
		x->process->cwd = "/";
	return r < 0 ? r : oci_process_check(x->process, e);
}

void exec_end(struct executing *x)
{
	kernel_pidfd_send_signal(x->c.pidfd, SIGKILL);
	kernel_pidfd_wait(x->c.pidfd, NULL);
}
