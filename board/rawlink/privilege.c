/* Gives up everything that rawlink does not need once its sockets are open. */
#define _GNU_SOURCE
#include "rawlink.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct __user_cap_header_struct header(void)
{
  return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
}

static void capabilities_get(struct __user_cap_data_struct data[2])
{
  struct __user_cap_header_struct head = header();
  if (syscall(SYS_capget, &head, data) < 0)
    die("capget: %s", strerror(errno));
}

static void bounding_clear(void)
{
  struct __user_cap_data_struct have[2] = {{0}};
  capabilities_get(have);
  /* Without CAP_SETPCAP the set cannot be changed; no_new_privs makes it meaningless anyway. */
  if (!(have[0].effective & 1u << CAP_SETPCAP))
    return;
  for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
    if (prctl(PR_CAPBSET_DROP, capability) < 0)
      die("PR_CAPBSET_DROP %d: %s", capability, strerror(errno));
}

static void identity_change(const struct identity *identity)
{
  if (!identity->change_user && !identity->change_group)
    return;
  if (setgroups(0, NULL) < 0)
    die("setgroups: %s", strerror(errno));
  if (identity->change_group && setresgid(identity->gid, identity->gid, identity->gid) < 0)
    die("setresgid %u: %s", identity->gid, strerror(errno));
  if (identity->change_user && setresuid(identity->uid, identity->uid, identity->uid) < 0)
    die("setresuid %u: %s", identity->uid, strerror(errno));
}

void privileges_drop(const struct identity *identity)
{
  struct __user_cap_header_struct head = header();
  struct __user_cap_data_struct data[2] = {{0}};

  bounding_clear();
  identity_change(identity);
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    die("PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
  if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
    die("PR_CAP_AMBIENT_CLEAR_ALL: %s", strerror(errno));
  if (syscall(SYS_capset, &head, data) < 0)
    die("capset: %s", strerror(errno));
  capabilities_get(data);
  for (int i = 0; i < 2; i++)
    if (data[i].effective != 0 || data[i].permitted != 0 || data[i].inheritable != 0)
      die("capabilities are left after dropping them");
}
