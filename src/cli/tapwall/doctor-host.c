/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "cli/tapwall/doctor.h"
#include "datapath/tcx.h"

/* Where libvirt's own filter driver, in whatever daemon, says that it runs (libvirt's
 * src/nwfilter/nwfilter_driver.c), and keeps what it has bound. */
#define LIBVIRT_LOCK "/run/libvirt/nwfilter/driver.pid"
#define LIBVIRT_BINDINGS "/run/libvirt/nwfilter-binding"

static void examine_kernel(Diagnosis *diagnosis)
{
    g_autofree char *jit = NULL;
    struct utsname system;

    if (uname(&system) == 0)
        doctor_say(diagnosis, DOCTOR_GOOD, "Linux %s, hooks: %s", system.release,
                   tcx_is_known() ? "tcx" : "clsact, which others can take away");
    if (g_file_get_contents("/proc/sys/net/core/bpf_jit_enable", &jit, NULL, NULL) && *jit == '0')
        doctor_say(diagnosis, DOCTOR_NOTE,
                   "net.core.bpf_jit_enable is 0: filters are interpreted, and slow");
}

/* The lock of libvirt's pid files is fcntl's, of its first octet. */
static gboolean is_locked(FILE *file)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};

    return fcntl(fileno(file), F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

/* Its bindings outlive it, as ours do. */
static void examine_bindings(Diagnosis *diagnosis)
{
    g_autoptr(GDir) dir = g_dir_open(LIBVIRT_BINDINGS, 0, NULL);
    GList *names = NULL;
    const char *name;

    while (dir && (name = g_dir_read_name(dir)))
        names = g_list_insert_sorted(names, g_strdup(name), compare_texts);
    for (GList *at = names; at; at = at->next)
        doctor_say(diagnosis, DOCTOR_NOTE, LIBVIRT_BINDINGS "/%s: bound by libvirt's own driver",
                   (const char *)at->data);
    g_list_free_full(names, g_free);
}

static void examine_libvirt(Diagnosis *diagnosis)
{
    FILE *file = fopen(LIBVIRT_LOCK, "re");

    if (file && is_locked(file))
        doctor_say(diagnosis, DOCTOR_NOTE,
                   "libvirt's own filter driver runs, too: ports that are bound there are not "
                   "tapwalld's (" LIBVIRT_LOCK ")");
    if (file)
        (void)fclose(file);
    examine_bindings(diagnosis);
}

/* "chain libvirt-I-vnet0 {": those of a port; the chains above them stay when all ports have gone.
 */
static const char *port_of_chain(const char *line)
{
    static const char *const prefixes[] = {"chain libvirt-I-", "chain libvirt-O-", "chain FI-",
                                           "chain FO-", "chain HI-"};

    for (guint i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_str_has_prefix(line, prefixes[i]))
            return line + strlen(prefixes[i]);
    return NULL;
}

/* libvirt's rules, which a daemon that did not end well leaves behind, go on dropping. */
static void examine_leftovers(Diagnosis *diagnosis)
{
    const char *arguments[] = {"nft", "list", "chains", NULL};
    g_autoptr(GHashTable) ports = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autofree char *output = NULL;
    g_autoptr(GList) sorted = NULL;

    if (!g_spawn_sync(NULL, (char **)arguments, NULL,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL, &output, NULL,
                      NULL, NULL)) {
        doctor_say(diagnosis, DOCTOR_NOTE, "no nft: libvirt's rules were not looked for");
        return;
    }
    g_auto(GStrv) lines = g_strsplit(output, "\n", -1);
    for (char **line = lines; *line; line++) {
        const char *name = port_of_chain(g_strstrip(*line));

        if (name)
            g_hash_table_add(ports, g_strndup(name, strcspn(name, " {")));
    }
    sorted = g_list_sort(g_hash_table_get_keys(ports), compare_texts);
    for (GList *at = sorted; at; at = at->next)
        doctor_say(diagnosis, DOCTOR_PROBLEM,
                   "device %s: libvirt's own rules filter it, too (nft list chains)",
                   (const char *)at->data);
}

void doctor_host(Diagnosis *diagnosis)
{
    examine_kernel(diagnosis);
    examine_libvirt(diagnosis);
    examine_leftovers(diagnosis);
}
