/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Ownership by scope: a local that owns something says so in its declaration and lets go of it when
 * the scope ends, whichever way.  take_fd() and take_ptr() hand ownership on.
 */
#pragma once

#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LEN(a)      (sizeof(a) / sizeof((a)[0]))
#define PRINTF_LIKE(f, a) __attribute__((format(printf, f, a)))

/* Leaves -1 behind: a number that is closed twice may have become somebody else's meanwhile. */
static inline void close_p(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline void free_p(void *p)
{
	free(*(void **)p);
}

static inline int take_fd_p(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

static inline void *take_ptr_p(void *p)
{
	void *taken = *(void **)p;

	*(void **)p = NULL;
	return taken;
}

#define auto_close __attribute__((cleanup(close_p), unused))
#define auto_free  __attribute__((cleanup(free_p), unused))

/* Returns the descriptor and leaves -1 behind. */
#define take_fd(fd) take_fd_p(&(fd))
/* Returns the pointer and leaves NULL behind. */
#define take_ptr(p) ((__typeof__(p))take_ptr_p(&(p)))

/* A header that has image_free() adds DEFINE_AUTO(image); then AUTO(image) i = NULL; works. */
#define DEFINE_AUTO(type)                                 \
	static inline void type##_free_p(struct type **p) \
	{                                                 \
		type##_free(*p);                          \
	}                                                 \
	struct type
#define AUTO(type) __attribute__((cleanup(type##_free_p), unused)) struct type *
