/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/bridge.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/nic.h"

G_DEFINE_QUARK(tapwall - bridge - error, bridge_error)

/* The driver's name of a link, as ethtool -i prints it; FALSE when the kernel does not say. */
static gboolean driver_read(const char *name, char driver[32])
{
    struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
    struct ifreq request = {0};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    gboolean said;

    if (fd < 0)
        return FALSE;
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    request.ifr_data = (char *)&info;
    said = ioctl(fd, SIOCETHTOOL, &request) == 0;
    (void)close(fd); /* nothing was written */
    if (said)
        g_strlcpy(driver, info.driver, 32);
    return said;
}

static gboolean is_bridge(const char *name)
{
    char driver[32];

    return driver_read(name, driver) &&
           (strcmp(driver, "bridge") == 0 || strcmp(driver, "openvswitch") == 0);
}

static gboolean dummy_make(GError **error)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    gboolean made = fd >= 0 && (ioctl(fd, SIOCBRADDBR, NIC_DUMMY_BRIDGE) == 0 || errno == EEXIST);

    if (!made)
        g_set_error(error, BRIDGE_ERROR, 0, "cannot make the bridge %s for NICs in no network: %s",
                    NIC_DUMMY_BRIDGE, g_strerror(errno));
    if (fd >= 0)
        (void)close(fd); /* nothing was written */
    return made;
}

gboolean bridge_check(const char *name, GError **error)
{
    if (strlen(name) >= IFNAMSIZ) {
        g_set_error(error, BRIDGE_ERROR, 0, "'%s' is no bridge of this host: longer than %d bytes",
                    name, IFNAMSIZ - 1);
        return FALSE;
    }
    if (is_bridge(name))
        return TRUE;
    if (strcmp(name, NIC_DUMMY_BRIDGE) == 0)
        return dummy_make(error);
    if (if_nametoindex(name) == 0)
        g_set_error(error, BRIDGE_ERROR, 0, "this host has no bridge '%s'", name);
    else
        g_set_error(error, BRIDGE_ERROR, 0, "the interface '%s' of this host is not a bridge",
                    name);
    return FALSE;
}

GPtrArray *bridge_names(void)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    struct if_nameindex *links = if_nameindex();

    for (struct if_nameindex *link = links; link && link->if_index != 0; link++)
        if (is_bridge(link->if_name) && strcmp(link->if_name, NIC_DUMMY_BRIDGE) != 0)
            g_ptr_array_add(names, g_strdup(link->if_name));
    if (links)
        if_freenameindex(links);
    return names;
}
