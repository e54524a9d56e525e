/* SPDX-License-Identifier: BSD-2-Clause */
/* What the monitor makes of what the kernel tells of nftables. */
#include "unit.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "monitor/supervisor.h"

int64_t now_monotonic_ms(void)
{
	return 1;
}

void watch_set(struct supervisor *s, struct watch *w, uint32_t events)
{
	if (w->fd >= 0)
		w->events = events;
}

void watch_close(struct supervisor *s, struct watch *w)
{
	close(w->fd);
	w->fd = -1;
}

void oom_restore(const struct supervisor *s)
{
}

struct bench {
	struct supervisor s;
	int kernel;
	_Alignas(4) char text[1024]; /* what is told at once */
	size_t len;
};

static int set_up(void **state)
{
	static const char *const argv[] = { "/bin/true", NULL };
	struct bench *b = calloc(1, sizeof(*b));
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	b->kernel = pair[0];
	b->s.now_ms = 1000000;
	b->s.h.firewall = pair[1];
	b->s.h.program = "/bin/true";
	b->s.h.mend_argv = argv;
	firewall_start(&b->s);
	*state = b;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *b = *state;

	close(b->kernel);
	close(b->s.firewall.watch.fd);
	free(b);
	return 0;
}

/* A message with one attribute, a text, behind another that is of no interest. */
static void say(struct bench *b, unsigned type, unsigned family, uint16_t attribute,
		const char *text)
{
	struct nlmsghdr h = { .nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type) };
	struct nfgenmsg g = { .nfgen_family = (uint8_t)family };
	struct nlattr other = { .nla_len = NLA_HDRLEN + 4, .nla_type = 77 };
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + strlen(text) + 1),
			    .nla_type = attribute };
	char *at = b->text + b->len;

	h.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + sizeof(g) + other.nla_len + NLA_ALIGN(a.nla_len));
	memset(at, 0, h.nlmsg_len);
	memcpy(at, &h, sizeof(h));
	memcpy(at + NLMSG_HDRLEN, &g, sizeof(g));
	at += NLMSG_HDRLEN + sizeof(g);
	memcpy(at, &other, sizeof(other));
	memcpy(at + other.nla_len, &a, sizeof(a));
	strcpy(at + other.nla_len + NLA_HDRLEN, text);
	b->len += NLMSG_ALIGN(h.nlmsg_len);
}

/* And one with the name of a chain, too. */
static void say_chain(struct bench *b, unsigned type, unsigned family, const char *table,
		      uint16_t attribute, const char *chain)
{
	char *h = b->text + b->len, *at;
	struct nlattr a = { .nla_len = (uint16_t)(NLA_HDRLEN + strlen(chain) + 1),
			    .nla_type = attribute };
	uint32_t len;

	say(b, type, family, NFTA_CHAIN_TABLE, table);
	at = b->text + b->len;
	memset(at, 0, NLA_ALIGN(a.nla_len));
	memcpy(at, &a, sizeof(a));
	strcpy(at + NLA_HDRLEN, chain);
	b->len += NLA_ALIGN(a.nla_len);
	len = (uint32_t)(b->text + b->len - h);
	memcpy(h, &len, sizeof(len));
}

static void send_it(struct bench *b)
{
	assert_int_equal(send(b->kernel, b->text, b->len, 0), (int)b->len);
	b->len = 0;
	firewall_ready(&b->s);
}

static void end(struct bench *b, const char *process)
{
	send_it(b);
	say(b, NFT_MSG_NEWGEN, NFPROTO_UNSPEC, NFTA_GEN_PROC_NAME, process);
	send_it(b);
}

static void what_somebody_deletes_is_put_back_soon(void **state)
{
	static const unsigned types[] = { NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE,
					  NFT_MSG_DELSET, NFT_MSG_DELSETELEM };
	struct bench *b = *state;

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		b->s.firewall.mend.at_ms = 0;
		say(b, NFT_MSG_NEWTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "other");
		say(b, types[i], NFPROTO_INET, NFTA_TABLE_NAME, "berth");
		end(b, "nft");
		assert_in_range(b->s.firewall.mend.at_ms, b->s.now_ms + 1, b->s.now_ms + 1000);
		assert_int_equal(firewall_deadline(&b->s, 0), b->s.firewall.mend.at_ms);
	}
}

