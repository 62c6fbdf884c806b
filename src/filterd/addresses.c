/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/addresses.h"

#include <arpa/inet.h>
#include <string.h>
#include <time.h>

#include "filterd/packet.h"

typedef struct {
    guint32 address;
    gint64 until;
} Row;

struct Addresses {
    GArray *rows;
};

Addresses *addresses_new(void)
{
    Addresses *addresses = g_new(Addresses, 1);

    addresses->rows = g_array_new(FALSE, FALSE, sizeof(Row));
    return addresses;
}

Addresses *addresses_copy(const Addresses *addresses)
{
    Addresses *copy = g_new(Addresses, 1);

    copy->rows = g_array_copy(addresses->rows);
    return copy;
}

void addresses_free(Addresses *addresses)
{
    g_array_unref(addresses->rows);
    g_free(addresses);
}

gint64 addresses_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_BOOTTIME, &now); /* since Linux 2.6.39 */
    return now.tv_sec;
}

/* ---- the list ---- */

static Row *row_at(const Addresses *addresses, guint number)
{
    return &g_array_index(addresses->rows, Row, number);
}

static Row *row_of(const Addresses *addresses, guint32 address)
{
    for (guint i = 0; i < addresses->rows->len; i++)
        if (row_at(addresses, i)->address == address)
            return row_at(addresses, i);
    return NULL;
}

guint addresses_size(const Addresses *addresses)
{
    return addresses->rows->len;
}

guint32 addresses_get(const Addresses *addresses, guint number)
{
    return row_at(addresses, number)->address;
}

gboolean addresses_has(const Addresses *addresses, guint32 address)
{
    return row_of(addresses, address) != NULL;
}

gboolean addresses_put(Addresses *addresses, guint32 address, gint64 until)
{
    const Row row = {address, until};
    Row *found = row_of(addresses, address);

    if (!found && addresses->rows->len >= ADDRESSES_MAX)
        return FALSE;
    if (found)
        *found = row;
    else
        g_array_append_val(addresses->rows, row);
    return TRUE;
}

gboolean addresses_remove(Addresses *addresses, guint32 address)
{
    for (guint i = 0; i < addresses->rows->len; i++) {
        if (row_at(addresses, i)->address != address)
            continue;
        g_array_remove_index(addresses->rows, i);
        return TRUE;
    }
    return FALSE;
}

void addresses_clear(Addresses *addresses)
{
    g_array_set_size(addresses->rows, 0);
}

gboolean addresses_expire(Addresses *addresses, gint64 now)
{
    const guint before = addresses->rows->len;

    for (guint i = before; i-- > 0;)
        if (row_at(addresses, i)->until <= now)
            g_array_remove_index(addresses->rows, i);
    return addresses->rows->len < before;
}

gint64 addresses_next_end(const Addresses *addresses)
{
    gint64 end = ADDRESS_FOR_GOOD;

    for (guint i = 0; i < addresses->rows->len; i++)
        end = MIN(end, row_at(addresses, i)->until);
    return end;
}

/* ---- texts ---- */

char *address_format(guint32 address)
{
    return g_strdup_printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
                           address & 255);
}

gboolean address_parse(const char *text, guint32 *address)
{
    struct in_addr parsed;

    if (inet_pton(AF_INET, text, &parsed) != 1)
        return FALSE;
    *address = ntohl(parsed.s_addr);
    return TRUE;
}

#define OWNER_GROUP "owner"
#define UNTIL_GROUP "until" /* address = seconds, or FOR_GOOD */
#define FOR_GOOD "for good"

/* Which run of the kernel the clock counts in. */
static char *boot_id(void)
{
    char *id = NULL;

    if (!g_file_get_contents("/proc/sys/kernel/random/boot_id", &id, NULL, NULL))
        return g_strdup("unknown");
    return g_strchomp(id);
}

char *addresses_format(const Addresses *addresses, const char *owner)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autofree char *boot = boot_id();

    g_key_file_set_string(file, OWNER_GROUP, "port", owner);
    g_key_file_set_string(file, OWNER_GROUP, "boot", boot);
    for (guint i = 0; i < addresses->rows->len; i++) {
        const Row *row = row_at(addresses, i);
        g_autofree char *address = address_format(row->address);

        if (row->until == ADDRESS_FOR_GOOD)
            g_key_file_set_string(file, UNTIL_GROUP, address, FOR_GOOD);
        else
            g_key_file_set_int64(file, UNTIL_GROUP, address, row->until);
    }
    return g_key_file_to_data(file, NULL, NULL);
}

static gboolean is_owner(GKeyFile *file, const char *owner)
{
    g_autofree char *port = g_key_file_get_string(file, OWNER_GROUP, "port", NULL);
    g_autofree char *boot = g_key_file_get_string(file, OWNER_GROUP, "boot", NULL);
    g_autofree char *now = boot_id();

    return g_strcmp0(port, owner) == 0 && g_strcmp0(boot, now) == 0;
}

static gboolean parse_row(Addresses *addresses, const char *name, const char *until)
{
    gint64 end = ADDRESS_FOR_GOOD;
    guint32 address;

    if (!address_parse(name, &address) || !address_is_host(address) || !until ||
        (strcmp(until, FOR_GOOD) != 0 &&
         !g_ascii_string_to_signed(until, 10, 0, ADDRESS_FOR_GOOD - 1, &end, NULL)))
        return FALSE;
    return addresses_put(addresses, address, end);
}

Addresses *addresses_parse(const char *text, const char *owner)
{
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_autoptr(Addresses) addresses = addresses_new();
    g_auto(GStrv) names = NULL;

    if (!g_key_file_load_from_data(file, text, strlen(text), G_KEY_FILE_NONE, NULL) ||
        !is_owner(file, owner))
        return NULL;
    names = g_key_file_get_keys(file, UNTIL_GROUP, NULL, NULL);
    for (char **name = names; name && *name; name++) {
        g_autofree char *until = g_key_file_get_string(file, UNTIL_GROUP, *name, NULL);

        if (!parse_row(addresses, *name, until))
            return NULL;
    }
    return g_steal_pointer(&addresses);
}
