/* SPDX-License-Identifier: BSD-2-Clause */
/* linux.netDevices, on one end of a veth pair in a network namespace of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <sched.h>

#include "kernel/netlink.h"
#include "start.h"

static struct arena *a;
static struct err e;
static int root;
static struct netlink *host;
static int end;

static int setup(void **state)
{
	struct address v4, v6, local;

	a = arena_new();
	memset(&e, 0, sizeof(e));
	root = -1;
	host = NULL;
	if (geteuid() != 0 || !have_busybox())
		return 0;
	if (unshare(CLONE_NEWNET) < 0 || netlink_open(-1, &host, &e) < 0)
		return -1;
	if (netlink_link_add(host,
			     &(struct netlink_link){
				     .name = "end0",
				     .kind = "veth",
				     .mtu = 1400,
				     .mac = (const unsigned char *)"\x02\1\2\3\4\5",
				     .peer = &(struct netlink_link){ .name = "other" },
			     },
			     &e) < 0) {
		print_message("no veth interfaces: %s\n", e.msg);
		return 0;
	}
	root = make_root();
	netlink_link_set(host, (int)if_nametoindex("other"), &(struct netlink_link){ .up = true },
			 &e);
	end = (int)if_nametoindex("end0");
	address_parse_net("10.9.8.7/24", &v4);
	address_parse_net("fd00:9::7/64", &v6);
	address_parse_net("fe80::9/64", &local);
	if (netlink_address_add(host, end, &v4, &e) < 0 ||
	    netlink_address_add(host, end, &v6, &e) < 0)
		return -1;
	/* Of another scope: the link's own. */
	netlink_address_add(host, end, &local, &e);
	return netlink_link_set(host, end, &(struct netlink_link){ .up = true }, &e);
}

static int teardown(void **state)
{
	if (root >= 0)
		close(root);
	netlink_free(host);
	arena_free(a);
	return 0;
}

static void need_end(void)
{
	need_start();
	if (root < 0)
		skip();
}

static struct outcome run_with(const char *devices, const char *script, const char *more)
{
	return run_in(a,
		      &(struct config_parts){
			      .args = arena_printf(a, "\"sh\",\"-c\",\"%s\"", script),
			      .os = arena_printf(a, ",\"netDevices\":{%s}%s", devices,
						 more ? more : ""),
		      },
		      root, &e);
}

#define LOOK(name)                                                                       \
	"ip -o addr show " name                                                          \
	" | grep global | sed 's/.*\\\\(inet6* [^ ]*\\\\).*/\\\\1/'; ip link show " name \
	" > /dev/shm/l; "                                                                \
	"grep -o -e '[<,]UP' /dev/shm/l; grep -o 'mtu [0-9]*' /dev/shm/l; grep -o 'ether [^ ]*' /dev/shm/l"

#define LOOKS "inet 10.9.8.7/24\ninet6 fd00:9::7/64\n,UP\nmtu 1400\nether 02:01:02:03:04:05\n"

static void it_moves_with_its_addresses_and_is_up(void **state)
{
	struct outcome o;

	need_end();
	o = run_with("\"end0\":{}", LOOK("end0"), NULL);
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, LOOKS);
	assert_int_equal(if_nametoindex("end0"), 0); /* it went with the namespace */
}

static void it_is_renamed(void **state)
{
	struct outcome o;

	need_end();
	o = run_with("\"end0\":{\"name\":\"eth7\"}", LOOK("eth7"), NULL);
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, LOOKS);
}

static void a_template_gives_a_free_name(void **state)
{
	struct outcome o;

	need_end();
	o = run_with("\"end0\":{\"name\":\"net%d\"}", LOOK("net0"), NULL);
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, LOOKS);
}

static void it_moves_into_a_user_namespace(void **state)
{
	struct config_parts p = {
		.args = arena_printf(a, "\"sh\",\"-c\",\"%s\"", LOOK("end0")),
		.namespaces = NAMESPACES ",{\"type\":\"user\"}",
		.os = ",\"netDevices\":{\"end0\":{}},\"uidMappings\":[{\"containerID\":0,\"hostID\":"
		      "100000,\"size\":65536}],\"gidMappings\":[{\"containerID\":0,\"hostID\":100000,"
		      "\"size\":65536}]",
	};
	struct outcome o;

	need_end();
	o = run_in(a, &p, root, &e);
	if (o.r < 0)
		fail_msg("%s", e.msg);
	assert_string_equal(o.out, LOOKS);
}

static int count_address(void *arg, const struct netlink_address *x)
{
	*(int *)arg += x->permanent && x->global && x->index != 1;
	return 0;
}

static void expect_home(void)
{
	struct netlink_info link;
	int n = 0;

	assert_int_equal(netlink_link_find(host, "end0", 0, &link, &e), 0);
	assert_true(link.flags & IFF_UP);
	assert_int_equal(netlink_addresses(host, count_address, &n, &e), 0);
	assert_int_equal(n, 2);
}

static void what_is_wrong_is_named_and_leaves_it_where_it_was(void **state)
{
	static const struct {
		const char *devices, *words;
	} wrong[] = {
		{ "\"none\":{}", "linux.netDevices.none: there is no such interface" },
		{ "\"end0\":{\"name\":\"lo\"}",
		  "linux.netDevices.end0: the container has an interface \"lo\" already" },
		{ "\"end0\":{\"name\":\"a-name-that-is-too-long\"}",
		  "linux.netDevices.end0: \"a-name-that-is-too-long\" is no name for an interface" },
		{ "\"end0\":{\"name\":\"x\"},\"none\":{}",
		  "linux.netDevices.none: there is no such interface" },
	};

	need_end();
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		assert_true(run_with(wrong[i].devices, "true", NULL).r < 0);
		assert_string_equal(e.msg, wrong[i].words);
		expect_home();
		close(root);
		root = make_root();
	}
	/* What fails later gives it back too. */
	assert_true(run_in(a,
			   &(struct config_parts){ .args = "\"/none\"",
						   .os = ",\"netDevices\":{\"end0\":{\"name\":"
							 "\"eth0\"}}" },
			   root, &e)
			    .r < 0);
	expect_home();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_moves_with_its_addresses_and_is_up),
		TEST(it_is_renamed),
		TEST(a_template_gives_a_free_name),
		TEST(it_moves_into_a_user_namespace),
		TEST(what_is_wrong_is_named_and_leaves_it_where_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
