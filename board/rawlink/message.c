/* The bytes of messages and frames: every decision that depends on input from outside. */
#define _GNU_SOURCE
#include "rawlink.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <string.h>

#define ETHERNET_LEN 14
#define IP_LEN_MIN 20
#define UDP_LEN 8
#define ARP_LEN 28
#define ICMP_LEN 8
#define ICMP_ECHO_REQUEST 8
#define SERVER_PORT 67

static uint16_t get16(const uint8_t *p) { return (uint16_t)(p[0] << 8 | p[1]); }

static void put16(uint8_t *p, uint16_t value)
{
  p[0] = (uint8_t)(value >> 8);
  p[1] = (uint8_t)value;
}

static void put32(uint8_t *p, uint32_t value)
{
  put16(p, (uint16_t)(value >> 16));
  put16(p + 2, (uint16_t)value);
}

enum message_status message_parse(const uint8_t *bytes, size_t len, struct message *message)
{
  if (len < HEADER_LEN)
    return MESSAGE_PARTIAL;
  message->type = bytes[0];
  message->len = get16(bytes + 2);
  message->payload = bytes + HEADER_LEN;
  /* Judged on the header alone, so that garbage is refused before its "payload" is waited for. */
  if (message->type != M_OPEN && message->type != M_SEND)
    return MESSAGE_BAD;
  if (bytes[1] != 0 || message->len > FRAME_MAX)
    return MESSAGE_BAD;
  return len - HEADER_LEN < message->len ? MESSAGE_PARTIAL : MESSAGE_WHOLE;
}

void put_header(uint8_t *out, uint8_t type, uint8_t flags, uint16_t len)
{
  out[0] = type;
  out[1] = flags;
  put16(out + 2, len);
}

size_t put_link(uint8_t *out, const struct link_state *link)
{
  uint8_t *p = out + HEADER_LEN;
  put_header(out, M_LINK, 0, LINK_LEN);
  memset(p, 0, LINK_LEN);
  p[0] = link->present;
  p[1] = link->carrier;
  put32(p + 4, link->ifindex);
  put32(p + 8, link->mtu);
  memcpy(p + 12, link->mac, MAC_LEN);
  return HEADER_LEN + LINK_LEN;
}

size_t put_drops(uint8_t *out, const struct drop_counts *drops)
{
  uint8_t *p = out + HEADER_LEN;
  put_header(out, M_DROPS, 0, DROPS_LEN);
  put32(p, drops->kernel);
  put32(p + 4, drops->slow);
  put32(p + 8, drops->refused);
  put32(p + 12, drops->failed);
  return HEADER_LEN + DROPS_LEN;
}

size_t put_error(uint8_t *out, int error, const char *text)
{
  size_t text_len = strnlen(text, ERROR_TEXT_MAX);
  put_header(out, M_ERROR, 0, (uint16_t)(4 + text_len));
  put32(out + HEADER_LEN, (uint32_t)error);
  memcpy(out + HEADER_LEN + 4, text, text_len);
  return HEADER_LEN + 4 + text_len;
}

