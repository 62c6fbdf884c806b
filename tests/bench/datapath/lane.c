/* SPDX-License-Identifier: Apache-2.0 */
#include "lane.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "batch.h"
#include "datapath/expedite.h"
#include "kernel/wire.h"

static Catalogue *filters;
static Datapath *datapath;
static const char *pins;
static guint indexes[LANE_PORTS + 1];
static int links[LANE_PORTS + 1][2];
static int pass_program, empty_program;

/* ---- opening ---- */

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

static void make_ports(void)
{
    g_autoptr(GString) batch = g_string_new(NULL);

    for (guint i = 1; i <= LANE_PORTS; i++)
        g_string_append_printf(batch,
                               "link add p%u type veth peer name g%u\n"
                               "link set p%u master bridge up\nlink set g%u up\n",
                               i, i, i, i);
    batch_run("ip -batch -", batch->str);
    for (guint i = 1; i <= LANE_PORTS; i++) {
        g_autofree char *name = g_strdup_printf("p%u", i);
        indexes[i] = if_nametoindex(name);
        g_assert_cmpuint(indexes[i], >, 0);
    }
}

void lane_open(const char *stock, const char *own)
{
    const DatapathConfig config = {wire_enter(), LANE_CAPACITY, 0, DATAPATH_HOOK_ANY};
    g_autoptr(GError) error = NULL;

    pins = config.pins;
    filters = stock_filters(stock, own);
    make_ports();
    wire_run("bridge fdb add 52:54:00:00:00:02 dev p2 master static");
    pass_program = load_return(BPF_PROG_TYPE_XDP, XDP_PASS);
    empty_program = load_return(BPF_PROG_TYPE_SCHED_CLS, -1);
    g_assert_cmpint(bpf_xdp_attach((int)indexes[1], pass_program, 0, NULL), ==, 0); /* a queue */
    datapath = datapath_open(&config, &error);
    g_assert_no_error(error);
}

void lane_close(void)
{
    datapath_close(datapath);
    catalogue_free(filters);
}

Datapath *lane_datapath(void)
{
    return datapath;
}

const char *lane_pins(void)
{
    return pins;
}

guint lane_ifindex(guint port)
{
    g_assert(port >= 1 && port <= LANE_PORTS);
    return indexes[port];
}

double lane_seconds(void)
{
    return (double)g_get_monotonic_time() / 1e6;
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

static double run_once(const Lane *lane)
{
    struct xdp_md context = {.data_end = lane->octets->len, .ingress_ifindex = indexes[1]};
    LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = lane->octets->data,
                .data_size_in = lane->octets->len, .ctx_in = &context,
                .ctx_size_in = sizeof context, .repeat = (int)lane->repeat,
                .batch_size = lane->batch, .flags = BPF_F_TEST_XDP_LIVE_FRAMES);
    double start = cpu_seconds();

    g_assert_cmpint(bpf_prog_test_run_opts(pass_program, &run), ==, 0);
    return (cpu_seconds() - start) / lane->repeat * 1e9;
}

/* Frames that left through ports, by the kernel's count. */
static guint64 delivered(void)
{
    g_autofree char *text = NULL;
    guint64 all = 0;

    g_assert_true(g_file_get_contents("/proc/thread-self/net/dev", &text, NULL, NULL));
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line; line++) {
        guint64 n;

        if (sscanf(*line, " p%*u: %*u %*u %*u %*u %*u %*u %*u %*u %*u %" G_GUINT64_FORMAT, &n) == 1)
            all += n;
    }
    return all;
}

double lane_run(const Lane *lane, const char *name)
{
    guint64 before, after;
    double cost;

    (void)run_once(lane); /* caches */
    before = delivered();
    cost = run_once(lane);
    after = delivered();
    if (after - before != (guint64)lane->repeat * lane->receivers)
        g_error("%s: %" G_GUINT64_FORMAT " of %u frames were delivered", name, after - before,
                lane->repeat * lane->receivers);
    return cost;
}

/* ---- what is at the ports ---- */

