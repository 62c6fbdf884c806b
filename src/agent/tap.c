/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mac.h"

#define PREFIX "tw"
#define MARK "tapwall:"
#define TUN "/dev/net/tun"

G_STATIC_ASSERT(sizeof PREFIX + 12 <= IFNAMSIZ);

char *tap_name(const char *mac)
{
    GString *name = g_string_new(PREFIX);

    for (const char *c = mac; *c; c++)
        if (*c != ':')
            g_string_append_c(name, *c);
    return g_string_free(name, FALSE);
}

const char *tap_vm(const Link *link)
{
    return link->is_tun && g_str_has_prefix(link->name, PREFIX) && link->alias &&
                   g_str_has_prefix(link->alias, MARK)
               ? link->alias + strlen(MARK)
               : NULL;
}

/* A bridge takes the lowest address of its ports for its own, and every port's for its host's: so
 * the tap's is high and not the guest's, as libvirt does it. */
static guint64 tap_mac(const char *mac)
{
    guint64 own;

    if (!mac_parse(mac, &own))
        return 0;
    return (own & 0xffffffffff) | (guint64)(own >> 40 == 0xfe ? 0xfa : 0xfe) << 40;
}

static gboolean fail(GError **error, const char *name, const char *what)
{
    int code = errno;

    g_set_error(error, LINK_ERROR, code, "cannot make the tap %s: %s: %s", name, what,
                g_strerror(code));
    return FALSE;
}

/* What is left of an earlier NIC with that MAC address goes. */
static gboolean place_clear(const char *name, GError **error)
{
    g_autoptr(Link) old = NULL;

    if (!link_read(name, &old, error))
        return FALSE;
    if (!old)
        return TRUE;
    if (!tap_vm(old) || old->has_carrier) {
        g_set_error(error, LINK_ERROR, EEXIST, "cannot make the tap %s: %s", name,
                    tap_vm(old) ? "one of that name is in use"
                                : "the host has another link of that name");
        return FALSE;
    }
    return link_remove(name, error);
}

/* Whether the tap is persistent decides last: until then it goes when fd is closed. The owner must
 * be said, or everybody could open it; libvirt opens it as root and hands QEMU the descriptor. */
static gboolean tap_fill(int fd, const char *name, const char *mac, const char *vm_id,
                         GError **error)
{
    g_autofree char *mark = g_strconcat(MARK, vm_id, NULL);
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL};

    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    if (ioctl(fd, TUNSETIFF, &request) != 0)
        return fail(error, name, "TUNSETIFF");
    if (ioctl(fd, TUNSETOWNER, 0) != 0)
        return fail(error, name, "TUNSETOWNER");
    if (!link_mark(name, mark, tap_mac(mac), error))
        return FALSE;
    if (ioctl(fd, TUNSETPERSIST, 1) != 0)
        return fail(error, name, "TUNSETPERSIST");
    return TRUE;
}

gboolean tap_make(const char *mac, const char *vm_id, GError **error)
{
    g_autofree char *name = tap_name(mac);
    gboolean made;
    int fd;

    if (!place_clear(name, error))
        return FALSE;
    fd = open(TUN, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return fail(error, name, TUN);
    made = tap_fill(fd, name, mac, vm_id, error);
    (void)close(fd); /* nothing was written */
    return made;
}
