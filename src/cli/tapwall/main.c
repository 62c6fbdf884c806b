/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "cli/tapwall/command.h"
#include "nwfilter/error.h"

#define USAGE_COLUMN 24

/* tapwall: the operator's tool. What it does without a daemon needs no root. */

static const Command commands[] = {
    {"capture", "PORT …", "Write the frames a port's filter drops, as pcap", command_capture},
    {"check", "FILE…", "Say what is wrong with filter files", command_check},
    {"counters", "PORT", "Show how many frames each rule decided", command_counters},
    {"diff", "FILTER FILTER", "Show a frame on which two filters differ", command_diff},
    {"doctor", "", "Compare what should be in the kernel with what is", command_doctor},
    {"explain", "--filter NAME|FILE …", "Say which rule decides over a frame", command_explain},
    {"lint", "FILTER", "Find rules that never decide, and ways around", command_lint},
    {"ports", "[PORT…]", "List ports, their filters and frames", command_ports},
    {"prove", "FILTER …", "Prove that nothing forged passes", command_prove},
    {"show", "NAME|FILE", "Print a filter in one of its forms", command_show},
    {"watch", "", "Show frames as they are dropped", command_watch},
};

static void print_usage(FILE *stream)
{
    fputs("Usage: tapwall COMMAND [OPTION…] OPERAND…\n\nCommands:\n", stream);
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        g_autofree char *form = g_strjoin(" ", commands[i].name, commands[i].operands, NULL);

        int blanks = MAX(1, USAGE_COLUMN - (int)g_utf8_strlen(form, -1));

        fprintf(stream, "  %s%*s%s\n", form, blanks, "", commands[i].summary);
    }
    fputs("\n`tapwall COMMAND --help` tells a command's options.\n", stream);
}

gboolean command_parse(GOptionContext *context, int *argc, char ***argv)
{
    g_autoptr(GError) error = NULL;
    gboolean parsed = g_option_context_parse(context, argc, argv, &error);

    g_option_context_free(context);
    if (!parsed) {
        fprintf(stderr, "tapwall: %s\n", error->message);
        return FALSE;
    }
    /* GLib leaves "--" where an operand that looks like an option follows. */
    if (*argc > 1 && strcmp((*argv)[1], "--") == 0) {
        (*argc)--;
        memmove(*argv + 1, *argv + 2, (gsize)*argc * sizeof **argv);
    }
    return TRUE;
}

int command_trouble(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    fprintf(stderr, "tapwall: %s\n", text);
    return STATUS_TROUBLE;
}

void command_report(const GError *error)
{
    g_autofree char *text = nwfilter_error_format(error);
    gboolean is_missing = g_error_matches(error, NWFILTER_ERROR, NWFILTER_ERROR_MISSING);

    /* libvirt's words do not say what to do, and a port supplies values in another way. */
    fprintf(stderr, "%s%s\n", text, is_missing ? "; give values with --var NAME=VALUE" : "");
}

static int run(const Command *command, int argc, char **argv)
{
    g_autofree char *name = g_strconcat("tapwall ", command->name, NULL);
    int status;

    argv[0] = name;
    g_set_prgname(name);
    status = command->run(argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout))
        return command_trouble("cannot write the output: %s", g_strerror(errno));
    return status;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    if (argc < 2) {
        print_usage(stderr);
        return STATUS_TROUBLE;
    }
    for (guint i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0)
            return run(&commands[i], argc - 1, argv + 1);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage(stdout);
        return STATUS_GOOD;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("tapwall " TAPWALL_VERSION);
        return STATUS_GOOD;
    }
    return command_trouble("'%s' is not a command; see tapwall --help", argv[1]);
}
