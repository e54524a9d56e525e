/* SPDX-License-Identifier: BSD-2-Clause */
/* Networks in the kernel: in namespaces of the test's own. */
#include <errno.h>

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
	host_is_clean();
	host_do("ip link del port1");
}

static void its_namespace_has_the_containers_name(void **state)
{
	struct network_attachment on[] = { { .network = "podman" } };
	struct guest a = { .id = A, .name = "web" }, b = { .id = B, .name = "web" };

	host_needed();
	start(&a, on, 1);
	host_do("ip netns list | grep -q '^web'");
	host_do("ip netns exec web ip -o addr show eth0 | grep -q 10.88.0");
	/* Another store's container of the same name. */
	start(&b, on, 1);
	assert_true(a.st.named);
	assert_false(b.st.named);
	guest_end(&b);
	host_do("test -L /run/netns/web");
	guest_end(&a);
	host_do("! test -L /run/netns/web");
	host_is_clean();
}

/* 64 processes at once. */
static void nobody_shares_an_address(void **state)
{
	enum { PROCESSES = 64 };
	struct network_attachment on[] = { { .network = "podman" } };
	struct network_attachments l = { on, 1 };
	pid_t pids[PROCESSES];

	host_needed();
	for (int i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			AUTO(arena) mine = arena_new();
			struct network_join how = { .id = arena_printf(mine, "%064x", i + 1),
						    .asked = &l,
						    .host_netns = -1 };
			struct network_status st;
			int lock;

			_exit(network_join(&host_state, mine, &how, &st, &lock, NULL) == 0 ? 0 : 1);
		}
	}
	for (int i = 0; i < PROCESSES; i++) {
		int status;

		waitpid(pids[i], &status, 0);
		assert_int_equal(status, 0);
	}
	host_do(arena_printf(host_arena, "test $(ls %s/run/networks/podman/leases | wc -l) = %d",
			     host_folder, PROCESSES));
	/* They all died before they were started. */
	network_sweep(&host_state, false);
	host_is_clean();
}

static void an_address_of_the_dead_is_given_again_when_none_is_left(void **state)
{
	struct network_lease_range range = { "10.77.0.2", "10.77.0.3" };
	struct network_subnet subnets[] = { { .subnet = "10.77.0.0/24", .lease_range = &range } };
	struct network n = { .name = "tiny", .subnets = { subnets, 1 } };
	struct network_attachment on[] = { { .network = "tiny" } };
	struct guest a = { .id = A, .name = "a" }, b = { .id = B, .name = "b" },
		     c = { .id = ID("cccc"), .name = "c" };
	struct err e;

	make_network(&n);
	start(&a, on, 1);
	start(&b, on, 1);
	assert_int_equal(guest_start(&c, on, 1, &e), -EEXIST);
	assert_string_equal(e.msg, "network tiny: IPAM error: failed to find free IP in range: "
				   "10.77.0.2 - 10.77.0.3 of network tiny");
	guest_die(&a);
	start(&c, on, 1);
	assert_string_equal(c.st.endpoints.v[0].addresses.v[0].ipnet, "10.77.0.2/24");
	guest_end(&c);
	guest_end(&b);
	network_sweep(&host_state, false);
	host_is_clean();
}

static void check_refused(struct network_attachment asked, const char *words)
{
	struct guest c = { .id = ID("cccc"), .name = "c" };
	struct err e;

	assert_true(guest_start(&c, &asked, 1, &e) < 0);
	if (!strstr(e.msg, words))
		fail_msg("%s", e.msg);
}

static void addresses_that_cannot_be_had_are_refused(void **state)
{
	struct network_attachment on[] = { { .network = "podman" } };
	struct guest a = { .id = A, .name = "a" };

	host_needed();
	on[0].addresses = texts_split(host_arena, "10.88.7.7", ' ');
	start(&a, on, 1);
	assert_string_equal(a.st.endpoints.v[0].addresses.v[0].ipnet, "10.88.7.7/16");
	check_refused(on[0],
		      "requested ip address 10.88.7.7 is already allocated to container ID " A);
	on[0].addresses = texts_split(host_arena, "10.88.0.1", ' ');
	check_refused(on[0], "requested ip address 10.88.0.1 can't be a container's");
	on[0].addresses = texts_split(host_arena, "10.99.0.1", ' ');
	check_refused(on[0], "requested static ip 10.99.0.1 not in any subnet on network podman");
	check_refused((struct network_attachment){ .network = "podman", .mac = "02:00" },
		      "invalid MAC address");
	check_refused((struct network_attachment){ .network = "nope" }, "network not found");
	check_refused((struct network_attachment){ .network = "podman",
						   .interface = "sixteen-letters0" },
		      "has at most 15 characters");
	guest_end(&a);
	host_is_clean();
}

