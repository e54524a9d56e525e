/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of the monitor program and the one structure they work on, which main.c keeps in static
 * memory.  main.c tells how they play together.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "monitor/monitor.h"
#include "monitor/protocol.h"

#define CLIENTS_MAX        64
#define SERVERS_MAX        40
#define LOG_TEXT_MAX       4096
#define PARTIAL_LINE_MS    250
#define STUCK_CLIENT_MS    10000
#define RESTART_DELAY_MS   100
#define RESTART_DELAY_MAX  60000
#define RESTART_SETTLED_MS 10000 /* having run that long makes the next delay the first again */

enum { STREAM_OUT, STREAM_ERR, STREAMS };

/* One descriptor in the epoll set; the events it waits for now, 0: it is not in the set. */
struct watch {
	int fd;
	uint32_t source; /* enum source, and an index above SOURCE_BITS */
	uint32_t events;
};
enum source {
	SOURCE_CHILD,
	SOURCE_SIGNAL,
	SOURCE_LISTENER,
	SOURCE_INPUT,
	SOURCE_STREAM,
	SOURCE_CLIENT,
	SOURCE_FIREWALL,
	SOURCE_SERVER
};
#define SOURCE_BITS 8

/* What the container writes.  text[0, len) was read; clients have got all up to `sent`, or those
 * whose bits are in `waiting` have yet to get text[sent, len); the log has what is before `logged`.
 * Nothing more is read while a client waits: that is the back-pressure. */
struct stream {
	struct watch watch;
	char text[ATTACH_PAYLOAD_MAX];
	size_t len, sent, logged;
	uint64_t waiting;
	int64_t flush_at_ms; /* when the unfinished line is logged as it is; 0: there is none */
	int64_t left;        /* to read after the exit; negative: the container runs */
};

/* What it reads: one packet of a client at a time. */
struct input {
	struct watch watch;
	char text[ATTACH_PACKET_MAX];
	size_t from, to; /* text[from, to) is to be written */
	bool terminal, end, mid_line;
};

struct client {
	struct watch watch;  /* fd -1: free */
	uint8_t wants;       /* ATTACH_WANT_*, ATTACH_OWNER */
	bool greeted;        /* HELLO came */
	bool first;          /* the foreground client, which loses nothing */
	bool told;           /* EXIT was sent */
	int64_t stuck_at_ms; /* it takes no output, or says no HELLO, since then; 0: all is well */
};

struct log_file {
	int dir, fd;
	const char *path;
	int64_t size; /* of the records that are complete */
	int64_t tail; /* bytes written behind them */
	int64_t max_bytes;
	int files;
};

struct logger {
	enum monitor_log kind;
	struct log_file file;
	int socket; /* journald's */
	bool journal_stuck;
	const char *id, *name, *tag;
	int64_t dropped, dropped_ever; /* lines */
	int error;                     /* errno of the first that was dropped */
	char text[LOG_TEXT_MAX];
};

/* When berth is to be run to put something right, and its run (mend.c). */
struct mend {
	int64_t at_ms;    /* 0: nothing is to be done */
	int64_t last_ms;  /* the last time; */
	int64_t again_ms; /* and not again before that much later */
	pid_t child;      /* berth, which does it; 0: it does not run */
};

/* What is heard of nftables, and what is to be done about it (firewall.c). */
struct firewall {
	struct watch watch;
	bool written, missing; /* berth's rules, by the transaction being told of */
	struct mend mend;
	_Alignas(4) char text[8192];
};

/* The processes whose numbers are in the files monitor_handover.servers (servers.c). */
struct servers {
	struct watch watch[SERVERS_MAX];
	struct mend mend;
};

enum state { UP, STOPPING, DRAINING, ENDING, WAITING, OVER, STATES };
enum event { EV_EXIT, EV_DRAINED, EV_DELIVERED, EV_STOP, EV_TIMER, EVENTS };

struct supervisor {
	struct monitor_handover h;
	enum state state;
	int epoll, signals;
	int peer; /* keeps the terminal's other side open, or -1 */
	struct watch child, signal, listener;
	struct servers servers;
	struct stream streams[STREAMS];
	struct input input;
	struct client clients[CLIENTS_MAX];
	struct logger log;
	struct firewall firewall;
	int64_t now_ms; /* monotonic */
	int64_t started_ms;
	int64_t timer_at_ms;      /* EV_TIMER; 0: none */
	struct monitor_exit exit; /* filled when it has ended; the texts are made when written */
	int64_t finished_nsec;
	int delay_ms; /* before the restart */
	bool cleaned;
	struct attach_trash trash; /* to be deleted at last */
	char oom_before[16];       /* our oom_score_adj, for what we become */
	int64_t oom_others;        /* what oom_above counted of others at the start, or -1 */
};

int64_t now_monotonic_ms(void);
/* Puts the descriptor into the set, changes what it waits for, or takes it out (events 0). */
void watch_set(struct supervisor *s, struct watch *w, uint32_t events);
void watch_close(struct supervisor *s, struct watch *w);
/* For what we become, or run: as likely to be killed for want of memory as berth was. */
void oom_restore(const struct supervisor *s);

