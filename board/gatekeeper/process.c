/* Starting keepalived, and asking the program what it can do. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROBE_WITHIN_MS 1000
#define PROBE_SIZE 16384

static const char *program;
static bool vrrp_only, syslog_off;
static int json_signal;

const char *keepalived_program(void) { return program; }
bool keepalived_knows_vrrp_only(void) { return vrrp_only; }
bool keepalived_knows_no_syslog(void) { return syslog_off; }
int keepalived_json_signal(void) { return json_signal; }

/* In the child. Only what keepalived needs goes along: no signal mask, no other environment. */
static _Noreturn void become(const char *const argv[], int output, int failed, pid_t parent)
{
  char temporary[FOLDER_MAX + 16], bus[512];
  char *environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", temporary, NULL, NULL};
  const char *address = getenv("DBUS_SYSTEM_BUS_ADDRESS");
  sigset_t none;

  snprintf(temporary, sizeof temporary, "TMPDIR=%s", folder_path());
  if (address != NULL &&
      snprintf(bus, sizeof bus, "DBUS_SYSTEM_BUS_ADDRESS=%s", address) < (int)sizeof bus)
    environment[2] = bus;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  setpgid(0, 0);
  /* Whoever is left without gatekeeper lets go of the addresses in good order. */
  if (prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && getppid() == parent &&
      dup2(output < 0 ? STDERR_FILENO : output, STDOUT_FILENO) >= 0 &&
      (output < 0 || dup2(output, STDERR_FILENO) >= 0))
    execve(argv[0], (char *const *)argv, environment);
  if (write(failed, &errno, sizeof errno) < 0)
    _exit(126);
  _exit(127);
}

pid_t program_spawn(const char *const argv[], int output)
{
  int pipes[2], error = 0;
  pid_t parent = getpid();
  if (pipe2(pipes, O_CLOEXEC) < 0)
    return -1;
  pid_t pid = fork();
  if (pid == 0)
    become(argv, output, pipes[1], parent);
  int fork_error = errno;
  close(pipes[1]);
  /* Ends without a byte as soon as the program runs. */
  while (pid > 0 && read(pipes[0], &error, sizeof error) < 0 && errno == EINTR)
    ;
  close(pipes[0]);
  if (pid > 0 && error != 0) {
    waitpid(pid, NULL, 0);
    pid = -1;
  } else if (pid < 0) {
    error = fork_error;
  }
  errno = error;
  return pid;
}

/* Runs the program to its end, at start only: nobody is waiting yet. Returns what it printed. */
static const char *ask(const char *option)
{
  static char printed[PROBE_SIZE];
  const char *const argv[] = {program, option, NULL};
  uint64_t until = now_ms() + PROBE_WITHIN_MS;
  size_t len = 0;
  ssize_t count = 1;
  int pipes[2];

  printed[0] = '\0';
  if (pipe2(pipes, O_CLOEXEC) < 0)
    return printed;
  pid_t pid = program_spawn(argv, pipes[1]);
  if (pid < 0)
    say("%s cannot be run: %s", program, strerror(errno));
  close(pipes[1]);
  while (pid > 0 && count > 0 && len < sizeof printed - 1) {
    struct pollfd ready = {.fd = pipes[0], .events = POLLIN};
    uint64_t now = now_ms();
    if (now >= until || poll(&ready, 1, (int)(until - now)) <= 0)
      break;
    count = read(pipes[0], printed + len, sizeof printed - 1 - len);
    len += count > 0 ? (size_t)count : 0;
  }
  close(pipes[0]);
  printed[len] = '\0';
  if (pid > 0) {
    kill(-pid, SIGKILL);
    waitpid(pid, NULL, 0);
  }
  return printed;
}

void keepalived_probe(const char *path)
{
  program = path;
  const char *help = ask("--help");
  vrrp_only = strstr(help, "--vrrp ") != NULL;
  syslog_off = strstr(help, "--no-syslog ") != NULL;
  json_signal = access(program, X_OK) == 0 ? atoi(ask("--signum=JSON")) : 0;
  if (json_signal < 1 || json_signal >= NSIG)
    json_signal = 0;
}
