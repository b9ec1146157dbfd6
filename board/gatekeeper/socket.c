/* The socket file. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG 8

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static struct stat socket_file;

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
    die("%s is in use: is another gatekeeper running?", path);
  close(fd);
  if (unlink(path) < 0)
    die("cannot remove the stale %s: %s", path, strerror(errno));
}

int listen_open(const struct options *options)
{
  if (strlen(options->path) >= sizeof address.sun_path)
    die("%s: the path is longer than %zu bytes", options->path, sizeof address.sun_path - 1);
  strcpy(address.sun_path, options->path);
  path_clear(options->path);

  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0)
    die("socket: %s", strerror(errno));
  /* By the mask, since a chmod would follow a link that somebody had put there meanwhile. */
  mode_t mask = umask(~(mode_t)options->mode & 0777);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
    die("bind %s: %s", options->path, strerror(errno));
  umask(mask);
  if ((options->change_user || options->change_group) &&
      lchown(options->path, options->change_user ? options->uid : (uid_t)-1,
             options->change_group ? options->gid : (gid_t)-1) < 0)
    die("chown %s: %s", options->path, strerror(errno));
  if (lstat(options->path, &socket_file) < 0)
    die("%s: %s", options->path, strerror(errno));
  if (listen(fd, BACKLOG) < 0)
    die("listen %s: %s", options->path, strerror(errno));
  return fd;
}

void socket_remove(void)
{
  struct stat now;
  /* Only our own file: a successor may already have put its own there. */
  bool ours = lstat(address.sun_path, &now) == 0 && now.st_dev == socket_file.st_dev &&
              now.st_ino == socket_file.st_ino;
  if (ours && unlink(address.sun_path) < 0)
    say("cannot remove %s: %s", address.sun_path, strerror(errno));
}
