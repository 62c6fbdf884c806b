/* SPDX-License-Identifier: Apache-2.0 */
#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/verbs.h"
#include "base/listen.h"
#include "base/pki.h"
#include "jsonrpc/client.h"

/*
 * The agent's own speed: verbs answered over mutual TLS on loopback, from records filled without
 * libvirt. The agent runs in a child process; figures are printed as "name value unit".
 *
 * A stall is the longest time the agent's main loop did not get round to a timer of 1 ms, as far as
 * that is beyond what the timer itself is late on an idle loop.
 */
enum { PINGS = 2000, VMS = 1000, STATS_CALLS = 10 };

static G_NORETURN void die(const char *what, const GError *error)
{
    fprintf(stderr, "bench-agent: %s: %s\n", what, error ? error->message : "failed");
    exit(EXIT_FAILURE);
}

/* ---- the agent's process ---- */

static void vm_fill(Agent *agent, guint number)
{
    g_autofree char *xml = g_strdup_printf(
        "<domain><name>vm%u</name><uuid>%08x-0000-4000-8000-000000000000</uuid>"
        "<memory unit='MiB'>1024</memory><vcpu>2</vcpu><devices><interface type='bridge'>"
        "<mac address='52:54:00:00:%02x:%02x'/><source bridge='net'/><target dev='vnet%u'/>"
        "<model type='virtio'/><filterref filter='vdsm-no-mac-spoofing'/><alias name='net0'/>"
        "<address type='pci' domain='0x0000' bus='0x00' slot='0x03' function='0x0'/>"
        "</interface></devices></domain>",
        number, number, number >> 8, number & 0xff, number);
    g_autoptr(GError) error = NULL;
    g_autoptr(Definition) definition = definition_parse("bench", xml, &error);
    g_autoptr(VirtStats) stats = NULL;
    g_autofree char *device = g_strdup_printf("vnet%u", number);
    VirtNetStats *net;
    Vm *vm;

    if (!definition)
        die("simulated VM", error);
    vm = vm_new(definition);
    stats = virt_stats_new(definition->vm_id);
    stats->cpu_time = 123456789012;
    net = virt_stats_add_net(stats, device);
    net->rx_bytes = 1234567890;
    net->tx_bytes = 987654321;
    agent_add_vm(agent, vm);
    (void)vm_set_state(vm, VM_UP); /* nobody to tell */
    vm_set_stats(vm, stats, NULL);
}

typedef struct {
    gint64 last, longest; /* us */
    gint64 last_cpu, longest_cpu;
} Stall;

static Stall stall;

static gint64 cpu_time(void)
{
    struct timespec time;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0)
        die("clock_gettime", NULL);
    return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

static void stall_reset(void)
{
    stall = (Stall){.last = g_get_monotonic_time(), .last_cpu = cpu_time()};
}

static gboolean stall_tick(gpointer data)
{
    gint64 now = g_get_monotonic_time(), cpu = cpu_time();

    stall.longest = MAX(stall.longest, now - stall.last);
    stall.longest_cpu = MAX(stall.longest_cpu, cpu - stall.last_cpu);
    stall.last = now;
    stall.last_cpu = cpu;
    return G_SOURCE_CONTINUE;
}

/* SIGUSR1: print the longest gap so far, and begin anew. */
static gboolean stall_print(gpointer data)
{
    printf("agent.main_loop_longest_stall %.2f ms\n", (double)MAX(stall.longest - 1000, 0) / 1000);
    printf("agent.main_loop_longest_work %.2f ms\n", (double)stall.longest_cpu / 1000);
    fflush(stdout);
    stall_reset();
    return G_SOURCE_CONTINUE;
}

static gboolean quit(gpointer loop)
{
    g_main_loop_quit(loop);
    return G_SOURCE_REMOVE;
}

static gboolean vms_fill(gpointer data)
{
    for (guint i = 0; i < VMS; i++)
        vm_fill(data, i);
    stall_reset();
    return G_SOURCE_CONTINUE;
}