static void a_macvlan_is_seen_with_its_own_address(void **state)
{
	struct network_subnet subnets[] = { { .subnet = "198.51.100.0/24" } };
	struct network n = { .name = "lan",
			     .driver = "macvlan",
			     .network_interface = "up0",
			     .subnets = { subnets, 1 } };
	struct network_attachment on[] = { { .network = "lan", .mac = "02:00:00:00:00:77" } };
	struct guest a = { .id = A, .name = "a" };

	host_needed();
	host_do("ip link add up0 type veth peer name up1 && ip link set up0 up &&"
		"ip link set up1 up && ip addr add 198.51.100.1/24 dev up1");
	make_network(&n);
	start(&a, on, 1);
	assert_int_equal(guest_run(&a, "busybox ping -c1 -W5 -q 198.51.100.1 >/dev/null"), 0);
	host_do("ip neigh show 198.51.100.2 dev up1 | grep -q 02:00:00:00:00:77");
	guest_end(&a);
	host_is_clean();
	host_do("ip link del up0");
}

/* veth0 .1 -- .2 eth0 [ntpd] */
static void the_routed_set_up(void **state)
{
	struct network n = { .name = "ntpd", .driver = "host-device", .network_interface = "ntpd" };
	struct network_attachment on[] = { { .network = "ntpd" } };
	struct guest a = { .id = A, .name = "ntpd" };

	host_needed();
	host_do("ip link add veth0 type veth peer name ntpd address 00:c0:ff:ee:00:01 &&"
		"ip addr add 192.168.0.1/24 dev veth0 && ip link set veth0 up &&"
		"ip addr add 192.168.0.2/24 dev ntpd");
	make_network(&n);
	start(&a, on, 1);
	assert_int_equal(guest_run(&a, "ip -o addr show eth0 | grep -q 192.168.0.2/24"), 0);
	host_do("busybox ping -c1 -W5 -q 192.168.0.2 >/dev/null");
	host_do("ip neigh show 192.168.0.2 | grep -q 00:c0:ff:ee:00:01");
	guest_end(&a);
	host_do("ip -o addr show ntpd | grep -q 192.168.0.2/24");
	host_do("ip link del veth0");
}

/* The same with a second pair: veth1a in the container, veth1b a port of br0 with e1. */
static void the_bridged_set_up(void **state)
{
	struct network_route routes[] = { { .destination = "0.0.0.0/0",
					    .gateway = "192.168.1.1" } };
	struct network one = { .name = "routed",
			       .driver = "host-device",
			       .network_interface = "ntpd" };
	struct network two = { .name = "bridged",
			       .driver = "host-device",
			       .network_interface = "veth1a",
			       .routes = { routes, 1 } };
	struct network_attachment on[] = { { .network = "routed" }, { .network = "bridged" } };
	struct guest a = { .id = A, .name = "ntpd" };

	host_needed();
	text_map_set(host_arena, &two.options, "address", "192.168.1.2/24");
	host_do("ip link add veth0 type veth peer name ntpd && ip link set veth0 up &&"
		"ip addr add 192.168.0.1/24 dev veth0 && ip addr add 192.168.0.2/24 dev ntpd &&"
		"ip link add veth1a type veth peer name veth1b && ip link set veth1b up &&"
		"ip link add br0 type bridge && ip link set br0 up &&"
		"ip addr add 192.168.1.1/24 dev br0 && ip link set veth1b master br0 &&"
		"ip netns add lan && ip link add e1 type veth peer name eth0 netns lan &&"
		"ip link set e1 master br0 up && ip -n lan link set eth0 up &&"
		"ip -n lan addr add 192.168.1.9/24 dev eth0");
	make_network(&one);
	make_network(&two);
	start(&a, on, 2);
	host_do("busybox ping -c1 -W5 -q 192.168.0.2 >/dev/null");
	host_do("busybox ping -c1 -W5 -q 192.168.1.2 >/dev/null");
	host_do("ip netns exec lan busybox ping -c1 -W5 -q 192.168.1.2 >/dev/null");
	assert_int_equal(guest_run(&a, "ip route | grep -q 'default via 192.168.1.1 dev eth1'"), 0);
	guest_end(&a);
	host_do("ip link show veth1a >/dev/null && ip link show ntpd >/dev/null");
	/* Foreign: it has no ports of ours, and stays. */
	host_do("ip link show br0 >/dev/null");
	host_do("ip netns del lan; ip link del veth0; ip link del veth1a; ip link del br0");
	host_is_clean();
}

