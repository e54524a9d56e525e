/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * System calls that libc lacks, and the fallbacks of old kernels (5.10 and later).  Above this
 * module there is no #ifdef, no ENOSYS, no version number.
 */
#pragma once

#include "kernel/feature.h"
#include "kernel/link.h"
#include "kernel/mount.h"
#include "kernel/netlink.h"
#include "kernel/netns.h"
#include "kernel/open.h"
#include "kernel/process.h"
#include "kernel/seal.h"
