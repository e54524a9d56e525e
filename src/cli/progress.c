/* SPDX-License-Identifier: BSD-2-Clause */
#include "cli/progress.h"

#include <sys/ioctl.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/units.h"

#define COLUMNS      80
#define COLUMNS_MIN  40
#define BAR_MAX      40         /* columns of a bar */
#define REDRAW_USEC  100000     /* at least, between two drawings of the bars */
#define OUTPUT_MAX   (64 << 10) /* bytes written at once */
#define SHORT_DIGEST 12
#define CLEAR_BELOW  "\x1b[J"
#define LINE_UP      "\x1b[%zuA\r"

struct bar {
	char digest[SHORT_DIGEST + 1];
	bool live;
	uint64_t done, total;
};

struct progress {
	int fd;
	bool terminal;
	unsigned columns;
	struct bar bars[IMAGE_LAYERS_MAX];
	size_t drawn; /* lines of bars on the screen now */
	int64_t drawn_at_usec;
};

static unsigned terminal_columns(int fd)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < COLUMNS_MIN)
		return COLUMNS;
	return size.ws_col;
}

struct progress *progress_new(int fd, bool terminal, unsigned columns)
{
	struct progress *p = calloc(1, sizeof(*p));

	if (!p)
		abort();
	p->fd = fd;
	p->terminal = terminal;
	p->columns = columns ? columns : terminal ? terminal_columns(fd) : COLUMNS;
	return p;
}

void progress_free(struct progress *p)
{
	free(p);
}

static void draw_bar(const struct progress *p, const struct bar *b, struct buf *out)
{
	size_t start = out->len, width = p->columns - COLUMNS_MIN;
	uint64_t filled;

	buf_addf(out, "Copying blob %s ", b->digest);
	if (width > BAR_MAX)
		width = BAR_MAX;
	if (b->total && width > 4) {
		filled = (b->done < b->total ? b->done : b->total) * width / b->total;
		buf_addc(out, '[');
		for (size_t i = 0; i < width; i++)
			buf_addc(out, i < filled ? '=' : i == filled ? '>' : '-');
		buf_adds(out, "] ");
	}
	size_print_short(out, (int64_t)b->done, "");
	if (b->total) {
		buf_adds(out, " / ");
		size_print_short(out, (int64_t)b->total, "");
	}
	/* A line that wraps would be two to go up. */
	if (out->len - start >= p->columns) {
		out->len = start + p->columns - 1;
		out->data[out->len] = 0;
	}
	buf_addc(out, '\n');
}

/* Takes the bars away, writes what is done, draws the bars below it. */
static void draw(struct progress *p, const char *line)
{
	auto_buf out = BUF(OUTPUT_MAX);

	if (p->drawn)
		buf_addf(&out, LINE_UP CLEAR_BELOW, p->drawn);
	if (line)
		buf_addf(&out, "%s\n", line);
	p->drawn = 0;
	for (size_t i = 0; p->terminal && i < IMAGE_LAYERS_MAX; i++) {
		if (!p->bars[i].live)
			continue;
		draw_bar(p, &p->bars[i], &out);
		p->drawn++;
	}
	p->drawn_at_usec = clock_monotonic_usec();
	/* Nobody to tell if it fails; the pull goes on. */
	(void)!file_write_all(p->fd, buf_text(&out), out.len);
}

static void draw_some(struct progress *p)
{
	if (p->terminal && clock_monotonic_usec() - p->drawn_at_usec >= REDRAW_USEC)
		draw(p, NULL);
}

/* On a terminal digests are short. */
static const char *shown_digest(const struct progress *p, const char *digest, char text[80])
{
	const char *hex = digest ? text_after(digest, "sha256:") : NULL;

	snprintf(text, 80, "%.*s", p->terminal && hex ? SHORT_DIGEST : 79,
		 p->terminal && hex ? hex
		 : digest           ? digest
				    : "");
	return text;
}

static void show_layer(struct progress *p, const struct image_progress *step)
{
	struct bar *b = &p->bars[step->index % IMAGE_LAYERS_MAX];
	char digest[80], line[160];

	shown_digest(p, step->digest, digest);
	switch (step->step) {
	case IMAGE_STEP_LAYER:
		*b = (struct bar){ .live = true, .total = step->total };
		snprintf(b->digest, sizeof(b->digest), "%.*s", SHORT_DIGEST, digest);
		snprintf(line, sizeof(line), "Copying blob %s", digest);
		draw(p, p->terminal ? NULL : line);
		break;
	case IMAGE_STEP_EXISTS:
		snprintf(line, sizeof(line), "Copying blob %s skipped: already exists", digest);
		draw(p, line);
		break;
	case IMAGE_STEP_BYTES:
		b->done = step->done;
		draw_some(p);
		break;
	default:
		b->live = false;
		snprintf(line, sizeof(line), "Copying blob %s done", digest);
		if (p->terminal)
			draw(p, line);
	}
}

void progress_show(void *arg, const struct image_progress *step)
{
	struct progress *p = arg;
	char digest[80], line[512];

	switch (step->step) {
	case IMAGE_STEP_TRY:
		snprintf(line, sizeof(line), "Trying to pull %s...", step->shown);
		draw(p, line);
		break;
	case IMAGE_STEP_MANIFEST:
		draw(p, "Getting image source signatures");
		break;
	case IMAGE_STEP_CONFIG:
		snprintf(line, sizeof(line), "Copying config %s%s",
			 shown_digest(p, step->digest, digest), p->terminal ? " done" : "");
		draw(p, line);
		break;
	case IMAGE_STEP_RECORD:
		draw(p, "Writing manifest to image destination");
		break;
	case IMAGE_STEP_NOTICE:
		draw(p, step->shown);
		break;
	default:
		show_layer(p, step);
	}
}
