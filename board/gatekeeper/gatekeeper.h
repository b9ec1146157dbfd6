/*
 * gatekeeper: runs keepalived and conntrackd with root rights for a daemon that has none.
 * README.md documents the protocol and what this program must never do.
 */
#ifndef GATEKEEPER_H
#define GATEKEEPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Bounds. All memory is static: nothing is allocated. Lengths in bytes, times in milliseconds. */
#define CONFIG_MAX 65536
#define COMMAND_MAX 2048      /* one command with its newline */
#define CONFIG_LINE_MAX 200
#define TEXT_MAX 200          /* a reason, or a line of the FIFO, as told to the daemon */
#define ITEMS_MAX 256         /* addresses, routes and links of a configuration */
#define DUMP_MAX (256 * 1024) /* 1 KiB per VRRP instance is usual */
#define OUT_SIZE (DUMP_MAX + 64 * 1024)
#define FOLDER_MAX 100        /* of its path */
#define NAME_MAX_LEN 15       /* IFNAMSIZ less the final NUL */
#define FILES_NEEDED 64
#define HEALTH_DOWN (-254)    /* keepalived gives up its addresses */
#define HEALTH_TTL_MIN_MS 100
#define HEALTH_TTL_MAX_MS 600000
#define PLUG_MIN_MS 100
#define PLUG_MAX_MS 60000
#define CLIENT_WITHIN_MS 5000 /* from the first byte of a message to its last */
#define CHECK_WITHIN_MS 5000  /* keepalived -t, which takes 9 */
#define STOP_WITHIN_MS 3000   /* a graceful end, which takes 1000 */
#define KILL_WITHIN_MS 1000   /* SIGKILL, which takes 50 */
#define PREDECESSOR_WITHIN_MS 2000 /* the same, while nobody knows how it is */
#define DUMP_WITHIN_MS 1000
#define SETTLED_WITHIN_MS 2000 /* from its start to its VRRP process's pid file, which takes 20 */
#define SETTLED_AFTER_MS 200  /* behind that file */
#define HOLD_MS 1000          /* after the cable is plugged in again */
#define LIVED_LONG_MS 10000   /* who dies sooner is started again later */
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 5000
#define TRACK_STEP_MS 5000    /* one command to conntrackd, which takes some */
#define TRACK_AGAIN_MS 100    /* while it is still starting */
#define TRACK_PAUSE_MS 300    /* while the addresses go, which takes 1 */
#define BEFORE_MS 10000       /* addresses of the configuration before this one may still be there */

/* Names in FOLDER. */
#define CONFIG_FILE "keepalived.conf"
#define CONFIG_NEW "keepalived.conf.new"
#define HEALTH_FILE "health"
#define FIFO_FILE "vrrp.fifo"
#define PID_FILE "keepalived.pid"
#define VRRP_PID_FILE "vrrp.pid"
#define DUMP_FILE "keepalived.json"
#define TRACK_CONFIG "conntrackd.conf"
#define TRACK_LOCK_FILE "conntrackd.lock"
#define TRACK_PID_FILE "conntrackd.pid"
#define TRACK_SOCKET "ct.ctl" /* short: with FOLDER it has to fit into a socket's address */

/* ---- grammar.c: pure decisions about a configuration, no system call ---- */

enum item_kind { ITEM_ROUTE, ITEM_ADDRESS, ITEM_LINK };

/* What keepalived puts on the box: a default route (address is its gateway), an address, or a
 * VMAC link. Ordered so that a route goes before the address it leans on. */
struct item {
  enum item_kind kind;
  uint8_t family, prefix;
  uint8_t address[16];
  char dev[NAME_MAX_LEN + 1];
};

struct plan {
  bool dbus; /* enable_dbus */
  size_t left_out, left_out_len; /* the word that keepalived does not get to see, length 0: none */
  unsigned count;
  struct item items[ITEMS_MAX];
};

struct complaint {
  unsigned line; /* from 1 */
  char why[TEXT_MAX];
};

/* True when every line is one of the whitelist; then *plan says what it puts on the box. */
bool config_check(const char *text, size_t len, const char *folder, struct plan *plan,
                  struct complaint *complaint);
/* Copies what can be shown and replaces the rest; `to` has TEXT_MAX + 1 bytes. */
size_t text_clean(char *to, const char *from, size_t len);

/* ---- command.c: pure decisions about a line from the daemon ---- */

enum verb { V_CONFIG, V_STOP, V_HEALTH, V_DUMP, V_RESPAWN, V_PLUG, V_TRACKING, VERBS };

struct tracking;

struct command {
  enum verb verb;
  long numbers[3];
  struct tracking *tracking; /* where what V_TRACKING asks for goes */
};

enum command_status { COMMAND_GOOD, COMMAND_WRONG, COMMAND_FRAMING };

/* COMMAND_WRONG is answered by `no`; after COMMAND_FRAMING nobody knows where the next one starts. */
enum command_status command_parse(const char *line, size_t len, struct command *command,
                                  const char **why);

/* ---- address.c: rtnetlink ---- */

/* Removes what is left of the plan, kind by kind up to the last one; returns how much that was. */
unsigned addresses_remove(const struct plan *plan, enum item_kind last);
/* Gives the port a second name, which no other port has then; an errno, 0 when it has it. */
int alias_set(const char *dev, const char *alias);

/* ---- files.c: everything in FOLDER ---- */