static PlanValues *values_of(const Plan *plan, guint port, guint n_addresses)
{
    g_autofree char *mac = g_strdup_printf("52:54:00:00:%02x:%02x", port >> 8, port & 255);
    g_autofree char *own = g_strdup_printf("10.0.%u.%u", port >> 8, port & 255);
    g_autoptr(Variables) variables = variables_new();
    g_autoptr(GError) error = NULL;
    PlanValues *values;

    g_assert_true(variables_add(variables, "MAC", mac, NULL));
    for (guint i = 1; i < n_addresses; i++) {
        g_autofree char *address = g_strdup_printf("10.%u.%u.%u", 1 + port % 200, i >> 8, i & 255);
        g_assert_true(variables_add(variables, "IP", address, NULL));
    }
    g_assert_true(variables_add(variables, "IP", own, NULL));
    values = plan_bind(plan, variables, &error);
    g_assert_no_error(error);
    return values;
}

static Plan *plan_of(const char *filter)
{
    g_autoptr(GError) error = NULL;
    Plan *plan = catalogue_resolve(filters, filter, &error);

    g_assert_no_error(error);
    return plan;
}

void lane_bound_init(Bound *bound, const char *filter, guint port, guint n_addresses)
{
    g_autoptr(Plan) plan = plan_of(filter);
    g_autoptr(PlanValues) values = values_of(plan, port, n_addresses);

    bound_init(bound, plan, values, ENCAPSULATION_INSPECT);
}

void lane_bind(const DatapathPort *ports, guint n, double *prepare, double *commit)
{
    g_autoptr(GError) error = NULL;
    double start = lane_seconds();
    DatapathChange *change = datapath_prepare(datapath, ports, n, &error);

    g_assert_no_error(error);
    *prepare = lane_seconds() - start;
    start = lane_seconds();
    g_assert_true(datapath_commit(change, &error));
    *commit = lane_seconds() - start;
}

/* The same shape with another port's values. */
static void filter_one(const Bound *bound, const Plan *plan, guint port, guint n_addresses)
{
    g_autoptr(PlanValues) values = values_of(plan, port, n_addresses);
    g_autoptr(IrBinding) out = ir_bind(shape_program(bound->shape, 0), values, NULL);
    g_autoptr(IrBinding) in = ir_bind(shape_program(bound->shape, 1), values, NULL);
    const DatapathPort row = {indexes[port], bound->shape, {out, in}};
    g_autoptr(GError) error = NULL;
    double unused;

    g_assert_true(out && in);
    lane_bind(&row, 1, &unused, &unused);
    g_assert_true(datapath_attach(datapath, indexes[port], &error));
}

void lane_filter(const char *filter, guint first, guint last, guint n_addresses)
{
    g_autoptr(Plan) plan = plan_of(filter);
    Bound bound;

    lane_bound_init(&bound, filter, first, n_addresses);
    for (guint port = first; port <= last; port++)
        filter_one(&bound, plan, port, n_addresses);
    bound_clear(&bound);
}

void lane_unfilter(guint first, guint last)
{
    for (guint port = first; port <= last; port++) {
        g_assert_true(datapath_detach(datapath, indexes[port], NULL));
        g_assert_true(datapath_unbind(datapath, indexes[port], NULL));
    }
}

/* tcx links, which libbpf has since 1.3 only. */
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

void lane_occupy(guint first, guint last)
{
    Expedite expedite;

    expedite_begin(&expedite);
    for (guint port = first; port <= last; port++)
        for (guint i = 0; i < 2; i++)
            links[port][i] = attach_empty(indexes[port], 46 + i); /* BPF_TCX_INGRESS, _EGRESS */
    expedite_end(&expedite);
}

void lane_vacate(guint first, guint last)
{
    Expedite expedite;

    expedite_begin(&expedite);
    for (guint port = first; port <= last; port++)
        for (guint i = 0; i < 2; i++)
            close(links[port][i]);
    expedite_end(&expedite);
}

void lane_sweep(void)
{
    g_autoptr(GError) error = NULL;
    guint64 retired = datapath_retire(datapath);

    g_assert_true(datapath_wait_grace(&error));
    g_assert_true(datapath_sweep(datapath, retired, G_MAXUINT));
}
