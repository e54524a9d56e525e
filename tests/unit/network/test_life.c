/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks in the kernel: in namespaces of the test's own. */
#include "host.h"

#define ID(c) c c c c c c c c c c c c c c c c
#define A     ID("aaaa")
#define B     ID("bbbb")

static void make_network(struct network *n)
{
	struct err e;

	host_needed();
	if (network_create(&host_state, host_arena, n, &e) < 0)
		fail_msg("%s", e.msg);
}

static void start(struct guest *g, struct network_attachment *asked, size_t n)
{
	struct err e;

	if (guest_start(g, asked, n, &e) < 0)
		fail_msg("%s", e.msg);
}

static void two_containers_on_a_bridge_reach_each_other_and_the_host(void **state)
{
	struct network_attachment on[] = { { .network = "podman" } };
	struct guest a = { .id = A, .name = "a" }, b = { .id = B, .name = "b" };

	host_needed();
	start(&a, on, 1);
	start(&b, on, 1);
	assert_string_equal(a.st.endpoints.v[0].addresses.v[0].ipnet, "10.88.0.2/16");
	assert_string_equal(b.st.endpoints.v[0].addresses.v[0].ipnet, "10.88.0.3/16");
	assert_int_equal(guest_run(&a, "busybox ping -c1 -W5 -q 10.88.0.3 >/dev/null"), 0);
	assert_int_equal(guest_run(&a, "busybox ping -c1 -W5 -q 10.88.0.1 >/dev/null"), 0);
	assert_int_equal(host_run("busybox ping -c1 -W5 -q 10.88.0.2 >/dev/null"), 0);
	assert_int_equal(guest_run(&a, "ip route | grep -q 'default via 10.88.0.1 dev eth0'"), 0);
	guest_end(&a);
	assert_int_equal(host_run("ip link show podman0 >/dev/null"), 0);
	guest_end(&b);
	/* The bridge goes with its last port, if soon nobody wants it. */
	host_wait("! ip link show podman0 >/dev/null 2>&1");
	/* Not the address that was free last, but the next one. */
	start(&a, on, 1);
	assert_string_equal(a.st.endpoints.v[0].addresses.v[0].ipnet, "10.88.0.4/16");
	guest_end(&a);
}

static void a_device_moves_in_with_all_it_has_and_comes_home(void **state)
{
	struct network n = { .name = "dev", .driver = "host-device", .network_interface = "port1" };
	struct network_attachment on[] = { { .network = "podman" }, { .network = "dev" } };
	struct guest a = { .id = A, .name = "a" };

	make_network(&n);
	host_do("ip link add port1 address 00:c0:ff:ee:00:01 type veth peer name port2 &&"
		"ip link set port1 alias before mtu 1400 up && ip link set port2 up &&"
		"ip addr add 192.168.0.2/24 dev port1 && ip addr add fd12::2/64 dev port1 nodad &&"
		"ip addr add 192.168.0.1/24 dev port2 &&"
		"ip route add 10.200.0.0/16 via 192.168.0.9 metric 7");
	start(&a, on, 2);
	assert_int_not_equal(host_run("ip link show port1 2>/dev/null"), 0);
	assert_int_equal(guest_run(&a, "ip -o link show eth1 | grep -q 00:c0:ff:ee:00:01"), 0);
	assert_int_equal(guest_run(&a, "ip -o addr show eth1 | grep -q 192.168.0.2/24"), 0);
	assert_int_equal(guest_run(&a, "ip -o addr show eth1 | grep -q fd12::2/64"), 0);
	assert_int_equal(
		guest_run(&a,
			  "ip route | grep -q '10.200.0.0/16 via 192.168.0.9 dev eth1 metric 7'"),
		0);
	assert_int_equal(guest_run(&a, "busybox ping -c1 -W5 -q 192.168.0.1 >/dev/null"), 0);
	guest_die(&a);
	/* Nobody is there any more, and the next command brings it home. */
	network_sweep(&host_state, true);
	host_do("ip -o link show port1 | grep 'mtu 1400' | grep 00:c0:ff:ee:00:01 |"
		"grep -q 'alias before'");
	host_do("ip -o addr show port1 | grep -q 192.168.0.2/24");
	host_do("ip -o addr show port1 | grep -q fd12::2/64");
	host_do("ip route | grep -q '10.200.0.0/16 via 192.168.0.9 dev port1 metric 7'");
	host_wait("! ip link show podman0 >/dev/null 2>&1");
	host_do(arena_printf(host_arena,
			     "test -z \"$(ls -A %s/run/attachments %s/run/pinned "
			     "%s/run/networks/podman/leases | grep -v :)\"",
			     host_folder, host_folder, host_folder));
	host_do("! grep -q berth-network.*nsfs /proc/self/mounts");
	host_do("ip link del port1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_containers_on_a_bridge_reach_each_other_and_the_host),
		cmocka_unit_test(a_device_moves_in_with_all_it_has_and_comes_home),
	};

	return cmocka_run_group_tests(tests, host_make, host_end);
}
