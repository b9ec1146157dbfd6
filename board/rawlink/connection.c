/* The clients: one connection is one interface. */
#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPEN_WITHIN_MS 5000
#define ERROR_EVERY_MS 1000

struct connection connections[CONNECTIONS_MAX];
static int epoll_fd;
static int sink_errno;

static struct {
  struct iovec frames[BATCH];
  size_t at[BATCH]; /* where in the client's buffer each frame's message starts */
  unsigned count;
  enum packet_kind kind;
} batch;

static unsigned slot_of(const struct connection *c) { return (unsigned)(c - connections); }

static void watch(int operation, int fd, uint32_t events, enum source source,
                  const struct connection *c, unsigned kind)
{
  struct epoll_event event = {.events = events};
  event.data.u64 = (uint64_t)c->generation << 32 | kind << 16 | slot_of(c) << 8 | source;
  if (epoll_ctl(epoll_fd, operation, fd, &event) < 0)
    die("epoll_ctl: %s", strerror(errno));
}

static void watch_client(const struct connection *c)
{
  uint32_t events = c->send_waits ? 0 : EPOLLIN;
  if (c->out_len > 0)
    events |= EPOLLOUT;
  watch(EPOLL_CTL_MOD, c->fd, events, SOURCE_CLIENT, c, 0);
}

static void watch_packets(int operation, const struct connection *c)
{
  for (unsigned kind = 0; kind < KINDS; kind++) {
    uint32_t events = c->paused ? 0 : EPOLLIN;
    if (c->send_waits && c->waits_for == kind)
      events |= EPOLLOUT;
    watch(operation, c->packet_fd[kind], events, SOURCE_PACKET, c, kind);
  }
}

void connections_start(int epoll, int sink_error)
{
  epoll_fd = epoll;
  sink_errno = sink_error;
  for (struct connection *c = connections; c < connections + CONNECTIONS_MAX; c++) {
    c->fd = -1;
    for (unsigned kind = 0; kind < KINDS; kind++) {
      c->packet_fd[kind] = packet_open(kind);
      if (c->packet_fd[kind] < 0)
        die("cannot open a packet socket, which needs CAP_NET_RAW: %s", strerror(errno));
    }
    watch_packets(EPOLL_CTL_ADD, c);
  }
}

unsigned connections_count(void)
{
  unsigned count = 0;
  for (unsigned i = 0; i < CONNECTIONS_MAX; i++)
    count += connections[i].fd >= 0;
  return count;
}

/* ---- to the client ---- */

static size_t out_space(const struct connection *c, size_t reserve)
{
  return c->out_len + reserve >= OUT_SIZE ? 0 : OUT_SIZE - reserve - c->out_len;
}

static void out_put(struct connection *c, const uint8_t *bytes, size_t len)
{
  size_t end = (c->out_at + c->out_len) % OUT_SIZE;
  size_t first = len < OUT_SIZE - end ? len : OUT_SIZE - end;
  memcpy(c->out + end, bytes, first);
  memcpy(c->out, bytes + first, len - first);
  c->out_len += len;
}

/* Returns how many of the bytes are off our hands. After a broken pipe that is all of them: the
 * hang-up is about to be noticed by epoll. */
