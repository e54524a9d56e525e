/* SPDX-License-Identifier: BSD-2-Clause */
#include "unpack/xattr.h"

#include "base/text.h"

bool xattr_crosses(const char *name)
{
	static const char *const kept[] = {
		"security.capability",
		"system.posix_acl_access",
		XATTR_DEFAULT_ACL,
	};

	if (text_after(name, "user."))
		return !text_after(name, "user.overlay.");
	return text_index(name, kept, ARRAY_LEN(kept)) >= 0;
}
