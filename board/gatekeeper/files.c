/* Everything in FOLDER, which belongs to root alone. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[FOLDER_MAX + 1];
static int folder_fd = -1;

const char *folder_path(void) { return folder; }

const char *file_path(const char *name)
{
  static const char *const names[] = {CONFIG_FILE, CONFIG_NEW, PID_FILE, VRRP_PID_FILE,
                                      TRACK_CONFIG};
  static char paths[sizeof names / sizeof names[0]][FOLDER_MAX + 32];
  unsigned i = 0;
  while (strcmp(names[i], name) != 0)
    i++;
  snprintf(paths[i], sizeof paths[i], "%s/%s", folder, name);
  return paths[i];
}

/* The path stands in configurations, where blanks and quotes would mean something else. */
static void path_check(const char *path)
{
  static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-";
  size_t len = strlen(path);
  if (path[0] != '/' || len < 2 || len > FOLDER_MAX || strspn(path, allowed) != len ||
      path[len - 1] == '/')
    die("-d %s: it has to be an absolute path of letters, digits and ._- with at most %d bytes",
        path, FOLDER_MAX);
}

void folder_open(const char *path)
{
  struct stat info;
  path_check(path);
  strcpy(folder, path);
  if (mkdir(path, 0711) == 0) {
    if (chmod(path, 0711) < 0)
      die("chmod %s: %s", path, strerror(errno));
  } else if (errno != EEXIST) {
    die("mkdir %s: %s", path, strerror(errno));
  }
  folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder_fd < 0 || fstat(folder_fd, &info) < 0)
    die("%s: %s", path, strerror(errno));
  if (info.st_uid != geteuid() || (info.st_mode & 022) != 0)
    die("%s must belong to the user of gatekeeper, and nobody else may write there", path);
  if (flock(folder_fd, LOCK_EX | LOCK_NB) < 0)
    die("%s is in use: is another gatekeeper running?", path);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
  while (len > 0) {
    ssize_t count = write(fd, bytes, len);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    bytes += count;
    len -= (size_t)count;
  }
  return true;
}

static bool file_create(const char *name, const char *bytes, size_t len, bool sync)
{
  unlinkat(folder_fd, name, 0);
  int fd = openat(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0)
    return false;
  bool good = write_all(fd, bytes, len) && (!sync || fsync(fd) == 0);
  int error = errno;
  if (close(fd) < 0 && good)
    return false;
  errno = error;
  return good;
}

static bool rename_in_folder(const char *from, const char *to)
{
  return renameat(folder_fd, from, folder_fd, to) == 0;
}

bool file_replace(const char *name, const char *bytes, size_t len)
{
  char temporary[64];
  snprintf(temporary, sizeof temporary, "%s.new", name);
  return file_create(temporary, bytes, len, false) && rename_in_folder(temporary, name);
}

bool config_write(const char *bytes, size_t len)
{
  return file_create(CONFIG_NEW, bytes, len, true);
}

bool config_enforce(void)
{
  return rename_in_folder(CONFIG_NEW, CONFIG_FILE) && (fsync(folder_fd) == 0 || errno == EINVAL);
}

void file_remove(const char *name) { unlinkat(folder_fd, name, 0); }

ssize_t file_read(const char *name, char *bytes, size_t size)
{
  size_t len = 0;
  char more;
  int fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0)
    return -1;
  ssize_t count = 1;
  while (len < size && (count = read(fd, bytes + len, size - len)) > 0)
    len += (size_t)count;
  bool longer = count > 0 && read(fd, &more, 1) > 0;
  int error = longer ? EFBIG : errno;
  close(fd);
  errno = error;
  return longer || count < 0 ? -1 : (ssize_t)len;
}

pid_t file_pid(const char *name)
{
  char text[16] = {0};
  ssize_t len = file_read(name, text, sizeof text - 1);
  long pid = len > 0 ? strtol(text, NULL, 10) : 0;
  return pid > 1 && pid <= INT32_MAX ? (pid_t)pid : 0;
}

int folder_watch(void)
{
  int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (fd < 0 || inotify_add_watch(fd, folder, IN_MODIFY | IN_CLOSE_WRITE) < 0)
    die("inotify: %s", strerror(errno));
  return fd;
}

void folder_event(int fd)
{
  char bytes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
  ssize_t len = read(fd, bytes, sizeof bytes);
  for (ssize_t at = 0; at < len;) {
    const struct inotify_event *event = (const struct inotify_event *)(bytes + at);
    if (event->len > 0)
      vrrp_file_event(event->name, (event->mask & IN_CLOSE_WRITE) != 0);
    at += (ssize_t)(sizeof *event + event->len);
  }
}
