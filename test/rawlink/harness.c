/*
 * Tests rawlink's decisions on input from outside: client messages, frames to send, rtnetlink
 * messages, and the receive filters as the kernel runs them. `harness SEED ROUNDS`; meant to be
 * built with -fsanitize=address,undefined. Inputs lie in exactly sized heap blocks, so that a read
 * past the end is seen.
 */
#include "../../board/rawlink/message.c"
#include "../../board/rawlink/packet.c"

#include "harness.h"

static const char *refusal(const uint8_t *frame, size_t len, enum packet_kind *kind)
{
  uint8_t *copy = block(frame, len);
  const char *why = send_refusal(copy, len, &own_link, kind);
  free(copy);
  return why;
}

static void says(const uint8_t *frame, size_t len, const char *part)
{
  enum packet_kind kind;
  const char *why = refusal(frame, len, &kind);
  CHECK(why != NULL && strstr(why, part) != NULL);
}

/* One row: change one byte of a good frame, and what has to be said about it. */
static const struct {
  unsigned at;
  uint8_t value;
  const char *part;
} ip_wrongs[] = {
  {6, 0x03, "source MAC"},   {11, 0x02, "source MAC"},   {12, 0x86, "neither IPv4"},
  {13, 0x01, "neither"},     {14, 0x65, "malformed"},    {14, 0x44, "malformed"},
  {14, 0x4f, "total"},       {16, 0x7f, "total length"}, {17, 27, "total length"},
  {20, 0x20, "fragment"},    {21, 0x01, "fragment"},     {20, 0x1f, "fragment"},
  {23, 6, "neither UDP"},    {23, 1, "no echo request"}, {34, 1, "source port"},
  {35, 68, "source port"},   {38, 1, "UDP length"},      {39, 7, "UDP length"},
}, icmp_wrongs[] = {
  {0, 0x03, "more than one"}, {0, 0xff, "more than one"}, {6, 0x03, "source MAC"},
  {14, 0x44, "malformed"},    {16, 0x7f, "total length"}, {17, 27, "total length"},
  {20, 0x20, "fragment"},     {21, 0x01, "fragment"},     {23, 2, "neither UDP"},
  {23, 17, "source port"},    {34, 0, "no echo request"}, {34, 5, "no echo request"},
  {34, 13, "no echo request"}, {35, 1, "no echo request"},
}, arp_wrongs[] = {
  {6, 0x03, "source MAC"},   {14, 1, "not for IPv4"},    {17, 6, "not for IPv4"},
  {18, 7, "not for IPv4"},   {19, 16, "not for IPv4"},   {20, 1, "neither request"},
  {21, 3, "nor reply"},      {21, 0, "nor reply"},       {22, 0x12, "sender address"},
  {27, 0x02, "sender"},
};

static void send_echo_table(void)
{
  uint8_t frame[300], wrong[300];
  enum packet_kind kind;
  size_t len = icmp_frame(frame, 5, 20, 8);
  CHECK(refusal(frame, len, &kind) == NULL && kind == KIND_IP);
  for (size_t i = 0; i < COUNT(icmp_wrongs); i++) {
    memcpy(wrong, frame, len);
    wrong[icmp_wrongs[i].at] = icmp_wrongs[i].value;
    says(wrong, len, icmp_wrongs[i].part);
  }
  for (size_t cut = 0; cut < len; cut++)
    CHECK(refusal(frame, cut, &kind) != NULL);
  frame[20] = 0x40;
  CHECK(refusal(frame, len, &kind) == NULL);
  CHECK(refusal(frame, icmp_frame(frame, 15, 60, 8), &kind) == NULL);
  CHECK(refusal(frame, icmp_frame(frame, 5, 100, 8), &kind) == NULL);
  says(frame, icmp_frame(frame, 5, 101, 8), "too long");
  icmp_frame(frame, 5, 4, 8);
  CHECK(refusal(frame, 60, &kind) == NULL); /* Ethernet padding */
  says(frame, 14 + ECHO_MAX + 1, "too long");
}

