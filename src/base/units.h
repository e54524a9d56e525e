/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Sizes, durations and points in time as people write and read them: podman's and Docker's forms.
 */
#pragma once

#include <stdint.h>

#include "base/buf.h"

#define USEC_PER_SEC 1000000LL

int64_t clock_usec(void); /* since 1970 */
int64_t clock_nsec(void); /* since 1970 */
int64_t clock_monotonic_usec(void);

/* "512", "64m", "1.5g", "10kb", "1GiB": binary multiples, any case. */
int size_parse(const char *s, int64_t *ret_bytes, struct err *e);
/* SI, up to 4 digits: "21.66MB", "1.05GB", "512B"; between goes before the unit. */
void size_print(struct buf *out, int64_t bytes, const char *between);
/* Up to 3 digits, as `images` and `history` have them: "21.7 MB". */
void size_print_short(struct buf *out, int64_t bytes, const char *between);
/* Go's durations, "1h30m", "500ms", "-2s"; a bare number is an error unless bare_unit_nsec > 0. */
int duration_parse(const char *s, int64_t bare_unit_nsec, int64_t *ret_nsec, struct err *e);
/* Docker's words: "Less than a second", "5 seconds", "About a minute", "2 weeks". */
void duration_print(struct buf *out, int64_t nsec);
/* Go's String(): "1h0m2.5s", "1.5ms", "0s". */
void duration_print_go(struct buf *out, int64_t nsec);
/* RFC 3339 with nanoseconds; UTC ("Z") or local with offset. */
void time_print_rfc3339(struct buf *out, int64_t nsec, bool utc);
/* Go's String(): "2026-11-22 10:39:23.781444036 +0000 UTC". */
void time_print_go(struct buf *out, int64_t nsec);
/* Unix seconds with fraction, RFC 3339, "2006-01-02[T15:04[:05]]", or a duration before now. */
int time_parse(const char *s, int64_t now_nsec, int64_t *ret_nsec, struct err *e);