static void a_port_is_handed_over_and_back(void **state)
{
	struct network n = { .name = "port",
			     .driver = "host-device",
			     .network_interface = "port1" };
	struct network_attachment on[] = { { .network = "port" } };
	struct guest a = { .id = A, .name = "first" }, b = { .id = B, .name = "second" };

	host_needed();
	host_do("ip link add port1 type veth peer name far && ip addr add 10.66.0.2/24 dev port1");
	make_network(&n);
	start(&a, on, 1);
	check_refused(on[0], "interface port1 is in use by container first (aaaaaaaaaaaa)");
	guest_end(&a);
	start(&b, on, 1);
	assert_int_equal(guest_run(&b, "ip -o addr show eth0 | grep -q 10.66.0.2/24"), 0);
	/* It is killed, and the first one is faster than any sweep. */
	guest_die(&b);
	start(&a, on, 1);
	guest_end(&a);
	host_do("ip -o addr show port1 | grep -q 10.66.0.2/24");
	host_do("ip link add br1 type bridge && ip link set port1 master br1");
	check_refused(on[0], "interface port1 belongs to br1: take it out of that first");
	host_do("ip link del br1; ip link del port1");
	check_refused(on[0], "interface port1 does not exist on the host");
	network_sweep(&host_state, false);
	host_is_clean();
}

static void a_device_comes_home_whatever_was_done_to_it(void **state)
{
	struct network n = { .name = "wild",
			     .driver = "host-device",
			     .network_interface = "port1" };
	struct network_attachment on[] = { { .network = "wild", .interface = "lan0" } };
	struct guest a = { .id = A, .name = "a" };

	host_needed();
	host_do("ip link add port1 address 02:00:00:00:00:01 type veth peer name far &&"
		"ip link set port1 up && ip addr add 10.66.0.2/24 dev port1");
	make_network(&n);
	start(&a, on, 1);
	assert_int_equal(guest_run(&a, "sh -c 'ip link set lan0 down && ip link set lan0 name x0 &&"
				       "ip link set x0 alias mine address 02:00:00:00:00:09 &&"
				       "ip addr flush dev x0 &&"
				       "ip link add y0 type bridge &&"
				       "ip link set y0 alias berth-interface:port1'"),
			 0);
	guest_end(&a);
	host_do("ip -o link show port1 | grep -q 02:00:00:00:00:01");
	host_do("! ip -o link show port1 | grep -q mine");
	host_do("ip -o addr show port1 | grep -q 10.66.0.2/24");
	/* Somebody has its name. */
	start(&a, on, 1);
	host_do("ip link add port1 type bridge");
	guest_die(&a);
	network_sweep(&host_state, true);
	host_do("ip -o link | grep -q 'dev[0-9]*@.*berth-interface:port1'");
	host_do("ip link del port1");
	/* Its name is free again, and the next look finds it. */
	network_sweep(&host_state, true);
	host_do("ip -o addr show port1 | grep -q 10.66.0.2/24");
	/* Deleted inside. */
	start(&a, on, 1);
	assert_int_equal(guest_run(&a, "ip link del lan0"), 0);
	guest_end(&a);
	host_is_clean();
}

