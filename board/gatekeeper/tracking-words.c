/* The parameters of conntrackd, and its configuration: nothing of it is text from outside. */
#define _GNU_SOURCE
#include "tracking.h"
#include "grammar.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Cuts off what comes before the separator, or all of it; false when nothing is left. */
static bool cut(const char **at, const char *end, char separator, struct token *token)
{
  if (*at > end)
    return false;
  const char *found = memchr(*at, separator, (size_t)(end - *at));
  const char *stop = found != NULL ? found : end;
  token->text = *at;
  token->len = (size_t)(stop - *at);
  *at = stop + 1;
  return true;
}

static bool value_is(const char *form, const struct token *token, struct item *item)
{
  const struct token wanted = {form, strlen(form)};
  memset(item, 0, sizeof *item);
  return value_fits("", &wanted, token, item);
}

static bool ports_parse(const struct token *list, struct tracking *tracking)
{
  const char *at = list->text, *end = list->text + list->len;
  struct token token;
  struct item item;
  while (cut(&at, end, ',', &token)) {
    if (tracking->port_count == TRACKING_PORTS_MAX || !value_is("IFACE", &token, &item))
      return false;
    for (unsigned i = 0; i < tracking->port_count; i++)
      if (token_is(&token, tracking->ports[i]))
        return false;
    strcpy(tracking->ports[tracking->port_count++], item.dev);
  }
  return true;
}

static bool addresses_parse(const struct token *list, struct tracking *tracking)
{
  const char *at = list->text, *end = list->text + list->len;
  struct token token;
  while (cut(&at, end, ',', &token)) {
    if (tracking->address_count == TRACKING_ADDRESSES_MAX ||
        !value_is("IP", &token, &tracking->addresses[tracking->address_count]))
      return false;
    tracking->address_count++;
  }
  return true;
}

bool tracking_parse(const char *words, size_t len, struct tracking *tracking)
{
  static const char *const alone[] = {
    [TRACKING_OFF] = "off", [TRACKING_PRIMARY] = "primary", [TRACKING_BACKUP] = "backup"};
  const char *at = words, *end = words + len;
  struct token first, ports, addresses;
  memset(tracking, 0, sizeof *tracking);
  if (!cut(&at, end, ' ', &first))
    return false;
  for (unsigned what = TRACKING_OFF; what <= TRACKING_BACKUP; what++) {
    tracking->what = what;
    if (token_is(&first, alone[what]))
      return at > end;
  }
  tracking->what = TRACKING_ON;
  if (!token_is(&first, "1") && !token_is(&first, "2"))
    return false;
  tracking->side = (unsigned)(first.text[0] - '0');
  return cut(&at, end, ' ', &ports) && cut(&at, end, ' ', &addresses) && at > end &&
         ports_parse(&ports, tracking) && addresses_parse(&addresses, tracking);
}

/* ---- the configuration ---- */

struct text {
  char *bytes;
  size_t size, len;
  bool full;
};

static void __attribute__((format(printf, 2, 3))) put(struct text *text, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int len = vsnprintf(text->bytes + text->len, text->size - text->len, format, arguments);
  va_end(arguments);
  if (len < 0 || (size_t)len >= text->size - text->len)
    text->full = true;
  else
    text->len += (size_t)len;
}

/* The first link carries everything until it has no carrier. */
static void links_put(struct text *text, const struct tracking *tracking)
{
  for (unsigned i = 0; i < tracking->port_count; i++) {
    put(text, "    UDP%s {\n", i == 0 ? " Default" : "");
    put(text, "        IPv6_address fe80::7464:%u\n", tracking->side);
    put(text, "        IPv6_Destination_Address fe80::7464:%u\n", 3 - tracking->side);
    put(text, "        Port %u\n        Interface %.*s%u\n", 3780 + i, (int)sizeof ALIAS_NAME - 2,
        ALIAS_NAME, i);
    put(text, "        Checksum yes\n    }\n");
  }
}

/* Of connections with the box itself the other one has no use. */
static void filter_put(struct text *text, const struct tracking *tracking)
{
  char shown[INET6_ADDRSTRLEN];
  put(text, "    Filter From Kernelspace {\n        Protocol Accept {\n            TCP\n"
            "            UDP\n        }\n        Address Ignore {\n"
            "            IPv4_address 127.0.0.1\n            IPv6_address ::1\n"
            "            IPv6_address fe80::7464:1\n            IPv6_address fe80::7464:2\n");
  for (unsigned i = 0; i < tracking->address_count; i++) {
    const struct item *item = &tracking->addresses[i];
    inet_ntop(item->family, item->address, shown, sizeof shown);
    put(text, "            IPv%c_address %s\n", item->family == AF_INET ? '4' : '6', shown);
  }
  put(text, "        }\n    }\n");
}

size_t tracking_config(const struct tracking *tracking, const char *folder, char *bytes,
                       size_t size)
{
  struct text text = {bytes, size, 0, false};
  put(&text, "Sync {\n    Mode FTFW {\n        DisableExternalCache yes\n"
             "        StartupResync yes\n        ResendQueueSize 16384\n    }\n");
  links_put(&text, tracking);
  put(&text, "}\nGeneral {\n    HashSize 8192\n    HashLimit 65536\n    LogFile no\n"
             "    Syslog no\n    LockFile %s/%s\n    UNIX {\n        Path %s/%s\n    }\n",
      folder, TRACK_LOCK_FILE, folder, TRACK_SOCKET);
  put(&text, "    NetlinkBufferSize 1048576\n    NetlinkBufferSizeMaxGrowth 4194304\n");
  filter_put(&text, tracking);
  put(&text, "}\n");
  return text.full ? 0 : text.len;
}
