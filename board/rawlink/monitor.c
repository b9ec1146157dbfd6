/* Watches the interfaces through rtnetlink, for connection.c. */
#define _GNU_SOURCE
#include "rawlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int netlink_fd = -1;
static uint32_t sequence;    /* of the newest listing asked for */
static bool listing;         /* its answer is not complete yet */
static bool list_again;      /* something was missed, or someone new waits */

int monitor_open(void)
{
  struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
  int size = 1024 * 1024;
  netlink_fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (netlink_fd < 0 || bind(netlink_fd, (struct sockaddr *)&address, sizeof address) < 0)
    die("cannot open rtnetlink: %s", strerror(errno));
  if (setsockopt(netlink_fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
    setsockopt(netlink_fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
  return netlink_fd;
}

void monitor_list(void)
{
  struct {
    struct nlmsghdr header;
    struct ifinfomsg info;
  } request = {
    .header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETLINK,
               .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
    .info = {.ifi_family = AF_UNSPEC},
  };

  if (listing) {
    list_again = true;
    return;
  }
  request.header.nlmsg_seq = ++sequence;
  if (send(netlink_fd, &request, sizeof request, 0) < 0) {
    /* Asked again with the next tick. */
    say("rtnetlink: asking for the interfaces failed: %s", strerror(errno));
    list_again = true;
    return;
  }
  listing = true;
  list_again = false;
  connections_listing();
}

void monitor_tick(void)
{
  if (list_again && !listing)
    monitor_list();
}

static void end_listing(bool complete)
{
  listing = false;
  if (complete)
    connections_listed();
  if (list_again || !complete)
    monitor_list();
}

static void message_read(const uint8_t *bytes, size_t len)
{
  struct nlmsghdr header;
  struct link_event event;

  memcpy(&header, bytes, sizeof header);
  bool answer = listing && header.nlmsg_seq == sequence;
  if (answer && (header.nlmsg_flags & NLM_F_DUMP_INTR))
    list_again = true;
  if (header.nlmsg_type == NLMSG_DONE) {
    if (answer)
      end_listing(!list_again);
  } else if (header.nlmsg_type == NLMSG_ERROR) {
    if (answer) {
      listing = false;
      list_again = true;
    }
  } else if (link_event_parse(bytes, len, &event)) {
    connections_link(&event);
  }
}

void monitor_read(void)
{
  static uint8_t buffer[64 * 1024] __attribute__((aligned(8)));
  struct sockaddr_nl from;
  struct iovec io = {.iov_base = buffer, .iov_len = sizeof buffer};
  struct msghdr message = {
    .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &io, .msg_iovlen = 1};

  ssize_t count = recvmsg(netlink_fd, &message, MSG_DONTWAIT);
  if (count < 0) {
    if (errno == ENOBUFS) {
      /* Events were lost, perhaps the end of a listing with them. */
      say("rtnetlink: events were lost, listing the interfaces again");
      listing = false;
      monitor_list();
    }
    return;
  }
  if (from.nl_pid != 0)
    return;
  for (size_t at = 0; at + sizeof(struct nlmsghdr) <= (size_t)count;) {
    struct nlmsghdr header;
    memcpy(&header, buffer + at, sizeof header);
    if (header.nlmsg_len < sizeof header || header.nlmsg_len > (size_t)count - at)
      break;
    message_read(buffer + at, header.nlmsg_len);
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
}
