/* What a line about connection tracking asks for, and the configuration that is made of it. */
#ifndef TRACKING_H
#define TRACKING_H

#include "gatekeeper.h"

#define TRACKING_PORTS_MAX 4 /* conntrackd takes no more links */
#define TRACKING_ADDRESSES_MAX 32
#define TRACKING_CONFIG_MAX 8192
#define ALIAS_NAME "tandem0" /* what conntrackd knows the first port by; then come tandem1, … */

struct tracking {
  enum { TRACKING_ON, TRACKING_OFF, TRACKING_PRIMARY, TRACKING_BACKUP } what;
  unsigned side; /* 1 or 2: which box of the pair */
  unsigned port_count, address_count;
  char ports[TRACKING_PORTS_MAX][NAME_MAX_LEN + 1];
  struct item addresses[TRACKING_ADDRESSES_MAX];
};

/* `words` is what follows the command's own word. */
bool tracking_parse(const char *words, size_t len, struct tracking *tracking);
/* Returns its length, 0 when it has no room. */
size_t tracking_config(const struct tracking *tracking, const char *folder, char *text,
                       size_t size);

#endif
