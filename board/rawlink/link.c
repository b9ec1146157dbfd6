/* Follows the interface that a connection names, and tells its client. */
#define _GNU_SOURCE
#include "connection.h"

#include <errno.h>
#include <string.h>

void link_tell(struct connection *c)
{
  uint8_t bytes[HEADER_LEN + LINK_LEN];
  const uint8_t *mac = c->link.mac;
  if (c->link.present)
    say("%s: index %u, %02x:%02x:%02x:%02x:%02x:%02x, MTU %u, carrier %s", c->name,
        c->link.ifindex, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5], c->link.mtu,
        c->link.carrier ? "on" : "off");
  else
    say("%s: no such interface, waiting for it", c->name);
  c->link_known = true;
  c->link_due = !client_tell(c, bytes, put_link(bytes, &c->link));
}

static bool link_attach(struct connection *c, uint32_t ifindex)
{
  for (unsigned kind = 0; kind < KINDS; kind++) {
    if (packet_attach(c->packet_fd[kind], kind, ifindex) < 0) {
      client_error(c, errno, "cannot attach to the interface", strerror(errno));
      return false;
    }
  }
  return true;
}

void link_detach(struct connection *c)
{
  for (unsigned kind = 0; kind < KINDS; kind++)
    packet_park(c->packet_fd[kind]);
}

static bool link_same(const struct link_state *a, const struct link_state *b)
{
  return a->present == b->present && a->carrier == b->carrier && a->ifindex == b->ifindex &&
         a->mtu == b->mtu && memcmp(a->mac, b->mac, MAC_LEN) == 0;
}

static void link_set(struct connection *c, const struct link_state *state)
{
  struct link_state next = *state;
  if (c->link.present && c->link.ifindex != next.ifindex)
    link_detach(c);
  if (next.present && (!c->link.present || c->link.ifindex != next.ifindex)) {
    c->attach_again = !link_attach(c, next.ifindex);
    if (c->attach_again) {
      link_detach(c);
      next = (struct link_state){0};
    }
  }
  if (c->link_known && link_same(&c->link, &next))
    return;
  c->link = next;
  link_tell(c);
  if (!next.present && c->send_waits)
    client_resume(c);
}

void connections_link(const struct link_event *event)
{
  static const struct link_state absent;
  for (struct connection *c = connections; c < connections + CONNECTIONS_MAX; c++) {
    if (c->fd < 0 || c->name[0] == '\0')
      continue;
    if (!event->gone && strcmp(event->name, c->name) == 0) {
      c->seen = true;
      if (!event->ethernet && !c->link_known)
        client_error(c, EPROTONOSUPPORT, "cannot use the interface",
                     "it is not an Ethernet interface");
      if (event->in_bridge && !c->in_bridge)
        client_error(c, EBUSY, "nothing arrives on this interface",
                     "it is a port of a bridge, so the bridge has to be used instead");
      c->in_bridge = event->in_bridge;
      link_set(c, event->ethernet ? &event->link : &absent);
    } else if (c->link.present && c->link.ifindex == event->link.ifindex) {
      link_set(c, &absent); /* deleted, moved to another namespace, or renamed away */
    }
  }
}

void connections_listing(void)
{
  for (struct connection *c = connections; c < connections + CONNECTIONS_MAX; c++) {
    c->listing = c->fd >= 0 && c->name[0] != '\0';
    c->seen = false;
  }
}

void connections_listed(void)
{
  static const struct link_state absent;
  for (struct connection *c = connections; c < connections + CONNECTIONS_MAX; c++)
    if (c->fd >= 0 && c->listing && !c->seen)
      link_set(c, &absent);
}
