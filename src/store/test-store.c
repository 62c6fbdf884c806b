/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/stat.h>

#define OPTION "EnableMACAntiSpoofingFilterRules"
#define DC "10000000-0000-4000-8000-000000000001"
#define CLUSTER "10000000-0000-4000-8000-000000000002"
#define NETWORK "10000000-0000-4000-8000-000000000004"
#define VM "10000000-0000-4000-8000-000000000005"

static const char *fixtures; /* tests/data/store */

typedef struct {
    char *dir, *path;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    f->dir = g_dir_make_tmp("tapwall-store-XXXXXX", NULL);
    g_assert_nonnull(f->dir);
    f->path = g_build_filename(f->dir, "engine.db", NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);
        (void)g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(f->dir), ==, 0);
    g_free(f->dir);
    g_free(f->path);
}

static Store *open_ok(const Fixture *f, StoreMode mode)
{
    g_autoptr(GError) error = NULL;
    Store *store = store_open(f->path, mode, &error);
    g_assert_no_error(error);
    return store;
}

static void assert_open_fails(const Fixture *f, StoreMode mode, StoreError code, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_assert_null(store_open(f->path, mode, &error));
    g_assert_error(error, STORE_ERROR, (int)code);
    if (!g_strstr_len(error->message, -1, text))
        g_error("'%s' does not say '%s'", error->message, text);
}

static char *option_value(Store *store, const char *name)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = store_options(store, name, "general", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(rows->len, ==, 1);
    return g_strdup(((Option *)rows->pdata[0])->value);
}

static void assert_option(Store *store, const char *expected)
{
    g_autofree char *value = option_value(store, OPTION);
    g_assert_cmpstr(value, ==, expected);
}

static void use_fixture(const Fixture *f, const char *name)
{
    g_autofree char *path = g_strdup_printf("%s/%s.sqlite", fixtures, name);
    g_autofree char *content = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(path, &content, &size, NULL));
    g_assert_true(g_file_set_contents(f->path, content, (gssize)size, NULL));
}

static void execute(const Fixture *f, const char *sql)
{
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, sql, NULL, NULL, NULL), ==, SQLITE_OK);
    sqlite3_close(db);
}

/* ---- opening ---- */

