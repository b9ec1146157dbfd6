/*
 * The one keepalived: started, reloaded, ended and started again, and what it left behind removed.
 * It is in a process group of its own, and it has ended when that group is empty.
 */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* TIMER_KEEPALIVED: ABSENT, when it is started; RUNNING, when it is reloaded; ENDING, which waits for
 * the group to be empty, when that has taken too long. */
static enum { ABSENT, RUNNING, ENDING } phase;
/* What comes behind ENDING. */
static enum { END_STOP, END_RESTART, END_PLUG, END_DIED, END_EXIT } reason;

static pid_t group;
static bool killed;  /* ENDING, and SIGKILL was sent */
static bool plugged; /* ABSENT or ENDING: until TIMER_KEEPALIVED the cable is out */
static uint64_t started_at, settled_at, plugged_until;
static unsigned backoff;
static bool start_asked;  /* a configuration waits to be answered by "ok started" */
static bool reload_asked; /* or by "ok reloaded" */

static struct configuration {
  char text[CONFIG_MAX];
  size_t len; /* 0: none */
  struct plan plan;
} in_force, checked, before;
static uint64_t before_until;

static void keepalived_start(void);

const char *keepalived_state(void)
{
  if (plugged)
    return "plugged";
  return phase == RUNNING ? "running" : "stopped";
}

pid_t keepalived_group(void) { return phase == RUNNING ? group : 0; }

static void tell(const char *event)
{
  say("keepalived %s", event);
  client_tell("keepalived %s", event);
}

static void clean_up(const char *after, enum item_kind last)
{
  uint64_t start = now_ms();
  unsigned removed = addresses_remove(&in_force.plan, last);
  if (start < before_until)
    removed += addresses_remove(&before.plan, last);
  if (removed > 0)
    say("%u addresses, routes and links were left %s, and are removed (%u ms)", removed, after,
        (unsigned)(now_ms() - start));
}

/* ---- start ---- */

static void forget(void)
{
  in_force.len = 0;
  in_force.plan.count = 0;
  before_until = 0;
  file_remove(CONFIG_FILE);
}

static void start_failed(int error)
{
  say("%s cannot be run: %s", keepalived_program(), strerror(error));
  if (!start_asked) {
    timer_set(TIMER_KEEPALIVED, BACKOFF_MAX_MS);
    return;
  }
  start_asked = false;
  forget();
  client_reply("no keepalived cannot be run: %s", strerror(error));
}

static void keepalived_start(void)
{
  const char *argv[12] = {keepalived_program(), "-n", "-l", "-f", file_path(CONFIG_FILE),
                          "-p", file_path(PID_FILE), "-r", file_path(VRRP_PID_FILE)};
  unsigned count = 9;
  timer_stop(TIMER_KEEPALIVED);
  if (keepalived_knows_vrrp_only())
    argv[count++] = "-P";
  if (keepalived_knows_no_syslog())
    argv[count++] = "-G";
  fifo_prepare();
  file_remove(PID_FILE);
  file_remove(VRRP_PID_FILE);
  plugged = false;
  group = program_spawn(argv, -1);
  if (group < 0) {
    group = 0;
    start_failed(errno);
    return;
  }
  phase = RUNNING;
  started_at = now_ms();
  settled_at = started_at + SETTLED_WITHIN_MS;
  tell("started");
  health_release_in(HOLD_MS);
  if (start_asked)
    client_reply("ok started");
  start_asked = false;
}

/* SIGHUP ends a keepalived that is still starting, or is lost on it or its VRRP process. */
static void reload_when_settled(void)
{
  uint64_t now = now_ms();
  if (now < settled_at) {
    timer_set(TIMER_KEEPALIVED, (unsigned)(settled_at - now));
    return;
  }
  timer_stop(TIMER_KEEPALIVED);
  reload_asked = false;
  kill(group, SIGHUP);
  say("keepalived is reloaded");
  client_reply("ok reloaded");
}

void keepalived_vrrp_began(void)
{
  settled_at = now_ms() + SETTLED_AFTER_MS;
  if (phase == RUNNING && reload_asked)
    reload_when_settled();
}

/* ---- end ---- */

static void group_kill(void)
{
  killed = true;
  timer_set(TIMER_KEEPALIVED, KILL_WITHIN_MS);
  if (group > 0)
    kill(-group, SIGKILL);
}

static void start_later(void)
{
  bool briefly = now_ms() - started_at < LIVED_LONG_MS;
  if (!briefly)
    backoff = 0;
  else if (backoff == 0)
    backoff = BACKOFF_MIN_MS;
  else
    backoff = backoff * 2 < BACKOFF_MAX_MS ? backoff * 2 : BACKOFF_MAX_MS;
  if (backoff == 0 || start_asked)
    keepalived_start();
  else
    timer_set(TIMER_KEEPALIVED, backoff);
}

/* Stays out for what is left of the time. */
static void plug_out(void)
{
  uint64_t now = now_ms();
  plugged = true;
  health_hold();
  tell("plugged");
  timer_set(TIMER_KEEPALIVED, plugged_until > now ? (unsigned)(plugged_until - now) : 1);
  client_reply("ok");
}

