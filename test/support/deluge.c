/* Datagrams to all boxes of a wire, as many as it takes: deluge INTERFACE PORT BYTES PER-SECOND SECONDS */

#define _GNU_SOURCE
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define BATCH 64

static double now(void)
{
  struct timespec at;
  clock_gettime(CLOCK_MONOTONIC, &at);
  return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
  if (argc != 6)
    return 2;
  struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((in_port_t)atoi(argv[2]))};
  inet_pton(AF_INET6, "ff12::7464:6d", &to.sin6_addr);
  to.sin6_scope_id = if_nametoindex(argv[1]);
  static char content[1400];
  struct iovec piece = {.iov_base = content, .iov_len = (size_t)atoi(argv[3])};
  struct mmsghdr messages[BATCH];
  for (int i = 0; i < BATCH; i++) {
    messages[i] = (struct mmsghdr){0};
    messages[i].msg_hdr.msg_name = &to;
    messages[i].msg_hdr.msg_namelen = sizeof to;
    messages[i].msg_hdr.msg_iov = &piece;
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int socket6 = socket(AF_INET6, SOCK_DGRAM, 0);
  double rate = atof(argv[4]), start = now(), length = atof(argv[5]);
  unsigned long sent = 0;
  for (double passed = 0; passed < length; passed = now() - start) {
    if ((double)sent > passed * rate) {
      nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
      continue;
    }
    int count = sendmmsg(socket6, messages, BATCH, 0);
    if (count > 0)
      sent += (unsigned long)count;
  }
  printf("%lu\n", sent);
  return 0;
}