static void test_create(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_assert_cmpuint(store_schema_version(store), ==, store_schema_latest());
    assert_option(store, "true");
    struct stat status;
    g_assert_cmpint(stat(f->path, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    g_autoptr(GPtrArray) filters = store_network_filter_list(store, NULL, NULL);
    g_assert_cmpuint(filters->len, ==, 18);
}

static void test_open_missing(Fixture *f, gconstpointer data)
{
    assert_open_fails(f, STORE_EXISTING, STORE_ERROR_OPEN, "does not exist");
    g_assert_false(g_file_test(f->path, G_FILE_TEST_EXISTS));
    g_autofree char *deep = g_build_filename(f->dir, "missing", "engine.db", NULL);
    Fixture other = {.path = deep};
    assert_open_fails(&other, STORE_MIGRATE, STORE_ERROR_OPEN, "No such file or directory");
}

static void test_open_not_a_database(Fixture *f, gconstpointer data)
{
    g_autofree char *text = g_strnfill(4096, 'x');
    g_assert_true(g_file_set_contents(f->path, text, -1, NULL));
    assert_open_fails(f, STORE_MIGRATE, STORE_ERROR_DAMAGED, "not a database");
    assert_open_fails(f, STORE_EXISTING, STORE_ERROR_DAMAGED, "not a database");
    g_autofree char *after = NULL;
    g_assert_true(g_file_get_contents(f->path, &after, NULL, NULL));
    g_assert_cmpstr(after, ==, text);
}

/* Overwrites the b-tree pages behind the first one. */
static void test_open_damaged(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    g_autofree char *content = NULL;
    gsize size;
    g_assert_true(g_file_get_contents(f->path, &content, &size, NULL));
    memset(content + 4096, 0xa5, size - 4096);
    g_assert_true(g_file_set_contents(f->path, content, (gssize)size, NULL));
    assert_open_fails(f, STORE_MIGRATE, STORE_ERROR_DAMAGED, "engine.db");
}

static void test_open_other_database(Fixture *f, gconstpointer data)
{
    execute(f, "CREATE TABLE other (id INTEGER)");
    assert_open_fails(f, STORE_EXISTING, STORE_ERROR_SCHEMA, "schema_version");
}

static void test_open_newer(Fixture *f, gconstpointer data)
{
    store_free(open_ok(f, STORE_MIGRATE));
    execute(f, "INSERT INTO schema_version VALUES (999, 'future', 0)");
    assert_open_fails(f, STORE_MIGRATE, STORE_ERROR_SCHEMA, "newer");
    assert_open_fails(f, STORE_EXISTING, STORE_ERROR_SCHEMA, "newer");
}

static void test_open_older(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    assert_open_fails(f, STORE_EXISTING, STORE_ERROR_SCHEMA, "older");
    store_free(open_ok(f, STORE_MIGRATE));
    store_free(open_ok(f, STORE_EXISTING));
}

static void test_open_locked(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_autoptr(GError) error = NULL;
    g_assert_true(store_begin(store, &error));
    g_autoptr(Store) other = open_ok(f, STORE_EXISTING);
    assert_option(other, "true"); /* reading is free */
    g_assert_false(store_option_set(other, OPTION, "general", "false", &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_LOCKED);
    store_rollback(store);
    assert_option(store, "true");
}

/* Held for good by somebody who means it exclusively: nobody even reads. */
static void test_open_held(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    sqlite3 *db;
    g_assert_cmpint(sqlite3_open(f->path, &db), ==, SQLITE_OK);
    g_assert_cmpint(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), ==, SQLITE_OK);
    assert_open_fails(f, STORE_MIGRATE, STORE_ERROR_LOCKED, "locked");
    sqlite3_close(db);
    store_free(open_ok(f, STORE_MIGRATE));
}

static void test_two_processes(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) engine = open_ok(f, STORE_MIGRATE);
    g_autoptr(Store) tool = open_ok(f, STORE_EXISTING);
    g_autoptr(GError) error = NULL;
    assert_option(engine, "true");
    g_assert_true(store_option_set(tool, OPTION, "general", "false", &error));
    assert_option(engine, "false");
    g_assert_true(store_begin(engine, &error));
    g_assert_true(store_option_set(engine, OPTION, "general", "true", &error));
    g_assert_true(store_commit(engine, &error));
    assert_option(tool, "true");
}

/* ---- migrations of stored files ---- */

static void assert_data_kept(Store *store)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Vm) vm = store_vm(store, VM, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(vm->name, ==, "vm1");
    g_assert_cmpuint(vm->memory, ==, 134217728);
    g_assert_cmpint(vm->status, ==, VM_UP);
    g_assert_null(vm->serial_log);
    g_assert_false(vm->stop_requested);
    g_autoptr(GPtrArray) nics = store_nic_list(store, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(nics->len, ==, 1);
    const Nic *nic = nics->pdata[0];
    g_assert_cmpstr(nic->mac, ==, "52:54:00:00:00:01");
    g_assert_true(nic->plugged);
    g_assert_false(nic->reported);
    g_autofree char *hash = store_user_hash(store, "admin@internal", &error);
    g_assert_cmpstr(hash, ==, "$y$j9T$abc$def");
}

static void migrate_fixture(const Fixture *f, const char *name, const char *expected)
{
    use_fixture(f, name);
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_assert_cmpuint(store_schema_version(store), ==, store_schema_latest());
    assert_option(store, expected);
    assert_data_kept(store);
    g_clear_pointer(&store, store_free);
    store = open_ok(f, STORE_MIGRATE); /* the second start changes nothing */
    assert_option(store, expected);
}

static void test_migrate_before_option(Fixture *f, gconstpointer data)
{
    migrate_fixture(f, "schema-1", "true");
}

/* A file for every schema that has the option, up to the one before today's, and today's. */
static void test_migrate_keeps_choice(Fixture *f, gconstpointer data)
{
    for (guint schema = 2; schema <= store_schema_latest(); schema++) {
        g_autofree char *name = g_strdup_printf("schema-%u-off", schema);
        migrate_fixture(f, name, "false");
    }
}

/* The user's own row, written before the migration that adds it. */
static void test_migrate_keeps_row(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    execute(f, "INSERT INTO vdc_options VALUES (77, '" OPTION "', 'false', 'general', 'true')");
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    assert_option(store, "false");
}

/* Migration 3 cannot make its table: 1 and 2 stay, nothing of 3 does. */
static void test_migrate_fails_whole(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    execute(f, "CREATE TABLE network_filter (id INTEGER)");
    assert_open_fails(f, STORE_MIGRATE, STORE_ERROR_FAILED, "migration 3");
    execute(f, "DROP TABLE network_filter");
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    assert_option(store, "true");
    assert_data_kept(store);
}

/* ---- options ---- */

static void test_options(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) all = store_options(store, NULL, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(all->len, >=, 6);
    const Option *first = all->pdata[0];
    g_assert_cmpstr(first->name, ==, OPTION);
    g_assert_cmpstr(first->version, ==, "general");
    g_assert_cmpstr(first->default_value, ==, "true");
    g_autoptr(GPtrArray) none = store_options(store, "Nothing", NULL, &error);
    g_assert_cmpuint(none->len, ==, 0);
    g_assert_true(store_option_set(store, OPTION, "general", "false", &error));
    assert_option(store, "false");
    g_assert_false(store_option_set(store, OPTION, "3.9", "false", &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(store_option_set(store, "Nothing", "general", "false", &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
}

/* ---- entities ---- */

static Vm sample_vm(const char *id, const char *name)
{
    return (Vm){.id = (char *)id,
                .name = (char *)name,
                .cluster_id = (char *)CLUSTER,
                .memory = G_GUINT64_CONSTANT(8) << 30,
                .vcpus = 2,
                .kernel = (char *)"/boot/vmlinuz",
                .serial_log = (char *)"/tmp/log",
                .status_time = 5};
}

static void test_crud(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_autoptr(GError) error = NULL;
    Vm wish = sample_vm("id-2", "vm'2\"; DROP TABLE vm;--");
    g_assert_true(store_vm_insert(store, &wish, &error));
    g_autoptr(Vm) vm = store_vm(store, "id-2", &error);
    g_assert_cmpstr(vm->name, ==, wish.name);
    g_assert_cmpuint(vm->memory, ==, wish.memory);
    g_assert_cmpstr(vm->serial_log, ==, "/tmp/log");
    g_assert_null(vm->disk);
    vm->status = VM_PAUSED;
    vm->stop_requested = TRUE;
    g_assert_true(store_vm_update(store, vm, &error));
    g_autoptr(Vm) again = store_vm(store, "id-2", &error);
    g_assert_cmpint(again->status, ==, VM_PAUSED);
    g_assert_true(again->stop_requested);
    g_assert_true(store_vm_remove(store, "id-2", &error));
    g_assert_null(store_vm(store, "id-2", &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(store_vm_update(store, vm, &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(store_vm_remove(store, "id-2", &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
}

static void test_unique_and_references(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_autoptr(GError) error = NULL;
    Vm twin = sample_vm("id-2", "vm1");
    g_assert_false(store_vm_insert(store, &twin, &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_CONFLICT);
    g_clear_error(&error);
    Vm lost = sample_vm("id-2", "vm2");
    lost.cluster_id = (char *)"nowhere";
    g_assert_false(store_vm_insert(store, &lost, &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_REFERENCE);
    g_clear_error(&error);
    Nic nic = {.id = (char *)"n",
               .vm_id = (char *)VM,
               .name = (char *)"nic2",
               .mac = (char *)"52:54:00:00:00:01",
               .model = (char *)"virtio"};
    g_assert_false(store_nic_insert(store, &nic, &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_false(store_network_remove(store, NETWORK, &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_REFERENCE);
    g_clear_error(&error);
    g_assert_true(store_vm_remove(store, VM, &error)); /* takes its NICs along */
    g_assert_cmpint(store_count(store, ENTITY_NIC, NULL, &error), ==, 0);
    g_assert_true(store_network_remove(store, NETWORK, &error));
}

static void assert_vms(Store *store, const StoreQuery *query, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) vms = store_vm_list(store, query, &error);
    g_assert_no_error(error);
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < vms->len; i++)
        g_string_append_printf(names, "%s%s", i ? " " : "", ((Vm *)vms->pdata[i])->name);
    g_assert_cmpstr(names->str, ==, expected);
}

#define QUERY(...)                                                                                 \
    (const StoreQuery)                                                                             \
    {                                                                                              \
        .conditions = (const StoreCondition[]){__VA_ARGS__},                                       \
        .n_conditions = sizeof((const StoreCondition[]){__VA_ARGS__}) / sizeof(StoreCondition)     \
    }

static void test_query(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    static const char *const names[] = {"vm10", "vm_2", "Web", "web%1"};
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        Vm vm = sample_vm(names[i], names[i]);
        g_assert_true(store_vm_insert(store, &vm, NULL));
    }
    assert_vms(store, NULL, "Web vm1 vm10 vm_2 web%1");
    assert_vms(store, &QUERY({.column = "vm_name", .text = "vm1"}), "vm1");
    assert_vms(store, &QUERY({.column = "vm_name", .match = MATCH_LIKE, .text = "vm*"}),
               "vm1 vm10 vm_2");
    assert_vms(store, &QUERY({.column = "vm_name", .match = MATCH_LIKE, .text = "w*"}), "web%1");
    assert_vms(store, &QUERY({.column = "vm_name", .match = MATCH_LIKE, .text = "vm_*"}), "vm_2");
    assert_vms(store, &QUERY({.column = "vm_name", .match = MATCH_LIKE, .text = "*%*"}), "web%1");
    assert_vms(store,
               &QUERY({.column = "vm_name", .text = "vm1"},
                      {.column = "vm_name", .text = "Web", .or_else = TRUE},
                      {.column = "status", .number = VM_UP}),
               "vm1");
    assert_vms(
        store,
        &QUERY({.column = "cluster_id", .text = "Default", .by_name = TRUE, .via = ENTITY_CLUSTER},
               {.column = "status", .number = VM_UP}),
        "vm1");
    assert_vms(
        store,
        &QUERY({.column = "cluster_id", .text = "x", .by_name = TRUE, .via = ENTITY_CLUSTER}), "");
    StoreQuery page = {.limit = 2, .offset = 2, .order_by = "vm_name", .descending = TRUE};
    assert_vms(store, &page, "vm10 vm1");
    g_autoptr(GError) error = NULL;
    g_assert_null(store_vm_list(store, &QUERY({.column = "1=1; --", .text = "x"}), &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_FAILED);
}

static void test_transaction(Fixture *f, gconstpointer data)
{
    use_fixture(f, "schema-1");
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_autoptr(GError) error = NULL;
    Vm vm = sample_vm("id-2", "vm2");
    g_assert_true(store_begin(store, &error));
    g_assert_true(store_vm_insert(store, &vm, &error));
    store_rollback(store);
    g_assert_cmpint(store_count(store, ENTITY_VM, NULL, &error), ==, 1);
    g_assert_true(store_begin(store, &error));
    g_assert_true(store_vm_insert(store, &vm, &error));
    g_assert_true(store_commit(store, &error));
    g_assert_cmpint(store_count(store, ENTITY_VM, NULL, &error), ==, 2);
}

static void test_events(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_autoptr(GError) error = NULL;
    for (int i = 1; i <= 10; i++) {
        Event event = {.code = 61, .description = (char *)"down", .time = i};
        g_assert_true(store_event_append(store, &event, &error));
        g_assert_cmpint(event.id, ==, i);
    }
    g_assert_true(store_event_trim(store, 3, &error));
    g_autoptr(GPtrArray) left = store_event_list(store, NULL, &error);
    g_assert_cmpuint(left->len, ==, 3);
    g_assert_cmpint(((Event *)left->pdata[0])->id, ==, 10);
    Event event = {.code = 61, .description = (char *)"down"};
    g_assert_true(store_event_append(store, &event, &error));
    g_assert_cmpint(event.id, ==, 11);
    g_autoptr(Event) one = store_event(store, 9, &error);
    g_assert_cmpint(one->time, ==, 9);
    g_assert_null(store_event(store, 2, &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
}

static void test_users(Fixture *f, gconstpointer data)
{
    g_autoptr(Store) store = open_ok(f, STORE_MIGRATE);
    g_autoptr(GError) error = NULL;
    g_assert_null(store_user_hash(store, "admin@internal", &error));
    g_assert_error(error, STORE_ERROR, STORE_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_true(store_user_set_hash(store, "admin@internal", "a", &error));
    g_assert_true(store_user_set_hash(store, "admin@internal", "b", &error));
    g_autofree char *hash = store_user_hash(store, "admin@internal", &error);
    g_assert_cmpstr(hash, ==, "b");
}

static void test_entity_copy(void)
{
    g_autoptr(Vm) vm = vm_new();
    vm->name = g_strdup("a");
    vm->memory = 7;
    g_autoptr(Vm) copy = vm_copy(vm);
    g_assert_true(copy->name != vm->name);
    g_assert_cmpstr(copy->name, ==, "a");
    g_assert_cmpuint(copy->memory, ==, 7);
    g_assert_cmpstr(vm_status_names[VM_WAIT_FOR_LAUNCH], ==, "wait_for_launch");
    g_assert_cmpstr(host_status_names[HOST_NON_OPERATIONAL], ==, "non_operational");
}

#define ADD(path, function) g_test_add("/store/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert(argc == 2);
    fixtures = argv[1];
    ADD("open/create", test_create);
    ADD("open/missing", test_open_missing);
    ADD("open/not-a-database", test_open_not_a_database);
    ADD("open/damaged", test_open_damaged);
    ADD("open/other-database", test_open_other_database);
    ADD("open/newer", test_open_newer);
    ADD("open/older", test_open_older);
    ADD("open/locked", test_open_locked);
    ADD("open/held", test_open_held);
    ADD("open/two-processes", test_two_processes);
    ADD("migrate/before-option", test_migrate_before_option);
    ADD("migrate/keeps-choice", test_migrate_keeps_choice);
    ADD("migrate/keeps-row", test_migrate_keeps_row);
    ADD("migrate/fails-whole", test_migrate_fails_whole);
    ADD("options", test_options);
    ADD("crud", test_crud);
    ADD("unique-and-references", test_unique_and_references);
    ADD("query", test_query);
    ADD("transaction", test_transaction);
    ADD("events", test_events);
    ADD("users", test_users);
    g_test_add_func("/store/entity-copy", test_entity_copy);
    return g_test_run();
}