void folder_open(const char *path);
const char *folder_path(void);
/* FOLDER/name, valid until the next call with the same name. */
const char *file_path(const char *name);
/* By rename, so that a reader has the old or the new content; false with errno. */
bool file_replace(const char *name, const char *bytes, size_t len);
/* The two steps of a new configuration, with syncs: written aside, and put in force. */
bool config_write(const char *bytes, size_t len);
bool config_enforce(void);
void file_remove(const char *name);
/* Bytes read, at most `size`; -1 with errno, EFBIG when it is longer. */
ssize_t file_read(const char *name, char *bytes, size_t size);
/* 0 when there is none. */
pid_t file_pid(const char *name);
int folder_watch(void);
void folder_event(int fd);

/* ---- process.c ---- */

/* Starts a program in a group of its own; `output` < 0 leaves ours to it. -1 with errno. */
pid_t program_spawn(const char *const argv[], int output);
/* Asks the program what it can do; what it needs is known afterwards. */
void keepalived_probe(const char *program);
const char *keepalived_program(void);
bool keepalived_knows_vrrp_only(void); /* -P, which builds without LVS refuse */
bool keepalived_knows_no_syslog(void); /* -G */
int keepalived_json_signal(void);   /* 0 when it has no JSON dump */

/* ---- check.c: keepalived -t ---- */

/* NULL when it was started, else why not; check_done() of keepalived.c follows. */
const char *check_start(void);
void check_output(void);
bool check_reaped(pid_t pid, int status);
void check_late(void);
void check_stop(void);

/* ---- keepalived.c: the one keepalived and its configuration ---- */

/* Each answers by client_reply(), perhaps later. */
void keepalived_config(const char *text, size_t len);
void keepalived_stop(void);
void keepalived_plug(unsigned milliseconds);
const char *keepalived_state(void);
/* Its process group, 0 when it does not run or is being ended. */
pid_t keepalived_group(void);
void keepalived_exit(void);
void keepalived_reaped(pid_t pid, int status);
void keepalived_timer(void);
void keepalived_vrrp_began(void);
/* Without what it left behind no second owner of an address can come up. */
void keepalived_vrrp_died(void);
void check_done(bool good, const char *why);

/* ---- vrrp.c: the VRRP process below keepalived, its FIFO and its dump ---- */

void fifo_prepare(void);
void fifo_read(void);
void vrrp_respawn(void);
void vrrp_dump(void);
/* A file in FOLDER was written; `closed` when its writer has done with it. */
void vrrp_file_event(const char *name, bool closed);
void vrrp_ended(void);
void vrrp_dump_late(void);
/* keepalived ended: there is nothing to wait for. */
void vrrp_forget(void);

/* ---- health.c: the track file ---- */

void health_start(void);
/* False when the file cannot be written. */
bool health_set(int value, unsigned ttl, int after);
int health_value(void);
/* The file is HEALTH_DOWN and stays so, whatever the daemon says. */
void health_hold(void);
void health_release_in(unsigned milliseconds);
void health_release(void);
void health_late(void);

/* ---- predecessor.c ---- */

/* Ends what a gatekeeper that was killed ran, and removes its addresses. */
void predecessor_end(void);

/* ---- tracking.c: the one conntrackd ---- */

void tracking_program(const char *path);
/* The box is about to lose the gateway: what its kernel forgets by that, the other one is to keep. */
void tracking_let_go(void);
/* Answers by client_reply(), at once. */
void tracking_command(const struct tracking *tracking);
bool tracking_reaped(pid_t pid, int status);
void tracking_output(void);
/* It is time to start it again, or to go on with what it is told. */
void tracking_timer(void);
void tracking_step_timer(void);
/* Removes what one that does not run any more has left: the next one would not start. */
void tracking_forget(void);
/* Ends it, and leaves nothing of it behind. */
void tracking_exit(void);

/* ---- client.c: the daemon ---- */

bool client_accept(int listen_fd);
void client_event(uint64_t tag, uint32_t events);
void client_late(void);
/* Goes on with what was waiting for an answer or for room. */
void client_resume(void);
/* Answers the command in hand. */
void client_reply(const char *format, ...) __attribute__((format(printf, 1, 2)));
void client_reply_dump(const char *bytes, size_t len);
/* An event; nobody needs to be there. */
void client_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- privilege.c ---- */

void privileges_drop(void);

/* ---- options.c ---- */

struct options {
  const char *path, *folder, *program, *tracker, *checked;
  unsigned mode, uid, gid;
  bool change_user, change_group;
};

/* A wrong command line ends the program. */
void options_parse(int argc, char **argv, struct options *options);

/* ---- socket.c ---- */

int listen_open(const struct options *options);
void socket_remove(void);

/* ---- gatekeeper.c ---- */

/* Low byte of an epoll tag: whose event it is. */
enum source {
  SOURCE_LISTEN,
  SOURCE_SIGNAL,
  SOURCE_CLIENT,
  SOURCE_FIFO,
  SOURCE_FOLDER,
  SOURCE_CHECK,
  SOURCE_VRRP,
  SOURCE_TRACKING
};

enum timer {
  TIMER_HEALTH,
  TIMER_HOLD,
  TIMER_KEEPALIVED,
  TIMER_CHECK,
  TIMER_DUMP,
  TIMER_CLIENT,
  TIMER_LISTEN,
  TIMER_TRACKING,
  TIMER_TRACKING_STEP,
  TIMERS
};

uint64_t now_ms(void);
void timer_set(enum timer timer, unsigned milliseconds);
void timer_stop(enum timer timer);
void watch(int operation, int fd, uint32_t events, uint64_t tag);
_Noreturn void finish(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
