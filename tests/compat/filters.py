# SPDX-License-Identifier: Apache-2.0
"""Filters of our own that together use every protocol, attribute, sign, list, action, direction and
form of state: (name, chain, rules). A rule is (action, direction, body) or (..., priority)."""


def one(action, direction, body, chain='root'):
    return (chain, [(action, direction, body)])


DROPS = [  # each alone in a filter, dropped out and, in another filter, in and out
    ('root', "<mac srcmacaddr='$MAC'/>"),
    ('root', "<mac srcmacaddr='52:54:00:00:00:02' srcmacmask='ff:ff:ff:ff:ff:fe'/>"),
    ('root', "<mac match='no' srcmacaddr='$MAC' dstmacaddr='ff:ff:ff:ff:ff:ff'/>"),
    ('root', "<mac protocolid='arp'/>"),
    ('root', "<mac match='no' protocolid='ipv4'/>"),
    ('root', "<mac protocolid='vlan'/>"),
    ('root', "<mac protocolid='0x88a8'/>"),
    ('vlan', "<vlan vlanid='20'/>"),
    ('root', "<vlan match='no' vlanid='20'/>"),
    ('root', "<vlan encap-protocol='arp'/>"),
    ('root', "<vlan match='no' encap-protocol='0x8100'/>"),
    ('root', "<vlan vlanid='0' srcmacaddr='$MAC'/>"),
    ('root', "<stp type='0'/>"),
    ('stp', "<stp match='no' type='0'/>"),
    ('root', "<stp root-priority='0x1000' root-priority-hi='0x7fff'/>"),
    ('root', "<stp match='no' root-priority='0x1000' root-priority-hi='0x7fff'/>"),
    ('root', "<stp root-cost='4' flags='1'/>"),
    ('root', "<stp root-address='52:54:00:00:00:00' root-address-mask='ff:ff:ff:ff:ff:fc'"
             " sender-address='52:54:00:00:00:01'/>"),
    ('root', "<stp sender-priority='0x8000' port='0x8001' age='256' max-age='0x1400'"
             " hello-time='0x020f' forward-delay='0x0f00'/>"),
    ('arp', "<arp opcode='Request'/>"),
    ('arp', "<arp match='no' opcode='2'/>"),
    ('root', "<arp hwtype='1' protocoltype='0x800'/>"),
    ('root', "<arp match='no' hwtype='1'/>"),
    ('root', "<arp arpsrcmacaddr='$MAC'/>"),
    ('root', "<arp match='no' arpsrcmacaddr='$MAC'/>"),
    ('root', "<arp arpsrcipaddr='$IP'/>"),
    ('root', "<arp match='no' arpsrcipaddr='$IP'/>"),
    ('root', "<arp arpdstipaddr='10.0.0.0' arpdstipmask='24'/>"),
    ('root', "<arp arpdstmacaddr='52:54:00:00:00:02' arpsrcipaddr='10.0.0.1'/>"),
    ('root', "<arp gratuitous='true'/>"),
    ('root', "<arp match='no' gratuitous='true'/>"),
    ('rarp', "<rarp opcode='Request_Reverse'/>"),
    ('root', "<rarp arpsrcmacaddr='$MAC' arpsrcipaddr='0.0.0.0'/>"),
    ('ipv4', "<ip srcipaddr='$IP'/>"),
    ('root', "<ip match='no' srcipaddr='10.0.0.0' srcipmask='24'/>"),
    ('root', "<ip protocol='udp' srcportstart='21' srcportend='68' dstportstart='67'/>"),
    ('root', "<ip match='no' protocol='udp'/>"),
    ('root', "<ip protocol='sctp' dstportstart='67'/>"),
    ('root', "<ip protocol='33' srcportstart='68'/>"),
    ('ipv6', "<ipv6 srcipaddr='fd00::1'/>"),
    ('root', "<ipv6 match='no' dstipaddr='fd00::' dstipmask='64'/>"),
    ('root', "<ipv6 protocol='udp' dstportstart='67' dstportend='100'/>"),
    ('root', "<ipv6 match='no' protocol='udp'/>"),
    ('root', "<ipv6 protocol='icmpv6' type='135' typeend='136' code='0'/>"),
    ('root', "<ipv6 protocol='icmpv6' type='128'/>"),
    ('root', "<tcp/>"),
    ('root', "<tcp dstportstart='22'/>"),
    ('root', "<tcp match='no' dstportstart='22'/>"),
    ('root', "<tcp flags='SYN,ACK/SYN'/>"),
    ('root', "<tcp flags='ALL/NONE'/>"),
    ('root', "<tcp option='2'/>"),
    ('root', "<tcp match='no' option='1'/>"),
    ('root', "<udp srcipaddr='$IP' srcportstart='68'/>"),
    ('root', "<udp srcmacaddr='$MAC' dstportstart='22'/>"),
    ('root', "<udp srcmacaddr='$MAC'/>"),
    ('root', "<udp srcipfrom='10.0.0.1' srcipto='10.0.0.9'/>"),
    ('root', "<udp dscp='46'/>"),
    ('root', "<udplite/>"),
    ('root', "<esp/>"),
    ('root', "<ah/>"),
    ('root', "<igmp/>"),
    ('root', "<sctp dstportstart='67'/>"),
    ('root', "<icmp/>"),
    ('root', "<all srcipaddr='10.0.0.0' srcipmask='31'/>"),
    ('root', "<all match='no' dstipaddr='10.0.0.2'/>"),
    ('root', "<tcp-ipv6/>"),
    ('root', "<udp-ipv6 dstportstart='22' dstportend='80'/>"),
    ('root', "<udplite-ipv6/>"),
    ('root', "<esp-ipv6/>"),
    ('root', "<ah-ipv6/>"),
    ('root', "<sctp-ipv6/>"),
    ('root', "<icmpv6 type='135' code='0'/>"),
    ('root', "<icmpv6/>"),
    ('root', "<all-ipv6 srcipaddr='fd00::' srcipmask='127'/>"),
    ('root', "<all-ipv6 srcipfrom='fd00::1' srcipto='fd00::2'/>"),
]

