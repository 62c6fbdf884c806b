/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/filter.h"

#include <string.h>

#include "nwfilter/bounds.h"
#include "nwfilter/filter-private.h"

#define UUID_DIGITS 32

static const char *const actions[] = {"drop", "accept", "reject", "return", "continue"};
static const char *const directions[] = {"in", "out", "inout"};

const char *rule_action_format(RuleAction action)
{
    return actions[action];
}

const char *rule_direction_format(RuleDirection direction)
{
    return directions[direction];
}

/* By ChainKind. The priority is that of a chain whose filter gives none; stp's is 0, whatever
 * libvirt's document says. */
static const struct {
    const char *prefix;
    int priority;
} chain_kinds[] = {{"root", 0},   {"mac", -800},  {"vlan", -750}, {"stp", 0},
                   {"arp", -500}, {"rarp", -400}, {"ipv4", -700}, {"ipv6", -600}};

gboolean chain_kind_parse(const char *chain, ChainKind *kind)
{
    for (guint i = 0; i < G_N_ELEMENTS(chain_kinds); i++) {
        /* The root is a chain, not a prefix. */
        if (i == CHAIN_ROOT ? g_str_equal(chain, "root")
                            : g_str_has_prefix(chain, chain_kinds[i].prefix)) {
            *kind = (ChainKind)i;
            return TRUE;
        }
    }
    return FALSE;
}

int chain_kind_priority(ChainKind kind)
{
    return chain_kinds[kind].priority;
}

static int word_index(const char *const *words, guint n_words, const char *text)
{
    for (guint i = 0; i < n_words; i++) {
        if (strcmp(words[i], text) == 0)
            return (int)i;
    }
    return -1;
}

gboolean rule_action_parse(const char *text, RuleAction *action)
{
    int index = word_index(actions, G_N_ELEMENTS(actions), text);

    if (index >= 0)
        *action = (RuleAction)index;
    return index >= 0;
}

gboolean rule_direction_parse(const char *text, RuleDirection *direction)
{
    int index = word_index(directions, G_N_ELEMENTS(directions), text);

    if (index >= 0)
        *direction = (RuleDirection)index;
    return index >= 0;
}

const RuleItem *rule_item_lookup(const Rule *rule, Field field, Role role)
{
    for (guint i = 0; i < rule->items->len; i++) {
        const RuleItem *item = &g_array_index(rule->items, RuleItem, i);

        if (item->row->field == field && item->row->role == role)
            return item;
    }
    return NULL;
}

gboolean filter_name_check(const char *name, const char **expected)
{
    *expected = "a name without '/' and control characters, of 1 to 200 bytes, not '.' or '..'";
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '/' || (guchar)*at < 0x20 || *at == 0x7f)
            return FALSE;
    }
    return *name != '\0' && strlen(name) <= FILTER_NAME_MAX && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0 && g_utf8_validate(name, -1, NULL);
}

char *filter_uuid_parse(const char *text)
{
    GString *uuid = g_string_new(NULL);
    guint digits = 0;

    while (g_ascii_isspace(*text))
        text++;
    for (; digits < UUID_DIGITS && *text != '\0'; text++) {
        if (digits % 2 == 0 && (*text == '-' || g_ascii_isspace(*text)))
            continue;
        if (!g_ascii_isxdigit(*text))
            break;
        if (digits == 8 || digits == 12 || digits == 16 || digits == 20)
            g_string_append_c(uuid, '-');
        g_string_append_c(uuid, g_ascii_tolower(*text));
        digits++;
    }
    while (g_ascii_isspace(*text))
        text++;
    return g_string_free(uuid, digits != UUID_DIGITS || *text != '\0');
}

/* ---- life ---- */

static void item_clear(gpointer data)
{
    RuleItem *item = data;

    value_clear(&item->value);
    g_free(item->access.name);
}

Rule *rule_new(void)
{
    Rule *rule = g_new0(Rule, 1);

    rule->statematch = TRUE;
    rule->priority = RULE_PRIORITY_DEFAULT;
    rule->items = g_array_new(FALSE, TRUE, sizeof(RuleItem));
    g_array_set_clear_func(rule->items, item_clear);
    return rule;
}

void rule_free(Rule *rule)
{
    g_array_unref(rule->items);
    g_free(rule);
}

Include *include_new(void)
{
    Include *include = g_new0(Include, 1);

    include->parameters = variables_new();
    return include;
}

void include_free(Include *include)
{
    g_free(include->filter);
    variables_free(include->parameters);
    g_free(include);
}

static void entry_free(gpointer data)
{
    FilterEntry *entry = data;

    g_clear_pointer(&entry->rule, rule_free);
    g_clear_pointer(&entry->include, include_free);
    g_free(entry);
}

Filter *filter_new(void)
{
    Filter *filter = g_atomic_rc_box_new0(Filter);

    filter->entries = g_ptr_array_new_with_free_func(entry_free);
    return filter;
}

void filter_add(Filter *filter, Rule *rule, Include *include)
{
    FilterEntry *entry = g_new0(FilterEntry, 1);

    entry->rule = rule;
    entry->include = include;
    g_ptr_array_add(filter->entries, entry);
}

static void filter_clear(gpointer data)
{
    Filter *filter = data;

    g_free(filter->name);
    g_free(filter->chain);
    g_free(filter->uuid);
    g_ptr_array_unref(filter->entries);
}

Filter *filter_ref(Filter *filter)
{
    return g_atomic_rc_box_acquire(filter);
}

void filter_unref(Filter *filter)
{
    g_atomic_rc_box_release_full(filter, filter_clear);
}