static void agent_process(GSocket *socket, TlsCredentials *credentials)
{
    const AgentSettings settings = {.libvirt_uri = "test:///default",
                                    .filter_file = "/nonexistent",
                                    .emulator = "",
                                    .vm_folders = "/nonexistent"};
    g_autoptr(GMainLoop) loop = g_main_loop_new(NULL, FALSE);
    g_autoptr(Agent) agent = agent_new(&settings);
    g_autoptr(GError) error = NULL;

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    agent->server = rpc_server_new(credentials, verbs_handle, agent);
    agent->recovering = FALSE;
    if (!rpc_server_add_socket(agent->server, socket, &error))
        die("listening", error);
    g_unix_signal_add(SIGTERM, quit, loop);
    g_unix_signal_add(SIGUSR1, stall_print, NULL);
    g_unix_signal_add(SIGUSR2, vms_fill, agent);
    g_timeout_add(1, stall_tick, NULL);
    g_main_loop_run(loop);
}

/* ---- the client's ---- */

typedef struct {
    gboolean done;
    JsonNode *result;
} Answer;

static void connected(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;

    if (!rpc_client_connect_finish(RPC_CLIENT(source), result, &error))
        die("connecting", error);
    *(gboolean *)data = TRUE;
}

static void answered(GObject *source, GAsyncResult *result, gpointer data)
{
    g_autoptr(GError) error = NULL;
    Answer *answer = data;

    answer->result = rpc_client_call_finish(RPC_CLIENT(source), result, &error);
    if (!answer->result)
        die("call", error);
    answer->done = TRUE;
}

/* One call, in ms; *count is the number of members of a list answer, 0 of any other. */
static double call(RpcClient *client, const char *method, guint *count)
{
    gint64 begun = g_get_monotonic_time();
    Answer answer = {0};
    double ms;

    rpc_client_call_async(client, method, NULL, 60000, NULL, answered, &answer);
    while (!answer.done)
        g_main_context_iteration(NULL, TRUE);
    ms = (double)(g_get_monotonic_time() - begun) / 1000;
    *count = JSON_NODE_HOLDS_ARRAY(answer.result)
                 ? json_array_get_length(json_node_get_array(answer.result))
                 : 0;
    json_node_unref(answer.result);
    return ms;
}

static int compare(gconstpointer a, gconstpointer b)
{
    double first = *(const double *)a, second = *(const double *)b;

    return (first > second) - (first < second);
}

static void measure(RpcClient *client, const char *method, const char *name, guint calls,
                    guint count)
{
    g_autofree double *times = g_new(double, calls);
    guint found;

    for (guint i = 0; i < calls / 10 + 1; i++)
        (void)call(client, method, &found); /* warming up */
    for (guint i = 0; i < calls; i++) {
        times[i] = call(client, method, &found);
        if (found != count)
            die(method, NULL);
    }
    qsort(times, calls, sizeof *times, compare);
    printf("%s_p50 %.3f ms\n", name, times[calls / 2]);
    printf("%s_p99 %.3f ms\n", name, times[calls * 99 / 100]);
    fflush(stdout);
}

static void memory_print(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/statm", pid);
    g_autofree char *text = NULL;
    unsigned long size, resident;

    if (!g_file_get_contents(path, &text, NULL, NULL) ||
        sscanf(text, "%lu %lu", &size, &resident) != 2)
        die(path, NULL);
    printf("agent.memory_at_rest %.1f MiB\n",
           (double)resident * (double)sysconf(_SC_PAGESIZE) / (1 << 20));
}

