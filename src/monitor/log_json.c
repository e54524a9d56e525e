/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Docker's json-file: {"log":"line\n","stream":"stdout","time":"..."} a line; one that was cut has
 * no \n in its text.  Written as Go's encoder does it, so bytes that aren't UTF-8 become U+FFFD.
 */
#include <stdio.h>
#include <string.h>

#include "monitor/supervisor.h"

struct out {
	struct logger *l;
	size_t len;
	int error;
};

static void out_flush(struct out *o)
{
	struct iovec v = { o->l->text, o->len };

	if (o->len && o->error == 0)
		o->error = log_file_write(&o->l->file, &v, 1);
	o->len = 0;
}

static void out_put(struct out *o, const char *text, size_t len)
{
	if (o->len + len > sizeof(o->l->text))
		out_flush(o);
	memcpy(o->l->text + o->len, text, len);
	o->len += len;
}

/* The length of the UTF-8 sequence that begins here, or 0. */
static size_t utf8_len(const unsigned char *s, size_t len)
{
	static const struct {
		unsigned char mask, lead;
		size_t len;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 1, 0 },
		      { 0xe0, 0xc0, 2, 0x80 },
		      { 0xf0, 0xe0, 3, 0x800 },
		      { 0xf8, 0xf0, 4, 0x10000 } };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		uint32_t c = s[0] & (unsigned char)~forms[i].mask;

		if ((s[0] & forms[i].mask) != forms[i].lead)
			continue;
		if (forms[i].len > len)
			return 0;
		for (size_t k = 1; k < forms[i].len; k++) {
			if ((s[k] & 0xc0) != 0x80)
				return 0;
			c = c << 6 | (s[k] & 0x3f);
		}
		if (c < forms[i].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
			return 0;
		return forms[i].len;
	}
	return 0;
}

/* Puts what starts at s in its quoted form, and returns how many bytes that was of. */
static size_t out_quote(struct out *o, const char *s, size_t len)
{
	static const char special[] = "\"\\\n\r\t", letter[] = "\"\\nrt";
	unsigned char c = (unsigned char)*s;
	const char *at = c ? strchr(special, c) : NULL;
	size_t n = utf8_len((const unsigned char *)s, len);
	char text[8];

	if (at) {
		text[0] = '\\';
		text[1] = letter[at - special];
		out_put(o, text, 2);
	} else if (n == 0) {
		out_put(o, "\\ufffd", 6);
		return 1;
	} else if (c < 0x20 || c == '<' || c == '>' || c == '&') {
		snprintf(text, sizeof(text), "\\u%04x", c);
		out_put(o, text, 6);
	} else if (n == 3 && !memcmp(s, "\xe2\x80", 2) && ((unsigned char)s[2] & 0xfe) == 0xa8) {
		out_put(o, s[2] & 1 ? "\\u2029" : "\\u2028", 6);
	} else {
		out_put(o, s, n);
	}
	return n;
}

int log_json_line(struct logger *l, int stream, const char *text, size_t len, bool partial,
		  int64_t nsec)
{
	struct out o = { .l = l };
	char when[TIME_TEXT_MAX], tail[TIME_TEXT_MAX + 48];
	int n;
	/* As if nothing needed quoting: a file may be longer than its maximum by what does. */
	int r = log_file_room(&l->file, (int64_t)len + (int64_t)sizeof(tail) + 16);

	if (r < 0)
		return r;
	time_text(when, nsec, "Z");
	n = snprintf(tail, sizeof(tail), "%s\",\"stream\":\"%s\",\"time\":\"%s\"}\n",
		     partial ? "" : "\\n", stream == STREAM_ERR ? "stderr" : "stdout", when);

	out_put(&o, "{\"log\":\"", 8);
	for (size_t done = 0; done < len && o.error == 0;)
		done += out_quote(&o, text + done, len - done);
	out_put(&o, tail, (size_t)n);
	out_flush(&o);
	if (o.error == 0)
		log_file_commit(&l->file);
	else
		log_file_abandon(&l->file);
	return o.error;
}
