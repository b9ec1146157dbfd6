/* Takes addresses, routes and links off the box, and gives ports a second name, by rtnetlink. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define ANSWER_WITHIN_MS 1000
#define ANSWER_SIZE 16384
#define KEEPALIVED_PROTOCOL 18 /* RTPROT_KEEPALIVED, which older kernel headers do not have */

struct request {
  struct nlmsghdr head;
  union {
    struct ifaddrmsg address;
    struct rtmsg route;
    struct ifinfomsg link;
  } body;
  uint8_t attributes[64];
};

static void attribute_put(struct request *request, unsigned short type, const void *value,
                          size_t len)
{
  struct rtattr *at = (struct rtattr *)((uint8_t *)request + NLMSG_ALIGN(request->head.nlmsg_len));
  at->rta_type = type;
  at->rta_len = (unsigned short)RTA_LENGTH(len);
  memcpy(RTA_DATA(at), value, len);
  request->head.nlmsg_len = NLMSG_ALIGN(request->head.nlmsg_len) + RTA_LENGTH(len);
}

static void request_start(struct request *request, unsigned short type, size_t body)
{
  static uint32_t sequence;
  memset(request, 0, sizeof *request);
  request->head.nlmsg_type = type;
  request->head.nlmsg_flags = NLM_F_REQUEST;
  request->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(body);
  request->head.nlmsg_seq = ++sequence;
}

/* Sends the request and waits for the answer to it, which *answer points into; the answer's
 * errno, 0 when it went well. */
static int exchange(int fd, const struct request *request, const struct nlmsghdr **answer)
{
  static uint8_t bytes[ANSWER_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
  if (send(fd, request, request->head.nlmsg_len, 0) < 0)
    return errno;
  for (;;) {
    ssize_t len = recv(fd, bytes, sizeof bytes, 0);
    if (len < 0 && errno == EINTR)
      continue;
    if (len < 0)
      return errno;
    const struct nlmsghdr *head = (const struct nlmsghdr *)bytes;
    if (!NLMSG_OK(head, (size_t)len) || head->nlmsg_seq != request->head.nlmsg_seq)
      continue;
    *answer = head;
    if (head->nlmsg_type != NLMSG_ERROR)
      return 0;
    return -((const struct nlmsgerr *)NLMSG_DATA(head))->error;
  }
}

static const struct rtattr *attribute_find(const struct rtattr *at, int len, unsigned short type)
{
  for (; RTA_OK(at, len); at = RTA_NEXT(at, len))
    if ((at->rta_type & NLA_TYPE_MASK) == type)
      return at;
  return NULL;
}

/* A VMAC link is a macvlan. Whatever else has the name is not ours to delete. */
static bool link_is_macvlan(int fd, int ifindex)
{
  struct request request;
  const struct nlmsghdr *answer;
  request_start(&request, RTM_GETLINK, sizeof request.body.link);
  request.body.link.ifi_index = ifindex;
  if (exchange(fd, &request, &answer) != 0 || answer->nlmsg_type != RTM_NEWLINK)
    return false;
  const struct rtattr *info =
    attribute_find(IFLA_RTA((const struct ifinfomsg *)NLMSG_DATA(answer)),
                   (int)IFLA_PAYLOAD(answer), IFLA_LINKINFO);
  if (info == NULL)
    return false;
  const struct rtattr *kind =
    attribute_find(RTA_DATA(info), (int)RTA_PAYLOAD(info), IFLA_INFO_KIND);
  return kind != NULL && RTA_PAYLOAD(kind) >= sizeof "macvlan" &&
         memcmp(RTA_DATA(kind), "macvlan", sizeof "macvlan") == 0;
}

static int item_remove(int fd, const struct item *item)
{
  size_t address_len = item->family == AF_INET ? 4 : 16;
  int ifindex = (int)if_nametoindex(item->dev);
  const struct nlmsghdr *answer;
  struct request request;

  if (ifindex == 0)
    return ENODEV;
  switch (item->kind) {
  case ITEM_ROUTE:
    request_start(&request, RTM_DELROUTE, sizeof request.body.route);
    request.body.route.rtm_family = item->family;
    request.body.route.rtm_table = RT_TABLE_MAIN;
    request.body.route.rtm_scope = RT_SCOPE_NOWHERE;
    request.body.route.rtm_protocol = KEEPALIVED_PROTOCOL;
    attribute_put(&request, RTA_OIF, &ifindex, sizeof ifindex);
    attribute_put(&request, RTA_GATEWAY, item->address, address_len);
    break;
  case ITEM_ADDRESS:
    request_start(&request, RTM_DELADDR, sizeof request.body.address);
    request.body.address.ifa_family = item->family;
    request.body.address.ifa_prefixlen = item->prefix;
    request.body.address.ifa_index = (unsigned)ifindex;
    attribute_put(&request, IFA_LOCAL, item->address, address_len);
    break;
  case ITEM_LINK:
    if (!link_is_macvlan(fd, ifindex))
      return EPERM;
    request_start(&request, RTM_DELLINK, sizeof request.body.link);
    request.body.link.ifi_index = ifindex;
    break;
  }
  request.head.nlmsg_flags |= NLM_F_ACK;
  return exchange(fd, &request, &answer);
}

unsigned addresses_remove(const struct plan *plan, enum item_kind last)
{
  struct timeval patience = {.tv_sec = ANSWER_WITHIN_MS / 1000};
  unsigned removed = 0;
  if (plan->count == 0)
    return 0;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) {
    say("addresses cannot be removed: netlink socket: %s", strerror(errno));
    return 0;
  }
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  for (enum item_kind kind = ITEM_ROUTE; kind <= last; kind++) {
    for (unsigned i = 0; i < plan->count; i++) {
      const struct item *item = &plan->items[i];
      if (item->kind != kind)
        continue;
      int error = item_remove(fd, item);
      removed += error == 0;
      if (error != 0 && error != ENODEV && error != EADDRNOTAVAIL && error != ESRCH)
        say("what keepalived left on %s cannot be removed: %s", item->dev, strerror(error));
    }
  }
  close(fd);
  return removed;
}

