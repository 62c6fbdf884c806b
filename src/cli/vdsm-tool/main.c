/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/settings.h"
#include "cli/vdsm-tool/command.h"

/* vdsm-tool: defines network filters where the host's agent has them enforced. */

#define CONFIG_FILE TAPWALL_SYSCONFDIR "/tapwall/agent.conf"

G_DEFINE_QUARK(tapwall - vdsm - tool - error, tool_error)

static const Command commands[] = {
    {"define-filter", "FILE", "Define the network filter in FILE on libvirt",
     command_define_filter},
    {"nwfilter", NULL, "Define the shipped filter vdsm-no-mac-spoofing", command_nwfilter},
};

static void tool_args_clear(ToolArgs *args)
{
    g_strfreev(args->operands);
    g_free(args->uri);
    g_free(args->config);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ToolArgs, tool_args_clear)

static char *commands_describe(void)
{
    GString *text = g_string_new("Commands:\n");

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *form = g_strjoin(" ", commands[i].name, commands[i].operand, NULL);
        g_string_append_printf(text, "  %-22s%s\n", form, commands[i].summary);
    }
    return g_string_free(text, FALSE);
}

static gboolean args_parse(ToolArgs *args, int argc, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"connect", 'c', 0, G_OPTION_ARG_STRING, &args->uri,
         "libvirt to define it on, instead of the one the agent uses", "URI"},
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &args->config,
         "The agent's configuration, instead of " CONFIG_FILE, "FILE"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &args->operands, NULL, NULL},
        {NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND [FILE]");
    g_autofree char *description = commands_describe();

    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return FALSE;
    if (args->operands)
        return TRUE;
    g_set_error(error, TOOL_ERROR, 0, "a command is missing\n%s", description);
    return FALSE;
}

static const Command *command_lookup(const char *name, GError **error)
{
    g_autofree char *description = NULL;

    for (guint i = 0; i < G_N_ELEMENTS(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    description = commands_describe();
    g_set_error(error, TOOL_ERROR, 0, "'%s' is not a command\n%s", name, description);
    return NULL;
}

/* Takes the command's name off the operands and checks how many are left. */
static gboolean operands_check(ToolArgs *args, const Command *command, GError **error)
{
    guint wanted = command->operand ? 1 : 0;
    guint given = g_strv_length(args->operands) - 1;

    g_free(args->operands[0]);
    memmove(args->operands, args->operands + 1, (given + 1) * sizeof *args->operands);
    if (given < wanted)
        g_set_error(error, TOOL_ERROR, 0, "%s: %s is missing", command->name, command->operand);
    else if (given > wanted)
        g_set_error(error, TOOL_ERROR, 0, "%s: extra argument '%s'", command->name,
                    args->operands[wanted]);
    return given == wanted;
}

/* Where filters are to be defined is where the agent has them enforced: tapwalld or libvirt. */
static gboolean uri_read(ToolArgs *args, GError **error)
{
    const char *path = args->config ? args->config : CONFIG_FILE;
    g_autoptr(Config) config = config_load(path, args->config != NULL, agent_config_keys, error);
    AgentSettings settings;

    if (!config)
        return FALSE;
    if (!agent_settings_read(&settings, config, error)) {
        g_prefix_error(error, "%s: ", path);
        return FALSE;
    }
    args->uri = g_strdup(settings.own_taps ? settings.filter_uri : settings.libvirt_uri);
    return TRUE;
}

static gboolean run(int argc, char **argv, GError **error)
{
    g_auto(ToolArgs) args = {0};
    const Command *command;

    if (!args_parse(&args, argc, argv, error))
        return FALSE;
    command = command_lookup(args.operands[0], error);
    if (!command || !operands_check(&args, command, error))
        return FALSE;
    return (args.uri || uri_read(&args, error)) && command->run(&args, error);
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;

    if (!run(argc, argv, &error)) {
        fprintf(stderr, "vdsm-tool: %s\n", g_strchomp(error->message));
        return EXIT_FAILURE;
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "vdsm-tool: cannot write the output: %s\n", g_strerror(errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
