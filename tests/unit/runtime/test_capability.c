/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "runtime/capability.h"
#include "unit.h"

#define BIT(n) (1ULL << (n))

static const char *const none[] = { NULL };

static struct texts list_of(const char **v)
{
	struct texts l = { .v = v };

	while (v[l.n])
		l.n++;
	return l;
}

static int choose(const char **add, const char **drop, uint64_t *ret, struct err *e)
{
	struct texts a = list_of(add), d = list_of(drop);

	return capability_choose(CAPABILITY_DEFAULT, &a, &d, ret, e);
}

static void the_default_set_is_the_eleven_that_podman_gives(void **state)
{
	AUTO(arena) a = arena_new();
	struct texts l = capability_names(a, CAPABILITY_DEFAULT);

	assert_string_equal(
		texts_join(a, &l, " "),
		"CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_FSETID CAP_KILL CAP_SETGID CAP_SETUID "
		"CAP_SETPCAP CAP_NET_BIND_SERVICE CAP_SYS_CHROOT CAP_SETFCAP");
}

static void a_name_is_known_in_any_case_and_without_its_prefix(void **state)
{
	assert_int_equal(capability_number("CAP_SYS_ADMIN"), CAP_SYS_ADMIN);
	assert_int_equal(capability_number("sys_admin"), CAP_SYS_ADMIN);
	assert_int_equal(capability_number("Cap_Sys_Admin"), CAP_SYS_ADMIN);
	assert_int_equal(capability_number("CAP_"), -1);
	assert_int_equal(capability_number("SYS"), -1);
	assert_string_equal(capability_name(40), "CAP_CHECKPOINT_RESTORE");
	assert_null(capability_name(41));
}

static void adding_and_dropping_change_the_default(void **state)
{
	struct err e;
	uint64_t set = 0;

	assert_int_equal(choose((const char *[]){ "net_raw", NULL },
				(const char *[]){ "CAP_CHOWN", NULL }, &set, &e),
			 0);
	assert_int_equal(set, (CAPABILITY_DEFAULT | BIT(CAP_NET_RAW)) & ~BIT(CAP_CHOWN));
}

static void dropping_all_leaves_what_is_added(void **state)
{
	struct err e;
	uint64_t set = 0;

	assert_int_equal(choose((const char *[]){ "KILL", NULL }, (const char *[]){ "all", NULL },
				&set, &e),
			 0);
	assert_int_equal(set, BIT(CAP_KILL));
}

static void adding_all_gives_the_callers_bounding_set_less_the_dropped(void **state)
{
	struct err e;
	uint64_t set = 0;

	assert_int_equal(choose((const char *[]){ "ALL", NULL }, (const char *[]){ "KILL", NULL },
				&set, &e),
			 0);
	assert_int_equal(set, capability_bounding() & ~BIT(CAP_KILL));
}

static void contradictions_and_unknown_names_are_refused(void **state)
{
	struct err e;
	uint64_t set = 7;
	const char **nothing = (const char **)none;

	assert_int_equal(choose((const char *[]){ "flying", NULL }, nothing, &set, &e), -EINVAL);
	assert_string_equal(e.msg, "--cap-add: unknown capability \"flying\"");
	assert_int_equal(choose(nothing, (const char *[]){ "", NULL }, &set, &e), -EINVAL);
	assert_string_equal(e.msg, "--cap-drop: unknown capability \"\"");
	assert_int_equal(choose((const char *[]){ "KILL", NULL }, (const char *[]){ "kill", NULL },
				&set, &e),
			 -EINVAL);
	assert_string_equal(e.msg, "capability CAP_KILL cannot be both added and dropped");
	assert_int_equal(choose((const char *[]){ "all", NULL }, (const char *[]){ "all", NULL },
				&set, &e),
			 -EINVAL);
	assert_int_equal(set, 7);
}

static void a_list_of_the_specification_is_read_and_unknown_ones_listed(void **state)
{
	AUTO(arena) a = arena_new();
	struct texts unknown = { 0 };
	struct texts l = list_of((const char *[]){ "CAP_KILL", "CAP_FLYING", "CAP_BPF", NULL });

	assert_int_equal(capability_set(a, &l, &unknown) & ~BIT(CAP_BPF), BIT(CAP_KILL));
	assert_true(unknown.n >= 1);
	assert_string_equal(unknown.v[0], "CAP_FLYING");
}

static void all_agrees_with_proc(void **state)
{
	auto_free char *text = NULL;
	struct err e;

	assert_int_equal(file_read_at(AT_FDCWD, "/proc/sys/kernel/cap_last_cap", 16, &text, NULL,
				      &e),
			 0);
	assert_int_equal(capability_all(), BIT(atoi(text) + 1) - 1);
}

static int in_child(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(what());
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static uint64_t of_status(const char *field)
{
	struct err e;
	auto_free char *text = NULL;

	if (file_read_at(AT_FDCWD, "/proc/self/status", 1 << 16, &text, NULL, &e) < 0)
		return 0;
	return strtoull(strstr(text, field) + strlen(field), NULL, 16);
}

static int become_restricted(void)
{
	const struct capability_sets s = {
		.bounding = CAPABILITY_DEFAULT,
		.effective = BIT(CAP_KILL),
		.permitted = BIT(CAP_KILL) | BIT(CAP_CHOWN),
		.inheritable = BIT(CAP_KILL),
		.ambient = BIT(CAP_KILL) | BIT(CAP_CHOWN),
	};
	struct err e;

	if (capability_bound(&s, true, &e) < 0 || setresgid(99, 99, 99) < 0 ||
	    setresuid(99, 99, 99) < 0 || capability_apply(&s, &e) < 0)
		return 1;
	if (of_status("CapBnd:") != s.bounding || of_status("CapEff:") != s.effective ||
	    of_status("CapPrm:") != s.permitted || of_status("CapInh:") != s.inheritable)
		return 2;
	/* CHOWN is not inheritable, so it cannot be ambient. */
	return of_status("CapAmb:") == BIT(CAP_KILL) ? 0 : 3;
}

static void the_sets_survive_a_change_of_user_as_asked(void **state)
{
	need_root();
	assert_int_equal(in_child(become_restricted), 0);
}

static int ask_for_what_nobody_has(void)
{
	struct capability_sets s = { 0 };
	struct err e;

	if (capability_bound(&s, false, &e) < 0 || capability_apply(&s, &e) < 0)
		return 1;
	s.permitted = BIT(CAP_SYS_BOOT);
	if (capability_apply(&s, &e) != -EACCES)
		return 2;
	return strcmp(e.msg, "CAP_SYS_BOOT cannot be given: the caller does not have it") ? 3 : 0;
}

static void what_the_caller_lacks_is_named(void **state)
{
	need_root();
	assert_int_equal(in_child(ask_for_what_nobody_has), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_default_set_is_the_eleven_that_podman_gives),
		cmocka_unit_test(a_name_is_known_in_any_case_and_without_its_prefix),
		cmocka_unit_test(adding_and_dropping_change_the_default),
		cmocka_unit_test(dropping_all_leaves_what_is_added),
		cmocka_unit_test(adding_all_gives_the_callers_bounding_set_less_the_dropped),
		cmocka_unit_test(contradictions_and_unknown_names_are_refused),
		cmocka_unit_test(a_list_of_the_specification_is_read_and_unknown_ones_listed),
		cmocka_unit_test(all_agrees_with_proc),
		cmocka_unit_test(the_sets_survive_a_change_of_user_as_asked),
		cmocka_unit_test(what_the_caller_lacks_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
