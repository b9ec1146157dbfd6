/* The daemon: one connection at a time, commands answered in their order. */
#define _GNU_SOURCE
#include "tracking.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define IN_SIZE (CONFIG_MAX + COMMAND_MAX)
#define LINE_SIZE (TEXT_MAX + 64)

static int client = -1;
static uint32_t generation; /* tells a late event for an earlier connection */
static bool busy;           /* a command is in hand; the next one waits */
static uint32_t asked_by;   /* the connection it came from */
static bool ended;          /* the daemon sends no more */
static size_t config_len;   /* of the configuration that is being received, 0: none */
static bool waiting;        /* for the rest of a message */
static uint32_t watched;    /* events; 0: out of the epoll set, where a hang-up would repeat itself */
static char in[IN_SIZE], out[OUT_SIZE];
static size_t in_len, out_len;

static void client_close(const char *why)
{
  if (client < 0)
    return;
  say("the daemon's connection is closed: %s", why);
  close(client); /* leaves the epoll set with it */
  client = -1;
  generation++;
  timer_stop(TIMER_CLIENT);
}

/* ---- to the daemon ---- */

static void client_watch(void)
{
  uint32_t events = out_len > 0 ? EPOLLOUT : 0;
  if (!ended && in_len < IN_SIZE)
    events |= EPOLLIN;
  if (client < 0 || events == watched)
    return;
  int operation = events == 0 ? EPOLL_CTL_DEL : watched == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  watch(operation, client, events, (uint64_t)generation << 32 | SOURCE_CLIENT);
  watched = events;
}

static void out_flush(void)
{
  while (client >= 0 && out_len > 0) {
    ssize_t sent = send(client, out, out_len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR)
      continue;
    if (sent < 0 && errno == EAGAIN)
      break;
    if (sent < 0) {
      client_close(strerror(errno));
      break;
    }
    out_len -= (size_t)sent;
    memmove(out, out + sent, out_len);
  }
  client_watch();
}

static void out_put(const char *bytes, size_t len)
{
  if (client < 0)
    return;
  if (len > OUT_SIZE - out_len) {
    client_close("it does not read what it is told");
    return;
  }
  memcpy(out + out_len, bytes, len);
  out_len += len;
}

static void out_line(const char *format, va_list arguments)
{
  char line[LINE_SIZE];
  vsnprintf(line, sizeof line - 1, format, arguments);
  size_t len = strlen(line);
  line[len] = '\n';
  out_put(line, len + 1);
}

void client_tell(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  out_line(format, arguments);
  va_end(arguments);
  out_flush();
}

void client_reply(const char *format, ...)
{
  va_list arguments;
  busy = false;
  if (asked_by == generation) {
    va_start(arguments, format);
    out_line(format, arguments);
    va_end(arguments);
    out_flush();
  }
}

void client_reply_dump(const char *bytes, size_t len)
{
  char line[LINE_SIZE];
  int line_len = snprintf(line, sizeof line, "dump %zu\n", len);
  busy = false;
  if (asked_by != generation)
    return;
  out_put(line, (size_t)line_len);
  out_put(bytes, len);
  out_flush();
}

/* ---- from the daemon ---- */

static void run(const struct command *command)
{
  const long *numbers = command->numbers;
  switch (command->verb) {
  case V_CONFIG:
    busy = false; /* once it has come */
    config_len = (size_t)numbers[0];
    break;
  case V_STOP:
    keepalived_stop();
    break;
  case V_HEALTH:
    if (health_set((int)numbers[0], (unsigned)numbers[1], (int)numbers[2]))
      client_reply("ok");
    else
      client_reply("no the track file cannot be written");
    break;
  case V_DUMP:
    vrrp_dump();
    break;
  case V_RESPAWN:
    vrrp_respawn();
    break;
  case V_PLUG:
    keepalived_plug((unsigned)numbers[0]);
    break;
  case V_TRACKING:
    tracking_command(command->tracking);
    break;
  case VERBS:
    break;
  }
}

static void begin(void)
{
  busy = true;
  asked_by = generation;
}

static void in_drop(size_t len)
{
  in_len -= len;
  memmove(in, in + len, in_len);
  waiting = false;
  timer_stop(TIMER_CLIENT);
}

static void violation(const char *why)
{
  begin();
  client_reply("no %s", why);
  client_close(why);
}

/* Takes one line off what has come; false when it is not there yet. */
static bool line_take(void)
{
  static struct tracking tracking;
  struct command command = {.tracking = &tracking};
  const char *why = NULL;
  size_t room = in_len < COMMAND_MAX ? in_len : COMMAND_MAX;
  const char *newline = memchr(in, '\n', room);
  if (newline == NULL) {
    if (in_len >= COMMAND_MAX)
      violation("a command is longer than 2048 bytes");
    return false;
  }
  size_t len = (size_t)(newline - in);
  enum command_status status = command_parse(in, len, &command, &why);
  if (status == COMMAND_FRAMING) {
    violation(why);
    return false;
  }
  in_drop(len + 1);
  begin();
  if (status == COMMAND_GOOD)
    run(&command);
  else
    client_reply("no %s", why);
  return true;
}

static bool config_take(void)
{
  static char text[CONFIG_MAX];
  size_t len = config_len;
  if (in_len < len)
    return false;
  memcpy(text, in, len);
  config_len = 0;
  in_drop(len);
  begin();
  keepalived_config(text, len);
  return true;
}

/* Works through what has come, as far as answers can be stored. */
static void client_work(void)
{
  while (client >= 0 && !busy && out_len < OUT_SIZE - DUMP_MAX &&
         (in_len > 0 || config_len > 0)) {
    if (config_len > 0 ? config_take() : line_take())
      continue;
    if (client < 0 || waiting)
      break;
    waiting = true;
    timer_set(TIMER_CLIENT, CLIENT_WITHIN_MS);
    break;
  }
  if (client >= 0 && ended && !busy && (waiting || (in_len == 0 && config_len == 0)))
    client_close(waiting ? "it left within a message" : "it left");
  client_watch();
}

static void client_read(void)
{
  ssize_t len = read(client, in + in_len, IN_SIZE - in_len);
  if (len > 0)
    in_len += (size_t)len;
  else if (len == 0)
    ended = true;
  else if (errno != EAGAIN && errno != EINTR)
    client_close(strerror(errno));
}

void client_late(void)
{
  violation("the rest of a message did not come within 5 s");
}

void client_resume(void) { client_work(); }

bool client_accept(int listen_fd)
{
  struct ucred peer = {0};
  socklen_t peer_len = sizeof peer;
  int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0)
    return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
  client_close("a newer one has come");
  client = fd;
  in_len = out_len = config_len = 0;
  ended = waiting = false;
  watched = EPOLLIN;
  watch(EPOLL_CTL_ADD, fd, EPOLLIN, (uint64_t)generation << 32 | SOURCE_CLIENT);
  getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len);
  say("a daemon has connected: process %d of user %u", (int)peer.pid, peer.uid);
  client_tell("hello 1 %s", folder_path());
  client_tell("keepalived %s", keepalived_state());
  client_tell("health %d", health_value());
  return true;
}

void client_event(uint64_t tag, uint32_t events)
{
  if ((uint32_t)(tag >> 32) != generation || client < 0)
    return;
  if (events & EPOLLOUT)
    out_flush();
  if (client >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
    client_read();
}
