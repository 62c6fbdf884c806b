/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What filtering costs. Frames are put in at a port of a bridge by XDP live-frame test runs (Linux
 * 5.18) and forwarded to another; cases take turns, and a figure is the median over
 * all rounds; a ratio is that of two cases in one round. Needs root. usage: bench-datapath STOCK
 * OWN
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "datapath/bpf/layout.h"
#include "datapath/datapath.h"
#include "kernel/stock.h"
#include "kernel/wire.h"

#define ROUNDS 40
#define FRAMES 8000
#define BIND_ROUNDS 9
#define PORTS 1000
#define FAKE 1000000 /* ifindex of ports that are rows only */

#define UDP "0800 4500 002e 0001 0000 40 11 0000 0a000001 0a000009 03e8 0035 001a 0000"

static Catalogue *filters;
static Datapath *datapath;
static guint port1, port2;
static int pass_program, empty_program;

/* ---- programs and hooks ---- */

static int load_return(enum bpf_prog_type type, int value)
{
    const struct bpf_insn code[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = value},
        {.code = BPF_JMP | BPF_EXIT},
    };
    int program = bpf_prog_load(type, "bench", "GPL", code, 2, NULL);

    g_assert_cmpint(program, >=, 0);
    return program;
}

static int attach_empty(guint ifindex, guint type)
{
    union bpf_attr attributes = {0};

    attributes.link_create.prog_fd = (__u32)empty_program;
    attributes.link_create.target_ifindex = ifindex;
    attributes.link_create.attach_type = type;
    int link = (int)syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof attributes);
    g_assert_cmpint(link, >=, 0);
    return link;
}

/* ---- filters ---- */

static void bound_of(Bound *bound, const char *name, guint n_addresses)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Plan) plan = catalogue_resolve(filters, name, &error);
    g_autoptr(Variables) variables = stock_variables(name, 1);

    for (guint i = 1; i < n_addresses; i++) {
        g_autofree char *address = g_strdup_printf("10.1.%u.%u", i / 250, i % 250);
        g_assert_true(variables_add(variables, "IP", address, NULL));
    }
    g_autoptr(PlanValues) values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    bound_init(bound, plan, values, ENCAPSULATION_INSPECT);
}

static double seconds(void)
{
    return (double)g_get_monotonic_time() / 1e6;
}

static void sweep(void)
{
    g_autoptr(GError) error = NULL;
    guint64 retired = datapath_retire(datapath);

    g_assert_true(datapath_wait_grace(&error));
    datapath_sweep(datapath, retired);
}

/* Binds `n` ports from `first` on. Gives the seconds of preparing and of the switch. */
static void bind_ports(const Bound *bound, guint first, guint n, double *prepare, double *commit)
{
    g_autofree DatapathPort *ports = g_new0(DatapathPort, n);
    g_autoptr(GError) error = NULL;
    double start = seconds();

    for (guint i = 0; i < n; i++)
        ports[i] =
            (DatapathPort){first + i, bound->shape, {bound->bindings[0], bound->bindings[1]}};
    DatapathChange *change = datapath_prepare(datapath, ports, n, &error);
    g_assert_no_error(error);
    *prepare = seconds() - start;
    start = seconds();
    g_assert_true(datapath_commit(change, &error));
    *commit = seconds() - start;
}

static void unbind_ports(guint first, guint n)
{
    for (guint i = 0; i < n; i++)
        g_assert_true(datapath_unbind(datapath, first + i, NULL));
}

/* ---- frames ---- */

/* Of this thread: what else runs on the machine does not count. The whole way of the frames is
 * within the call. */
static double cpu_seconds(void)
{
    struct timespec time;

    g_assert_cmpint(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time), ==, 0);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double run_frames(const GByteArray *frame)
{
    struct xdp_md context = {.data_end = frame->len, .ingress_ifindex = port1};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->data, .data_size_in = frame->len,
                .ctx_in = &context, .ctx_size_in = sizeof context, .repeat = FRAMES,
                .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
    double start = cpu_seconds();

    g_assert_cmpint(bpf_prog_test_run_opts(pass_program, &run), ==, 0);
    return (cpu_seconds() - start) / FRAMES * 1e9;
}