/* The process that starts a container is killed after each operation. */
static void a_start_that_was_killed_leaves_nothing(void **state)
{
	struct network n = { .name = "both",
			     .driver = "host-device",
			     .network_interface = "port1" };
	struct network_attachment on[] = { { .network = "podman" }, { .network = "both" } };
	size_t steps = 1;

	host_needed();
	host_do("ip link add port1 type veth peer name far && ip link set port1 up &&"
		"ip addr add 10.66.0.2/24 dev port1");
	make_network(&n);
	for (size_t i = 0; i <= steps; i++) {
		int told[2], status;
		pid_t pid;

		assert_int_equal(pipe(told), 0);
		pid = fork();
		if (pid == 0) {
			struct guest g = { .id = A, .name = "a" };
			struct err e;

			if (guest_begin(&g, on, 2, &e) < 0)
				_exit(1);
			if (write(told[1], &g.plan.len, sizeof(g.plan.len)) < 0)
				_exit(1);
			g.plan.len = i;
			if (plan_apply(&g.plan, &e) < 0)
				_exit(2);
			kill(getpid(), SIGKILL);
		}
		assert_int_equal(read(told[0], &steps, sizeof(steps)), sizeof(steps));
		close(told[0]);
		close(told[1]);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		/* Its container dies with it, a moment later. */
		for (int tries = 0; tries < 200; tries++) {
			network_sweep(&host_state, false);
			if (host_run(arena_printf(host_arena,
						  "test -z \"$(ls %s/run/attachments)\"",
						  host_folder)) == 0)
				break;
			usleep(20000);
		}
		host_do("ip -o addr show port1 | grep -q 10.66.0.2/24");
		host_do("! ip -o link show port1 | grep -q berth-interface");
		host_is_clean();
	}
	assert_true(steps > 10);
	host_do("ip link del port1");
	host_wait("! ip link show podman0 >/dev/null 2>&1");
}

static void a_start_that_fails_is_undone(void **state)
{
	struct network_attachment on[] = { { .network = "podman" }, { .network = "podman2" } };
	struct network n = { .name = "podman2", .network_interface = "br-x" };
	struct guest a = { .id = A, .name = "a" };
	struct err e;

	make_network(&n);
	/* Its bridge's name is somebody else's. */
	host_do("ip link add br-x type veth peer name br-y");
	assert_true(guest_start(&a, on, 2, &e) < 0);
	assert_string_equal(e.msg, "interface br-x exists, and is no bridge");
	host_do("! ip -o link | grep -q vethaaaa");
	assert_int_equal(network_leave(&host_state, A, -1, &e), 0);
	host_do("ip link del br-x");
	host_is_clean();
}

static void networks_come_and_go_while_it_runs(void **state)
{
	struct network n = { .name = "later", .network_interface = "br-later" };
	struct network_attachment on[] = { { .network = "podman" } }, more = { .network = "later" };
	struct network_attachments l = { &more, 1 };
	struct guest a = { .id = A, .name = "a" };
	struct network_join how = {
		.id = A, .name = "a", .asked = &l, .host_netns = -1, .more = true
	};
	struct err e;

	make_network(&n);
	start(&a, on, 1);
	if (network_join(&host_state, host_arena, &how, &a.st, &a.lock, &e) < 0)
		fail_msg("%s", e.msg);
	a.target.lock = a.lock;
	plan_init(&a.plan, host_arena);
	network_plan(&a.plan, &host_state, &a.st, &a.target);
	if (plan_apply(&a.plan, &e) < 0)
		fail_msg("%s", e.msg);
	network_target_close(&a.target);
	assert_int_equal(network_started(&a.st, a.lock, a.pid, a.st.start_time, &e), 0);
	close(a.lock);
	assert_int_equal(guest_run(&a, "ip link show eth1 >/dev/null"), 0);
	assert_int_equal(network_join(&host_state, host_arena, &how, &a.st, &a.lock, &e), -EEXIST);
	assert_non_null(strstr(e.msg, "is already connected to network later"));
	assert_int_equal(network_leave_one(&host_state, A, "podman", -1, &e), 0);
	assert_int_equal(network_leave_one(&host_state, A, "podman", -1, &e), -ENOENT);
	host_wait(arena_printf(host_arena,
			       "! nsenter --net=/proc/%d/ns/net ip link show eth0 >/dev/null 2>&1",
			       (int)a.pid));
	assert_int_equal(guest_run(&a,
				   arena_printf(host_arena, "busybox ping -c1 -W5 -q %s >/dev/null",
						n.subnets.v[0].gateway)),
			 0);
	guest_end(&a);
	host_is_clean();
}

