/* The classes of values that a configuration may contain. */
#define _GNU_SOURCE
#include "grammar.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define WORD_MAX 32
#define NUMBER_MAX 6
#define ADDRESS_MAX 64

size_t text_clean(char *to, const char *from, size_t len)
{
  size_t count = len < TEXT_MAX ? len : TEXT_MAX;
  for (size_t i = 0; i < count; i++)
    to[i] = from[i] >= ' ' && from[i] <= '~' ? from[i] : '?';
  to[count] = '\0';
  return count;
}

bool token_is(const struct token *token, const char *text)
{
  return token->len == strlen(text) && memcmp(token->text, text, token->len) == 0;
}

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

static bool is_word(const struct token *token)
{
  for (size_t i = 0; i < token->len; i++)
    if (!is_letter(token->text[i]) && !is_digit(token->text[i]) &&
        memchr("_.-", token->text[i], 3) == NULL)
      return false;
  /* The only word that means something to keepalived wherever it stands first on a line. */
  return token->len > 0 && token->len <= WORD_MAX && strncmp(token->text, "include", 7) != 0;
}

static bool is_number(const struct token *token)
{
  bool point = false;
  if (token->len == 0 || token->len > NUMBER_MAX)
    return false;
  for (size_t i = 0; i < token->len; i++) {
    bool inside = i > 0 && i < token->len - 1;
    if (token->text[i] == '.' && inside && !point)
      point = true;
    else if (!is_digit(token->text[i]))
      return false;
  }
  return true;
}

/* The kernel allows more in a name. What keepalived, the kernel's name templates or the files of
 * /proc/sys read as something else is not allowed here. */
static bool is_interface(const struct token *token)
{
  static const char banned[] = "/:\"'`{}()<>[]#!$@~\\%*?|&;^";
  static const char *const taken[] = {".", "..", "all", "default"};
  if (token->len == 0 || token->len > NAME_MAX_LEN)
    return false;
  for (size_t i = 0; i < token->len; i++)
    if (token->text[i] <= ' ' || token->text[i] > '~' || strchr(banned, token->text[i]) != NULL)
      return false;
  for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++)
    if (token_is(token, taken[i]))
      return false;
  return true;
}

/* No loopback, no multicast, nothing that is no host's address. */
static bool is_host(const struct item *item)
{
  static const uint8_t zeros[15];
  const uint8_t *a = item->address;
  if (item->family == AF_INET)
    return a[0] != 0 && a[0] != 127 && a[0] < 224;
  return a[0] != 0xff && memcmp(a, zeros, sizeof zeros) != 0;
}

static bool address_read(const char *text, size_t len, struct item *item)
{
  char copy[ADDRESS_MAX];
  if (len == 0 || len >= sizeof copy || memchr(text, '\0', len) != NULL)
    return false;
  memcpy(copy, text, len);
  copy[len] = '\0';
  item->family = memchr(text, ':', len) != NULL ? AF_INET6 : AF_INET;
  item->prefix = item->family == AF_INET6 ? 128 : 32;
  return inet_pton(item->family, copy, item->address) == 1 && is_host(item);
}

static bool prefixed_read(const struct token *token, struct item *item)
{
  const char *slash = memchr(token->text, '/', token->len);
  unsigned prefix = 0;
  if (slash == NULL || !address_read(token->text, (size_t)(slash - token->text), item))
    return false;
  size_t digits = token->len - (size_t)(slash - token->text) - 1;
  if (digits == 0 || digits > 3 || slash[1] == '0')
    return false;
  for (size_t i = 1; i <= digits; i++) {
    if (!is_digit(slash[i]))
      return false;
    prefix = prefix * 10 + (unsigned)(slash[i] - '0');
  }
  if (prefix > item->prefix)
    return false;
  item->prefix = (uint8_t)prefix;
  return true;
}

static bool link_local_read(const struct token *token, struct item *item)
{
  static const uint8_t fe80[8] = {0xfe, 0x80};
  return prefixed_read(token, item) && item->family == AF_INET6 && item->prefix == 64 &&
         memcmp(item->address, fe80, sizeof fe80) == 0;
}

static bool is_path(const struct token *token, const char *format, const char *folder,
                    const char *name)
{
  char path[FOLDER_MAX + 32];
  snprintf(path, sizeof path, format, folder, name);
  return token_is(token, path);
}

bool value_fits(const char *folder, const struct token *form, const struct token *token,
                struct item *item)
{
  if (token_is(form, "WORD"))
    return is_word(token);
  if (token_is(form, "NUM"))
    return is_number(token);
  if (token_is(form, "IFACE")) {
    memcpy(item->dev, token->text, token->len < NAME_MAX_LEN ? token->len : NAME_MAX_LEN);
    return is_interface(token);
  }
  if (token_is(form, "IP"))
    return address_read(token->text, token->len, item);
  if (token_is(form, "IP/PREFIX"))
    return prefixed_read(token, item);
  if (token_is(form, "LINKLOCAL"))
    return link_local_read(token, item);
  if (token_is(form, "HEALTH"))
    return is_path(token, "\"%s/%s\"", folder, HEALTH_FILE);
  if (token_is(form, "FIFO"))
    return is_path(token, "%s/%s", folder, FIFO_FILE);
  return token->len == form->len && memcmp(token->text, form->text, form->len) == 0;
}
