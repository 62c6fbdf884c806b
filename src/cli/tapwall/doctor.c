/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/tapwall/doctor.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/tapwall/command.h"
#include "cli/tapwall/daemon.h"
#include "cli/tapwall/table.h"
#include "datapath/datapath.h"

void doctor_say(Diagnosis *diagnosis, DoctorWord word, const char *format, ...)
{
    static const char *const words[] = {
        [DOCTOR_GOOD] = "good", [DOCTOR_NOTE] = "note", [DOCTOR_PROBLEM] = "problem"};
    g_autofree char *text = NULL, *printable = NULL;
    va_list arguments;

    va_start(arguments, format);
    text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    printable = text_printable(text);
    printf("%-8s %s\n", words[word], printable);
    diagnosis->problems += word == DOCTOR_PROBLEM;
}

/* ---- the daemon ---- */

/* What it says, or NULL. */
static JsonNode *ask_daemon(Diagnosis *diagnosis, const char *socket)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Daemon) daemon = daemon_open(socket, &error);
    g_autoptr(JsonNode) version = NULL, answer = NULL;

    if (daemon && (version = daemon_call(daemon, "Daemon.version", NULL, &error)))
        answer = daemon_call(daemon, "Daemon.doctor", NULL, &error);
    if (!answer) {
        doctor_say(diagnosis, DOCTOR_PROBLEM, "%s", error->message);
        return NULL;
    }
    JsonObject *object = json_node_get_object(version);
    doctor_say(diagnosis, DOCTOR_GOOD, "tapwalld %s runs as process %" G_GINT64_FORMAT,
               json_object_get_string_member(object, "version"),
               json_object_get_int_member(object, "pid"));
    return g_steal_pointer(&answer);
}

static void say_problems(Diagnosis *diagnosis, JsonObject *answer)
{
    JsonArray *problems = json_object_get_array_member(answer, "problems");

    for (guint i = 0; i < json_array_get_length(problems); i++)
        doctor_say(diagnosis, DOCTOR_PROBLEM, "%s", json_array_get_string_element(problems, i));
}

/* Device numbers mean something in one network namespace alone. */
static gboolean is_same_network(JsonObject *answer)
{
    struct stat network;

    return stat("/proc/self/ns/net", &network) == 0 &&
           (gint64)network.st_ino == json_object_get_int_member(answer, "network");
}

/* ---- what is pinned ---- */

void doctor_pins(Diagnosis *diagnosis, const Survey *survey, const char *pins)
{
    g_autoptr(GPtrArray) missing = survey_missing(survey), strangers = survey_strangers(survey);

    if (!survey_has_pins(survey))
        doctor_say(diagnosis, DOCTOR_NOTE, "%s: nothing is pinned", pins);
    else if (missing->len == 0)
        doctor_say(diagnosis, DOCTOR_GOOD, "%s: all maps and programs are pinned", pins);
    for (guint i = 0; survey_has_pins(survey) && i < missing->len; i++)
        doctor_say(diagnosis, DOCTOR_PROBLEM, "%s: the pin %s is missing", pins,
                   (const char *)missing->pdata[i]);
    for (guint i = 0; i < strangers->len; i++)
        doctor_say(diagnosis, DOCTOR_NOTE, "%s: not of this version of Tapwall",
                   (const char *)strangers->pdata[i]);
}

/* ---- all of it ---- */

static int examine(const char *socket, const char *pins)
{
    Diagnosis diagnosis = {0};
    g_autoptr(JsonNode) answer = ask_daemon(&diagnosis, socket);
    JsonObject *object = answer ? json_node_get_object(answer) : NULL;
    const char *wanted_pins = object ? json_object_get_string_member(object, "pins") : NULL;
    g_autoptr(Survey) survey = NULL;

    pins = pins ? pins : wanted_pins ? wanted_pins : DATAPATH_PINS;
    survey = survey_new(pins);
    if (object)
        say_problems(&diagnosis, object);
    doctor_host(&diagnosis);
    doctor_pins(&diagnosis, survey, pins);
    if (object && !is_same_network(object))
        doctor_say(&diagnosis, DOCTOR_NOTE,
                   "tapwalld is in another network namespace: hooks were not looked at");
    else
        doctor_hooks(&diagnosis, survey,
                     object ? json_object_get_array_member(object, "ports") : NULL);
    if (diagnosis.problems == 0)
        doctor_say(&diagnosis, DOCTOR_GOOD, "no problem was found");
    return diagnosis.problems > 0 ? STATUS_FOUND : STATUS_GOOD;
}

int command_doctor(int argc, char **argv)
{
    g_autofree char *socket = NULL, *pins = NULL;
    const GOptionEntry entries[] = {
        {"pins", 0, 0, G_OPTION_ARG_FILENAME, &pins,
         "Where to look when tapwalld does not answer, instead of " DATAPATH_PINS, "DIR"},
        {NULL},
    };
    GOptionContext *context = g_option_context_new(
        "- compare what tapwalld wants with what is pinned and attached in the kernel");

    g_option_context_add_main_entries(context, entries, NULL);
    daemon_option_add(&socket, context);
    if (!command_parse(context, &argc, &argv))
        return STATUS_TROUBLE;
    if (argc != 1)
        return command_trouble("doctor: unexpected argument '%s'", argv[1]);
    if (geteuid() != 0)
        return command_trouble("doctor: only root can look at what is in the kernel");
    return examine(socket, pins);
}
