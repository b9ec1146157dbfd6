/* The VRRP process that keepalived starts: its end, what it tells by the FIFO, and its dump. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIFO_SIZE 4096

static int fifo = -1;
static char line[TEXT_MAX + 1];
static size_t line_len; /* also counts what did not fit */
static int vrrp_fd = -1; /* readable when the VRRP process has ended */
static bool dumping;

/* ---- the FIFO ---- */

/* keepalived makes a FIFO only where there is none, and removes only what it made. Held open for
 * reading and writing it has no end, and nothing of it is lost while keepalived restarts. */
void fifo_prepare(void)
{
  struct stat now, ours;
  char path[FOLDER_MAX + 32];
  snprintf(path, sizeof path, "%s/%s", folder_path(), FIFO_FILE);
  if (fifo >= 0 && lstat(path, &now) == 0 && fstat(fifo, &ours) == 0 && now.st_ino == ours.st_ino &&
      now.st_dev == ours.st_dev)
    return;
  if (fifo >= 0)
    close(fifo);
  unlink(path);
  fifo = mkfifo(path, 0600) == 0 ? open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW) : -1;
  if (fifo < 0) {
    say("%s: %s", path, strerror(errno));
    return;
  }
  line_len = 0;
  watch(EPOLL_CTL_ADD, fifo, EPOLLIN, SOURCE_FIFO);
}

static void fifo_byte(char byte)
{
  if (byte != '\n') {
    if (line_len < TEXT_MAX)
      line[line_len] = byte;
    line_len++;
    return;
  }
  char text[TEXT_MAX + 1];
  text_clean(text, line, line_len);
  line_len = 0;
  if (text[0] != '\0')
    client_tell("vrrp %s", text);
}

void fifo_read(void)
{
  char bytes[FIFO_SIZE];
  ssize_t len = read(fifo, bytes, sizeof bytes);
  for (ssize_t i = 0; i < len; i++)
    fifo_byte(bytes[i]);
}

/* ---- the process ---- */

/* The one in our keepalived's group, whatever the file says. */
static pid_t vrrp_pid(void)
{
  pid_t group = keepalived_group(), pid = group > 0 ? file_pid(VRRP_PID_FILE) : 0;
  return pid > 0 && getpgid(pid) == group ? pid : 0;
}

static void vrrp_unwatch(void)
{
  if (vrrp_fd >= 0)
    close(vrrp_fd);
  vrrp_fd = -1;
}

static bool vrrp_is_dead(void)
{
  struct pollfd ready = {.fd = vrrp_fd, .events = POLLIN};
  return vrrp_fd >= 0 && poll(&ready, 1, 0) > 0;
}

static void vrrp_watch(void)
{
  pid_t pid = vrrp_pid();
  vrrp_ended();
  vrrp_unwatch();
  vrrp_fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
  if (vrrp_fd >= 0)
    watch(EPOLL_CTL_ADD, vrrp_fd, EPOLLIN, SOURCE_VRRP);
  if (pid > 0)
    keepalived_vrrp_began();
}

void vrrp_ended(void)
{
  /* An event may be late, and about the one before. */
  if (!vrrp_is_dead())
    return;
  vrrp_unwatch();
  keepalived_vrrp_died();
}

void vrrp_respawn(void)
{
  pid_t pid = vrrp_pid();
  if (pid == 0)
    client_reply("no keepalived is not running");
  else if (kill(pid, SIGTERM) < 0)
    client_reply("no %s", strerror(errno));
  else
    client_reply("ok");
}

void vrrp_forget(void)
{
  vrrp_unwatch();
  if (dumping) {
    timer_stop(TIMER_DUMP);
    dumping = false;
    client_reply("no keepalived has ended");
  }
}

/* ---- the dump ---- */

void vrrp_dump(void)
{
  pid_t pid = vrrp_pid();
  if (pid == 0) {
    client_reply("no keepalived is not running");
  } else if (keepalived_json_signal() == 0) {
    client_reply("no this keepalived writes no JSON dump");
  } else {
    file_remove(DUMP_FILE);
    if (kill(pid, keepalived_json_signal()) < 0) {
      client_reply("no %s", strerror(errno));
      return;
    }
    dumping = true;
    timer_set(TIMER_DUMP, DUMP_WITHIN_MS);
  }
}

static void dump_read(void)
{
  static char dump[DUMP_MAX];
  ssize_t len = file_read(DUMP_FILE, dump, sizeof dump);
  timer_stop(TIMER_DUMP);
  dumping = false;
  if (len < 0)
    client_reply("no the dump cannot be read: %s", strerror(errno));
  else
    client_reply_dump(dump, (size_t)len);
  file_remove(DUMP_FILE);
}

void vrrp_dump_late(void)
{
  dumping = false;
  client_reply("no keepalived wrote no dump within %d ms", DUMP_WITHIN_MS);
}

void vrrp_file_event(const char *name, bool closed)
{
  if (strcmp(name, VRRP_PID_FILE) == 0)
    vrrp_watch();
  else if (dumping && closed && strcmp(name, DUMP_FILE) == 0)
    dump_read();
}
