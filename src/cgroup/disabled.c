/* SPDX-License-Identifier: BSD-2-Clause */
/* No group at all: no file of cgroups is touched, and everything but a limit succeeds. */
#include "cgroup/manager.h"

const struct cgroup_manager cgroup_disabled = { .name = "disabled" };
