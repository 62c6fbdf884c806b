# SPDX-License-Identifier: Apache-2.0
"""The ways in which frames have walked around filters, and the frames of world.py that walk them: names
of world.FORGED and of world.SEQUENCES."""

ARP_SNAP = 'arp reply, {}', 'ip4, {}', 'ra, {}', 'honest arp, {}'


def in_wraps(*wraps):
    return [form.format(wrap) for form in ARP_SNAP for wrap in wraps]


CLASSES = [
    ('a MAC on frames that are not IP', ['mac, other type', 'mac, stp']),
    ('a MAC in a protocol that is let through early', ['mac, dhcp']),
    ('a MAC and an address in an ICMP error',
     ['mac and ip, icmp error', 'mac and ip, icmpv6 error', 'mac, packet too big']),
    ('a dropped frame that moves a MAC: of each frame it is looked at',
     ['mac, other type', 'mac, ip', 'mac, neighbour advertisement']),
    ('a group, or nothing, as source', ['multicast mac', 'broadcast mac', 'no mac']),
    ('neighbour discovery before the MAC', ['mac, neighbour advertisement']),
    ('poison for ARP caches', ['arp reply', 'arp request', 'gratuitous arp']),
    ('the hardware address within ARP', ['arp hardware', 'arp hardware and ip', 'arp, mac']),
    ('operations and hardware types of ARP',
     ['inarp', 'arp operation 0x102', 'arp of ieee 802', 'arp of ax.25', 'arp of another protocol']),
    ('RARP', ['rarp']),
    ('ARP with addresses of other lengths',
     ['arp, 8 octets of hardware', 'arp, 0 octets', 'arp, 16 octets of protocol']),
    ('priority tags, one to five, of both types',
     in_wraps('priority tag', 'two tags', 'five tags', 'service tag', 'service and priority tag')),
    ('LLC/SNAP, RFC 1042 and 802.1H', in_wraps('snap', 'snap 802.1H', 'snap of a vendor')),
    ('a tag and SNAP, either outside', in_wraps('tag, snap', 'snap, tag')),
    ('a wrong length before SNAP',
     in_wraps('snap, length 0', 'snap, length too long', 'tag, snap, length 0')),
    ('OUI extended and jumbo LLC', ['oui extended', *in_wraps('jumbo llc')]),
    ('tags of a VLAN', in_wraps('tag 20', 'tags 1 and 20', 'service tag 20', 'nine tags', 'old tag')),
    ('an IPv4 source', ['ip', 'mac, ip']),
    ('the exemption for DHCP, unicast', ['dhcp, unicast']),
    ('the exemption for DHCP, by one port', ['dhcp, other source port']),
    ('the exemption for 0.0.0.0', ['no ip, udp']),
    ('IP options that shift ports', ['ip options']),
    ('a DHCP server', ['dhcp offer', 'dhcp offer, fragment']),
    ('the hardware address within DHCP', ['chaddr']),
    ('fragments that rewrite ports', ['later fragment', 'overlapping fragment']),
    ('tunnels', ['ip in ip', 'ip6 in ip', 'vxlan']),
    ('padding and protocol 0', ['ip, padded', 'protocol 0', 'arp, padded']),
    ("an advertisement for another's address", ['na of the victim', 'mac, neighbour advertisement']),
    ('the hardware address within neighbour discovery',
     ['na, lie in the option', 'ns, lie in the option', 'ns of the victim']),
    ('options twice, in another order, of no length',
     ['na, decoy', 'na, twice', 'na, option of no length']),
    ('an extension header that shifts offsets', ['na behind destination options']),
    ('chains of extension headers',
     ['na behind hop options', 'na behind routing', 'na behind ten headers', 'na behind twenty headers']),
    ('atomic fragments', ['na, atomic fragment']),
    ('what is meant in the second fragment', ['na in the second fragment']),
    ('router advertisements and redirects', ['ra', 'redirect', 'redirect, ip4']),
    ('denial of an address', ['dad of the victim']),
    ('link-local addresses of others', ['dhcpv6 of the victim', 'ip6, fe80', 'ip6']),
    ('codes and hop limits', ['na, code 1', 'na, hop limit 64']),
    ('queries of groups', ['igmp query', 'mld query']),
    ('control frames of the link',
     ['stp', 'topology change', 'rapid stp', 'lldp', 'eapol', 'pause', 'lacp', 'cdp']),
    ('frames that are cut off, versions that lie',
     ['ip, 8 octets', 'ip6, 8 octets', 'ethernet alone', 'ip6 by type, ip4 by version',
      'ip4 by type, ip6 by version', 'ip, header of 16', 'ip, header beyond the end',
      'ip, longer than the frame', 'ip, shorter than its header', 'ip6, longer than the frame',
      'udp, cut', 'tcp, cut', 'icmp, cut', 'tag, cut', 'llc, cut', 'stp, cut', 'stp, tiny', 'arp, cut',
      'arp, cut in the addresses', 'arp, no address']),
    # Frames whose headers are outside the linear part of the buffer: tests/kernel/live.c.
    ('a verdict kept from a harmless frame', ['an honest advertisement, then a forged one']),
    ('the fast path of a connection', ['a connection, then another MAC', 'a connection, then other ways in']),
    ('a receiver on the same host: every frame goes to one, and to the host', ['arp reply', 'ip']),
    ('a guest that takes another MAC', ['mac, ip', 'arp, mac']),
]
