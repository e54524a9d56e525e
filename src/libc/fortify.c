/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a distribution's archives (libjansson.a, libseccomp.a) call that were compiled for glibc
 * with _FORTIFY_SOURCE, and musl does not have: the same functions with the size of the target,
 * see the LSB's libc interfaces.
 */
#undef _FORTIFY_SOURCE /* or glibc's headers, which some tools read, declare them as well */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int __vsnprintf_chk(char *to, size_t n, int flag, size_t room, const char *fmt, va_list args);
int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *fmt, ...);
int __vfprintf_chk(FILE *file, int flag, const char *fmt, va_list args);
int __fprintf_chk(FILE *file, int flag, const char *fmt, ...);
char *__strncpy_chk(char *to, const char *from, size_t n, size_t room);
void *__memcpy_chk(void *to, const void *from, size_t n, size_t room);
void *__memset_chk(void *to, int c, size_t n, size_t room);

static void check(size_t n, size_t room)
{
	if (n > room)
		abort();
}

int __vsnprintf_chk(char *to, size_t n, int flag, size_t room, const char *fmt, va_list args)
{
	check(n, room);
	return vsnprintf(to, n, fmt, args);
}

int __snprintf_chk(char *to, size_t n, int flag, size_t room, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = __vsnprintf_chk(to, n, flag, room, fmt, args);
	va_end(args);
	return r;
}

int __vfprintf_chk(FILE *file, int flag, const char *fmt, va_list args)
{
	return vfprintf(file, fmt, args);
}

int __fprintf_chk(FILE *file, int flag, const char *fmt, ...)
{
	va_list args;
	int r;

	va_start(args, fmt);
	r = vfprintf(file, fmt, args);
	va_end(args);
	return r;
}

char *__strncpy_chk(char *to, const char *from, size_t n, size_t room)
{
	check(n, room);
	return strncpy(to, from, n);
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t room)
{
	check(n, room);
	return memcpy(to, from, n);
}

void *__memset_chk(void *to, int c, size_t n, size_t room)
{
	check(n, room);
	return memset(to, c, n);
}
