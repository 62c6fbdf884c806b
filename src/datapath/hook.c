/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/datapath.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "datapath/clsact.h"
#include "datapath/datapath-private.h"
#include "datapath/expedite.h"
#include "datapath/tcx.h"

/*
 * tcx links, by bpf(2) itself: libbpf has them since 1.3 only. A link that is pinned holds its
 * program at the hook whatever becomes of us; it goes with the device, or when its pin does.
 */

static const struct {
    guint type;
    const char *word;
    KernelProgram program;
} way_rows[N_WAYS] = {
    [WAY_OUT] = {TCX_INGRESS, "out", KERNEL_DISPATCH_OUT}, /* what the port receives */
    [WAY_IN] = {TCX_EGRESS, "in", KERNEL_DISPATCH_IN},
};

static char *link_path(const Datapath *datapath, guint ifindex, guint way)
{
    return g_strdup_printf("%s/%u-%s", datapath->links, ifindex, way_rows[way].word);
}

static int link_create(int program, guint ifindex, guint type)
{
    union bpf_attr attributes = {0};

    attributes.link_create.prog_fd = (__u32)program;
    attributes.link_create.target_ifindex = ifindex;
    attributes.link_create.attach_type = type;
    return (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes);
}

/* ---- one link ---- */

/* The kernel's struct bpf_link_info as of 6.6, whose tcx part the headers here may lack. */
typedef struct {
    __u32 type, id, program, zero;
    __u32 ifindex, attach_type;
    __u32 rest[16];
} LinkInfo;

/* A pinned link that is where it should be, with our program. A link of a device that is gone has
 * no ifindex. */
static gboolean link_holds(const Datapath *datapath, const char *path, guint ifindex, guint way)
{
    LinkInfo info = {0};
    __u32 length = sizeof info;
    int link = bpf_obj_get(path), result;

    if (link < 0)
        return FALSE;
    result = bpf_obj_get_info_by_fd(link, (struct bpf_link_info *)(gpointer)&info, &length);
    close(link);
    return result == 0 && info.ifindex == ifindex && info.attach_type == way_rows[way].type &&
           info.program == datapath->dispatch[way];
}

static gboolean link_failed(int number, guint ifindex, guint way, GError **error)
{
    if (number != EEXIST)
        return datapath_kernel_error(error, number, "attaching to port %u (%s)", ifindex,
                                     way_rows[way].word);
    g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_BUSY,
                "port %u (%s) still has a link whose pin was taken away", ifindex,
                way_rows[way].word);
    return FALSE;
}

static gboolean link_attach(const Datapath *datapath, guint ifindex, guint way, GError **error)
{
    g_autofree char *path = link_path(datapath, ifindex, way);
    int link, result;

    if (link_holds(datapath, path, ifindex, way))
        return TRUE;
    (void)unlink(path); /* of another device of that number, or not there */
    link =
        link_create(datapath->kernel->programs[way_rows[way].program], ifindex, way_rows[way].type);
    if (link < 0)
        return link_failed(errno, ifindex, way, error);
    result = bpf_obj_pin(link, path);
    close(link);
    return result == 0 || datapath_kernel_error(error, result, "pinning %s", path);
}

static gboolean links_attach(const Datapath *datapath, guint ifindex, GError **error)
{
    Expedite expedite;
    gboolean good = TRUE;

    expedite_begin(&expedite);
    for (guint way = 0; good && way < N_WAYS; way++)
        good = link_attach(datapath, ifindex, way, error);
    expedite_end(&expedite);
    return good;
}

/* Off the hook at once: without its pin alone it would go some time later. */
static void link_detach(const char *path)
{
    int link = bpf_obj_get(path);

    if (link < 0)
        return;
    (void)bpf_link_detach(link); /* fails when the device is gone, and the link with it */
    close(link);
}

static gboolean links_detach(const Datapath *datapath, guint ifindex, GError **error)
{
    Expedite expedite;
    gboolean good = TRUE;

    expedite_begin(&expedite);
    for (guint way = 0; way < N_WAYS; way++) {
        g_autofree char *path = link_path(datapath, ifindex, way);

        link_detach(path);
        if (unlink(path) != 0 && errno != ENOENT && good)
            good = datapath_kernel_error(error, errno, "removing %s", path);
    }
    expedite_end(&expedite);
    return good;
}

/* ---- one device ---- */

/* Our program is among those that the device has there. */
static gboolean is_there(const Datapath *datapath, guint ifindex, guint way)
{
    guint ids[TCX_PROGRAMS_MAX], count;

    if (tcx_query(ifindex, way_rows[way].type, ids, &count) != 0)
        return FALSE;
    for (guint i = 0; i < count; i++)
        if (ids[i] == datapath->dispatch[way])
            return TRUE;
    return FALSE;
}

/* ---- both kinds ---- */

gboolean hooks_open(Datapath *datapath, GError **error)
{
    for (guint way = 0; way < N_WAYS; way++) {
        struct bpf_prog_info info = {0};
        __u32 length = sizeof info;
        const int program = datapath->kernel->programs[way_rows[way].program];
        int result = bpf_obj_get_info_by_fd(program, &info, &length);

        if (result != 0)
            return datapath_kernel_error(error, result, "asking for a program's number");
        datapath->dispatch[way] = info.id;
    }
    return TRUE;
}

gboolean datapath_attach(Datapath *datapath, guint ifindex, GError **error)
{
    const int programs[N_WAYS] = {datapath->kernel->programs[KERNEL_DISPATCH_OUT],
                                  datapath->kernel->programs[KERNEL_DISPATCH_IN]};

    if (datapath->is_tcx)
        return links_attach(datapath, ifindex, error);
    return clsact_attach(ifindex, programs, datapath->dispatch, error);
}

gboolean datapath_detach(Datapath *datapath, guint ifindex, GError **error)
{
    if (datapath->is_tcx)
        return links_detach(datapath, ifindex, error);
    return clsact_detach(ifindex, error);
}

gboolean datapath_is_attached(const Datapath *datapath, guint ifindex)
{
    if (!datapath->is_tcx)
        return clsact_is_attached(ifindex, datapath->dispatch);
    for (guint way = 0; way < N_WAYS; way++) {
        g_autofree char *path = link_path(datapath, ifindex, way);

        if (!link_holds(datapath, path, ifindex, way))
            return FALSE;
    }
    return TRUE;
}

gboolean datapath_is_judged(const Datapath *datapath, guint ifindex)
{
    if (!datapath->is_tcx)
        return datapath_is_attached(datapath, ifindex);
    for (guint way = 0; way < N_WAYS; way++)
        if (!is_there(datapath, ifindex, way))
            return FALSE;
    return TRUE;
}

const char *datapath_hook_pins(const Datapath *datapath)
{
    return datapath->links;
}