/* Frames that left through the second port, by the kernel's count. */
static guint64 delivered(void)
{
    g_autofree char *text = NULL;
    guint64 n = 0;
    const char *at;

    g_assert_true(g_file_get_contents("/proc/thread-self/net/dev", &text, NULL, NULL));
    at = strstr(text, "p2:");
    g_assert_nonnull(at);
    g_assert_cmpint(sscanf(at, "p2: %*u %*u %*u %*u %*u %*u %*u %*u %*u %" G_GUINT64_FORMAT, &n),
                    ==, 1);
    return n;
}

typedef struct {
    const char *name;
    const char *filter; /* NULL: an empty program; "": none */
    guint ports;        /* attached: the sender's, or the receiver's too */
    guint addresses, rows;
    double costs[ROUNDS];
} Case;

static Case cases[] = {
    {"none", "", 0, 1, 0, {0}},
    {"empty_1", NULL, 1, 1, 0, {0}},
    {"empty_2", NULL, 2, 1, 0, {0}},
    {"vdsm_1", "vdsm-no-mac-spoofing", 1, 1, 0, {0}},
    {"vdsm_2", "vdsm-no-mac-spoofing", 2, 1, 0, {0}},
    {"vdsm_1_of_100_ports", "vdsm-no-mac-spoofing", 1, 1, 99, {0}},
    {"vdsm_1_of_1000_ports", "vdsm-no-mac-spoofing", 1, 1, 999, {0}},
    {"clean_1", "clean-traffic", 1, 1, 0, {0}},
    {"clean_2", "clean-traffic", 2, 1, 0, {0}},
    {"clean_1_100_addresses", "clean-traffic", 1, 100, 0, {0}},
    {"clean_1_1000_addresses", "clean-traffic", 1, 1000, 0, {0}},
};

static double run_case(const Case *row, const GByteArray *frame)
{
    const guint ports[] = {port1, port2};
    int links[4];
    guint n = 0;
    Bound bound;
    double cost, unused;

    if (row->filter && *row->filter) {
        bound_of(&bound, row->filter, row->addresses);
        if (row->rows > 0)
            bind_ports(&bound, FAKE, row->rows, &unused, &unused);
        for (guint i = 0; i < row->ports; i++) {
            bind_ports(&bound, ports[i], 1, &unused, &unused);
            g_assert_true(datapath_attach(datapath, ports[i], NULL));
        }
    }
    if (!row->filter)
        for (guint i = 0; i < row->ports; i++)
            for (guint type = 46; type <= 47; type++)
                links[n++] = attach_empty(ports[i], type);
    (void)run_frames(frame); /* caches */
    guint64 before = delivered();
    cost = run_frames(frame);
    if (delivered() - before != FRAMES)
        g_error("%s: %" G_GUINT64_FORMAT " of %d frames were delivered", row->name,
                delivered() - before, FRAMES);
    while (n > 0)
        close(links[--n]);
    if (row->filter && *row->filter) {
        for (guint i = 0; i < row->ports; i++) {
            g_assert_true(datapath_detach(datapath, ports[i], NULL));
            unbind_ports(ports[i], 1);
        }
        unbind_ports(FAKE, row->rows);
        bound_clear(&bound);
    }
    return cost;
}

static int compare(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return left < right ? -1 : left > right;
}

/* Of a case's costs, or of their ratios to another's. */
static double median(const Case *row, const char *other)
{
    double values[ROUNDS];
    gsize i = 0;

    while (other && strcmp(cases[i].name, other) != 0)
        i++;
    for (guint round = 0; round < ROUNDS; round++)
        values[round] = row->costs[round] / (other ? cases[i].costs[round] : 1);
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

static void bench_frames(void)
{
    g_autoptr(GByteArray) frame = wire_octets("525400000009 525400000001" UDP);

    while (frame->len < 60)
        g_byte_array_append(frame, (const guint8 *)"", 1);
    for (guint round = 0; round < ROUNDS; round++) {
        for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
            cases[i].costs[round] = run_case(&cases[i], frame);
        sweep();
    }
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        const Case *row = &cases[i];

        printf("frame_%s %.0f ns\n", row->name, median(row, NULL));
        printf("frame_%s_to_none %.3f ratio\n", row->name, median(row, "none"));
        if (row->filter && *row->filter)
            printf("frame_%s_to_empty %.3f ratio\n", row->name,
                   median(row, row->ports == 2 ? "empty_2" : "empty_1"));
    }
}

/* ---- binding ---- */

typedef struct {
    double first, further, attach; /* seconds, the least of all rounds */
} Binding;

