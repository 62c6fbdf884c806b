/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/tool.h"

#include <string.h>

enum { ANSWER_LIMIT = 64 };

static const char *option_version(GPtrArray *options, guint index)
{
    return ((const Option *)g_ptr_array_index(options, index))->version;
}

static void print_menu(GPtrArray *options)
{
    printf("Please select a version:\n");
    for (guint i = 0; i < options->len; i++)
        printf("%u. %s\n", i + 1, option_version(options, i));
    (void)fflush(stdout); /* the question must be seen before stdin is read */
}

/* A number from 1 to n; 0 for anything else. A line over the limit is read to its end, and is
 * wrong. */
static guint parse_answer(char *line, guint n)
{
    gboolean whole = strchr(line, '\n') != NULL || feof(stdin);
    for (int c = 0; !whole && c != '\n' && c != EOF;)
        c = getchar();
    guint64 number = 0;
    if (!whole || !g_ascii_string_to_unsigned(g_strstrip(line), 10, 1, n, &number, NULL))
        return 0;
    return number;
}

/* Asks until the answer is one of the menu's numbers. */
static gboolean ask(GPtrArray *options, char **version, GError **error)
{
    char line[ANSWER_LIMIT];
    for (guint answer = 0; answer == 0;) {
        print_menu(options);
        if (fgets(line, sizeof line, stdin) == NULL) {
            g_set_error_literal(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                                "No version was selected. Use --cver=version to name it.");
            return FALSE;
        }
        answer = parse_answer(line, options->len);
        if (answer != 0)
            *version = g_strdup(option_version(options, answer - 1));
    }
    return TRUE;
}

gboolean tool_choose_version(Tool *tool, char **version, GError **error)
{
    if (tool->args->version != NULL) {
        *version = g_strdup(tool->args->version);
        return TRUE;
    }
    g_autoptr(GPtrArray) options = tool_options(tool, tool->args->key, NULL, error);
    if (options == NULL)
        return FALSE;
    if (options->len > 1)
        return ask(options, version, error);
    *version = options->len == 1 ? g_strdup(option_version(options, 0)) : NULL;
    return TRUE;
}
