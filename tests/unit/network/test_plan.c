/* SPDX-License-Identifier: BSD-2-Clause */
/* What would be done, without root: network_join() that takes nothing, and the plan of it. */
#include "unit.h"

#include <fcntl.h>
#include <string.h>

#include "base/file.h"
#include "golden.h"
#include "network/network.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static struct arena *arena;
static struct state state_here;
static char folder[] = "/tmp/berth-plan-XXXXXX";

static int set_up(void **state)
{
	struct err e;

	arena = arena_new();
	if (!mkdtemp(folder))
		return -1;
	return state_open(arena,
			  &(struct state_open){
				  .root = arena_printf(arena, "%s/lib", folder),
				  .runroot = arena_printf(arena, "%s/run", folder),
			  },
			  &state_here, &e);
}

static int tear_down(void **state)
{
	state_close(&state_here);
	arena_free(arena);
	return file_remove_tree_at(AT_FDCWD, folder, NULL);
}

static void create(struct network n)
{
	struct err e;

	if (network_create(&state_here, arena, &n, &e) < 0)
		fail_msg("%s", e.msg);
}

static struct text_map options(const char *first, const char *second)
{
	struct text_map m = { 0 };
	const char *const all[] = { first, second };

	for (size_t i = 0; i < 2; i++)
		if (all[i]) {
			const char *is = strchr(all[i], '=');

			text_map_set(arena, &m, arena_strndup(arena, all[i], (size_t)(is - all[i])),
				     is + 1);
		}
	return m;
}

static void plan_of(const char *golden, struct network_status *st)
{
	struct network_target target = { .netns = -1, .host_netns = -1 };
	auto_buf out = BUF(65536);
	struct plan p;

	state_here.rootless = false;
	/* Where things would be must not depend on where the test is. */
	state_here.run_path = "/run/berth";
	plan_init(&p, arena);
	network_plan(&p, &state_here, st, &target);
	plan_print(&p, &out);
	assert_golden(golden, buf_text(&out));
}

static void plan_for(const char *golden, struct network_attachment *asked, size_t n)
{
	struct network_attachments l = { asked, n };
	struct network_join how = {
		.id = ID, .name = "web", .asked = &l, .host_netns = -1, .peek = true
	};
	struct network_status st;
	struct err e;

	if (network_join(&state_here, arena, &how, &st, NULL, &e) < 0)
		fail_msg("%s", e.msg);
	plan_of(golden, &st);
}

static void the_default_network(void **state)
{
	struct network_attachment on[] = { { .network = "podman" } };

	plan_for("network/default.plan", on, 1);
}

static void two_networks_of_both_families(void **state)
{
	struct network_subnet subnets[] = {
		{ .subnet = "198.51.100.0/24" },
		{ .subnet = "fd00:51::/64", .gateway = "fd00:51::99" },
	};
	struct network_route routes[] = { { .destination = "10.0.0.0/8",
					    .gateway = "198.51.100.7" } };
	struct network_attachment on[] = {
		{ .network = "podman", .mac = "02:00:00:00:00:01" },
		{ .network = "both", .interface = "wan", .options = options("metric=50", NULL) },
	};

	create((struct network){ .name = "both",
				 .network_interface = "br-both",
				 .subnets = { subnets, 2 },
				 .routes = { routes, 1 },
				 .options = options("mtu=1400", "vlan=7") });
	on[1].addresses = texts_split(arena, "198.51.100.20", ' ');
	plan_for("network/two.plan", on, 2);
}

static void an_internal_network_leads_nowhere(void **state)
{
	struct network_subnet subnets[] = { { .subnet = "203.0.113.0/24" } };
	struct network_attachment on[] = { { .network = "inner" } };

	create((struct network){ .name = "inner",
				 .network_interface = "br-inner",
				 .internal = true,
				 .subnets = { subnets, 1 } });
	plan_for("network/internal.plan", on, 1);
}

