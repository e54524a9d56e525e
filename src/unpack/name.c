/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/name.h"

#include <string.h>

#include "unpack/report.h"

int name_clean(const char *name, uint64_t max, char ret[PATH_MAX], struct err *e)
{
	size_t n = 0;

	if (max >= PATH_MAX)
		max = PATH_MAX - 1;
	for (const char *s = name; *s;) {
		size_t len = strcspn(s, "/");

		if (len == 2 && s[0] == '.' && s[1] == '.')
			return err_set(e, ERR_INVALID, "%s: a name with \"..\" is refused",
				       quoted(name).text);
		if (len > NAME_MAX)
			return err_set(e, ERR_INVALID,
				       "%s: a part of the name is longer than %d bytes",
				       quoted(name).text, NAME_MAX);
		if (len > 0 && !(len == 1 && s[0] == '.')) {
			if (n + len + 1 > max)
				return err_set(e, ERR_INVALID,
					       "%s: the name is longer than %llu bytes (max_name)",
					       quoted(name).text, (unsigned long long)max);
			if (n > 0)
				ret[n++] = '/';
			memcpy(ret + n, s, len);
			n += len;
		}
		s += len + (s[len] == '/');
	}
	ret[n] = '\0';
	return 0;
}

const char *name_base(const char *clean)
{
	const char *slash = strrchr(clean, '/');

	return slash ? slash + 1 : clean;
}
