/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"
#include "base/json.h"

int json_read_at(struct arena *a, int dir, const char *name, size_t max, const struct json_type *t,
		 void *obj, struct err *e)
{
	auto_free char *text = NULL;
	size_t len;
	int r = file_read_at(dir, name, max, &text, &len, e);

	return r < 0 ? r : json_read(a, text, len, t, obj, e);
}

int json_replace_at(int dir, const char *name, size_t max, const struct json_type *t,
		    const void *obj, const struct file_write *how, struct err *e)
{
	auto_buf text = BUF(max);
	int r;

	json_write(&text, t, obj, 0);
	buf_addc(&text, '\n');
	r = buf_check(&text, name, e);
	return r < 0 ? r : file_replace_at(dir, name, buf_text(&text), text.len, how, e);
}