static void send_table(void)
{
  uint8_t frame[2200], wrong[2200];
  enum packet_kind kind;
  size_t len = udp_frame(frame, 5, 20, 67, 68);
  CHECK(refusal(frame, len, &kind) == NULL && kind == KIND_IP);
  for (size_t i = 0; i < COUNT(ip_wrongs); i++) {
    memcpy(wrong, frame, len);
    wrong[ip_wrongs[i].at] = ip_wrongs[i].value;
    says(wrong, len, ip_wrongs[i].part);
  }
  for (size_t cut = 0; cut < len; cut++)
    CHECK(refusal(frame, cut, &kind) != NULL);
  frame[20] = 0x40; /* "do not fragment" is no fragment */
  CHECK(refusal(frame, len, &kind) == NULL);
  CHECK(refusal(frame, udp_frame(frame, 15, 240, 67, 67), &kind) == NULL);
  CHECK(refusal(frame, udp_frame(frame, 5, 1472, 67, 68), &kind) == NULL);
  says(frame, udp_frame(frame, 5, 1473, 67, 68), "MTU");
  len = udp_frame(frame, 5, 4, 67, 68);
  CHECK(refusal(frame, 60, &kind) == NULL); /* Ethernet padding */

  len = arp_frame(frame, 1);
  CHECK(refusal(frame, len, &kind) == NULL && kind == KIND_ARP);
  CHECK(refusal(frame, 60, &kind) == NULL);
  for (size_t i = 0; i < COUNT(arp_wrongs); i++) {
    memcpy(wrong, frame, len);
    wrong[arp_wrongs[i].at] = arp_wrongs[i].value;
    says(wrong, len, arp_wrongs[i].part);
  }
  for (size_t cut = 0; cut < len; cut++)
    CHECK(refusal(frame, cut, &kind) != NULL);
  CHECK(refusal(frame, arp_frame(frame, 2), &kind) == NULL);
}

/* The rule for sending, written a second time and from the other end. */
static bool may_send(const uint8_t *f, size_t len)
{
  if (len < 42 || len > 1514 || memcmp(f + 6, own_mac, 6) != 0)
    return false;
  if (f[12] == 8 && f[13] == 6)
    return f[14] == 0 && f[15] == 1 && f[16] == 8 && f[17] == 0 && f[18] == 6 && f[19] == 4 &&
           f[20] == 0 && (f[21] == 1 || f[21] == 2) && memcmp(f + 22, own_mac, 6) == 0;
  if (f[12] != 8 || f[13] != 0 || f[14] < 0x45 || f[14] > 0x4f)
    return false;
  unsigned head = (f[14] - 0x40u) * 4, total = f[16] * 256u + f[17];
  if (14 + total > len || total < head + 8 || (f[20] & 0x3f) || f[21])
    return false;
  const uint8_t *udp = f + 14 + head;
  if (f[23] == 1)
    return len <= 142 && (f[0] & 1) == 0 && udp[0] == 8 && udp[1] == 0;
  return f[23] == 17 && udp[0] == 0 && udp[1] == 67 && head + udp[4] * 256u + udp[5] == total;
}

static void send_random(unsigned rounds)
{
  static uint8_t frame[4096];
  unsigned passed = 0;
  for (unsigned i = 0; i < rounds; i++) {
    enum packet_kind kind;
    size_t len = mutated_frame(frame);
    bool pass = refusal(frame, len, &kind) == NULL;
    CHECK(pass == may_send(frame, len));
    CHECK(!pass || kind == (frame[13] == 6 ? KIND_ARP : KIND_IP));
    passed += pass;
  }
  CHECK(passed > rounds / 50 && passed < rounds - rounds / 50);
}

