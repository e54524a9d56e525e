/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Other people's firewalls.  In netfilter each table has its say, `drop` is final and `accept` is
 * not: where somebody drops what he does not know, our own table can't help, and he has to be told
 * of our bridges.
 *
 *	iptables's tables, which ufw, Docker and many a script share.  Who forwards has chains of
 *	his own there and jumps to them; ours are BERTH-FORWARD, with all that comes from and goes
 *	to bridges (what of it may pass is said by `inet berth`), and BERTH-INPUT, with what
 *	containers ask their network's server of names.  They are there only if the tables are.
 *	Those of iptables-legacy are told by firewall_legacy.c.
 *	firewalld: the bridges are put into its zone `trusted`.
 *	Anybody's own table is left alone: firewall_obstacles() names who drops.
 *
 * None of it is a reason not to start a container.
 */
#include <inttypes.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/log.h"
#include "firewall/firewall.h"
#include "kernel/netfilter.h"
#include "network/firewall_private.h"
#include "network/network_private.h"

#define FILTER          "filter"
#define FIREWALLD       "firewalld"
#define FIREWALLD_ZONES "filter_INPUT_ZONES" /* a rule for each interface */
#define FORWARD_CHAIN   FIREWALL_FORWARD
#define INPUT_CHAIN     FIREWALL_NAMES
#define HANDLES_MAX     16 /* rules of one bridge in one chain; others don't make more */

/* iptables's tables are one a family. */
static const struct {
	int family;
	const char *word;
} families[] = { { NFPROTO_IPV4, "ip" }, { NFPROTO_IPV6, "ip6" } };
enum { FAMILIES = ARRAY_LEN(families) };

struct others {
	struct arena *a;
	bool forward[FAMILIES], input[FAMILIES], firewalld;
	struct netfilter_chain *droppers;
	size_t droppers_len;
};

static bool is_own(const struct netfilter_chain *c)
{
	return c->family == NFPROTO_INET && strcmp(c->table, "berth") == 0;
}

static void note_dropper(struct others *o, const struct netfilter_chain *c)
{
	struct netfilter_chain *more = arena_array(o->a, o->droppers_len + 1, sizeof(*more));

	if (o->droppers_len)
		memcpy(more, o->droppers, o->droppers_len * sizeof(*more));
	more[o->droppers_len++] = *c;
	o->droppers = more;
}

static void note(void *arg, const struct netfilter_chain *c)
{
	struct others *o = arg;

	if (is_own(c))
		return;
	if (strcmp(c->table, FIREWALLD) == 0) {
		o->firewalld = true;
		return;
	}
	for (size_t i = 0; i < FAMILIES; i++) {
		if (c->family != families[i].family || strcmp(c->table, FILTER) != 0)
			continue;
		if (strcmp(c->name, "FORWARD") == 0 && c->hook == NF_INET_FORWARD)
			o->forward[i] = true;
		else if (strcmp(c->name, "INPUT") == 0 && c->hook == NF_INET_LOCAL_IN)
			o->input[i] = true;
		else
			continue;
		return;
	}
	if (c->drops && c->hook == NF_INET_FORWARD)
		note_dropper(o, c);
}

static int look(struct arena *a, int socket, struct others *ret, struct err *e)
{
	*ret = (struct others){ .a = a };
	return netfilter_chains(socket, note, ret, e);
}

/* iptables */

static size_t find(int socket, size_t i, const char *chain, const char *word, uint64_t *handles,
		   size_t max)
{
	size_t n = 0;

	netfilter_find_rules(socket,
			     &(struct netfilter_rules){ families[i].family, FILTER, chain, word },
			     handles, max, &n, NULL);
	return n;
}

/* Our chain is there, and theirs leads to it. */
static void print_chain(struct buf *out, int socket, size_t i, const char *chain, const char *from)
{
	const char *family = families[i].word;

	buf_addf(out, "add chain %s " FILTER " %s\n", family, chain);
	if (find(socket, i, from, chain, NULL, 0) == 0)
		buf_addf(out, "insert rule %s " FILTER " %s counter jump %s\n", family, from,
			 chain);
}

static void print_forward(struct buf *out, int socket, size_t i, const char *bridge)
{
	print_chain(out, socket, i, FORWARD_CHAIN, "FORWARD");
	for (int to = 0; to < 2 && !find(socket, i, FORWARD_CHAIN, bridge, NULL, 0); to++)
		buf_addf(out,
			 "add rule %s " FILTER " " FORWARD_CHAIN
			 " %sifname \"%s\" counter accept\n",
			 families[i].word, to ? "o" : "i", bridge);
}

static void print_input(struct buf *out, int socket, size_t i, const char *bridge)
{
	static const char *const protocols[] = { "udp", "tcp" };

	print_chain(out, socket, i, INPUT_CHAIN, "INPUT");
	if (find(socket, i, INPUT_CHAIN, bridge, NULL, 0))
		return;
	for (size_t k = 0; k < ARRAY_LEN(protocols); k++)
		buf_addf(out,
			 "add rule %s " FILTER " " INPUT_CHAIN
			 " iifname \"%s\" %s dport 53 counter accept\n",
			 families[i].word, bridge, protocols[k]);
}

