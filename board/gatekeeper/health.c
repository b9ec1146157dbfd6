/*
 * The track file, by which the daemon keeps or lets go of the gateway. A missing or empty file
 * means "healthy" to keepalived, so it is only ever replaced as a whole.
 */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int value;  /* in the file */
static int wanted; /* what the daemon last said, or its `after` once the time was over */
static int after;
static bool held;

static bool health_write(int now)
{
  char text[16];
  int len = snprintf(text, sizeof text, "%d\n", now);
  bool changed = now != value;
  if (changed && now == HEALTH_DOWN)
    tracking_let_go();
  if (!file_replace(HEALTH_FILE, text, (size_t)len)) {
    say("the track file cannot be written: %s", strerror(errno));
    return false;
  }
  value = now;
  if (changed)
    client_tell("health %d", value);
  return true;
}

void health_start(void)
{
  value = 0;
  wanted = HEALTH_DOWN;
  if (!health_write(HEALTH_DOWN))
    die("without a track file keepalived would take over at once");
}

int health_value(void) { return value; }

bool health_set(int now, unsigned ttl, int then)
{
  wanted = now;
  after = then;
  timer_set(TIMER_HEALTH, ttl);
  return held || health_write(wanted);
}

void health_late(void)
{
  wanted = after;
  if (!held && !health_write(wanted))
    timer_set(TIMER_HEALTH, HEALTH_TTL_MIN_MS);
}

void health_hold(void)
{
  held = true;
  timer_stop(TIMER_HOLD);
  health_write(HEALTH_DOWN);
}

void health_release_in(unsigned milliseconds)
{
  if (held)
    timer_set(TIMER_HOLD, milliseconds);
}

void health_release(void)
{
  if (!held)
    return;
  held = false;
  timer_stop(TIMER_HOLD);
  health_write(wanted);
}