bool name_is_valid(const uint8_t *name, size_t len)
{
  if (len < 1 || len > NAME_MAX_LEN)
    return false;
  /* The kernel's own rule is wider; names go to the log, so only printable ASCII passes here. */
  for (size_t i = 0; i < len; i++)
    if (name[i] <= ' ' || name[i] > '~' || name[i] == '/' || name[i] == ':')
      return false;
  return !(name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.')));
}

static const char *udp_refusal(const uint8_t *udp, size_t len)
{
  if (get16(udp) != SERVER_PORT)
    return "UDP source port is not 67";
  if (get16(udp + 4) != len)
    return "UDP length does not fit the packet";
  return NULL;
}

/* Asks one host at a time, and in few bytes, so that nothing else can be made of it. */
static const char *icmp_refusal(const uint8_t *frame, size_t len, const uint8_t *icmp)
{
  if (icmp[0] != ICMP_ECHO_REQUEST || icmp[1] != 0)
    return "ICMP message is no echo request";
  if (frame[0] & 1)
    return "ICMP echo request is for more than one host";
  if (len > ETHERNET_LEN + ECHO_MAX)
    return "ICMP echo request is too long";
  return NULL;
}

static const char *ip_refusal(const uint8_t *frame, size_t frame_len)
{
  const uint8_t *ip = frame + ETHERNET_LEN;
  size_t len = frame_len - ETHERNET_LEN;
  _Static_assert(UDP_LEN == ICMP_LEN, "both headers are asked for by one check of the length");
  if (len < IP_LEN_MIN + UDP_LEN)
    return "IPv4 packet is cut short";
  size_t header = (size_t)(ip[0] & 0x0f) * 4;
  size_t total = get16(ip + 2);
  if (ip[0] >> 4 != 4 || header < IP_LEN_MIN)
    return "IPv4 header is malformed";
  if (total > len || total < header + UDP_LEN)
    return "IPv4 total length does not fit the frame";
  if (get16(ip + 6) & 0x3fff)
    return "IPv4 packet is a fragment";
  switch (ip[9]) {
  case IPPROTO_UDP:
    return udp_refusal(ip + header, total - header);
  case IPPROTO_ICMP:
    return icmp_refusal(frame, frame_len, ip + header);
  default:
    return "IPv4 packet is neither UDP nor ICMP";
  }
}

static const char *arp_refusal(const uint8_t *arp, size_t len, const uint8_t *mac)
{
  static const uint8_t ethernet_ipv4[6] = {0, 1, 0x08, 0x00, 6, 4};
  if (len < ARP_LEN)
    return "ARP packet is cut short";
  if (memcmp(arp, ethernet_ipv4, sizeof ethernet_ipv4) != 0)
    return "ARP packet is not for IPv4 over Ethernet";
  if (get16(arp + 6) != 1 && get16(arp + 6) != 2)
    return "ARP operation is neither request nor reply";
  if (memcmp(arp + 8, mac, MAC_LEN) != 0)
    return "ARP sender address is not the interface's own";
  return NULL;
}

const char *send_refusal(const uint8_t *frame, size_t len, const struct link_state *link,
                         enum packet_kind *kind)
{
  if (len < ETHERNET_LEN)
    return "frame is shorter than an Ethernet header";
  if (len > (size_t)link->mtu + ETHERNET_LEN)
    return "frame is longer than the interface's MTU allows";
  if (memcmp(frame + MAC_LEN, link->mac, MAC_LEN) != 0)
    return "source MAC is not the interface's own";
  switch (get16(frame + 12)) {
  case ETH_P_IP:
    *kind = KIND_IP;
    return ip_refusal(frame, len);
  case ETH_P_ARP:
    *kind = KIND_ARP;
    return arp_refusal(frame + ETHERNET_LEN, len - ETHERNET_LEN, link->mac);
  default:
    return "frame is neither IPv4 nor ARP";
  }
}

/* IFLA_LINKINFO holds, if the interface is part of another one, the other one's kind as text. */
static bool says_bridge_port(const uint8_t *bytes, size_t len)
{
  static const char bridge[] = "bridge";
  for (size_t at = 0; at + sizeof(struct rtattr) <= len;) {
    struct rtattr attribute;
    memcpy(&attribute, bytes + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > len - at)
      return false;
    if (attribute.rta_type == IFLA_INFO_SLAVE_KIND)
      return attribute.rta_len >= sizeof attribute + strlen(bridge) &&
             memcmp(bytes + at + sizeof attribute, bridge, strlen(bridge)) == 0;
    at += RTA_ALIGN(attribute.rta_len);
  }
  return false;
}

static void link_attribute(struct link_event *event, uint16_t type, const uint8_t *value,
                           size_t len)
{
  switch (type) {
  case IFLA_IFNAME:
    if (len > 0 && len <= sizeof event->name)
      memcpy(event->name, value, strnlen((const char *)value, len - 1));
    break;
  case IFLA_ADDRESS:
    if (len == MAC_LEN)
      memcpy(event->link.mac, value, MAC_LEN);
    else
      event->ethernet = false;
    break;
  case IFLA_MTU:
    if (len == sizeof event->link.mtu)
      memcpy(&event->link.mtu, value, len);
    break;
  case IFLA_LINKINFO:
    event->in_bridge = says_bridge_port(value, len);
    break;
  default:
    break;
  }
}

bool link_event_parse(const uint8_t *bytes, size_t len, struct link_event *event)
{
  struct nlmsghdr header;
  struct ifinfomsg info;
  size_t at = NLMSG_HDRLEN + NLMSG_ALIGN(sizeof info);
  const unsigned working = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;

  memset(event, 0, sizeof *event);
  if (len < at)
    return false;
  memcpy(&header, bytes, sizeof header);
  memcpy(&info, bytes + NLMSG_HDRLEN, sizeof info);
  if (header.nlmsg_type != RTM_NEWLINK && header.nlmsg_type != RTM_DELLINK)
    return false;
  /* A bridge tells of its ports with the same messages: leaving it is not the end of a link. */
  if (info.ifi_family != AF_UNSPEC || info.ifi_index <= 0)
    return false;

  event->gone = header.nlmsg_type == RTM_DELLINK;
  event->ethernet = info.ifi_type == ARPHRD_ETHER;
  event->link.present = true;
  event->link.carrier = (info.ifi_flags & working) == working;
  event->link.ifindex = (uint32_t)info.ifi_index;
  while (at + sizeof(struct rtattr) <= len) {
    struct rtattr attribute;
    memcpy(&attribute, bytes + at, sizeof attribute);
    if (attribute.rta_len < sizeof attribute || attribute.rta_len > len - at)
      break;
    link_attribute(event, attribute.rta_type & NLA_TYPE_MASK, bytes + at + sizeof attribute,
                   attribute.rta_len - sizeof attribute);
    at += RTA_ALIGN(attribute.rta_len);
  }
  return event->name[0] != '\0';
}
