/* Start, the socket file, and the event loop. */
#define _GNU_SOURCE
#include "rawlink.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define TICK_MS 1000
#define EVENTS 32 /* handled per turn */
/* Under load rawlink pauses between two turns of its loop, so that each turn moves many frames:
 * waking a process costs as much as ten frames. README.md has the figures. Rates are frames per
 * millisecond. */
#define LOAD_RATE 4
#define LOAD_PAUSE_US 300
#define FLOOD_RATE 16
#define FLOOD_PAUSE_US 500

struct options {
  const char *path;
  mode_t mode;
  struct identity identity;
};

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct stat socket_file;
static int epoll_fd, listen_fd;
static bool listening = true;

static uint64_t now_us(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t now_ms(void) { return now_us() / 1000; }

static void print(const char *format, va_list arguments)
{
  char line[512];
  int start = snprintf(line, sizeof line, "rawlink: ");
  int len = vsnprintf(line + start, sizeof line - (size_t)start - 1, format, arguments);
  size_t total = strnlen(line, sizeof line - 2);
  line[total++] = '\n';
  /* Nobody to tell when the log is gone. */
  if (len < 0 || write(STDERR_FILENO, line, total) < 0)
    return;
}

void say(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  print(format, arguments);
  va_end(arguments);
}

void die(const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  print(format, arguments);
  va_end(arguments);
  exit(1);
}

static bool number_parse(const char *text, int base, unsigned max, unsigned *value)
{
  char *end;
  errno = 0;
  unsigned long parsed = strtoul(text, &end, base);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || parsed > max)
    return false;
  *value = (unsigned)parsed;
  return true;
}

static void group_parse(const char *text, struct identity *identity)
{
  struct group *group = getgrnam(text);
  identity->change_group = true;
  if (group != NULL)
    identity->gid = group->gr_gid;
  else if (!number_parse(text, 10, UINT32_MAX - 1, &identity->gid))
    die("-g %s: no such group", text);
}

static void user_parse(const char *text, struct identity *identity)
{
  struct passwd *user = getpwnam(text);
  identity->change_user = true;
  if (user == NULL && number_parse(text, 10, UINT32_MAX - 1, &identity->uid))
    user = getpwuid(identity->uid);
  else if (user == NULL)
    die("-u %s: no such user", text);
  if (user != NULL)
    identity->uid = user->pw_uid;
  if (!identity->change_group && user == NULL)
    die("-u %s: its group is not known, so -g is needed as well", text);
  if (!identity->change_group)
    identity->gid = user->pw_gid;
  identity->change_group = true;
}

static void options_parse(int argc, char **argv, struct options *options)
{
  const char *user = NULL, *group = NULL;
  unsigned mode = 0660;
  bool wrong = false;
  int option;
  opterr = 0;
  while ((option = getopt(argc, argv, "s:m:u:g:")) != -1) {
    switch (option) {
    case 's':
      options->path = optarg;
      break;
    case 'm':
      wrong |= !number_parse(optarg, 8, 0777, &mode);
      break;
    case 'u':
      user = optarg;
      break;
    case 'g':
      group = optarg;
      break;
    default:
      wrong = true;
    }
  }
  if (wrong || options->path == NULL || optind != argc)
    die("usage: rawlink -s SOCKETPATH [-m MODE] [-u USER] [-g GROUP]");
  options->mode = mode;
  if (group != NULL)
    group_parse(group, &options->identity);
  if (user != NULL)
    user_parse(user, &options->identity);
}

static void files_allow(void)
{
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
    die("getrlimit: %s", strerror(errno));
  if (limit.rlim_cur >= FILES_NEEDED)
    return;
  limit.rlim_cur = FILES_NEEDED;
  if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
    die("%d open files are needed, the limit is lower: %s", FILES_NEEDED, strerror(errno));
}

/* Removes a socket file that nobody answers on; a live one, or something else, ends the program. */
static void path_clear(const char *path)
{
  struct stat info;
  if (lstat(path, &info) < 0) {
    if (errno == ENOENT)
      return;
    die("%s: %s", path, strerror(errno));
  }
  if (!S_ISSOCK(info.st_mode))
    die("%s exists and is not a socket", path);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    die("socket: %s", strerror(errno));
  if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno != ECONNREFUSED)
    die("%s is in use: is another rawlink running?", path);
  close(fd);
  if (unlink(path) < 0)
    die("cannot remove the stale %s: %s", path, strerror(errno));
}

