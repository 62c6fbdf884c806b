# SPDX-License-Identifier: Apache-2.0
"""What libvirt 9.0.0 says to a piece of filter, and what we say: each difference is a decision of
docs/semantics.md. None: it is taken."""

ILLEGAL = '{0} has illegal value {1}'


def both(inside, attribute, value):
    text = ILLEGAL.format(attribute, value)
    return inside, text, text


NEEDS_PORT = 'IP rule with port specification requires protocol specification'

# (inside of a rule, libvirt, ours)
WORDS = [
    # the same
    ("<mac protocolid='8a0'/>", None, None),
    ("<arp hwtype=' 5'/>", None, None),
    ("<arp opcode='0x20'/>", None, None),
    ("<ip srcipaddr='0x7f.1'/>", None, None),
    ("<tcp flags='/'/>", None, None),
    ("<tcp srcipaddr='$X[ @ 9 ]'/>", None, None),
    ("<tcp srcipaddr='$X[@1000]'/>", None, None),
    ("<tcp srcipaddr='$X[4294967295]'/>", None, None),
    both("<mac protocolid='100'/>", 'protocolid', '100'),
    both("<mac srcmacaddr='01-02-03-04-05-06'/>", 'srcmacaddr', '01-02-03-04-05-06'),
    both("<mac srcmacaddr='1:2:3:4:5:6' srcmacmask='ff:0:ff:0:0:0'/>", 'srcmacmask',
         'ff:0:ff:0:0:0'),
    both("<vlan vlanid='4096'/>", 'vlanid', '4096'),
    both("<vlan encap-protocol='59'/>", 'encap-protocol', '59'),
    both("<ip dscp='64'/>", 'dscp', '64'),
    both("<all srcipaddr='300.1.1.1'/>", 'srcipaddr', '300.1.1.1'),
    both("<ip srcipaddr='1.2.3.4 '/>", 'srcipaddr', '1.2.3.4 '),
    both("<ip srcipaddr='10.0.0.1' srcipmask='255.0.255.0'/>", 'srcipmask', '255.0.255.0'),
    both("<ip srcipaddr='10.0.0.1' srcipmask='33'/>", 'srcipmask', '33'),
    both("<ipv6 srcipaddr='1.2.3.4'/>", 'srcipaddr', '1.2.3.4'),
    both("<ipv6 srcipaddr='::1' srcipmask='129'/>", 'srcipmask', '129'),
    both("<ip protocol='tcp' dstportstart='65536'/>", 'dstportstart', '65536'),
    both("<tcp connlimit-above='0x10'/>", 'connlimit-above', '0x10'),
    both("<tcp flags='SYN'/>", 'flags', 'SYN'),
    both("<tcp state='NEW,OLD'/>", 'state', 'NEW,OLD'),
    both("<tcp srcipaddr='$a-b'/>", 'srcipaddr', '$a-b'),
    both("<tcp srcipaddr='$X[@1001]'/>", 'srcipaddr', '$X[@1001]'),
    both("<tcp srcipaddr='$X[4294967296]'/>", 'srcipaddr', '$X[4294967296]'),
    both("<tcp srcipaddr='$X[]'/>", 'srcipaddr', '$X[]'),
    both("<icmpv6 type='256'/>", 'type', '256'),
    ("<ip srcportstart='5'/>", NEEDS_PORT, NEEDS_PORT),
    ("<ip protocol='icmp' dstportstart='5'/>", NEEDS_PORT, NEEDS_PORT),

    # libvirt takes it and then leaves a part, or all, of the rule without effect
    ("<foo/>", None, '<foo> is not possible in <rule>'),
    ("<igmp/><tcp dstportstart='5'/>", None, '<tcp> has no effect after <igmp>'),
    ("<tcp sport='5'/>", None, "<tcp> has no attribute 'sport'"),
    ("<ipv6 dscp='5'/>", None, "<ipv6> has no attribute 'dscp'"),
    ("<tcp-ipv6 flags='SYN/SYN'/>", None, "<tcp-ipv6> has no attribute 'flags'"),
    ("<tcp srcportend='5'/>", None, 'srcportend has no effect without srcportstart'),
    ("<mac srcmacmask='ff:0:0:0:0:0'/>", None, 'srcmacmask has no effect without srcmacaddr'),
    ("<all dstipto='1.2.3.4'/>", None, 'dstipto has no effect without dstipfrom'),
    ("<icmp code='3'/>", None, 'code has no effect without type'),
    ("<all srcipfrom='1.1.1.2' srcipto='1.1.1.1'/>", None, 'srcipto is below srcipfrom'),
    ("<tcp match='NO' srcportstart='5'/>", None, 'match has illegal value NO'),
    ("<tcp match='no'/>", None, "match='no' has no effect without another attribute"),
    ("<tcp match='no' state='NEW'/>", None, "match='no' has no effect on state"),
    ("<tcp srcportstart='5'/><tcp srcportstart='6'/>", None, 'srcportstart is given twice'),
    ("<tcp state=''/>", None, 'state has illegal value'),
    ("<tcp state='$X'/>", None, 'state cannot be a variable'),
    ("<tcp flags='$X'/>", None, 'flags cannot be a variable'),
    ("<arp gratuitous='$X'/>", None, 'gratuitous cannot be a variable'),
    ("<tcp ipset='s' ipsetflags='src'/>", None, 'ipset is not supported'),
    ("<all ipset='s' ipsetflags='src'/>", None, 'ipset is not supported'),

    # libvirt takes it and fails when a port is bound
    ("<tcp srcportstart='9' srcportend='8'/>", None, 'srcportend is below srcportstart'),
    ("<ipv6 type='128'/>", None, "requires protocol='icmpv6'"),
    ("<tcp srcipaddr='$'/>", None, 'srcipaddr has illegal value $'),
    ("<tcp srcipaddr='$X[-1]'/>", None, 'srcipaddr has illegal value $X[-1]'),

    # read otherwise than it looks
    ("<stp root-cost='-1'/>", None, 'root-cost has illegal value -1'),
    ("<tcp srcipaddr='$X[1]x'/>", None, 'srcipaddr has illegal value $X[1]x'),
    ("<tcp state='NEWESTABLISHED'/>", None, 'state has illegal value NEWESTABLISHED'),

    # we take it, libvirt does not
    ("<all-ipv6 dstipfrom='a::1' dstipto='a::5'/>", 'dstipto has illegal value a::5', None),
    ("<mac comment='$5 x'/>", 'comment has illegal value $5 x', None),
]

