/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What clients ask for and what the daemon wrote of it, cut and changed: it is refused with words,
 * or what is read is what is written and read again. Input: one octet, which of the texts; the rest
 * is the text, of learned addresses without its head.
 */
#include <string.h>

#include "base/mac.h"
#include "filterd/addresses.h"
#include "filterd/binding.h"
#include "filterd/port-name.h"

#define OWNER "fuzz"

static void assert_same(const Binding *a, const Binding *b)
{
    g_assert_cmpstr(a->port, ==, b->port);
    g_assert_cmphex(a->mac, ==, b->mac);
    g_assert_cmpstr(a->owner_uuid, ==, b->owner_uuid);
}

/* Blanks of an attribute are one kind after the first time. */
static Binding *again(const Binding *binding)
{
    g_autofree char *text = binding_format_status(binding);
    g_autoptr(GError) error = NULL;
    Binding *read = binding_parse_status(text, strlen(text), &error);

    g_assert_no_error(error);
    assert_same(binding, read);
    return read;
}

static void check_binding(const char *text, gsize length, gboolean is_status)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Binding) binding =
        (is_status ? binding_parse_status : binding_parse)(text, length, &error);
    g_autoptr(Binding) second = NULL, third = NULL;
    g_autofree char *written = NULL, *rewritten = NULL;

    g_assert_true((binding == NULL) == (error != NULL));
    if (error) {
        g_assert_true(*error->message && g_utf8_validate(error->message, -1, NULL));
        return;
    }
    g_assert_true(port_name_check(binding->port, NULL));
    second = again(binding);
    third = again(second);
    written = binding_format(second, NULL);
    rewritten = binding_format(third, NULL);
    g_assert_cmpstr(written, ==, rewritten);
}

/* The head says whose they are and in which run of the kernel. */
static char *with_head(const char *text)
{
    g_autoptr(Addresses) none = addresses_new();
    g_autofree char *head = addresses_format(none, OWNER);

    return g_strconcat(head, "\n[until]\n", text, NULL);
}

static void check_addresses(const char *rows)
{
    g_autofree char *text = with_head(rows), *written = NULL, *rewritten = NULL;
    g_autoptr(Addresses) addresses = addresses_parse(text, OWNER), second = NULL;

    g_assert_null(addresses_parse(text, "another"));
    if (!addresses)
        return;
    g_assert_cmpuint(addresses_size(addresses), <=, ADDRESSES_MAX);
    written = addresses_format(addresses, OWNER);
    second = addresses_parse(written, OWNER);
    g_assert_nonnull(second);
    rewritten = addresses_format(second, OWNER);
    g_assert_cmpstr(written, ==, rewritten);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree char *text = NULL;

    if (size < 1)
        return 0;
    text = g_strndup((const char *)data + 1, size - 1);
    if (data[0] == 'a')
        check_addresses(text);
    else
        check_binding((const char *)data + 1, size - 1, data[0] == 's');
    return 0;
}