static void a_bridge_that_somebody_deleted_is_put_back(void **state)
{
	struct network_attachment on[] = { { .network = "podman" } };
	struct guest a = { .id = A, .name = "a" }, b = { .id = B, .name = "b" };
	struct network_target host = { .netns = -1, .host_netns = -1, .lock = -1 };
	struct network_status st;
	struct plan p;
	struct err e;

	host_needed();
	start(&a, on, 1);
	host_do("ip link del podman0");
	/* The next start makes it, for itself. */
	start(&b, on, 1);
	assert_int_not_equal(guest_run(&a, "busybox ping -c1 -W1 -q 10.88.0.1 >/dev/null"), 0);
	assert_int_equal(network_status(&host_state, host_arena, A, &st, &e), 0);
	plan_init(&p, host_arena);
	assert_int_equal(network_plan_restore(&p, &host_state, &st, &host, &e), 0);
	if (plan_apply(&p, &e) < 0)
		fail_msg("%s", e.msg);
	network_target_close(&host);
	assert_int_equal(guest_run(&a, "busybox ping -c1 -W5 -q 10.88.0.1 >/dev/null"), 0);
	guest_end(&a);
	guest_end(&b);
	host_is_clean();
}

static void a_removed_network_takes_its_bridge_along(void **state)
{
	struct network n = { .name = "short", .network_interface = "br-short" };
	struct network_attachment on[] = { { .network = "short" } };
	struct guest a = { .id = A, .name = "a" };
	struct err e;

	make_network(&n);
	start(&a, on, 1);
	host_do("ip link show br-short >/dev/null");
	guest_end(&a);
	/* Its port goes a moment later. */
	host_wait("! ip link show vethaaaaaaaaaa0 >/dev/null 2>&1");
	assert_int_equal(network_remove(&host_state, host_arena, "short", &e), 0);
	host_do("! ip link show br-short >/dev/null 2>&1");
	host_do(arena_printf(host_arena, "! test -e %s/run/networks/short", host_folder));
}

static void a_damaged_record_does_not_hinder(void **state)
{
	struct network_attachment on[] = { { .network = "podman" } };
	struct guest a = { .id = A, .name = "a" };

	host_needed();
	start(&a, on, 1);
	host_do(arena_printf(host_arena, "echo x > %s/run/attachments/" A "/network.json",
			     host_folder));
	host_do("rm -f /run/netns/a");
	guest_end(&a);
	host_is_clean();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_containers_on_a_bridge_reach_each_other_and_the_host),
		cmocka_unit_test(a_device_moves_in_with_all_it_has_and_comes_home),
		cmocka_unit_test(its_namespace_has_the_containers_name),
		cmocka_unit_test(nobody_shares_an_address),
		cmocka_unit_test(an_address_of_the_dead_is_given_again_when_none_is_left),
		cmocka_unit_test(addresses_that_cannot_be_had_are_refused),
		cmocka_unit_test(a_macvlan_is_seen_with_its_own_address),
		cmocka_unit_test(the_routed_set_up),
		cmocka_unit_test(the_bridged_set_up),
		cmocka_unit_test(a_port_is_handed_over_and_back),
		cmocka_unit_test(a_device_comes_home_whatever_was_done_to_it),
		cmocka_unit_test(a_start_that_was_killed_leaves_nothing),
		cmocka_unit_test(a_start_that_fails_is_undone),
		cmocka_unit_test(networks_come_and_go_while_it_runs),
		cmocka_unit_test(a_bridge_that_somebody_deleted_is_put_back),
		cmocka_unit_test(a_removed_network_takes_its_bridge_along),
		cmocka_unit_test(a_damaged_record_does_not_hinder),
	};

	return cmocka_run_group_tests(tests, host_make, host_end);
}
