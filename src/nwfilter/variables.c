/* SPDX-License-Identifier: Apache-2.0 */
#include "nwfilter/variables.h"

#include <string.h>

#include "base/mac.h"
#include "nwfilter/bounds.h"
#include "nwfilter/error.h"

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define NAME_CHARACTERS LETTERS_AND_DIGITS "_"
#define VALUE_CHARACTERS LETTERS_AND_DIGITS "_.:"

struct Variables {
    GHashTable *lists; /* name -> GPtrArray of texts, always with a NULL at its end */
};

Variables *variables_new(void)
{
    Variables *variables = g_new0(Variables, 1);

    variables->lists =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
    return variables;
}

void variables_free(Variables *variables)
{
    g_hash_table_unref(variables->lists);
    g_free(variables);
}

static GPtrArray *list_new(void)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(list, NULL);
    return list;
}

static void list_append(GPtrArray *list, const char *value)
{
    g_ptr_array_insert(list, (gint)list->len - 1, g_strdup(value));
}

Variables *variables_copy(const Variables *variables)
{
    Variables *copy = variables_new();
    GHashTableIter iter;
    gpointer name, list;

    g_hash_table_iter_init(&iter, variables->lists);
    while (g_hash_table_iter_next(&iter, &name, &list)) {
        GPtrArray *values = list_new();

        for (const char *const *value = variables_lookup(variables, name); *value; value++)
            list_append(values, *value);
        g_hash_table_insert(copy->lists, g_strdup(name), values);
    }
    return copy;
}

static gboolean is_made_of(const char *text, const char *characters)
{
    return *text != '\0' && text[strspn(text, characters)] == '\0';
}

static GError *illegal(const char *what, const char *text, const char *expected)
{
    GError *error =
        nwfilter_error_new(NWFILTER_ERROR_VALUE, 8, "%s '%s' is not allowed", what, text);

    nwfilter_error_set_value(error, NULL, text, expected);
    return error;
}

static gboolean variable_check(const char *name, const char *value, GError **error)
{
    if (!is_made_of(name, NAME_CHARACTERS)) {
        g_propagate_error(error, illegal("Variable name", name, "letters, digits and underscores"));
        return FALSE;
    }
    if (!is_made_of(value, VALUE_CHARACTERS)) {
        g_propagate_error(
            error, illegal("Variable value", value, "letters, digits and the characters _ . :"));
        return FALSE;
    }
    if (strlen(name) > VARIABLE_TEXT_MAX || strlen(value) > VARIABLE_TEXT_MAX) {
        g_propagate_error(error, nwfilter_error_new(NWFILTER_ERROR_LIMIT, 8,
                                                    "Variable '%.32s...' is too long: expected at "
                                                    "most %d characters in its name and value",
                                                    name, VARIABLE_TEXT_MAX));
        return FALSE;
    }
    return TRUE;
}

gboolean variables_add(Variables *variables, const char *name, const char *value, GError **error)
{
    GPtrArray *list = g_hash_table_lookup(variables->lists, name);

    if (!variable_check(name, value, error))
        return FALSE;
    if (list ? list->len > LIST_MAX : g_hash_table_size(variables->lists) >= VARIABLES_MAX) {
        g_propagate_error(error,
                          nwfilter_error_new(NWFILTER_ERROR_LIMIT, 8,
                                             "Too many variables or values at '%s': expected at "
                                             "most %d names and %d values each",
                                             name, VARIABLES_MAX, LIST_MAX));
        return FALSE;
    }
    if (!list) {
        list = list_new();
        g_hash_table_insert(variables->lists, g_strdup(name), list);
    }
    list_append(list, value);
    return TRUE;
}

const char *const *variables_lookup(const Variables *variables, const char *name)
{
    GPtrArray *list = g_hash_table_lookup(variables->lists, name);

    return list ? (const char *const *)list->pdata : NULL;
}

/* TRUE when all given values are this address, in whatever spelling. */
static gboolean is_own_mac(const char *const *values, guint64 mac)
{
    for (; *values; values++) {
        guint64 given;

        if (!mac_parse(*values, &given) || given != mac)
            return FALSE;
    }
    return TRUE;
}

Variables *variables_for_port(const Variables *given, guint64 mac, GError **error)
{
    g_autoptr(Variables) variables = given ? variables_copy(given) : variables_new();
    const char *const *own = variables_lookup(variables, "MAC");
    char text[MAC_TEXT_SIZE];

    mac_format(mac, text);
    if (own && !is_own_mac(own, mac)) {
        GError *problem = nwfilter_error_new(NWFILTER_ERROR_VALUE, 8,
                                             "parameter MAC is reserved and cannot be %s", *own);

        nwfilter_error_set_value(problem, "MAC", *own, text);
        g_propagate_error(error, problem);
        return NULL;
    }
    g_hash_table_remove(variables->lists, "MAC");
    return variables_add(variables, "MAC", text, error) ? g_steal_pointer(&variables) : NULL;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **variables_names(const Variables *variables)
{
    guint n_names;
    const char **names = (const char **)g_hash_table_get_keys_as_array(variables->lists, &n_names);

    qsort(names, n_names, sizeof(*names), compare_names);
    return names;
}

gboolean variables_equal(const Variables *a, const Variables *b)
{
    GHashTableIter iter;
    gpointer name;

    if (g_hash_table_size(a->lists) != g_hash_table_size(b->lists))
        return FALSE;
    g_hash_table_iter_init(&iter, a->lists);
    while (g_hash_table_iter_next(&iter, &name, NULL)) {
        const char *const *other = variables_lookup(b, name);

        if (!other || !g_strv_equal(variables_lookup(a, name), other))
            return FALSE;
    }
    return TRUE;
}

/* ---- $NAME, $NAME[@n], $NAME[i] ---- */

static const char *skip_blanks(const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    return text;
}

/* What stands in the brackets, to the end of the text. */
static gboolean bracket_parse(const char *text, VariableAccess *access)
{
    guint64 number = 0;

    text = skip_blanks(text);
    access->each = *text == '@';
    text = skip_blanks(text + access->each);
    if (!g_ascii_isdigit(*text))
        return FALSE;
    for (; g_ascii_isdigit(*text); text++) {
        number = number * 10 + (guint64)g_ascii_digit_value(*text);
        if (number > (access->each ? ITERATOR_MAX : G_MAXUINT32))
            return FALSE;
    }
    text = skip_blanks(text);
    access->number = (guint)number;
    return g_str_equal(text, "]");
}

gboolean variable_access_parse(const char *text, VariableAccess *access, GError **error)
{
    gsize length = strspn(text, NAME_CHARACTERS);
    VariableAccess parsed = {.each = TRUE};

    if (length == 0 || length > VARIABLE_TEXT_MAX ||
        (text[length] != '\0' &&
         (text[length] != '[' || !bracket_parse(text + length + 1, &parsed)))) {
        g_autofree char *whole = g_strconcat("$", text, NULL);

        g_propagate_error(error, illegal("Variable", whole,
                                         "$NAME, $NAME[@n] with n up to 1000, or $NAME[index]"));
        return FALSE;
    }
    parsed.name = g_strndup(text, length);
    *access = parsed;
    return TRUE;
}

char *variable_access_format(const VariableAccess *access)
{
    if (!access->each)
        return g_strdup_printf("$%s[%u]", access->name, access->number);
    if (access->number > 0)
        return g_strdup_printf("$%s[@%u]", access->name, access->number);
    return g_strdup_printf("$%s", access->name);
}
