/*
 * The whitelist of what a configuration may say. keepalived's own language can run programs, read
 * and write files, and include others; none of that can be said in this one.
 */
#define _GNU_SOURCE
#include "grammar.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TOKENS_MAX 8
#define SHOWN_MAX 32 /* of a word that is refused */

enum block {
  TOP, GLOBAL, STATIC, TRACK, GROUP, MEMBERS, TRACKED, INSTANCE, ALONE, ADDRESSES, ROUTES,
};

static const char *const block_names[] = {
  [TOP] = "the file itself",     [GLOBAL] = "global_defs",
  [STATIC] = "static_ipaddress", [TRACK] = "track_file",
  [GROUP] = "vrrp_sync_group",   [MEMBERS] = "group",
  [TRACKED] = "track_file",      [INSTANCE] = "vrrp_instance",
  [ALONE] = "track_file",        [ADDRESSES] = "addresses",
     [ROUTES] = "virtual_routes",
};

static const enum block outer[] = {
  [GLOBAL] = TOP,   [STATIC] = TOP,    [TRACK] = TOP,          [GROUP] = TOP,
  [MEMBERS] = GROUP, [TRACKED] = GROUP, [INSTANCE] = TOP, [ADDRESSES] = INSTANCE,
  [ALONE] = INSTANCE,
  [ROUTES] = INSTANCE,
};

enum effect { NOTHING, OPENS, DBUS, LEAVE_OUT, INTERFACE, VMAC, STATIC_ADDRESS, ADDRESS, ROUTE };

/*
 * One row per form of a line. Lower case is meant literally, upper case is a class of values:
 * WORD, NUM (digits, perhaps a point), IFACE (an interface), IP, IP/PREFIX, LINKLOCAL (fe80::/64
 * with its prefix), HEALTH and FIFO (the one path that is allowed there).
 */
static const struct rule {
  enum block in;
  const char *form;
  enum effect effect;
  enum block opens;
} rules[] = {
  {TOP, "global_defs {", OPENS, GLOBAL},
  {TOP, "static_ipaddress {", OPENS, STATIC},
  {TOP, "track_file health {", OPENS, TRACK},
  {TOP, "vrrp_sync_group WORD {", OPENS, GROUP},
  {TOP, "vrrp_instance WORD {", OPENS, INSTANCE},
  {GLOBAL, "router_id WORD", NOTHING, TOP},
  {GLOBAL, "enable_dbus", DBUS, TOP},
  {GLOBAL, "vrrp_version 3", NOTHING, TOP},
  {GLOBAL, "vrrp_startup_delay NUM", NOTHING, TOP},
  {GLOBAL, "vrrp_garp_master_repeat NUM", NOTHING, TOP},
  {GLOBAL, "vrrp_garp_master_delay NUM", NOTHING, TOP},
  {GLOBAL, "vrrp_garp_lower_prio_repeat NUM", NOTHING, TOP},
  {GLOBAL, "vrrp_garp_lower_prio_delay NUM", NOTHING, TOP},
  {GLOBAL, "vrrp_garp_master_refresh NUM", NOTHING, TOP},
  {GLOBAL, "vrrp_higher_prio_send_advert true", NOTHING, TOP},
  {GLOBAL, "reload_check_config", LEAVE_OUT, TOP},
  {GLOBAL, "dynamic_interfaces allow_if_changes", NOTHING, TOP},
  {GLOBAL, "max_auto_priority -1", NOTHING, TOP},
  {GLOBAL, "vrrp_no_swap", NOTHING, TOP},
  {GLOBAL, "vrrp_notify_fifo FIFO", NOTHING, TOP},
  {STATIC, "LINKLOCAL dev IFACE", STATIC_ADDRESS, TOP},
  {STATIC, "LINKLOCAL dev IFACE preferred_lft 0", STATIC_ADDRESS, TOP},
  {TRACK, "file HEALTH", NOTHING, TOP},
  {TRACK, "weight 1", NOTHING, TOP},
  {TRACK, "init_file 0", NOTHING, TOP},
  {GROUP, "group {", OPENS, MEMBERS},
  {GROUP, "sync_group_tracking_weight", NOTHING, TOP},
  {GROUP, "track_file {", OPENS, TRACKED},
  {MEMBERS, "WORD", NOTHING, TOP},
  {TRACKED, "health weight 1", NOTHING, TOP},
  {INSTANCE, "track_file {", OPENS, ALONE},
  {ALONE, "health weight 1", NOTHING, TOP},
  {INSTANCE, "interface IFACE", INTERFACE, TOP},
  {INSTANCE, "native_ipv6", NOTHING, TOP},
  {INSTANCE, "use_vmac IFACE", VMAC, TOP},
  {INSTANCE, "dont_track_primary", NOTHING, TOP},
  {INSTANCE, "state BACKUP", NOTHING, TOP},
  {INSTANCE, "nopreempt", NOTHING, TOP},
  {INSTANCE, "virtual_router_id NUM", NOTHING, TOP},
  {INSTANCE, "priority NUM", NOTHING, TOP},
  {INSTANCE, "advert_int NUM", NOTHING, TOP},
  {INSTANCE, "notify_priority_changes true", NOTHING, TOP},
  {INSTANCE, "virtual_ipaddress {", OPENS, ADDRESSES},
  {INSTANCE, "virtual_ipaddress_excluded {", OPENS, ADDRESSES},
  {INSTANCE, "virtual_routes {", OPENS, ROUTES},
  {ADDRESSES, "IP/PREFIX", ADDRESS, TOP},
  {ADDRESSES, "IP/PREFIX no_track", ADDRESS, TOP},
  {ADDRESSES, "IP/PREFIX dev IFACE", ADDRESS, TOP},
  {ADDRESSES, "IP/PREFIX dev IFACE no_track", ADDRESS, TOP},
  {ADDRESSES, "IP/PREFIX dev IFACE preferred_lft 0", ADDRESS, TOP},
  {ROUTES, "default via IP dev IFACE", ROUTE, TOP},
  {ROUTES, "default via IP dev IFACE no_track", ROUTE, TOP},
};
#define RULES (sizeof rules / sizeof rules[0])