static bool is_known(const struct others *o, int socket, const struct network *n)
{
	const char *bridge = n->network_interface;

	for (size_t i = 0; i < FAMILIES; i++) {
		if (o->forward[i] && (!find(socket, i, "FORWARD", FORWARD_CHAIN, NULL, 0) ||
				      !find(socket, i, FORWARD_CHAIN, bridge, NULL, 0)))
			return false;
		if (o->input[i] && n->dns_enabled &&
		    (!find(socket, i, "INPUT", INPUT_CHAIN, NULL, 0) ||
		     !find(socket, i, INPUT_CHAIN, bridge, NULL, 0)))
			return false;
	}
	return true;
}

static int tell_iptables(struct arena *a, const struct others *o, int socket, int host_netns,
			 const struct network *n, struct err *e)
{
	auto_buf out = BUF(FIREWALL_INPUT_MAX);

	if (is_known(o, socket, n))
		return 0;
	for (size_t i = 0; i < FAMILIES; i++) {
		if (o->forward[i])
			print_forward(&out, socket, i, n->network_interface);
		if (o->input[i] && n->dns_enabled)
			print_input(&out, socket, i, n->network_interface);
	}
	return firewall_run(a, &out, host_netns, NULL, e);
}

static void print_deletes(struct buf *out, const char *family, const char *chain,
			  const uint64_t *handles, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "delete rule %s " FILTER " %s handle %" PRIu64 "\n", family, chain,
			 handles[i]);
}

/* After the last bridge's, whoever made these tables finds them as they were. */
static void print_end(struct buf *out, int socket, size_t i, const char *chain, const char *from,
		      const char *bridge)
{
	const char *family = families[i].word;
	uint64_t handles[HANDLES_MAX], jumps[HANDLES_MAX];
	size_t n = find(socket, i, chain, bridge, handles, HANDLES_MAX);
	size_t all = find(socket, i, chain, NULL, NULL, 0);
	size_t jumps_len = find(socket, i, from, chain, jumps, HANDLES_MAX);

	if (n == 0 || n > HANDLES_MAX || jumps_len > HANDLES_MAX)
		return;
	print_deletes(out, family, chain, handles, n);
	if (n < all)
		return;
	print_deletes(out, family, from, jumps, jumps_len);
	buf_addf(out, "delete chain %s " FILTER " %s\n", family, chain);
}

/* firewalld */

static bool is_trusted(int socket, const char *bridge)
{
	size_t n = 0;

	netfilter_find_rules(socket,
			     &(struct netfilter_rules){ NFPROTO_INET, FIREWALLD, FIREWALLD_ZONES,
							bridge },
			     NULL, 0, &n, NULL);
	return n > 0;
}

/* All of them */

int firewall_admit(struct arena *a, const struct network *n, int host_netns, int socket,
		   struct err *e)
{
	struct others o;
	struct err said;
	int r;

	if (!firewall_rules_over(n))
		return 0;
	if (firewall_legacy_admit(a, n, host_netns, &said) < 0)
		log_debug("network %s: %s", n->name, said.msg);
	r = look(a, socket, &o, e);
	if (r == 0)
		r = tell_iptables(a, &o, socket, host_netns, n, e);
	if (r == 0 && o.firewalld && !is_trusted(socket, n->network_interface))
		r = firewalld_trust(n->network_interface, true, e);
	return r;
}

int firewall_dismiss(struct arena *a, const struct network *n, int host_netns, int socket,
		     struct err *e)
{
	auto_buf out = BUF(FIREWALL_INPUT_MAX);
	const char *bridge = n->network_interface;
	struct others o;
	struct err said;
	int r;

	if (!firewall_rules_over(n))
		return 0;
	if (firewall_legacy_dismiss(a, n, host_netns, &said) < 0)
		log_debug("network %s: %s", n->name, said.msg);
	r = look(a, socket, &o, e);
	for (size_t i = 0; r == 0 && i < FAMILIES; i++) {
		print_end(&out, socket, i, FORWARD_CHAIN, "FORWARD", bridge);
		print_end(&out, socket, i, INPUT_CHAIN, "INPUT", bridge);
	}
	if (r == 0 && out.len)
		r = firewall_run(a, &out, host_netns, NULL, e);
	if (r == 0 && o.firewalld && is_trusted(socket, bridge))
		r = firewalld_trust(bridge, false, e);
	return r;
}

bool firewall_is_foreign_to_firewalld(const char *bridge, int host_netns)
{
	AUTO(arena) a = arena_new();
	auto_close int socket = netfilter_open(host_netns, NULL);
	struct others o;

	return socket >= 0 && look(a, socket, &o, NULL) == 0 && o.firewalld &&
	       !is_trusted(socket, bridge);
}

static const char *family_word(int family)
{
	return family == NFPROTO_IPV4 ? "ip" : family == NFPROTO_IPV6 ? "ip6" : "inet";
}

int firewall_obstacles(struct arena *a, const char *bridge, int host_netns, int *netfilter,
		       struct texts *ret, struct err *e)
{
	auto_close int own = -1;
	int *socket = netfilter ? netfilter : &own;
	struct others o;
	int r = firewall_socket(socket, host_netns, e);

	if (r == 0)
		r = look(a, *socket, &o, e);

	for (size_t i = 0; r == 0 && i < o.droppers_len; i++) {
		const struct netfilter_chain *c = &o.droppers[i];

		size_t n = 0;

		if (bridge)
			netfilter_find_rules(*socket,
					     &(struct netfilter_rules){ c->family, c->table, NULL,
									bridge },
					     NULL, 0, &n, NULL);
		if (n)
			continue;
		texts_addf(a, ret, "%s %s %s", family_word(c->family), c->table, c->name);
	}
	return r;
}
