/* SPDX-License-Identifier: BSD-2-Clause */
/* Whether a container whose log is followed goes on; private to the reading of logs. */
#pragma once

#include <stdbool.h>

#define LIFE_RECONNECT_MS 100 /* to wait while watch is -1 */

struct life {
	int run_dir;
	int watch; /* of its monitor, or -1: to be connected again */
	int tries;
	bool over;
};
void life_look(struct life *l);
