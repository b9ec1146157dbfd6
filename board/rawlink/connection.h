/* What connection.c and link.c share. */
#ifndef CONNECTION_H
#define CONNECTION_H

#include "rawlink.h"

struct connection {
  int fd;              /* -1: this place is free */
  uint32_t generation; /* tells a late event for an earlier client of this place */
  int packet_fd[KINDS]; /* opened once at start, parked while there is no interface */
  char name[NAME_MAX_LEN + 1]; /* empty before OPEN */
  struct link_state link;
  bool link_known; /* after OPEN it takes a moment */
  bool link_due;   /* a change that the client had no room for */
  bool listing, seen; /* takes part in the running listing; was found by it */
  bool attach_again;
  bool in_bridge; /* so nothing will arrive, which was said */
  bool paused;     /* the client is behind: its packet sockets are not read meanwhile */
  bool send_waits; /* the packet socket is full: the client is not read meanwhile */
  enum packet_kind waits_for;
  struct drop_counts drops, drops_told;
  uint64_t since, error_at;
  size_t in_at, in_len;   /* unparsed bytes are in[in_at .. in_len) */
  size_t out_at, out_len; /* ring: unsent bytes start at out[out_at] */
  uint8_t in[IN_SIZE];
  uint8_t out[OUT_SIZE];
};

extern struct connection connections[CONNECTIONS_MAX];

/* ---- connection.c ---- */

/* A message that is not a frame; false if the client has left too much unread. */
bool client_tell(struct connection *c, const uint8_t *bytes, size_t len);
void client_error(struct connection *c, int error, const char *what, const char *why);
/* Goes on with what waited for room in the packet socket. May close the connection. */
void client_resume(struct connection *c);

/* ---- link.c ---- */

void link_tell(struct connection *c);
void link_detach(struct connection *c);

#endif