/* What the filters let in, written a second time. A read past the end refuses, as in the kernel. */
static bool may_come(const uint8_t *f, size_t len, enum packet_kind kind)
{
  if (len < 14 || len > FRAME_MAX || f[12] != 8)
    return false;
  if (kind == KIND_ARP)
    return f[13] == 6;
  if (len < 24 || f[13] != 0 || f[14] < 0x45 || f[14] > 0x4f)
    return false;
  if ((f[20] & 0x1f) != 0 || f[21] != 0)
    return false;
  size_t inner = 14 + (f[14] & 15u) * 4, port = inner + 2;
  if (f[23] == 1)
    return (f[20] & 0x20) == 0 && len <= 142 && inner + 2 <= len && f[inner] == 0 &&
           f[inner + 1] == 0;
  return f[23] == 17 && port + 2 <= len && f[port] == 0 && (f[port + 1] == 67 || f[port + 1] == 68);
}

/* The kernel runs the same filter on the datagrams of a socket pair, and without privileges. */
static int pair[2];

static void filter_start(enum packet_kind kind)
{
  CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
  CHECK((kind == KIND_IP ? lock_filter(pair[1], ip_filter, COUNT(ip_filter))
                         : lock_filter(pair[1], arp_filter, COUNT(arp_filter))) == 0);
}

static bool comes(const uint8_t *frame, size_t len)
{
  static uint8_t got[4096];
  CHECK(send(pair[0], frame, len, 0) == (ssize_t)len);
  ssize_t count = recv(pair[1], got, sizeof got, MSG_DONTWAIT);
  CHECK(count < 0 || (count == (ssize_t)len && memcmp(got, frame, len) == 0));
  return count >= 0;
}

static void filter_end(void)
{
  struct sock_filter all[] = {BPF_STMT(BPF_RET | BPF_K, FRAME_MAX)};
  CHECK(lock_filter(pair[1], all, 1) < 0 && errno == EPERM);
  close(pair[0]);
  close(pair[1]);
}

static void filter_table(void)
{
  static uint8_t frame[4096];
  filter_start(KIND_IP);
  CHECK(comes(frame, udp_frame(frame, 5, 300, 68, 67)));
  CHECK(comes(frame, udp_frame(frame, 5, 300, 67, 68)));
  CHECK(comes(frame, udp_frame(frame, 15, 300, 68, 67)));
  CHECK(!comes(frame, udp_frame(frame, 4, 300, 68, 67)));
  CHECK(!comes(frame, udp_frame(frame, 5, 300, 68, 66)));
  CHECK(!comes(frame, udp_frame(frame, 5, 300, 68, 69)));
  CHECK(comes(frame, udp_frame(frame, 5, FRAME_MAX - 42, 68, 67)));
  CHECK(!comes(frame, udp_frame(frame, 5, FRAME_MAX - 41, 68, 67)));
  size_t len = udp_frame(frame, 5, 300, 68, 67);
  frame[20] = 0x20; /* a first fragment holds the UDP header */
  CHECK(comes(frame, len));
  frame[20] = 0x00, frame[21] = 1;
  CHECK(!comes(frame, len));
  CHECK(!comes(frame, arp_frame(frame, 1)));
  CHECK(comes(frame, icmp_frame(frame, 5, 20, 0)));
  CHECK(comes(frame, icmp_frame(frame, 15, 60, 0)));
  CHECK(comes(frame, icmp_frame(frame, 5, 100, 0)));
  CHECK(!comes(frame, icmp_frame(frame, 5, 101, 0)));
  CHECK(!comes(frame, icmp_frame(frame, 5, 20, 8)));
  CHECK(!comes(frame, icmp_frame(frame, 5, 20, 3)));
  len = icmp_frame(frame, 5, 20, 0);
  frame[35] = 1; /* no echo reply has a code */
  CHECK(!comes(frame, len));
  icmp_frame(frame, 5, 20, 0);
  frame[20] = 0x20;
  CHECK(!comes(frame, len));
  filter_end();
  filter_start(KIND_ARP);
  CHECK(comes(frame, arp_frame(frame, 1)));
  CHECK(!comes(frame, udp_frame(frame, 5, 300, 68, 67)));
  filter_end();
}

