/* SPDX-License-Identifier: BSD-2-Clause */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/option.h"

struct args {
	bool all;
	const char *sort, *pull;
};

static const char *const sorts[] = { "id", "size", NULL };
static const struct option options[] = {
	OPTION_FLAG(args, all, "all", 'a', "All of them.\n.And more: C:\\x"),
	OPTION_CHOICE(args, sort, "sort-by", 0, "FIELD", "Sort", sorts),
	OPTION_TEXT(args, pull, "pull", 0, "POLICY", "Pull", .bare = "always"),
	OPTION_TEXT(args, pull, "hidden", 0, "X", "Not shown", .flags = OPTION_HIDDEN),
	{ 0 },
};
static const struct option *const tables[] = { options, NULL };
static const char *const aliases[] = { "ls", NULL };
static const struct command list = { .name = "list",
				     .aliases = aliases,
				     .summary = "List containers",
				     .description = "First.\n\nSecond.",
				     .usage = "[NAME]",
				     .examples = "--all\n",
				     .options = tables };
static const struct command *const commands[] = { &list, NULL };
static const struct command root = { .name = "berth",
				     .summary = "Run containers",
				     .commands = commands };

static const char prose[] =
	"# berth container list\n\nThird, as [run](run.md).\n\n"
	"## Notes\n\nUse `ls -l` or **care**, *now*; 2 * 3.\n\n- one\n- two\n  more\n"
	"\n### Deep\n```\n$ berth x\n.y\n```\n\n    a [0](1)\n\n    b\n\nEnd\n";

static const char expected[] = ".\\\" Made from the option tables of this program.\n\
.Dd\n\
.Dt BERTH\\-CONTAINER\\-LIST 1\n\
.Os berth " BERTH_VERSION "\n\
.Sh NAME\n\
.Nm \"\\&berth\\-container\\-list\"\n\
.Nd List containers\n\
.Sh SYNOPSIS\n\
.Nm \"\\&berth container list\"\n\
.Op Ar options\n\
\\fI[NAME]\\fR\n\
.Sh DESCRIPTION\n\
Third, as run.\n\
.Pp\n\
Other names: ls.\n\
.Sh OPTIONS\n\
.Bl -tag -width Ds\n\
.It Fl \\&a , Fl \\-all\n\
All of them.\n\
\\&.And more: C:\\ex\n\
.It Fl \\-pull Ar \"\\&POLICY\"\n\
Pull\n\
.Pp\n\
Without a value: always.\n\
.It Fl \\-sort\\-by Ar \"\\&FIELD\"\n\
Sort\n\
.Pp\n\
One of: id, size.\n\
.El\n\
.Sh EXAMPLES\n\
.Bd -literal -offset indent\n\
berth container list \\-\\-all\n\
.Ed\n\
.Sh NOTES\n\
Use \\fBls \\-l\\fR or \\fBcare\\fR, \\fInow\\fR; 2 * 3.\n\
.Bl -bullet\n\
.It\n\
one\n\
.It\n\
two\n\
more\n\
.El\n\
.Ss Deep\n\
.Bd -literal -offset indent\n\
$ berth x\n\
\\&.y\n\
.Ed\n\
.Bd -literal -offset indent\n\
a [0](1)\n\
\n\
b\n\
.Ed\n\
.Pp\n\
End\n\
.Sh SEE ALSO\n\
.Xr \"\\&berth\" 1\n";

static void a_page_is_made_from_the_table_and_prose(void **state)
{
	auto_buf out = BUF(10000);

	option_man(&out, "berth", "container list", &list, prose);
	assert_string_equal(buf_text(&out), expected);
}

static void without_prose_the_table_describes(void **state)
{
	auto_buf out = BUF(10000);

	option_man(&out, "berth", "container list", &list, NULL);
	assert_non_null(strstr(buf_text(&out), ".Sh DESCRIPTION\nFirst.\n.Pp\nSecond.\n.Pp\n"
					       "Other names: ls.\n.Sh OPTIONS\n"));
}

static void the_root_lists_its_commands(void **state)
{
	auto_buf out = BUF(10000);

	option_man(&out, "berth", "", &root, NULL);
	assert_non_null(strstr(buf_text(&out), ".Sh COMMANDS\n.Bl -tag -width Ds\n"
					       ".It Cm \"\\&list\"\nList containers\n.El\n"));
	assert_null(strstr(buf_text(&out), "SEE ALSO"));
}

static void mandoc_finds_no_error_in_it(void **state)
{
	auto_buf out = BUF(10000);
	FILE *mandoc;

	if (system("command -v mandoc >/dev/null") != 0)
		skip();
	option_man(&out, "berth", "container list", &list, prose);
	mandoc = popen("mandoc -T lint -W error", "w");
	assert_non_null(mandoc);
	fwrite(out.data, 1, out.len, mandoc);
	assert_int_equal(pclose(mandoc), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_made_from_the_table_and_prose),
		cmocka_unit_test(without_prose_the_table_describes),
		cmocka_unit_test(the_root_lists_its_commands),
		cmocka_unit_test(mandoc_finds_no_error_in_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
