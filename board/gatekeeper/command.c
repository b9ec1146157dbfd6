/* What a line from the daemon means. */
#define _GNU_SOURCE
#include "tracking.h"

#include <stdio.h>
#include <string.h>

#define NUMBERS_MAX 3

/* Smallest and greatest value of each number that follows the word. */
static const struct form {
  const char *word, *usage;
  unsigned count;
  struct {
    long min, max;
  } numbers[NUMBERS_MAX];
} forms[VERBS] = {
  [V_CONFIG] = {"config", "config BYTES, 1 to 65536", 1, {{1, CONFIG_MAX}}},
  [V_STOP] = {"stop", "stop", 0, {{0, 0}}},
  [V_HEALTH] = {"health",
                "health VALUE TTL AFTER, values -254 to 0, ttl 100 to 600000 ms",
                3,
                {{HEALTH_DOWN, 0}, {HEALTH_TTL_MIN_MS, HEALTH_TTL_MAX_MS}, {HEALTH_DOWN, 0}}},
  [V_DUMP] = {"dump", "dump", 0, {{0, 0}}},
  [V_RESPAWN] = {"respawn", "respawn", 0, {{0, 0}}},
  [V_PLUG] = {"plug", "plug MILLISECONDS, 100 to 60000", 1, {{PLUG_MIN_MS, PLUG_MAX_MS}}},
  [V_TRACKING] = {"tracking",
                  "tracking 1|2 PORT,... ADDRESS,... or tracking off|primary|backup",
                  0,
                  {{0, 0}}},
};

/* Decimal, with a minus perhaps, no leading zeros, at most seven digits. */
static bool number_parse(const char *text, size_t len, long *value)
{
  bool minus = len > 0 && text[0] == '-';
  size_t at = minus ? 1 : 0;
  long number = 0;
  if (len == at || len - at > 7 || (text[at] == '0' && (len - at > 1 || minus)))
    return false;
  for (; at < len; at++) {
    if (text[at] < '0' || text[at] > '9')
      return false;
    number = number * 10 + (text[at] - '0');
  }
  *value = minus ? -number : number;
  return true;
}

/* Cuts the next word off, up to one blank; false when there is none. */
static bool word_next(const char **at, const char *end, const char **word, size_t *len)
{
  if (*at > end)
    return false;
  const char *blank = memchr(*at, ' ', (size_t)(end - *at));
  const char *stop = blank != NULL ? blank : end;
  *word = *at;
  *len = (size_t)(stop - *at);
  *at = stop + 1;
  return true;
}

static bool numbers_parse(const struct form *form, const char *at, const char *end,
                          struct command *command)
{
  const char *word;
  size_t len;
  for (unsigned i = 0; i < form->count; i++) {
    long *value = &command->numbers[i];
    if (!word_next(&at, end, &word, &len) || !number_parse(word, len, value) ||
        *value < form->numbers[i].min || *value > form->numbers[i].max)
      return false;
  }
  return at > end;
}

static bool words_parse(const char *at, const char *end, struct command *command)
{
  return at <= end && tracking_parse(at, (size_t)(end - at), command->tracking);
}

enum command_status command_parse(const char *line, size_t len, struct command *command,
                                  const char **why)
{
  const char *at = line, *end = line + len, *word = line;
  size_t word_len = 0;
  word_next(&at, end, &word, &word_len);
  for (unsigned verb = 0; verb < VERBS; verb++) {
    const struct form *form = &forms[verb];
    if (word_len != strlen(form->word) || memcmp(word, form->word, word_len) != 0)
      continue;
    command->verb = verb;
    if (verb == V_TRACKING ? words_parse(at, end, command) : numbers_parse(form, at, end, command))
      return COMMAND_GOOD;
    *why = form->usage;
    /* How many bytes follow is not known then. */
    return verb == V_CONFIG ? COMMAND_FRAMING : COMMAND_WRONG;
  }
  *why = "unknown command";
  return COMMAND_WRONG;
}
