/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine's starter does, without the engine: a shell script takes the container's place,
 * and the real monitor program becomes its parent.
 */
#pragma once

#include <sys/types.h>

#include "monitor/monitor.h"
#include "monitor/protocol.h"

struct world {
	char path[40]; /* of the directory that holds run and lib */
	int dir, run, lib;
	struct monitor_handover h; /* to change before world_start() */
	const char *script;
	bool terminal, interactive;
	int64_t file_size_max; /* RLIMIT_FSIZE, or 0 */
	pid_t monitor;
	int client;    /* the foreground client's end, when world_client() was called */
	int64_t child; /* the script's pid, once the monitor runs */
};

int world_setup(void **state);
int world_teardown(void **state);
/* Makes a foreground client's socketpair, before world_start(). */
void world_client(struct world *w, uint8_t wants);
/* Runs the script under a monitor. */
void world_start(struct world *w, const char *script);
/* Waits for the monitor's end; its wait status. */
int world_wait(struct world *w);
/* A client of the attach socket, and one that has said HELLO. */
int world_connect(struct world *w);
int world_attach(struct world *w, uint8_t wants);
char *world_read(struct world *w, const char *name); /* free it; "" if it isn't there */
bool world_says(struct world *w, const char *name, const char *text); /* whether it holds it */
bool world_has(struct world *w, const char *name);
/* Until the condition holds, but no longer than some seconds: then the test fails. */
#define world_until(condition)                               \
	do {                                                 \
		for (int tries = 0; !(condition); tries++) { \
			assert_true(tries < 2000);           \
			usleep(5000);                        \
		}                                            \
	} while (0)

void client_say(int fd, char type, const void *data, size_t len);
/* The next packet: its type, 0 at the end. The payload is NUL-terminated. */
char client_hear(int fd, char *payload, size_t *len);
/* All of one stream's bytes until the exit, which it fills. Free it. */
char *client_hear_all(int fd, char type, size_t *len, struct attach_exit *end);
