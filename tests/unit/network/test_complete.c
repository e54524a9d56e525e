/* SPDX-License-Identifier: BSD-2-Clause */
/* What a network becomes among others: pure. What is refused is tests/cli/network_commands.bats. */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "network/network_private.h"

static struct arena *arena;

static int set_up(void **state)
{
	arena = arena_new();
	return 0;
}

static int tear_down(void **state)
{
	arena_free(arena);
	return 0;
}

static struct network_world world_with(const char *const *used, size_t n)
{
	struct network_world w = { .used = arena_array(arena, n, sizeof(struct address)) };

	for (; w.used_len < n; w.used_len++)
		assert_true(address_parse_net(used[w.used_len], &w.used[w.used_len]));
	return w;
}

static void complete(struct network *n, const struct network_world *w)
{
	struct err e;

	if (network_complete(arena, n, w, &e) < 0)
		fail_msg("%s", e.msg);
}

static void a_subnet_that_the_host_has_a_route_to_is_not_chosen(void **state)
{
	static const char *const used[] = { "10.89.0.0/24", "10.89.1.17/32", "10.89.2.0/23" };
	struct network_world w = world_with(used, ARRAY_LEN(used));
	struct network n = { .name = "n" };

	complete(&n, &w);
	assert_string_equal(n.subnets.v[0].subnet, "10.89.4.0/24");
	assert_string_equal(n.subnets.v[0].gateway, "10.89.4.1");
	assert_string_equal(n.driver, "bridge");
	assert_string_equal(n.network_interface, "podman1");
}

static void nor_one_inside_of_another_networks(void **state)
{
	static const char *const wide[] = { "10.0.0.0/9" };
	struct network_world w = world_with(wide, 1);
	struct network_subnet subnets[] = { { .subnet = "10.128.0.0/16" } };
	struct network other = { .name = "other",
				 .driver = "bridge",
				 .network_interface = "podman1",
				 .subnets = { subnets, 1 } };
	struct network *all[] = { &other };
	struct network n = { .name = "n" };

	w.networks = (struct networks){ all, 1 };
	complete(&n, &w);
	assert_string_equal(n.subnets.v[0].subnet, "10.129.0.0/24");
	assert_string_equal(n.network_interface, "podman2");
}

static void when_nothing_is_free_it_is_said(void **state)
{
	static const char *const all[] = { "10.0.0.0/8" };
	struct network_world w = world_with(all, 1);
	struct network n = { .name = "n" };
	struct err e;

	assert_int_equal(network_complete(arena, &n, &w, &e), -EEXIST);
	assert_non_null(strstr(e.msg, "could not find free subnet from subnet pools"));
}

static void ipv6_adds_a_local_network_beside_the_one_that_is_given(void **state)
{
	struct network_world w = { 0 };
	struct network_subnet subnets[] = { { .subnet = "198.51.100.77/24" } };
	struct network n = { .name = "n", .ipv6_enabled = true, .subnets = { subnets, 1 } };

	complete(&n, &w);
	assert_int_equal(n.subnets.n, 2);
	assert_string_equal(n.subnets.v[0].subnet, "198.51.100.0/24");
	assert_memory_equal(n.subnets.v[1].subnet, "fd", 2);
	assert_true(text_ends(n.subnets.v[1].subnet, "::/64"));
	assert_true(text_ends(n.subnets.v[1].gateway, "::1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_subnet_that_the_host_has_a_route_to_is_not_chosen),
		cmocka_unit_test(nor_one_inside_of_another_networks),
		cmocka_unit_test(when_nothing_is_free_it_is_said),
		cmocka_unit_test(ipv6_adds_a_local_network_beside_the_one_that_is_given),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
