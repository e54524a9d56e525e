/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/units.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL

static int64_t clock_read(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return t.tv_sec * NSEC_PER_SEC + t.tv_nsec;
}

int64_t clock_nsec(void)
{
	return clock_read(CLOCK_REALTIME);
}

int64_t clock_usec(void)
{
	return clock_read(CLOCK_REALTIME) / 1000;
}

int64_t clock_monotonic_usec(void)
{
	return clock_read(CLOCK_MONOTONIC) / 1000;
}

int size_parse(const char *s, int64_t *ret_bytes, struct err *e)
{
	static const char letters[] = "kmgtp";
	const char *letter;
	double value;
	char *end;

	/* strtod() takes more than a size may be: signs, blanks, hexadecimal, "inf". */
	if (strspn(s, "0123456789.") == 0)
		return err_set(e, ERR_INVALID, "invalid size: '%s'", s);
	value = strtod(s, &end);
	if (strspn(s, "0123456789.") != (size_t)(end - s))
		return err_set(e, ERR_INVALID, "invalid size: '%s'", s);
	while (*end == ' ')
		end++;
	letter = *end ? strchr(letters, tolower((unsigned char)*end)) : NULL;
	if (letter) {
		end++;
		value = ldexp(value, 10 * (int)(letter - letters + 1));
		if (tolower((unsigned char)end[0]) == 'i' && end[1])
			end++;
	}
	if (*end && strcasecmp(end, "b") != 0)
		return err_set(e, ERR_INVALID, "invalid size: '%s'", s);
	if (value >= 9223372036854775807.0)
		return err_set(e, ERR_INVALID, "size '%s' is out of range", s);
	*ret_bytes = (int64_t)value;
	return 0;
}

/* below: the first number that would be rounded to one digit more. */
static void print_si(struct buf *out, int64_t bytes, int digits, double below, const char *between)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
	double v = (double)bytes;
	size_t i = 0;

	while (fabs(v) >= below && i + 1 < ARRAY_LEN(units)) {
		v /= 1000;
		i++;
	}
	buf_addf(out, "%.*g%s%s", digits, v, between, units[i]);
}

void size_print(struct buf *out, int64_t bytes, const char *between)
{
	print_si(out, bytes, 4, 1000, between);
}

void size_print_short(struct buf *out, int64_t bytes, const char *between)
{
	print_si(out, bytes, 3, 999.5, between);
}

static int unit_nsec(const char **s, double *ret)
{
	static const struct {
		const char *name;
		double nsec;
	} units[] = {
		{ "ns", 1 },  { "us", 1e3 }, { "µs", 1e3 },   { "ms", 1e6 },
		{ "s", 1e9 }, { "m", 60e9 }, { "h", 3600e9 }, { "d", 86400e9 },
	};

	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		size_t n = strlen(units[i].name);

		if (strncmp(*s, units[i].name, n) != 0)
			continue;
		*s += n;
		*ret = units[i].nsec;
		return 0;
	}
	return -EINVAL;
}

int duration_parse(const char *s, int64_t bare_unit_nsec, int64_t *ret_nsec, struct err *e)
{
	const char *p = s;
	bool negative = *p == '-';
	double sum = 0;

	if (*p == '-' || *p == '+')
		p++;
	if (!*p)
		return err_set(e, ERR_INVALID, "time: invalid duration \"%s\"", s);
	while (*p) {
		double value, unit;
		char *end;

		if (!isdigit((unsigned char)*p) && *p != '.')
			return err_set(e, ERR_INVALID, "time: invalid duration \"%s\"", s);
		value = strtod(p, &end);
		if (!*end && p == s + (negative || *s == '+') &&
		    (bare_unit_nsec > 0 || value == 0)) {
			sum = value * (double)bare_unit_nsec;
			break;
		}
		p = end;
		if (!*p)
			return err_set(e, ERR_INVALID, "time: missing unit in duration \"%s\"", s);
		if (unit_nsec(&p, &unit) < 0)
			return err_set(e, ERR_INVALID, "time: unknown unit in duration \"%s\"", s);
		sum += value * unit;
	}
	if (!(sum < 9.2e18))
		return err_set(e, ERR_INVALID, "time: invalid duration \"%s\"", s);
	*ret_nsec = negative ? -(int64_t)sum : (int64_t)sum;
	return 0;
}

