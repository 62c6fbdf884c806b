/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/search.h"

#include <string.h>

#define SEARCH_MAX_BYTES 4096
#define PAGE_SIZE 100 /* of "page N" when the request has no max, as oVirt's */

typedef enum { KEY_TEXT, KEY_NUMBER, KEY_VM_STATUS, KEY_HOST_STATUS, KEY_SEVERITY } KeyType;

typedef struct {
    EntityKind kind;
    const char *key, *column;
    KeyType type;
    gboolean by_name;
    EntityKind via;
} SearchKey;

#define VIA(kind) .by_name = TRUE, .via = ENTITY_##kind

static const SearchKey keys[] = {
    {ENTITY_DATA_CENTER, "name", "name"},
    {ENTITY_DATA_CENTER, "id", "data_center_id"},
    {ENTITY_DATA_CENTER, "description", "description"},
    {ENTITY_CLUSTER, "name", "name"},
    {ENTITY_CLUSTER, "id", "cluster_id"},
    {ENTITY_CLUSTER, "description", "description"},
    {ENTITY_CLUSTER, "datacenter", "data_center_id", VIA(DATA_CENTER)},
    {ENTITY_HOST, "name", "vds_name"},
    {ENTITY_HOST, "id", "vds_id"},
    {ENTITY_HOST, "hostname", "host_name"},
    {ENTITY_HOST, "address", "host_name"},
    {ENTITY_HOST, "status", "status", KEY_HOST_STATUS},
    {ENTITY_HOST, "cluster", "cluster_id", VIA(CLUSTER)},
    {ENTITY_NETWORK, "name", "name"},
    {ENTITY_NETWORK, "id", "network_id"},
    {ENTITY_NETWORK, "description", "description"},
    {ENTITY_NETWORK, "datacenter", "data_center_id", VIA(DATA_CENTER)},
    {ENTITY_VM, "name", "vm_name"},
    {ENTITY_VM, "id", "vm_guid"},
    {ENTITY_VM, "description", "description"},
    {ENTITY_VM, "status", "status", KEY_VM_STATUS},
    {ENTITY_VM, "cluster", "cluster_id", VIA(CLUSTER)},
    {ENTITY_VM, "host", "run_on_vds", VIA(HOST)},
    {ENTITY_EVENT, "id", "audit_log_id", KEY_NUMBER},
    {ENTITY_EVENT, "type", "log_type", KEY_NUMBER},
    {ENTITY_EVENT, "time", "log_time", KEY_NUMBER},
    {ENTITY_EVENT, "severity", "severity", KEY_SEVERITY},
    {ENTITY_EVENT, "message", "message"},
    {ENTITY_EVENT, "usrname", "user_name"},
    {ENTITY_EVENT, "vm", "vm_id", VIA(VM)},
    {ENTITY_EVENT, "host", "vds_id", VIA(HOST)},
    {ENTITY_EVENT, "cluster", "cluster_id", VIA(CLUSTER)},
    {ENTITY_EVENT, "correlation_id", "correlation_id"},
};

static const char *const severity_names[] = {"normal", "warning", "error", "alert"};

struct Search {
    StoreQuery query;
    StoreCondition conditions[STORE_MAX_CONDITIONS];
    GPtrArray *texts;
    EntityKind kind;
    const char *at;
};

const StoreQuery *search_query(const Search *search)
{
    return &search->query;
}

void search_free(Search *search)
{
    if (!search)
        return;
    g_ptr_array_unref(search->texts);
    g_free(search);
}

static gboolean misunderstood(const Search *search, const char *expected, GError **error)
{
    if (*search->at)
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "The search text is not understood at '%.64s': %s expected.",
                             search->at, expected);
    return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                         "The search text is not understood at its end: %s expected.", expected);
}

/* ---- words ---- */

static void skip_space(Search *search)
{
    while (g_ascii_isspace(*search->at))
        search->at++;
}

static gsize word_length(const char *at)
{
    gsize length = strcspn(at, " \t\r\n=!<>\"():");
    return length;
}

/* Takes the word if it is the next one, in any case. */
static gboolean accept_word(Search *search, const char *word)
{
    skip_space(search);
    gsize length = word_length(search->at);
    if (length != strlen(word) || g_ascii_strncasecmp(search->at, word, length) != 0)
        return FALSE;
    search->at += length;
    return TRUE;
}