static void filter_random(enum packet_kind kind, unsigned rounds)
{
  static uint8_t frame[4096];
  unsigned passed = 0;
  filter_start(kind);
  for (unsigned i = 0; i < rounds; i++) {
    size_t len = mutated_frame(frame);
    if (any(16) == 0)
      len = FRAME_MAX - 4 + any(8);
    bool pass = len > 0 && comes(frame, len);
    CHECK(pass == may_come(frame, len, kind));
    passed += pass;
  }
  CHECK(passed > rounds / 50);
  filter_end();
}

/* A stream of messages is cut anywhere: each cut gives the same messages, garbage ends it. */
static void messages_random(unsigned rounds)
{
  static uint8_t stream[8192];
  for (unsigned i = 0; i < rounds; i++) {
    size_t len = 0, whole = 0;
    while (len < 4000) {
      uint16_t payload = (uint16_t)any(any(4) ? 64 : FRAME_MAX + 1);
      put_header(stream + len, any(10) ? M_SEND : M_OPEN, 0, payload);
      for (unsigned n = 0; n < payload; n++)
        stream[len + HEADER_LEN + n] = (uint8_t)n;
      len += HEADER_LEN + payload;
    }
    bool damaged = any(2);
    if (damaged)
      stream[any((uint32_t)len)] ^= (uint8_t)(1u << any(8));
    size_t cut = any((uint32_t)len + 1);
    uint8_t *copy = block(stream, cut);
    struct message message;
    enum message_status status;
    while ((status = message_parse(copy + whole, cut - whole, &message)) == MESSAGE_WHOLE) {
      CHECK(message.len <= FRAME_MAX && (message.type == M_OPEN || message.type == M_SEND));
      CHECK(message.payload + message.len <= copy + cut);
      whole += HEADER_LEN + message.len;
    }
    CHECK(damaged || status == MESSAGE_PARTIAL);
    CHECK(status == MESSAGE_BAD || cut - whole < MESSAGE_MAX);
    free(copy);
  }
  static const uint8_t bad[][4] = {{0, 0, 0, 1}, {3, 0, 0, 1}, {0x81, 0, 0, 20}, {2, 1, 0, 60},
                                   {2, 0, 8, 1}, {1, 0, 0xff, 0}, {'G', 'E', 'T', ' '}};
  for (size_t i = 0; i < COUNT(bad); i++) {
    struct message message;
    CHECK(message_parse(bad[i], 4, &message) == MESSAGE_BAD);
    CHECK(message_parse(bad[i], 3, &message) == MESSAGE_PARTIAL);
  }
}

static size_t put_attribute(uint8_t *out, uint16_t type, const void *value, size_t len)
{
  struct rtattr attribute = {.rta_len = (unsigned short)(sizeof attribute + len), .rta_type = type};
  memset(out, 0, RTA_SPACE(len));
  memcpy(out, &attribute, sizeof attribute);
  memcpy(out + sizeof attribute, value, len);
  return RTA_SPACE(len);
}

static size_t link_message(uint8_t *out, const char *name)
{
  uint8_t nested[64];
  uint32_t mtu = 1500;
  struct ifinfomsg info = {.ifi_family = AF_UNSPEC, .ifi_type = ARPHRD_ETHER, .ifi_index = 7,
                           .ifi_flags = IFF_UP | IFF_RUNNING | IFF_LOWER_UP};
  size_t at = NLMSG_HDRLEN + sizeof info;
  memcpy(out + NLMSG_HDRLEN, &info, sizeof info);
  at += put_attribute(out + at, IFLA_IFNAME, name, strlen(name) + 1);
  at += put_attribute(out + at, IFLA_MTU, &mtu, sizeof mtu);
  at += put_attribute(out + at, IFLA_ADDRESS, own_mac, MAC_LEN);
  size_t inner = put_attribute(nested, IFLA_INFO_KIND, "veth", 5);
  inner += put_attribute(nested + inner, IFLA_INFO_SLAVE_KIND, "bridge", 7);
  at += put_attribute(out + at, IFLA_LINKINFO, nested, inner);
  struct nlmsghdr header = {.nlmsg_len = (uint32_t)at, .nlmsg_type = RTM_NEWLINK};
  memcpy(out, &header, sizeof header);
  return at;
}