/* states.c */
void supervisor_event(struct supervisor *s, enum event event);
/* After each round: what has become possible is done, and descriptors are watched accordingly. */
void supervisor_settle(struct supervisor *s);
/* At the start: what of the counts isn't this container's. */
void supervisor_note_oom(struct supervisor *s);
/* The exit is recorded. */
bool supervisor_ended(const struct supervisor *s);
bool supervisor_restarts(const struct supervisor *s);

/* options.c: fills h, which points into argv. Returns false, with words on stderr, if it can't. */
bool options_read(struct monitor_handover *h, char **argv);

/* stream.c */
void stream_read(struct supervisor *s, struct stream *o);
/* Nothing more is read from it. */
void stream_end(struct supervisor *s, struct stream *o);
void stream_written(struct supervisor *s, struct stream *o, int client);
void streams_drain(struct supervisor *s);
bool streams_done(const struct supervisor *s);
/* Goes on with what clients no longer hold up. */
void streams_settle(struct supervisor *s);
int64_t streams_deadline(const struct supervisor *s, int64_t soonest);

/* input.c */
void input_write(struct supervisor *s);
void input_take(struct supervisor *s, size_t from, size_t to); /* input.text was filled */
void input_end(struct supervisor *s);
void input_resize(struct supervisor *s, const struct attach_size *size);
bool input_busy(const struct supervisor *s);

/* client.c */
void clients_accept(struct supervisor *s);
void client_add(struct supervisor *s, int fd, bool first);
void client_ready(struct supervisor *s, struct client *c, uint32_t events);
/* One packet; false: the client broke the rules. */
bool client_packet(struct supervisor *s, struct client *c, const char *packet, size_t len);
/* Sends a packet: 1 it went, 0 it must wait, -1 the client is gone. */
int client_send(struct supervisor *s, struct client *c, char type, const void *data, size_t len);
/* Nothing may be read before it has said what it wants. */
bool clients_undecided(const struct supervisor *s);
void clients_tell_exit(struct supervisor *s);
bool clients_done(const struct supervisor *s);
/* Drops those that are stuck for too long. */
void clients_expire(struct supervisor *s);
void clients_settle(struct supervisor *s);
int64_t clients_deadline(const struct supervisor *s, int64_t soonest);

/* logger.c */
void logger_start(struct logger *l, const struct monitor_handover *h);
/* Logs the lines in it, and with `flush` what follows the last newline as an unfinished one.
 * Returns how many bytes it is done with. */
size_t logger_write(struct logger *l, int stream, const char *text, size_t len, bool flush);

/* log_json.c, log_journal.c: one line, without its newline; `partial`: it had none. 0 or -errno. */
int log_json_line(struct logger *l, int stream, const char *text, size_t len, bool partial,
		  int64_t nsec);
int log_journal_open(void);
int log_journal_line(struct logger *l, int stream, const char *text, size_t len, bool partial);

/* log_file.c */
void log_file_open(struct log_file *f);
/* Whether that much may follow what is there, without a rotation. */
bool log_file_fits(const struct log_file *f, int64_t bytes);
/* Makes room for it: opens the file if it isn't, and rotates if it must. */
int log_file_room(struct log_file *f, int64_t bytes);
int log_file_write(struct log_file *f, struct iovec *v, int n);
void log_file_commit(struct log_file *f);  /* what was written are complete records */
void log_file_abandon(struct log_file *f); /* takes back what wasn't committed */

/* firewall.c */
void firewall_start(struct supervisor *s);
void firewall_ready(struct supervisor *s);
void firewall_settle(struct supervisor *s);
void firewall_reap(struct supervisor *s);
int64_t firewall_deadline(const struct supervisor *s, int64_t soonest);

/* servers.c */
void servers_start(struct supervisor *s);
void server_ended(struct supervisor *s, unsigned i);
void servers_settle(struct supervisor *s);
void servers_reap(struct supervisor *s);

/* mend.c */
void mend_plan(const struct supervisor *s, struct mend *m);
/* It was done, by whomever. */
void mend_note(const struct supervisor *s, struct mend *m);
bool mend_is_due(const struct supervisor *s, const struct mend *m);
void mend_run(const struct supervisor *s, struct mend *m);
/* Its run has ended well; if not it is planned once more. */
bool mend_reap(const struct supervisor *s, struct mend *m);
int64_t mend_deadline(const struct supervisor *s, const struct mend *m, int64_t soonest);

/* trash.c: what nobody waits for. */
void trash_delete(const struct supervisor *s);

/* record.c */
#define TIME_TEXT_MAX 40
/* RFC 3339 in UTC with nanoseconds; zone is "Z" or "+00:00". Returns its length. */
size_t time_text(char ret[TIME_TEXT_MAX], int64_t nsec, const char *zone);
int64_t now_nsec(void);
void record_write(const struct supervisor *s);
