/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/tap.h"
#include "agent/settle.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* The agent's own taps, in a network namespace of the test's own. */

#define MAC "52:54:00:00:00:01"
#define TAP "tw525400000001"
#define VM_ID "11111111-2222-3333-4444-555555555555"
#define OTHER_VM "21111111-2222-3333-4444-555555555555"

enum { SIOC_BRADDBR = 0x89a0, MTU = 1400 };

static Link *tap_read(void)
{
    Link *link = NULL;

    g_assert_true(link_read(TAP, &link, NULL));
    return link;
}

static void bridge_make(const char *name)
{
    struct ifreq request = {.ifr_mtu = MTU};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(ioctl(fd, SIOC_BRADDBR, name), ==, 0);
    g_strlcpy(request.ifr_name, name, sizeof request.ifr_name);
    g_assert_cmpint(ioctl(fd, SIOCSIFMTU, &request), ==, 0);
    close(fd);
}

/* As libvirt opens a tap that it does not manage. */
static int tap_open(void)
{
    struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

    g_strlcpy(request.ifr_name, TAP, sizeof request.ifr_name);
    g_assert_cmpint(ioctl(fd, TUNSETIFF, &request), ==, 0);
    return fd;
}

static void outside_of_everything_when_new(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Link) link = NULL;
    g_autofree char *name = tap_name(MAC);

    g_assert_cmpstr(name, ==, TAP);
    g_assert_true(tap_make(MAC, VM_ID, &error));
    g_assert_no_error(error);
    link = tap_read();
    g_assert_cmpstr(tap_vm(link), ==, VM_ID);
    g_assert_false(link->is_up);
    g_assert_false(link->has_carrier);
    g_assert_cmpuint(link->master, ==, 0);
}

static void from_bridge_to_bridge_and_out(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Link) first = NULL, second = NULL, out = NULL;

    bridge_make("br1");
    bridge_make("br2");
    g_assert_true(link_join(TAP, "br1", &error));
    first = tap_read();
    g_assert_true(first->is_up);
    g_assert_cmpuint(first->master, ==, if_nametoindex("br1"));
    g_assert_cmpuint(first->mtu, ==, MTU);
    g_assert_true(link_join(TAP, "br2", &error));
    second = tap_read();
    g_assert_cmpuint(second->master, ==, if_nametoindex("br2"));
    g_assert_false(link_join(TAP, "br3", &error));
    g_assert_error(error, LINK_ERROR, ENODEV);
    g_assert_true(link_leave(TAP, NULL));
    out = tap_read();
    g_assert_false(out->is_up);
    g_assert_cmpuint(out->master, ==, 0);
}

static void in_use_is_left_alone(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Link) used = NULL, anew = NULL;
    int fd = tap_open();

    used = tap_read();
    g_assert_true(used->has_carrier);
    g_assert_false(tap_make(MAC, OTHER_VM, &error));
    g_assert_error(error, LINK_ERROR, EEXIST);
    close(fd);
    g_assert_true(tap_make(MAC, OTHER_VM, NULL)); /* what was left over is nobody's */
    anew = tap_read();
    g_assert_cmpstr(tap_vm(anew), ==, OTHER_VM);
    g_assert_cmpuint(anew->index, !=, used->index);
}

#define DOMAIN(id)                                                                                 \
    "<domain><name>vm</name><uuid>" id "</uuid><metadata><t:vm "                                   \
    "xmlns:t='http://tapwall.example/vm/1.0'><t:nic mac='" MAC "' network='br1' bridge='br1'/>"    \
    "</t:vm></metadata><devices><interface type='ethernet'><mac address='" MAC "'/>"               \
    "<target dev='" TAP "' managed='no'/></interface></devices></domain>"

/* The VMs to be looked at when xml runs, as one text. */
static char *suspects(const char *xml)
{
    g_autoptr(Definition) definition = definition_parse("x", xml, NULL);
    g_autoptr(Vm) vm = vm_new(definition);
    g_autoptr(GPtrArray) views = g_ptr_array_new();
    g_autoptr(Virt) filters = virt_on_demand("nwfilter:///nonexistent");
    g_autoptr(GPtrArray) ids = NULL;

    g_assert_true(vm_set_state(vm, VM_UP));
    g_ptr_array_add(views, vm->view);
    ids = settle_suspects(views, filters, NULL);
    g_assert_nonnull(ids);
    g_ptr_array_add(ids, NULL);
    return g_strjoinv(" ", (char **)ids->pdata);
}

/* OTHER_VM has the tap, which is down at first. */
static void looked_at(void)
{
    g_autofree char *down = suspects(DOMAIN(OTHER_VM));
    g_autofree char *left = NULL, *up = NULL, *moved = NULL;

    g_assert_cmpstr(down, ==, OTHER_VM);
    left = suspects("<domain><name>vm</name><uuid>" VM_ID "</uuid></domain>");
    g_assert_cmpstr(left, ==, OTHER_VM);
    g_assert_true(link_join(TAP, "br1", NULL));
    up = suspects(DOMAIN(OTHER_VM));
    g_assert_cmpstr(up, ==, "");
    g_assert_true(link_join(TAP, "br2", NULL));
    moved = suspects(DOMAIN(OTHER_VM));
    g_assert_cmpstr(moved, ==, OTHER_VM);
}

static void listed_and_removed(void)
{
    g_autoptr(GPtrArray) links = links_read(NULL);
    g_autoptr(Link) link = NULL;
    guint ours = 0;

    for (guint i = 0; i < links->len; i++)
        ours += tap_vm(links->pdata[i]) != NULL;
    g_assert_cmpuint(ours, ==, 1);
    g_assert_true(link_remove(TAP, NULL));
    g_assert_true(link_remove(TAP, NULL));
    link = tap_read();
    g_assert_null(link);
}

/* A link of that name that is not the agent's is neither taken nor removed. */
static void foreign_is_left_alone(void)
{
    g_autoptr(GError) error = NULL;

    bridge_make(TAP);
    g_assert_false(tap_make(MAC, VM_ID, &error));
    g_assert_error(error, LINK_ERROR, EEXIST);
    g_assert_cmpuint(if_nametoindex(TAP), !=, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(unshare(CLONE_NEWNET), ==, 0);
    g_test_add_func("/agent/tap/new", outside_of_everything_when_new);
    g_test_add_func("/agent/tap/bridges", from_bridge_to_bridge_and_out);
    g_test_add_func("/agent/tap/in-use", in_use_is_left_alone);
    g_test_add_func("/agent/tap/looked-at", looked_at);
    g_test_add_func("/agent/tap/removed", listed_and_removed);
    g_test_add_func("/agent/tap/foreign", foreign_is_left_alone);
    return g_test_run();
}