static void link_events(unsigned rounds)
{
  uint8_t bytes[512], damaged[512];
  struct link_event event;
  size_t len = link_message(bytes, "lan0");
  CHECK(link_event_parse(bytes, len, &event) && strcmp(event.name, "lan0") == 0);
  CHECK(event.ethernet && event.in_bridge && !event.gone);
  CHECK(memcmp(&event.link, &own_link, sizeof own_link) == 0);
  bytes[NLMSG_HDRLEN] = AF_BRIDGE;
  CHECK(!link_event_parse(bytes, len, &event));
  len = link_message(bytes, "a-name-with-more-than-15");
  CHECK(!link_event_parse(bytes, len, &event));
  len = link_message(bytes, "fifteen-letters");
  CHECK(link_event_parse(bytes, len, &event) && strlen(event.name) == 15);
  for (unsigned i = 0; i < rounds; i++) {
    size_t cut = any(4) == 0 ? any((uint32_t)len + 1) : len;
    memcpy(damaged, bytes, len);
    for (unsigned n = any(6); n > 0; n--)
      damaged[any((uint32_t)len)] = (uint8_t)any(256);
    uint8_t *copy = block(damaged, cut);
    if (link_event_parse(copy, cut, &event))
      CHECK(event.name[0] != '\0' && memchr(event.name, '\0', sizeof event.name) != NULL);
    free(copy);
  }
}

static bool name_ok(const char *name) { return name_is_valid((const uint8_t *)name, strlen(name)); }
static void names(void)
{
  CHECK(name_ok("lan0") && name_ok("br-lan") && name_ok("eth0.5") && name_ok("fifteen-letters"));
  CHECK(!name_ok("") && !name_ok("sixteen-letters!") && !name_ok(".") && !name_ok(".."));
  CHECK(!name_ok("a/b") && !name_ok("a b") && !name_ok("a\nb") && !name_ok("eth0:1"));
  CHECK(!name_ok("\x80"));
  CHECK(!name_is_valid((const uint8_t *)"a\0b", 3));
}

static void outgoing(void)
{
  uint8_t bytes[MESSAGE_MAX], text[1000];
  const struct drop_counts drops = {1, 0x10203, 3, 0xffffffff};
  CHECK(put_link(bytes, &own_link) == 24 && bytes[0] == M_LINK && get16(bytes + 2) == 20);
  CHECK(bytes[4] == 1 && bytes[5] == 1 && bytes[11] == 7 && get16(bytes + 14) == 1500);
  CHECK(memcmp(bytes + 16, own_mac, 6) == 0 && get16(bytes + 22) == 0);
  CHECK(put_drops(bytes, &drops) == 20 && get16(bytes + 2) == 16);
  CHECK(bytes[7] == 1 && bytes[9] == 1 && bytes[11] == 3 && bytes[15] == 3 && bytes[16] == 255);
  memset(text, 'x', sizeof text);
  text[sizeof text - 1] = '\0';
  CHECK(put_error(bytes, ENODEV, (char *)text) == HEADER_LEN + 4 + ERROR_TEXT_MAX);
  CHECK(put_error(bytes, ENODEV, "gone") == 12 && bytes[7] == ENODEV);
  CHECK(memcmp(bytes + 8, "gone", 4) == 0);
}

int main(int argc, char **argv)
{
  seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 1;
  unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100000;
  state = seed * 0x9e3779b97f4a7c15ULL | 1;
  send_table();
  send_echo_table();
  names();
  outgoing();
  send_random(rounds);
  messages_random(rounds / 10);
  link_events(rounds);
  filter_table();
  filter_random(KIND_IP, rounds);
  filter_random(KIND_ARP, rounds);
  printf("seed %lu: %lu checks passed\n", seed, checks);
}