static void a_firewall_that_comes_or_is_flushed_is_told_soon(void **state)
{
	struct bench *b = *state;
	struct firewall *f = &b->s.firewall;

	say_chain(b, NFT_MSG_NEWCHAIN, NFPROTO_IPV4, "filter", NFTA_CHAIN_NAME, "FORWARD");
	end(b, "dockerd");
	assert_in_range(f->mend.at_ms, b->s.now_ms + 1, b->s.now_ms + 1000);
	f->mend.at_ms = 0;
	say_chain(b, NFT_MSG_DELRULE, NFPROTO_IPV6, "filter", NFTA_RULE_CHAIN, "INPUT");
	end(b, "ip6tables");
	assert_in_range(f->mend.at_ms, b->s.now_ms + 1, b->s.now_ms + 1000);
	f->mend.at_ms = 0;
	say(b, NFT_MSG_NEWTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "firewalld");
	end(b, "firewalld");
	assert_in_range(f->mend.at_ms, b->s.now_ms + 1, b->s.now_ms + 1000);
	f->mend.at_ms = 0;
	/* Docker's own, a table of another name, and what berth's program writes there. */
	say_chain(b, NFT_MSG_NEWCHAIN, NFPROTO_IPV4, "filter", NFTA_CHAIN_NAME, "DOCKER");
	say_chain(b, NFT_MSG_NEWCHAIN, NFPROTO_IPV4, "nat", NFTA_CHAIN_NAME, "INPUT");
	say_chain(b, NFT_MSG_DELRULE, NFPROTO_IPV4, "filter", NFTA_RULE_CHAIN, "DOCKER-USER");
	end(b, "dockerd");
	say_chain(b, NFT_MSG_NEWCHAIN, NFPROTO_IPV4, "filter", NFTA_CHAIN_NAME, "FORWARD");
	end(b, "firewall");
	assert_int_equal(f->mend.at_ms, 0);
}

static void nothing_is_done_before_the_transaction_ends(void **state)
{
	struct bench *b = *state;

	say(b, NFT_MSG_DELTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	send_it(b);
	assert_int_equal(firewall_deadline(&b->s, 0), 0);
	assert_int_equal(firewall_deadline(&b->s, 7), 7);
}

static void what_is_not_ours_or_not_deleted_is_nothing(void **state)
{
	struct bench *b = *state;

	say(b, NFT_MSG_DELTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "berths");
	say(b, NFT_MSG_DELTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "bert");
	say(b, NFT_MSG_DELTABLE, NFPROTO_IPV4, NFTA_TABLE_NAME, "berth");
	say(b, NFT_MSG_NEWSETELEM, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	end(b, "nft");
	say(b, NFT_MSG_DELRULE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	end(b, "firewall");
	assert_int_equal(b->s.firewall.mend.at_ms, 0);
}

static void who_sees_it_put_back_has_nothing_to_do(void **state)
{
	struct bench *b = *state;

	say(b, NFT_MSG_DELTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	end(b, "nft");
	/* Somebody's bridge is no repair. */
	say(b, NFT_MSG_NEWSETELEM, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	end(b, "firewall");
	assert_int_not_equal(b->s.firewall.mend.at_ms, 0);
	say(b, NFT_MSG_NEWRULE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	end(b, "firewall");
	assert_int_equal(b->s.firewall.mend.at_ms, 0);
}

static void again_and_again_waits_longer_until_it_is_quiet(void **state)
{
	struct bench *b = *state;
	int64_t waited = 0;

	for (int i = 0; i < 10; i++) {
		int64_t before = waited;

		say(b, NFT_MSG_DELTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
		end(b, "nft");
		waited = b->s.firewall.mend.at_ms - b->s.now_ms;
		assert_true(waited >= before || waited >= 60000);
		b->s.now_ms = b->s.firewall.mend.at_ms;
		say(b, NFT_MSG_NEWRULE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
		end(b, "firewall");
	}
	assert_in_range(waited, 60000, 61000);
	b->s.now_ms += 200000;
	say(b, NFT_MSG_DELTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	end(b, "nft");
	assert_true(b->s.firewall.mend.at_ms - b->s.now_ms < 1000);
}

static void what_is_cut_off_or_nonsense_is_survived(void **state)
{
	struct bench *b = *state;
	char whole[sizeof(b->text)];
	size_t len;

	say(b, NFT_MSG_DELTABLE, NFPROTO_INET, NFTA_TABLE_NAME, "berth");
	len = b->len;
	memcpy(whole, b->text, len);
	for (b->len = 0; b->len < len; b->len++) {
		size_t n = b->len;

		memcpy(b->text, whole, n);
		send_it(b);
		b->len = n;
	}
	for (size_t i = 0; i < len; i++) {
		memcpy(b->text, whole, len);
		b->text[i] ^= (char)0xff;
		b->len = len;
		send_it(b);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(what_somebody_deletes_is_put_back_soon),
		TEST(a_firewall_that_comes_or_is_flushed_is_told_soon),
		TEST(nothing_is_done_before_the_transaction_ends),
		TEST(what_is_not_ours_or_not_deleted_is_nothing),
		TEST(who_sees_it_put_back_has_nothing_to_do),
		TEST(again_and_again_waits_longer_until_it_is_quiet),
		TEST(what_is_cut_off_or_nonsense_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
