/* Start, signals, timers, and the event loop. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EVENTS 16 /* handled per turn */
#define LISTEN_AGAIN_MS 1000

static int epoll_fd = -1, listen_fd, signal_fd, folder_watch_fd;
static uint64_t timers[TIMERS]; /* when each is due, 0: never */

uint64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void print(const char *format, va_list arguments)
{
  char line[512];
  int start = snprintf(line, sizeof line, "gatekeeper: ");
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

/* For people: is this a configuration that gatekeeper would take? keepalived is not asked. */
static _Noreturn void check_file(const struct options *options)
{
  static char text[CONFIG_MAX];
  static struct plan plan;
  struct complaint complaint;
  size_t len = 0;
  ssize_t count = 1;
  char more;
  int fd = open(options->checked, O_RDONLY | O_CLOEXEC);
  while (fd >= 0 && len < sizeof text && (count = read(fd, text + len, sizeof text - len)) > 0)
    len += (size_t)count;
  if (fd < 0 || count < 0)
    die("%s: %s", options->checked, strerror(errno));
  if (len == sizeof text && read(fd, &more, 1) > 0)
    die("%s: longer than %d bytes", options->checked, CONFIG_MAX);
  if (!config_check(text, len, options->folder, &plan, &complaint))
    die("%s: line %u: %s", options->checked, complaint.line, complaint.why);
  say("%s: good", options->checked);
  exit(0);
}

void finish(void)
{
  say("stopped");
  exit(0);
}

/* ---- signals ---- */

static int signals_open(void)
{
  sigset_t set;
  signal(SIGPIPE, SIG_IGN);
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  sigaddset(&set, SIGCHLD);
  sigprocmask(SIG_BLOCK, &set, NULL);
  int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  if (fd < 0)
    die("signalfd: %s", strerror(errno));
  return fd;
}

static void reap(void)
{
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
    if (!check_reaped(pid, status) && !tracking_reaped(pid, status))
      keepalived_reaped(pid, status);
}

static void signals_read(void)
{
  struct signalfd_siginfo info;
  while (read(signal_fd, &info, sizeof info) == sizeof info) {
    if (info.ssi_signo == SIGCHLD) {
      reap();
      continue;
    }
    say("signal %u: keepalived is stopped first", info.ssi_signo);
    socket_remove();
    tracking_exit();
    keepalived_exit();
  }
}

/* ---- timers ---- */

static void listen_again(void)
{
  watch(EPOLL_CTL_ADD, listen_fd, EPOLLIN, SOURCE_LISTEN);
}

static void (*const on_time[TIMERS])(void) = {
  [TIMER_HEALTH] = health_late,     [TIMER_HOLD] = health_release,
  [TIMER_KEEPALIVED] = keepalived_timer, [TIMER_CHECK] = check_late,
  [TIMER_DUMP] = vrrp_dump_late,    [TIMER_CLIENT] = client_late,
  [TIMER_LISTEN] = listen_again,    [TIMER_TRACKING] = tracking_timer,
  [TIMER_TRACKING_STEP] = tracking_step_timer,
};

void timer_set(enum timer timer, unsigned milliseconds)
{
  timers[timer] = now_ms() + milliseconds;
}

void timer_stop(enum timer timer) { timers[timer] = 0; }

static int timers_wait(void)
{
  uint64_t now = now_ms(), first = UINT64_MAX;
  for (unsigned i = 0; i < TIMERS; i++)
    if (timers[i] != 0 && timers[i] < first)
      first = timers[i];
  if (first == UINT64_MAX)
    return -1;
  return first > now ? (int)(first - now) : 0;
}

static void timers_run(void)
{
  uint64_t now = now_ms();
  for (unsigned i = 0; i < TIMERS; i++) {
    if (timers[i] == 0 || timers[i] > now)
      continue;
    timers[i] = 0;
    on_time[i]();
  }
}

/* ---- the loop ---- */

void watch(int operation, int fd, uint32_t events, uint64_t tag)
{
  struct epoll_event event = {.events = events, .data.u64 = tag};
  if (epoll_ctl(epoll_fd, operation, fd, &event) < 0)
    die("epoll_ctl: %s", strerror(errno));
}

static void accept_one(void)
{
  if (client_accept(listen_fd))
    return;
  watch(EPOLL_CTL_DEL, listen_fd, 0, SOURCE_LISTEN);
  timer_set(TIMER_LISTEN, LISTEN_AGAIN_MS);
}

static void dispatch(const struct epoll_event *event)
{
  switch (event->data.u64 & 0xff) {
  case SOURCE_LISTEN:
    accept_one();
    break;
  case SOURCE_SIGNAL:
    signals_read();
    break;
  case SOURCE_CLIENT:
    client_event(event->data.u64, event->events);
    break;
  case SOURCE_FIFO:
    fifo_read();
    break;
  case SOURCE_FOLDER:
    folder_event(folder_watch_fd);
    break;
  case SOURCE_CHECK:
    check_output();
    break;
  case SOURCE_VRRP:
    vrrp_ended();
    break;
  case SOURCE_TRACKING:
    tracking_output();
    break;
  }
}

static _Noreturn void loop(void)
{
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = epoll_wait(epoll_fd, events, EVENTS, timers_wait());
    if (count < 0 && errno != EINTR)
      die("epoll_wait: %s", strerror(errno));
    for (int i = 0; i < count; i++)
      dispatch(&events[i]);
    timers_run();
    client_resume();
  }
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

int main(int argc, char **argv)
{
  struct options options = {0};
  options_parse(argc, argv, &options);
  if (options.checked != NULL)
    check_file(&options);
  files_allow();
  umask(0077);
  signal_fd = signals_open();
  /* keepalived and its VRRP process are ours to wait for, also when the first of them is gone. */
  if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
    die("PR_SET_CHILD_SUBREAPER: %s", strerror(errno));
  folder_open(options.folder);
  epoll_fd = epoll_create1(EPOLL_CLOEXEC);
  if (epoll_fd < 0)
    die("epoll_create1: %s", strerror(errno));
  listen_fd = listen_open(&options);
  privileges_drop();
  keepalived_probe(options.program);
  tracking_program(options.tracker);
  predecessor_end();
  health_start();
  fifo_prepare();
  folder_watch_fd = folder_watch();
  watch(EPOLL_CTL_ADD, folder_watch_fd, EPOLLIN, SOURCE_FOLDER);
  watch(EPOLL_CTL_ADD, signal_fd, EPOLLIN, SOURCE_SIGNAL);
  listen_again();
  say("listening on %s", options.path);
  loop();
}