DROP_ALL = ('drop', 'inout', '<all/>', 900)
DROP_ALL6 = ('drop', 'inout', '<all-ipv6/>', 900)

SETS = {
    'state-out': ('root', [('accept', 'out', "<tcp dstportstart='22'/>"), DROP_ALL]),
    'state-in': ('root', [('accept', 'in', "<tcp dstportstart='22'/>"), DROP_ALL]),
    'state-inout': ('root', [('accept', 'inout', "<tcp dstportstart='22'/>"), DROP_ALL]),
    'state-udp': ('root', [('accept', 'out', '<udp/>'), DROP_ALL]),
    'state-udp-mac': ('root', [('accept', 'out', "<udp srcmacaddr='$MAC'/>"), DROP_ALL]),
    'state-icmp': ('root', [('accept', 'out', "<icmp type='8'/>"),
                            ('accept', 'in', "<icmp type='0'/>"), DROP_ALL]),
    'state-icmp-any': ('root', [('accept', 'out', '<icmp/>'), DROP_ALL]),
    'state-new': ('root', [('accept', 'out', "<tcp state='NEW'/>"), DROP_ALL]),
    'state-established': ('root', [('accept', 'out', "<all state='NEW'/>"),
                                   ('accept', 'in', "<all state='ESTABLISHED,RELATED'/>"),
                                   DROP_ALL]),
    'state-both': ('root', [('accept', 'inout', "<all state='NEW,ESTABLISHED'/>"), DROP_ALL]),
    'state-none': ('root', [('accept', 'out', "<udp state='NONE'/>"), DROP_ALL]),
    'state-invalid': ('root', [('drop', 'out', "<all state='INVALID'/>")]),
    'state-drop': ('root', [('drop', 'in', "<tcp state='NEW'/>")]),
    'limit': ('root', [('drop', 'out', "<udp connlimit-above='2'/>")]),
    'limit-accept': ('root', [('accept', 'out', "<udp match='no' connlimit-above='2'/>"), DROP_ALL]),
    'state-6': ('root', [('accept', 'out', '<udp-ipv6/>'), DROP_ALL6]),
    'state-icmp6': ('root', [('accept', 'out', "<icmpv6 type='128'/>"), DROP_ALL6]),
    'return-inet': ('root', [('return', 'out', "<udp dstportstart='67'/>"), ('drop', 'out', '<udp/>')]),
    'reject': ('root', [('reject', 'out', "<udp dstportstart='22'/>"),
                        ('reject', 'out', "<arp opcode='2'/>")]),
    'chains': ('ipv4', [('return', 'out', "<ip srcipaddr='$IP'/>"), ('drop', 'out', '<ip/>')]),
    'continue': ('root', [('continue', 'out', '<mac/>'), ('drop', 'out', "<mac protocolid='arp'/>")]),
    'tie': ('root', [('accept', 'out', "<mac protocolid='arp'/>", 5), ('drop', 'out', '<mac/>', 5)]),
    'everything': ('root', [('drop', 'out', '')]),
    'lists': ('root', [('drop', 'out', "<ip srcipaddr='$IP[@1]' protocol='udp'"
                                       " srcportstart='$PORT[@2]'/>")]),
    'parallel': ('root', [('drop', 'out', "<ip srcipaddr='$IP' protocol='udp'"
                                          " srcportstart='$PORT'/>")]),
    'parallel-no': ('root', [('drop', 'out', "<arp match='no' arpsrcmacaddr='$MACS'"
                                             " arpsrcipaddr='$IP'/>")]),
    'no-list': ('root', [('drop', 'out', "<ip match='no' srcipaddr='$IP'/>")]),
    'element': ('root', [('drop', 'out', "<udp srcportstart='$PORT[1]'/>")]),
    'ranges': ('root', [('drop', 'out', "<udp srcportstart='$PORT' srcportend='$END'/>")]),
}

VALUES = [('IP', '10.0.0.1'), ('IP', '10.1.2.3'), ('PORT', '68'), ('PORT', '80'), ('END', '70'),
          ('END', '81'), ('MACS', '52:54:00:00:00:01'), ('MACS', '52:54:00:00:00:02')]


def xml(name, chain, rules):
    lines = [f"<filter name='{name}' chain='{chain}'>"]
    for action, direction, body, *priority in rules:
        number = f" priority='{priority[0]}'" if priority else ''
        lines.append(f"<rule action='{action}' direction='{direction}'{number}>{body}</rule>")
    return '\n'.join([*lines, '</filter>'])


def filters():
    """(name, text) of all."""
    for number, (chain, body) in enumerate(DROPS):
        yield f'out-{number}', xml(f'out-{number}', chain, [('drop', 'out', body)])
        both = 'in' if 'stp' in body and 'srcmac' in body else 'inout'
        yield f'both-{number}', xml(f'both-{number}', chain, [('drop', both, body)])
    for name, (chain, rules) in SETS.items():
        yield name, xml(name, chain, rules)
