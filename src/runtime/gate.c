/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The gate: where a container that is complete waits to be told to execute its program.  Either its
 * creator lets it go on, or leaves: then it listens on a socket that its creator made, until
 * somebody connects, and that connection takes the place of the creator's.  So the starter is told
 * what fails, and nobody has to stay behind to keep a created container.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "runtime/start.h"
#include "runtime/sync.h"

struct gate_step {
	struct step s;
	int listener; /* -1: the creator stays */
	int end;      /* the first descriptor that the program does not get */
	bool hide;
};

static void die(int signal)
{
	_exit(128 + signal);
}

/* The first process of a pid namespace ignores what it doesn't catch, and a created container is
 * to be ended as any other.  Exec forgets handlers. */
static void let_signals_end_us(void)
{
	static const int deadly[] = { SIGHUP,  SIGINT,  SIGQUIT,   SIGTERM, SIGUSR1, SIGUSR2,
				      SIGALRM, SIGPIPE, SIGVTALRM, SIGPROF, SIGIO,   SIGPWR,
				      SIGXCPU, SIGXFSZ, SIGSTKFLT, SIGABRT };
	struct sigaction with = { .sa_handler = die };

	for (size_t i = 0; i < ARRAY_LEN(deadly); i++)
		sigaction(deadly[i], &with, NULL);
}

/* Of what its creator held, it keeps only what it still needs. */
static int let_go(const struct gate_step *t)
{
	const struct child *c = t->s.c;
	int keep[] = { c->sync, t->listener, c->launcher, c->slave, c->root };

	return kernel_close_except(t->end, keep, ARRAY_LEN(keep));
}

static int wait_for_starter(const struct gate_step *t, struct err *e)
{
	const struct child *c = t->s.c;
	int fd;

	/* Whoever reads what the creator says waits for the end of it. */
	for (fd = 0; fd < 3 && c->slave >= 0; fd++)
		if (dup2(c->slave, fd) < 0)
			return err_sys(e, "descriptor %d", fd);
	setsid();
	let_signals_end_us();
	let_go(t);
	do
		fd = accept4(t->listener, NULL, NULL, SOCK_CLOEXEC);
	while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return err_sys(e, "wait to be started");
	if (dup3(fd, c->sync, O_CLOEXEC) < 0)
		return err_sys(e, "duplicate a descriptor");
	close(fd);
	close(t->listener);
	return sync_wait(c->sync, e);
}

static int wait_at_gate(void *arg, struct err *e)
{
	const struct gate_step *t = arg;
	int r;

	/* It may wait for long while others exec in here: they must not get at our binary
	 * (/proc/1/exe), memory or descriptors. */
	if (t->hide && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(e, "prctl PR_SET_DUMPABLE");
	r = sync_send(t->s.c->sync, SYNC_READY, -1, e);
	if (r == 0)
		r = sync_wait(t->s.c->sync, e);
	return r == 0 && t->listener >= 0 ? wait_for_starter(t, e) : r;
}

int gate_plan(struct build *b, struct err *e)
{
	const int *starters = b->create->starters;
	struct gate_step *t;

	if (!b->gate)
		return 0;
	if (starters && !b->no_process && program_look_plan(b, e) < 0)
		return -e->code;
	t = ARENA_NEW(b->a, struct gate_step);
	*t = (struct gate_step){
		.s = { b->c, NULL },
		.listener = starters ? *starters : -1,
		.end = streams_end(b),
		/* A plain user could not enter what is hidden; and root of his user namespace can't
		 * change what the host's root owns. */
		.hide = !oci_namespace_find(b->config, OCI_NS_USER),
	};
	step_add(&b->child, "gate", wait_at_gate, t);
	return 0;
}

int runtime_leave(struct runtime_container *c, struct err *e)
{
	struct runtime_gate *g = c->gate;
	int r = sync_answer(g->sync, e);

	if (r < 0)
		return r;
	c->gate = NULL;
	start_release(g);
	return 0;
}

int runtime_resume(const struct runtime_resume *how, struct arena *a, struct err *e)
{
	struct build *b = build_new(a, how->config, how->config->process);
	struct runtime_container none = { .pidfd = -1, .console = -1 };
	struct runtime_gate g = { .b = b, .sync = dup(how->socket), .pid = how->pid };
	int r;

	g.pidfd = how->pidfd;
	if (g.sync < 0)
		return err_sys(e, "duplicate a descriptor");
	b->id = how->id;
	b->bundle = how->bundle;
	r = sync_answer(g.sync, e);
	if (r == 0)
		r = start_follow(&g, &none, e);
	if (r < 0)
		start_fail(&g, &none);
	else
		start_release(&g);
	return r;
}
