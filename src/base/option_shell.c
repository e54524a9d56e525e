/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The scripts that ask the program's __complete command.  In each, PROGRAM stands for its name.
 */
#include <string.h>

#include "base/option.h"

/* bash splits words at = and : too; what has no blank between is put together again. */
static const char bash_script[] =
	"# bash completion for PROGRAM\n"
	"_PROGRAM()\n"
	"{\n"
	"\tlocal rest=$COMP_LINE whole= line prefix i\n"
	"\tlocal -a words=()\n"
	"\tfor ((i = 0; i <= COMP_CWORD; i++)); do\n"
	"\t\tif [[ $rest == [[:blank:]]* ]]; then\n"
	"\t\t\twords+=(\"$whole\")\n"
	"\t\t\twhole=\n"
	"\t\t\trest=${rest#\"${rest%%[![:blank:]]*}\"}\n"
	"\t\tfi\n"
	"\t\trest=${rest#\"${COMP_WORDS[i]}\"}\n"
	"\t\twhole+=${COMP_WORDS[i]}\n"
	"\tdone\n"
	"\twords+=(\"$whole\")\n"
	"\tprefix=${whole%\"${whole##*[=:]}\"}\n"
	"\tCOMPREPLY=()\n"
	"\twhile IFS= read -r line; do\n"
	"\t\tcase $line in\n"
	"\t\t:file) compopt -o default ;;\n"
	"\t\t:folder) compopt -o dirnames ;;\n"
	"\t\t:none) ;;\n"
	"\t\t*)\n"
	"\t\t\tline=${line%%$'\\t'*}\n"
	"\t\t\tCOMPREPLY+=(\"${line#\"$prefix\"}\")\n"
	"\t\t\t;;\n"
	"\t\tesac\n"
	"\tdone < <(PROGRAM __complete -- \"${words[@]:1}\" 2>/dev/null)\n"
	"}\n"
	"complete -F _PROGRAM PROGRAM\n";

static const char zsh_script[] =
	"#compdef PROGRAM\n"
	"_PROGRAM()\n"
	"{\n"
	"\tlocal -a lines offered\n"
	"\tlocal line more=none\n"
	"\tlines=(\"${(@f)$(PROGRAM __complete -- \"${(@Q)words[2,CURRENT-1]}\" \"$PREFIX\" 2>/dev/null)}\")\n"
	"\tfor line in $lines; do\n"
	"\t\tcase $line in\n"
	"\t\t(:file|:folder|:none) more=${line#:} ;;\n"
	"\t\t(*$'\\t'*) offered+=(\"${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}\") ;;\n"
	"\t\t(*) offered+=(\"${line//:/\\\\:}\") ;;\n"
	"\t\tesac\n"
	"\tdone\n"
	"\t(( $#offered )) && _describe -t PROGRAM PROGRAM offered\n"
	"\t[[ $more == none ]] && return\n"
	"\t[[ $PREFIX == --*=* ]] && compset -P '*='\n"
	"\tif [[ $more == folder ]]; then _files -/; else _files; fi\n"
	"}\n"
	"if [[ $funcstack[1] == _PROGRAM ]]; then _PROGRAM \"$@\"; else compdef _PROGRAM PROGRAM; fi\n";

static const char fish_script[] =
	"# fish completion for PROGRAM\n"
	"function __PROGRAM_complete\n"
	"\tset -l words (commandline -opc)\n"
	"\tset -l current (commandline -ct)\n"
	"\tset -e words[1]\n"
	"\tfor line in (PROGRAM __complete -- $words \"$current\" 2>/dev/null)\n"
	"\t\tswitch $line\n"
	"\t\t\tcase :file\n"
	"\t\t\t\t__fish_complete_path \"$current\"\n"
	"\t\t\tcase :folder\n"
	"\t\t\t\t__fish_complete_directories \"$current\"\n"
	"\t\t\tcase :none\n"
	"\t\t\tcase '*'\n"
	"\t\t\t\techo $line\n"
	"\t\tend\n"
	"\tend\n"
	"end\n"
	"complete -c PROGRAM -f -a '(__PROGRAM_complete)'\n";

static const struct {
	const char *shell, *script;
} scripts[] = {
	{ "bash", bash_script },
	{ "zsh", zsh_script },
	{ "fish", fish_script },
};

static void add_script(struct buf *out, const char *script, const char *program)
{
	const char *name;

	while ((name = strstr(script, "PROGRAM"))) {
		buf_add(out, script, (size_t)(name - script));
		buf_adds(out, program);
		script = name + strlen("PROGRAM");
	}
	buf_adds(out, script);
}

int option_completion(struct buf *out, const char *program, const char *shell, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(scripts); i++) {
		if (strcmp(scripts[i].shell, shell) == 0) {
			add_script(out, scripts[i].script, program);
			return 0;
		}
	}
	return err_set(e, ERR_INVALID,
		       "no completion for the shell \"%.80s\"; there is for bash, zsh and fish",
		       shell);
}
