/* SPDX-License-Identifier: BSD-2-Clause */
/* Other people's chains and rules: linux/netfilter/nf_tables.h. */
#include <arpa/inet.h>
#include <ctype.h>
#include <endian.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "kernel/netfilter.h"
#include "kernel/netfilter_private.h"

static void copy_name(char *to, size_t size, const struct nlattr *from)
{
	size_t len = attribute_len(from);

	if (len >= size)
		len = size - 1;
	memcpy(to, attribute_data(from), len);
	to[len] = '\0';
}

/* Numbers are in network order here. */
static uint32_t number_in(const struct nlattr *nest, unsigned type, uint32_t otherwise)
{
	const struct nlattr *at = netfilter_find(nest, type);

	return at && attribute_len(at) == 4 ? ntohl(attribute_u32(at)) : otherwise;
}

struct each_chain {
	netfilter_each_chain *each;
	void *arg;
};

static void tell_chain(void *arg, const struct nlmsghdr *h)
{
	const struct each_chain *each = arg;
	const struct nfgenmsg *g = message_data(h);
	const struct nlattr *table = netfilter_find_in(h, NFTA_CHAIN_TABLE);
	const struct nlattr *name = netfilter_find_in(h, NFTA_CHAIN_NAME);
	const struct nlattr *hook = netfilter_find_in(h, NFTA_CHAIN_HOOK);
	const struct nlattr *policy = netfilter_find_in(h, NFTA_CHAIN_POLICY);
	struct netfilter_chain c = { 0 };

	if (!table || !name || !hook)
		return;
	c.family = g->nfgen_family;
	copy_name(c.table, sizeof(c.table), table);
	copy_name(c.name, sizeof(c.name), name);
	c.hook = number_in(hook, NFTA_HOOK_HOOKNUM, UINT32_MAX);
	c.drops = policy && attribute_len(policy) == 4 && ntohl(attribute_u32(policy)) == NF_DROP;
	each->each(each->arg, &c);
}

int netfilter_chains(int socket, netfilter_each_chain *each, void *arg, struct err *e)
{
	_Alignas(struct nlmsghdr) char room[512];
	struct nlmsghdr *h = netfilter_begin(room, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETCHAIN,
					     NLM_F_DUMP, NFPROTO_UNSPEC);
	int r = netfilter_ask(socket, h, tell_chain, &(struct each_chain){ each, arg });

	return r < 0 ? err_from(e, r, "look at the firewall") : 0;
}

struct search {
	const char *word;
	uint64_t *handles;
	size_t max, found;
};

/* A whole word: interfaces and chains are texts that end with a zero, behind a header whose bytes
 * no name has. */
static bool mentions(const struct nlmsghdr *h, const char *word)
{
	const unsigned char *at = message_data(h);
	const unsigned char *end = at + message_len(h);
	size_t len = strlen(word) + 1;

	for (at++; at < end && (at = memmem(at, (size_t)(end - at), word, len)); at++)
		if (!isgraph(at[-1]))
			return true;
	return false;
}

static void look_for(void *arg, const struct nlmsghdr *h)
{
	struct search *s = arg;
	const struct nlattr *handle = netfilter_find_in(h, NFTA_RULE_HANDLE);

	if (!handle || attribute_len(handle) != 8 || (s->word && !mentions(h, s->word)))
		return;
	if (s->found < s->max)
		s->handles[s->found] = be64toh(attribute_u64(handle));
	s->found++;
}

int netfilter_find_rules(int socket, const struct netfilter_rules *of, uint64_t *handles,
			 size_t max, size_t *ret_found, struct err *e)
{
	_Alignas(struct nlmsghdr) char room[512];
	struct search s = { .word = of->word, .handles = handles, .max = max };
	struct nlmsghdr *h = netfilter_begin(room, NFNL_SUBSYS_NFTABLES, NFT_MSG_GETRULE,
					     NLM_F_DUMP, of->family);
	int r;

	attribute_put_text(h, NFTA_RULE_TABLE, of->table);
	if (of->chain)
		attribute_put_text(h, NFTA_RULE_CHAIN, of->chain);
	r = netfilter_ask(socket, h, look_for, &s);
	if (r < 0 && r != -ENOENT)
		return err_from(e, r, "look at the firewall");
	*ret_found = s.found;
	return 0;
}
