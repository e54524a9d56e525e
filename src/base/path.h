/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Paths as text.  Nothing here looks at the file system: what a container can influence is resolved
 * by kernel_open_in().
 */
#pragma once

#include "base/text.h"

/* a/b with exactly one slash between. */
char *path_join(struct arena *a, const char *dir, const char *name);
/* Lexically clean: no ".", "..", "//" or trailing slash; an absolute path stays absolute. */
char *path_clean(struct arena *a, const char *path);
bool path_goes_up(const char *path);                   /* ".." is among its parts */
const char *path_base(const char *path);               /* what follows the last slash */
bool path_is_below(const char *path, const char *dir); /* equal counts; both clean */
/* The absolute path of a program, looked for in $PATH and then where systems keep those of root.
 * ERR_NOT_FOUND. */
int path_program(struct arena *a, const char *name, char **ret, struct err *e);
/* The absolute path of the running program's folder, or of its libexec folder (BERTH_LIBEXEC, else
 * ../libexec/berth beside bin, else the program's own folder: a build). */
int path_libexec(struct arena *a, const char *program, char **ret, struct err *e);