static int listen_open(const struct options *options)
{
  if (strlen(options->path) >= sizeof address.sun_path)
    die("%s: the path is longer than %zu bytes", options->path, sizeof address.sun_path - 1);
  strcpy(address.sun_path, options->path);
  path_clear(options->path);

  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    die("socket: %s", strerror(errno));
  mode_t mask = umask(0777);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
    die("bind %s: %s", options->path, strerror(errno));
  umask(mask);
  const struct identity *identity = &options->identity;
  if ((identity->change_user || identity->change_group) &&
      chown(options->path, identity->change_user ? identity->uid : (uid_t)-1,
            identity->change_group ? identity->gid : (gid_t)-1) < 0)
    die("chown %s: %s", options->path, strerror(errno));
  if (chmod(options->path, options->mode) < 0 || lstat(options->path, &socket_file) < 0)
    die("chmod %s: %s", options->path, strerror(errno));
  if (listen(fd, CONNECTIONS_MAX) < 0)
    die("listen %s: %s", options->path, strerror(errno));
  return fd;
}

static int signals_open(void)
{
  sigset_t set;
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0)
    die("signalfd: %s", strerror(errno));
  return fd;
}

static void watch(int operation, int fd, enum source source)
{
  struct epoll_event event = {.events = EPOLLIN, .data.u64 = source};
  if (epoll_ctl(epoll_fd, operation, fd, &event) < 0)
    die("epoll_ctl: %s", strerror(errno));
}

static _Noreturn void stop(void)
{
  struct stat now;
  /* Only our own file: a successor may already have put its own there. */
  bool ours = lstat(address.sun_path, &now) == 0 && now.st_dev == socket_file.st_dev &&
              now.st_ino == socket_file.st_ino;
  if (ours && unlink(address.sun_path) < 0)
    say("cannot remove %s: %s", address.sun_path, strerror(errno));
  say("stopped");
  exit(0);
}

static void gather(unsigned moved, uint64_t now)
{
  static uint64_t since, rate;
  static unsigned frames;
  struct timespec pause = {0};

  frames += moved;
  if (now - since >= 1000) {
    rate = (uint64_t)frames * 1000 / (now - since);
    frames = 0;
    since = now;
  }
  if (rate >= FLOOD_RATE)
    pause.tv_nsec = FLOOD_PAUSE_US * 1000;
  else if (rate >= LOAD_RATE || frames >= LOAD_RATE)
    pause.tv_nsec = LOAD_PAUSE_US * 1000;
  else
    return;
  nanosleep(&pause, NULL);
}

static unsigned dispatch(const struct epoll_event *event, uint64_t now)
{
  switch (event->data.u64 & 0xff) {
  case SOURCE_LISTEN:
    listening = connection_accept(listen_fd, now / 1000);
    if (!listening)
      watch(EPOLL_CTL_DEL, listen_fd, SOURCE_LISTEN); /* until the next tick */
    return 0;
  case SOURCE_SIGNAL:
    stop();
  case SOURCE_NETLINK:
    monitor_read();
    return 0;
  default:
    return connection_event(event->data.u64, event->events);
  }
}

static void tick(uint64_t now)
{
  static uint64_t last;
  if (now - last < TICK_MS)
    return;
  last = now;
  connections_tick(now);
  monitor_tick();
  if (!listening)
    watch(EPOLL_CTL_ADD, listen_fd, SOURCE_LISTEN);
  listening = true;
}

static void loop(void)
{
  struct epoll_event events[EVENTS];
  for (;;) {
    unsigned moved = 0;
    bool idle = connections_count() == 0 && listening;
    int count = epoll_wait(epoll_fd, events, EVENTS, idle ? -1 : TICK_MS);
    if (count < 0 && errno != EINTR)
      die("epoll_wait: %s", strerror(errno));
    uint64_t now = now_us();
    for (int i = 0; i < count; i++)
      moved += dispatch(&events[i], now);
    tick(now / 1000);
    gather(moved, now);
  }
}

int main(int argc, char **argv)
{
  struct options options = {0};
  int sink_error = 0;

  options_parse(argc, argv, &options);
  files_allow();
  int signals = signals_open();
  listen_fd = listen_open(&options);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0)
    die("epoll_create1: %s", strerror(errno));
  if (sink_open() < 0) {
    sink_error = errno;
    say("UDP port 67 cannot be held (%s)%s", strerror(errno),
        errno == EADDRINUSE ? ": another DHCP server is running here" : "");
  }
  watch(EPOLL_CTL_ADD, listen_fd, SOURCE_LISTEN);
  watch(EPOLL_CTL_ADD, signals, SOURCE_SIGNAL);
  watch(EPOLL_CTL_ADD, monitor_open(), SOURCE_NETLINK);
  connections_start(epoll_fd, sink_error);
  privileges_drop(&options.identity);
  /* The gathering pause is meant as it is written, not rounded up by 50 microseconds. */
  prctl(PR_SET_TIMERSLACK, 1000UL, 0, 0, 0);
  say("listening on %s", options.path);
  loop();
}
