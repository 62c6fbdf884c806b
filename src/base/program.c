/* SPDX-License-Identifier: Apache-2.0 */
#include "base/program.h"

#include <stdio.h>

#include "base/log.h"

typedef struct {
    char *config;
    gboolean verbose, version, sample;
} Options;

static void options_clear(Options *options)
{
    g_free(options->config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Options, options_clear)

static gboolean options_parse(Options *options, const Program *program, int argc, char **argv,
                              GError **error)
{
    g_autofree char *config = g_strdup_printf("Configuration file, instead of %s", program->path);
    const GOptionEntry entries[] = {
        {"config", 'c', 0, G_OPTION_ARG_FILENAME, &options->config, config, "FILE"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &options->verbose, "Log more", NULL},
        {"print-config", 0, 0, G_OPTION_ARG_NONE, &options->sample,
         "Print a commented configuration file and exit", NULL},
        {"version", 'V', 0, G_OPTION_ARG_NONE, &options->version, "Print the version and exit",
         NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(program->summary);

    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return FALSE;
    if (argc > 1) {
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument '%s'",
                    argv[1]);
        return FALSE;
    }
    return TRUE;
}

/* Prints what was asked for instead of serving. FALSE when nothing was. */
static gboolean options_answer(const Options *options, const Program *program)
{
    if (options->version) {
        printf("%s %s\n", program->name, TAPWALL_VERSION);
    } else if (options->sample) {
        g_autofree char *sample = config_sample(program->keys);

        fputs(sample, stdout);
    }
    return options->version || options->sample;
}

Config *program_begin(const Program *program, int argc, char **argv, char **path, int *status)
{
    g_auto(Options) options = {0};
    g_autoptr(GError) error = NULL;
    Config *config;

    *path = NULL;
    if (!options_parse(&options, program, argc, argv, &error)) {
        fprintf(stderr, "%s: %s\n", program->name, error->message);
        *status = 2;
        return NULL;
    }
    if (options_answer(&options, program)) {
        *status = 0;
        return NULL;
    }
    log_init(program->name, options.verbose);
    config = config_load(options.config ? options.config : program->path, options.config != NULL,
                         program->keys, &error);
    if (!config) {
        log_error("%s", error->message);
        *status = 1;
        return NULL;
    }
    *path = options.config ? g_steal_pointer(&options.config) : g_strdup(program->path);
    return config;
}
