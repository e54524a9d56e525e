/* SPDX-License-Identifier: BSD-2-Clause */
#include "unit.h"

#include "golden.h"
#include "network/firewall_private.h"

static struct network_subnet subnets[] = { { .subnet = "10.89.0.0/24", .gateway = "10.89.0.1" },
					   { .subnet = "fd00:1::/64", .gateway = "fd00:1::1" } };

static struct network bridge(const char *name, const char *interface)
{
	return (struct network){ .name = name,
				 .driver = "bridge",
				 .network_interface = interface,
				 .subnets = { subnets, ARRAY_LEN(subnets) } };
}

static void the_rules_are_these(void **state)
{
	auto_buf out = BUF(65536);

	firewall_print_rules(&out);
	assert_golden("network/rules.expected", buf_text(&out));
}

static void networks_become_elements(void **state)
{
	AUTO(arena) a = arena_new();
	auto_buf out = BUF(65536);
	struct network n = bridge("net1", "podman1");

	firewall_print_network(&out, "add", &n);
	n = bridge("inner", "podman2");
	n.internal = true;
	firewall_print_network(&out, "add", &n);
	n = bridge("alone", "podman3");
	text_map_set(a, &n.options, "isolate", "true");
	firewall_print_network(&out, "add", &n);
	n = bridge("hermit", "podman4");
	text_map_set(a, &n.options, "isolate", "strict");
	firewall_print_network(&out, "delete", &n);
	n = bridge("lan", "eth0");
	n.driver = "macvlan";
	firewall_print_network(&out, "add", &n);
	assert_golden("network/networks.expected", buf_text(&out));
}

static struct network_address addresses[] = { { "10.89.0.7/24", "10.89.0.1" },
					      { "fd00:1::7/64", "fd00:1::1" } };
static struct network_address inner_addresses[] = { { "10.90.0.7/24", NULL } };
static struct network_endpoint endpoints[] = {
	{ .network = "inner",
	  .driver = "bridge",
	  .bridge = "podman2",
	  .internal = true,
	  .addresses = { inner_addresses, 1 } },
	{ .network = "net1",
	  .driver = "bridge",
	  .bridge = "podman1",
	  .addresses = { addresses, 2 } },
};
static struct network_port ports[] = {
	{ .host_ip = "", .host_port = 8080, .container_port = 80, .range = 1, .protocol = "tcp" },
	{ .host_ip = "127.0.0.1", .host_port = 53, .container_port = 5353, .protocol = "udp" },
	{ .host_ip = "::1", .host_port = 53, .container_port = 5353, .protocol = "udp" },
	{ .host_ip = "0.0.0.0",
	  .host_port = 9000,
	  .container_port = 7000,
	  .range = 3,
	  .protocol = "sctp" },
};

static void ports_lead_to_the_first_bridge_that_is_not_internal(void **state)
{
	auto_buf out = BUF(65536);
	struct network_status st = { .endpoints = { endpoints, 2 }, .ports = { ports, 4 } };

	firewall_print_ports(&out, "add", &st);
	assert_golden("network/ports.expected", buf_text(&out));
}

static void ports_are_the_kernels_elements_too(void **state)
{
	static const uint8_t key[] = { 127, 0, 0, 1, 17, 0, 0, 0, 0, 53, 0, 0 };
	static const uint8_t value[] = { 10, 89, 0, 7, 5353 >> 8, 5353 & 255, 0, 0 };
	struct network_status st = { .endpoints = { endpoints, 2 }, .ports = { ports, 4 } };
	struct netfilter_element v[7] = { 0 };

	/* 8080 of both families, 53 of each, three of 9000 and on, of IPv4. */
	assert_int_equal(firewall_port_elements(v, ARRAY_LEN(v), &st), 7);
	assert_string_equal(v[0].set, "ports4");
	assert_int_equal(v[0].key.bytes[0], 6);
	assert_string_equal(v[1].set, "address_ports4");
	assert_int_equal(v[1].key.len, sizeof(key));
	assert_memory_equal(v[1].key.bytes, key, sizeof(key));
	assert_int_equal(v[1].value.len, sizeof(value));
	assert_memory_equal(v[1].value.bytes, value, sizeof(value));
	assert_int_equal(v[4].key.bytes[5], (9002 & 255));
	assert_string_equal(v[6].set, "address_ports6");
	assert_int_equal(v[6].key.len, 24);
	assert_int_equal(v[6].value.len, 20);
}

static void more_ports_than_there_is_room_for_are_counted(void **state)
{
	struct network_status st = { .endpoints = { endpoints, 2 }, .ports = { ports, 4 } };
	struct netfilter_element v[2] = { 0 };

	assert_int_equal(firewall_port_elements(v, 2, &st), 7);
}

static void a_container_on_no_bridge_publishes_nothing(void **state)
{
	auto_buf out = BUF(65536);
	struct network_endpoint lan = { .driver = "macvlan", .addresses = { addresses, 2 } };
	struct network_status st = { .endpoints = { &lan, 1 }, .ports = { ports, 4 } };

	firewall_print_ports(&out, "add", &st);
	assert_string_equal(buf_text(&out), "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rules_are_these),
		cmocka_unit_test(networks_become_elements),
		cmocka_unit_test(ports_lead_to_the_first_bridge_that_is_not_internal),
		cmocka_unit_test(ports_are_the_kernels_elements_too),
		cmocka_unit_test(more_ports_than_there_is_room_for_are_counted),
		cmocka_unit_test(a_container_on_no_bridge_publishes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
