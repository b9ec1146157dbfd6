/* Gives up every right of root that keepalived does not need, for this process and all it starts. */
#define _GNU_SOURCE
#include "gatekeeper.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BIT(capability) (UINT64_C(1) << (capability))
/* Addresses, routes and links; VRRP's packets; memory that is not swapped out. */
#define NEEDED (BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) | BIT(CAP_IPC_LOCK))

static uint64_t capabilities_get(void)
{
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &head, data) < 0)
    die("capget: %s", strerror(errno));
  return data[0].permitted | (uint64_t)data[1].permitted << 32;
}

static void capabilities_set(uint64_t kept)
{
  struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  for (int i = 0; i < 2; i++)
    data[i].effective = data[i].permitted = (uint32_t)(kept >> (32 * i));
  if (syscall(SYS_capset, &head, data) < 0)
    die("capset: %s", strerror(errno));
}

void privileges_drop(void)
{
  uint64_t have = capabilities_get();
  /* A program that root starts gets what is in the bounding set. It can only be changed with
   * CAP_SETPCAP; who started us without that has limited it as he wanted. */
  if (have & BIT(CAP_SETPCAP))
    for (int capability = 0; prctl(PR_CAPBSET_READ, capability) >= 0; capability++)
      if (!(NEEDED & BIT(capability)) && prctl(PR_CAPBSET_DROP, capability) < 0)
        die("PR_CAPBSET_DROP %d: %s", capability, strerror(errno));
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
    die("PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
  capabilities_set(have & NEEDED);
}
