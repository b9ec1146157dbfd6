/*
 * The one conntrackd, which keeps the kernel's table of connections the same on both boxes. It has
 * nothing on the box that could be left behind, so it is always ended by SIGKILL.
 */
#define _GNU_SOURCE
#include "tracking.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define LINE_MAX_LEN 512
#define SAID_EVERY_MS 1000

/* What is told to it once it listens, in this order. The lowest bit comes first. */
#define STEP_FORGET 1 /* connections that it counts as this box's own */
#define STEP_LEARN 2  /* all that the kernel has are this box's own */
#define STEP_SEND 4   /* to the other box */
#define STEPS_PRIMARY (STEP_FORGET | STEP_LEARN | STEP_SEND)

static const char *program;
static struct tracking wish;
static char config[TRACKING_CONFIG_MAX];
static size_t config_len;  /* 0: nothing is to be tracked */
static pid_t tracker;      /* 0: it does not run */
static pid_t worker;       /* a command to it, 0: none */
static unsigned in_hand;   /* the step of that; 0 when it is not to be repeated */
static unsigned steps;     /* that are still to be told */
static bool primary;       /* the gateway is at this box */
static bool up;            /* it has answered */
static bool ending;        /* it was killed by us */
static bool pausing;       /* and is not to be started at once */
static int output = -1;
static char line[LINE_MAX_LEN], reason[TEXT_MAX + 1], said[TEXT_MAX + 1];
static size_t line_len;
static uint64_t started_at, said_at;
static unsigned backoff;

void tracking_program(const char *path) { program = path; }

static void tell(const char *event)
{
  say("conntrackd %s", event);
  client_tell("tracking %s", event);
}

/* ---- its end ---- */

void tracking_forget(void)
{
  file_remove(TRACK_LOCK_FILE);
  file_remove(TRACK_SOCKET);
  file_remove(TRACK_PID_FILE);
}

static void all_kill(void)
{
  ending = tracker > 0;
  if (worker > 0)
    kill(-worker, SIGKILL);
  if (tracker > 0)
    kill(-tracker, SIGKILL);
}

/* The same reason every few seconds, of a pair port without a cable, is told once. */
static void died(const char *why)
{
  char event[TEXT_MAX + 16];
  bool briefly = now_ms() - started_at < LIVED_LONG_MS;
  snprintf(event, sizeof event, "died %s", why);
  if (strcmp(why, said) != 0)
    tell(event);
  snprintf(said, sizeof said, "%s", why);
  backoff = !briefly || backoff == 0 ? BACKOFF_MIN_MS : backoff * 2;
  if (backoff > BACKOFF_MAX_MS)
    backoff = BACKOFF_MAX_MS;
  timer_set(TIMER_TRACKING, backoff);
}

/* ---- what it says ---- */

/* Only what it calls an error: "[date] (pid=1) [ERROR] what". While it starts the first one says
 * why, and those behind it that it did not. */
static void line_end(void)
{
  static const char mark[] = "[ERROR] ";
  const char *found = memmem(line, line_len, mark, sizeof mark - 1);
  char text[TEXT_MAX + 1];
  if (found != NULL) {
    const char *from = found + sizeof mark - 1;
    text_clean(text, from, (size_t)(line + line_len - from));
    if (up || reason[0] == '\0')
      strcpy(reason, text);
    /* What ends it is told by its end. */
    if (up && now_ms() - said_at >= SAID_EVERY_MS) {
      said_at = now_ms();
      say("conntrackd says: %s", text);
    }
  }
  line_len = 0;
}

void tracking_output(void)
{
  char bytes[LINE_MAX_LEN];
  ssize_t len = 0;
  /* One read per turn of the loop: whatever it has to say, keepalived does not wait for it. */
  if (output >= 0)
    len = read(output, bytes, sizeof bytes);
  for (ssize_t i = 0; i < len; i++) {
    if (bytes[i] == '\n')
      line_end();
    else if (line_len < sizeof line)
      line[line_len++] = bytes[i];
  }
  if (output >= 0 && (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR))) {
    close(output);
    output = -1;
  }
}

/* ---- its start ---- */

static const char *ports_name(void)
{
  static char why[TEXT_MAX + 1];
  char alias[] = ALIAS_NAME;
  for (unsigned i = 0; i < wish.port_count; i++) {
    alias[sizeof alias - 2] = (char)('0' + i);
    int error = alias_set(wish.ports[i], alias);
    if (error == 0)
      continue;
    snprintf(why, sizeof why, "%s: %s", wish.ports[i], strerror(error));
    return why;
  }
  return NULL;
}

static void pid_write(void)
{
  char text[16];
  int len = snprintf(text, sizeof text, "%d\n", (int)tracker);
  /* Without it only the next gatekeeper would have to look at who listens. */
  file_replace(TRACK_PID_FILE, text, (size_t)len);
}

