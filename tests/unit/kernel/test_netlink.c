/* SPDX-License-Identifier: BSD-2-Clause */
/* In network namespaces of the test's own: as root, or in a user namespace. */
#include "kernel/netlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>

#include "kernel/netns.h"
#include "unit.h"

static int here = -1, there = -1;

static int make_namespace(int flags)
{
	if (unshare(flags | CLONE_NEWNET) < 0)
		return -1;
	return open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
}

static int set_up(void **state)
{
	there = make_namespace(geteuid() ? CLONE_NEWUSER : 0);
	if (there >= 0)
		here = make_namespace(0);
	return 0;
}

static struct netlink *open_in(int netns)
{
	struct netlink *n;
	struct err e;

	if (here < 0) {
		print_message("needs network namespaces\n");
		skip();
	}
	if (netlink_open(netns, &n, &e) < 0)
		fail_msg("%s", e.msg);
	return n;
}

static int index_of(struct netlink *n, const char *name)
{
	struct netlink_info info;

	return netlink_link_find(n, name, 0, &info, NULL) < 0 ? 0 : info.index;
}

static void add(struct netlink *n, const struct netlink_link *link)
{
	struct err e;

	if (netlink_link_add(n, link, &e) < 0)
		fail_msg("%s", e.msg);
}

static void a_veth_pair_is_made_across_namespaces(void **state)
{
	AUTO(netlink) n = open_in(-1);
	AUTO(netlink) inside = open_in(there);
	const unsigned char mac[MAC_LEN] = { 2, 0, 0, 0, 0, 7 };
	struct netlink_link peer = { .name = "eth0", .mac = mac, .mtu = 1400, .netns = &there };
	struct netlink_info info;
	int bridge;

	add(n, &(struct netlink_link){ .name = "br0", .kind = "bridge", .up = true });
	bridge = index_of(n, "br0");
	add(n, &(struct netlink_link){
		       .name = "vh", .kind = "veth", .master = bridge, .up = true, .peer = &peer });
	assert_int_equal(netlink_link_find(n, "vh", 0, &info, NULL), 0);
	assert_int_equal(info.master, bridge);
	assert_string_equal(info.kind, "veth");
	assert_true(info.flags & IFF_UP);
	assert_int_equal(netlink_port_set(n, info.index, &(struct netlink_port){ .hairpin = true },
					  NULL),
			 0);
	assert_int_equal(netlink_link_find(inside, "eth0", 0, &info, NULL), 0);
	assert_memory_equal(info.mac, mac, MAC_LEN);
	assert_int_equal(info.mtu, 1400);
	assert_int_equal(index_of(n, "eth0"), 0);
}

static void a_taken_name_is_an_error_that_says_it(void **state)
{
	AUTO(netlink) n = open_in(-1);
	struct err e = { 0 };

	add(n, &(struct netlink_link){ .name = "d0", .kind = "bridge" });
	assert_int_equal(netlink_link_add(n,
					  &(struct netlink_link){ .name = "d0", .kind = "bridge" },
					  &e),
			 -EEXIST);
	assert_string_equal(e.msg, "add the bridge interface d0: File exists");
	assert_int_equal(netlink_link_remove(n, index_of(n, "d0"), &e), 0);
	assert_int_equal(netlink_link_remove(n, 4711, &e), -ENODEV);
}

static void the_kernels_words_are_passed_on(void **state)
{
	AUTO(netlink) n = open_in(-1);
	struct err e = { 0 };

	assert_true(netlink_link_add(n, &(struct netlink_link){ .name = "x", .kind = "nonsense" },
				     &e) < 0);
	assert_non_null(strstr(e.msg, "add the nonsense interface x: "));
	assert_non_null(strstr(e.msg, "Unknown device type"));
}

static int count_address(void *arg, const struct netlink_address *a)
{
	char text[ADDRESS_TEXT];

	if (strcmp(address_print_net(&a->address, text), "10.1.0.1/24") == 0 ||
	    strcmp(text, "fd00::1/64") == 0)
		++*(int *)arg;
	return 0;
}

static int count_route(void *arg, const struct netlink_route *r)
{
	char text[ADDRESS_TEXT];

	if (r->destination.prefix == 0 && r->gateway.family == AF_INET && r->metric == 100 &&
	    strcmp(address_print(&r->gateway, text), "10.1.0.254") == 0)
		++*(int *)arg;
	return 0;
}

static void addresses_and_routes_come_and_go(void **state)
{
	AUTO(netlink) n = open_in(-1);
	struct address four, six, by;
	struct netlink_route route = { .metric = 100 };
	int index, found = 0;
	struct err e;

	add(n, &(struct netlink_link){ .name = "d1", .kind = "bridge", .up = true });
	index = index_of(n, "d1");
	assert_true(address_parse_net("10.1.0.1/24", &four));
	assert_true(address_parse_net("fd00::1/64", &six));
	assert_true(address_parse("10.1.0.254", &by));
	assert_int_equal(netlink_address_add(n, index, &four, &e), 0);
	assert_int_equal(netlink_address_add(n, index, &six, &e), 0);
	assert_int_equal(netlink_address_add(n, index, &four, &e), -EEXIST);
	assert_int_equal(netlink_addresses(n, count_address, &found, &e), 0);
	assert_int_equal(found, 2);
	route.destination = (struct address){ .family = AF_INET };
	route.gateway = by;
	assert_int_equal(netlink_route_add(n, &route, &e), 0);
	found = 0;
	assert_int_equal(netlink_routes(n, count_route, &found, &e), 0);
	assert_int_equal(found, 1);
	assert_int_equal(netlink_route_remove(n, &route, &e), 0);
	assert_int_equal(netlink_address_remove(n, index, &four, &e), 0);
	assert_int_equal(netlink_neighbour_remove(n, index, &by, &e), 0);
}

static void a_moved_interface_gets_its_new_name_and_keeps_its_alias(void **state)
{
	AUTO(netlink) n = open_in(-1);
	AUTO(netlink) inside = open_in(there);
	struct netlink_info info;
	struct err e;

	add(n, &(struct netlink_link){ .name = "port1", .kind = "veth", .up = true });
	assert_int_equal(netlink_link_set(n, index_of(n, "port1"),
					  &(struct netlink_link){ .name = "wan",
								  .alias = "berth:port1",
								  .netns = &there },
					  &e),
			 0);
	assert_int_equal(index_of(n, "port1"), 0);
	assert_int_equal(netlink_link_find(inside, "wan", 0, &info, &e), 0);
	assert_string_equal(info.alias, "berth:port1");
	/* Its namespace closes it. */
	assert_false(info.flags & IFF_UP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_veth_pair_is_made_across_namespaces),
		cmocka_unit_test(a_taken_name_is_an_error_that_says_it),
		cmocka_unit_test(the_kernels_words_are_passed_on),
		cmocka_unit_test(addresses_and_routes_come_and_go),
		cmocka_unit_test(a_moved_interface_gets_its_new_name_and_keeps_its_alias),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