CHAIN = ("Please use a chain name called 'root' or any of the following prefixes: mac, vlan, stp, arp, "
         'rarp, ipv4, ipv6')
LONG = 'Name of chain is longer than 12 characters'
STRANGE = 'Chain name contains invalid characters'
RANGE = "Priority '1001' is outside valid range of [-1000,1000]"
RULE = "<filter name='NAME'><rule action='drop' direction='in' {}/></filter>"
PARAMETER = "<filter name='NAME'><filterref filter='x'><parameter name='{}' value='{}'/></filterref></filter>"

# (whole filter, libvirt, ours); NAME is replaced
WHOLE = [
    ("<filter name='NAME' chain='mac-456789012'/>", LONG, LONG),
    ("<filter name='NAME' chain='mac/x'/>", STRANGE, STRANGE),
    ("<filter name='NAME' chain='MAC'/>", CHAIN, CHAIN),
    ("<filter name='NAME' chain='rootx'/>", 'An error occurred, but the cause is unknown', CHAIN),
    ("<filter name='NAME' chain='mac' priority='x'/>", "Could not parse chain priority 'x'",
     "Could not parse chain priority 'x'"),
    ("<filter name='NAME' chain='mac' priority='1001'/>", RANGE, RANGE),
    ("<filter chain='mac'/>", 'filter has no name', 'filter has no name'),
    ("<filters name='NAME'/>", "expecting root element of 'filter', not 'filters'",
     "expecting root element of 'filter', not 'filters'"),
    ("<filter name='NAME'><uuid>12</uuid></filter>", 'malformed uuid element',
     'malformed uuid element'),
    ("<filter name='NAME'><rule direction='in'/></filter>", 'rule node requires action attribute',
     'rule node requires action attribute'),
    ("<filter name='NAME'><rule action='drop'/></filter>", 'rule node requires direction attribute',
     'rule node requires direction attribute'),
    ("<filter name='NAME'><rule action='log' direction='in'/></filter>",
     'unknown rule action attribute value', 'unknown rule action attribute value'),
    ("<filter name='NAME'><rule action='drop' direction='IN'/></filter>",
     'unknown rule direction attribute value', 'unknown rule direction attribute value'),
    ("<filter name='NAME'><filterref filter='NAME'/></filter>", 'filter would introduce a loop',
     'filter would introduce a loop'),
    ("<filter name='NAME'><filterref/></filter>", 'rule node requires action attribute',
     'filterref requires filter attribute'),

    # ignored by libvirt, or taken for something else
    ("<filter name='NAME' colour='red'/>", None, "<filter> has no attribute 'colour'"),
    ("<filter name='NAME'><rul/></filter>", None, '<rul> is not possible in <filter>'),
    (RULE.format("priority='1001'"), None, 'priority has illegal value 1001'),
    (RULE.format("priority='x'"), None, 'priority has illegal value x'),
    (RULE.format("statematch='no'"), None, 'statematch has illegal value no'),
    (RULE.format("colour='red'"), None, "<rule> has no attribute 'colour'"),
    (PARAMETER.format('B-x', '1'), None, "Variable name 'B-x' is not allowed"),
    (PARAMETER.format('B', 'a/b'), None, "Variable value 'a/b' is not allowed"),
    (PARAMETER.format('B', ''), None, "Variable value '' is not allowed"),
    ("<filter name='../NAME'/>", None, "illegal filter name '../"),
    ("<filter name='NAME'><rule action='continue' direction='in'><tcp/></rule></filter>", None,
     "action 'continue' is not possible with <tcp>"),
    ("<filter name='NAME'><rule action='drop' direction='in' statematch='0'><tcp state='NEW'/></rule>"
     '</filter>', None, "state has no effect with statematch='false'"),
    ("<filter name='NAME'><rule action='drop' direction='inout'><stp srcmacaddr='1:2:3:4:5:6'/></rule>"
     '</filter>', None, 'STP filtering in inout direction with source MAC address set'),
    ("<!DOCTYPE filter [<!ENTITY a 'b'>]><filter name='NAME'/>", None, 'DOCTYPE is not allowed'),
]

# Insides of a rule, or rules, that libvirt defines and cannot put on any port.
FAILS_AT_BIND = [
    "<tcp srcportstart='9' srcportend='8'/>",
    "<ipv6 type='128'/>",
    "<tcp srcipaddr='$'/>",
    "<tcp srcipaddr='$X[-1]'/>",
    "<rule action='continue' direction='in'><tcp/></rule>",
    "<rule action='drop' direction='inout'><stp srcmacaddr='1:2:3:4:5:6'/></rule>",
]
