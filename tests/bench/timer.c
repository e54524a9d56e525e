/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Times commands without a shell between: `timer RUNS COMMAND [ARG...] [-- COMMAND ...]...`.  The
 * commands take turns, so that what else happens on the machine hits all alike.  A line each:
 * median, least and 90th percentile of wall time, and median CPU time of the process and its
 * children, all in microseconds, and the most memory that one of them had, in kB; "failed" when one
 * ended with another status than 0.
 */
#include <sys/resource.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 32

struct command {
	char **argv;
	int64_t *wall, *cpu; /* microseconds of each run */
	int64_t peak_kb;
	bool failed;
};

static int64_t now_usec(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t usec_of(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void run(struct command *c, int n)
{
	posix_spawn_file_actions_t quiet;
	int64_t start = now_usec();
	struct rusage used;
	int status;
	pid_t pid;

	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, c->argv[0], &quiet, NULL, c->argv, environ) != 0 ||
	    wait4(pid, &status, 0, &used) < 0 || status != 0) {
		c->failed = true;
		return;
	}
	c->wall[n] = now_usec() - start;
	c->cpu[n] = usec_of(used.ru_utime) + usec_of(used.ru_stime);
	if (used.ru_maxrss > c->peak_kb)
		c->peak_kb = used.ru_maxrss;
	posix_spawn_file_actions_destroy(&quiet);
}

static void report(const struct command *c, int runs)
{
	if (c->failed) {
		printf("failed\n");
		return;
	}
	qsort(c->wall, (size_t)runs, sizeof(*c->wall), compare);
	qsort(c->cpu, (size_t)runs, sizeof(*c->cpu), compare);
	printf("%lld %lld %lld %lld %lld\n", (long long)c->wall[runs / 2], (long long)c->wall[0],
	       (long long)c->wall[runs * 9 / 10], (long long)c->cpu[runs / 2],
	       (long long)c->peak_kb);
}

static int split(char **argv, struct command *commands)
{
	int len = 0;

	while (*argv && len < COMMANDS_MAX) {
		commands[len++].argv = argv;
		while (*argv && strcmp(*argv, "--"))
			argv++;
		if (*argv)
			*argv++ = NULL;
	}
	return len;
}

int main(int argc, char **argv)
{
	struct command commands[COMMANDS_MAX] = { 0 };
	int runs = argc > 2 ? atoi(argv[1]) : 0;
	int len;

	if (runs < 1) {
		fprintf(stderr, "usage: timer RUNS COMMAND [ARG...] [-- COMMAND ...]...\n");
		return 2;
	}
	len = split(argv + 2, commands);
	for (int i = 0; i < len; i++) {
		commands[i].wall = calloc((size_t)runs, sizeof(int64_t));
		commands[i].cpu = calloc((size_t)runs, sizeof(int64_t));
		if (!commands[i].wall || !commands[i].cpu)
			return 1;
		run(&commands[i], 0); /* warm up */
	}
	for (int n = 0; n < runs; n++)
		for (int i = 0; i < len; i++)
			if (!commands[i].failed)
				run(&commands[i], n);
	for (int i = 0; i < len; i++)
		report(&commands[i], runs);
	return 0;
}