static const SearchKey *take_key(Search *search, GError **error)
{
    skip_space(search);
    gsize length = word_length(search->at);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (keys[i].kind != search->kind || strlen(keys[i].key) != length ||
            g_ascii_strncasecmp(search->at, keys[i].key, length) != 0)
            continue;
        search->at += length;
        return &keys[i];
    }
    misunderstood(search, "a key such as 'name'", error);
    return NULL;
}

static gboolean take_operator(Search *search, StoreMatch *match, GError **error)
{
    static const struct {
        const char *text;
        StoreMatch match;
    } operators[] = {{"!=", MATCH_NOT_EQUAL}, {">=", MATCH_NOT_LESS}, {"<=", MATCH_NOT_GREATER},
                     {"=", MATCH_EQUAL},      {"<", MATCH_LESS},      {">", MATCH_GREATER}};
    skip_space(search);
    for (gsize i = 0; i < G_N_ELEMENTS(operators); i++) {
        if (!g_str_has_prefix(search->at, operators[i].text))
            continue;
        search->at += strlen(operators[i].text);
        *match = operators[i].match;
        return TRUE;
    }
    return misunderstood(search, "an operator such as '='", error);
}

/* A value up to the next space, or quoted up to the next quote. */
static char *take_value(Search *search, GError **error)
{
    skip_space(search);
    if (*search->at != '"') {
        gsize length = strcspn(search->at, " \t\r\n\"()");
        if (length == 0) {
            misunderstood(search, "a value", error);
            return NULL;
        }
        search->at += length;
        return g_strndup(search->at - length, length);
    }
    const char *end = strchr(search->at + 1, '"');
    if (!end) {
        misunderstood(search, "a closing '\"'", error);
        return NULL;
    }
    char *value = g_strndup(search->at + 1, (gsize)(end - search->at - 1));
    search->at = end + 1;
    return value;
}

/* ---- values ---- */

static gboolean value_number(const SearchKey *key, const char *value, gint64 *number)
{
    static const struct {
        const char *const *names;
        guint n;
    } enums[] = {
        [KEY_VM_STATUS] = {vm_status_names, VM_STATUS_COUNT},
        [KEY_HOST_STATUS] = {host_status_names, HOST_STATUS_COUNT},
        [KEY_SEVERITY] = {severity_names, G_N_ELEMENTS(severity_names)},
    };
    if (key->type == KEY_NUMBER)
        return g_ascii_string_to_signed(value, 10, G_MININT64, G_MAXINT64, number, NULL);
    for (guint i = 0; i < enums[key->type].n; i++) {
        *number = i;
        if (g_ascii_strcasecmp(enums[key->type].names[i], value) == 0)
            return TRUE;
    }
    return FALSE;
}

static gboolean set_text(Search *search, StoreCondition *condition, const char *text,
                         GError **error)
{
    condition->text = text;
    if (condition->match != MATCH_EQUAL && condition->match != MATCH_NOT_EQUAL)
        return misunderstood(search, "'=' or '!=' before a text", error);
    if (strchr(text, '*'))
        condition->match = condition->match == MATCH_EQUAL ? MATCH_LIKE : MATCH_NOT_LIKE;
    return TRUE;
}

static gboolean parse_condition(Search *search, gboolean or_else, GError **error)
{
    if (search->query.n_conditions == STORE_MAX_CONDITIONS)
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "The search text has more than %d conditions.", STORE_MAX_CONDITIONS);
    const SearchKey *key = take_key(search, error);
    StoreCondition *condition = &search->conditions[search->query.n_conditions];
    if (!key || !take_operator(search, &condition->match, error))
        return FALSE;
    char *value = take_value(search, error);
    if (!value)
        return FALSE;
    g_ptr_array_add(search->texts, value);
    condition->column = key->column;
    condition->by_name = key->by_name;
    condition->via = key->via;
    condition->or_else = or_else;
    search->query.n_conditions++;
    if (key->type == KEY_TEXT)
        return set_text(search, condition, value, error);
    return value_number(key, value, &condition->number) ||
           engine_refuse(error, ENGINE_ERROR_BAD_INPUT, "The search text has '%.64s' for %s.",
                         value, key->key);
}

/* ---- clauses ---- */