/* ---- second names ---- */

static int alias_change(int fd, unsigned short type, unsigned ifindex, const char *alias)
{
  struct request request;
  const struct nlmsghdr *answer;
  struct {
    struct rtattr head;
    char alias[NAME_MAX_LEN + 1];
  } list = {0};
  size_t len = strlen(alias) + 1;
  request_start(&request, type, sizeof request.body.link);
  request.body.link.ifi_index = (int)ifindex;
  list.head.rta_type = IFLA_ALT_IFNAME;
  list.head.rta_len = (unsigned short)RTA_LENGTH(len);
  memcpy(list.alias, alias, len);
  attribute_put(&request, IFLA_PROP_LIST | NLA_F_NESTED, &list, RTA_LENGTH(len));
  request.head.nlmsg_flags |= NLM_F_ACK;
  if (type == RTM_NEWLINKPROP)
    request.head.nlmsg_flags |= NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND;
  return exchange(fd, &request, &answer);
}

int alias_set(const char *dev, const char *alias)
{
  struct timeval patience = {.tv_sec = ANSWER_WITHIN_MS / 1000};
  unsigned port = if_nametoindex(dev), holder = if_nametoindex(alias);
  char name[IF_NAMESIZE];
  if (port == 0)
    return ENODEV;
  if (port == holder)
    return 0;
  /* The first name of another port is not ours to take away. */
  if (holder != 0 && (if_indextoname(holder, name) == NULL || strcmp(name, alias) == 0))
    return EEXIST;
  int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0)
    return errno;
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  int error = holder != 0 ? alias_change(fd, RTM_DELLINKPROP, holder, alias) : 0;
  if (error == 0)
    error = alias_change(fd, RTM_NEWLINKPROP, port, alias);
  close(fd);
  return error;
}
