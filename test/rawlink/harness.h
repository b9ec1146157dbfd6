/* What harness.c works with: checks, random numbers, and frames. Comes after message.c. */
#ifndef HARNESS_H
#define HARNESS_H

#include <stdio.h>
#include <stdlib.h>

static uint64_t state;
static unsigned long seed, checks;

static void check(int line, bool holds, const char *what)
{
  checks++;
  if (holds)
    return;
  fprintf(stderr, "harness.c:%d: not true with seed %lu: %s\n", line, seed, what);
  abort();
}
#define CHECK(condition) check(__LINE__, (condition), #condition)

/* xorshift64* */
static uint32_t any(uint32_t below)
{
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static const struct link_state own_link = {
  .present = true, .carrier = true, .ifindex = 7, .mtu = 1500, .mac = {0x02, 0, 0, 0, 0, 0x01}};
#define own_mac own_link.mac

static uint8_t *block(const uint8_t *bytes, size_t len)
{
  uint8_t *copy = malloc(len + !len);
  memcpy(copy, bytes, len);
  return copy;
}

static size_t udp_frame(uint8_t *out, unsigned words, size_t data, uint16_t source, uint16_t target)
{
  size_t header = words * 4, total = header + 8 + data;
  memset(out, 0, 14 + total);
  memset(out, 0xff, MAC_LEN);
  memcpy(out + 6, own_mac, MAC_LEN);
  put16(out + 12, ETH_P_IP);
  out[14] = (uint8_t)(0x40 | words);
  put16(out + 16, (uint16_t)total);
  out[22] = 64;
  out[23] = 17;
  put16(out + 14 + header, source);
  put16(out + 16 + header, target);
  put16(out + 18 + header, (uint16_t)(8 + data));
  return 14 + total;
}

/* An ICMP message to another host; `data` bytes follow its header. */
static size_t icmp_frame(uint8_t *out, unsigned words, size_t data, uint8_t type)
{
  size_t len = udp_frame(out, words, data, 0, 0), icmp = 14 + words * 4;
  out[0] = 0x02;
  out[23] = 1;
  memset(out + icmp, 0, 8);
  out[icmp] = type;
  return len;
}

static size_t arp_frame(uint8_t *out, uint8_t operation)
{
  static const uint8_t start[] = {0, 1, 8, 0, 6, 4, 0};
  memset(out, 0, 60);
  memset(out, 0xff, MAC_LEN);
  memcpy(out + 6, own_mac, MAC_LEN);
  put16(out + 12, ETH_P_ARP);
  memcpy(out + 14, start, sizeof start);
  out[21] = operation;
  memcpy(out + 22, own_mac, MAC_LEN);
  return 42;
}

/* A frame with a few bytes changed, cut or prolonged; returns its length. */
static size_t mutated_frame(uint8_t *frame)
{
  unsigned words = 5 + (any(4) == 0 ? any(11) : 0);
  size_t len;
  switch (any(4)) {
  case 0:
    len = arp_frame(frame, (uint8_t)any(4));
    break;
  case 1:
    len = icmp_frame(frame, words, any(120), any(2) ? 8 : (uint8_t)any(10));
    break;
  case 2:
    len = icmp_frame(frame, words, any(120), 0);
    break;
  default:
    len = udp_frame(frame, words, any(600), any(8) ? 67 : 68, (uint16_t)(66 + any(4)));
  }
  for (unsigned n = any(4); n > 0; n--)
    frame[any((uint32_t)(len < 60 ? len : 60))] = (uint8_t)any(256);
  if (any(4) == 0)
    len = any((uint32_t)len + 1);
  else if (any(8) == 0)
    len += any(40);
  return len;
}

#endif
