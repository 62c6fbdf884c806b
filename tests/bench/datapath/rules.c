/* SPDX-License-Identifier: Apache-2.0 */
#include "rules.h"

#include <string.h>

#include "batch.h"

#define BOUND 3 /* ports in what was saved */

struct Rules {
    char *text;
};

/* ---- lines of one port ---- */

/* A line with another port's names and MAC; the caller frees. */
static char *line_for(const char *line, guint bound, const char *device, guint port)
{
    g_autofree char *old_device = g_strdup_printf("stock-%u", bound);
    g_autofree char *old_mac = g_strdup_printf("52:54:00:00:00:%02x", bound);
    g_autofree char *mac = g_strdup_printf("52:54:00:00:%02x:%02x", port >> 8, port & 255);
    g_autoptr(GString) text = g_string_new(line);

    g_string_replace(text, old_device, device, 0);
    g_string_replace(text, old_mac, mac, 0);
    return g_strdup(text->str);
}

static gboolean is_of(const char *line, guint bound)
{
    g_autofree char *device = g_strdup_printf("stock-%u", bound);

    return strstr(line, device) != NULL;
}

/* The lines that begin with `head` of a port in the saved text, as those of `device`. */
static void append_lines(const Rules *rules, const char *head, guint bound, const char *device,
                         guint port, GString *to)
{
    g_auto(GStrv) lines = g_strsplit(rules->text, "\n", -1);

    for (char **line = lines; *line; line++)
        if (g_str_has_prefix(*line, head) && is_of(*line, bound)) {
            g_autofree char *own = line_for(*line, bound, device, port);
            g_string_append_printf(to, "%s\n", own);
        }
}

static void check_form(const Rules *rules)
{
    g_autoptr(GString) first = g_string_new(NULL);

    append_lines(rules, "", 1, "x", 0, first);
    for (guint bound = 2; bound <= BOUND; bound++) {
        g_autoptr(GString) other = g_string_new(NULL);

        append_lines(rules, "", bound, "x", 0, other);
        g_assert_cmpstr(other->str, ==, first->str);
    }
    g_assert_cmpuint(first->len, >, 0);
}

Rules *rules_new(const char *path)
{
    Rules *rules = g_new0(Rules, 1);
    g_autoptr(GError) error = NULL;

    g_assert_true(g_file_get_contents(path, &rules->text, NULL, &error));
    check_form(rules);
    return rules;
}

void rules_free(Rules *rules)
{
    if (!rules)
        return;
    g_free(rules->text);
    g_free(rules);
}

/* ---- into force ---- */

/* Lines of all ports in the order in which they were bound. Port 2, who receives, has no rules. */
static void append_ports(const Rules *rules, const char *head, guint n, guint place, GString *to)
{
    guint other = 3;

    for (guint i = 1; i <= n; i++) {
        const guint port = i == place ? 1 : other++;
        g_autofree char *device = g_strdup_printf("p%u", port);

        append_lines(rules, head, BOUND, device, port, to);
    }
}

#define RESTORE "exec ebtables-restore"
#define EMPTY "*nat\n:PREROUTING ACCEPT\n:OUTPUT ACCEPT\n:POSTROUTING ACCEPT\n"

void rules_apply(const Rules *rules, guint n, guint place)
{
    g_autoptr(GString) text = g_string_new(EMPTY);

    append_ports(rules, ":", n, place, text);
    append_ports(rules, "-A PREROUTING", n, place, text);
    append_ports(rules, "-A POSTROUTING", n, place, text);
    append_ports(rules, "-A I-", n, place, text);
    append_ports(rules, "-A O-", n, place, text);
    append_ports(rules, "-A libvirt-", n, place, text);
    batch_run(RESTORE, text->str);
}

void rules_clear(void)
{
    batch_run(RESTORE, EMPTY);
}
