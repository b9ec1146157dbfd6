/*
 * The other end of the wire: sends and shows whole Ethernet frames on one interface.
 * `peer INTERFACE` reads commands on standard input, answers each with "ok", and prints every
 * arriving frame in hex. Ends with its input.
 *   send HEX     one frame
 *   burst N HEX  N frames, the bytes 42..45 of each numbered from 0
 *   udp          a broadcast to port 67 through the system's own UDP, checksum left to the device
 *   hold         binds UDP port 67 and keeps it
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *interface;
static int packet;

static void need(int condition, const char *what)
{
  if (condition)
    return;
  perror(what);
  exit(1);
}

static size_t unhex(const char *text, uint8_t *out)
{
  size_t len = 0;
  while (sscanf(text + 2 * len, "%2hhx", &out[len]) == 1)
    len++;
  return len;
}

static int udp_socket(void)
{
  int fd = socket(AF_INET, SOCK_DGRAM, 0), on = 1;
  need(fd >= 0, "socket");
  need(setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on) == 0, "SO_BROADCAST");
  return fd;
}

static void command(char *line)
{
  static uint8_t frame[70000];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(67)};
  unsigned count;
  int at = 0;
  if (strncmp(line, "send ", 5) == 0) {
    size_t len = unhex(line + 5, frame);
    need(send(packet, frame, len, 0) == (ssize_t)len, "send");
  } else if (sscanf(line, "burst %u %n", &count, &at) == 1) {
    size_t len = unhex(line + at, frame);
    for (uint32_t i = 0; i < count; i++) {
      uint32_t number = htonl(i);
      memcpy(frame + 42, &number, sizeof number);
      need(send(packet, frame, len, 0) == (ssize_t)len, "send");
    }
  } else if (strcmp(line, "udp\n") == 0) {
    int fd = udp_socket();
    address.sin_addr.s_addr = INADDR_BROADCAST;
    socklen_t len = (socklen_t)strlen(interface);
    need(setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, len) == 0, "device");
    need(sendto(fd, "hello", 5, 0, (void *)&address, sizeof address) == 5, "sendto");
    close(fd);
  } else if (strcmp(line, "hold\n") == 0) {
    need(bind(udp_socket(), (void *)&address, sizeof address) == 0, "bind");
  } else {
    exit(2);
  }
  puts("ok");
}

static void show(void)
{
  static uint8_t frame[70000];
  struct sockaddr_ll from;
  socklen_t from_len = sizeof from;
  ssize_t len = recvfrom(packet, frame, sizeof frame, 0, (void *)&from, &from_len);
  if (len < 0 || from.sll_pkttype == PACKET_OUTGOING)
    return;
  for (ssize_t i = 0; i < len; i++)
    printf("%02x", frame[i]);
  putchar('\n');
}

int main(int argc, char **argv)
{
  static char line[150000];
  int size = 4 << 20;
  need(argc == 2, "arguments");
  interface = argv[1];
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
  address.sll_ifindex = (int)if_nametoindex(interface);
  need(address.sll_ifindex > 0, interface);
  packet = socket(AF_PACKET, SOCK_RAW, 0);
  need(packet >= 0, "socket");
  setsockopt(packet, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
  need(bind(packet, (struct sockaddr *)&address, sizeof address) == 0, "bind");
  setvbuf(stdout, NULL, _IOLBF, 1 << 16);
  setvbuf(stdin, NULL, _IONBF, 0);
  puts("ok");
  for (;;) {
    struct pollfd polls[2] = {{.fd = 0, .events = POLLIN}, {.fd = packet, .events = POLLIN}};
    need(poll(polls, 2, -1) >= 0, "poll");
    if (polls[1].revents)
      show();
    if (polls[0].revents) {
      if (fgets(line, sizeof line, stdin) == NULL)
        return 0;
      command(line);
    }
  }
}