static size_t client_write(const struct connection *c, struct iovec *parts, size_t count)
{
  struct msghdr message = {.msg_iov = parts, .msg_iovlen = count};
  ssize_t sent = sendmsg(c->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (sent >= 0)
    return (size_t)sent;
  return errno == EAGAIN || errno == EINTR ? 0 : SIZE_MAX;
}

/* What the kernel dropped since the last call: for want of our reading only while we did read. */
static void count_kernel_drops(struct connection *c)
{
  uint32_t *count = c->paused ? &c->drops.slow : &c->drops.kernel;
  for (unsigned kind = 0; kind < KINDS; kind++)
    *count += packet_drops(c->packet_fd[kind]);
}

/* While a client is behind, its frames wait in the kernel, which drops what it cannot hold. That
 * spares the work of fetching frames only to drop them. */
static void packets_pause(struct connection *c, bool pause)
{
  count_kernel_drops(c);
  c->paused = pause;
  watch_packets(EPOLL_CTL_MOD, c);
}

static void out_flush(struct connection *c)
{
  size_t first = c->out_len < OUT_SIZE - c->out_at ? c->out_len : OUT_SIZE - c->out_at;
  struct iovec parts[2] = {{.iov_base = c->out + c->out_at, .iov_len = first},
                           {.iov_base = c->out, .iov_len = c->out_len - first}};
  size_t sent = client_write(c, parts, 2);
  if (sent >= c->out_len) {
    c->out_at = c->out_len = 0;
    watch_client(c);
  } else {
    c->out_at = (c->out_at + sent) % OUT_SIZE;
    c->out_len -= sent;
  }
  if (c->paused && c->out_len <= OUT_SIZE / 4)
    packets_pause(c, false);
}

/* A message that is not a frame; false if the client has not even read so far. */
bool client_tell(struct connection *c, const uint8_t *bytes, size_t len)
{
  if (out_space(c, 0) < len)
    return false;
  bool idle = c->out_len == 0;
  out_put(c, bytes, len);
  if (idle) {
    watch_client(c);
    out_flush(c);
  }
  return true;
}

static void client_frames(struct connection *c, struct iovec *messages, unsigned count)
{
  bool idle = c->out_len == 0;
  size_t sent = idle ? client_write(c, messages, count) : 0;
  for (unsigned i = 0; i < count; i++) {
    size_t skip = sent < messages[i].iov_len ? sent : messages[i].iov_len;
    out_put(c, (uint8_t *)messages[i].iov_base + skip, messages[i].iov_len - skip);
    sent -= skip;
  }
  if (idle && c->out_len > 0)
    watch_client(c);
  /* There is always room for a whole batch. */
  if (out_space(c, OUT_RESERVE) < BATCH * MESSAGE_MAX)
    packets_pause(c, true);
}

void client_error(struct connection *c, int error, const char *what, const char *why)
{
  uint8_t bytes[MESSAGE_MAX];
  char text[ERROR_TEXT_MAX];
  snprintf(text, sizeof text, "%s: %s", what, why);
  say("%s: %s", c->name, text);
  client_tell(c, bytes, put_error(bytes, error, text));
}

/* For errors that each frame can cause. */
static void client_error_rarely(struct connection *c, int error, const char *what, const char *why)
{
  uint64_t now = now_ms();
  if (now - c->error_at < ERROR_EVERY_MS)
    return;
  c->error_at = now;
  client_error(c, error, what, why);
}

/* ---- from the client ---- */

static void connection_close(struct connection *c, const char *why)
{
  const char *name = c->name[0] != '\0' ? c->name : "not opened";
  say("connection %u (%s): closed, %s", slot_of(c), name, why);
  close(c->fd); /* leaves the epoll set with it */
  c->fd = -1;
  c->generation++;
  if (c->link.present)
    link_detach(c);
  c->paused = c->send_waits = false;
  watch_packets(EPOLL_CTL_MOD, c);
}

static void client_open(struct connection *c, const struct message *message)
{
  memcpy(c->name, message->payload, message->len);
  if (sink_errno != 0)
    client_error(c, sink_errno,
                 "UDP port 67 is not ours, so the kernel or another DHCP server may answer too",
                 strerror(sink_errno));
  monitor_list();
}

/* Sends what was gathered; false if the packet socket is full and the rest has to wait. */
static bool batch_flush(struct connection *c)
{
  int error = 0;
  unsigned count = batch.count;
  batch.count = 0;
  if (count == 0)
    return true;
  unsigned done =
    packet_send(c->packet_fd[batch.kind], batch.frames, count, &c->drops.failed, &error);
  if (error != 0)
    client_error_rarely(c, error, "sending failed", strerror(error));
  if (done == count)
    return true;
  c->in_at = batch.at[done];
  c->send_waits = true;
  c->waits_for = batch.kind;
  watch_packets(EPOLL_CTL_MOD, c);
  watch_client(c);
  return false;
}

/* Takes one SEND; false if it has to be offered again later. */
static bool client_send(struct connection *c, const struct message *message)
{
  enum packet_kind kind = batch.kind;
  if (!c->link.present) {
    c->drops.failed++;
    return true;
  }
  const char *refusal = send_refusal(message->payload, message->len, &c->link, &kind);
  if ((refusal != NULL || kind != batch.kind || batch.count == BATCH) && !batch_flush(c))
    return false;
  if (refusal != NULL) {
    c->drops.refused++;
    client_error_rarely(c, EPERM, "refused to send", refusal);
    return true;
  }
  batch.kind = kind;
  batch.at[batch.count] = c->in_at;
  batch.frames[batch.count].iov_base = (void *)message->payload;
  batch.frames[batch.count].iov_len = message->len;
  batch.count++;
  return true;
}

/* Works through the bytes read; returns how many messages that were, after closing perhaps. */
static unsigned client_parse(struct connection *c)
{
  unsigned count = 0;
  enum message_status status;
  struct message message;

  for (;;) {
    status = message_parse(c->in + c->in_at, c->in_len - c->in_at, &message);
    if (status != MESSAGE_WHOLE)
      break;
    bool opens = message.type == M_OPEN;
    if (opens != (c->name[0] == '\0') || (opens && !name_is_valid(message.payload, message.len))) {
      status = MESSAGE_BAD;
      break;
    }
    if (opens)
      client_open(c, &message);
    else if (!client_send(c, &message))
      return count;
    c->in_at += HEADER_LEN + message.len;
    count++;
  }
  if (!batch_flush(c))
    return count;
  if (status == MESSAGE_BAD) {
    connection_close(c, "it sent a wrong message");
    return count;
  }
  memmove(c->in, c->in + c->in_at, c->in_len - c->in_at);
  c->in_len -= c->in_at;
  c->in_at = 0;
  return count;
}

void client_resume(struct connection *c)
{
  c->send_waits = false;
  watch_packets(EPOLL_CTL_MOD, c);
  watch_client(c);
  client_parse(c);
}

static unsigned client_read(struct connection *c)
{
  ssize_t count = read(c->fd, c->in + c->in_len, IN_SIZE - c->in_len);
  if (count > 0) {
    c->in_len += (size_t)count;
    return client_parse(c);
  }
  if (count == 0)
    connection_close(c, c->in_len > 0 ? "it left within a message" : "it left");
  else if (errno != EAGAIN && errno != EINTR)
    connection_close(c, strerror(errno));
  return 0;
}

bool connection_accept(int listen_fd, uint64_t now)
{
  struct ucred peer = {0};
  socklen_t peer_len = sizeof peer;
  struct connection *c = connections;
  int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0)
    return errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM;
  while (c < connections + CONNECTIONS_MAX && c->fd >= 0)
    c++;
  if (c == connections + CONNECTIONS_MAX) {
    say("a connection was refused: there are already %d", CONNECTIONS_MAX);
    close(fd);
    return true;
  }
  c->fd = fd;
  memset(c->name, 0, sizeof c->name);
  c->link = (struct link_state){0};
  c->link_known = c->link_due = c->listing = c->seen = c->attach_again = c->in_bridge = false;
  c->drops = c->drops_told = (struct drop_counts){0};
  c->since = now;
  c->error_at = now - ERROR_EVERY_MS;
  c->in_at = c->in_len = c->out_at = c->out_len = 0;
  watch(EPOLL_CTL_ADD, fd, EPOLLIN, SOURCE_CLIENT, c, 0);
  getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &peer_len);
  say("connection %u: from process %d of user %u", slot_of(c), (int)peer.pid, peer.uid);
  return true;
}

