/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Everything is a descriptor in one epoll: timers are timerfds, signals signalfds.  A callback may
 * remove a watch whose event waits later in the same batch, so that what is removed while a batch
 * is worked on is only marked, and freed behind it.
 */
#include "base/loop.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define BATCH 16

struct loop_watch {
	struct loop_watch *next, *prev;
	loop_fn *fn;
	void *arg;
	int fd;
	bool timer, removed, was_blocked;
	int signal; /* 0: none */
};

struct loop {
	int epoll;
	struct loop_watch *watches, *removed;
	bool working, stopped;
	int result;
};

int loop_new(struct loop **ret, struct err *e)
{
	auto_close int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct loop *l;

	if (epoll < 0)
		return err_sys(e, "event loop");
	l = calloc(1, sizeof(*l));
	if (!l)
		return err_from(e, -ENOMEM, "event loop");
	l->epoll = take_fd(epoll);
	*ret = l;
	return 0;
}

static void free_removed(struct loop *l)
{
	while (l->removed) {
		struct loop_watch *w = l->removed;

		l->removed = w->next;
		free(w);
	}
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	while (l->watches)
		loop_remove(l, l->watches);
	free_removed(l);
	close(l->epoll);
	free(l);
}

/* Takes the watch over; on failure it is the caller's. */
static int start_watch(struct loop *l, struct loop_watch *w, uint32_t events, struct err *e)
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, w->fd, &event) < 0)
		return err_sys(e, "watch a descriptor");
	w->next = l->watches;
	if (w->next)
		w->next->prev = w;
	l->watches = w;
	return 0;
}

static struct loop_watch *new_watch(loop_fn *fn, void *arg, struct err *e)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (!w) {
		err_from(e, -ENOMEM, "watch a descriptor");
		return NULL;
	}
	w->fn = fn;
	w->arg = arg;
	return w;
}

int loop_add_fd(struct loop *l, int fd, uint32_t events, loop_fn *fn, void *arg,
		struct loop_watch **ret, struct err *e)
{
	auto_free struct loop_watch *w = new_watch(fn, arg, e);
	int r;

	if (!w)
		return -ENOMEM;
	w->fd = fd;
	r = start_watch(l, w, events, e);
	if (r < 0)
		return r;
	*ret = take_ptr(w);
	return 0;
}

int loop_change_fd(struct loop *l, struct loop_watch *w, uint32_t events, struct err *e)
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	if (epoll_ctl(l->epoll, EPOLL_CTL_MOD, w->fd, &event) < 0)
		return err_sys(e, "watch a descriptor");
	return 0;
}

static int set_timer(int fd, int64_t after_usec, struct err *e)
{
	struct itimerspec when = { 0 };

	if (after_usec >= 0) {
		when.it_value.tv_sec = after_usec / 1000000;
		/* Zero would disarm it. */
		when.it_value.tv_nsec = after_usec ? after_usec % 1000000 * 1000 : 1;
	}
	if (timerfd_settime(fd, 0, &when, NULL) < 0)
		return err_sys(e, "set a timer");
	return 0;
}

int loop_add_timer(struct loop *l, int64_t after_usec, loop_fn *fn, void *arg,
		   struct loop_watch **ret, struct err *e)
{
	auto_close int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	auto_free struct loop_watch *w = NULL;
	int r;

	if (fd < 0)
		return err_sys(e, "make a timer");
	r = set_timer(fd, after_usec, e);
	if (r < 0)
		return r;
	w = new_watch(fn, arg, e);
	if (!w)
		return -ENOMEM;
	w->fd = fd;
	w->timer = true;
	r = start_watch(l, w, EPOLLIN, e);
	if (r < 0)
		return r;
	take_fd(fd);
	*ret = take_ptr(w);
	return 0;
}

int loop_set_timer(struct loop *l, struct loop_watch *w, int64_t after_usec, struct err *e)
{
	return set_timer(w->fd, after_usec, e);
}

int loop_add_signal(struct loop *l, int signal, loop_fn *fn, void *arg, struct loop_watch **ret,
		    struct err *e)
{
	auto_free struct loop_watch *w = NULL;
	auto_close int fd = -1;
	sigset_t set, before;
	int r;

	sigemptyset(&set);
	if (sigaddset(&set, signal) < 0)
		return err_sys(e, "watch signal %d", signal);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return err_sys(e, "watch signal %d", signal);
	w = new_watch(fn, arg, e);
	if (!w)
		return -ENOMEM;
	w->fd = fd;
	w->signal = signal;
	r = start_watch(l, w, EPOLLIN, e);
	if (r < 0)
		return r;
	take_fd(fd);
	sigprocmask(SIG_BLOCK, &set, &before);
	w->was_blocked = sigismember(&before, signal) == 1;
	*ret = take_ptr(w);
	return 0;
}

/* A signal that comes from now on does again what it did before it was watched. */
static void let_signal_go(const struct loop_watch *w)
{
	sigset_t set;

	close(w->fd);
	if (w->was_blocked)
		return;
	sigemptyset(&set);
	sigaddset(&set, w->signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

void loop_remove(struct loop *l, struct loop_watch *w)
{
	if (!w || w->removed)
		return;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	if (w->signal)
		let_signal_go(w);
	else if (w->timer)
		close(w->fd);
	if (w->prev)
		w->prev->next = w->next;
	else
		l->watches = w->next;
	if (w->next)
		w->next->prev = w->prev;
	w->removed = true;
	w->next = l->removed;
	l->removed = w;
	if (!l->working)
		free_removed(l);
}

/* What there is to read is taken away before the callback; false: it was a false alarm. */
static bool take_event(const struct loop_watch *w)
{
	struct signalfd_siginfo info;
	uint64_t expired;

	if (w->timer)
		return read(w->fd, &expired, sizeof(expired)) == sizeof(expired);
	if (w->signal)
		return read(w->fd, &info, sizeof(info)) == sizeof(info);
	return true;
}

static void work_batch(struct loop *l, const struct epoll_event *events, int n)
{
	l->working = true;
	for (int i = 0; i < n && !l->stopped; i++) {
		struct loop_watch *w = events[i].data.ptr;

		if (!w->removed && take_event(w))
			w->fn(l, w->arg, w->signal ? (uint32_t)w->signal : events[i].events);
	}
	l->working = false;
	free_removed(l);
}

int loop_run(struct loop *l, struct err *e)
{
	l->stopped = false;
	while (!l->stopped) {
		struct epoll_event events[BATCH];
		int n;

		if (!l->watches)
			return err_set(e, ERR_INVALID, "event loop: nothing is watched any more");
		n = epoll_wait(l->epoll, events, BATCH, -1);
		if (n < 0 && errno != EINTR)
			return err_sys(e, "event loop");
		work_batch(l, events, n);
	}
	return l->result;
}

void loop_stop(struct loop *l, int result)
{
	l->stopped = true;
	l->result = result;
}
