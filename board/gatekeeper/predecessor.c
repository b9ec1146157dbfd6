/* What a gatekeeper that was killed has left in FOLDER: its keepalived may still run. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_MAX 4096
#define POLL_MS 10

/* A keepalived with our configuration; nothing else is touched, whatever the pid file says. */
static bool is_keepalived(pid_t pid)
{
  char path[32], arguments[ARGUMENTS_MAX + 1];
  snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return false;
  ssize_t len = read(fd, arguments, ARGUMENTS_MAX);
  close(fd);
  if (len <= 0)
    return false;
  arguments[len] = '\0';
  const char *end = arguments + len, *at = arguments;
  const char *name = strrchr(at, '/') != NULL ? strrchr(at, '/') + 1 : at;
  bool follows = false;
  if (strstr(name, "keepalived") == NULL)
    return false;
  for (; at < end; at += strlen(at) + 1) {
    if (follows && strcmp(at, file_path(CONFIG_FILE)) == 0)
      return true;
    follows = strcmp(at, "-f") == 0;
  }
  return false;
}

static bool wait_for_end(const pid_t pids[2], unsigned milliseconds)
{
  const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
  uint64_t until = now_ms() + milliseconds;
  while (is_keepalived(pids[0]) || is_keepalived(pids[1])) {
    if (now_ms() >= until)
      return false;
    nanosleep(&pause, NULL);
  }
  return true;
}

static void processes_end(void)
{
  const pid_t pids[2] = {file_pid(PID_FILE), file_pid(VRRP_PID_FILE)};
  static const int signals[] = {SIGTERM, SIGKILL};
  for (unsigned turn = 0; turn < 2; turn++) {
    for (unsigned i = 0; i < 2; i++) {
      if (pids[i] == 0 || !is_keepalived(pids[i]))
        continue;
      say("process %d, a keepalived without its gatekeeper, gets signal %d", (int)pids[i],
          signals[turn]);
      kill(pids[i], signals[turn]);
    }
    if (wait_for_end(pids, PREDECESSOR_WITHIN_MS))
      return;
  }
  die("a keepalived of an earlier gatekeeper does not end");
}

void predecessor_end(void)
{
  static char text[CONFIG_MAX];
  static struct plan plan;
  struct complaint complaint;
  unsigned removed;
  processes_end();
  ssize_t len = file_read(CONFIG_FILE, text, sizeof text);
  if (len > 0 && !config_check(text, (size_t)len, folder_path(), &plan, &complaint))
    say("%s is not one of ours: line %u: %s", file_path(CONFIG_FILE), complaint.line,
        complaint.why);
  else if (len > 0 && (removed = addresses_remove(&plan, ITEM_LINK)) > 0)
    say("%u addresses, routes and links were left by an earlier gatekeeper", removed);
  file_remove(CONFIG_FILE);
  file_remove(CONFIG_NEW);
  file_remove(PID_FILE);
  file_remove(VRRP_PID_FILE);
}
