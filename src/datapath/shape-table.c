/* SPDX-License-Identifier: Apache-2.0 */
#include "datapath/shape-table.h"

#include <bpf/bpf.h>
#include <string.h>
#include <unistd.h>

#include "datapath/shape-private.h"

typedef struct {
    guint users;
    struct shape_mark mark; /* zero: free */
} Place;

struct ShapeTable {
    const Kernel *kernel;
    guint n_places;
    Place *places;
};

static const struct shape_mark no_mark;

guint shape_table_program(guint index, guint way)
{
    return FIRST_SHAPE + N_WAYS * index + way;
}

guint shape_table_index(guint program)
{
    return (program - FIRST_SHAPE) / N_WAYS;
}

static gboolean is_free(const Place *place)
{
    return memcmp(&place->mark, &no_mark, sizeof no_mark) == 0;
}

ShapeTable *shape_table_new(const Kernel *kernel, GError **error)
{
    g_autoptr(ShapeTable) table = g_new0(ShapeTable, 1);

    table->kernel = kernel;
    table->n_places = kernel->sizes.programs / N_WAYS;
    table->places = g_new0(Place, table->n_places);
    for (guint i = 0; i < table->n_places; i++) {
        int result = bpf_map_lookup_elem(kernel->maps[KERNEL_SHAPES], &i, &table->places[i].mark);

        if (result != 0) {
            datapath_kernel_error(error, result, "reading the table of shapes");
            return NULL;
        }
    }
    return g_steal_pointer(&table);
}

void shape_table_free(ShapeTable *table)
{
    if (!table)
        return;
    g_free(table->places);
    g_free(table);
}

/* ---- loading ---- */

static gboolean load_way(ShapeTable *table, const Shape *shape, guint index, guint way,
                         GError **error)
{
    guint entry = shape_table_program(index, way);
    int program = kernel_load_code(table->kernel, shape->verdicts[way]->code,
                                   way == WAY_OUT ? "verdict_out" : "verdict_in", error);
    gboolean good;

    if (program < 0)
        return FALSE;
    good = kernel_put(table->kernel, KERNEL_PROGRAMS, &entry, &program, error);
    close(program);
    return good;
}

static void unload(ShapeTable *table, guint index)
{
    for (guint way = 0; way < N_WAYS; way++) {
        guint entry = shape_table_program(index, way);
        (void)kernel_put(table->kernel, KERNEL_PROGRAMS, &entry,
                         &table->kernel->programs[KERNEL_CLOSED], NULL); /* an index in range */
    }
    table->places[index].mark = no_mark;
    (void)kernel_put(table->kernel, KERNEL_SHAPES, &index, &no_mark, NULL); /* likewise */
}

/* The mark comes last: a place with a mark is whole. */
static gboolean load(ShapeTable *table, const Shape *shape, guint index, GError **error)
{
    struct shape_mark mark;

    memcpy(mark.digest, shape->digest, sizeof mark.digest);
    for (guint way = 0; way < N_WAYS; way++)
        if (!load_way(table, shape, index, way, error)) {
            unload(table, index);
            return FALSE;
        }
    if (!kernel_put(table->kernel, KERNEL_SHAPES, &index, &mark, error)) {
        unload(table, index);
        return FALSE;
    }
    table->places[index].mark = mark;
    return TRUE;
}

gboolean shape_table_use(ShapeTable *table, Shape *shape, guint *index, GError **error)
{
    guint empty = table->n_places;

    for (guint i = 0; i < table->n_places; i++) {
        if (memcmp(table->places[i].mark.digest, shape->digest, sizeof shape->digest) == 0) {
            table->places[i].users++;
            *index = i;
            return TRUE;
        }
        if (empty == table->n_places && is_free(&table->places[i]))
            empty = i;
    }
    if (empty == table->n_places) {
        g_set_error(error, DATAPATH_ERROR, DATAPATH_ERROR_LIMIT,
                    "more than %u different filters are bound at a time", table->n_places);
        return FALSE;
    }
    if (!load(table, shape, empty, error))
        return FALSE;
    table->places[empty].users = 1;
    *index = empty;
    return TRUE;
}

gboolean shape_table_use_found(ShapeTable *table, guint index)
{
    if (index >= table->n_places || is_free(&table->places[index]))
        return FALSE;
    table->places[index].users++;
    return TRUE;
}

gboolean shape_table_is(const ShapeTable *table, guint index, const Shape *shape)
{
    return index < table->n_places &&
           memcmp(table->places[index].mark.digest, shape->digest, sizeof shape->digest) == 0;
}

void shape_table_drop(ShapeTable *table, guint index)
{
    g_assert(index < table->n_places && table->places[index].users > 0);
    if (--table->places[index].users == 0)
        unload(table, index);
}

void shape_table_clean(ShapeTable *table)
{
    for (guint i = 0; i < table->n_places; i++)
        if (table->places[i].users == 0 && !is_free(&table->places[i]))
            unload(table, i);
}
