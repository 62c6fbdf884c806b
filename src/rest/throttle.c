/* SPDX-License-Identifier: Apache-2.0 */
#include "rest/throttle.h"

#include <gio/gio.h>
#include <string.h>

/* A bucket of tries; also the mark of a peer a user logged in from (then only `seen` counts). */
typedef struct {
    char *key;
    double tries;
    gint64 refilled;
    gint64 seen; /* last successful login, 0 for none */
    GList link;  /* in by_age */
} Bucket;

struct Throttle {
    GHashTable *by_key;
    GQueue by_age; /* least recently touched first */
    guint limit;
};

typedef struct {
    const char *prefix;
    double tries, seconds;
} Budget;

static const Budget peer_budget = {"peer", THROTTLE_PEER_TRIES, THROTTLE_PEER_SECONDS};
static const Budget user_budget = {"user", THROTTLE_USER_TRIES, THROTTLE_USER_SECONDS};

#define KNOWN_SECONDS (7 * 24 * 3600)

static void bucket_free(gpointer data)
{
    Bucket *bucket = data;

    g_free(bucket->key);
    g_free(bucket);
}

Throttle *throttle_new(guint limit)
{
    Throttle *throttle = g_new0(Throttle, 1);

    throttle->by_key = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, bucket_free);
    g_queue_init(&throttle->by_age);
    throttle->limit = limit;
    return throttle;
}

void throttle_free(Throttle *throttle)
{
    g_hash_table_unref(throttle->by_key);
    g_free(throttle);
}

static Bucket *bucket_add(Throttle *throttle, const char *key, double tries, gint64 now)
{
    Bucket *bucket = g_new0(Bucket, 1);

    if (throttle->by_age.length >= throttle->limit) {
        Bucket *oldest = g_queue_peek_head(&throttle->by_age);

        g_queue_unlink(&throttle->by_age, &oldest->link);
        g_hash_table_remove(throttle->by_key, oldest->key);
    }
    bucket->key = g_strdup(key);
    bucket->tries = tries;
    bucket->refilled = now;
    bucket->link.data = bucket;
    g_hash_table_insert(throttle->by_key, bucket->key, bucket);
    g_queue_push_tail_link(&throttle->by_age, &bucket->link);
    return bucket;
}

/* Who is counted is a digest: a user name is up to 64 KiB of a stranger's choice. */
static char *bucket_key(const char *prefix, const char *who)
{
    g_autofree char *digest = g_compute_checksum_for_string(G_CHECKSUM_SHA256, who, -1);

    return g_strconcat(prefix, " ", digest, NULL);
}

static Bucket *bucket_of(Throttle *throttle, const Budget *budget, const char *who, gint64 now)
{
    g_autofree char *key = bucket_key(budget->prefix, who);
    Bucket *bucket = g_hash_table_lookup(throttle->by_key, key);

    if (!bucket)
        return bucket_add(throttle, key, budget->tries, now);
    bucket->tries =
        MIN(budget->tries, bucket->tries + (double)(now - bucket->refilled) / budget->seconds);
    bucket->refilled = now;
    g_queue_unlink(&throttle->by_age, &bucket->link);
    g_queue_push_tail_link(&throttle->by_age, &bucket->link);
    return bucket;
}

static char *known_key(const char *user, const char *peer)
{
    g_autofree char *both = g_strdup_printf("%s\n%s", peer, user);

    return bucket_key("known", both);
}

static gboolean is_known(Throttle *throttle, const char *user, const char *peer, gint64 now)
{
    g_autofree char *key = known_key(user, peer);
    const Bucket *bucket = g_hash_table_lookup(throttle->by_key, key);

    return bucket && now - bucket->seen < KNOWN_SECONDS;
}

static guint wait_for(const Bucket *bucket, const Budget *budget)
{
    return bucket->tries >= 1 ? 0 : (guint)((1 - bucket->tries) * budget->seconds + 1);
}

/* A peer without budget touches nothing else: a flood of invented users cannot push out the entries
 * of the real one. */
gboolean throttle_take(Throttle *throttle, const char *user, const char *peer, gint64 now,
                       guint *retry_after)
{
    Bucket *by_peer = bucket_of(throttle, &peer_budget, peer, now);
    guint wait = wait_for(by_peer, &peer_budget);
    Bucket *by_user;

    if (wait) {
        *retry_after = wait;
        return FALSE;
    }
    by_peer->tries -= 1;
    by_user = bucket_of(throttle, &user_budget, user, now);
    wait = is_known(throttle, user, peer, now) ? 0 : wait_for(by_user, &user_budget);
    if (wait) {
        *retry_after = wait;
        return FALSE;
    }
    by_user->tries = MAX(0, by_user->tries - 1);
    return TRUE;
}

static void give_back(Throttle *throttle, const Budget *budget, const char *who)
{
    g_autofree char *key = bucket_key(budget->prefix, who);
    Bucket *bucket = g_hash_table_lookup(throttle->by_key, key);

    if (bucket)
        bucket->tries = MIN(budget->tries, bucket->tries + 1);
}

void throttle_give_back(Throttle *throttle, const char *user, const char *peer)
{
    give_back(throttle, &peer_budget, peer);
    give_back(throttle, &user_budget, user);
}

void throttle_succeeded(Throttle *throttle, const char *user, const char *peer, gint64 now)
{
    g_autofree char *key = known_key(user, peer);
    Bucket *bucket = g_hash_table_lookup(throttle->by_key, key);

    throttle_give_back(throttle, user, peer);
    if (!bucket)
        bucket = bucket_add(throttle, key, 0, now);
    bucket->seen = now;
}

guint throttle_size(const Throttle *throttle)
{
    return throttle->by_age.length;
}

char *throttle_peer(const char *address)
{
    g_autoptr(GInetAddress) parsed = g_inet_address_new_from_string(address);
    guint8 bytes[16] = {0};
    g_autoptr(GInetAddress) network = NULL;
    const guint8 *from;

    if (!parsed || g_inet_address_get_family(parsed) != G_SOCKET_FAMILY_IPV6)
        return g_strdup(address);
    from = g_inet_address_to_bytes(parsed);
    if (!memcmp(from, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12)) /* an IPv4 peer on a socket of both */
        return g_strdup_printf("%u.%u.%u.%u", from[12], from[13], from[14], from[15]);
    memcpy(bytes, from, 8);
    network = g_inet_address_new_from_bytes(bytes, G_SOCKET_FAMILY_IPV6);
    return g_inet_address_to_string(network);
}
