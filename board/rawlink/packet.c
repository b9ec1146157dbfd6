/* Packet sockets: what they let in, and moving frames in batches. */
#define _GNU_SOURCE
#include "rawlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ANCILLARY(what) ((uint32_t)SKF_AD_OFF + (what))
#define PORT_SERVER 67
#define PORT_CLIENT 68
#define ICMP_ECHO_REPLY 0
/* IEEE 802 local experimental: a parked socket waits for a type that its filter refuses anyway. */
#define PARKING_PROTOCOL 0x88b5
#define PARK_READS_MAX 1000 /* more than SOCKET_BUFFER can hold */

static const uint16_t protocols[KINDS] = {[KIND_IP] = ETH_P_IP, [KIND_ARP] = ETH_P_ARP};

/* Common first part: nothing of a VLAN above this interface, nothing for other hosts, nothing of
 * our own, nothing that does not fit a message. Each "drop" jumps to the program's last line. */
#define FILTER_HEAD(last, protocol)                                                        \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ANCILLARY(SKF_AD_VLAN_TAG_PRESENT)),                  \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, (last) - 2),                                   \
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ANCILLARY(SKF_AD_PKTTYPE)),                           \
  BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, PACKET_OTHERHOST, (last) - 4, 0),                    \
  BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),                                                   \
  BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, FRAME_MAX, (last) - 6, 0),                           \
  BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),                                                  \
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (protocol), 0, (last) - 8)

/* IPv4, header of at least 20 bytes, and one of
 *   UDP, not a later fragment, to port 67 or 68 (68 so that a stranger's replies can be noticed);
 *   an ICMP echo reply to this box alone, whole, and no longer than the requests that may be sent. */
static struct sock_filter ip_filter[] = {
  FILTER_HEAD(30, ETH_P_IP),
  BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 14),
  BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x45, 0, 30 - 10),
  BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 0x4f, 30 - 11, 0),
  BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 23),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_ICMP, 20 - 13, 0),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 30 - 14),
  /* 14: UDP */
  BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x1fff, 30 - 16, 0),
  BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
  BPF_STMT(BPF_LD | BPF_H | BPF_IND, 16),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_SERVER, 29 - 19, 0),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PORT_CLIENT, 29 - 20, 30 - 20),
  /* 20: ICMP */
  BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 20),
  BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x3fff, 30 - 22, 0),
  BPF_STMT(BPF_LD | BPF_W | BPF_ABS, ANCILLARY(SKF_AD_PKTTYPE)),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PACKET_HOST, 0, 30 - 24),
  BPF_STMT(BPF_LD | BPF_W | BPF_LEN, 0),
  BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 14 + ECHO_MAX, 30 - 26, 0),
  BPF_STMT(BPF_LDX | BPF_B | BPF_MSH, 14),
  BPF_STMT(BPF_LD | BPF_H | BPF_IND, 14),
  BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ICMP_ECHO_REPLY << 8, 0, 30 - 29),
  BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
  BPF_STMT(BPF_RET | BPF_K, 0),
};

static struct sock_filter arp_filter[] = {
  FILTER_HEAD(9, ETH_P_ARP),
  BPF_STMT(BPF_RET | BPF_K, FRAME_MAX),
  BPF_STMT(BPF_RET | BPF_K, 0),
};

static int lock_filter(int fd, struct sock_filter *filter, size_t len)
{
  struct sock_fprog program = {.len = (unsigned short)len, .filter = filter};
  int on = 1;
  if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) < 0)
    return -1;
  return setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof on);
}

/* As large as we may: to force the size needs CAP_NET_ADMIN, the plain one has a system limit. */
static void grow_buffer(int fd, int forced, int plain)
{
  int size = SOCKET_BUFFER;
  if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof size) < 0)
    setsockopt(fd, SOL_SOCKET, plain, &size, sizeof size);
}

int packet_open(enum packet_kind kind)
{
  int on = 1;
  /* Protocol 0: nothing is queued before the filter is in place and the socket is bound. */
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  int failed = kind == KIND_IP ? lock_filter(fd, ip_filter, COUNT(ip_filter))
                               : lock_filter(fd, arp_filter, COUNT(arp_filter));
  if (failed < 0 || setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on) < 0) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  grow_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
  grow_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
  return fd;
}

