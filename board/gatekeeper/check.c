/* `keepalived -t` on a configuration that is not in force yet. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#define PRINTED_MAX 4096

static pid_t checker;
static int output = -1;
static bool late;
static char printed[PRINTED_MAX];
static size_t printed_len;

const char *check_start(void)
{
  const char *const argv[] = {keepalived_program(), "-t", "-f", file_path(CONFIG_NEW), NULL};
  int pipes[2];
  if (pipe2(pipes, O_CLOEXEC | O_NONBLOCK) < 0)
    return strerror(errno);
  checker = program_spawn(argv, pipes[1]);
  int error = errno;
  close(pipes[1]);
  if (checker < 0) {
    close(pipes[0]);
    checker = 0;
    return strerror(error);
  }
  output = pipes[0];
  printed_len = 0;
  late = false;
  watch(EPOLL_CTL_ADD, output, EPOLLIN, SOURCE_CHECK);
  timer_set(TIMER_CHECK, CHECK_WITHIN_MS);
  return NULL;
}

/* Keeps the beginning and lets the rest pass. */
void check_output(void)
{
  char passing[PRINTED_MAX];
  ssize_t len;
  if (output < 0)
    return;
  while ((len = read(output, passing, sizeof passing)) > 0) {
    size_t room = PRINTED_MAX - printed_len;
    size_t kept = (size_t)len < room ? (size_t)len : room;
    memcpy(printed + printed_len, passing, kept);
    printed_len += kept;
  }
  if (len == 0 || (len < 0 && errno != EAGAIN && errno != EINTR)) {
    close(output);
    output = -1;
  }
}

static void check_forget(void)
{
  timer_stop(TIMER_CHECK);
  checker = 0;
  if (output >= 0)
    close(output);
  output = -1;
}

/* "(FILE: Line 5) what" or "(Line 5) what" as gatekeeper says it itself: "line 5: what". */
static void place_rewrite(char *why)
{
  char copy[TEXT_MAX + 1];
  unsigned number;
  int end = 0;
  const char *line = strstr(why, "Line ");
  if (why[0] != '(' || line == NULL || sscanf(line, "Line %5u) %n", &number, &end) != 1 || end == 0)
    return;
  strcpy(copy, line + end);
  snprintf(why, TEXT_MAX + 1, "line %u: %.180s", number, copy);
}

/* The first line that says anything. */
static void reason_find(char *why)
{
  size_t at = 0;
  while (at < printed_len && printed[at] <= ' ')
    at++;
  const char *newline = memchr(printed + at, '\n', printed_len - at);
  size_t end = newline != NULL ? (size_t)(newline - printed) : printed_len;
  text_clean(why, printed + at, end - at);
  place_rewrite(why);
}

bool check_reaped(pid_t pid, int status)
{
  char why[TEXT_MAX + 1];
  if (pid != checker)
    return false;
  check_output();
  check_forget();
  if (late)
    snprintf(why, sizeof why, "keepalived -t took longer than %d ms", CHECK_WITHIN_MS);
  else
    reason_find(why);
  if (why[0] == '\0')
    snprintf(why, sizeof why, "keepalived -t ended with status %d and said nothing", status);
  check_done(!late && WIFEXITED(status) && WEXITSTATUS(status) == 0, why);
  return true;
}

void check_late(void)
{
  late = true;
  kill(-checker, SIGKILL);
}

void check_stop(void)
{
  if (checker > 0)
    kill(-checker, SIGKILL);
  check_forget();
}
