/* SPDX-License-Identifier: Apache-2.0 */
#include "store/query.h"

#include <string.h>

Sql *sql_new(const char *start)
{
    Sql *sql = g_new0(Sql, 1);
    sql->sql = g_string_new(start);
    sql->values = g_array_new(FALSE, FALSE, sizeof(StoreValue));
    sql->texts = g_ptr_array_new_with_free_func(g_free);
    return sql;
}

void sql_free(Sql *sql)
{
    if (!sql)
        return;
    g_string_free(sql->sql, TRUE);
    g_array_unref(sql->values);
    g_ptr_array_unref(sql->texts);
    g_free(sql);
}

void sql_value(Sql *sql, StoreValue value)
{
    g_array_append_val(sql->values, value);
    g_string_append_printf(sql->sql, "$%u", sql->values->len);
}

void sql_columns(Sql *sql, const Record *record)
{
    for (guint i = 0; i < record->n_fields; i++)
        g_string_append_printf(sql->sql, "%s%s", i ? ", " : "", record->fields[i].column);
}

/* '*' becomes '%'; what LIKE itself takes for special is escaped. */
static char *like_pattern(const char *text)
{
    GString *pattern = g_string_new(NULL);
    for (const char *c = text; *c; c++) {
        if (*c == '*')
            g_string_append_c(pattern, '%');
        else if (strchr("%_\\", *c))
            g_string_append_printf(pattern, "\\%c", *c);
        else
            g_string_append_c(pattern, *c);
    }
    return g_string_free(pattern, FALSE);
}

static void sql_compare(Sql *sql, const char *column, const StoreCondition *condition)
{
    static const char *const operators[] = {
        [MATCH_EQUAL] = " = ",           [MATCH_NOT_EQUAL] = " <> ",   [MATCH_LIKE] = " LIKE ",
        [MATCH_NOT_LIKE] = " NOT LIKE ", [MATCH_LESS] = " < ",         [MATCH_GREATER] = " > ",
        [MATCH_NOT_LESS] = " >= ",       [MATCH_NOT_GREATER] = " <= ",
    };
    gboolean like = condition->match == MATCH_LIKE || condition->match == MATCH_NOT_LIKE;
    g_string_append_printf(sql->sql, "%s%s", column, operators[condition->match]);
    if (like) {
        char *pattern = like_pattern(condition->text);
        g_ptr_array_add(sql->texts, pattern);
        sql_value(sql, STORE_TEXT(pattern));
        g_string_append(sql->sql, " ESCAPE '\\'");
    } else if (condition->text) {
        sql_value(sql, STORE_TEXT(condition->text));
    } else {
        sql_value(sql, STORE_NUMBER(condition->number));
    }
}

static void sql_condition(Sql *sql, const StoreCondition *condition)
{
    if (!condition->by_name) {
        sql_compare(sql, condition->column, condition);
        return;
    }
    const Record *via = &records[condition->via];
    g_string_append_printf(sql->sql, "%s IN (SELECT %s FROM %s WHERE ", condition->column,
                           via->fields[0].column, via->table);
    sql_compare(sql, condition->via_column ? condition->via_column : via->name_column, condition);
    g_string_append_c(sql->sql, ')');
}

static gboolean check_column(const Record *record, const char *column, GError **error)
{
    if (record_field(record, column))
        return TRUE;
    g_set_error(error, STORE_ERROR, STORE_ERROR_FAILED, "%s has no column %s", record->table,
                column);
    return FALSE;
}

gboolean sql_where(Sql *sql, const Record *record, const StoreQuery *query, GError **error)
{
    for (guint i = 0; query && i < query->n_conditions; i++) {
        const StoreCondition *condition = &query->conditions[i];
        if (!check_column(record, condition->column, error))
            return FALSE;
        g_string_append(sql->sql, i == 0 ? " WHERE " : condition->or_else ? " OR " : " AND ");
        sql_condition(sql, condition);
    }
    return TRUE;
}

gboolean sql_order(Sql *sql, const Record *record, const StoreQuery *query, GError **error)
{
    if (query && query->order_by) {
        if (!check_column(record, query->order_by, error))
            return FALSE;
        g_string_append_printf(sql->sql, " ORDER BY %s%s", query->order_by,
                               query->descending ? " DESC" : "");
    } else {
        g_string_append_printf(sql->sql, " ORDER BY %s", record->order);
    }
    if (query && query->limit > 0) {
        g_string_append(sql->sql, " LIMIT ");
        sql_value(sql, STORE_NUMBER(query->limit));
        g_string_append(sql->sql, " OFFSET ");
        sql_value(sql, STORE_NUMBER(query->offset));
    }
    return TRUE;
}

gboolean sql_run(Store *store, const Sql *sql, StoreRowFunc row, gpointer data, guint *changed,
                 GError **error)
{
    return store_run(store, sql->sql->str, (const StoreValue *)(gpointer)sql->values->data,
                     sql->values->len, row, data, changed, error);
}

StoreValue record_value(const Field *field, gconstpointer entity)
{
    gconstpointer member = (const char *)entity + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
        return STORE_TEXT(*(const char *const *)member);
    case FIELD_BOOL:
        return STORE_NUMBER(*(const gboolean *)member != 0);
    case FIELD_INT:
        return STORE_NUMBER(*(const int *)member);
    case FIELD_UINT:
        return STORE_NUMBER(*(const guint *)member);
    case FIELD_UINT16:
        return STORE_NUMBER(*(const guint16 *)member);
    case FIELD_INT64:
    case FIELD_UINT64:
        return STORE_NUMBER(*(const gint64 *)member);
    }
    g_assert_not_reached();
}

static void set_member(const Field *field, gpointer entity, const StoreValue *value)
{
    gpointer member = (char *)entity + field->offset;
    switch (field->type) {
    case FIELD_TEXT:
        *(char **)member = g_strdup(value->text);
        return;
    case FIELD_BOOL:
    case FIELD_INT:
        *(int *)member = (int)value->number;
        return;
    case FIELD_UINT:
        *(guint *)member = (guint)value->number;
        return;
    case FIELD_UINT16:
        *(guint16 *)member = (guint16)value->number;
        return;
    case FIELD_INT64:
    case FIELD_UINT64:
        *(gint64 *)member = value->number;
        return;
    }
}

gpointer record_from_row(const Record *record, const StoreValue *columns)
{
    gpointer entity = g_malloc0(record->size);
    for (guint i = 0; i < record->n_fields; i++)
        set_member(&record->fields[i], entity, &columns[i]);
    return entity;
}
