/*
 * Many DHCP clients with made-up hardware addresses, on one interface.
 *   crowd INTERFACE flood SECONDS RATE MACS PERCENT SEED
 *     RATE DISCOVERs a second from MACS hardware addresses in turn; PERCENT of the offers are
 *     asked for. Prints what was sent and received as JSON.
 *   crowd INTERFACE office SECONDS RATE MACS SEED
 *     RATE exchanges a second, each by the next of MACS devices unless that still waits for an
 *     answer; it asks again after a second and gives up after five. Prints how they fared as JSON; times are those of the machine.
 *   crowd INTERFACE one MAC
 *     one DISCOVER without client identifier; prints the offered address, or fails after 3 s.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DISCOVER 1
#define OFFER 2
#define REQUEST 3
#define ACK 5
#define NAK 6
#define DHCP_AT 42     /* Ethernet, IPv4 without options, UDP */
#define OPTIONS_AT 282 /* behind the cookie */
#define SECONDS_MAX 120
#define RATE_MAX 5000
#define MACS_MAX 65536

struct message {
  uint8_t type;
  uint32_t xid, yiaddr, server; /* xid in host order, addresses as on the wire */
  uint16_t secs;
  uint8_t mac[6];
};

static struct { unsigned long discovers, requests, offers, acks, naks, failed; } count;
static int packet;
static uint64_t state;

static void need(int condition, const char *what)
{
  if (condition)
    return;
  perror(what);
  exit(1);
}

