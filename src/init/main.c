/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first process of a container that was asked to have one (--init): `init [--] PROGRAM ARG...`
 * starts the program, passes on the signals that it gets, reaps what the program leaves behind, and
 * ends as the program ends.  Static and alone, as it runs in any image; it allocates nothing.
 * `init --hold` only waits: it is the process whose user namespace all of a user's commands join.
 */
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The program gets a process group of its own, in front on the terminal if there is one, so that
 * ctrl-C reaches it once and not by way of us again. */
static void run_program(char **argv, const sigset_t *mask)
{
	setpgid(0, 0);
	signal(SIGTTOU, SIG_IGN);
	(void)!tcsetpgrp(STDIN_FILENO, getpgrp());
	signal(SIGTTOU, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	execvp(argv[0], argv);
	fprintf(stderr, "exec %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Reaps all that have ended; true when the program is among them. */
static int reap(pid_t program, int *code)
{
	int status, ended = 0;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != program)
			continue;
		*code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		ended = 1;
	}
	return ended;
}

static int wait_for(pid_t program, const sigset_t *all)
{
	int code = 0;

	for (;;) {
		int got = sigwaitinfo(all, NULL);

		if (got == SIGCHLD) {
			if (reap(program, &code))
				return code;
		} else if (got > 0) {
			kill(program, got);
		}
	}
}

/* Holds the user namespace of a user's containers until it is told to end. */
static _Noreturn void hold(void)
{
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	sigset_t all, before;
	pid_t program;

	if (argc == 2 && strcmp(argv[1], "--hold") == 0)
		hold();
	argv += argc > 1 && strcmp(argv[1], "--") == 0 ? 2 : 1;
	if (argc < 2 || !*argv) {
		fprintf(stderr, "usage: init [--] PROGRAM [ARGUMENT...]\n");
		return 125;
	}
	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGABRT);
	sigprocmask(SIG_BLOCK, &all, &before);
	/* What the terminal says to a group in the background is not ours to pass on. */
	sigdelset(&all, SIGTTOU);
	sigdelset(&all, SIGTTIN);
	program = fork();
	if (program < 0) {
		perror("fork");
		return 125;
	}
	if (program == 0)
		run_program(argv, &before);
	return wait_for(program, &all);
}
