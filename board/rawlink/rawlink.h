/*
 * rawlink: relays DHCP, ARP and ICMP echo frames between Ethernet interfaces and Unix stream clients.
 * README.md documents the protocol and what this program must never do.
 */
#ifndef RAWLINK_H
#define RAWLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

/* Bounds. All memory is static: nothing is allocated after start. */
#define CONNECTIONS_MAX 16
#define NAME_MAX_LEN 15             /* IFNAMSIZ less the final NUL */
#define FRAME_MAX 2048              /* longest payload, hence longest frame, in bytes */
#define ECHO_MAX 128                /* longest IPv4 packet of an ICMP echo, in bytes */
#define HEADER_LEN 4
#define MESSAGE_MAX (HEADER_LEN + FRAME_MAX)
#define BATCH 64                    /* frames per recvmmsg and sendmmsg */
#define IN_SIZE (256 * 1024)        /* one read from a client */
#define OUT_SIZE (512 * 1024)       /* what a slow client may leave unread in rawlink */
#define OUT_RESERVE 8192            /* part of OUT_SIZE kept for LINK, ERROR and DROPS */
#define SOCKET_BUFFER (2 * 1024 * 1024) /* doubled by the kernel: about 5000 frames */
#define FILES_NEEDED 64             /* descriptors: two per connection and its own, and ours */
#define MAC_LEN 6
#define ERROR_TEXT_MAX 200

/* Messages. Client to rawlink below 0x80, rawlink to client above. */
#define M_OPEN 0x01
#define M_SEND 0x02
#define M_LINK 0x81
#define M_FRAME 0x82
#define M_ERROR 0x83
#define M_DROPS 0x84
#define LINK_LEN 20
#define DROPS_LEN 16
#define FLAG_CHECKSUM_NOT_READY 0x01 /* on M_FRAME: the sender left the UDP checksum undone */

/* What is known of an interface; all zero while it is missing. */
struct link_state {
  bool present;
  bool carrier;
  uint32_t ifindex;
  uint32_t mtu;
  uint8_t mac[MAC_LEN];
};

/* Totals since the connection was opened, as in M_DROPS. */
struct drop_counts {
  uint32_t kernel;  /* arrived, but the socket's buffer was full */
  uint32_t slow;    /* the same, while the client read too slowly */
  uint32_t refused; /* the client asked to send what rawlink does not send */
  uint32_t failed;  /* the kernel did not take it, or there is no interface */
};

enum packet_kind { KIND_IP, KIND_ARP, KINDS };

/* ---- message.c: pure decisions, no system call ---- */

enum message_status { MESSAGE_WHOLE, MESSAGE_PARTIAL, MESSAGE_BAD };

struct message {
  uint8_t type;
  uint16_t len;
  const uint8_t *payload;
};

enum message_status message_parse(const uint8_t *bytes, size_t len, struct message *message);
void put_header(uint8_t *out, uint8_t type, uint8_t flags, uint16_t len);
size_t put_link(uint8_t *out, const struct link_state *link);
size_t put_drops(uint8_t *out, const struct drop_counts *drops);
size_t put_error(uint8_t *out, int error, const char *text);
bool name_is_valid(const uint8_t *name, size_t len);
/* NULL when the frame may be sent (its kind in *kind), else in a few words why not. */
const char *send_refusal(const uint8_t *frame, size_t len, const struct link_state *link,
                         enum packet_kind *kind);

/* A link event as rtnetlink tells it. */
struct link_event {
  bool gone;     /* RTM_DELLINK */
  bool ethernet; /* an interface with Ethernet frames and a 6-byte address */
  bool in_bridge; /* a port of a bridge: its frames go to the bridge, not to us */
  char name[NAME_MAX_LEN + 1];
  struct link_state link;
};

/* Decodes one whole rtnetlink message; false when it is not about an interface. */
bool link_event_parse(const uint8_t *bytes, size_t len, struct link_event *event);

/* ---- packet.c: packet sockets ---- */

/* Opens a filtered, locked socket that is bound to nothing yet; -1 and errno on failure. */
int packet_open(enum packet_kind kind);
int packet_attach(int fd, enum packet_kind kind, uint32_t ifindex);
void packet_park(int fd);
/* Receives up to BATCH frames as ready M_FRAME messages; *messages is valid until the next call. */
int packet_receive(int fd, struct iovec **messages);
/* Sends count frames (at most BATCH); returns how many were dealt with, fewer only if the socket is
 * full. Those the kernel refused are added to *failed, with the last errno in *error. */
unsigned packet_send(int fd, const struct iovec *frames, unsigned count, uint32_t *failed,
                     int *error);
/* Frames dropped for want of room since the last call. */
uint32_t packet_drops(int fd);
/* Takes a pending error, such as "network is down", off a socket that is not read now. */
void packet_forgive(int fd);
/* Holds UDP port 67, so that the kernel does not answer clients with "port unreachable". */
int sink_open(void);

/* ---- monitor.c: rtnetlink ---- */

int monitor_open(void);
/* Asks for the state of every interface; ends in connections_listed(). */
void monitor_list(void);
void monitor_read(void);
void monitor_tick(void);

/* ---- connection.c: the clients ---- */

void connections_start(int epoll, int sink_error);
/* False when the system has no descriptor left: ask again later. */
bool connection_accept(int listen_fd, uint64_t now);
/* Something happened to a tagged descriptor of connection.c. Returns how many frames were moved. */
unsigned connection_event(uint64_t tag, uint32_t events);
void connections_tick(uint64_t now);
unsigned connections_count(void);

/* ---- link.c: called by monitor.c ---- */

/* One interface's news; all interfaces are about to be told; all were told. */
void connections_link(const struct link_event *event);
void connections_listing(void);
void connections_listed(void);

/* ---- privilege.c ---- */

struct identity {
  bool change_user, change_group;
  unsigned uid, gid;
};

/* Gives up everything that is not needed from here on; any failure ends the program. */
void privileges_drop(const struct identity *identity);

/* ---- rawlink.c ---- */

/* Low byte of an epoll tag: whose event it is. */
enum source { SOURCE_LISTEN, SOURCE_SIGNAL, SOURCE_NETLINK, SOURCE_CLIENT, SOURCE_PACKET };

uint64_t now_ms(void);
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
void die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

#endif