/* xorshift64* */
static uint32_t any(uint32_t below)
{
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static uint64_t now_us(void)
{
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_nsec / 1000;
}

static void put16(uint8_t *at, unsigned value)
{
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static void open_socket(const char *interface)
{
  int size = 4 << 20;
  struct packet_mreq all = {.mr_type = PACKET_MR_PROMISC};
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
  address.sll_ifindex = all.mr_ifindex = (int)if_nametoindex(interface);
  need(address.sll_ifindex > 0, interface);
  packet = socket(AF_PACKET, SOCK_RAW, 0);
  need(packet >= 0, "socket");
  setsockopt(packet, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  need(bind(packet, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  /* Replies go to addresses that this interface does not have. */
  need(setsockopt(packet, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &all, sizeof all) == 0, "promiscuous");
}

static size_t put_option(uint8_t *at, uint8_t code, const void *value, uint8_t len)
{
  at[0] = code;
  at[1] = len;
  memcpy(at + 2, value, len);
  return 2u + len;
}

static void send_message(const struct message *message)
{
  uint8_t frame[342] = {0};
  uint8_t *options = frame + OPTIONS_AT;
  static const uint8_t cookie[] = {0x63, 0x82, 0x53, 0x63}, wanted[] = {1, 3, 6, 15};
  memset(frame, 0xff, 6);
  memcpy(frame + 6, message->mac, 6);
  put16(frame + 12, ETH_P_IP);
  frame[14] = 0x45;
  put16(frame + 16, sizeof frame - 14);
  frame[22] = 64;
  frame[23] = 17;
  memset(frame + 30, 0xff, 4);
  put16(frame + 34, 68);
  put16(frame + 36, 67);
  put16(frame + 38, sizeof frame - 34);
  uint32_t sum = 0;
  for (unsigned i = 14; i < 34; i += 2)
    sum += (uint32_t)frame[i] << 8 | frame[i + 1];
  sum = (sum & 0xffff) + (sum >> 16);
  put16(frame + 24, ~(sum + (sum >> 16)) & 0xffff);

  uint8_t *dhcp = frame + DHCP_AT;
  uint32_t xid = htonl(message->xid);
  dhcp[0] = 1, dhcp[1] = 1, dhcp[2] = 6;
  memcpy(dhcp + 4, &xid, 4);
  put16(dhcp + 8, message->secs);
  memcpy(dhcp + 28, message->mac, 6);
  memcpy(dhcp + 236, cookie, 4);
  options += put_option(options, 53, &message->type, 1);
  if (message->type == REQUEST) {
    options += put_option(options, 50, &message->yiaddr, 4);
    options += put_option(options, 54, &message->server, 4);
  }
  options += put_option(options, 55, wanted, sizeof wanted);
  *options = 255;
  if (send(packet, frame, sizeof frame, 0) != (ssize_t)sizeof frame)
    count.failed++;
}

/* A reply of a DHCP server, or false for any other packet. */
static bool receive(struct message *reply)
{
  static uint8_t frame[2048];
  struct sockaddr_ll from;
  socklen_t from_len = sizeof from;
  ssize_t got = recvfrom(packet, frame, sizeof frame, MSG_DONTWAIT, (void *)&from, &from_len);
  if (got < OPTIONS_AT || from.sll_pkttype == PACKET_OUTGOING || frame[14] != 0x45 ||
      frame[23] != 17 || frame[35] != 67 || frame[37] != 68 || frame[DHCP_AT] != 2)
    return false;
  memset(reply, 0, sizeof *reply);
  memcpy(&reply->xid, frame + DHCP_AT + 4, 4);
  reply->xid = ntohl(reply->xid);
  memcpy(&reply->yiaddr, frame + DHCP_AT + 16, 4);
  memcpy(reply->mac, frame + DHCP_AT + 28, 6);
  for (size_t at = OPTIONS_AT; at + 1 < (size_t)got && frame[at] != 255;) {
    size_t next = frame[at] == 0 ? at + 1 : at + 2 + frame[at + 1];
    if (next > (size_t)got)
      break;
    if (frame[at] == 53)
      reply->type = frame[at + 2];
    else if (frame[at] == 54 && frame[at + 1] == 4)
      memcpy(&reply->server, frame + at + 2, 4);
    at = next;
  }
  return true;
}

static int one(const char *text)
{
  struct message message = {.type = DISCOVER, .xid = (uint32_t)now_us()}, reply;
  uint8_t *m = message.mac;
  need(sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx", m, m + 1, m + 2, m + 3, m + 4, m + 5) == 6,
       "a hardware address");
  uint64_t end = now_us() + 3000000, again = 0;
  while (now_us() < end) {
    struct pollfd wait = {.fd = packet, .events = POLLIN};
    if (now_us() >= again) {
      send_message(&message);
      again = now_us() + 1000000;
    }
    poll(&wait, 1, 100);
    if (receive(&reply) && reply.type == OFFER && reply.xid == message.xid) {
      puts(inet_ntoa((struct in_addr){reply.yiaddr}));
      return 0;
    }
  }
  return 1;
}

static void answer(const struct message *reply, uint32_t base, uint32_t macs, unsigned percent)
{
  if (reply->xid - base >= macs)
    return;
  count.offers += reply->type == OFFER;
  count.acks += reply->type == ACK;
  count.naks += reply->type == NAK;
  if (reply->type != OFFER || any(100) >= percent)
    return;
  struct message request = *reply;
  request.type = REQUEST;
  send_message(&request);
  count.requests++;
}

static void flood(unsigned seconds, unsigned rate, unsigned macs, unsigned percent, unsigned seed)
{
  static uint8_t mac[MACS_MAX][6];
  state = seed * 0x9e3779b97f4a7c15ULL | 1;
  uint32_t base = any(0x40000000);
  for (unsigned i = 0; i < macs; i++) {
    for (unsigned n = 0; n < 6; n++)
      mac[i][n] = (uint8_t)any(256);
    mac[i][0] = (uint8_t)((mac[i][0] & 0xfc) | 2);
  }
  uint64_t start = now_us(), length = (uint64_t)seconds * 1000000;
  for (uint64_t passed = 0; passed < length; passed = now_us() - start) {
    struct pollfd wait = {.fd = packet, .events = POLLIN};
    struct message reply;
    poll(&wait, 1, 1);
    for (unsigned i = 0; i < 64; i++)
      if (receive(&reply))
        answer(&reply, base, macs, percent);
    while (count.discovers < passed * rate / 1000000) {
      unsigned i = (unsigned)(count.discovers++ % macs);
      struct message discover = {.type = DISCOVER, .xid = base + i};
      memcpy(discover.mac, mac[i], 6);
      send_message(&discover);
    }
  }
  printf("{\"discovers\":%lu,\"requests\":%lu,\"offers\":%lu,\"acks\":%lu,\"naks\":%lu,"
         "\"failed\":%lu}\n",
         count.discovers, count.requests, count.offers, count.acks, count.naks, count.failed);
}

#define DEVICES_MAX 1024
#define AGAIN_US 1000000
#define GIVE_UP_US 5000000

struct device {
  struct message said; /* what it waits for an answer to; type 0: nothing */
  uint64_t begun, asked;
  uint32_t had; /* the address that it was given last */
};

static struct device devices[DEVICES_MAX];
static struct {
  unsigned long begun, answered, given_up, naks, duplicates, shown;
  uint64_t longest;
} fared;

static void begin_again(struct device *device)
{
  device->asked = now_us();
  device->said.type = DISCOVER;
  device->said.secs = (uint16_t)((device->asked - device->begun) / 1000000);
  send_message(&device->said);
}

/* Waits that a person might notice are listed: when they began, and how long they took. */
static void finish(struct device *device, bool answered)
{
  uint64_t wait = now_us() - device->begun;
  device->said.type = 0;
  if (answered)
    fared.answered++;
  else
    fared.given_up++;
  if (wait > fared.longest)
    fared.longest = wait;
  if (wait < 200000 || fared.shown > 500)
    return;
  printf("%s[%lu,%lu]", fared.shown++ > 0 ? "," : "", (unsigned long)(device->begun / 1000),
         (unsigned long)(wait / 1000));
}

static void take(const struct message *reply, uint32_t base, uint32_t macs)
{
  struct device *device = &devices[reply->xid - base];
  if (reply->xid - base >= macs || device->said.type == 0)
    return;
  if (reply->type == OFFER && device->said.type == DISCOVER) {
    uint16_t secs = device->said.secs;
    device->said = *reply;
    device->said.type = REQUEST;
    device->said.secs = secs;
    send_message(&device->said);
  } else if (reply->type == NAK && device->said.type == REQUEST) {
    fared.naks++;
    begin_again(device);
  } else if (reply->type == ACK && device->said.type == REQUEST) {
    for (uint32_t i = 0; i < macs; i++)
      fared.duplicates += &devices[i] != device && devices[i].had == reply->yiaddr;
    device->had = reply->yiaddr;
    finish(device, true);
  }
}

static void office(unsigned seconds, unsigned rate, unsigned macs, unsigned seed)
{
  state = seed * 0x9e3779b97f4a7c15ULL | 1;
  uint32_t base = any(0x40000000);
  for (unsigned i = 0; i < macs; i++) {
    for (unsigned n = 0; n < 6; n++)
      devices[i].said.mac[n] = (uint8_t)any(256);
    devices[i].said.mac[0] = (uint8_t)((devices[i].said.mac[0] & 0xfc) | 2);
    devices[i].said.xid = base + i;
  }
  uint64_t start = now_us(), length = (uint64_t)seconds * 1000000;
  printf("{\"started\":%lu,\"waits\":[", (unsigned long)(start / 1000));
  bool busy = true;
  uint64_t turns = 0;
  for (uint64_t passed = 0; passed < length || busy; passed = now_us() - start) {
    struct pollfd wait = {.fd = packet, .events = POLLIN};
    struct message reply;
    poll(&wait, 1, 1);
    for (unsigned i = 0; i < 64; i++)
      if (receive(&reply))
        take(&reply, base, macs);
    busy = false;
    for (unsigned i = 0; i < macs; i++) {
      struct device *device = &devices[i];
      if (device->said.type == 0)
        continue;
      busy = true;
      if (now_us() - device->begun > GIVE_UP_US)
        finish(device, false);
      else if (now_us() - device->asked > AGAIN_US)
        begin_again(device);
    }
    while (passed < length && turns < passed * rate / 1000000) {
      struct device *device = &devices[turns++ % macs];
      if (device->said.type != 0)
        continue;
      fared.begun++;
      device->begun = now_us();
      begin_again(device);
    }
  }
  printf("],\"begun\":%lu,\"answered\":%lu,\"givenUp\":%lu,\"naks\":%lu,\"duplicates\":%lu,"
         "\"longest\":%lu}\n",
         fared.begun, fared.answered, fared.given_up, fared.naks, fared.duplicates,
         (unsigned long)(fared.longest / 1000));
}

int main(int argc, char **argv)
{
  unsigned number[5];
  need(argc >= 4, "arguments");
  open_socket(argv[1]);
  if (argc == 4 && strcmp(argv[2], "one") == 0)
    return one(argv[3]);
  for (int i = 3; i < argc && i < 8; i++)
    number[i - 3] = (unsigned)strtoul(argv[i], NULL, 10);
  if (argc == 7 && strcmp(argv[2], "office") == 0) {
    need(number[2] > 0 && number[2] <= DEVICES_MAX, "devices");
    office(number[0], number[1], number[2], number[3]);
    return 0;
  }
  need(argc == 8 && strcmp(argv[2], "flood") == 0, "arguments");
  need(number[0] <= SECONDS_MAX && number[1] <= RATE_MAX, "seconds and rate");
  need(number[2] > 0 && number[2] <= MACS_MAX && number[3] <= 100, "addresses and per cent");
  flood(number[0], number[1], number[2], number[3], number[4]);
}
