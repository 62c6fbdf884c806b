/* SPDX-License-Identifier: Apache-2.0 */
#include <net/if.h>

#include "cli/tapwall/doctor.h"

/* A device, and what should be there. */
typedef struct {
    const char *name;
    guint ifindex;
    gboolean is_wanted, is_bound;
} Device;

static const char *place_word(SurveyPlace place)
{
    static const char *const words[] = {
        [SURVEY_XDP] = "XDP", [SURVEY_TCX] = "tcx", [SURVEY_CLSACT] = "clsact"};

    return words[place];
}

static const char *way_words(guint way)
{
    return way == WAY_OUT ? "from the VM" : "to the VM";
}

/* Another's program decides before ours: with it, frames may never come to us, or changed. */
static void say_foreign(Diagnosis *diagnosis, const Device *device, guint way,
                        const SurveyProgram *program, gboolean is_before)
{
    g_autofree char *number =
        program->id > 0 ? g_strdup_printf(" (id %u)", program->id) : g_strdup("");

    doctor_say(diagnosis, is_before ? DOCTOR_PROBLEM : DOCTOR_NOTE,
               "port %s: a foreign program, %s%s, runs %s ours on frames %s, at %s", device->name,
               program->name, number, is_before ? "before" : "after", way_words(way),
               place_word(program->place));
}

/* The place of our program among the others, or -1. */
static gint our_place(const GArray *programs)
{
    for (guint i = 0; i < programs->len; i++)
        if (g_array_index(programs, SurveyProgram, i).is_ours)
            return (gint)i;
    return -1;
}

static void say_missing(Diagnosis *diagnosis, const Device *device, guint way)
{
    doctor_say(diagnosis, DOCTOR_PROBLEM,
               "port %s: our program is not attached: frames %s are not filtered", device->name,
               way_words(way));
}

/* TRUE when all is well with this way. */
static gboolean examine_way(Diagnosis *diagnosis, const Device *device, guint way,
                            const GArray *programs)
{
    const guint before = diagnosis->problems;
    const gint ours = our_place(programs);

    if (ours < 0 && device->is_wanted)
        say_missing(diagnosis, device, way);
    for (gint i = 0; device->is_wanted && i < (gint)programs->len; i++) {
        const SurveyProgram *program = &g_array_index(programs, SurveyProgram, i);

        if (!program->is_ours)
            say_foreign(diagnosis, device, way, program, ours >= 0 && i < ours);
    }
    if (ours >= 0 && !device->is_wanted)
        doctor_say(diagnosis, DOCTOR_PROBLEM,
                   "device %s: our program is attached %s, but the device is no port of tapwalld's",
                   device->name, device->is_bound ? "with a filter" : "and drops everything");
    return diagnosis->problems == before;
}

static gboolean examine_device(Diagnosis *diagnosis, const Survey *survey, const Device *device)
{
    gboolean good = TRUE;

    if (device->is_wanted && !device->is_bound) {
        doctor_say(diagnosis, DOCTOR_PROBLEM, "port %s: no filter is in force", device->name);
        good = FALSE;
    }
    for (guint way = 0; way < N_WAYS; way++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GArray) programs = survey_programs(survey, device->ifindex, way, &error);

        if (!programs)
            doctor_say(diagnosis, DOCTOR_PROBLEM, "%s", error->message);
        good = programs && examine_way(diagnosis, device, way, programs) && good;
    }
    return good;
}

/* ifindex -> what the daemon wants there */
static GHashTable *wanted_devices(JsonArray *wanted)
{
    GHashTable *devices = g_hash_table_new(NULL, NULL);

    for (guint i = 0; wanted && i < json_array_get_length(wanted); i++) {
        JsonObject *port = json_array_get_object_element(wanted, i);
        const guint ifindex = (guint)json_object_get_int_member(port, "ifindex");

        if (ifindex > 0)
            g_hash_table_add(devices, GUINT_TO_POINTER(ifindex));
    }
    return devices;
}

void doctor_hooks(Diagnosis *diagnosis, const Survey *survey, JsonArray *wanted)
{
    g_autoptr(GHashTable) wanted_here = wanted_devices(wanted);
    struct if_nameindex *devices = if_nameindex();
    guint ports = 0, good = 0;

    for (guint i = 0; devices && devices[i].if_index > 0; i++) {
        Device device = {devices[i].if_name, devices[i].if_index, FALSE, FALSE};

        device.is_bound = survey_is_bound(survey, device.ifindex);
        device.is_wanted =
            wanted ? g_hash_table_contains(wanted_here, GUINT_TO_POINTER(device.ifindex))
                   : device.is_bound;
        ports += device.is_wanted;
        good += examine_device(diagnosis, survey, &device) && device.is_wanted;
    }
    if_freenameindex(devices);
    if (good > 0 || ports == 0)
        doctor_say(diagnosis, DOCTOR_GOOD, "%u of %u ports that are here are filtered both ways",
                   good, ports);
}