static void client_run(guint16 port, TlsCredentials *credentials, GSubprocess *agent)
{
    g_autoptr(RpcClient) client = rpc_client_new(credentials, 0);
    gboolean is_connected = FALSE;
    guint count = 0;

    rpc_client_connect_async(client, "127.0.0.1", port, 10000, NULL, connected, &is_connected);
    while (!is_connected)
        g_main_context_iteration(NULL, TRUE);
    measure(client, "Host.ping2", "agent.ping2_tls", PINGS, 0);
    memory_print(g_subprocess_get_identifier(agent));
    g_subprocess_send_signal(agent, SIGUSR2);
    while (count != VMS)
        (void)call(client, "Host.getVMList", &count);
    measure(client, "Host.getAllVmStats", "agent.all_stats_1000", STATS_CALLS, VMS);
    measure(client, "Host.getVMFullList", "agent.full_list_1000", STATS_CALLS, VMS);
    g_subprocess_send_signal(agent, SIGUSR1);
    (void)call(client, "Host.ping2", &count);
    rpc_client_close(client);
}

/* ---- both ---- */

static char *pki_path(const char *folder, const char *name)
{
    return g_build_filename(folder, name, NULL);
}

static TlsCredentials *credentials_read(const char *folder)
{
    g_autofree char *certificate = pki_path(folder, "bench.pem");
    g_autofree char *key = pki_path(folder, "bench-key.pem");
    g_autofree char *ca = pki_path(folder, "ca.pem");
    g_autoptr(GError) error = NULL;
    TlsCredentials *credentials = tls_credentials_load(certificate, key, ca, &error);

    if (!credentials)
        die("certificates", error);
    return credentials;
}

static char *pki_make(void)
{
    g_autoptr(GError) error = NULL;
    char *folder = g_dir_make_tmp("bench-agent-XXXXXX", &error);
    g_autofree char *certificate = folder ? pki_path(folder, "bench.pem") : NULL;
    g_autofree char *key = folder ? pki_path(folder, "bench-key.pem") : NULL;

    if (!folder || !pki_ensure_ca(folder, &error) ||
        !pki_issue(folder, "bench", NULL, certificate, key, &error))
        die("certificates", error);
    return folder;
}

static void pki_remove(const char *folder)
{
    static const char *const names[] = {"bench.pem",          "bench-key.pem", "ca.pem", "serial",
                                        "private/ca-key.pem", "private",       ""};

    for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = pki_path(folder, names[i]);
        (void)g_remove(path); /* not all of them need exist */
    }
}

static int agent_main(const char *folder)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = g_socket_new_from_fd(3, &error);
    g_autoptr(TlsCredentials) credentials = credentials_read(folder);

    if (!socket)
        die("the listening socket", error);
    agent_process(socket, credentials);
    return EXIT_SUCCESS;
}

static GSubprocess *agent_spawn(const char *self, const char *folder, GSocket *socket)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(G_SUBPROCESS_FLAGS_NONE);
    g_autoptr(GError) error = NULL;
    GSubprocess *agent;

    g_subprocess_launcher_take_fd(launcher, dup(g_socket_get_fd(socket)), 3);
    agent = g_subprocess_launcher_spawn(launcher, &error, self, "--agent", folder, NULL);
    if (!agent)
        die("starting the agent", error);
    return agent;
}

int main(int argc, char **argv)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GSocket) socket = NULL;
    g_autoptr(GSocketAddress) address = NULL;
    g_autoptr(TlsCredentials) credentials = NULL;
    g_autoptr(GSubprocess) agent = NULL;
    g_autofree char *folder = NULL;

    if (argc == 3 && strcmp(argv[1], "--agent") == 0)
        return agent_main(argv[2]);
    socket = listen_socket_new("127.0.0.1", 0, &error);
    address = socket ? g_socket_get_local_address(socket, &error) : NULL;
    if (!address)
        die("listening", error);
    folder = pki_make();
    credentials = credentials_read(folder);
    agent = agent_spawn("/proc/self/exe", folder, socket);
    client_run(g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(address)), credentials, agent);
    g_subprocess_send_signal(agent, SIGTERM);
    if (!g_subprocess_wait_check(agent, NULL, &error))
        die("the agent's process", error);
    pki_remove(folder);
    return EXIT_SUCCESS;
}
