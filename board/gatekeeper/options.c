/* The command line. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <getopt.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#define CHECK 256 /* behind every letter */

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

static void group_parse(const char *text, struct options *options)
{
  struct group *group = getgrnam(text);
  options->change_group = true;
  if (group != NULL)
    options->gid = group->gr_gid;
  else if (!number_parse(text, 10, UINT32_MAX - 1, &options->gid))
    die("-g %s: no such group", text);
}

static void user_parse(const char *text, struct options *options)
{
  struct passwd *user = getpwnam(text);
  options->change_user = true;
  if (user != NULL)
    options->uid = user->pw_uid;
  else if (!number_parse(text, 10, UINT32_MAX - 1, &options->uid))
    die("-u %s: no such user", text);
}

void options_parse(int argc, char **argv, struct options *options)
{
  static const struct option names[] = {{"check", required_argument, NULL, CHECK}, {0}};
  bool wrong = false;
  int option;
  opterr = 0;
  options->mode = 0660;
  options->program = "/usr/sbin/keepalived";
  options->tracker = "/usr/sbin/conntrackd";
  while ((option = getopt_long(argc, argv, "s:d:m:u:g:k:c:", names, NULL)) != -1) {
    switch (option) {
    case 's':
      options->path = optarg;
      break;
    case 'd':
      options->folder = optarg;
      break;
    case 'm':
      wrong |= !number_parse(optarg, 8, 0777, &options->mode);
      break;
    case 'u':
      user_parse(optarg, options);
      break;
    case 'g':
      group_parse(optarg, options);
      break;
    case 'k':
      options->program = optarg;
      break;
    case 'c':
      options->tracker = optarg;
      break;
    case CHECK:
      options->checked = optarg;
      break;
    default:
      wrong = true;
    }
  }
  if (wrong || options->folder == NULL || (options->path == NULL) == (options->checked == NULL) ||
      options->program[0] != '/' || options->tracker[0] != '/' || optind != argc)
    die("usage: gatekeeper -s SOCKET -d FOLDER [-m MODE] [-u USER] [-g GROUP] [-k KEEPALIVED] "
        "[-c CONNTRACKD], or gatekeeper --check FILE -d FOLDER");
}
