/* SPDX-License-Identifier: BSD-2-Clause */
#include "engine/logs_parse.h"

#include <string.h>
#include <time.h>

#define NSEC_PER_SEC 1000000000LL
#define DATE_LEN     19 /* 2026-11-22T10:39:23 */

/* n digits; -1 if they aren't. */
static int digits(const char *s, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (s[i] < '0' || s[i] > '9')
			return -1;
		value = value * 10 + (s[i] - '0');
	}
	return value;
}

/* "Z" or "+hh:mm"; returns its length, 0 if it is none. */
static size_t parse_zone(const char *s, size_t len, int64_t *ret_seconds)
{
	int hours, minutes;

	*ret_seconds = 0;
	if (len >= 1 && s[0] == 'Z')
		return 1;
	if (len < 6 || (s[0] != '+' && s[0] != '-') || s[3] != ':')
		return 0;
	hours = digits(s + 1, 2);
	minutes = digits(s + 4, 2);
	if (hours < 0 || minutes < 0)
		return 0;
	*ret_seconds = (s[0] == '-' ? -60 : 60) * (hours * 60LL + minutes);
	return 6;
}

/* Days since 1970 of a date of the Gregorian calendar, by counting from a March, as leap days then
 * end the year. */
static int64_t days_of(int year, int month, int day)
{
	int64_t y = month > 2 ? year : year - 1;
	int64_t era = (y >= 0 ? y : y - 399) / 400, of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

size_t logs_parse_time(const char *s, size_t len, int64_t *ret_nsec)
{
	int64_t nsec = 0, scale = NSEC_PER_SEC / 10, zone, seconds;
	int year, month, day, hour, minute, second;
	size_t at = DATE_LEN, n;

	if (len < DATE_LEN || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
	    s[16] != ':')
		return 0;
	year = digits(s, 4);
	month = digits(s + 5, 2);
	day = digits(s + 8, 2);
	hour = digits(s + 11, 2);
	minute = digits(s + 14, 2);
	second = digits(s + 17, 2);
	if ((year | month | day | hour | minute | second) < 0 || month < 1 || month > 12)
		return 0;
	if (at < len && s[at] == '.')
		for (at++; at < len && s[at] >= '0' && s[at] <= '9'; at++, scale /= 10)
			nsec += (s[at] - '0') * scale;
	n = parse_zone(s + at, len - at, &zone);
	if (n == 0)
		return 0;

	seconds = days_of(year, month, day) * 86400 + hour * 3600LL + minute * 60LL + second - zone;
	/* What nanoseconds in 64 bits can't tell is 1677 or 2262. */
	if (seconds > INT64_MAX / NSEC_PER_SEC - 1 || seconds < INT64_MIN / NSEC_PER_SEC + 1)
		return 0;
	*ret_nsec = seconds * NSEC_PER_SEC + nsec;
	return at + n;
}

static bool parse_k8s(const char *s, size_t len, struct logs_line *ret)
{
	size_t at = logs_parse_time(s, len, &ret->time_nsec);

	if (at == 0 || len - at < 10 || s[at] != ' ' || s[at + 7] != ' ' ||
	    (s[at + 8] != 'F' && s[at + 8] != 'P') || s[at + 9] != ' ')
		return false;
	ret->is_stderr = !memcmp(s + at + 1, "stderr", 6);
	if (!ret->is_stderr && memcmp(s + at + 1, "stdout", 6) != 0)
		return false;
	ret->partial = s[at + 8] == 'P';
	ret->text = s + at + 10;
	ret->len = len - at - 10;
	return true;
}

static int hex4(const char *s)
{
	int value = 0;

	for (int i = 0; i < 4; i++) {
		char c = s[i];
		int digit = c >= '0' && c <= '9'   ? c - '0'
			    : c >= 'a' && c <= 'f' ? c - 'a' + 10
			    : c >= 'A' && c <= 'F' ? c - 'A' + 10
						   : -1;

		if (digit < 0)
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

static size_t put_utf8(char *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (char)(0xc0 | c >> 6);
		to[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (char)(0xe0 | c >> 12);
		to[1] = (char)(0x80 | (c >> 6 & 0x3f));
		to[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	to[0] = (char)(0xf0 | c >> 18);
	to[1] = (char)(0x80 | (c >> 12 & 0x3f));
	to[2] = (char)(0x80 | (c >> 6 & 0x3f));
	to[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* \uXXXX, also as a surrogate pair; never longer than what it stands for. Moves *at. */
static size_t unescape_code(const char *s, size_t len, size_t *at, char *to)
{
	int code = len - *at >= 4 ? hex4(s + *at) : -1, low;

	if (code < 0)
		return 0;
	*at += 4;
	if (code >= 0xd800 && code < 0xdc00 && len - *at >= 6 && s[*at] == '\\' &&
	    s[*at + 1] == 'u') {
		low = hex4(s + *at + 2);
		if (low >= 0xdc00 && low < 0xe000) {
			*at += 6;
			return put_utf8(to, 0x10000 + ((uint32_t)(code - 0xd800) << 10) +
						    (uint32_t)(low - 0xdc00));
		}
	}
	return put_utf8(to, code >= 0xd800 && code < 0xe000 ? 0xfffd : (uint32_t)code);
}

/* Unquotes in place what begins behind a quote; *at moves behind the closing one. */
static bool unquote(char *s, size_t len, size_t *at, size_t *ret_len)
{
	static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	size_t i = *at, n = *at;

	while (i < len && s[i] != '"') {
		const char *known;

		if (s[i] != '\\') {
			s[n++] = s[i++];
			continue;
		}
		if (++i >= len)
			return false;
		known = s[i] ? strchr(letters, s[i]) : NULL;
		if (known) {
			s[n++] = meant[known - letters];
			i++;
		} else if (s[i] == 'u') {
			size_t put;

			i++;
			put = unescape_code(s, len, &i, s + n);
			if (put == 0)
				return false;
			n += put;
		} else {
			return false;
		}
	}
	if (i >= len)
		return false;
	*ret_len = n - *at;
	*at = i + 1;
	return true;
}

static bool parse_json(char *s, size_t len, struct logs_line *ret)
{
	static const char head[] = "{\"log\":\"", stream[] = "\"stream\":\"std",
			  when[] = "\"time\":\"";
	size_t at = strlen(head), n;
	const char *found;

	if (len < at || memcmp(s, head, at) != 0 || !unquote(s, len, &at, &n))
		return false;
	ret->text = s + strlen(head);
	ret->partial = n == 0 || ret->text[n - 1] != '\n';
	ret->len = ret->partial ? n : n - 1;

	found = memmem(s + at, len - at, stream, strlen(stream));
	ret->is_stderr = found && found + strlen(stream) < s + len && found[strlen(stream)] == 'e';
	if (!found)
		return false;
	found = memmem(s + at, len - at, when, strlen(when));
	if (!found)
		return false;
	found += strlen(when);
	return logs_parse_time(found, (size_t)(s + len - found), &ret->time_nsec) > 0;
}

bool logs_parse(enum monitor_log log, char *record, size_t len, struct logs_line *ret)
{
	*ret = (struct logs_line){ .len = 0 };
	return log == MONITOR_LOG_JSON_FILE ? parse_json(record, len, ret)
					    : parse_k8s(record, len, ret);
}
