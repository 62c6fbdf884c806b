/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "datapath/datapath-private.h"
#include "datapath/expedite.h"

/*
 * What a process with another layout of maps left: the folders N and N-links beside ours. Its links
 * go on judging by its own rows, beside ours, until they are taken away.
 */

#define LINKS "-links"

#define DAMAGED "-damaged" /* what of our layout was set aside, and after it how often before */
#define DAMAGED_MAX 100

/* TRUE for "N" and "N-links" of another N than ours, and for what was set aside. */
static gboolean is_other_layout(const char *name)
{
    g_autofree char *digits = g_strndup(name, strspn(name, "0123456789"));
    const char *rest = name + strlen(digits);
    const gboolean is_damaged = g_str_has_prefix(rest, DAMAGED);

    if (is_damaged) {
        rest += strlen(DAMAGED);
        rest += strspn(rest, "0123456789");
    }
    return *digits != '\0' && (*rest == '\0' || strcmp(rest, LINKS) == 0) &&
           (is_damaged || g_ascii_strtoull(digits, NULL, 10) != LAYOUT_VERSION);
}

static GPtrArray *names_in(const char *folder)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        g_ptr_array_add(names, g_strdup(name));
    return names;
}

static void take_link(const char *path)
{
    int link = bpf_obj_get(path);

    if (link >= 0) {
        (void)bpf_link_detach(link); /* fails when the device is gone, and the link with it */
        close(link);
    }
    (void)unlink(path); /* else it is found again at the next start */
}

/* A port that we do not filter keeps what it has. Returns how many links that are. */
static guint take_links(const Datapath *datapath, const char *folder)
{
    g_autoptr(GPtrArray) names = names_in(folder);
    guint left = 0;

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        char name[IF_NAMESIZE];
        const guint ifindex = (guint)g_ascii_strtoull(names->pdata[i], NULL, 10);

        if (ifindex > 0 && !datapath_is_attached(datapath, ifindex) &&
            if_indextoname(ifindex, name))
            left++;
        else
            take_link(path);
    }
    return left;
}

static void remove_folder(const char *folder)
{
    g_autoptr(GPtrArray) names = names_in(folder);

    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, names->pdata[i], NULL);
        (void)unlink(path); /* what stays keeps the folder, and the next start tries again */
    }
    (void)rmdir(folder);
}

/* The links first: a folder of pins without its links is only room. */
static gboolean set_aside(const char *pins, const char *links, guint number)
{
    g_autofree char *to = g_strdup_printf("%s" DAMAGED "%u", pins, number);
    g_autofree char *links_to = g_strconcat(to, LINKS, NULL);

    if (g_file_test(to, G_FILE_TEST_EXISTS) || g_file_test(links_to, G_FILE_TEST_EXISTS))
        return FALSE;
    return (g_rename(links, links_to) == 0 || errno == ENOENT) && g_rename(pins, to) == 0;
}

gboolean datapath_set_aside(const char *pins, const char *links, GError **error)
{
    for (guint number = 0; number < DAMAGED_MAX; number++)
        if (set_aside(pins, links, number))
            return TRUE;
    return datapath_kernel_error(error, errno, "setting %s aside", pins);
}

guint datapath_drop_older(Datapath *datapath)
{
    g_autofree char *base = g_path_get_dirname(datapath->pins);
    g_autoptr(GPtrArray) names = names_in(base);
    Expedite expedite;
    guint left = 0;

    expedite_begin(&expedite);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *folder = g_build_filename(base, names->pdata[i], NULL);

        if (is_other_layout(names->pdata[i]) && g_str_has_suffix(names->pdata[i], LINKS))
            left += take_links(datapath, folder);
    }
    for (guint i = 0; left == 0 && i < names->len; i++) {
        g_autofree char *folder = g_build_filename(base, names->pdata[i], NULL);

        if (is_other_layout(names->pdata[i]))
            remove_folder(folder);
    }
    expedite_end(&expedite);
    return left;
}