static void the_first_default_route_of_a_metric_counts(void **state)
{
	struct network_subnet subnets[] = { { .subnet = "10.201.17.0/25" } };
	struct network_subnet others[] = { { .subnet = "10.201.17.128/25" } };
	struct network_attachment on[] = { { .network = "one" },
					   { .network = "podman" },
					   { .network = "quiet" } };

	create((struct network){
		.name = "one", .network_interface = "br-one", .subnets = { subnets, 1 } });
	create((struct network){ .name = "quiet",
				 .network_interface = "br-quiet",
				 .subnets = { others, 1 },
				 .options = options("no_default_route=1", NULL) });
	plan_for("network/defaults.plan", on, 3);
}

static void children_of_an_interface(void **state)
{
	struct network_subnet subnets[] = { { .subnet = "198.18.0.0/24" } };
	struct network_subnet others[] = { { .subnet = "198.18.1.0/24" } };
	struct network_attachment on[] = { { .network = "lan" },
					   { .network = "l3" },
					   { .network = "bare" } };

	create((struct network){ .name = "lan",
				 .driver = "macvlan",
				 .network_interface = "lo",
				 .subnets = { subnets, 1 },
				 .options = options("mode=private", "bclim=5") });
	create((struct network){ .name = "l3",
				 .driver = "ipvlan",
				 .network_interface = "lo",
				 .subnets = { others, 1 },
				 .options = options("mode=l3", "metric=7") });
	create((struct network){ .name = "bare", .driver = "macvlan", .network_interface = "lo" });
	plan_for("network/children.plan", on, 3);
}

static void a_device_of_the_host(void **state)
{
	const uint64_t metric = 7;
	struct network_address addresses[] = { { .ipnet = "192.168.0.2/24" },
					       { .ipnet = "fd12::2/64" } };
	struct network_device_route routes[] = {
		{ .destination = "0.0.0.0/0", .gateway = "192.168.0.1" },
		{ .destination = "10.201.0.0/16", .gateway = "192.168.0.9", .table = 100 },
		{ .destination = "10.200.0.0/16", .gateway = "192.168.0.9", .metric = &metric },
	};
	struct network_device device = {
		.name = "veth0b",
		.mac = "00:c0:ff:ee:00:01",
		.index = 7,
		.up = true,
		.addresses = { addresses, 2 },
		.routes = { routes, 3 },
	};
	struct network n = { .name = "net1",
			     .driver = "host-device",
			     .network_interface = "veth0b",
			     .ipam_options = options("driver=keep", NULL),
			     .options = options("mtu=1400", NULL) };
	struct network_attachment asked = { .network = "net1", .interface = "wan" };
	struct network_endpoint p = {
		.network = "net1",
		.driver = "host-device",
		.interface = "wan",
		.bridge = "veth0b",
		.mac = "00:c0:ff:ee:00:02",
		.addresses = { addresses, 2 },
		.device = &device,
		.about = &n,
		.asked = &asked,
	};
	struct network_status st = { .id = ID, .name = "ntpd", .endpoints = { &p, 1 } };

	plan_of("network/device.plan", &st);
}

static void a_bridge_that_is_not_ours(void **state)
{
	struct network_subnet subnets[] = { { .subnet = "192.168.77.0/24" } };
	struct network_attachment on[] = { { .network = "lan-bridge", .host_interface = "port9" } };

	create((struct network){ .name = "lan-bridge",
				 .network_interface = "br0",
				 .subnets = { subnets, 1 },
				 .options = options("mode=unmanaged", "vlan=12") });
	plan_for("network/unmanaged.plan", on, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_network),
		cmocka_unit_test(two_networks_of_both_families),
		cmocka_unit_test(an_internal_network_leads_nowhere),
		cmocka_unit_test(the_first_default_route_of_a_metric_counts),
		cmocka_unit_test(children_of_an_interface),
		cmocka_unit_test(a_device_of_the_host),
		cmocka_unit_test(a_bridge_that_is_not_ours),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
