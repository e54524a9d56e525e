/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waits in the background until a container's monitor is gone, whatever ended it, and runs berth
 * then, which ends the container and takes back what it has of the host
 * (doc/decisions/keeper.md).  The monitor's pidfd is descriptor 3:
 *
 *	keeper PIDFILE PROGRAM ARGUMENT...
 *
 * A container that ends as it should is cleaned up by its monitor, and whoever does that ends this
 * process, which PIDFILE and the command line lead to.  So there is nothing here that could fail
 * but the run of the program: it is tried again, for some minutes, as the program may be about to
 *be replaced, or have been killed as its container was.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MONITOR_FD 3
#define OOM_PATH   "/proc/self/oom_score_adj"
#define OOM_SCORE  "-999" /* as the monitor's: the last to be chosen */

enum { FIRST_DELAY_MS = 100, TRIES = 12 /* 100 ms, 200 ms, …: three minutes and a half in all */ };

static char oom_before[16];

static void write_oom(const char *score)
{
	int fd = open(OOM_PATH, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, score, strlen(score)) < 0)
		errno = 0; /* unprivileged processes may not ask for less, and stay as they are */
	close(fd);
}

static void survive_oom(void)
{
	int fd = open(OOM_PATH, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (read(fd, oom_before, sizeof(oom_before) - 1) > 0)
		write_oom(OOM_SCORE);
	close(fd);
}

static void leave_caller(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	setsid();
	if (chdir("/") < 0)
		_exit(1);
	for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
	fcntl(MONITOR_FD, F_SETFD, FD_CLOEXEC);
	prctl(PR_SET_NAME, "berth-keeper");
}

static void await_monitor(void)
{
	struct pollfd monitor = { .fd = MONITOR_FD, .events = POLLIN };

	while (poll(&monitor, 1, -1) < 1)
		;
}

/* As if it were called by the one who started the container. */
static _Noreturn void be_berth(char **argv)
{
	sigset_t none;

	if (*oom_before)
		write_oom(oom_before);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(argv[0], argv);
	_exit(127);
}

static int run_berth(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		be_berth(argv);
	if (pid < 0)
		return -1;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

static int keep(char **argv)
{
	sigset_t none;

	leave_caller();
	survive_oom();
	await_monitor();
	/* From here on whoever asks this process to end may have it. */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int i = 0, delay_ms = FIRST_DELAY_MS; i < TRIES; i++, delay_ms *= 2) {
		struct timespec delay = { delay_ms / 1000, delay_ms % 1000 * 1000000L };

		if (run_berth(argv) == 0)
			return 0;
		nanosleep(&delay, NULL);
	}
	return 1;
}

/* Complete before the process in front ends. */
static int write_pid(int fd, pid_t pid)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%d\n", (int)pid);

	return write(fd, text, (size_t)len) == len ? 0 : -1;
}

int main(int argc, char **argv)
{
	sigset_t all;
	pid_t pid;
	int file;

	if (argc < 3) {
		fprintf(stderr, "usage: keeper PIDFILE PROGRAM [ARGUMENT...]\n");
		return 125;
	}
	file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (file < 0) {
		fprintf(stderr, "write %s: %s\n", argv[1], strerror(errno));
		return 125;
	}
	/* None that a terminal, or who ends a whole group, sends. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	pid = fork();
	if (pid == 0) {
		close(file);
		return keep(argv + 2);
	}
	if (pid < 0 || write_pid(file, pid) < 0) {
		fprintf(stderr, "start a keeper: %s\n", strerror(errno));
		if (pid > 0)
			kill(pid, SIGKILL);
		return 125;
	}
	return 0;
}