struct reading {
  const char *text, *folder;
  struct plan *plan;
  struct complaint *complaint;
  unsigned line;
  enum block block;
  unsigned instances, first; /* first: where the items of the open instance start */
  char interface[NAME_MAX_LEN + 1], vmac[NAME_MAX_LEN + 1];
};

static bool complain(struct reading *r, const char *format, ...)
  __attribute__((format(printf, 2, 3)));

static bool complain(struct reading *r, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(r->complaint->why, sizeof r->complaint->why, format, arguments);
  va_end(arguments);
  r->complaint->line = r->line;
  return false;
}

/* ---- one line ---- */

/* Takes the next word off a form or a line; false at its end. */
static bool token_next(const char **at, const char *end, struct token *token)
{
  while (*at < end && (**at == ' ' || **at == '\t'))
    ++*at;
  token->text = *at;
  while (*at < end && **at != ' ' && **at != '\t')
    ++*at;
  token->len = (size_t)(*at - token->text);
  return token->len > 0;
}

static bool form_fits(const struct reading *r, const char *form, const struct token *tokens,
                      unsigned count, struct item *item)
{
  const char *end = form + strlen(form);
  struct token word;
  *item = (struct item){0};
  for (unsigned i = 0; i < count; i++)
    if (!token_next(&form, end, &word) || !value_fits(r->folder, &word, &tokens[i], item))
      return false;
  return !token_next(&form, end, &word);
}

static bool item_add(struct reading *r, const struct item *item)
{
  if (r->plan->count == ITEMS_MAX)
    return complain(r, "more than %d addresses", ITEMS_MAX);
  r->plan->items[r->plan->count++] = *item;
  return true;
}

static bool name_once(struct reading *r, char *name, const struct item *item)
{
  if (name[0] != '\0')
    return complain(r, "this was said before in the same vrrp_instance");
  memcpy(name, item->dev, sizeof item->dev);
  return true;
}

