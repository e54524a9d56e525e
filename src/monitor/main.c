/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The monitor: one small process for each container.
 *
 * Theory of operation.  The starter, which is full berth code, makes the container's first process
 * and then becomes this program by exec (monitor_exec()), so that the PID stays, and with it the
 * parenthood: nobody else may wait for the container, and it dies with us (PR_SET_PDEATHSIG).  To
 * start it again, or to clean up behind it, we become berth again.
 *
 * All memory is one static structure, and nothing is allocated.  One loop waits on epoll: for the
 * container's pidfd, its output (stream.c), its input if that is held up (input.c), clients and the
 * socket they come from (client.c), and for SIGTERM, by which someone, a service manager for one,
 * asks us to end the container; for what others do to the firewall (firewall.c), and for the end of
 * what serves it from the background (servers.c).  Each
 * descriptor's part does what it can without blocking and takes note of what it couldn't; after
 * each round the parts settle: they go on with what has become possible and say which descriptors
 * matter now.  Nobody waits for a descriptor that could not make progress, so the loop sleeps
 * unless there is something to do.
 *
 * Output is read only when everyone has taken what was read before: the log at once, since a log
 * that fails drops lines rather than hold up the container, and clients as client.c says.
 *
 * When the pidfd tells the end (states.c): what is still in the pipes is read and delivered, then
 * the exit is recorded, then clients are told, those that come late too; so who knows of the exit
 * finds the record, and the log complete.
 *
 * Privileges.  We hold descriptors rather than paths, and of the capabilities only those needed to
 * signal a container of another user, to rotate a log in another user's directory and to delete
 * what users of a container made.  There is no
 * seccomp filter: it would outlast the exec that makes us berth again, and could not be lifted.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "monitor/supervisor.h"

#define ROUND_EVENTS 16
#define EXIT_ENGINE  125
#define OOM_SCORE    "-999" /* the last to be chosen; as little as a privileged process may ask */

int64_t now_monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000LL + t.tv_nsec / 1000000;
}

void watch_set(struct supervisor *s, struct watch *w, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.u32 = w->source };
	int op = !events ? EPOLL_CTL_DEL : !w->events ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;

	if (w->fd < 0 || w->events == events)
		return;
	if (epoll_ctl(s->epoll, op, w->fd, &e) == 0)
		w->events = events;
}

void watch_close(struct supervisor *s, struct watch *w)
{
	watch_set(s, w, 0);
	if (w->fd >= 0)
		close(w->fd);
	w->fd = -1;
}

static void watch_start(struct supervisor *s, struct watch *w, int fd, uint32_t source)
{
	w->fd = fd;
	w->source = source;
	watch_set(s, w, EPOLLIN);
}

static void nonblocking(int fd)
{
	if (fd >= 0)
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

/* Every signal is blocked, so that none of those which a terminal or a mistaken kill may send ends
 * us or lasts beyond an exec as ignored. */
static int take_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void read_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGTERM)
			supervisor_event(s, EV_STOP);
		if (info.ssi_signo == SIGCHLD) {
			firewall_reap(s);
			servers_reap(s);
		}
	}
}

/* The kernel's own structures: linux/capability.h isn't there with every libc. */
static void keep_capabilities(uint32_t keep)
{
	struct {
		uint32_t version;
		int pid;
	} header = { 0x20080522, 0 };
	struct {
		uint32_t effective, permitted, inheritable;
	} set[2];

	if (syscall(SYS_capget, &header, set) < 0)
		return;
	set[0].effective &= keep;
	set[0].permitted &= keep;
	set[1].effective = set[1].permitted = 0;
	syscall(SYS_capset, &header, set);
}

static const char oom_path[] = "/proc/self/oom_score_adj";

static void write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		errno = 0; /* unprivileged processes may not ask for less, and stay as they are */
	close(fd);
}

void oom_restore(const struct supervisor *s)
{
	write_text(oom_path, s->oom_before);
}

static void survive_oom(struct supervisor *s)
{
	int fd = open(oom_path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, s->oom_before, sizeof(s->oom_before) - 1) > 0)
		write_text(oom_path, OOM_SCORE);
	close(fd);
}

static void detach_stdio(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return;
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	close(null);
}

/* Only what a container hands over survives an exec; this is for our own. */
static void close_on_exec(void)
{
	syscall(SYS_close_range, STDERR_FILENO + 1, UINT_MAX, 4 /* CLOSE_RANGE_CLOEXEC */);
}