/* Binds and attaches the first port; `start` is when it began. */
static void bind_first(const Bound *bound, double start, double *least, Binding *binding)
{
    double before, unused;
    g_autoptr(GError) error = NULL;

    bind_ports(bound, port1, 1, &unused, &unused);
    before = seconds();
    g_assert_true(datapath_attach(datapath, port1, &error));
    *least = MIN(*least, seconds() - start);
    binding->attach = MIN(binding->attach, seconds() - before);
    g_assert_true(datapath_detach(datapath, port1, NULL));
    unbind_ports(port1, 1);
}

/* From the filter's name to attached; and again while another port has the shape, which then is at
 * hand. */
static void bind_round(Binding *binding)
{
    double start = seconds(), unused;
    Bound bound;

    bound_of(&bound, "clean-traffic", 1);
    bind_first(&bound, start, &binding->first, binding);
    bind_ports(&bound, port2, 1, &unused, &unused);
    bind_first(&bound, seconds(), &binding->further, binding);
    unbind_ports(port2, 1);
    sweep();
    bound_clear(&bound);
}

static void bench_binding(void)
{
    Binding binding = {1, 1, 1};
    double prepare = 1, commit = 1, p, c, unused;
    Bound bound, other;

    for (guint round = 0; round < BIND_ROUNDS; round++)
        bind_round(&binding);
    bound_of(&bound, "vdsm-no-mac-spoofing", 1);
    bound_of(&other, "no-mac-spoofing", 1);
    bind_ports(&bound, FAKE, PORTS, &unused, &unused);
    for (guint round = 0; round < BIND_ROUNDS; round++) {
        bind_ports(round % 2 ? &bound : &other, FAKE, PORTS, &p, &c);
        sweep();
        prepare = MIN(prepare, p);
        commit = MIN(commit, c);
    }
    unbind_ports(FAKE, PORTS);
    bound_clear(&bound);
    bound_clear(&other);
    printf("filter_to_attached_first_of_shape %.3f ms\n", binding.first * 1e3);
    printf("filter_to_attached_further %.3f ms\n", binding.further * 1e3);
    printf("attach_both_ways %.3f ms\n", binding.attach * 1e3);
    printf("redefine_1000_ports_prepare %.3f ms\n", prepare * 1e3);
    printf("redefine_1000_ports_switch %.3f ms\n", commit * 1e3);
}

/* ---- memory ---- */

static guint64 map_memory(const char *path)
{
    int map = bpf_obj_get(path);
    g_autofree char *info = g_strdup_printf("/proc/self/fdinfo/%d", map), *text = NULL;
    const char *at;

    if (map < 0 || !g_file_get_contents(info, &text, NULL, NULL))
        return 0;
    close(map);
    at = strstr(text, "memlock:");
    return at ? g_ascii_strtoull(at + strlen("memlock:"), NULL, 10) : 0;
}

static void bench_memory(const char *pins)
{
    g_autofree char *directory = g_strdup_printf("%s/%d", pins, LAYOUT_VERSION);
    g_autoptr(GDir) maps = g_dir_open(directory, 0, NULL);
    guint64 all = 0;

    for (const char *name; (name = g_dir_read_name(maps));) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        guint64 memory = map_memory(path);

        if (memory > 0)
            printf("memory_%s %" G_GUINT64_FORMAT " octets\n", name, memory);
        all += memory;
    }
    printf("memory_per_port_of_%d %.0f octets\n", 4 * PORTS, (double)all / (4 * PORTS));
}

int main(int argc, char **argv)
{
    const DatapathConfig config = {wire_enter(), 4 * PORTS, 0, DATAPATH_HOOK_ANY};
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(argc, ==, 3);
    filters = stock_filters(argv[1], argv[2]);
    port1 = wire_port(1);
    port2 = wire_port(2);
    wire_run("ip link set p1 mtu 1500"); /* XDP on a veth takes frames of one page */
    wire_run("ip link set g1 mtu 1500");
    wire_run("bridge fdb add 52:54:00:00:00:09 dev p2 master static");
    pass_program = load_return(BPF_PROG_TYPE_XDP, XDP_PASS);
    empty_program = load_return(BPF_PROG_TYPE_SCHED_CLS, -1);
    g_assert_cmpint(bpf_xdp_attach((int)port1, pass_program, 0, NULL), ==, 0); /* makes its queue */
    datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
    bench_frames();
    bench_binding();
    bench_memory(config.pins);
    datapath_close(datapath);
    catalogue_free(filters);
    return 0;
}
