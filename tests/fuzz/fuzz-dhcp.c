/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole frames of strangers, as addresses are learned of them: nothing is read beyond the end
 * (AddressSanitizer watches), what is found lies in the frame, and only what is strict is a lease.
 * Input: one octet, whether it goes to the VM; the rest is the frame, or, with bit 1, the message.
 */
#include "filterd/dhcp.c"
#include "filterd/packet.c"

static void check_message(const guint8 *octets, gsize length)
{
    DhcpMessage message, shorter;

    if (!dhcp_parse(octets, length, &message))
        return;
    g_assert_cmpuint(length, >=, AT_OPTIONS);
    if (message.is_strict && length > AT_OPTIONS && octets[length - 1] == OPTION_END &&
        dhcp_parse(octets, length - 1, &shorter))
        g_assert_cmphex(shorter.types, ==, message.types);
}

static void check_frame(const guint8 *octets, gsize length, gboolean is_reply)
{
    guint32 address;
    PacketDhcp dhcp;

    if (packet_sender(octets, length, 0x525400000001u, &address))
        g_assert_true(address_is_host(address));
    if (!packet_dhcp(octets, length, is_reply, &dhcp))
        return;
    g_assert_true(dhcp.octets >= octets && dhcp.octets + dhcp.length <= octets + length);
    check_message(dhcp.octets, dhcp.length);
}

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size);

int LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
    g_autofree guint8 *octets = NULL;

    if (size < 1)
        return 0;
    octets = g_memdup2(data + 1, size - 1); /* so that its end is watched */
    if (data[0] & 2)
        check_message(octets, size - 1);
    else
        check_frame(octets, size - 1, data[0] & 1);
    return 0;
}