void duration_print(struct buf *out, int64_t nsec)
{
	int64_t seconds = nsec / NSEC_PER_SEC, minutes = seconds / 60;
	int64_t hours = (seconds + 1800) / 3600; /* rounded, as Docker does */

	if (seconds < 1)
		buf_adds(out, "Less than a second");
	else if (seconds == 1)
		buf_adds(out, "1 second");
	else if (seconds < 60)
		buf_addf(out, "%lld seconds", (long long)seconds);
	else if (minutes == 1)
		buf_adds(out, "About a minute");
	else if (minutes < 60)
		buf_addf(out, "%lld minutes", (long long)minutes);
	else if (hours == 1)
		buf_adds(out, "About an hour");
	else if (hours < 48)
		buf_addf(out, "%lld hours", (long long)hours);
	else if (hours < 24 * 7 * 2)
		buf_addf(out, "%lld days", (long long)hours / 24);
	else if (hours < 24 * 30 * 2)
		buf_addf(out, "%lld weeks", (long long)hours / 24 / 7);
	else if (hours < 24 * 365 * 2)
		buf_addf(out, "%lld months", (long long)hours / 24 / 30);
	else
		buf_addf(out, "%lld years", (long long)(seconds / 3600 / 24 / 365));
}

static void split_time(int64_t nsec, bool utc, struct tm *ret, long *ret_rest)
{
	time_t t = nsec / NSEC_PER_SEC;
	long rest = (long)(nsec % NSEC_PER_SEC);

	if (rest < 0) {
		rest += NSEC_PER_SEC;
		t--;
	}
	if (utc)
		gmtime_r(&t, ret);
	else
		localtime_r(&t, ret);
	*ret_rest = rest;
}

/* Up to nine digits behind a point, without trailing zeros; nothing for none. */
static void print_fraction(struct buf *out, long nsec)
{
	char digits[16];
	size_t n;

	if (nsec == 0)
		return;
	n = (size_t)snprintf(digits, sizeof(digits), ".%09ld", nsec);
	while (n > 2 && digits[n - 1] == '0')
		n--;
	buf_add(out, digits, n);
}

static void print_offset(struct buf *out, const struct tm *t, const char *colon)
{
	long off = t->tm_gmtoff / 60;

	buf_addf(out, "%c%02ld%s%02ld", off < 0 ? '-' : '+', labs(off) / 60, colon, labs(off) % 60);
}

void time_print_rfc3339(struct buf *out, int64_t nsec, bool utc)
{
	struct tm t;
	long rest;

	split_time(nsec, utc, &t, &rest);
	buf_addf(out, "%04d-%02d-%02dT%02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
		 t.tm_hour, t.tm_min, t.tm_sec);
	print_fraction(out, rest);
	if (t.tm_gmtoff == 0)
		buf_addc(out, 'Z');
	else
		print_offset(out, &t, ":");
}

void time_print_go(struct buf *out, int64_t nsec)
{
	struct tm t;
	long rest;

	split_time(nsec, false, &t, &rest);
	buf_addf(out, "%04d-%02d-%02d %02d:%02d:%02d", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday,
		 t.tm_hour, t.tm_min, t.tm_sec);
	print_fraction(out, rest);
	buf_addc(out, ' ');
	print_offset(out, &t, "");
	buf_addf(out, " %s", t.tm_zone);
}

static bool digits(const char **s, int count, int *ret)
{
	int v = 0;

	for (int i = 0; i < count; i++) {
		if (!isdigit((unsigned char)**s))
			return false;
		v = v * 10 + (*(*s)++ - '0');
	}
	*ret = v;
	return true;
}

/* ".123" as nanoseconds; nothing is zero. */
static bool fraction(const char **s, int64_t *ret)
{
	int64_t v = 0;
	int n = 0;

	*ret = 0;
	if (**s != '.')
		return true;
	for ((*s)++; isdigit((unsigned char)**s); (*s)++)
		if (n < 9) {
			v = v * 10 + (**s - '0');
			n++;
		}
	if (n == 0)
		return false;
	for (; n < 9; n++)
		v *= 10;
	*ret = v;
	return true;
}

