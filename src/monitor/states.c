/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a container as its monitor sees it.
 *
 *	UP		it runs
 *	STOPPING	the monitor was asked to end it (SIGTERM), and has passed that on
 *	DRAINING	it has ended; what it wrote is being read and delivered
 *	ENDING		the exit is recorded; clients are being told, an owner cleans up
 *	WAITING		the delay before the restart
 *	OVER		nothing is left to do here: restart, cleanup program, or the end
 */
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "monitor/supervisor.h"

typedef enum state step(struct supervisor *s);

/* podman's exit code for one that --timeout ended. */
#define EXIT_TIMED_OUT 255

static void child_signal(struct supervisor *s, int signal)
{
	syscall(SYS_pidfd_send_signal, s->h.pidfd, signal, NULL, 0);
}

static enum state ignore(struct supervisor *s)
{
	return s->state;
}

/* The file's "oom_kill N", or -1. */
static int64_t oom_kills(int fd)
{
	static const char key[] = "oom_kill ";
	char text[1024], *at;
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return -1;
	text[n] = '\0';
	at = strstr(text, key);
	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

void supervisor_note_oom(struct supervisor *s)
{
	int64_t own = oom_kills(s->h.oom), above = oom_kills(s->h.oom_above);

	s->oom_others = own >= 0 && above >= own ? above - own : -1;
}

/* Its own count says so.  If that is gone already, the parent's has risen since the start and it
 * was killed: a sibling's kill in the same life is taken for its own then, rather than none. */
static bool was_oom_killed(const struct supervisor *s)
{
	int64_t own = oom_kills(s->h.oom);

	if (own >= 0)
		return own > 0;
	return s->oom_others >= 0 && s->exit.signal == SIGKILL &&
	       oom_kills(s->h.oom_above) > s->oom_others;
}

static enum state reap(struct supervisor *s)
{
	siginfo_t info = { 0 };

	if (waitid(P_PIDFD, (id_t)s->h.pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid == 0)
		return s->state;

	watch_close(s, &s->child);
	s->exit.pid = s->h.pid;
	s->exit.exit_code = info.si_status;
	if (info.si_code != CLD_EXITED) {
		s->exit.signal = info.si_status;
		s->exit.exit_code = 128 + info.si_status;
	}
	s->exit.oom_killed = was_oom_killed(s);
	if (s->exit.timed_out)
		s->exit.exit_code = EXIT_TIMED_OUT;
	s->finished_nsec = now_nsec();
	s->timer_at_ms = 0;
	streams_drain(s);
	return DRAINING;
}

bool supervisor_restarts(const struct supervisor *s)
{
	const struct monitor_handover *h = &s->h;

	if (!h->restart_argv || !h->program || s->exit.stopped)
		return false;
	switch (h->restart) {
	case MONITOR_RESTART_ALWAYS:
	case MONITOR_RESTART_UNLESS_STOPPED:
		return true;
	case MONITOR_RESTART_ON_FAILURE:
		return s->exit.exit_code != 0 &&
		       (h->restart_max == 0 || h->restarts < h->restart_max);
	default:
		return false;
	}
}

static void decide_restart(struct supervisor *s)
{
	bool settled = s->now_ms - s->started_ms >= RESTART_SETTLED_MS;

	if (faccessat(s->h.run_dir, MONITOR_STOP_MARK, F_OK, 0) == 0)
		s->exit.stopped = true;
	s->exit.restarting = supervisor_restarts(s);
	s->exit.restarts = s->h.restarts + s->exit.restarting;

	s->delay_ms =
		settled || s->h.restart_delay_ms <= 0 ? RESTART_DELAY_MS : s->h.restart_delay_ms;
	s->exit.next_delay_ms = s->delay_ms * 2;
	if (s->exit.next_delay_ms > RESTART_DELAY_MAX)
		s->exit.next_delay_ms = RESTART_DELAY_MAX;
}

static enum state record(struct supervisor *s)
{
	watch_close(s, &s->input.watch);
	decide_restart(s);
	s->exit.dropped_lines = s->log.dropped_ever;
	record_write(s);
	clients_tell_exit(s);
	return ENDING;
}

static enum state delivered(struct supervisor *s)
{
	if (!s->exit.restarting)
		return OVER;
	s->timer_at_ms = s->now_ms + s->delay_ms;
	return WAITING;
}

static enum state ask_to_stop(struct supervisor *s)
{
	int64_t kill_at = s->now_ms + s->h.stop_timeout_ms;

	s->exit.stopped = true;
	child_signal(s, s->h.stop_signal ? s->h.stop_signal : SIGTERM);
	if (s->h.stop_timeout_ms >= 0 && (!s->timer_at_ms || kill_at < s->timer_at_ms))
		s->timer_at_ms = kill_at;
	return STOPPING;
}

static enum state kill_now(struct supervisor *s)
{
	s->timer_at_ms = 0;
	child_signal(s, SIGKILL);
	return s->state;
}

static enum state kill_late(struct supervisor *s)
{
	s->exit.timed_out = true;
	return kill_now(s);
}

static enum state note_stop(struct supervisor *s)
{
	s->exit.stopped = true;
	return s->state;
}

/* It was to be restarted, and shall not be any more. */
static enum state stay_down(struct supervisor *s)
{
	s->exit.stopped = true;
	if (s->exit.restarting) {
		s->exit.restarting = false;
		s->exit.restarts--;
		record_write(s);
	}
	return s->state == WAITING ? OVER : s->state;
}

static enum state start_again(struct supervisor *s)
{
	if (faccessat(s->h.run_dir, MONITOR_STOP_MARK, F_OK, 0) == 0)
		return stay_down(s);
	return OVER;
}

static step *const steps[STATES][EVENTS] = {
	/*              EV_EXIT  EV_DRAINED  EV_DELIVERED  EV_STOP      EV_TIMER */
	[UP] = { reap, ignore, ignore, ask_to_stop, kill_late },
	[STOPPING] = { reap, ignore, ignore, ignore, kill_now },
	[DRAINING] = { ignore, record, ignore, note_stop, ignore },
	[ENDING] = { ignore, ignore, delivered, stay_down, ignore },
	[WAITING] = { ignore, ignore, ignore, stay_down, start_again },
	[OVER] = { ignore, ignore, ignore, ignore, ignore },
};

void supervisor_event(struct supervisor *s, enum event event)
{
	s->state = steps[s->state][event](s);
}

bool supervisor_ended(const struct supervisor *s)
{
	return s->state == ENDING || s->state == WAITING;
}

/* In this order: a client that is dropped may be what held up a stream, and a stream that is done
 * or a client that was told may be what the next state waited for. */
void supervisor_settle(struct supervisor *s)
{
	clients_expire(s);
	if (supervisor_ended(s))
		clients_tell_exit(s);
	streams_settle(s);
	if (s->timer_at_ms && s->timer_at_ms <= s->now_ms)
		supervisor_event(s, EV_TIMER);
	if (s->state == DRAINING && streams_done(s))
		supervisor_event(s, EV_DRAINED);
	if (s->state == ENDING && clients_done(s))
		supervisor_event(s, EV_DELIVERED);
	clients_settle(s);
	firewall_settle(s);
	servers_settle(s);
}
