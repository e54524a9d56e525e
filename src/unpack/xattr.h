/* SPDX-License-Identifier: BSD-2-Clause */
/* Which extended attributes cross between archives and trees. */
#pragma once

#include <stdbool.h>

#define XATTR_DEFAULT_ACL "system.posix_acl_default"

/*
 * user.*, file capabilities and ACLs.  Not: trusted.* and *.overlay.*, with which an image would
 * speak to overlayfs; security.* of labels and measurements, which are the machine's own.
 */
bool xattr_crosses(const char *name);
