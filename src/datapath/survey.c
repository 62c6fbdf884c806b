/* SPDX-License-Identifier: Apache-2.0 */
#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "datapath/counters.h"
#include "datapath/kernel.h"
#include "datapath/survey-private.h"
#include "datapath/tcx.h"

struct Survey {
    char *folder; /* of all layouts */
    char *pins;   /* of ours */
    guint ours[N_WAYS];
    int ports, near_ports; /* maps; -1: none */
};

/* ---- pins ---- */

static int open_pin(const Survey *survey, const char *name)
{
    g_autofree char *path = g_build_filename(survey->pins, name, NULL);

    return bpf_obj_get(path);
}

/* What is asked about a program; FALSE when it is gone or may not be asked. Takes the descriptor.
 */
static gboolean read_program(int program, struct bpf_prog_info *info)
{
    __u32 length = sizeof *info;
    gboolean good;

    memset(info, 0, sizeof *info);
    if (program < 0)
        return FALSE;
    good = bpf_obj_get_info_by_fd(program, info, &length) == 0;
    close(program);
    return good;
}

Survey *survey_new(const char *pins)
{
    static const char *const names[N_WAYS] = {[WAY_OUT] = "dispatch_out", [WAY_IN] = "dispatch_in"};
    Survey *survey = g_new0(Survey, 1);

    survey->folder = g_strdup(pins);
    survey->pins = g_strdup_printf("%s/%d", pins, LAYOUT_VERSION);
    for (guint way = 0; way < N_WAYS; way++) {
        struct bpf_prog_info info;

        if (read_program(open_pin(survey, names[way]), &info))
            survey->ours[way] = info.id;
    }
    survey->ports = open_pin(survey, "ports");
    survey->near_ports = open_pin(survey, "near_ports");
    return survey;
}

void survey_free(Survey *survey)
{
    if (!survey)
        return;
    if (survey->ports >= 0)
        close(survey->ports);
    if (survey->near_ports >= 0)
        close(survey->near_ports);
    g_free(survey->folder);
    g_free(survey->pins);
    g_free(survey);
}

gboolean survey_has_pins(const Survey *survey)
{
    return g_file_test(survey->pins, G_FILE_TEST_IS_DIR);
}

GPtrArray *survey_missing(const Survey *survey)
{
    GPtrArray *missing = g_ptr_array_new();

    for (guint i = 0; kernel_pin_name(i); i++) {
        g_autofree char *path = g_build_filename(survey->pins, kernel_pin_name(i), NULL);

        if (!g_file_test(path, G_FILE_TEST_EXISTS))
            g_ptr_array_add(missing, (gpointer)kernel_pin_name(i));
    }
    return missing;
}

static int compare_texts(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_strangers(GPtrArray *strangers, const Survey *survey, const char *folder,
                          gboolean is_inside)
{
    g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(folder, name, NULL);
        gboolean is_known = g_str_has_prefix(path, survey->pins); /* and its links */

        if (is_inside && g_str_has_prefix(name, COUNTERS_PIN))
            continue;
        for (guint i = 0; is_inside && kernel_pin_name(i); i++) {
            is_known = g_str_equal(name, kernel_pin_name(i));
            if (is_known)
                break;
        }
        if (!is_known)
            g_ptr_array_add(strangers, g_steal_pointer(&path));
    }
}

GPtrArray *survey_strangers(const Survey *survey)
{
    GPtrArray *strangers = g_ptr_array_new_with_free_func(g_free);

    add_strangers(strangers, survey, survey->folder, FALSE);
    add_strangers(strangers, survey, survey->pins, TRUE);
    g_ptr_array_sort(strangers, compare_texts);
    return strangers;
}

gboolean survey_is_bound(const Survey *survey, guint ifindex)
{
    const int map =
        kernel_port_map(ifindex) == KERNEL_NEAR_PORTS ? survey->near_ports : survey->ports;
    guint bound = 0;

    return map >= 0 && bpf_map_lookup_elem(map, &ifindex, &bound) == 0 && bound > 0;
}

/* ---- hooks ---- */

static gboolean add_tcx(GArray *programs, guint ifindex, guint way, GError **error)
{
    guint ids[TCX_PROGRAMS_MAX], count = 0;
    const int failure = tcx_query(ifindex, way == WAY_OUT ? TCX_INGRESS : TCX_EGRESS, ids, &count);

    for (guint i = 0; failure == 0 && i < count; i++) {
        const SurveyProgram program = {.place = SURVEY_TCX, .id = ids[i]};

        g_array_append_val(programs, program);
    }
    if (failure == 0 || failure == EINVAL || failure == ENODEV || failure == ENOENT)
        return TRUE; /* nothing there, or no tcx in this kernel */
    return datapath_kernel_error(error, failure, "asking for the programs of port %u", ifindex);
}

static void add_xdp(GArray *programs, guint ifindex)
{
    const SurveyProgram program = {.place = SURVEY_XDP, .id = survey_xdp(ifindex)};

    if (program.id > 0)
        g_array_append_val(programs, program);
}

static void name_program(const Survey *survey, guint way, SurveyProgram *program)
{
    struct bpf_prog_info info;

    if (program->id == 0)
        return;
    program->is_ours = program->place != SURVEY_XDP && program->id == survey->ours[way];
    if (read_program(bpf_prog_get_fd_by_id(program->id), &info))
        g_strlcpy(program->name, info.name, sizeof program->name);
}

GArray *survey_programs(const Survey *survey, guint ifindex, guint way, GError **error)
{
    g_autoptr(GArray) programs = g_array_new(FALSE, TRUE, sizeof(SurveyProgram));

    if (way == WAY_OUT)
        add_xdp(programs, ifindex);
    if (!add_tcx(programs, ifindex, way, error) || !survey_clsact(programs, ifindex, way, error))
        return NULL;
    for (guint i = 0; i < programs->len; i++)
        name_program(survey, way, &g_array_index(programs, SurveyProgram, i));
    return g_steal_pointer(&programs);
}
