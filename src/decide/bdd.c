/* SPDX-License-Identifier: Apache-2.0 */
#include "decide/bdd.h"

#include <string.h>

#define TERMINAL G_MAXUINT32 /* the variable of the two constants: below all others */
#define CACHE_SIZE (1u << 18)

typedef struct {
    guint32 variable;
    Bdd low, high; /* where it is false, where it is true */
    guint32 next;  /* in its bucket; 0: the last */
} Node;

/* A result of bdd_ite; condition 0 (never asked) marks a free place. */
typedef struct {
    Bdd condition, then, otherwise, result;
} Cached;

struct BddStore {
    GArray *nodes;    /* Node; 0 and 1 are the constants */
    guint32 *buckets; /* first node of each; 0: none */
    guint n_buckets;  /* a power of two */
    Cached *cache;
    guint limit;
    gboolean is_full;
};

static Node *node_at(const BddStore *store, Bdd bdd)
{
    return &g_array_index(store->nodes, Node, bdd);
}

BddStore *bdd_new(guint limit)
{
    BddStore *store = g_new0(BddStore, 1);
    const Node constant = {TERMINAL, 0, 0, 0};

    store->nodes = g_array_new(FALSE, FALSE, sizeof(Node));
    g_array_append_val(store->nodes, constant);
    g_array_append_val(store->nodes, constant);
    store->n_buckets = 1u << 12;
    store->buckets = g_new0(guint32, store->n_buckets);
    store->cache = g_new0(Cached, CACHE_SIZE);
    store->limit = limit;
    return store;
}

void bdd_free(BddStore *store)
{
    if (!store)
        return;
    g_array_unref(store->nodes);
    g_free(store->buckets);
    g_free(store->cache);
    g_free(store);
}

gboolean bdd_is_full(const BddStore *store)
{
    return store->is_full;
}

guint bdd_size(const BddStore *store)
{
    return store->nodes->len;
}

static guint32 mix(guint32 a, guint32 b, guint32 c)
{
    guint32 hash = a * 0x9e3779b1u ^ b * 0x85ebca77u ^ c * 0xc2b2ae3du;

    hash ^= hash >> 15;
    hash *= 0x2c1b3c6du;
    return hash ^ hash >> 13;
}

static void buckets_grow(BddStore *store)
{
    g_free(store->buckets);
    store->n_buckets *= 2;
    store->buckets = g_new0(guint32, store->n_buckets);
    for (Bdd bdd = 2; bdd < store->nodes->len; bdd++) {
        Node *node = node_at(store, bdd);
        guint32 bucket = mix(node->variable, node->low, node->high) & (store->n_buckets - 1);

        node->next = store->buckets[bucket];
        store->buckets[bucket] = bdd;
    }
}

static Bdd node_make(BddStore *store, guint32 variable, Bdd low, Bdd high)
{
    guint32 bucket = mix(variable, low, high) & (store->n_buckets - 1);
    Node fresh = {variable, low, high, store->buckets[bucket]};

    if (low == high)
        return low;
    for (Bdd bdd = store->buckets[bucket]; bdd != 0; bdd = node_at(store, bdd)->next) {
        const Node *node = node_at(store, bdd);
        if (node->variable == variable && node->low == low && node->high == high)
            return bdd;
    }
    if (store->nodes->len >= store->limit) {
        store->is_full = TRUE;
        return BDD_FALSE;
    }
    store->buckets[bucket] = store->nodes->len;
    g_array_append_val(store->nodes, fresh);
    if (store->nodes->len > store->n_buckets)
        buckets_grow(store);
    return store->nodes->len - 1;
}

Bdd bdd_variable(BddStore *store, guint variable)
{
    g_assert(variable < TERMINAL);
    return node_make(store, variable, BDD_FALSE, BDD_TRUE);
}

/* The set where the variable has that value; the variable is at or above the set's own. */
static Bdd cofactor(const BddStore *store, Bdd bdd, guint32 variable, gboolean value)
{
    const Node *node = node_at(store, bdd);

    if (node->variable != variable)
        return bdd;
    return value ? node->high : node->low;
}

static guint32 top_variable(const BddStore *store, Bdd a, Bdd b, Bdd c)
{
    guint32 top = node_at(store, a)->variable;

    top = MIN(top, node_at(store, b)->variable);
    return MIN(top, node_at(store, c)->variable);
}

Bdd bdd_ite(BddStore *store, Bdd condition, Bdd then, Bdd otherwise)
{
    Cached *cached;
    guint32 variable;
    Bdd low, high, result;

    if (store->is_full)
        return BDD_FALSE;
    if (condition == BDD_TRUE || then == otherwise)
        return then;
    if (condition == BDD_FALSE)
        return otherwise;
    if (then == BDD_TRUE && otherwise == BDD_FALSE)
        return condition;
    cached = &store->cache[mix(condition, then, otherwise) & (CACHE_SIZE - 1)];
    if (cached->condition == condition && cached->then == then && cached->otherwise == otherwise)
        return cached->result;
    variable = top_variable(store, condition, then, otherwise);
    low = bdd_ite(store, cofactor(store, condition, variable, FALSE),
                  cofactor(store, then, variable, FALSE),
                  cofactor(store, otherwise, variable, FALSE));
    high =
        bdd_ite(store, cofactor(store, condition, variable, TRUE),
                cofactor(store, then, variable, TRUE), cofactor(store, otherwise, variable, TRUE));
    result = node_make(store, variable, low, high);
    if (!store->is_full)
        *cached = (Cached){condition, then, otherwise, result};
    return result;
}

Bdd bdd_and(BddStore *store, Bdd a, Bdd b)
{
    return bdd_ite(store, a, b, BDD_FALSE);
}

Bdd bdd_or(BddStore *store, Bdd a, Bdd b)
{
    return bdd_ite(store, a, BDD_TRUE, b);
}

Bdd bdd_not(BddStore *store, Bdd a)
{
    return bdd_ite(store, a, BDD_FALSE, BDD_TRUE);
}

Bdd bdd_xor(BddStore *store, Bdd a, Bdd b)
{
    return bdd_ite(store, a, bdd_not(store, b), b);
}

Bdd bdd_minus(BddStore *store, Bdd a, Bdd b)
{
    return bdd_ite(store, b, BDD_FALSE, a);
}

void bdd_pick(const BddStore *store, Bdd set, gboolean *values, guint n)
{
    g_assert(set != BDD_FALSE);
    while (set != BDD_TRUE) {
        const Node *node = node_at(store, set);

        g_assert(node->variable < n);
        values[node->variable] = node->low == BDD_FALSE;
        set = values[node->variable] ? node->high : node->low;
    }
}
