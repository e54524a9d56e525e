/* SPDX-License-Identifier: BSD-2-Clause */
/* Architectures by the specification's names, Go's and libseccomp's; private to the seccomp_*.c. */
#pragma once

#include "runtime/seccomp.h"
#include "spec/runtime.h"

/* "SCMP_ARCH_X86_64" of this machine. */
const char *seccomp_native_arch(void);
/* "amd64"; NULL for an unknown one. */
const char *seccomp_go_arch(const char *arch);
/* libseccomp's token, the kernel's AUDIT_ARCH_*; 0 if this libseccomp does not know it. */
uint32_t seccomp_arch_token(const char *arch);

/* The kernel's SECCOMP_RET_*, libseccomp's SCMP_ACT_*. */
uint32_t seccomp_action(int action, const uint64_t *errno_ret);

/* BPF for a profile; *ret is struct sock_filter[] in the arena. */
int seccomp_compile(struct arena *a, const struct oci_seccomp *s, const void **ret, size_t *ret_len,
		    struct err *e);
/* The first name in a profile that no call of this libseccomp has, or NULL. */
const char *seccomp_unknown_call(const struct oci_seccomp *s);
/* By libseccomp alone: what the other has to agree with, but for calls newer than the profile. */
int seccomp_compile_whole(struct arena *a, const struct oci_seccomp *s, const void **ret,
			  size_t *ret_len, struct err *e);

/* Whether a call is left to libseccomp, and the front before the program that it made of those. */
bool seccomp_is_rest(const struct oci_seccomp *s, const char *name);
int seccomp_front(struct arena *a, const struct oci_seccomp *s, const void **program, size_t *len,
		  struct err *e);
