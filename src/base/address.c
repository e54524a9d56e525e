/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

unsigned address_len(const struct address *a)
{
	return a->family == AF_INET ? 4 : 16;
}

unsigned address_bits(const struct address *a)
{
	return address_len(a) * 8;
}

bool address_parse(const char *s, struct address *ret)
{
	struct address a = { .family = strchr(s, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(a.family, s, a.bytes) != 1)
		return false;
	a.prefix = address_bits(&a);
	*ret = a;
	return true;
}

bool address_parse_net(const char *s, struct address *ret)
{
	const char *slash = strchr(s, '/');
	char text[ADDRESS_TEXT];
	unsigned prefix = 0, digits = 0;
	struct address a;

	if (!slash || (size_t)(slash - s) >= sizeof(text))
		return false;
	memcpy(text, s, (size_t)(slash - s));
	text[slash - s] = 0;
	if (!address_parse(text, &a))
		return false;
	for (const char *p = slash + 1; *p; p++, digits++) {
		if (*p < '0' || *p > '9' || digits == 3)
			return false;
		prefix = prefix * 10 + (unsigned)(*p - '0');
	}
	if (!digits || prefix > a.prefix)
		return false;
	a.prefix = prefix;
	*ret = a;
	return true;
}

const char *address_print(const struct address *a, char ret[ADDRESS_TEXT])
{
	ret[0] = 0;
	inet_ntop(a->family, a->bytes, ret, ADDRESS_TEXT);
	return ret;
}

const char *address_print_net(const struct address *a, char ret[ADDRESS_TEXT])
{
	size_t n;

	address_print(a, ret);
	n = strlen(ret);
	snprintf(ret + n, ADDRESS_TEXT - n, "/%u", a->prefix);
	return ret;
}

static struct address with_host_bits(const struct address *a, bool ones)
{
	struct address out = *a;

	for (unsigned bit = a->prefix; bit < address_bits(a); bit++) {
		unsigned char mask = (unsigned char)(0x80 >> bit % 8);

		if (ones)
			out.bytes[bit / 8] |= mask;
		else
			out.bytes[bit / 8] &= (unsigned char)~mask;
	}
	return out;
}

struct address address_first(const struct address *a)
{
	return with_host_bits(a, false);
}

struct address address_last(const struct address *a)
{
	return with_host_bits(a, true);
}

struct address address_plus(const struct address *a, uint32_t n)
{
	struct address out = *a;
	uint64_t carry = n;

	for (unsigned i = address_len(a); i-- > 0 && carry;) {
		carry += out.bytes[i];
		out.bytes[i] = (unsigned char)carry;
		carry >>= 8;
	}
	return out;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, address_len(a));
}

bool address_contains(const struct address *net, const struct address *a)
{
	struct address other = *a;

	if (a->family != net->family)
		return false;
	other.prefix = net->prefix;
	other = address_first(&other);
	return memcmp(other.bytes, address_first(net).bytes, sizeof(other.bytes)) == 0;
}

bool address_overlaps(const struct address *net, const struct address *other)
{
	return net->prefix <= other->prefix ? address_contains(net, other)
					    : address_contains(other, net);
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	if (!at)
		return -1;
	return at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

bool mac_parse(const char *s, unsigned char ret[MAC_LEN])
{
	if (strlen(s) != MAC_TEXT - 1)
		return false;
	for (int i = 0; i < MAC_LEN; i++) {
		int high = hex_digit(s[3 * i]), low = hex_digit(s[3 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		if (i < MAC_LEN - 1 &&
		    ((s[3 * i + 2] != ':' && s[3 * i + 2] != '-') || s[3 * i + 2] != s[2]))
			return false;
		ret[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

const char *mac_print(const unsigned char mac[MAC_LEN], char ret[MAC_TEXT])
{
	snprintf(ret, MAC_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
		 mac[4], mac[5]);
	return ret;
}
