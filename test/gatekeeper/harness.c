/*
 * Asks gatekeeper's own decisions about texts from a test. Each record on standard input is a kind
 * ('g' a configuration for the folder /run/gate, 'c' a command, 't' what follows the word tracking), four
 * bytes of length, lowest first, and the text. The answer is a line: "good", or "no" and the reason; to 't'
 * behind "good" what was understood, and the lines of the configuration, each behind a bar.
 */
#define _GNU_SOURCE
#include "../../board/gatekeeper/command.c"
#include "../../board/gatekeeper/grammar.c"
#include "../../board/gatekeeper/tracking-words.c"
#include "../../board/gatekeeper/values.c"

#include <stdlib.h>

static void grammar_answer(const char *text, size_t len)
{
  static struct plan plan;
  struct complaint complaint = {0};
  if (config_check(text, len, "/run/gate", &plan, &complaint))
    printf("good %u %d\n", plan.count, plan.dbus);
  else
    printf("no line %u: %s\n", complaint.line, complaint.why);
}

static void command_answer(const char *text, size_t len)
{
  struct tracking tracking;
  struct command command = {.tracking = &tracking};
  const char *why = "";
  switch (command_parse(text, len, &command, &why)) {
  case COMMAND_GOOD:
    printf("good %d %ld %ld %ld\n", (int)command.verb, command.numbers[0], command.numbers[1],
           command.numbers[2]);
    break;
  case COMMAND_WRONG:
    printf("no %s\n", why);
    break;
  case COMMAND_FRAMING:
    printf("no framing %s\n", why);
    break;
  }
}

static void tracking_answer(const char *text, size_t len)
{
  static char config[TRACKING_CONFIG_MAX];
  struct tracking tracking;
  if (!tracking_parse(text, len, &tracking)) {
    printf("no\n");
    return;
  }
  printf("good %d", (int)tracking.what);
  size_t config_len = 0;
  if (tracking.what == TRACKING_ON)
    config_len = tracking_config(&tracking, "/run/gate", config, sizeof config);
  for (unsigned i = 0; i < tracking.port_count; i++)
    printf(" %s", tracking.ports[i]);
  for (size_t i = 0; i < config_len; i++)
    putchar(config[i] == '\n' ? '|' : config[i]);
  printf("\n");
}

int main(void)
{
  unsigned char head[5];
  while (fread(head, sizeof head, 1, stdin) == 1) {
    size_t len = head[1] | (size_t)head[2] << 8 | (size_t)head[3] << 16 | (size_t)head[4] << 24;
    /* Exactly as long as the text, so that a read behind its end is found. */
    char *text = malloc(len > 0 ? len : 1);
    if (text == NULL || (len > 0 && fread(text, len, 1, stdin) != 1))
      return 1;
    if (head[0] == 'g')
      grammar_answer(text, len);
    else if (head[0] == 't')
      tracking_answer(text, len);
    else
      command_answer(text, len);
    free(text);
  }
  return 0;
}
