/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/engine-config/args.h"

#include <string.h>

G_DEFINE_QUARK(engine_config_error, engine_config_error)

typedef struct {
    const char *short_name, *long_name;
    gsize offset; /* of the string in Args */
} OptionName;

static const OptionName option_names[] = {
    {"", "--cver", G_STRUCT_OFFSET(Args, version)},
    {"-c", "--config", G_STRUCT_OFFSET(Args, config)},
    {"-p", "--properties", G_STRUCT_OFFSET(Args, properties)},
    {"-u", "--user", G_STRUCT_OFFSET(Args, user)},
    {"", "--admin-pass-file", G_STRUCT_OFFSET(Args, admin_pass_file)},
    {"", "--log-file", G_STRUCT_OFFSET(Args, log_file)},
    {"", "--log-level", G_STRUCT_OFFSET(Args, log_level)},
};

static const char *const help_words[] = {"-h", "-help", "--help", NULL};

gboolean args_want_usage(char **words)
{
    for (guint i = 0; words[i] != NULL; i++)
        if (g_strv_contains(help_words, words[i]))
            return TRUE;
    return FALSE;
}

/* Splits at the first '=' that is not the first character; without one the value is "". */
static char *split_assignment(const char *word, char **value)
{
    const char *equals = *word == '\0' ? NULL : strchr(word + 1, '=');
    *value = g_strdup(equals == NULL ? "" : equals + 1);
    return equals == NULL ? g_strdup(word) : g_strndup(word, equals - word);
}

static gboolean has_assignment(const char *word)
{
    return strchr(word, '=') != NULL;
}

static const Action *action_lookup(const Action *actions, const char *name)
{
    for (const Action *action = actions; action->long_name != NULL; action++)
        if (g_str_equal(action->short_name, name) || g_str_equal(action->long_name, name))
            return action;
    return NULL;
}

static gboolean refuse_action(const char *word, GError **error)
{
    g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                "Action verb must come first, and '%s' is not an action.\n"
                "Please tell me what to do: list? get? set? get-all?",
                word);
    return FALSE;
}

/* The first word: the action, with its key joined to it only in the form --get=KEY. */
static gboolean parse_action(Args *args, const char *word, const Action *actions, GError **error)
{
    if (*word != '-') {
        g_set_error_literal(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                            "First argument must be an action, and start with '-' or '--'");
        return FALSE;
    }
    g_autofree char *key = NULL;
    g_autofree char *name = split_assignment(word, &key);
    args->action = action_lookup(actions, name);
    if (args->action == NULL)
        return refuse_action(word, error);
    if (*key == '\0')
        return TRUE;
    gboolean joined = args->action->argument == TAKES_KEY;
    if (!joined || !g_str_equal(name, args->action->long_name))
        return refuse_action(word, error);
    args->key = g_steal_pointer(&key);
    return TRUE;
}

/* The second word, when it is not an option. */
static gboolean parse_argument(Args *args, const char *word, gboolean value_in_file, GError **error)
{
    gboolean assigns = args->action->argument == TAKES_ASSIGNMENT;
    if (assigns && !value_in_file && !has_assignment(word)) {
        g_set_error_literal(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                            "Argument for set/merge action must be in format of key=value.");
        return FALSE;
    }
    if (*word == '\0')
        return TRUE; /* an empty shell variable: the argument is missing */
    g_autofree char *value = NULL;
    g_autofree char *key = split_assignment(word, &value);
    if ((!assigns && *value != '\0') || args->key != NULL ||
        args->action->argument == TAKES_NOTHING) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                    "Illegal second argument: %s.", word);
        return FALSE;
    }
    args->key = assigns ? g_steal_pointer(&key) : g_strdup(word);
    args->value = assigns ? g_steal_pointer(&value) : NULL;
    return TRUE;
}

static char **option_place(Args *args, const char *name)
{
    for (guint i = 0; i < G_N_ELEMENTS(option_names); i++) {
        const OptionName *option = &option_names[i];
        if (g_str_equal(name, option->short_name) || g_str_equal(name, option->long_name))
            return G_STRUCT_MEMBER_P(args, option->offset);
    }
    return NULL;
}

/* An option at words[*at], which moves on when its value is the next word. */
static gboolean parse_option(Args *args, char **words, guint *at, GError **error)
{
    g_autofree char *value = NULL;
    g_autofree char *name = split_assignment(words[*at], &value);
    if (g_str_equal(name, "-o") || g_str_equal(name, "--only-reloadable")) {
        args->only_reloadable = TRUE;
        return TRUE;
    }
    char **place = option_place(args, name);
    if (place == NULL) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                    "Illegal option: %s. See engine-config --help.", name);
        return FALSE;
    }
    if (*value == '\0' && words[*at + 1] == NULL) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                    "Missing value for option %s.", name);
        return FALSE;
    }
    g_free(*place);
    *place = *value != '\0' ? g_steal_pointer(&value) : g_strdup(words[++*at]);
    return TRUE;
}

static gboolean value_comes_from_file(char **words)
{
    for (guint i = 0; words[i] != NULL; i++)
        if (g_str_has_prefix(words[i], "--admin-pass-file"))
            return TRUE;
    return FALSE;
}

/* What is left over once all words are read: first a missing argument, then one too many. */
static gboolean check_complete(const Args *args, const char *stray, GError **error)
{
    const Action *action = args->action;
    gboolean incomplete =
        action->argument == TAKES_ASSIGNMENT ? args->value == NULL : args->key == NULL;
    if (action->missing != NULL && incomplete) {
        g_set_error_literal(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE, action->missing);
        return FALSE;
    }
    if (stray != NULL) {
        g_set_error(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE, "Illegal argument: %s.",
                    stray);
        return FALSE;
    }
    return TRUE;
}

Args *args_parse(char **words, const Action *actions, GError **error)
{
    if (words[0] == NULL) {
        g_set_error_literal(error, ENGINE_CONFIG_ERROR, ENGINE_CONFIG_ERROR_USAGE,
                            "Error: at least 1 argument needed for configuration utility to run.");
        return NULL;
    }
    g_autoptr(Args) args = g_new0(Args, 1);
    if (!parse_action(args, words[0], actions, error))
        return NULL;
    gboolean value_in_file = value_comes_from_file(words);
    const char *stray = NULL;
    for (guint i = 1; words[i] != NULL; i++) {
        gboolean understood = TRUE;
        if (*words[i] == '-')
            understood = parse_option(args, words, &i, error);
        else if (i == 1)
            understood = parse_argument(args, words[i], value_in_file, error);
        else if (stray == NULL)
            stray = words[i];
        if (!understood)
            return NULL;
    }
    return check_complete(args, stray, error) ? g_steal_pointer(&args) : NULL;
}

void args_free(Args *args)
{
    for (guint i = 0; i < G_N_ELEMENTS(option_names); i++)
        g_free(G_STRUCT_MEMBER(char *, args, option_names[i].offset));
    g_free(args->key);
    g_free(args->value);
    g_free(args);
}