unsigned connection_event(uint64_t tag, uint32_t events)
{
  struct connection *c = &connections[tag >> 8 & 0xff];
  unsigned kind = tag >> 16 & 0xff, moved = 0;
  if ((uint32_t)(tag >> 32) != c->generation)
    return 0;
  if ((tag & 0xff) == SOURCE_CLIENT) {
    if (events & EPOLLOUT)
      out_flush(c);
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
      moved = client_read(c);
    return moved;
  }
  if (c->paused) {
    packet_forgive(c->packet_fd[kind]);
  } else if (events & (EPOLLIN | EPOLLERR)) {
    struct iovec *messages;
    int count = packet_receive(c->packet_fd[kind], &messages);
    if (count > 0 && c->link.present) {
      client_frames(c, messages, (unsigned)count);
      moved = (unsigned)count;
    }
  }
  if ((events & EPOLLOUT) && c->send_waits)
    client_resume(c);
  return moved;
}

void connections_tick(uint64_t now)
{
  bool attach_again = false;
  for (struct connection *c = connections; c < connections + CONNECTIONS_MAX; c++) {
    uint8_t bytes[HEADER_LEN + DROPS_LEN];
    if (c->fd < 0)
      continue;
    if (c->name[0] == '\0' && now - c->since >= OPEN_WITHIN_MS) {
      connection_close(c, "it did not say which interface it wants");
      continue;
    }
    attach_again |= c->attach_again;
    if (c->link_due)
      link_tell(c);
    count_kernel_drops(c);
    if (memcmp(&c->drops, &c->drops_told, sizeof c->drops) != 0 &&
        client_tell(c, bytes, put_drops(bytes, &c->drops)))
      c->drops_told = c->drops;
  }
  if (attach_again)
    monitor_list();
}
