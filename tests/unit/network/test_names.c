/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "network/names.h"
#include "network/resolver.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct network_addresses both = {
	.v = (struct network_address[]){ { .ipnet = "10.89.0.2/24" }, { .ipnet = "fd00::2/64" } },
	.n = 2,
};

static void a_container_answers_to_its_name_aliases_and_short_id(void **unused)
{
	struct network n = { .name = "net1", .dns_enabled = true };
	const char *aliases[] = { "db", "web", "DB", NULL };
	struct network_endpoint at = {
		.network = "net1",
		.dns_enabled = true,
		.addresses = both,
		.aliases = { .v = aliases, .n = 3 },
	};
	struct network_status web = { .id = ID, .name = "web", .endpoints = { &at, 1 } };
	struct network_statuses all = { &web, 1 };
	auto_buf out = BUF(4096);

	names_hosts(&out, &n, &all);
	assert_string_equal(buf_text(&out), "10.89.0.2 web db 0123456789ab\n"
					    "fd00::2 web db 0123456789ab\n");
	assert_true(names_any(&n, &all));
}

static void only_who_is_on_the_network_is_known_there(void **unused)
{
	struct network n = { .name = "net1", .dns_enabled = true };
	struct network_endpoint at[] = {
		{ .network = "net2", .dns_enabled = true, .addresses = both },
		{ .network = "net1", .dns_enabled = true }, /* has no address */
	};
	struct network_status web = { .id = ID, .name = "web", .endpoints = { at, 2 } };
	struct network_statuses all = { &web, 1 };
	auto_buf out = BUF(4096);

	names_hosts(&out, &n, &all);
	assert_string_equal(buf_text(&out), "");
	assert_false(names_any(&n, &all));
}

static char *arguments(struct arena *a, const struct network *n)
{
	struct texts argv = names_arguments(a, n,
					    &(struct names_server){
						    .program = "/usr/sbin/dnsmasq",
						    .dir = "/run/berth/dns/net1",
					    });

	return texts_join(a, &argv, "\n");
}

static void a_resolver_of_its_own_is_asked_instead_of_the_hosts(void **unused)
{
	AUTO(arena) a = arena_new();
	struct network n = { .name = "net1" };
	struct names_server how = { "dnsmasq", "/run", .resolver = "169.254.1.1" };
	struct texts argv = names_arguments(a, &n, &how);

	assert_true(texts_has(&argv, "--no-resolv"));
	assert_true(texts_has(&argv, "--server=169.254.1.1"));
	n.internal = true;
	argv = names_arguments(a, &n, &how);
	assert_false(texts_has(&argv, "--server=169.254.1.1"));
}

static void resolvers_on_the_loopback_are_known(void **unused)
{
	assert_true(names_only_local("# x\nnameserver 127.0.0.53\noptions edns0\n"));
	assert_true(names_only_local("nameserver\t127.0.0.1\nnameserver ::1"));
	assert_false(names_only_local("nameserver 127.0.0.1\nnameserver 192.0.2.1\n"));
	assert_false(names_only_local("nameserver ::12\n"));
	assert_false(names_only_local("search example.org\n"));
	assert_false(names_only_local(""));
}

static void the_server_listens_on_the_gateways_and_asks_the_hosts_resolvers(void **unused)
{
	AUTO(arena) a = arena_new();
	struct network_subnet subnets[] = {
		{ .subnet = "10.89.0.0/24", .gateway = "10.89.0.1" },
		{ .subnet = "fd00::/64", .gateway = "fd00::1" },
	};
	struct network n = { .name = "net1", .subnets = { subnets, 2 } };

	assert_string_equal(arguments(a, &n), "/usr/sbin/dnsmasq\n"
					      "--conf-file=/dev/null\n"
					      "--pid-file=/run/berth/dns/net1/pid\n"
					      "--user=nobody\n"
					      "--no-hosts\n"
					      "--addn-hosts=/sys/hosts\n"
					      "--bind-interfaces\n"
					      "--listen-address=10.89.0.1\n"
					      "--listen-address=fd00::1\n"
					      "--domain=dns.podman\n"
					      "--local=/dns.podman/\n"
					      "--expand-hosts\n"
					      "--domain-needed\n"
					      "--no-negcache\n"
					      "--resolv-file=/etc/resolv.conf");
}

static void an_internal_network_asks_nobody(void **unused)
{
	AUTO(arena) a = arena_new();
	const char *servers[] = { "9.9.9.9", "1.1.1.1", NULL };
	struct network n = { .name = "net1", .dns_servers = { .v = servers, .n = 2 } };
	char *words = arguments(a, &n);

	assert_non_null(strstr(words, "--no-resolv\n--server=9.9.9.9\n--server=1.1.1.1"));
	n.internal = true;
	words = arguments(a, &n);
	assert_true(text_ends(words, "--no-resolv"));
}

static void a_containers_own_servers_are_asked_for_what_is_no_networks(void **state)
{
	AUTO(arena) a = arena_new();
	struct network_address addresses[] = { { "10.89.0.7/24", "10.89.0.1" } };
	struct network_endpoint endpoint = { .driver = "bridge",
					     .dns_enabled = true,
					     .addresses = { addresses, 1 } };
	struct network_status st = { .endpoints = { &endpoint, 1 } };
	struct texts argv;

	assert_false(resolver_is_needed(&st));
	texts_add(a, &st.resolvers, "192.0.2.9");
	assert_true(resolver_is_needed(&st));
	argv = resolver_arguments(a, &(struct resolver){ .path = "/run/x" }, &st, "/sbin/dnsmasq");
	assert_true(texts_has(&argv, "--pid-file=/run/x/resolver.pid"));
	assert_true(texts_has(&argv, "--listen-address=127.0.0.11"));
	assert_true(texts_has(&argv, "--no-resolv"));
	assert_true(texts_has(&argv, "--server=/dns.podman/10.89.0.1"));
	assert_true(texts_has(&argv, "--server=//10.89.0.1"));
	assert_true(texts_has(&argv, "--rev-server=10.89.0.0/24,10.89.0.1"));
	assert_true(texts_has(&argv, "--server=192.0.2.9"));
	endpoint.dns_enabled = false;
	assert_false(resolver_is_needed(&st));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_container_answers_to_its_name_aliases_and_short_id),
		cmocka_unit_test(only_who_is_on_the_network_is_known_there),
		cmocka_unit_test(a_resolver_of_its_own_is_asked_instead_of_the_hosts),
		cmocka_unit_test(resolvers_on_the_loopback_are_known),
		cmocka_unit_test(the_server_listens_on_the_gateways_and_asks_the_hosts_resolvers),
		cmocka_unit_test(an_internal_network_asks_nobody),
		cmocka_unit_test(a_containers_own_servers_are_asked_for_what_is_no_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