static bool rule_apply(struct reading *r, const struct rule *rule, const struct token *first,
                       struct item *item)
{
  switch (rule->effect) {
  case NOTHING:
    return true;
  case DBUS:
    r->plan->dbus = true;
    return true;
  case LEAVE_OUT:
    if (r->plan->left_out_len > 0)
      return complain(r, "this was said before");
    r->plan->left_out = (size_t)(first->text - r->text);
    r->plan->left_out_len = first->len;
    return true;
  case INTERFACE:
    return name_once(r, r->interface, item);
  case VMAC:
    item->kind = ITEM_LINK;
    return name_once(r, r->vmac, item) && item_add(r, item);
  case STATIC_ADDRESS:
  case ADDRESS:
    item->kind = ITEM_ADDRESS;
    return item_add(r, item);
  case ROUTE:
    item->kind = ITEM_ROUTE;
    return item_add(r, item);
  case OPENS:
    r->block = rule->opens;
    if (rule->opens == INSTANCE) {
      r->instances++;
      r->first = r->plan->count;
      memset(r->interface, 0, sizeof r->interface);
      memset(r->vmac, 0, sizeof r->vmac);
    }
    return true;
  }
  return false;
}

/* An address without `dev` is on the instance's VMAC link, or else on its interface. */
static bool block_close(struct reading *r)
{
  if (r->block == TOP)
    return complain(r, "no block is open here");
  if (r->block == INSTANCE && r->interface[0] == '\0')
    return complain(r, "this vrrp_instance has no interface");
  if (r->block == INSTANCE)
    for (unsigned i = r->first; i < r->plan->count; i++)
      if (r->plan->items[i].dev[0] == '\0')
        memcpy(r->plan->items[i].dev, r->vmac[0] != '\0' ? r->vmac : r->interface,
               sizeof r->vmac);
  r->block = outer[r->block];
  return true;
}

/* In words: which form the line should have had, or that there is none. */
static bool line_refuse(struct reading *r, const struct token *first)
{
  char shown[TEXT_MAX + 1];
  text_clean(shown, first->text, first->len < SHOWN_MAX ? first->len : SHOWN_MAX);
  for (unsigned i = 0; i < RULES; i++) {
    const char *form = rules[i].form, *end = form + strlen(form);
    struct token word;
    if (rules[i].in == r->block && token_next(&form, end, &word) && word.len == first->len &&
        memcmp(word.text, first->text, word.len) == 0)
      return complain(r, "this must be: %s", rules[i].form);
  }
  return complain(r, "%s is not allowed in %s", shown, block_names[r->block]);
}

static bool line_check(struct reading *r, const char *line, size_t len)
{
  struct token tokens[TOKENS_MAX], more;
  struct item item;
  const char *at = line, *end = line + len;
  unsigned count = 0;

  if (len > CONFIG_LINE_MAX)
    return complain(r, "longer than %d bytes", CONFIG_LINE_MAX);
  for (size_t i = 0; i < len; i++)
    if ((line[i] < ' ' && line[i] != '\t') || line[i] > '~')
      return complain(r, "a character that cannot be printed");
  while (count < TOKENS_MAX && token_next(&at, end, &tokens[count]))
    count++;
  if (count == 0)
    return true;
  if (count == 1 && token_is(&tokens[0], "}"))
    return block_close(r);
  if (!token_next(&at, end, &more))
    for (unsigned i = 0; i < RULES; i++)
      if (rules[i].in == r->block && form_fits(r, rules[i].form, tokens, count, &item))
        return rule_apply(r, &rules[i], &tokens[0], &item);
  return line_refuse(r, &tokens[0]);
}

bool config_check(const char *text, size_t len, const char *folder, struct plan *plan,
                  struct complaint *complaint)
{
  struct reading r = {.text = text, .folder = folder, .plan = plan, .complaint = complaint};
  plan->dbus = false;
  plan->left_out_len = 0;
  plan->count = 0;
  for (size_t at = 0; at < len;) {
    const char *newline = memchr(text + at, '\n', len - at);
    size_t line = newline != NULL ? (size_t)(newline - text) - at : len - at;
    r.line++;
    if (!line_check(&r, text + at, line))
      return false;
    at += line + 1;
  }
  if (r.block != TOP)
    return complain(&r, "the block %s is still open at the end", block_names[r.block]);
  return r.instances > 0 || complain(&r, "there is no vrrp_instance");
}
