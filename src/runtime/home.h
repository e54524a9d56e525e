/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a user is at home, by a passwd(5) that nobody vouches for; private to this module. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The home of the first line with that uid, from an open file; *ret stays as it is if there is
 * none, or an empty or longer one. Allocates nothing. */
void home_read(int passwd, uint64_t uid, char *ret, size_t size);