static void ended(void)
{
  timer_stop(TIMER_KEEPALIVED);
  /* It will start with the configuration that it should have read. */
  start_asked |= reload_asked;
  reload_asked = false;
  phase = ABSENT;
  group = 0;
  vrrp_forget();
  clean_up(reason == END_PLUG ? "by the power cut" : "behind", ITEM_LINK);
  switch (reason) {
  case END_DIED:
    tell("died");
    start_later();
    break;
  case END_PLUG:
    plug_out();
    break;
  case END_RESTART:
    tell("stopped");
    keepalived_start();
    break;
  case END_STOP:
    forget();
    tell("stopped");
    client_reply("ok");
    break;
  case END_EXIT:
    forget();
    finish();
  }
}

static bool group_is_empty(void) { return group == 0 || (kill(-group, 0) < 0 && errno == ESRCH); }

static void end_check(void)
{
  if (phase == ENDING && group_is_empty())
    ended();
}

/* Waits for the end of all of it; kills what is left when the time is over. */
static void end_begin(int why, unsigned within)
{
  tracking_let_go();
  phase = ENDING;
  reason = why;
  killed = within == 0;
  if (killed)
    group_kill();
  else
    timer_set(TIMER_KEEPALIVED, within);
}

static void end_gracefully(int why)
{
  tracking_let_go();
  if (phase == RUNNING)
    kill(group, SIGTERM);
  end_begin(why, STOP_WITHIN_MS);
  end_check();
}

void keepalived_reaped(pid_t pid, int status)
{
  if (phase == RUNNING && pid == group) {
    say("keepalived ended by itself, wait status 0x%x", (unsigned)status);
    /* Its VRRP process has got SIGTERM by that, and lets go of the addresses in good order. */
    end_begin(END_DIED, STOP_WITHIN_MS);
  }
  end_check();
}

void keepalived_timer(void)
{
  if (phase == ENDING && !killed) {
    say("keepalived did not end in time and is killed");
    group_kill();
  } else if (phase == ENDING) {
    /* The kernel holds it, and will end it: it does nothing any more. */
    say("keepalived was killed and is not gone yet");
    ended();
  } else if (phase == RUNNING && reload_asked) {
    reload_when_settled();
  } else if (phase == ABSENT && in_force.len > 0) {
    keepalived_start();
  }
}

/* keepalived starts it again, but after a second death only some time later. Not the links: the next
 * VRRP process may have made them anew already. */
void keepalived_vrrp_died(void)
{
  tracking_let_go();
  if (phase == RUNNING)
    clean_up("by the VRRP process", ITEM_ADDRESS);
}

void keepalived_exit(void)
{
  check_stop();
  start_asked = reload_asked = false;
  if (phase == ABSENT) {
    forget();
    finish();
  }
  end_gracefully(END_EXIT);
}

/* ---- commands ---- */

void keepalived_stop(void)
{
  timer_stop(TIMER_KEEPALIVED);
  plugged = false;
  health_release();
  if (phase != ABSENT) {
    end_gracefully(END_STOP);
    return;
  }
  forget();
  client_reply("ok");
}

void keepalived_plug(unsigned milliseconds)
{
  if (in_force.len == 0) {
    client_reply("no there is no configuration, so nothing runs that could be cut off");
    return;
  }
  plugged_until = now_ms() + milliseconds;
  if (phase == ABSENT)
    plug_out();
  else
    end_begin(END_PLUG, 0);
}

/* Without reload_check_config, line by line the same. */
static bool checked_write(void)
{
  static char text[CONFIG_MAX];
  memcpy(text, checked.text, checked.len);
  memset(text + checked.plan.left_out, ' ', checked.plan.left_out_len);
  return config_write(text, checked.len);
}

void keepalived_config(const char *text, size_t len)
{
  struct complaint complaint;
  if (phase == RUNNING && len == in_force.len && memcmp(text, in_force.text, len) == 0) {
    client_reply("ok unchanged");
    return;
  }
  if (!config_check(text, len, folder_path(), &checked.plan, &complaint)) {
    say("a configuration is refused: line %u: %s", complaint.line, complaint.why);
    client_reply("no line %u: %s", complaint.line, complaint.why);
    return;
  }
  memcpy(checked.text, text, len);
  checked.len = len;
  if (!checked_write()) {
    client_reply("no the configuration cannot be written: %s", strerror(errno));
    return;
  }
  const char *why = check_start();
  if (why != NULL)
    client_reply("no keepalived cannot be run: %s", why);
}

static void apply(bool dbus_changed)
{
  if (plugged) {
    client_reply("ok plugged");
  } else if (phase == RUNNING && !dbus_changed) {
    reload_asked = true;
    reload_when_settled();
  } else {
    start_asked = true;
    if (phase == ABSENT)
      keepalived_start();
    else if (phase == RUNNING)
      end_gracefully(END_RESTART);
  }
}

void check_done(bool good, const char *why)
{
  bool dbus_changed = in_force.len > 0 && checked.plan.dbus != in_force.plan.dbus;
  if (!good) {
    file_remove(CONFIG_NEW);
    say("a configuration is refused: %s", why);
    client_reply("no %s", why);
    return;
  }
  if (!config_enforce()) {
    client_reply("no the configuration cannot be written: %s", strerror(errno));
    return;
  }
  before = in_force;
  before_until = in_force.len > 0 ? now_ms() + BEFORE_MS : 0;
  in_force = checked;
  apply(dbus_changed);
}
