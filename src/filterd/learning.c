/* SPDX-License-Identifier: Apache-2.0 */
#include "filterd/learning.h"

#include <string.h>

#include "filterd/error.h"

#define MODE_PARAMETER "CTRL_IP_LEARNING"
#define SERVER_PARAMETER "DHCPSERVER"

/* libvirt compares without case. */
static const char *mode_of(const Binding *binding)
{
    const char *const *given = variables_lookup(binding->parameters, MODE_PARAMETER);

    return given ? given[0] : "any";
}

gboolean learning_choose(const Binding *binding, const GPtrArray *missing, Learning *learning,
                         GError **error)
{
    static const struct {
        const char *mode;
        Learning learning;
    } modes[] = {{"any", LEARNING_ANY}, {"dhcp", LEARNING_DHCP}, {"none", LEARNING_OFF}};

    *learning = LEARNING_OFF;
    if (missing->len != 1 || strcmp(missing->pdata[0], LEARNING_ADDRESS) != 0)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        if (g_ascii_strcasecmp(mode_of(binding), modes[i].mode) != 0)
            continue;
        *learning = modes[i].learning;
        return TRUE;
    }
    g_set_error(error, FILTERD_ERROR, FILTERD_ERROR_PARSE_FAILED,
                "filter '%s' learning value '%s' invalid.", binding->filter, mode_of(binding));
    return FALSE;
}

gboolean learning_has_leases(const Binding *binding)
{
    return g_ascii_strcasecmp(mode_of(binding), "dhcp") == 0 &&
           !variables_lookup(binding->parameters, LEARNING_ADDRESS);
}

const char *const *learning_servers(const Binding *binding)
{
    return variables_lookup(binding->parameters, SERVER_PARAMETER);
}

/* ---- the filter meanwhile ---- */

/* Everything is a rule of the root chain, so that the order is that of the priorities. What is not
 * plain ARP or IP comes to the rule before the last ones. */
static const char filter_begin[] =
    "<filter name='%s' chain='root'>\n"
    "  <rule action='drop' direction='out' priority='100'>\n"
    "    <mac match='no' srcmacaddr='$MAC'/>\n"
    "  </rule>\n"
    "  <rule action='drop' direction='out' priority='200'>\n"
    "    <arp match='no' arpsrcmacaddr='$MAC'/>\n"
    "  </rule>\n"
    "  <rule action='accept' direction='out' priority='300'>\n"
    "    <arp opcode='Request' arpsrcipaddr='0.0.0.0'/>\n"
    "  </rule>\n"
    "  <rule action='accept' direction='out' priority='300'>\n"
    "    <ip srcipaddr='0.0.0.0' protocol='udp' srcportstart='68' dstportstart='67'/>\n"
    "  </rule>\n";

/* The rules of both are dropped: what one address is learned from comes once more. */
static const char filter_any[] = "  <rule action='drop' direction='out' priority='400'>\n"
                                 "    <arp comment='" LEARNING_COMMENT "'/>\n"
                                 "  </rule>\n"
                                 "  <rule action='drop' direction='out' priority='400'>\n"
                                 "    <ip comment='" LEARNING_COMMENT "'/>\n"
                                 "  </rule>\n";

static const char filter_end[] =
    "  <rule action='accept' direction='in' priority='300'>\n"
    "    <arp dstmacaddr='$MAC' opcode='Reply'/>\n"
    "  </rule>\n"
    "  <rule action='accept' direction='in' priority='300'>\n"
    "    <ip dstmacaddr='$MAC' %1$s protocol='udp' srcportstart='67' dstportstart='68'/>\n"
    "  </rule>\n"
    "  <rule action='accept' direction='in' priority='300'>\n"
    "    <ip dstmacaddr='ff:ff:ff:ff:ff:ff' %1$s protocol='udp' srcportstart='67' "
    "dstportstart='68'/>\n"
    "  </rule>\n"
    "  <rule action='drop' direction='inout' priority='500'>\n"
    "    <mac/>\n"
    "  </rule>\n"
    "</filter>\n";

char *learning_filter(Learning learning, gboolean has_servers)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, filter_begin,
                           learning == LEARNING_ANY ? "tapwall-learning-any"
                                                    : "tapwall-learning-dhcp");
    if (learning == LEARNING_ANY)
        g_string_append(text, filter_any);
    g_string_append_printf(text, filter_end,
                           has_servers ? "srcipaddr='$" SERVER_PARAMETER "'" : "");
    return g_string_free(text, FALSE);
}
