/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

char *base64_encode(struct arena *a, const void *data, size_t len)
{
	const unsigned char *in = data;
	char *text = arena_alloc(a, (len + 2) / 3 * 4 + 1), *out = text;

	for (size_t i = 0; i < len; i += 3) {
		size_t have = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)in[i] << 16;

		if (have > 1)
			bits |= (uint32_t)in[i + 1] << 8;
		if (have > 2)
			bits |= in[i + 2];
		*out++ = alphabet[bits >> 18];
		*out++ = alphabet[bits >> 12 & 63];
		*out++ = have > 1 ? alphabet[bits >> 6 & 63] : '=';
		*out++ = have > 2 ? alphabet[bits & 63] : '=';
	}
	return text;
}

int base64_decode(struct arena *a, const char *text, char **ret, size_t *ret_len, struct err *e)
{
	size_t len = strlen(text), padding = 0;
	uint32_t bits = 0;

	while (padding < 2 && len > padding && text[len - 1 - padding] == '=')
		padding++;
	if (len % 4 != 0)
		return err_set(e, ERR_INVALID, "not base64");

	char *data = arena_alloc(a, len / 4 * 3 + 1);
	size_t n = 0;
	for (size_t i = 0; i < len; i++) {
		const char *at = i < len - padding ? strchr(alphabet, text[i]) : alphabet;

		if (!at)
			return err_set(e, ERR_INVALID, "not base64");
		bits = bits << 6 | (uint32_t)(at - alphabet);
		if (i % 4 == 3) {
			data[n++] = bits >> 16;
			data[n++] = bits >> 8;
			data[n++] = bits;
		}
	}
	n -= padding;
	data[n] = '\0';
	*ret = data;
	if (ret_len)
		*ret_len = n;
	return 0;
}