static void open_terminal(struct supervisor *s)
{
	int master = s->h.terminal;

	nonblocking(master);
	watch_start(s, &s->streams[STREAM_OUT].watch, master, SOURCE_STREAM);
	s->input.terminal = true;
	s->input.watch.fd = fcntl(master, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	/* A container may close its console and open it again; with this side open that is no end.
	 */
	s->peer = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static void open_pipes(struct supervisor *s)
{
	const int fds[STREAMS] = { [STREAM_OUT] = s->h.out, [STREAM_ERR] = s->h.err };

	for (int i = 0; i < STREAMS; i++) {
		nonblocking(fds[i]);
		watch_start(s, &s->streams[i].watch, fds[i],
			    SOURCE_STREAM | (uint32_t)i << SOURCE_BITS);
	}
	nonblocking(s->h.in);
	s->input.watch.fd = s->h.in;
}

static bool supervisor_start(struct supervisor *s)
{
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	s->signals = take_signals();
	if (s->epoll < 0 || s->signals < 0)
		return false;
	s->peer = -1;
	s->now_ms = s->started_ms = now_monotonic_ms();
	if (s->h.timeout_sec > 0)
		s->timer_at_ms = s->started_ms + s->h.timeout_sec * 1000LL;

	for (int i = 0; i < CLIENTS_MAX; i++)
		s->clients[i].watch.fd = -1;
	for (int i = 0; i < STREAMS; i++) {
		s->streams[i].watch.fd = -1;
		s->streams[i].left = -1;
	}
	s->input.watch.fd = -1;
	s->input.watch.source = SOURCE_INPUT;
	if (s->h.terminal >= 0)
		open_terminal(s);
	else
		open_pipes(s);

	watch_start(s, &s->child, s->h.pidfd, SOURCE_CHILD);
	watch_start(s, &s->signal, s->signals, SOURCE_SIGNAL);
	nonblocking(s->h.listener);
	watch_start(s, &s->listener, s->h.listener, SOURCE_LISTENER);
	logger_start(&s->log, &s->h);
	firewall_start(s);
	servers_start(s);
	if (s->h.client >= 0)
		client_add(s, s->h.client, true);
	return s->child.events != 0;
}

static void dispatch(struct supervisor *s, uint32_t source, uint32_t events)
{
	unsigned index = source >> SOURCE_BITS;

	switch ((enum source)(source & ((1 << SOURCE_BITS) - 1))) {
	case SOURCE_CHILD:
		supervisor_event(s, EV_EXIT);
		break;
	case SOURCE_SIGNAL:
		read_signals(s);
		break;
	case SOURCE_LISTENER:
		clients_accept(s);
		break;
	case SOURCE_INPUT:
		input_write(s);
		break;
	case SOURCE_STREAM:
		stream_read(s, &s->streams[index]);
		break;
	case SOURCE_FIREWALL:
		firewall_ready(s);
		break;
	case SOURCE_SERVER:
		server_ended(s, index);
		break;
	case SOURCE_CLIENT:
		client_ready(s, &s->clients[index], events);
		break;
	}
}

static int wait_ms(const struct supervisor *s)
{
	int64_t at = clients_deadline(s, streams_deadline(s, s->timer_at_ms));

	at = mend_deadline(s, &s->servers.mend, firewall_deadline(s, at));
	if (!at)
		return -1;
	at -= s->now_ms;
	return at < 0 ? 0 : at > INT_MAX ? INT_MAX : (int)at;
}

static void supervisor_run(struct supervisor *s)
{
	struct epoll_event e[ROUND_EVENTS];

	while (s->state != OVER) {
		int n = epoll_wait(s->epoll, e, ROUND_EVENTS, wait_ms(s));

		s->now_ms = now_monotonic_ms();
		for (int i = 0; i < n; i++)
			dispatch(s, e[i].data.u32, e[i].events);
		supervisor_settle(s);
	}
}

/* Becomes berth again, as if the starter had never been us. */
_Noreturn static void become(struct supervisor *s, const char *const *argv)
{
	sigset_t none;

	oom_restore(s);
	close_on_exec();
	read_signals(s);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(s->h.program, (char *const *)argv);
	_exit(EXIT_ENGINE);
}

int main(int argc, char **argv)
{
	static struct supervisor s;

	if (argc < 1 || !options_read(&s.h, argv))
		return EXIT_ENGINE;
	close_on_exec();
	setsid();
	if (chdir("/") < 0 || !supervisor_start(&s)) {
		fprintf(stderr, "berth-monitor: %s\n", strerror(errno));
		return EXIT_ENGINE;
	}
	if (s.h.log != MONITOR_LOG_PASSTHROUGH)
		detach_stdio();
	prctl(PR_SET_NAME, "berth-monitor");
	survive_oom(&s);
	supervisor_note_oom(&s);
	keep_capabilities(1u << 1 /* CAP_DAC_OVERRIDE */ | 1u << 3 /* CAP_FOWNER */ |
			  1u << 5 /* CAP_KILL */);

	supervisor_run(&s);

	if (s.exit.restarting)
		become(&s, s.h.restart_argv);
	if (s.h.cleanup_argv && s.h.program && !s.cleaned)
		become(&s, s.h.cleanup_argv);
	if (s.cleaned)
		trash_delete(&s);
	return 0;
}
