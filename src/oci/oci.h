/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * berth-oci: the runtime's own command line, which takes the place of runc and crun under
 * containerd, CRI-O, podman and Docker.  It is the program berth, called by another name.
 */
#pragma once

#include <stdbool.h>

#include "base/option.h"

/* Whether a program called so is this one: berth-oci, runc, crun, and what begins or ends so. */
bool oci_is_called(const char *program);
int oci_main(int argc, char **argv);
/* Its commands, for man pages. */
extern const struct command oci_root_command;
