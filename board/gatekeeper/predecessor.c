/* What a gatekeeper that was killed has left in FOLDER: what it ran may still run. */
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

#define LEFT_MAX 3

static const struct left {
  const char *pid_file, *program, *option, *config;
} left[LEFT_MAX] = {
  {PID_FILE, "keepalived", "-f", CONFIG_FILE},
  {VRRP_PID_FILE, "keepalived", "-f", CONFIG_FILE},
  {TRACK_PID_FILE, "conntrackd", "-C", TRACK_CONFIG},
};

/* A program with our configuration; nothing else is touched, whatever the pid file says. */
static bool is_ours(pid_t pid, const struct left *what)
{
  if (pid == 0)
    return false;
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
  if (strstr(name, what->program) == NULL)
    return false;
  for (; at < end; at += strlen(at) + 1) {
    if (follows && strcmp(at, file_path(what->config)) == 0)
      return true;
    follows = strcmp(at, what->option) == 0;
  }
  return false;
}

static bool some_run(const pid_t pids[LEFT_MAX])
{
  for (unsigned i = 0; i < LEFT_MAX; i++)
    if (is_ours(pids[i], &left[i]))
      return true;
  return false;
}

static bool wait_for_end(const pid_t pids[LEFT_MAX], unsigned milliseconds)
{
  const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
  uint64_t until = now_ms() + milliseconds;
  while (some_run(pids)) {
    if (now_ms() >= until)
      return false;
    nanosleep(&pause, NULL);
  }
  return true;
}

static void processes_end(void)
{
  static const int signals[] = {SIGTERM, SIGKILL};
  pid_t pids[LEFT_MAX];
  for (unsigned i = 0; i < LEFT_MAX; i++)
    pids[i] = file_pid(left[i].pid_file);
  for (unsigned turn = 0; turn < 2; turn++) {
    for (unsigned i = 0; i < LEFT_MAX; i++) {
      if (!is_ours(pids[i], &left[i]))
        continue;
      say("process %d, a %s without its gatekeeper, gets signal %d", (int)pids[i],
          left[i].program, signals[turn]);
      kill(pids[i], signals[turn]);
    }
    if (wait_for_end(pids, PREDECESSOR_WITHIN_MS))
      return;
  }
  die("a process of an earlier gatekeeper does not end");
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
  file_remove(TRACK_CONFIG);
  tracking_forget();
}