static int packet_bind(int fd, uint16_t protocol, uint32_t ifindex)
{
  struct sockaddr_ll address = {
    .sll_family = AF_PACKET, .sll_protocol = htons(protocol), .sll_ifindex = (int)ifindex};
  return bind(fd, (struct sockaddr *)&address, sizeof address);
}

int packet_attach(int fd, enum packet_kind kind, uint32_t ifindex)
{
  /* Bound to the two protocols and not to "all": the kernel then shows no outgoing frames, no
   * traffic of other kinds, no frames of a VLAN or bridge above, and has undone priority tags. */
  return packet_bind(fd, protocols[kind], ifindex);
}

void packet_park(int fd)
{
  struct iovec *messages;
  packet_bind(fd, PARKING_PROTOCOL, 0);
  /* What is still queued belongs to the interface that was left; a read error is its farewell. */
  for (int i = 0; i < PARK_READS_MAX; i++)
    if (packet_receive(fd, &messages) < 0 && errno == EAGAIN)
      break;
  packet_drops(fd);
}

union aux_space {
  struct cmsghdr header;
  uint8_t bytes[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
};

int packet_receive(int fd, struct iovec **messages)
{
  static uint8_t message[BATCH][MESSAGE_MAX];
  static union aux_space aux[BATCH];
  static struct iovec in[BATCH], out[BATCH];
  static struct mmsghdr headers[BATCH];
  static unsigned used = BATCH; /* these headers the kernel has written to */

  for (unsigned i = 0; i < used; i++) {
    in[i] = (struct iovec){.iov_base = message[i] + HEADER_LEN, .iov_len = FRAME_MAX};
    headers[i].msg_hdr = (struct msghdr){
      .msg_iov = &in[i], .msg_iovlen = 1, .msg_control = &aux[i], .msg_controllen = sizeof aux[i]};
  }
  int count = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) {
    struct cmsghdr *control = CMSG_FIRSTHDR(&headers[i].msg_hdr);
    struct tpacket_auxdata data = {0};
    if (control != NULL && control->cmsg_level == SOL_PACKET &&
        control->cmsg_type == PACKET_AUXDATA)
      memcpy(&data, CMSG_DATA(control), sizeof data);
    uint8_t flags = data.tp_status & TP_STATUS_CSUMNOTREADY ? FLAG_CHECKSUM_NOT_READY : 0;
    put_header(message[i], M_FRAME, flags, (uint16_t)headers[i].msg_len);
    out[i] = (struct iovec){.iov_base = message[i], .iov_len = HEADER_LEN + headers[i].msg_len};
  }
  used = count > 0 ? (unsigned)count : 0;
  *messages = out;
  return count;
}

unsigned packet_send(int fd, const struct iovec *frames, unsigned count, uint32_t *failed,
                     int *error)
{
  static struct mmsghdr headers[BATCH];
  unsigned done = 0;

  for (unsigned i = 0; i < count; i++) {
    headers[i].msg_hdr.msg_iov = (struct iovec *)&frames[i];
    headers[i].msg_hdr.msg_iovlen = 1;
  }
  while (done < count) {
    /* The system call itself: musl's sendmmsg() is a loop of sendmsg() calls. The static headers
     * keep the padding zero that musl has where the kernel reads the upper half of a length. */
    long sent = syscall(SYS_sendmmsg, fd, headers + done, count - done, MSG_DONTWAIT);
    if (sent > 0) {
      done += (unsigned)sent;
    } else if (errno == EAGAIN) {
      break;
    } else if (errno != EINTR) {
      *error = errno;
      *failed += 1;
      done += 1;
    }
  }
  return done;
}

uint32_t packet_drops(int fd)
{
  struct tpacket_stats stats = {0};
  socklen_t len = sizeof stats;
  /* Reading sets the kernel's counter back to zero. */
  return getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &stats, &len) < 0 ? 0 : stats.tp_drops;
}

void packet_forgive(int fd)
{
  int error;
  socklen_t len = sizeof error;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
}

int sink_open(void)
{
  static struct sock_filter nothing[] = {BPF_STMT(BPF_RET | BPF_K, 0)};
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(PORT_SERVER)};
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return -1;
  if (lock_filter(fd, nothing, COUNT(nothing)) < 0 ||
      bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
  }
  return fd;
}