/* "VMs: name=x" */
static void skip_kind(Search *search)
{
    static const char *const words[ENTITY_KIND_COUNT] = {
        [ENTITY_DATA_CENTER] = "datacenter", [ENTITY_CLUSTER] = "cluster", [ENTITY_HOST] = "host",
        [ENTITY_NETWORK] = "network",        [ENTITY_VM] = "vm",           [ENTITY_EVENT] = "event",
    };
    skip_space(search);
    const char *start = search->at;
    const char *word = words[search->kind];
    if (g_ascii_strncasecmp(start, word, strlen(word)) != 0)
        return;
    search->at += strlen(word);
    if (g_ascii_tolower(*search->at) == 's')
        search->at++;
    skip_space(search);
    search->at = *search->at == ':' ? search->at + 1 : start;
}

static gboolean parse_sort(Search *search, GError **error)
{
    const SearchKey *key = take_key(search, error);
    if (!key)
        return FALSE;
    search->query.order_by = key->column;
    search->query.descending = accept_word(search, "desc");
    if (!search->query.descending)
        (void)accept_word(search, "asc"); /* the default, and optional */
    return TRUE;
}

static gboolean parse_page(Search *search, GError **error)
{
    g_autofree char *number = take_value(search, error);
    gint64 page;
    if (!number)
        return FALSE;
    if (!g_ascii_string_to_signed(number, 10, 1, 1000000, &page, NULL))
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "The search text has page '%.32s': 1 to 1000000 expected.", number);
    if (search->query.limit == 0)
        search->query.limit = PAGE_SIZE;
    search->query.offset = (page - 1) * search->query.limit;
    return TRUE;
}

static gboolean parse_tail(Search *search, GError **error)
{
    if (accept_word(search, "sortby") && !parse_sort(search, error))
        return FALSE;
    if (accept_word(search, "page") && !parse_page(search, error))
        return FALSE;
    skip_space(search);
    return *search->at == '\0' || misunderstood(search, "'and', 'or', 'sortby' or 'page'", error);
}

static gboolean at_tail(const Search *search)
{
    gsize length = word_length(search->at);
    return length == 0 ? *search->at == '\0'
                       : !g_ascii_strncasecmp(search->at, "sortby", MAX(length, 6)) ||
                             !g_ascii_strncasecmp(search->at, "page", MAX(length, 4));
}

static gboolean parse_text(Search *search, GError **error)
{
    skip_kind(search);
    skip_space(search);
    gboolean or_else = FALSE;
    gboolean more = !at_tail(search);
    while (more) {
        if (!parse_condition(search, or_else, error))
            return FALSE;
        or_else = accept_word(search, "or");
        more = or_else || accept_word(search, "and");
    }
    return parse_tail(search, error);
}

/* from stands beside the search text, so it must hold for both sides of an "or". */
static gboolean add_from(Search *search, gint64 from, GError **error)
{
    StoreQuery *query = &search->query;
    for (guint i = 0; i < query->n_conditions; i++)
        if (query->conditions[i].or_else)
            return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                                 "A search with 'or' cannot be combined with 'from'.");
    if (query->n_conditions == STORE_MAX_CONDITIONS)
        return engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                             "The search text has more than %d conditions.",
                             STORE_MAX_CONDITIONS - 1);
    search->conditions[query->n_conditions++] =
        (StoreCondition){.column = "audit_log_id", .match = MATCH_GREATER, .number = from};
    return TRUE;
}

Search *search_parse(EntityKind kind, const ListQuery *list, GError **error)
{
    g_autoptr(Search) search = g_new0(Search, 1);
    search->texts = g_ptr_array_new_with_free_func(g_free);
    search->query.conditions = search->conditions;
    search->kind = kind;
    if (!list)
        return g_steal_pointer(&search);
    search->query.limit = list->max > 0 ? list->max : 0;
    search->at = list->search ? list->search : "";
    if (strlen(search->at) > SEARCH_MAX_BYTES || !g_utf8_validate(search->at, -1, NULL)) {
        engine_refuse(error, ENGINE_ERROR_BAD_INPUT,
                      "The search text must be UTF-8 of at most %d bytes.", SEARCH_MAX_BYTES);
        return NULL;
    }
    if (!parse_text(search, error))
        return NULL;
    if (kind == ENTITY_EVENT && list->from > 0 && !add_from(search, list->from, error))
        return NULL;
    return g_steal_pointer(&search);
}
