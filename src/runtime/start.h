/* SPDX-License-Identifier: BSD-2-Clause */
/* From a plan to a running process; private to this module. */
#pragma once

#include "runtime/step.h"

struct runtime_gate {
	struct build *b;
	int sync; /* the parent's end */
	pid_t pid;
	int pidfd;
	bool early, connected;       /* runtime_create's connect: need not wait; was called */
	unsigned heard;              /* kinds of messages so far, 1 << enum sync_kind */
	struct net_devices *devices; /* that went in, until the start succeeds */
};

/* A build with its plans empty; what both kinds of start share is filled. */
struct build *build_new(struct arena *a, const struct oci_config *config,
			const struct oci_process *process);
/* The child, which applies its plan and does not return; its pid in the parent. */
pid_t clone_child(struct build *b, int parent_end, int *ret_pidfd, struct err *e);
/* Applies the parent's plan, clones, and returns when the child waits at its gate (ret->gate is
 * set) or executed its program. On failure nothing is left. */
int start_process(struct build *b, struct runtime_container *ret, struct err *e);
/* Reads until the gate (1) or the end (0); what fails ends the process. */
int start_follow(struct runtime_gate *g, struct runtime_container *ret, struct err *e);
void start_fail(struct runtime_gate *g, struct runtime_container *ret);
/* Closes what only a start needs. */
void start_release(struct runtime_gate *g);
/* Raises the hard limits of a process that is to enter a user namespace, from inside of which none
 * can be set above what it is.  What fails is told when the limits are set.  pid 0: this one. */
void limits_raise(const struct oci_rlimits *l, pid_t pid);