/* "Z", "+02:00" or nothing (local); *ret_set says which. */
static bool zone(const char **s, long *ret_offset, bool *ret_set)
{
	int hours, minutes, sign;

	*ret_set = **s != '\0';
	*ret_offset = 0;
	if (!**s)
		return true;
	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		return true;
	}
	if (**s != '+' && **s != '-')
		return false;
	sign = *(*s)++ == '-' ? -1 : 1;
	if (!digits(s, 2, &hours))
		return false;
	if (**s == ':')
		(*s)++;
	if (!digits(s, 2, &minutes))
		return false;
	*ret_offset = sign * (hours * 3600L + minutes * 60L);
	return true;
}

static bool parse_date(const char *s, int64_t *ret_nsec)
{
	struct tm t = { .tm_isdst = -1 };
	int64_t rest = 0;
	long offset;
	bool has_zone;
	time_t at;

	if (!digits(&s, 4, &t.tm_year) || *s++ != '-' || !digits(&s, 2, &t.tm_mon) || *s++ != '-' ||
	    !digits(&s, 2, &t.tm_mday))
		return false;
	if (*s == 'T' || *s == 't' || (*s == ' ' && isdigit((unsigned char)s[1]))) {
		s++;
		if (!digits(&s, 2, &t.tm_hour))
			return false;
		if (*s == ':' && (s++, !digits(&s, 2, &t.tm_min)))
			return false;
		if (*s == ':' && (s++, !digits(&s, 2, &t.tm_sec)))
			return false;
		if (!fraction(&s, &rest))
			return false;
	}
	while (*s == ' ')
		s++;
	if (!zone(&s, &offset, &has_zone))
		return false;
	/* Go's String() has a zone name behind the offset. */
	if (*s && *s != ' ')
		return false;
	if (t.tm_mon < 1 || t.tm_mon > 12 || t.tm_mday < 1 || t.tm_mday > 31 || t.tm_hour > 24 ||
	    t.tm_min > 59 || t.tm_sec > 60)
		return false;
	t.tm_year -= 1900;
	t.tm_mon -= 1;
	at = has_zone ? timegm(&t) - offset : mktime(&t);
	*ret_nsec = (int64_t)at * NSEC_PER_SEC + rest;
	return true;
}

static bool parse_unix(const char *s, int64_t *ret_nsec)
{
	int64_t seconds = 0, rest;
	int n = 0;

	for (; isdigit((unsigned char)*s); s++, n++)
		seconds = n < 11 ? seconds * 10 + (*s - '0') : seconds;
	if (n == 0 || n > 10 || !fraction(&s, &rest) || *s)
		return false;
	*ret_nsec = seconds * NSEC_PER_SEC + rest;
	return true;
}

int time_parse(const char *s, int64_t now_nsec, int64_t *ret_nsec, struct err *e)
{
	int64_t ago;

	if (parse_unix(s, ret_nsec) || parse_date(s, ret_nsec))
		return 0;
	if (duration_parse(s, 0, &ago, NULL) < 0)
		return err_set(e, ERR_INVALID, "failed to parse time \"%s\"", s);
	*ret_nsec = now_nsec - ago;
	return 0;
}

/* value / unit with as many decimals as it has. */
static void print_quotient(struct buf *out, uint64_t value, uint64_t unit)
{
	uint64_t rest = value % unit;

	buf_addf(out, "%" PRIu64, value / unit);
	if (rest == 0)
		return;
	buf_addc(out, '.');
	while (rest > 0) {
		unit /= 10;
		buf_addc(out, (char)('0' + rest / unit));
		rest %= unit;
	}
}

void duration_print_go(struct buf *out, int64_t nsec)
{
	uint64_t n = nsec < 0 ? 0 - (uint64_t)nsec : (uint64_t)nsec;
	uint64_t minutes = n / 60000000000ULL;

	if (nsec < 0)
		buf_addc(out, '-');
	if (n > 0 && n < 1000000000) {
		print_quotient(out, n, n < 1000 ? 1 : n < 1000000 ? 1000 : 1000000);
		buf_adds(out, n < 1000 ? "ns" : n < 1000000 ? "\302\265s" : "ms");
		return;
	}
	if (minutes >= 60)
		buf_addf(out, "%" PRIu64 "h", minutes / 60);
	if (minutes > 0)
		buf_addf(out, "%" PRIu64 "m", minutes % 60);
	print_quotient(out, n % 60000000000ULL, 1000000000);
	buf_addc(out, 's');
}
