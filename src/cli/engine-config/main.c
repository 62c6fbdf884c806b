/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "cli/engine-config/tool.h"

static const char usage[] =
    "Usage: engine-config <action> [<args>]\n"
    "Reads and sets the options of the engine, in its store.\n"
    "\n"
    "AVAILABLE ACTIONS\n"
    "  -l, --list                   List the keys, with description and type.\n"
    "  -a, --all                    Show the values of all keys.\n"
    "  -g KEY, --get=KEY, --get KEY Show the value of KEY; of every version unless --cver says "
    "which.\n"
    "  -s KEY=VAL, --set KEY=VAL    Set KEY to VAL. A version must be chosen, by --cver or when "
    "asked,\n"
    "                               if KEY has several.\n"
    "  -m KEY=VAL, --merge KEY=VAL  Add the parts of VAL that the value of KEY lacks, for keys "
    "that\n"
    "                               hold a list.\n"
    "  -d, --diff                   Show the values that differ from their defaults.\n"
    "  -h, --help                   Show this text; --help=KEY describes KEY.\n"
    "\n"
    "OPTIONS\n"
    "  --cver=VERSION               The version of the value: general, or a cluster level.\n"
    "  -c, --config=FILE            The engine's configuration, which names the store\n"
    "                               (default: " TAPWALL_SYSCONFDIR "/tapwall/engine.conf).\n"
    "  -p, --properties=FILE        Take the keys and their meaning from FILE.\n"
    "  -o, --only-reloadable        With --list: only keys that take effect without a restart.\n"
    "  -u, --user=NAME              Accepted for scripts; nothing here asks for a user.\n"
    "\n"
    "SETTING PASSWORDS\n"
    "  --admin-pass-file=FILE       With --set KEY: the value is the first line of FILE, so that "
    "it\n"
    "                               is never on a command line.\n"
    "\n"
    "CUSTOM LOGGING\n"
    "  --log-file=FILE              Append what was done, and what failed, to FILE.\n"
    "  --log-level=LEVEL            ERROR, INFO (the default), DEBUG, ALL or OFF.\n"
    "\n"
    "NOTE\n"
    "  In order for your change(s) to take effect, restart the oVirt engine.\n"
    "  (Here: systemctl restart tapwall-engine)\n";

static const char missing_assignment[] =
    "Missing key or value for set action, make sure arguments are in proper order.";

static const Action actions[] = {
    {"-l", "--list", TAKES_NOTHING, NULL, action_list},
    {"-a", "--all", TAKES_NOTHING, NULL, action_all},
    {"-g", "--get", TAKES_KEY, "Missing key for get action.", action_get},
    {"-s", "--set", TAKES_ASSIGNMENT, missing_assignment, action_set},
    {"-m", "--merge", TAKES_ASSIGNMENT, missing_assignment, action_merge},
    {"-d", "--diff", TAKES_NOTHING, NULL, action_diff},
    {"-h", "--help", TAKES_KEY, NULL, action_help},
    {"-r", "--reload", TAKES_NOTHING, NULL, action_reload},
    {NULL, NULL, TAKES_NOTHING, NULL, NULL},
};

static gboolean run(Tool *tool, char **words, GError **error)
{
    Args *args = args_parse(words, actions, error);
    if (args == NULL || !tool_open(tool, args, error))
        return FALSE;
    return args->action->run(tool, error);
}

/* What cannot be written, to a full disk or a closed pipe, was not said: that is a failure too. */
static int finish(gboolean succeeded)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "engine-config: cannot write the output: %s\n", g_strerror(errno));
        return EXIT_FAILURE;
    }
    return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    if (argc > 1 && args_want_usage(argv + 1)) {
        (void)fputs(usage, stdout); /* finish() sees an error */
        return finish(TRUE);
    }
    Tool tool = {0};
    g_autoptr(GError) error = NULL;
    gboolean succeeded = run(&tool, argc > 0 ? argv + 1 : argv, &error);
    if (!succeeded) {
        tool_log(&tool, LOG_ERROR, "%s", error->message);
        printf("%s\n", error->message);
    }
    tool_close(&tool);
    return finish(succeeded);
}
