/* SPDX-License-Identifier: BSD-2-Clause */
/* Names inside networks, by the real dnsmasq(8). */
#include "host.h"

#include "base/path.h"

#define ID(c) c c c c c c c c c c c c c c c c
#define ONE   ID("aaaa")
#define TWO   ID("bbbb")

static void needed(void)
{
	char *program;

	host_needed();
	if (geteuid() == 0 && path_program(host_arena, "dnsmasq", &program, NULL) == 0 &&
	    path_program(host_arena, "dig", &program, NULL) == 0)
		return;
	print_message("needs dnsmasq\n");
	skip();
}

static void make_network(const char *name)
{
	struct network n = { .name = name, .driver = "bridge", .dns_enabled = true };
	struct err e;

	if (network_create(&host_state, host_arena, &n, &e) < 0)
		fail_msg("%s", e.msg);
}

static void start(struct guest *g, struct network_attachment *asked, size_t n)
{
	struct err e;

	if (guest_start(g, asked, n, &e) < 0)
		fail_msg("%s", e.msg);
}

/* What dig says of a question, asked at the gateway of its i-th network. */
static void assert_answer(struct guest *g, size_t i, const char *question, const char *answer)
{
	const char *command =
		arena_printf(host_arena,
			     "sh -c 'test \"$(dig +short +tries=3 +time=10 @%s %s)\" = \"%s\"'",
			     g->st.endpoints.v[i].addresses.v[0].gateway, question, answer);

	if (guest_run(g, command) != 0)
		fail_msg("%s: not %s", question, answer);
}

static const char *address_of(struct guest *g, size_t i)
{
	const char *ipnet = g->st.endpoints.v[i].addresses.v[0].ipnet;

	return arena_strndup(host_arena, ipnet, strcspn(ipnet, "/"));
}

static int servers(void)
{
	return host_run(arena_printf(host_arena,
				     "exit $(pgrep -fc -- '[-]-pid-file=%s/run/dns/net')",
				     host_folder));
}

static void containers_find_each_other_by_name_alias_and_short_id(void **state)
{
	const char *aliases[] = { "db", NULL };
	struct network_attachment both[] = { { .network = "net1" }, { .network = "net2" } };
	struct network_attachment second[] = { { .network = "net2",
						 .aliases = { .v = aliases, .n = 1 } } };
	struct guest a = { .id = ONE, .name = "one" }, b = { .id = TWO, .name = "two" };

	needed();
	make_network("net1");
	make_network("net2");
	start(&a, both, 2);
	start(&b, second, 1);
	assert_int_equal(servers(), 2);
	assert_answer(&a, 1, "two", address_of(&b, 0));
	assert_answer(&a, 1, "+tcp two", address_of(&b, 0));
	assert_answer(&a, 1, "db", address_of(&b, 0));
	assert_answer(&a, 1, "two.dns.podman", address_of(&b, 0));
	assert_answer(&a, 1, arena_printf(host_arena, "%.12s", TWO), address_of(&b, 0));
	assert_answer(&b, 0, "one", address_of(&a, 1));
	/* Nobody but who is there too is known on a network. */
	assert_answer(&a, 0, "two", "");
	assert_answer(&a, 0, "one", address_of(&a, 0));
	guest_end(&b);
	assert_answer(&a, 1, "two", "");
	assert_answer(&a, 1, "one", address_of(&a, 1));
	guest_end(&a);
	assert_int_equal(servers(), 0);
	host_do(arena_printf(host_arena, "test -z \"$(ls -A %s/run/dns)\"", host_folder));
}

static void a_server_that_was_killed_comes_back_with_the_next_start(void **state)
{
	struct network_attachment on[] = { { .network = "net1" } };
	struct guest a = { .id = ONE, .name = "one" }, b = { .id = TWO, .name = "two" };

	needed();
	start(&a, on, 1);
	host_do(arena_printf(host_arena, "kill -9 $(cat %s/run/dns/net1/pid)", host_folder));
	start(&b, on, 1);
	assert_int_equal(servers(), 1);
	assert_answer(&a, 0, "two", address_of(&b, 0));
	guest_die(&a);
	guest_die(&b);
	/* Of the dead nothing is left, whoever comes next. */
	network_sweep(&host_state, false);
	assert_int_equal(servers(), 0);
}

static void the_server_is_nobody(void **state)
{
	struct network_attachment on[] = { { .network = "net1" } };
	struct guest a = { .id = ONE, .name = "one" };

	needed();
	start(&a, on, 1);
	host_do(arena_printf(host_arena,
			     "grep -q '^Uid:.65534.65534.65534.65534$' "
			     "/proc/$(cat %s/run/dns/net1/pid)/status",
			     host_folder));
	host_do(arena_printf(host_arena,
			     "grep -q '^CapEff:.0000000000000000$' "
			     "/proc/$(cat %s/run/dns/net1/pid)/status",
			     host_folder));
	guest_end(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_find_each_other_by_name_alias_and_short_id),
		cmocka_unit_test(a_server_that_was_killed_comes_back_with_the_next_start),
		cmocka_unit_test(the_server_is_nobody),
	};

	return cmocka_run_group_tests(tests, host_make, host_end);
}