static void start(void)
{
  const char *const argv[] = {program, "-C", file_path(TRACK_CONFIG), NULL};
  int pipes[2];
  timer_stop(TIMER_TRACKING);
  if (tracker > 0 || config_len == 0)
    return;
  started_at = now_ms();
  const char *why = ports_name();
  if (why == NULL && pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
    why = strerror(errno);
  if (why != NULL) {
    died(why);
    return;
  }
  tracking_forget();
  tracker = program_spawn(argv, pipes[1]);
  int error = errno;
  close(pipes[1]);
  if (tracker < 0) {
    close(pipes[0]);
    tracker = 0;
    died(strerror(error));
    return;
  }
  if (output >= 0)
    close(output);
  output = pipes[0];
  watch(EPOLL_CTL_ADD, output, EPOLLIN, SOURCE_TRACKING);
  pid_write();
  up = ending = pausing = false;
  line_len = 0;
  reason[0] = '\0';
  /* It begins with all that the kernel has as this box's own; of a backup they are the other's. */
  steps = primary ? STEPS_PRIMARY : STEP_FORGET;
  timer_set(TIMER_TRACKING_STEP, TRACK_AGAIN_MS);
}

void tracking_timer(void) { start(); }

/* ---- what it is told ---- */

static void step_start(void)
{
  unsigned step = steps & -steps;
  const char *const argv[] = {program, "-C", file_path(TRACK_CONFIG),
                              step == STEP_FORGET ? "-f" : step == STEP_LEARN ? "-R" : "-B",
                              step == STEP_FORGET ? "internal" : NULL, NULL};
  if (worker > 0 || tracker == 0 || ending || step == 0)
    return;
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  worker = nowhere >= 0 ? program_spawn(argv, nowhere) : -1;
  if (nowhere >= 0)
    close(nowhere);
  if (worker < 0)
    worker = 0;
  if (worker > 0) {
    in_hand = step;
    steps &= ~step;
  }
  timer_set(TIMER_TRACKING_STEP, worker > 0 ? TRACK_STEP_MS : TRACK_AGAIN_MS);
}

/* Either nothing answers, or it is time for the next try. */
void tracking_step_timer(void)
{
  if (worker > 0)
    kill(-worker, SIGKILL);
  else
    step_start();
}

static void step_end(bool done)
{
  worker = 0;
  timer_stop(TIMER_TRACKING_STEP);
  if (tracker == 0 || ending)
    return;
  if (!done) {
    steps |= in_hand;
    timer_set(TIMER_TRACKING_STEP, TRACK_AGAIN_MS);
    return;
  }
  if (!up) {
    up = true;
    said[0] = '\0';
    tell("running");
  }
  step_start();
}

bool tracking_reaped(pid_t pid, int status)
{
  char why[TEXT_MAX + 1];
  if (pid > 0 && pid == worker) {
    step_end(status == 0);
    return true;
  }
  if (pid <= 0 || pid != tracker)
    return false;
  for (unsigned turn = 0; turn < 16 && output >= 0; turn++)
    tracking_output();
  bool wanted = !ending;
  tracker = 0;
  up = ending = false;
  steps = 0;
  timer_stop(TIMER_TRACKING_STEP);
  tracking_forget();
  if (config_len == 0) {
    tell("stopped");
  } else if (pausing) {
    tell("stopped");
    timer_set(TIMER_TRACKING, TRACK_PAUSE_MS);
  } else if (!wanted) {
    start();
  } else {
    snprintf(why, sizeof why, "it ended with wait status 0x%x", (unsigned)status);
    died(reason[0] != '\0' ? reason : why);
  }
  return true;
}

/* ---- commands ---- */

static void off(void)
{
  timer_stop(TIMER_TRACKING);
  timer_stop(TIMER_TRACKING_STEP);
  config_len = 0;
  steps = 0;
  said[0] = '\0';
  file_remove(TRACK_CONFIG);
  all_kill();
}

static void on(const struct tracking *tracking)
{
  static char text[TRACKING_CONFIG_MAX];
  if (access(program, X_OK) < 0) {
    int error = errno;
    off();
    if (error == ENOENT)
      client_reply("no conntrackd is not installed");
    else
      client_reply("no conntrackd cannot be run: %s", strerror(error));
    return;
  }
  size_t len = tracking_config(tracking, folder_path(), text, sizeof text);
  bool same = len == config_len && memcmp(text, config, len) == 0 &&
              memcmp(wish.ports, tracking->ports, sizeof wish.ports) == 0;
  if (same) {
    client_reply("ok unchanged");
    if (up || said[0] == '\0')
      client_tell("tracking %s", up ? "running" : "stopped");
    else
      client_tell("tracking died %s", said);
    return;
  }
  if (len == 0 || !file_replace(TRACK_CONFIG, text, len)) {
    client_reply("no its configuration cannot be written: %s",
                 len == 0 ? "it is too long" : strerror(errno));
    return;
  }
  memcpy(config, text, len);
  config_len = len;
  wish = *tracking;
  backoff = 0;
  said[0] = '\0';
  client_reply("ok");
  if (tracker > 0)
    all_kill();
  else
    start();
}

/* Said again, it learns and sends all once more: also what changed without an event. */
static void become(bool is_primary)
{
  if (is_primary != primary)
    in_hand = 0;
  if (is_primary)
    steps |= primary ? STEP_LEARN | STEP_SEND : STEPS_PRIMARY;
  else if (primary)
    steps = STEP_FORGET;
  primary = is_primary;
  if (up)
    step_start();
}

/* With masquerading the kernel forgets a connection when its address goes, and a conntrackd that
 * lives would have the other box forget it too. The kill comes first, and takes no time. */
void tracking_let_go(void)
{
  if (!primary)
    return;
  primary = false;
  in_hand = 0;
  pausing = tracker > 0;
  all_kill();
}

void tracking_command(const struct tracking *tracking)
{
  switch (tracking->what) {
  case TRACKING_ON:
    on(tracking);
    break;
  case TRACKING_OFF:
    off();
    client_reply("ok");
    break;
  case TRACKING_PRIMARY:
  case TRACKING_BACKUP:
    become(tracking->what == TRACKING_PRIMARY);
    if (config_len == 0)
      client_reply("no connections are not tracked");
    else
      client_reply("ok");
    break;
  }
}

void tracking_exit(void)
{
  off();
  tracking_forget();
}
